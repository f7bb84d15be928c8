package sevenzip

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format/compress"
)

// coder is one step of unpacking.
type coder struct {
	method     string // the bytes of its ID
	properties []byte
	in         int   // streams that it takes; all give one
	size       int64 // bytes that it gives
}

// bond says that one coder takes what another gives.
type bond struct{ in, out int }

// Folder is a group of packed streams that unpack to one run of content, which may hold many members.
type Folder struct {
	Size   int64    // bytes after unpacking
	Packed int64    // bytes before
	Chain  []string // the methods by name, the one that gives the content first
	// Encrypted is true when one of the methods is encryption.
	Encrypted bool
	// Unread says why the content cannot be read; empty when it can.
	Unread string

	coders []coder
	bonds  []bond
	packed []int // for each packed stream the input that takes it
	packs  []pack
	order  []int // coders, each after those whose output it takes
	sum    digest
	window int64   // bytes of dictionaries
	used   []int64 // of each packed stream, how far any reader of all the content has read it; nil before the first
}

// method is what is known about a method.
type method struct {
	name string
	read bool
	in   int // streams that it takes
}

// methods are those of 7-Zip and of its variant with newer ones, by their ID.
func methods(id string) (method, bool) {
	known := map[string]method{
		"\x00": {"copying", true, 1}, "\x03": {"the filter Delta", true, 1}, "\x21": {"LZMA2", true, 1}, "\x03\x01\x01": {"LZMA", true, 1},
		"\x03\x03\x01\x03": {"the filter BCJ", true, 1}, "\x03\x03\x01\x1b": {"the filter BCJ2", true, 4}, "\x03\x03\x02\x05": {"the filter PPC", true, 1},
		"\x03\x03\x05\x01": {"the filter ARM", true, 1}, "\x03\x03\x08\x05": {"the filter SPARC", true, 1}, "\x0a": {"the filter ARM64", true, 1},
		"\x04\x01\x08": {"DEFLATE", true, 1}, "\x04\x02\x02": {"bzip2", true, 1},
		"\x03\x04\x01": {"PPMd", false, 1}, "\x04\x01\x09": {"DEFLATE64", false, 1}, "\x04\xf7\x11\x01": {"zstd", false, 1},
		"\x04\xf7\x11\x02": {"Brotli", false, 1}, "\x04\xf7\x11\x04": {"lz4", false, 1}, "\x04\xf7\x11\x05": {"LZ5", false, 1},
		"\x04\xf7\x11\x06": {"Lizard", false, 1}, "\x03\x03\x07\x01": {"the filter ARMT", false, 1}, "\x03\x03\x04\x01": {"the filter IA64", false, 1},
		"\x0b": {"the filter RISCV", false, 1},
	}
	m, ok := known[id]
	return m, ok
}

// encrypted reports whether a method is encryption.
func encrypted(id string) bool { return strings.HasPrefix(id, "\x06") }

// folder reads the definition of one folder.
func folder(c *cursor) *Folder {
	f := &Folder{}
	n := c.count("coders", 1)
	if n == 0 || n > maxCoders {
		c.fail("a folder of %d coders", n)
		return f
	}
	ins := 0
	for range n {
		k := readCoder(c)
		f.coders = append(f.coders, k)
		ins += k.in
	}
	for range n - 1 {
		b := bond{c.count("inputs", 1<<20), c.count("outputs", 1<<20)}
		if b.in >= ins || b.out >= n {
			c.fail("a folder joins streams that it does not have")
			return f
		}
		f.bonds = append(f.bonds, b)
	}
	switch packed := ins - len(f.bonds); {
	case packed == 1:
		for i := range ins {
			if f.bound(i) < 0 {
				f.packed = append(f.packed, i)
			}
		}
	default:
		for range packed {
			i := c.count("inputs", 1<<20)
			if i >= ins {
				c.fail("a folder packs a stream that it does not have")
				return f
			}
			f.packed = append(f.packed, i)
		}
	}
	return f
}

// readCoder reads one coder.
func readCoder(c *cursor) coder {
	flags := c.byte()
	k := coder{method: string(c.bytes(int(flags & 0xf))), in: 1}
	if flags&0x10 != 0 {
		k.in = c.count("inputs", 1)
		if outs := c.count("outputs", 1); outs != 1 || k.in == 0 || k.in > maxCoders {
			c.fail("a coder of %d inputs and %d outputs", k.in, outs)
			return coder{}
		}
	}
	if flags&0x20 != 0 {
		k.properties = c.bytes(c.count("properties", 1))
	}
	if flags&0xc0 != 0 {
		c.fail("a coder with alternatives is not read")
	}
	return k
}

