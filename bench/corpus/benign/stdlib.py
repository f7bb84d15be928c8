"""Plain objects of the standard library, by pickle in every protocol."""
import array
import collections
import datetime
import decimal
import fractions
import ipaddress
import pathlib
import pickle
import random
import sys
import uuid

from corpus import Writer

utc = datetime.timezone.utc
OBJECTS = {
    "scalars": [None, True, False, 0, -1, 255, 65536, 2**31, -2**63, 2**200, 0.0, -1.5, float("inf"), 3 + 4j],
    "text": ["", "ascii", "naïve café", "\u2603\U0001f600", "line\nbreak\\u0041", "x" * 70000],
    "bytes": [b"", b"abc", bytes(range(256)), b"\x00" * 70000],
    "containers": {"list": [1, [2, [3]]], "tuple": (1, (2, (3, (4,)))), "dict": {"a": {1: {}}}, "sets": [{1, 2}, frozenset("ab")]},
    "collections": [collections.OrderedDict(a=1), collections.Counter("hello"), collections.deque([1, 2], maxlen=5),
                    collections.defaultdict(list, a=[1]), collections.defaultdict(int), collections.ChainMap({"a": 1})],
    "datetime": [datetime.datetime(2024, 2, 29, 12, tzinfo=utc), datetime.date(2024, 2, 29), datetime.time(1, 2, 3),
                 datetime.timedelta(days=1, seconds=2), datetime.datetime(2000, 1, 1)],
    "numbers": [decimal.Decimal("1.10"), fractions.Fraction(3, 7), complex(1, 2)],
    "identifiers": [uuid.UUID(int=7), pathlib.PurePosixPath("a/b"), ipaddress.ip_address("127.0.0.1")],
    "arrays": [array.array("d", [1.0, 2.0]), array.array("i", range(10)), bytearray(b"abc"), range(10), slice(1, 2, 3)],
    "random": random.Random(1).getstate(),
    "shared": [shared := [1, 2], shared, {"again": shared}],
    "history": {"loss": [1.0 / (i + 1) for i in range(500)], "epoch": list(range(500)), "config": {"lr": 1e-3, "layers": [64, 64]}},
    "vocabulary": {f"token{i}": i for i in range(2000)},
}
cyclic = [1]
cyclic.append(cyclic)
OBJECTS["cyclic"] = cyclic

writer = Writer("stdlib", "%d.%d" % sys.version_info[:2])
for name, value in OBJECTS.items():
    for protocol in range(6):
        with open(writer.path(f"{name}-p{protocol}.pkl", f"{name} in protocol {protocol}"), "wb") as f:
            pickle.dump(value, f, protocol)
with open(writer.path("python-pickler.pkl", "written by the pure Python pickler"), "wb") as f:
    pickle._Pickler(f, 4).dump(OBJECTS["containers"])
with open(writer.path("several.pkl", "several pickles in one file"), "wb") as f:
    for value in OBJECTS["containers"].values():
        pickle.dump(value, f)
