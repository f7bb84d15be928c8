"""Model folders of MLflow: scikit-learn in each way of saving it, functions, models from code, with code and artifacts."""
import os
import shutil
import sys
import tempfile
import textwrap

from corpus import Writer, require

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///" + tempfile.mkdtemp() + "/m.db"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
mlflow, numpy, pandas, cluster, decomposition, ensemble, linear_model, naive_bayes, neighbors, pipeline, preprocessing, svm, tree, datasets = require(
    "mlflow", "numpy", "pandas", "sklearn.cluster", "sklearn.decomposition", "sklearn.ensemble", "sklearn.linear_model", "sklearn.naive_bayes",
    "sklearn.neighbors", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.svm", "sklearn.tree", "sklearn.datasets")
from mlflow.models import infer_signature  # noqa: E402

x, y = datasets.make_classification(60, 6, random_state=7)
requirements = ["mlflow==" + mlflow.__version__, "scikit-learn", "numpy"]
estimators = {
    "linear": linear_model.LinearRegression(), "logistic": linear_model.LogisticRegression(), "ridge": linear_model.Ridge(),
    "tree": tree.DecisionTreeClassifier(max_depth=3), "forest": ensemble.RandomForestClassifier(3), "boosting": ensemble.GradientBoostingRegressor(n_estimators=3),
    "bayes": naive_bayes.GaussianNB(), "neighbors": neighbors.KNeighborsClassifier(3), "svc": svm.SVC(), "means": cluster.KMeans(2, n_init=1),
    "pca": decomposition.PCA(2), "pipeline": pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
}
writer = Writer("mlflow", mlflow.__version__)
folders = []


def folder(name):
    """Name a folder for a model."""
    path = os.path.join(writer.folder, name)
    shutil.rmtree(path, ignore_errors=True)
    folders.append(path)
    return path


for name, estimator in estimators.items():
    estimator.fit(x, y)
    for form in ("cloudpickle", "pickle", "skops"):
        try:
            mlflow.sklearn.save_model(estimator, folder(f"sklearn-{name}-{form}"), serialization_format=form, pip_requirements=requirements,
                                      signature=infer_signature(x, y), input_example=x[:2] if form == "pickle" else None)
        except Exception as error:  # a format that this estimator or this version does not have
            print(f"{name} as {form}: {error}", file=sys.stderr)

work = tempfile.mkdtemp()
with open(os.path.join(work, "scaling.py"), "w") as f:
    f.write("def scale(values, by):\n    return [v * by for v in values]\n")
with open(os.path.join(work, "model_from_code.py"), "w") as f:
    f.write(textwrap.dedent("""
        import mlflow
        from mlflow.models import set_model


        class Double(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input: list[float], params=None) -> list[float]:
                return [2 * v for v in model_input]


        set_model(Double())
    """))
with open(os.path.join(work, "words.txt"), "w") as f:
    f.write("some words\n")
common = {"pip_requirements": requirements}
mlflow.pyfunc.save_model(folder("pyfunc-from-code"), python_model=os.path.join(work, "model_from_code.py"), **common)
mlflow.pyfunc.save_model(folder("pyfunc-from-code-with-code"), python_model=os.path.join(work, "model_from_code.py"),
                         code_paths=[os.path.join(work, "scaling.py")], artifacts={"words": os.path.join(work, "words.txt")}, **common)
mlflow.pyfunc.save_model(folder("pyfunc-metadata"), python_model=os.path.join(work, "model_from_code.py"), metadata={"team": "vision", "stage": 2},
                         conda_env={"name": "env", "channels": ["conda-forge"], "dependencies": ["python=3.11", "pip", {"pip": requirements}]})
for path in folders:
    for where, _, files in os.walk(path):
        for file in sorted(files):
            relative = os.path.relpath(os.path.join(where, file), writer.folder)
            writer.path(relative, f"{file} of an MLflow model", "mlflow")
