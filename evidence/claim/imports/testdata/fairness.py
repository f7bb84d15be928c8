"""Writes what Fairlearn and scikit-learn say about a small classifier into the folder that is named."""
import json, sys

import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate
from sklearn.metrics import accuracy_score, classification_report

out = sys.argv[1]
y = [0, 1, 1, 0, 1, 0, 1, 1]
p = [0, 1, 0, 0, 1, 1, 1, 0]
sex = pd.Series(["f", "f", "f", "f", "m", "m", "m", "m"], name="sex")
age = pd.Series(["old", "young", "old", "young", "old", "young", "old", "young"], name="age")
metrics = {"accuracy": accuracy_score, "selection_rate": selection_rate}
one = MetricFrame(metrics=metrics, y_true=y, y_pred=p, sensitive_features=sex)
two = MetricFrame(metrics=metrics, y_true=y, y_pred=p, sensitive_features=pd.concat([sex, age], axis=1))
one.by_group.to_json(out + "/by_group.json")
one.by_group.to_csv(out + "/by_group.csv")
two.by_group.to_csv(out + "/two.csv")
two.by_group.to_json(out + "/two.json")
with open(out + "/both.json", "w") as f:
    f.write('{"overall": %s, "by_group": %s}' % (one.overall.to_json(), one.by_group.to_json()))
with open(out + "/truth.json", "w") as f:
    json.dump({"accuracy difference": one.difference()["accuracy"], "accuracy ratio": one.ratio()["accuracy"],
               "selection_rate difference": one.difference()["selection_rate"], "selection_rate ratio": one.ratio()["selection_rate"]}, f)
with open(out + "/report.json", "w") as f:
    json.dump(classification_report(y, p, output_dict=True), f)
