"""Every scikit-learn estimator that fits small data, by pickle and by joblib in every compression."""
import pickle
import warnings

from corpus import Writer, require

sklearn, numpy, joblib = require("sklearn", "numpy", "joblib")
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators

warnings.simplefilter("ignore")
pickles = Writer("sklearn", sklearn.__version__)
joblibs = Writer("joblib", joblib.__version__)
x, y = make_classification(40, 6, random_state=7)
x = numpy.abs(x)

SMALL = {"n_estimators": 3, "max_iter": 20, "n_components": 2, "n_clusters": 2, "random_state": 7, "n_init": 1}
SLOW = {"GaussianProcessClassifier", "GaussianProcessRegressor", "TSNE", "MDS", "SparsePCA", "MiniBatchSparsePCA", "DictionaryLearning",
        "MiniBatchDictionaryLearning"}


def fitted():
    """Yield a name and an estimator for everything that fits with its defaults or a few smaller settings."""
    for name, cls in all_estimators():
        if name in SLOW:
            continue
        try:
            estimator = cls()
            known = estimator.get_params()
            estimator.set_params(**{k: v for k, v in SMALL.items() if k in known})
            yield name, estimator.fit(x, y)
        except Exception:
            continue  # it needs other data or other arguments
    texts = ["a small text", "another text", "one more"] * 3
    yield "CountVectorizer", CountVectorizer().fit(texts)
    yield "TfidfVectorizer", TfidfVectorizer().fit(texts)
    yield "Pipeline", make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    yield "TextPipeline", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 0] * 3)
    yield "ColumnTransformer", ColumnTransformer([("n", MinMaxScaler(), [0, 1]), ("c", OneHotEncoder(handle_unknown="ignore"), [2])]).fit(x)
    yield "FeatureUnion", FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]).fit(x)
    yield "GridSearchCV", GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2).fit(x, y)
    yield "VotingClassifier", VotingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3, random_state=7))]).fit(x, y)
    yield "StackingClassifier", StackingClassifier([("a", LogisticRegression())], cv=2).fit(x, y)


COMPRESSIONS = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3), ("lz4", 3)]
everywhere = {"Pipeline", "RandomForestClassifier", "KMeans", "PCA", "TfidfVectorizer", "StandardScaler"}
for number, (name, estimator) in enumerate(fitted()):
    try:
        pickle.dumps(estimator)
    except Exception:
        continue
    for protocol in (2, 3, 4, 5) if name in everywhere else ((2, 3, 4, 5)[number % 4],):
        with open(pickles.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            pickle.dump(estimator, f, protocol)
    for compression in COMPRESSIONS if name in everywhere else [COMPRESSIONS[number % len(COMPRESSIONS)]]:
        word = compression[0] if compression else "raw"
        try:
            joblib.dump(estimator, joblibs.path(f"{name}-{word}.joblib", f"{name} by joblib, {word}", "joblib"), compress=compression)
        except (ImportError, ValueError):
            continue  # lz4 is not installed; the generator drops lines without a file
random = numpy.random.RandomState(7)
PLAIN = {"arrays": {"a": random.rand(20, 3), "b": numpy.arange(7), "c": numpy.asfortranarray(random.rand(4, 5))},
         "mixed": [random.rand(3), "text", 7, numpy.array(["x", None], dtype=object), numpy.float32(2)], "single": random.rand(100)}
for name, value in PLAIN.items():
    for compression in COMPRESSIONS:
        word = compression[0] if compression else "raw"
        try:
            joblib.dump(value, joblibs.path(f"{name}-{word}.joblib", f"{name} by joblib, {word}", "joblib"), compress=compression)
        except (ImportError, ValueError):
            continue
