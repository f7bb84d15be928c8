"""NumPy arrays and SciPy matrices: pickles, .npy and .npz."""
import pickle

from corpus import Writer, require

numpy = require("numpy")
writer = Writer("numpy", numpy.__version__)
random = numpy.random.RandomState(7)

DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", ">f4", ">i8", "S5", "U7", "M8[s]", "m8[D]"]
for code in DTYPES:
    values = numpy.arange(24).reshape(2, 3, 4).astype(code if code[0] not in "Mm" else "i8").astype(code)
    name = code.strip(">").replace("[", "").replace("]", "").replace("?", "bool") + ("-big" if code[0] == ">" else "")
    numpy.save(writer.path(f"array-{name}.npy", f"an array of {code}", "numpy"), values)
    for protocol in (2, 4, 5):
        with open(writer.path(f"array-{name}-p{protocol}.pkl", f"an array of {code} in protocol {protocol}"), "wb") as f:
            pickle.dump(values, f, protocol)
OBJECTS = {
    "scalar": numpy.float64(1.5), "fortran": numpy.asfortranarray(random.rand(5, 4)), "empty": numpy.zeros((0, 3)),
    "record": numpy.array([(1, 2.5, b"x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "S3")]),
    "nested-record": numpy.zeros(3, dtype=[("p", [("x", "f4"), ("y", "f4")]), ("t", "i8", (2,))]),
    "object": numpy.array([None, "text", 1, [1, 2], {"a": 1}], dtype=object), "random-state": numpy.random.RandomState(3),
    "generator": numpy.random.default_rng(3), "dtype": numpy.dtype("f4"), "masked": numpy.ma.masked_array([1, 2, 3], [0, 1, 0]),
    "scalars": [numpy.int8(1), numpy.uint64(2), numpy.bool_(True), numpy.str_("x"), numpy.datetime64("2024-02-29")],
    "list": [random.rand(3) for _ in range(20)],
}
for name, value in OBJECTS.items():
    for protocol in (2, 3, 4, 5):
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            pickle.dump(value, f, protocol)
for name in ("fortran", "record", "nested-record", "empty"):
    numpy.save(writer.path(f"{name}.npy", f"numpy.save of {name}", "numpy"), OBJECTS[name])
numpy.save(writer.path("object.npy", "an object array of plain values", "numpy"), OBJECTS["object"])
numpy.savez(writer.path("several.npz", "numpy.savez", "numpy"), a=random.rand(3), b=numpy.arange(4))
numpy.savez_compressed(writer.path("compressed.npz", "numpy.savez_compressed", "numpy"), a=random.rand(100, 3), b=numpy.arange(400))
numpy.savez(writer.path("object.npz", "numpy.savez with an object array of plain values", "numpy"), a=OBJECTS["object"])

scipy, sparse = require("scipy", "scipy.sparse")
writer = Writer("scipy", scipy.__version__)
matrix = sparse.random(30, 20, density=0.1, random_state=7)
for kind in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok"):
    converted = matrix.asformat(kind)
    for protocol in (2, 4, 5):
        with open(writer.path(f"{kind}-p{protocol}.pkl", f"a {kind} matrix in protocol {protocol}"), "wb") as f:
            pickle.dump(converted, f, protocol)
    if kind in ("csr", "csc", "coo", "bsr", "dia"):
        sparse.save_npz(writer.path(f"{kind}.npz", f"save_npz of a {kind} matrix", "numpy"), converted)
interpolate, spatial, stats = require("scipy.interpolate", "scipy.spatial", "scipy.stats")
points = random.rand(30, 3)
OBJECTS = {"interp1d": interpolate.interp1d([0, 1, 2], [0, 1, 4]), "bspline": interpolate.make_interp_spline(range(8), range(8)),
           "ckdtree": spatial.cKDTree(points), "frozen-distribution": stats.norm(0, 1)}
for name, value in OBJECTS.items():
    with open(writer.path(f"{name}.pkl", f"scipy {name}"), "wb") as f:
        pickle.dump(value, f)
