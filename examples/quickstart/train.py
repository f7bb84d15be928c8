"""Trains the model of this example: softmax regression on Fisher's irises. Needs numpy, safetensors and scikit-learn (for the data).

Writes data/iris.csv, model/ and run/: what there is to sign, and what there is to say about it. Everything follows from the seed; run it again and git shows no change.
"""

import csv
import hashlib
import json
import os
import pathlib

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_iris

SEED, STEPS, RATE = 7, 400, 0.5
here = pathlib.Path(__file__).parent
for folder in ("data", "model", "run"):
    os.makedirs(here / folder, exist_ok=True)

iris = load_iris()
names = [n.replace(" (cm)", "").replace(" ", "_") for n in iris.feature_names]
with open(here / "data" / "iris.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(names + ["species"])
    for row, kind in zip(iris.data, iris.target):
        out.writerow([f"{v:g}" for v in row] + [iris.target_names[kind]])

rng = np.random.default_rng(SEED)
order = rng.permutation(len(iris.data))
train, test = order[:120], order[120:]
mean, scale = iris.data[train].mean(axis=0), iris.data[train].std(axis=0)
x = (iris.data - mean) / scale
y = np.eye(3)[iris.target]
w, b = rng.normal(0, 0.01, (4, 3)), np.zeros(3)


def scores(rows):
    z = x[rows] @ w + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


for _ in range(STEPS):
    error = (scores(train) - y[train]) / len(train)
    w -= RATE * x[train].T @ error
    b -= RATE * error.sum(axis=0)

save_file(
    {
        "linear.weight": w.T.astype(np.float32).copy(),
        "linear.bias": b.astype(np.float32),
        "input.mean": mean.astype(np.float32),
        "input.scale": scale.astype(np.float32),
    },
    here / "model" / "model.safetensors",
    metadata={"format": "np"},
)
hits = scores(test).argmax(axis=1) == iris.target[test]
by_kind = {str(n): round(float(hits[iris.target[test] == i].mean()), 4) for i, n in enumerate(iris.target_names)}
accuracy = round(float(hits.mean()), 4)


def write(name, document):
    (here / name).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


write("model/config.json", {
    "architectures": ["SoftmaxRegression"],
    "model_type": "softmax-regression",
    "num_features": 4,
    "feature_names": names,
    "id2label": {str(i): str(n) for i, n in enumerate(iris.target_names)},
    "torch_dtype": "float32",
})


def digest(name):
    return "sha256:" + hashlib.sha256((here / name).read_bytes()).hexdigest()


def judged(name, value, threshold, rows, **more):
    passed = value >= threshold
    return {"name": name, "value": value, "threshold": threshold, "better": "higher", "passed": passed, "samples": rows, **more}


write("run/training.json", {
    "run": "iris-1",
    "tool": "train.py",
    "inputs": [
        {"role": "data", "name": "iris.csv", "digest": digest("data/iris.csv")},
        {"role": "code", "name": "train.py", "digest": digest("train.py")},
    ],
    "outputs": [],
    "hyperparameters": {"steps": str(STEPS), "learning_rate": str(RATE), "rows": str(len(train))},
    "seeds": {"numpy": str(SEED)},
    "environment": {},
})
write("run/evaluation.json", {
    "suite": "held-out irises",
    "type": "performance",
    "dataset": {"name": "iris.csv", "digest": digest("data/iris.csv")},
    "metrics": [judged("accuracy", accuracy, 0.9, len(test))] + [
        judged("accuracy", value, 0.8, int((iris.target[test] == i).sum()), slice=f"species={name}")
        for i, (name, value) in enumerate(by_kind.items())
    ],
})
print(f"accuracy {accuracy} on {len(test)} rows, by species {by_kind}")
