"""HDF5 files by PyTables and pandas.HDFStore, which keep pickles of their own in attributes and in datasets of bytes."""
import warnings

from corpus import Writer, require

tables, pandas, numpy = require("tables", "pandas", "numpy")
warnings.simplefilter("ignore")
numpy.random.seed(7)

frame = pandas.DataFrame({"a": range(50), "b": numpy.random.rand(50), "c": [f"x{i}" for i in range(50)],
                          "d": pandas.date_range("2024", periods=50), "e": numpy.arange(50) > 20})
objects = pandas.DataFrame({"o": [{"a": 1}, [1, 2], None]}, dtype=object)
indexed = frame.set_index(["c", "a"])
category = pandas.DataFrame({"k": pandas.Categorical(["x", "y", "x"])})

writer = Writer("pytables", tables.__version__)
for form in ("fixed", "table"):
    for complib in (None, "zlib"):
        word = f"{form}-{complib or 'plain'}"
        for name, content in (("frame", frame), ("index", indexed), ("series", frame["b"]), ("category", category), ("objects", objects)):
            if form == "table" and name == "objects" or form == "fixed" and name == "category":
                continue  # pandas refuses these
            content.to_hdf(writer.path(f"{name}-{word}.h5", f"a {name} of pandas, {word}", "pandas"), key="data", format=form, complib=complib,
                           complevel=5 if complib else None)
with tables.open_file(writer.path("arrays.h5", "arrays of PyTables", "tables"), "w") as f:
    values = f.create_vlarray("/", "objects", tables.ObjectAtom())
    for value in ({"a": 1}, [1, 2, 3], "text", numpy.arange(4)):
        values.append(value)
    f.root._v_attrs.settings = {"x": [1, 2], "y": (3, None)}
    f.root._v_attrs.values = numpy.arange(3)
    f.create_carray("/", "compressed", obj=numpy.random.rand(100, 100), filters=tables.Filters(5, "zlib", shuffle=True))
    f.create_earray("/", "growing", atom=tables.UInt8Atom(), shape=(0,), filters=tables.Filters(5, "zlib")).append(numpy.zeros(1000, "u1"))
    f.create_table("/", "rows", numpy.zeros(9, [("id", "i8"), ("name", "S8")])).cols.id.create_index()
    f.create_group("/", "folder", title="a folder")
    f.create_soft_link("/folder", "alias", "/rows")
