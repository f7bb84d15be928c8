"""Writes the benign samples of this folder with NumPy (1.24.2). Run: python3 generate.py FOLDER"""
import sys, pathlib
import numpy as np

out = pathlib.Path(sys.argv[1])
samples = {
    "float": np.arange(6, dtype="<f8").reshape(2, 3),
    "big-endian": np.arange(4, dtype=">i4"),
    "bool": np.array([True, False]),
    "scalar": np.array(7),
    "empty": np.zeros((0, 3), "f4"),
    "fortran": np.asfortranarray(np.ones((2, 3), "f4")),
    "bytes": np.array([b"abc", b"d"]),
    "text": np.array(["h\u00e9llo", "w"]),
    "time": np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "complex": np.array([1 + 2j]),
    "half": np.ones(3, "f2"),
    "void": np.zeros(2, "V5"),
    "record": np.zeros(3, [("x", "f4"), ("y", "i2", (2, 2)), ("name", "S5")]),
    "aligned": np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "nested": np.zeros(2, [("p", [("x", "f4"), ("y", "f4")]), ("q", "u1")]),
    "titled": np.zeros(1, [(("A title", "a"), "i4")]),
    "unicode-field": np.zeros(1, [("\u00f1", "i4")]),
    "objects": np.array([1, "two", None], dtype=object),
    "record-objects": np.array([(1, "x")], [("n", "i4"), ("o", "O")]),
    "wide": np.zeros(1, [(f"field_number_{i:06}", "u1") for i in range(3000)]),
}
for name, array in samples.items():
    np.save(out / f"{name}.npy", array)
with open(out / "two.npy", "wb") as f:
    np.save(f, np.arange(3))
    np.save(f, np.arange(5, dtype="u1"))
