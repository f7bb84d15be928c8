"""pandas to_pickle, plain and in every compression."""
from corpus import Writer, require

pandas, numpy = require("pandas", "numpy")
writer = Writer("pandas", pandas.__version__)
random = numpy.random.RandomState(7)
dates = pandas.date_range("2024-01-01", periods=20, tz="UTC")
frame = pandas.DataFrame({"f": random.rand(20), "i": range(20), "s": [f"row{i}" for i in range(20)], "b": [True, False] * 10,
                          "c": pandas.Categorical(["a", "b"] * 10), "d": dates})
OBJECTS = {
    "frame": frame, "numeric": frame[["f", "i"]], "series": frame["f"], "text-series": frame["s"], "categorical": frame["c"],
    "dates": frame["d"], "naive-dates": pandas.Series(pandas.date_range("2024", periods=5)), "indexed": frame.set_index("d"),
    "multi-index": frame.set_index(["c", "i"]), "range-index": pandas.RangeIndex(10), "datetime-index": dates,
    "period": pandas.Series(pandas.period_range("2024-01", periods=5, freq="M")), "interval": pandas.Series(pandas.interval_range(0, 5)),
    "timedelta": pandas.Series(pandas.to_timedelta(range(5), unit="h")), "nullable": pandas.Series([1, None, 3], dtype="Int64"),
    "boolean": pandas.Series([True, None], dtype="boolean"), "string": pandas.Series(["a", None], dtype="string"),
    "sparse": pandas.Series(pandas.arrays.SparseArray([0, 0, 1])), "timestamp": pandas.Timestamp("2024-02-29", tz="UTC"),
    "empty": pandas.DataFrame(), "grouped": frame.groupby("c", observed=True)["f"].mean(),
}
for name, value in OBJECTS.items():
    for protocol in (2, 4, 5):
        path = writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}")
        pandas.to_pickle(value, path, protocol=protocol)
for extension in ("gz", "bz2", "xz", "zip", "zst", "tar"):
    try:
        pandas.to_pickle(frame, writer.path(f"frame.pkl.{extension}", f"a frame under {extension}"))
    except (ImportError, ValueError):
        continue  # this compression is not installed; the generator drops lines without a file
