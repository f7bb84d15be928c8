"""Writes real pickles with every library that is installed: python3 write.py DIR. Prints one line for each that is missing."""
import collections
import copyreg
import datetime
import decimal
import fractions
import importlib
import ipaddress
import os
import pathlib
import pickle
import sys
import uuid
import warnings

warnings.simplefilter("ignore")
OUT = sys.argv[1]
PROTOCOLS = range(2, 6)


def dump(name, value, protocols=PROTOCOLS):
    for protocol in protocols:
        try:
            content = pickle.dumps(value, protocol=protocol)
        except Exception as err:
            print(f"# {name} protocol {protocol}: {type(err).__name__}: {err}")
            continue
        with open(os.path.join(OUT, f"{name}-p{protocol}.pkl"), "wb") as f:
            f.write(content)


Point = collections.namedtuple("Point", "x y")


def stdlib():
    dump("containers", {"a": [1, 2.5, None, True], "b": (1, 2), "c": {3, 4}, "d": frozenset({5}), "e": b"\x00\xff" * 20,
                        "f": bytearray(b"abc" * 10), "g": 2**80, "h": complex(1, 2), "i": range(5), "j": slice(1, 2)}, range(6))
    dump("collections", {"o": collections.OrderedDict(a=1), "d": collections.defaultdict(list, {"x": [1]}),
                         "c": collections.Counter("aab"), "q": collections.deque([1, 2], maxlen=5),
                         "n": collections.defaultdict(dict), "u": collections.UserDict(a=1)}, range(6))
    dump("dates", [datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.timezone.utc), datetime.date(2024, 1, 2), datetime.timedelta(3),
                   datetime.time(1, 2)], range(6))
    dump("values", [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=5), pathlib.PurePosixPath("a/b"),
                    pathlib.Path("/tmp/x"), ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("10.0.0.0/8")], range(2, 6))
    import argparse, logging, random, re, types
    dump("more", [re.compile("a+"), random.Random(3), types.SimpleNamespace(a=1), argparse.Namespace(lr=0.1), logging.getLogger("x"),
                  ValueError("x"), type(None), int, float, list])
    big = [{"i": i, "s": f"text {i}", "f": i / 7} for i in range(5000)]
    dump("records", big)
    loop = []
    loop.append({"loop": loop, "x": 1})


def numpy_():
    import numpy as np
    rng = np.random.RandomState(0)
    for kind in "f4 f8 i1 i8 u2 b1 c16 U5 S3 M8[s] m8[D] O".split():
        dump("numpy-" + kind.replace("[", "").replace("]", ""), np.zeros((3, 4), dtype=kind))
    dump("numpy-struct", np.zeros(3, dtype=[("a", "f4"), ("b", "i8"), ("c", "U3")]))
    dump("numpy-nested", {"w": rng.rand(100, 100), "b": np.float64(3), "i": np.int64(4), "s": np.str_("x"), "d": np.dtype("f4"),
                          "t": np.float32, "e": np.array([]), "f": np.asfortranarray(rng.rand(3, 4)), "x": np.datetime64("2024-01-01"),
                          "bool": np.bool_(True), "noncontig": rng.rand(10, 10)[::2, ::3]})
    dump("numpy-random", [rng, np.random.default_rng(1), np.random.PCG64(2), np.random.SeedSequence(3), np.random.MT19937(1)])
    dump("numpy-masked", np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]))
    dump("numpy-matrix", np.matrix([[1, 2], [3, 4]]))
    dump("numpy-objects", np.array([{"a": 1}, [1, 2], "x", decimal.Decimal(1)], dtype=object))
    dump("numpy-poly", [np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2])])
    dump("numpy-functions", [np.log1p, np.exp, np.mean])


