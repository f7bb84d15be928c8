"""Derives trusted.txt: the types and functions that files of skops may name without a doubt.

They are what skops itself trusts by default, the classes of scikit-learn, NumPy and SciPy whose instances models hold, and the
estimators of libraries that build on them, as far as they are installed. Run: python derive.py > trusted.txt
"""
import importlib
import inspect
import pkgutil
import warnings

warnings.simplefilter("ignore")
import numpy
import scipy.sparse
import sklearn
from skops.io import _trusted_types as trusted

names = set()
for key, value in vars(trusted).items():
    if key.endswith("_NAMES"):
        names.update(value)
packages = [(sklearn, "sklearn.")]
try:
    import imblearn

    packages.append((imblearn, "imblearn."))
except ImportError:
    pass
for module in (m for package, prefix in packages for m in pkgutil.walk_packages(package.__path__, prefix)):
    if ".tests" in module.name or "conftest" in module.name or "externals" in module.name or "_build_utils" in module.name:
        continue
    try:
        loaded = importlib.import_module(module.name)
    except Exception:
        continue
    for name, value in vars(loaded).items():
        if inspect.isclass(value) and str(value.__module__).startswith(("sklearn.", "imblearn.")) and "externals" not in value.__module__:
            names.add(f"{value.__module__}.{value.__qualname__}")
for library in ("xgboost.sklearn", "lightgbm.sklearn"):
    try:
        loaded = importlib.import_module(library)
    except ImportError:
        continue
    for name, value in vars(loaded).items():
        if inspect.isclass(value) and issubclass(value, sklearn.base.BaseEstimator):
            names.add(f"{value.__module__}.{value.__qualname__}")
for module in ("feature_selection._univariate_selection", "feature_selection._mutual_info", "metrics._classification", "metrics._regression",
               "metrics._ranking", "metrics.pairwise", "metrics.cluster._supervised", "preprocessing._data", "preprocessing._label"):
    loaded = importlib.import_module("sklearn." + module)
    for name, value in vars(loaded).items():
        if inspect.isfunction(inspect.unwrap(value)) and value.__module__ == loaded.__name__ and not name.startswith("_"):
            names.add(f"{value.__module__}.{value.__qualname__}")
names.update(f"scipy.sparse.{n}" for n in dir(scipy.sparse) if n.endswith(("_matrix", "_array")))
names.update(f"scipy.sparse._{n.split('_')[0]}.{n}" for n in dir(scipy.sparse) if n.endswith(("_matrix", "_array")))
names.update(f"numpy.random.{n}" for n in ("RandomState", "Generator"))
names.update(f"numpy.random.mtrand.{n}" for n in ("RandomState",))
names.update(f"numpy.random._generator.{n}" for n in ("Generator",))
names.update(f"numpy.{n}" for n, v in vars(numpy).items() if isinstance(v, numpy.ufunc) and n != "frompyfunc")
names.update(["numpy.ndarray", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray", "numpy.dtype", "builtins.bytes", "builtins.bytearray", "builtins.dict",
              "builtins.slice", "builtins.frozenset", "builtins.complex", "builtins.NoneType", "collections.OrderedDict", "collections.defaultdict",
              "functools.partial", "sklearn.utils._bunch.Bunch", "zoneinfo.ZoneInfo", "scipy.interpolate._bsplines.BSpline", "scipy._lib.array_api_compat.numpy._aliases.asarray", "numpy.asarray",
              "datetime.datetime", "datetime.date", "datetime.timedelta",
              "quantile_forest._quantile_forest.RandomForestQuantileRegressor", "quantile_forest._quantile_forest.ExtraTreesQuantileRegressor",
              "quantile_forest._quantile_forest_fast.QuantileForest"])
names.update(f"numpy.dtypes.{n}" for n in dir(numpy.dtypes) if n.endswith("DType"))
names.discard("builtins.map")
print("\n".join(sorted(names)))
