"""Writes the benign samples of this folder with the reference library (safetensors 0.8.0, numpy).

Run: python generate.py FOLDER
"""
import sys, pathlib
import numpy as np
from safetensors.numpy import save

out = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(7)
samples = {
    "plain": ({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros((4,), np.int8)}, None),
    "metadata": ({"w": np.ones((3,), np.float16)}, {"format": "np", "title": "A model \u2014 caf\u00e9 \U0001F600"}),
    "empty": ({}, None),
    "scalar": ({"s": np.array(3.5), "none": np.zeros((0, 4), np.int64)}, {"format": "np"}),
    "types": ({t: np.zeros((2,), t) for t in
               ["bool", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64", "complex64"]}, None),
    "many": ({f"layer.{i}.weight": rng.random((2, 2)).astype(np.float32) for i in range(40)}, {"format": "np"}),
}
for name, (tensors, metadata) in samples.items():
    (out / f"{name}.safetensors").write_bytes(save(tensors, metadata))
