"""Writes HDF5 files of every kind of structure with h5py 3.16.0 (and once with Debian's h5py 3.7.0).

Run: python generate.py FOLDER TAG [full]

Without "full" the files are small enough to be kept; with it their indexes are deep.
"""
import sys

import h5py
import numpy as np

folder, tag, full = sys.argv[1], sys.argv[2], len(sys.argv) > 3
many = 6 if full else 1


def attributes(f, latest):
    """Every kind of attribute, in the header and outside of it."""
    f.attrs["s"] = "text"
    f.attrs["b"] = np.bytes_(b"fixed")
    f.attrs["l"] = [b"aa", b"bbb"]
    f.attrs["v"] = np.array(["x", "yy"], dtype=h5py.string_dtype())
    f.attrs["opaque"] = np.void(b"\x80\x04N.")
    f.attrs["u8"] = np.arange(40, dtype="u1")
    f.attrs["array"] = np.zeros(2, dtype=[("a", "f4", (2, 2))])["a"]
    f.attrs["null"] = h5py.Empty("f4")
    g = f.create_group("attributes", track_order=latest)
    for i in range(20 * many):
        g.attrs[f"a{i}"] = "v" * i
    if latest:
        g.attrs["huge"] = np.bytes_(b"h" * 70000 if full else b"h" * 65000)


def links(f):
    """Every kind of link, in groups of every kind."""
    g = f.create_group("many")
    for i in range(60 * many):
        g.create_group(f"g{i:03d}")
    f["soft"] = h5py.SoftLink("/many/g001")
    f["external"] = h5py.ExternalLink("other.h5", "/x")
    f["hard"] = f["many"]
    f["many/g002/up"] = f["many"]
    del f["many/g005"]


def chunked(d):
    """Every kind of index of chunks."""
    grid = np.arange(900 * many if full else 300, dtype="u2").reshape(-1, 30)
    column = np.arange(300 * many if full else 70, dtype="u1").reshape(-1, 1)
    for filters in ({}, {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"compression": "lzf"}):
        word = filters.get("compression", "raw")
        d.create_dataset("single-" + word, data=grid, chunks=grid.shape, **filters)
        d.create_dataset("fixed-" + word, data=grid, chunks=(2, 5), **filters)
        d.create_dataset("growing-" + word, data=column, chunks=(1, 1), maxshape=(None, 1), **filters)
        d.create_dataset("plane-" + word, data=grid, chunks=(3, 5), maxshape=(None, None), **filters)


def stored(f):
    """Every other kind of storage, and of datatype."""
    d = f.create_group("d")
    d["contiguous"] = np.arange(20.0).reshape(4, 5)
    d.create_dataset("empty", shape=(0,), maxshape=(None,))
    d.create_dataset("unwritten", shape=(100,), dtype="f4")
    d["scalar"], d["text"] = 3.0, "hello"
    d.create_dataset("texts", data=np.array(["a", "b" * 100], dtype=object), dtype=h5py.string_dtype())
    d.create_dataset("elsewhere", shape=(10,), dtype="f4", external=[("raw.bin", 0, 40)])
    layout = h5py.VirtualLayout((4, 10), "f8")
    for i in range(4):
        layout[i] = h5py.VirtualSource(f"source{i}.h5" if i else ".", "data", shape=(10,))
    d.create_virtual_dataset("virtual", layout)
    f["type"] = np.dtype("f8")
    d.create_dataset("named", shape=(3,), dtype=f["type"])
    d["named"].attrs.create("n", 1.0, dtype=f["type"])
    d.create_dataset("compound", shape=(3,), dtype=[("a", "i4"), ("b", "f8", (2,)), ("c", h5py.string_dtype())])
    d.create_dataset("enum", data=np.zeros(3, dtype=h5py.enum_dtype({"A": 0, "B": 1})))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    compact = h5py.h5d.create(d.id, b"compact", h5py.h5t.STD_U8LE, h5py.h5s.create_simple((30,)), plist)
    compact.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(30, dtype="u1"))
    chunked(d)


for version in ("earliest", "v108", "latest"):
    for block in (0, 512, 2048):
        with h5py.File(f"{folder}/{tag}-{version}-{block}.h5", "w", libver=version, userblock_size=block) as f:
            attributes(f, version != "earliest")
            links(f)
            stored(f)


def create(name, latest, prepare):
    """A file with properties that the high level of h5py does not offer."""
    fcpl, fapl = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    if latest:
        fapl.set_libver_bounds(h5py.h5f.LIBVER_V110 if hasattr(h5py.h5f, "LIBVER_V110") else h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
    prepare(fcpl)
    fid = h5py.h5f.create(f"{folder}/{tag}-{name}.h5".encode(), h5py.h5f.ACC_TRUNC, fcpl, fapl)
    with h5py.File(fid) as f:
        attributes(f, latest)
        links(f)
        stored(f)


def shared(fcpl):
    """Messages that several objects share: no function of h5py, so one of the library that h5py has loaded."""
    import ctypes
    name = next(line.split()[-1] for line in open("/proc/self/maps") if "libhdf5" in line and "_hl" not in line)
    library = ctypes.CDLL(name)
    identifier, every, smallest = ctypes.c_int64(fcpl.id), ctypes.c_uint(0x1f), ctypes.c_uint(1)
    assert library.H5Pset_shared_mesg_nindexes(identifier, ctypes.c_uint(1)) >= 0
    assert library.H5Pset_shared_mesg_index(identifier, ctypes.c_uint(0), every, smallest) >= 0


if full:
    create("narrow", False, lambda fcpl: fcpl.set_sizes(4, 4))
    for latest in (False, True):
        create(f"pages-{latest}", latest, lambda fcpl: fcpl.set_file_space_strategy(h5py.h5f.FSPACE_STRATEGY_PAGE, True, 1) if latest else None)
        create(f"wide-index-{latest}", latest, lambda fcpl: fcpl.set_link_creation_order(3))
        create(f"shared-{latest}", latest, shared)
