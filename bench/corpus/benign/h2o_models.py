"""Models of H2O as MOJO archives. H2O trains in a Java process on the loopback interface, which ends with this script."""
import os
import random
import sys
import warnings

from corpus import SKIP, Writer, require

warnings.simplefilter("ignore")
h2o = require("h2o")
from h2o import estimators

try:
    with open(os.devnull, "w") as quiet:
        sys.stdout, loud = quiet, sys.stdout
        h2o.init(ip="127.0.0.1", port=54900 + os.getpid() % 1000, nthreads=1, max_mem_size="512m", bind_to_localhost=True, verbose=False,
                 log_level="FATA", start_h2o=True, strict_version_check=False)
        sys.stdout = loud
    h2o.no_progress()
except Exception as error:
    sys.stdout = sys.__stdout__
    print(f"H2O did not start: {error}", file=sys.stderr)
    sys.exit(SKIP)
random.seed(7)
rows = [[random.random(), random.random(), random.choice("uvw"), random.choice(["good", "bad"]), random.randint(0, 9)] for _ in range(200)]
frame = h2o.H2OFrame(rows, column_names=["age", "income (EUR)", "zone", "risk", "count"], column_types=["real", "real", "enum", "enum", "real"])
numbers = ["age", "income (EUR)", "zone", "count"]
writer = Writer("h2o", h2o.__version__)
tasks = [("gbm", estimators.H2OGradientBoostingEstimator, dict(ntrees=3, seed=7), "risk"), ("gbm-regression", estimators.H2OGradientBoostingEstimator, dict(ntrees=3, seed=7), "age"),
         ("gbm-multi", estimators.H2OGradientBoostingEstimator, dict(ntrees=2, seed=7), "zone"),
         ("drf", estimators.H2ORandomForestEstimator, dict(ntrees=3, seed=7), "risk"), ("drf-regression", estimators.H2ORandomForestEstimator, dict(ntrees=3, seed=7), "age"),
         ("glm", estimators.H2OGeneralizedLinearEstimator, dict(family="binomial"), "risk"), ("glm-regression", estimators.H2OGeneralizedLinearEstimator, {}, "age"),
         ("deeplearning", estimators.H2ODeepLearningEstimator, dict(hidden=[4], epochs=1, seed=7), "risk"), ("kmeans", estimators.H2OKMeansEstimator, dict(k=3, seed=7), None),
         ("isolation", estimators.H2OIsolationForestEstimator, dict(ntrees=3, seed=7), None),
         ("pca", estimators.H2OPrincipalComponentAnalysisEstimator, dict(k=2, impute_missing=True), None), ("glrm", estimators.H2OGeneralizedLowRankEstimator, dict(k=2, seed=7), None),
         ("coxph", estimators.H2OCoxProportionalHazardsEstimator, dict(stop_column="count"), "risk"),
         ("gam", estimators.H2OGeneralizedAdditiveEstimator, dict(gam_columns=["age"], family="binomial"), "risk"), ("xgboost", estimators.H2OXGBoostEstimator, dict(ntrees=3, seed=7), "risk")]
for trees in (2, 12):
    for depth in (1, 8):
        tasks.append((f"gbm-{trees}-{depth}", estimators.H2OGradientBoostingEstimator, dict(ntrees=trees, max_depth=depth, min_rows=2, seed=7), "risk"))
        tasks.append((f"drf-{trees}-{depth}", estimators.H2ORandomForestEstimator, dict(ntrees=trees, max_depth=depth, min_rows=2, seed=7), "zone"))
for family in ("gaussian", "poisson", "gamma", "tweedie"):
    tasks.append((f"glm-{family}", estimators.H2OGeneralizedLinearEstimator, dict(family=family), "age"))
for k in (2, 5):
    tasks.append((f"kmeans-{k}", estimators.H2OKMeansEstimator, dict(k=k, seed=7), None))
for name, estimator, settings, target in tasks:
    try:
        model = estimator(**settings)
        model.train(x=[c for c in numbers if c != target], y=target, training_frame=frame)
        model.save_mojo(writer.folder, force=True, filename=f"{name}.zip")
        writer.path(f"{name}.zip", f"{name} as MOJO", "h2o")
    except Exception as error:
        print(f"{name}: {str(error).splitlines()[0][:200] if str(error) else type(error)}", file=sys.stderr)
h2o.cluster().shutdown()
