"""Writes the samples of this folder that end in .json and .ubj with XGBoost 3.2.0. Those in .model are written by the same
calls with XGBoost 1.7.4, the last series with the binary form.

Run: python generate.py FOLDER
"""
import pathlib, sys
import numpy as np, pandas as pd, xgboost as xgb

out = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(7)
x, y = rng.random((60, 6)), rng.integers(0, 2, 60)
data = xgb.DMatrix(x, y, feature_names=list("abcdef"))
binary = "model" if xgb.__version__ < "2" else None
for name, params in {"m": {"objective": "binary:logistic"}, "lin": {"booster": "gblinear"}, "dart": {"booster": "dart"}}.items():
    booster = xgb.train(params, data, 2)
    booster.set_attr(note="hi")
    for extension in [binary] if binary else ["json", "ubj"]:
        booster.save_model(out / f"{name}.{extension}")
if binary:
    sys.exit()
frame = pd.DataFrame({"a": rng.random(300), "c": pd.Categorical(rng.choice(list("xyzwvu"), 300))})
booster = xgb.train({"max_cat_to_onehot": 1, "max_depth": 3}, xgb.DMatrix(frame, frame.a + frame.c.cat.codes % 2, enable_categorical=True), 2)
booster.save_model(out / "cat.json")
booster.save_model(out / "cat.ubj")
(out / "pickled.ubj").write_bytes(bytes(booster.__getstate__()["handle"]))
targets = rng.random((60, 3))
xgb.XGBRegressor(n_estimators=2, max_depth=2, multi_strategy="multi_output_tree", tree_method="hist").fit(x, targets).save_model(out / "multi.json")
xgb.XGBClassifier(n_estimators=2, max_depth=2).fit(x, (targets[:, 0] * 3).astype(int)).save_model(out / "softmax.json")
xgb.XGBClassifier(n_estimators=1).fit(x, y).save_model(out / "skl.json")
