"""Gradient boosting by XGBoost, LightGBM and CatBoost, as pickles and joblib files. Runs for one library: argument 2."""
import pickle
import sys
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
numpy, datasets, joblib = require("numpy", "sklearn.datasets", "joblib")
library = require(sys.argv[2])
x, y = datasets.make_classification(60, 6, random_state=7)
groups = [30, 30]


def models():
    """Yield a name and a fitted model of the library."""
    if sys.argv[2] == "xgboost":
        for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"):
            yield name, getattr(library, name)(n_estimators=3, n_jobs=1).fit(x, y)
        yield "XGBRanker", library.XGBRanker(n_estimators=3, n_jobs=1).fit(x, y, group=groups)
        data = library.DMatrix(x, y)
        for objective in ("binary:logistic", "reg:squarederror", "count:poisson"):
            yield "Booster-" + objective.replace(":", "-"), library.train({"objective": objective, "nthread": 1}, data, 3)
        yield "Booster-linear", library.train({"booster": "gblinear", "nthread": 1}, data, 3)
    elif sys.argv[2] == "lightgbm":
        settings = {"n_estimators": 3, "verbose": -1, "n_jobs": 1, "min_child_samples": 2}
        for name in ("LGBMClassifier", "LGBMRegressor"):
            yield name, getattr(library, name)(**settings).fit(x, y)
        yield "LGBMRanker", library.LGBMRanker(**settings).fit(x, y, group=groups)
        yield "Booster", library.train({"verbose": -1, "num_threads": 1}, library.Dataset(x, y), 3)
    else:
        settings = {"iterations": 3, "verbose": False, "thread_count": 1, "allow_writing_files": False, "random_seed": 7}
        for name in ("CatBoostClassifier", "CatBoostRegressor"):
            yield name, getattr(library, name)(**settings).fit(x, y)
        yield "CatBoost", library.CatBoost(settings).fit(x, y)


writer = Writer(sys.argv[2], library.__version__)
for name, model in models():
    for protocol in (2, 3, 4, 5):
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            pickle.dump(model, f, protocol)
    for compression in (0, ("zlib", 3), ("gzip", 3), ("xz", 3)):
        word = compression[0] if compression else "raw"
        joblib.dump(model, writer.path(f"{name}-{word}.joblib", f"{name} by joblib, {word}", "joblib"), compress=compression)
