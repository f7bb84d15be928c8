"""Describes HDF5 files with h5py, one line of JSON for each: the links, attributes and datasets that the library sees.

Run: python describe.py FILE...
"""
import json
import sys

import h5py
import numpy


def values(item, attribute):
    """The raw bytes of each element, in hexadecimal digits; None where h5py and the file store them differently."""
    space, kind = attribute.get_space(), attribute.get_type()
    if kind.get_class() == h5py.h5t.VLEN or space.get_simple_extent_type() == h5py.h5s.NULL or kind.get_class() in (h5py.h5t.COMPOUND, h5py.h5t.REFERENCE):
        return None
    if kind.get_class() == h5py.h5t.STRING and kind.is_variable_str():
        texts = numpy.atleast_1d(numpy.asarray(item.attrs[attribute.name], dtype=object)).ravel()
        return [t.encode("utf-8", "surrogateescape").hex() for t in texts]
    out = numpy.empty(space.shape, dtype=kind.dtype)
    attribute.read(out, mtype=kind)
    return [out.tobytes()[i * kind.get_size():(i + 1) * kind.get_size()].hex() for i in range(out.size)]


def describe(path):
    """Everything that can be reached from the root, each object once, by one of its paths."""
    found = {"links": [], "attributes": [], "datasets": []}
    with h5py.File(path, "r") as f:
        seen, pending = set(), ["/"]
        while pending:
            name = pending.pop()
            item = f[name]
            info = h5py.h5o.get_info(item.id)
            if info.addr in seen:
                continue
            seen.add(info.addr)
            for i in range(h5py.h5a.get_num_attrs(item.id)):
                a = h5py.h5a.open(item.id, index=i)
                found["attributes"].append([info.addr, a.name.decode("utf-8", "replace"), values(item, a)])
            if isinstance(item, h5py.Group):
                for key in item:
                    link = item.get(key, getlink=True)
                    kind = type(link).__name__
                    found["links"].append([info.addr, key, kind, getattr(link, "path", ""), getattr(link, "filename", "")])
                    if kind == "HardLink":
                        pending.append(name.rstrip("/") + "/" + key)
            if isinstance(item, h5py.Dataset):
                plist = item.id.get_create_plist()
                storage = plist.get_layout()
                files = [plist.get_external(i)[0].decode() for i in range(plist.get_external_count())]
                mappings = [[m.file_name, m.dset_name] for m in item.virtual_sources()] if item.is_virtual else []
                filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
                stored = -1 if files or item.is_virtual else item.id.get_storage_size()
                kind = item.id.get_type()
                size = kind.get_size()
                if kind.get_class() in (h5py.h5t.VLEN, h5py.h5t.COMPOUND) or h5py.check_string_dtype(item.dtype):
                    size = 0  # the library gives the size in memory
                found["datasets"].append([info.addr, list(item.shape), size, storage, filters, files, mappings, stored])
    return found


for path in sys.argv[1:]:
    print(json.dumps(describe(path)))
