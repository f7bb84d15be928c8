"""Estimators and pipelines of scikit-learn in files of skops, stored and compressed."""
import warnings
import zipfile

from corpus import Writer, require

warnings.simplefilter("ignore")
numpy, sio, skops = require("numpy", "skops.io", "skops")
from sklearn import cluster, compose, datasets, decomposition, ensemble, feature_extraction, feature_selection, gaussian_process, impute
from sklearn import linear_model, manifold, mixture, model_selection, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree

x, y = datasets.make_classification(60, 6, random_state=7)
x = abs(x)
estimators = [getattr(module, name) for module, names in {
    linear_model: "LogisticRegression LinearRegression Ridge Lasso ElasticNet SGDClassifier SGDRegressor BayesianRidge HuberRegressor Perceptron LassoCV",
    tree: "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier",
    ensemble: "RandomForestClassifier ExtraTreesRegressor GradientBoostingClassifier HistGradientBoostingClassifier HistGradientBoostingRegressor AdaBoostClassifier BaggingClassifier IsolationForest",
    svm: "SVC LinearSVC NuSVC OneClassSVM SVR", neighbors: "KNeighborsClassifier NearestNeighbors KernelDensity LocalOutlierFactor",
    naive_bayes: "GaussianNB MultinomialNB BernoulliNB", neural_network: "MLPClassifier MLPRegressor", cluster: "KMeans DBSCAN AgglomerativeClustering Birch MiniBatchKMeans",
    decomposition: "PCA TruncatedSVD NMF FastICA KernelPCA", preprocessing: "StandardScaler MinMaxScaler OneHotEncoder PolynomialFeatures QuantileTransformer KBinsDiscretizer PowerTransformer SplineTransformer",
    mixture: "GaussianMixture", gaussian_process: "GaussianProcessRegressor", impute: "SimpleImputer KNNImputer", feature_selection: "SelectKBest VarianceThreshold", manifold: "Isomap",
}.items() for name in names.split()]
models = {}
for estimator in estimators:
    settings = {k: v for k, v in {"n_estimators": 3, "max_iter": 30, "random_state": 7}.items() if k in estimator().get_params()}
    models[estimator.__name__] = estimator(**settings).fit(x, y)
models["pipeline"] = pipeline.make_pipeline(preprocessing.FunctionTransformer(numpy.log1p), preprocessing.StandardScaler(), linear_model.LogisticRegression()).fit(x, y)
models["columns"] = compose.ColumnTransformer([("a", preprocessing.StandardScaler(), [0, 1]), ("b", "passthrough", slice(2, 4))]).fit(x, y)
models["search"] = model_selection.GridSearchCV(tree.DecisionTreeClassifier(random_state=7), {"max_depth": [2, 3]}, cv=3).fit(x, y)
models["union"] = pipeline.make_union(decomposition.PCA(2), feature_selection.SelectKBest(k=2)).fit(x, y)
models["words"] = pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), naive_bayes.MultinomialNB()).fit(["good loan", "bad credit"] * 30, y)
models["voting"] = ensemble.VotingClassifier([("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())]).fit(x, y)
models["values"] = {"a": [1, 2.5, "x", None, True], "b": (numpy.arange(3), numpy.float32(2)), "c": {"d": {1, 2}}}

writer = Writer("skops", skops.__version__)
for name, model in models.items():
    try:
        content = sio.dumps(model)
    except Exception:
        continue  # a type that skops does not take
    for word, compression in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        sio.dump(model, writer.path(f"{name}-{word}.skops", f"{name} by skops, {word}", "skops"), compression=compression)
