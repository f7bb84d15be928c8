"""Gradient boosting by XGBoost, LightGBM and CatBoost in their own file formats. Runs for one library: argument 2."""
import sys
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
numpy, pandas, datasets = require("numpy", "pandas", "sklearn.datasets")
library = require(sys.argv[2])
rng = numpy.random.default_rng(7)
x, y = datasets.make_classification(120, 6, n_informative=4, n_classes=3, random_state=7)
binary = (y > 0).astype(int)
frame = pandas.DataFrame(x, columns=["age", "income (EUR)", "größe", "a b", "x^2", "price/m²"])
categories = pandas.DataFrame({"n": rng.random(200), "c": pandas.Categorical(rng.choice(list("uvwxyz"), 200)),
                               "d": pandas.Categorical(rng.choice(["red", "green", "blue"], 200))})
target = categories.n + categories.c.cat.codes % 2
groups = [40, 40, 40]


def xgboost_models():
    """Yield a name and a booster for every objective, booster and kind of feature."""
    train = lambda params, data, rounds=3: library.train({"nthread": 1, "seed": 7, **params}, data, rounds)
    plain = library.DMatrix(frame.values, binary, feature_names=["f<1", "größe", "a b", "x=y", "price/m²", "__index__"]
                            if library.__version__ < "1" else None)
    for objective in ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:squarederror", "reg:squaredlogerror", "reg:logistic",
                      "reg:pseudohubererror", "count:poisson", "reg:tweedie", "reg:gamma", "rank:pairwise", "survival:cox"):
        data = library.DMatrix(x, binary + (1 if objective == "reg:gamma" else 0))
        if objective.startswith("rank"):
            data.set_group(groups)
        yield objective.replace(":", "-"), train({"objective": objective}, data)
    for objective in ("multi:softmax", "multi:softprob"):
        yield objective.replace(":", "-"), train({"objective": objective, "num_class": 3}, library.DMatrix(x, y))
    for kind in ("gblinear", "dart"):
        yield kind, train({"booster": kind}, plain)
        yield kind + "-3", train({"booster": kind, "objective": "multi:softprob", "num_class": 3}, library.DMatrix(x, y))
    for depth in (0, 1, 2, 10):
        yield f"depth-{depth}", train({"max_depth": depth, "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 40}, plain, 5)
    yield "many", train({"max_depth": 2}, plain, 120)
    yield "no-rounds", train({}, plain, 0)
    names = library.DMatrix(x, binary, feature_names=["age", "income (EUR)", "größe", "a b", "x^2", "price/m²"],
                            feature_types=["float", "float", "q", "int", "i", "float"])
    named = train({"eval_metric": ["auc", "error"]}, names)
    named.set_attr(note="trained on 2026-01-31", author="someone", path="models/credit/v3")
    yield "named", named
    yield "forest", train({"num_parallel_tree": 4, "subsample": 0.7, "colsample_bynode": 0.7}, plain, 2)
    yield "monotone", train({"monotone_constraints": "(1,0,0,0,0,-1)", "interaction_constraints": "[[0,1],[2,3,4]]"}, plain)
    if library.__version__ >= "2":
        data = library.DMatrix(categories, target, enable_categorical=True)
        yield "categories", train({"tree_method": "hist", "max_cat_to_onehot": 1}, data)
        yield "one-hot", train({"tree_method": "hist", "max_cat_to_onehot": 9}, data)
        yield "quantiles", train({"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, plain)
        yield "vector-leaf", library.XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree", tree_method="hist", n_jobs=1).fit(
            x, rng.random((120, 3))).get_booster()
        for estimator in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"):
            yield estimator, getattr(library, estimator)(n_estimators=3, n_jobs=1).fit(frame, binary).get_booster()


def lightgbm_models():
    """Yield a name and a booster for every objective, booster and kind of feature."""
    train = lambda params, data, rounds=3: library.train(
        {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 2, "seed": 7, **params}, data, rounds)
    for objective in ("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie", "binary",
                      "cross_entropy", "cross_entropy_lambda"):
        yield objective, train({"objective": objective}, library.Dataset(x, binary + (1 if objective == "gamma" else 0)))
    for objective in ("multiclass", "multiclassova"):
        yield objective, train({"objective": objective, "num_class": 3}, library.Dataset(x, y))
    for objective in ("lambdarank", "rank_xendcg"):
        yield objective, train({"objective": objective}, library.Dataset(x, binary, group=groups))
    for boosting in ("gbdt", "dart", "rf"):
        yield boosting, train({"boosting": boosting, "bagging_freq": 1, "bagging_fraction": 0.6, "objective": "binary"}, library.Dataset(x, binary), 6)
    yield "goss", train({"data_sample_strategy": "goss"}, library.Dataset(x, binary))
    yield "linear", train({"linear_tree": True}, library.Dataset(x, binary.astype(float)))
    yield "categories", train({"min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 1}, library.Dataset(categories, target))
    yield "one-hot", train({"min_data_per_group": 1}, library.Dataset(categories, target))
    yield "named", train({"monotone_constraints": [1, 0, 0, 0, 0, -1]}, library.Dataset(
        x, binary, feature_name=["age", "income_EUR", "größe", "a_b", "x^2", "price/m²"]))
    yield "many", train({"num_leaves": 4}, library.Dataset(x, binary), 120)
    yield "stump", train({"num_leaves": 2}, library.Dataset(x, binary))
    yield "constant", train({"min_data_in_leaf": 1000}, library.Dataset(x, binary))
    yield "metrics", train({"metric": ["auc", "binary_logloss"], "objective": "binary", "forcedsplits_filename": ""}, library.Dataset(x, binary))
    for estimator in ("LGBMClassifier", "LGBMRegressor"):
        yield estimator, getattr(library, estimator)(n_estimators=3, verbose=-1, n_jobs=1).fit(x, y).booster_


def catboost_models():
    """Yield a name and a model for every loss, kind of tree and kind of feature."""
    settings = {"iterations": 3, "depth": 3, "verbose": False, "thread_count": 1, "allow_writing_files": False, "random_seed": 7}
    make = lambda **more: library.CatBoost({**settings, **more})
    for loss in ("RMSE", "MAE", "Quantile", "LogLinQuantile", "Poisson", "MAPE", "Lq:q=3", "Huber:delta=1", "Expectile:alpha=0.7", "Tweedie:variance_power=1.5",
                 "Logloss", "CrossEntropy"):
        yield loss.split(":")[0], make(loss_function=loss).fit(x, binary)
    for loss in ("MultiClass", "MultiClassOneVsAll"):
        yield loss, make(loss_function=loss).fit(x, y)
    for loss in ("QueryRMSE", "YetiRank", "PairLogit"):
        yield loss, make(loss_function=loss).fit(library.Pool(x, binary, group_id=numpy.repeat([1, 2, 3], 40)))
    for policy in ("SymmetricTree", "Depthwise", "Lossguide"):
        yield policy, make(grow_policy=policy).fit(frame, binary)
    texts = categories.assign(c=categories.c.astype(str), d=categories.d.astype(str))
    yield "categories", make().fit(texts, target, cat_features=["c", "d"])
    yield "categories-class", make(loss_function="Logloss", max_ctr_complexity=2).fit(texts, target > 1, cat_features=["c", "d"])
    words = pandas.DataFrame({"n": categories.n, "t": [" ".join(rng.choice(["good", "bad", "fair", "credit", "loan"], 6)) for _ in range(200)]})
    yield "words", make(loss_function="Logloss").fit(words, target > 1, text_features=["t"])
    vectors = pandas.DataFrame({"n": categories.n, "v": list(rng.random((200, 4)))})
    yield "vectors", make(loss_function="Logloss").fit(vectors, target > 1, embedding_features=["v"])
    yield "deep", make(depth=8, iterations=20).fit(x, binary)
    yield "uncertain", make(loss_function="RMSEWithUncertainty").fit(x, binary)


writer = Writer(sys.argv[2] + "-native", library.__version__)
if sys.argv[2] == "xgboost":
    extensions = ["json", "ubj"] + (["model"] if library.__version__ < "2" else [])
    for name, model in xgboost_models():
        for extension in extensions:
            model.save_model(writer.path(f"{name}.{extension}", f"{name} by save_model", "xgboost"))
elif sys.argv[2] == "lightgbm":
    import json

    for name, model in lightgbm_models():
        model.save_model(writer.path(f"{name}.txt", f"{name} by save_model", "lightgbm"))
        with open(writer.path(f"{name}.json", f"{name} by dump_model", "lightgbm"), "w", encoding="utf-8") as f:
            json.dump(model.dump_model(), f)
else:
    for name, model in catboost_models():
        model.save_model(writer.path(f"{name}.cbm", f"{name} by save_model", "catboost"))
        if name not in ("words", "vectors", "Depthwise", "Lossguide"):
            model.save_model(writer.path(f"{name}.json", f"{name} as JSON", "catboost"), format="json")