// bound is the coder whose output an input takes; -1 for an input that takes a packed stream.
func (f *Folder) bound(in int) int {
	for _, b := range f.bonds {
		if b.in == in {
			return b.out
		}
	}
	return -1
}

// final is the coder whose output is the content: the one that no other takes.
func (f *Folder) final() int {
	for i := range f.coders {
		taken := false
		for _, b := range f.bonds {
			taken = taken || b.out == i
		}
		if !taken {
			return i
		}
	}
	return -1
}

// first is the number of the first input of a coder.
func (f *Folder) first(k int) int {
	n := 0
	for _, c := range f.coders[:k] {
		n += c.in
	}
	return n
}

// finish orders the coders and decides whether the content can be read. It is called when all sizes are known.
func (f *Folder) finish() {
	last := f.final()
	if last < 0 {
		f.Unread = "its coders take from each other in a circle"
		return
	}
	f.Size = f.coders[last].size
	for _, p := range f.packs {
		f.Packed += p.size
	}
	f.visit(last, map[int]bool{})
	if len(f.order) != len(f.coders) && f.Unread == "" {
		f.Unread = "some of its coders have no effect"
	}
	for i := len(f.order) - 1; i >= 0; i-- {
		f.judge(&f.coders[f.order[i]])
	}
}

// visit appends a coder after those that it takes from.
func (f *Folder) visit(k int, seen map[int]bool) {
	if seen[k] {
		f.Unread = "its coders are joined in a way that no writer uses"
		return
	}
	seen[k] = true
	for i := range f.coders[k].in {
		in := f.first(k) + i
		if from := f.bound(in); from >= 0 {
			f.visit(from, seen)
			continue
		}
		packed := 0
		for _, p := range f.packed {
			if p == in {
				packed++
			}
		}
		if packed != 1 {
			f.Unread = "an input of its coders has no stream of its own"
		}
	}
	f.order = append(f.order, k)
}

// judge decides whether a coder can be read, and how much memory it takes.
func (f *Folder) judge(k *coder) {
	m, known := methods(k.method)
	switch {
	case encrypted(k.method):
		f.Chain = append(f.Chain, "encryption")
		f.Encrypted, f.Unread = true, "it is encrypted"
		return
	case !known:
		m.name = fmt.Sprintf("the method %x", k.method)
	}
	f.Chain = append(f.Chain, m.name)
	switch window := k.window(); {
	case f.Unread != "":
	case !m.read:
		f.Unread = "compression by " + m.name + " is not read"
	case k.in != m.in:
		f.Unread = fmt.Sprintf("%s of %d inputs is not read", m.name, k.in)
	case window < 0:
		f.Unread = "the properties of " + m.name + " are not valid"
	case f.window+window > compress.MaxWindow+smallest:
		f.Unread = fmt.Sprintf("its dictionary of %d bytes is larger than is read", window)
	default:
		f.window += window
	}
}

// smallest is the least dictionary that the decoders take, in bytes.
const smallest = 4 << 10

// window is the dictionary that a coder needs: no match reaches further back than there is content, so what an archive states
// beyond that is cut. The properties are changed to say so. It is -1 for properties that are not valid.
func (k *coder) window() int64 {
	most := max(k.size, smallest)
	switch k.method {
	case "\x03\x01\x01":
		if len(k.properties) != 5 || k.properties[0] >= 9*5*5 {
			return -1
		}
		n := min(int64(binary.LittleEndian.Uint32(k.properties[1:])), most)
		if n > compress.MaxWindow {
			return n
		}
		k.properties = binary.LittleEndian.AppendUint32([]byte{k.properties[0]}, uint32(n))
		return max(n, smallest)
	case "\x21":
		if len(k.properties) != 1 || k.properties[0] > 40 {
			return -1
		}
		bits := byte(0)
		for bits < k.properties[0] && dictionary(bits) < most {
			bits++
		}
		k.properties = []byte{bits}
		return dictionary(bits)
	case "\x03":
		if len(k.properties) != 1 {
			return -1
		}
	case "\x04\x02\x02":
		return 4 << 20 // a block of 900 kB takes so much to sort
	default:
		k.properties = nil // the filters work the same without their optional start
	}
	return 0
}

// dictionary is the size that the property of LZMA2 states, in bytes.
func dictionary(bits byte) int64 {
	if bits == 40 {
		return 1<<32 - 1
	}
	return int64(2|bits&1) << (bits/2 + 11)
}
