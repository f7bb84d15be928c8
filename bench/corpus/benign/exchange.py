"""Models in PMML, by nyoka: scikit-learn's pipelines, and the gradient boosting of XGBoost and LightGBM."""
import sys
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
nyoka, pandas, datasets = require("nyoka", "pandas", "sklearn.datasets")
from sklearn import (cluster, ensemble, linear_model, naive_bayes, neighbors, neural_network, preprocessing, svm, tree)
from sklearn.pipeline import Pipeline

writer = Writer("nyoka", nyoka.__version__ if hasattr(nyoka, "__version__") else "5.5.0")
iris = datasets.load_iris(as_frame=True)
features = [name.replace(" (cm)", "").replace(" ", "_") for name in iris.data.columns]
x = iris.data.set_axis(features, axis=1)
y = iris.target
SCALERS = {"none": None, "standard": preprocessing.StandardScaler, "minmax": preprocessing.MinMaxScaler,
           "robust": preprocessing.RobustScaler, "maxabs": preprocessing.MaxAbsScaler}


def estimators():
    """Yield a name and an estimator that nyoka can export."""
    for depth in (1, 3, 8):
        yield f"tree-classifier-{depth}", tree.DecisionTreeClassifier(max_depth=depth, random_state=1)
        yield f"tree-regressor-{depth}", tree.DecisionTreeRegressor(max_depth=depth, random_state=1)
        yield f"forest-classifier-{depth}", ensemble.RandomForestClassifier(5, max_depth=depth, random_state=1)
        yield f"forest-regressor-{depth}", ensemble.RandomForestRegressor(5, max_depth=depth, random_state=1)
        yield f"boosting-classifier-{depth}", ensemble.GradientBoostingClassifier(n_estimators=4, max_depth=depth, random_state=1)
        yield f"boosting-regressor-{depth}", ensemble.GradientBoostingRegressor(n_estimators=4, max_depth=depth, random_state=1)
    yield "linear", linear_model.LinearRegression()
    yield "logistic", linear_model.LogisticRegression(max_iter=300)
    yield "bayes", naive_bayes.GaussianNB()
    yield "neighbors-classifier", neighbors.KNeighborsClassifier(3)
    yield "neighbors-regressor", neighbors.KNeighborsRegressor(3)
    yield "kmeans", cluster.KMeans(3, n_init=1, random_state=1)
    for kernel in ("linear", "rbf", "poly", "sigmoid"):
        yield f"svc-{kernel}", svm.SVC(kernel=kernel, gamma=0.1)
        yield f"svr-{kernel}", svm.SVR(kernel=kernel, gamma=0.1)
    yield "linear-svc", svm.LinearSVC()
    yield "linear-svr", svm.LinearSVR()
    yield "forest-isolation", ensemble.IsolationForest(n_estimators=5, random_state=1)
    for layers in ((4,), (8, 4)):
        yield f"mlp-classifier-{len(layers)}", neural_network.MLPClassifier(hidden_layer_sizes=layers, max_iter=50, random_state=1)
        yield f"mlp-regressor-{len(layers)}", neural_network.MLPRegressor(hidden_layer_sizes=layers, max_iter=50, random_state=1)


def export(name, convert, *args, **kwargs):
    """Write one model; nyoka refuses some combinations."""
    path = writer.path(name + ".pmml", name.replace("-", " ") + " as PMML", "pmml")
    try:
        convert(*args, pmml_f_name=path, **kwargs)
    except Exception as error:  # an exporter that does not know the version of the library
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)


for scaler_name, scaler in SCALERS.items():
    for name, estimator in estimators():
        steps = ([("scale", scaler())] if scaler else []) + [("model", estimator)]
        pipeline = Pipeline(steps).fit(x, y)
        export(f"{name}-{scaler_name}", nyoka.skl_to_pmml, pipeline, features, "species")
try:
    import lightgbm
    import xgboost
except ImportError:
    sys.exit(0)
for name, model, convert in (
        ("xgboost-classifier", xgboost.XGBClassifier(n_estimators=3, n_jobs=1), nyoka.xgboost_to_pmml),
        ("xgboost-regressor", xgboost.XGBRegressor(n_estimators=3, n_jobs=1), nyoka.xgboost_to_pmml),
        ("lightgbm-classifier", lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1), nyoka.lgb_to_pmml),
        ("lightgbm-regressor", lightgbm.LGBMRegressor(n_estimators=3, n_jobs=1, verbose=-1), nyoka.lgb_to_pmml)):
    export(name, convert, Pipeline([("model", model)]).fit(x, y), features, "species")
