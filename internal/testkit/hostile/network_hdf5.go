package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
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
func (w *h5) compressed(b []byte) uint64 { return w.chunked(b, w.index(b)) }

// chunked writes a dataset of bytes whose only chunk an index gives.
func (w *h5) chunked(b []byte, tree uint64) uint64 {
	return w.dataset(h5bytes(), h5space(uint64(len(b))), h5layout([]byte{3, 2, 2}, u64(tree), u32(uint32(len(b))), u32(1)),
		h5msg(0x0b, cat([]byte{1, 1}, zero(6), u16(1), u16(8), u16(1), u16(1), []byte("deflate\x00"), u32(4), zero(4))))
}

// index writes a chunk with gzip and the index that gives it.
func (w *h5) index(b []byte) uint64 {
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
	return w.put(append(node, zero(24+65*24+64*8-len(node))...))
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
