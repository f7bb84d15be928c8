"""Reads streams as hexadecimal lines and writes what the readers of CPython make of each, as one JSON line.

Nothing is imported or called: find_class and persistent_load return inert stand-ins.
"""
import io
import json
import pickle
import pickletools
import random
import sys
import _pickle


class Thing:
    """Stands for anything that a stream imports, and takes every operation."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def add(self, item):
        pass


def load(module, data):
    imports = []

    class Reader(module):
        def find_class(self, module, name):
            imports.append([module, name])
            return Thing

        def persistent_load(self, pid):
            return Thing()

    try:
        stream = io.BytesIO(data)
        Reader(stream, encoding="latin-1").load()
        return {"ok": True, "end": stream.tell(), "imports": imports}
    except RecursionError:
        raise
    except Exception as error:
        return {"ok": False, "imports": imports, "error": repr(error)[:80]}


def genops(data):
    ops = []
    try:
        for op, _, at in pickletools.genops(data):
            ops.append([op.name, at])
        return {"ok": True, "ops": ops}
    except Exception as error:
        return {"ok": False, "ops": ops, "error": repr(error)[:80]}


def dis(data):
    try:
        pickletools.dis(data, out=io.StringIO())
        return True
    except Exception:
        return False


def values(rnd, depth=0):
    kind = rnd.randrange(16 if depth < 4 else 9)
    if kind == 0:
        return None
    if kind == 1:
        return rnd.random() < 0.5
    if kind == 2:
        return rnd.randrange(-2**70, 2**70) >> rnd.randrange(70)
    if kind == 3:
        return rnd.uniform(-1e9, 1e9)
    if kind == 4:
        return "".join(chr(rnd.choice([65, 97, 10, 92, 233, 0x4e00, 0x1f600])) for _ in range(rnd.randrange(40)))
    if kind == 5:
        return bytes(rnd.randrange(256) for _ in range(rnd.randrange(40)))
    if kind == 6:
        return bytearray(b"x" * rnd.randrange(30))
    if kind == 7:
        return rnd.choice([len, range, complex, collections_ordered()])
    if kind == 8:
        return complex(1, 2)
    parts = [values(rnd, depth + 1) for _ in range(rnd.randrange(5))]
    if kind < 11:
        return parts
    if kind < 13:
        return tuple(parts)
    if kind == 13:
        return {str(i): p for i, p in enumerate(parts)}
    if kind == 14:
        return set(range(rnd.randrange(4)))
    return frozenset(["a", "b"])


def collections_ordered():
    import collections
    return collections.OrderedDict(a=1)


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    rnd = random.Random(seed)
    streams = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    for i in range(count):
        dump = pickle._dumps if i % 2 else pickle.dumps
        streams.append(dump([values(rnd), values(rnd)], protocol=i % 6))
    whole = set(streams[-count:])
    for data in list(streams):
        for _ in range(6):
            broken = bytearray(data)
            for _ in range(rnd.randrange(1, 4)):
                at = rnd.randrange(len(broken))
                what = rnd.randrange(4)
                if what == 0:
                    broken[at] = rnd.randrange(256)
                elif what == 1:
                    broken[at] = ord(rnd.choice("()0123NIabcdeghijlopqrstuRQ]}.\n"))
                elif what == 2:
                    del broken[at:at + rnd.randrange(1, 4)]
                else:
                    broken[at:at] = bytes([rnd.randrange(256)])
                if not broken:
                    broken = bytearray(b".")
            # A memo key of a billion would only test this machine's memory.
            if ord("r") not in broken:
                streams.append(bytes(broken))
    for data in streams:
        print(json.dumps({"data": data.hex(), "whole": data in whole, "genops": genops(data), "dis": dis(data),
                          "python": load(pickle._Unpickler, data), "c": load(_pickle.Unpickler, data)}))


main()
