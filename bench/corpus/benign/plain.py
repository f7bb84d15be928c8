"""Plain data by dill and cloudpickle. Functions and classes by value are left out: they are code, and not benign."""
import pickle
import sys

from corpus import Writer, require

library = require(sys.argv[2])
numpy = require("numpy")
writer = Writer(sys.argv[2], library.__version__)
random = numpy.random.RandomState(7)
OBJECTS = {
    "config": {"name": "model", "layers": [1, 2, 3], "dropout": 0.1, "tags": ("a", "b")},
    "weights": {"w": random.rand(20, 10).astype("f4"), "b": random.rand(10)},
    "history": [{"epoch": i, "loss": 1 / (i + 1)} for i in range(200)],
    "vocabulary": {f"word{i}": i for i in range(1000)},
}
for name, value in OBJECTS.items():
    for protocol in range(2, 6):
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            library.dump(value, f, protocol=protocol)
