"""Results of statsmodels and estimators of imbalanced-learn, as pickles."""
import pickle
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
numpy, statsmodels, api = require("numpy", "statsmodels", "statsmodels.api")
random = numpy.random.RandomState(7)
x = api.add_constant(random.rand(40, 2))
y = x @ [1.0, 2.0, 3.0] + random.rand(40)
RESULTS = {
    "ols": api.OLS(y, x).fit(), "glm": api.GLM(y, x).fit(), "rlm": api.RLM(y, x).fit(), "wls": api.WLS(y, x).fit(),
    "logit": api.Logit((y > numpy.median(y)).astype(int), x[:, :1]).fit(disp=0),
}
writer = Writer("statsmodels", statsmodels.__version__)
for name, value in RESULTS.items():
    for protocol in (2, 4, 5):
        try:
            content = pickle.dumps(value, protocol)
        except Exception:
            continue
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} results in protocol {protocol}"), "wb") as f:
            f.write(content)

imblearn, over, ensemble, pipeline = require("imblearn", "imblearn.over_sampling", "imblearn.ensemble", "imblearn.pipeline")
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

x, y = make_classification(60, 5, weights=[0.8], random_state=7)
MODELS = {
    "balanced-forest": ensemble.BalancedRandomForestClassifier(3, random_state=7).fit(x, y),
    "rus-boost": ensemble.RUSBoostClassifier(n_estimators=3, random_state=7).fit(x, y),
    "pipeline": pipeline.make_pipeline(over.RandomOverSampler(random_state=7), LogisticRegression()).fit(x, y),
    "sampler": over.SMOTE(random_state=7),
}
writer = Writer("imbalanced-learn", imblearn.__version__)
for name, value in MODELS.items():
    for protocol in (2, 4, 5):
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            pickle.dump(value, f, protocol)
