"""HDF5 files by h5py: both forms of groups and headers, many attributes and links, every kind of chunk index, user blocks."""
import sys

from corpus import Writer, require

h5py, numpy = require("h5py", "numpy")
generator = numpy.random.default_rng(7)


def fill(f, n):
    """Content of one of several kinds."""
    f.attrs["title"], f.attrs["count"], f.attrs["axes"] = "a measurement", n, numpy.array(["x", "y"], dtype=h5py.string_dtype())
    if n % 2 == 0:
        for i in range(40 * n):
            f.attrs[f"attribute {i}"] = "v" * i
    for i in range(20 * n):
        f.create_dataset(f"layers/layer_{i}/vars/0", data=generator.random((5, i + 1), dtype="f4"))
    kinds = [{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True}, {"compression": "gzip", "fletcher32": True}]
    data = generator.integers(0, 255, (60, 40))
    for i, kind in enumerate(kinds):
        f.create_dataset(f"chunked/{i}", data=data, chunks=(7, 9), **kind)
        f.create_dataset(f"growing/{i}", data=data, chunks=(7, 40), maxshape=(None, 40), **kind)
        f.create_dataset(f"plane/{i}", data=data.astype("u1" if i < 3 else "i4"), chunks=(10, 10), maxshape=(None, None), **kind)
    f["images"] = generator.integers(0, 255, (8, 28, 28, 1), dtype="u1")
    f["labels"] = numpy.array([b"cat", b"dog", b"bird"])
    f["texts"] = numpy.array(["some text", "more text " * 20], dtype=object).astype(h5py.string_dtype())
    f["table"] = numpy.zeros(9, dtype=[("id", "i8"), ("value", "f8"), ("name", "S8")])
    f["sequences"] = h5py.Empty("f4")
    f["alias"] = h5py.SoftLink("/images")
    f["same"] = f["labels"]
    f["mask"] = generator.random(50) > 0.5
    f["complex"] = generator.random(4) + 1j
    f["half"] = numpy.ones(7, "f2")


writer = Writer("h5py" if sys.executable != "/usr/bin/python3" else "h5py-debian", h5py.__version__)
for version in ("earliest", "v108", "latest"):
    for n, block in enumerate((0, 512, 4096)):
        path = writer.path(f"{version}-{block}.h5", f"HDF5 {version}, a user block of {block} bytes", "h5py")
        with h5py.File(path, "w", libver=version, userblock_size=block, track_order=n == 1) as f:
            fill(f, n + 1)