def scipy_():
    import numpy as np, scipy.sparse as sp, scipy.interpolate as si, scipy.spatial as ss, scipy.optimize as so
    m = sp.random(10, 10, 0.3, random_state=0)
    for kind in "csr csc coo lil dok bsr dia".split():
        dump("scipy-" + kind, m.asformat(kind))
    dump("scipy-array", sp.csr_array(m))
    x = np.arange(10.0)
    dump("scipy-interp", [si.interp1d(x, x**2), si.CubicSpline(x, x**2), si.BSpline(x, x[:6], 3), si.PchipInterpolator(x, x),
                          si.UnivariateSpline(x, x)])
    dump("scipy-tree", [ss.cKDTree(np.random.rand(20, 3)), ss.KDTree(np.random.rand(20, 3))])
    dump("scipy-result", so.minimize(lambda v: v**2, 1.0, method="Nelder-Mead"))


def estimators():
    import numpy as np
    from sklearn.utils import all_estimators
    rng = np.random.RandomState(0)
    X, y = rng.rand(60, 4), rng.randint(0, 2, 60)
    for name, cls in all_estimators():
        try:
            est = cls()
        except TypeError:
            continue
        for key in ("n_estimators", "max_iter"):
            if key in est.get_params():
                est.set_params(**{key: 5})
        for a, b in ((X, y), (X, y.astype(float)), (["aa bb", "bb cc"] * 30, y), (X, np.c_[y, 1 - y]), (y, None), (X[:, 0], y)):
            try:
                est.fit(a, b) if b is not None else est.fit(a)
                break
            except Exception:
                continue
        yield name, est


def composed():
    import numpy as np
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import (GradientBoostingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier,
                                  HistGradientBoostingClassifier, AdaBoostClassifier, BaggingRegressor)
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
    from sklearn.metrics import make_scorer, f1_score
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, RandomizedSearchCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
    from sklearn.svm import SVC
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.multiclass import OneVsRestClassifier
    rng = np.random.RandomState(0)
    X, y = rng.rand(80, 4), rng.randint(0, 2, 80)
    yield "pipeline", make_pipeline(StandardScaler(), PolynomialFeatures(), LogisticRegression()).fit(X, y)
    yield "columns", ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", OneHotEncoder(), [2])]).fit(np.c_[X[:, :2], y])
    yield "grid", GridSearchCV(SVC(), {"C": [1, 2]}, scoring=make_scorer(f1_score), cv=StratifiedKFold(2)).fit(X, y)
    yield "gridroc", GridSearchCV(RandomForestClassifier(3), {"max_depth": [1, 2]}, scoring="roc_auc", cv=2).fit(X, y)
    yield "random", RandomizedSearchCV(SVC(), {"C": [1, 2, 3]}, n_iter=2, cv=2).fit(X, y)
    yield "stack", StackingClassifier([("a", LogisticRegression()), ("b", KNeighborsClassifier(algorithm="kd_tree"))]).fit(X, y)
    yield "vote", VotingClassifier([("a", SGDClassifier(loss="hinge")), ("b", KNeighborsClassifier(algorithm="ball_tree"))]).fit(X, y)
    yield "gbc", GradientBoostingClassifier(n_estimators=3).fit(X, y)
    yield "hgb", HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    yield "ada", AdaBoostClassifier(n_estimators=3).fit(X, y)
    yield "bag", BaggingRegressor(n_estimators=3).fit(X, y)
    yield "gp", GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel() * kernels.Matern()).fit(X, y)
    yield "tfidf", make_pipeline(TfidfVectorizer(), SelectKBest(f_classif, k=2), LogisticRegression()).fit(["aa bb", "bb cc", "cc dd", "xx bb"] * 5, [0, 1, 0, 1] * 5)
    yield "func", FunctionTransformer(np.log1p).fit(X)
    yield "target", TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1).fit(X, y + 1.0)
    yield "union", FeatureUnion([("a", StandardScaler())]).fit(X)
    yield "calib", CalibratedClassifierCV(LogisticRegression(), cv=2, method="isotonic").fit(X, y)
    yield "ovr", OneVsRestClassifier(LogisticRegression()).fit(X, rng.randint(0, 3, 80))


def sklearn_():
    import joblib
    for i, (name, est) in enumerate(list(estimators()) + list(composed())):
        dump("sklearn-" + name, est, [2 + i % 4])
        joblib.dump(est, os.path.join(OUT, f"sklearn-{name}.joblib"))


