"""Writes a run in every form that MLflow has for it into the folder that is named."""
import json, os, sys, warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
import pandas as pd
from mlflow.utils.proto_json_utils import message_to_json

out = sys.argv[1]
mlflow.set_tracking_uri("file:" + out + "/mlruns")
frame = pd.DataFrame({"y": [0, 1, 1, 0], "p": [0, 1, 0, 0]})
with mlflow.start_run(run_name="tuned") as run:
    mlflow.log_param("lr", 0.1)
    mlflow.log_param("random_state", 7)
    for step, value in enumerate([0.5, 0.75]):
        mlflow.log_metric("accuracy", value, step=step)
    mlflow.log_metric("val/loss", 0.25)
    mlflow.log_input(mlflow.data.from_pandas(frame, name="train.csv", source="s3://bucket/train.csv"), context="training")
    mlflow.set_tag("mlflow.source.git.commit", "a" * 40)
run = mlflow.MlflowClient().get_run(run.info.run_id)
with open(out + "/dictionary.json", "w") as f:
    json.dump(run.to_dictionary(), f)
with open(out + "/rest.json", "w") as f:
    f.write('{"run": ' + message_to_json(run.to_proto()) + "}")
mlflow.models.evaluate(data=frame, targets="y", predictions="p", model_type="classifier", evaluator_config={"log_explainer": False}).save(out + "/evaluated")
print(run.info.run_id)