def joblib_():
    import joblib, numpy as np
    for i, value in enumerate([np.zeros((5, 5)), {"a": np.arange(10), "b": [np.eye(3), "text"]}, np.array([{"a": np.ones(3)}, "x"], dtype=object),
                               np.asfortranarray(np.random.rand(4, 5)), np.array(["ab", "c"]), np.zeros(3, dtype=[("a", "f4"), ("b", "O")]),
                               np.zeros((0, 3)), np.float32(3), np.zeros(()), np.matrix([[1, 2]]), np.zeros(4, "M8[s]")]):
        joblib.dump(value, os.path.join(OUT, f"joblib-{i}.joblib"))


def xgboost_():
    import numpy as np, xgboost as xgb
    rng = np.random.RandomState(0)
    X, y = rng.rand(60, 4), rng.randint(0, 2, 60)
    for cls in (xgb.XGBClassifier, xgb.XGBRegressor, xgb.XGBRFClassifier):
        dump("xgboost-" + cls.__name__, cls(n_estimators=3).fit(X, y))
    dump("xgboost-booster", xgb.train({"max_depth": 2}, xgb.DMatrix(X, y), 3))


def lightgbm_():
    import numpy as np, lightgbm as lgb
    rng = np.random.RandomState(0)
    X, y = rng.rand(200, 4), rng.randint(0, 2, 200)
    for cls in (lgb.LGBMClassifier, lgb.LGBMRegressor):
        dump("lightgbm-" + cls.__name__, cls(n_estimators=3, verbose=-1).fit(X, y))
    dump("lightgbm-booster", lgb.train({"verbose": -1}, lgb.Dataset(X, y), 3))


def catboost_():
    import numpy as np, catboost
    rng = np.random.RandomState(0)
    X, y = rng.rand(60, 4), rng.randint(0, 2, 60)
    for cls in (catboost.CatBoostClassifier, catboost.CatBoostRegressor):
        dump("catboost-" + cls.__name__, cls(iterations=3, verbose=False, allow_writing_files=False).fit(X, y))


def pandas_():
    import numpy as np, pandas as pd
    df = pd.DataFrame({"i": [1, 2, 3], "f": [1.5, 2.5, np.nan], "s": ["a", "b", "c"], "d": pd.date_range("2024", periods=3),
                       "c": pd.Categorical(["x", "y", "x"]), "b": [True, False, True], "n": pd.array([1, None, 3], dtype="Int64"),
                       "t": pd.to_timedelta([1, 2, 3], "D"), "z": pd.date_range("2024", periods=3, tz="UTC"),
                       "p": pd.period_range("2024", periods=3, freq="M"), "st": pd.array(["a", None, "b"], dtype="string"),
                       "o": [[1], {"a": 1}, (2,)]})
    dump("pandas-frame", df)
    dump("pandas-series", df["f"])
    dump("pandas-group", df[["i", "f"]].describe())
    dump("pandas-multi", df.set_index(["i", "s"])[["f"]])
    for name, index in {"range": pd.RangeIndex(3), "dates": pd.date_range("2024", periods=3), "cat": pd.CategoricalIndex(["a", "b"]),
                        "interval": pd.interval_range(0, 3), "period": pd.period_range("2024", periods=3, freq="D"),
                        "delta": pd.timedelta_range("1D", periods=3), "object": pd.Index(["a", "b"]), "float": pd.Index([1.5, 2])}.items():
        dump("pandas-index-" + name, index)
    dump("pandas-scalars", [pd.Timestamp("2024-01-01"), pd.Timedelta(1, "D"), pd.NaT, pd.NA, pd.Period("2024-01"), pd.Interval(0, 1),
                            pd.Timestamp("2024-01-01", tz="UTC"), pd.offsets.MonthEnd(), pd.offsets.Day(2), pd.CategoricalDtype(["a"])])
    dump("pandas-zone", pd.Timestamp("2024-01-01", tz="Europe/Berlin"))
    dump("pandas-sparse", pd.arrays.SparseArray([0, 0, 1]))


def torch_():
    import torch, torch.nn as nn
    dump("torch-tensor", {"a": torch.zeros(3), "b": nn.Parameter(torch.ones(2)), "s": torch.Size([1, 2]), "t": torch.float32,
                          "d": torch.device("cpu")})
    models = {
        "linear": nn.Linear(3, 2), "mlp": nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 2), nn.Softmax(dim=1)),
        "conv": nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Flatten()), "lstm": nn.LSTM(3, 4, 2),
        "gru": nn.GRU(3, 4), "attention": nn.MultiheadAttention(4, 2), "transformer": nn.TransformerEncoderLayer(4, 2),
        "embedding": nn.Embedding(10, 3), "loss": nn.CrossEntropyLoss(), "full": nn.Transformer(4, 2, 1, 1),
        "norms": nn.ModuleList([nn.LayerNorm(3), nn.GroupNorm(1, 2), nn.InstanceNorm1d(2)]),
        "dicts": nn.ModuleDict({"a": nn.PReLU(), "b": nn.GELU()}), "params": nn.ParameterList([nn.Parameter(torch.ones(2))]),
    }
    for name, model in models.items():
        dump("torch-" + name, model, [2, 4])
        legacy = os.path.join(OUT, f"torch-{name}")
        torch.save(model, legacy + "-model.pt", _use_new_zipfile_serialization=False)
        torch.save(model.state_dict(), legacy + "-state.pt", _use_new_zipfile_serialization=False)
        dump("torch-state-" + name, model.state_dict(), [2, 4])
    for name in "float16 bfloat16 float32 float64 int8 uint8 int16 int32 int64 bool complex64 complex128".split():
        torch.save([torch.zeros(3, 4, dtype=getattr(torch, name)), torch.zeros(0), torch.ones(6, 6)[::2, 1:3].to(getattr(torch, name))],
                   os.path.join(OUT, f"torch-{name}.pt"), _use_new_zipfile_serialization=False)
    opt = torch.optim.Adam(models["mlp"].parameters())
    models["mlp"](torch.ones(2, 3)).sum().backward()
    opt.step()
    sched = torch.optim.lr_scheduler.StepLR(opt, 3)
    torch.save({"model": models["mlp"].state_dict(), "optimizer": opt.state_dict(), "scheduler": sched.state_dict(), "epoch": 3,
                "rng": torch.get_rng_state(), "args": __import__("argparse").Namespace(lr=0.1)},
               os.path.join(OUT, "torch-checkpoint.pt"), _use_new_zipfile_serialization=False)
    dump("torch-optimizer", opt, [2, 4])


def cloudpickle_():
    import cloudpickle, numpy as np
    for i, value in enumerate([{"a": 1}, np.zeros(3), [1, 2], collections.OrderedDict(a=2)]):
        with open(os.path.join(OUT, f"cloudpickle-{i}.pkl"), "wb") as f:
            cloudpickle.dump(value, f)


def dill_():
    import dill, numpy as np
    for i, value in enumerate([{"a": 1}, np.zeros(3), [1, 2], collections.OrderedDict(a=2), np.random.RandomState(0)]):
        with open(os.path.join(OUT, f"dill-{i}.pkl"), "wb") as f:
            dill.dump(value, f)


os.makedirs(OUT, exist_ok=True)
WRITERS = {"stdlib": stdlib, "numpy": numpy_, "scipy": scipy_, "sklearn": sklearn_, "joblib": joblib_, "xgboost": xgboost_,
           "lightgbm": lightgbm_, "catboost": catboost_, "pandas": pandas_, "torch": torch_, "cloudpickle": cloudpickle_, "dill": dill_}
for library, writer in WRITERS.items():
    if len(sys.argv) > 2 and library not in sys.argv[2:]:
        continue
    if library != "stdlib":
        try:
            importlib.import_module(library)
        except ImportError:
            print("missing", library)
            continue
    writer()
