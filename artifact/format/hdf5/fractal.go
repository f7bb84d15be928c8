package hdf5

import (
	"math/bits"

	"github.com/picketsec/picket/artifact/format"
)

// fractal is a fractal heap: where dense attributes and links, and shared messages, are kept.
type fractal struct {
	f           *File
	address     uint64
	idLength    int
	filters     bool
	checksums   bool
	maxManaged  uint64
	huge        uint64 // B-tree of huge objects
	width       uint64 // blocks in a row
	start       uint64 // bytes of a block of the first row
	maxDirect   uint64 // bytes of the largest direct block
	offsetBytes int
	lengthBytes int
	root        uint64
	rows        int // of the root; 0 when it is a direct block
}

// openHeap reads the header of a fractal heap.
func (f *File) openHeap(address uint64) (*fractal, error) {
	size := int64(4 + 1 + 2 + 2 + 1 + 4 + 12*f.l + 3*f.o + 2 + 2 + 2 + 2 + 4)
	b, err := f.read(address, size)
	if err != nil {
		return nil, err
	}
	c := f.cursor(b, address)
	h := &fractal{f: f, address: address}
	c.magic("FRHP")
	c.version(0)
	h.idLength = int(c.uint(2))
	h.filters = c.uint(2) != 0
	h.checksums = c.byte()&2 != 0
	h.maxManaged = c.uint(4)
	c.length()
	h.huge = c.addr()
	c.skip(f.l + f.o + 4*f.l + 4*f.l) // free space, managed space and objects, huge and tiny objects
	h.width, h.start, h.maxDirect = c.uint(2), c.length(), c.length()
	heapBits := int(c.uint(2))
	c.skip(2)
	h.root, h.rows = c.addr(), int(c.uint(2))
	for _, n := range []uint64{h.width, h.start, h.maxDirect} {
		if n == 0 || n&(n-1) != 0 || n > 1<<32 {
			c.fail("a fractal heap with blocks of %d", n)
		}
	}
	if c.err == nil && (h.maxDirect < h.start || heapBits < 1 || heapBits > 64 || h.idLength < 3 || h.idLength > 4096) {
		c.fail("a fractal heap of sizes that do not fit each other")
	}
	h.offsetBytes = (heapBits + 7) / 8
	h.lengthBytes = min(limitBytes(h.maxDirect), limitBytes(h.maxManaged))
	f.markOnce(address, size)
	return h, c.err
}

// limitBytes is how many bytes a number up to n takes.
func limitBytes(n uint64) int { return (bits.Len64(max(n, 1))-1)/8 + 1 }

// object finds the object of an identifier.
func (h *fractal) object(id []byte) ([]byte, uint64, error) {
	c := h.f.cursor(id, h.address)
	first := c.byte()
	if h.filters {
		return nil, 0, format.Malformed(h.f.offset(h.address), "a fractal heap with filters is not read")
	}
	switch first >> 4 {
	case 0:
		offset, length := c.uint(h.offsetBytes), c.uint(h.lengthBytes)
		if c.err != nil {
			return nil, 0, c.err
		}
		return h.managed(offset, length)
	case 1:
		return h.hugeObject(c)
	case 2:
		n := int(first&15) + 1
		if h.idLength-1 > 16 {
			n = int(first&15)<<8 | int(c.byte()) + 1
		}
		return c.bytes(n), h.address, c.err
	}
	return nil, 0, h.f.malformed(h.address, "an identifier of the unknown kind %d", first>>4)
}

// hugeObject finds an object that is stored by itself.
func (h *fractal) hugeObject(c *cursor) ([]byte, uint64, error) {
	if h.idLength-1 >= h.f.o+h.f.l {
		address, n := c.addr(), c.length()
		if c.err != nil {
			return nil, 0, c.err
		}
		return h.bytes(address, n)
	}
	wanted := c.uint(min(h.f.l, h.idLength-1))
	if c.err != nil {
		return nil, 0, c.err
	}
	var at, size uint64
	found := false
	err := h.f.records(h.huge, treeHuge, func(r *cursor) error {
		address, n, id := r.addr(), r.length(), r.length()
		if r.err == nil && id == wanted {
			at, size, found = address, n, true
		}
		return r.err
	})
	if err == nil && !found {
		err = h.f.malformed(h.address, "a huge object is not in the index")
	}
	if err != nil {
		return nil, 0, err
	}
	return h.bytes(at, size)
}

// bytes reads an object that is stored by itself.
func (h *fractal) bytes(address, n uint64) ([]byte, uint64, error) {
	if n > 1<<62 {
		return nil, 0, h.f.malformed(address, "an object of %d bytes", n)
	}
	b, err := h.f.read(address, int64(n))
	h.f.markOnce(address, int64(n))
	return b, address, err
}

// rowSize is the size of the blocks of a row; 0 when it overflows.
func (h *fractal) rowSize(row int) uint64 {
	if row > 60 {
		return 0
	}
	return h.start << max(0, row-1)
}

// managed finds an object by its place in the space of the heap.
func (h *fractal) managed(offset, length uint64) ([]byte, uint64, error) {
	address, base, size := h.root, uint64(0), h.start
	if h.rows > 0 {
		var err error
		if address, base, size, err = h.locate(offset); err != nil {
			return nil, 0, err
		}
	}
	if address == undefined || offset < base || offset-base > size || length > size-(offset-base) {
		return nil, 0, h.f.malformed(h.address, "an object of %d bytes at %d is not in the heap", length, offset)
	}
	head, err := h.f.read(address, 4)
	if err != nil {
		return nil, 0, err
	}
	if string(head) != "FHDB" {
		return nil, 0, h.f.malformed(address, "no direct block begins here")
	}
	h.f.markOnce(address, int64(size))
	at := address + (offset - base)
	b, err := h.f.read(at, int64(length))
	return b, at, err
}

// locate finds the direct block that holds a place: its address, its own place and its size.
func (h *fractal) locate(offset uint64) (address, base, size uint64, err error) {
	address = h.root
	direct := bits.Len64(h.maxDirect) - bits.Len64(h.start) + 2 // rows of direct blocks
	for rows := h.rows; ; {
		row, column, start := h.place(offset - base)
		if row >= rows || rows > 60 {
			return 0, 0, 0, h.f.malformed(address, "place %d is outside of the heap", offset)
		}
		entry := row*int(h.width) + column
		prefix := 5 + h.f.o + h.offsetBytes
		at := prefix + entry*h.f.o
		b, err := h.f.read(address, int64(at+h.f.o))
		if err != nil {
			return 0, 0, 0, err
		}
		if string(b[:4]) != "FHIB" {
			return 0, 0, 0, h.f.malformed(address, "no indirect block begins here")
		}
		h.f.markOnce(address, int64(prefix+rows*int(h.width)*h.f.o+4))
		c := h.f.cursor(b[at:], address+uint64(at))
		child := c.addr()
		if child == undefined {
			return 0, 0, 0, h.f.malformed(address, "place %d of the heap is not stored", offset)
		}
		size = h.rowSize(row)
		address, base = child, base+start
		if row < direct {
			return address, base, size, nil
		}
		next := bits.Len64(size) - bits.Len64(h.start*h.width) + 1
		if next >= rows || next < 1 {
			return 0, 0, 0, h.f.malformed(address, "an indirect block does not get smaller")
		}
		rows = next
	}
}

// place says in which row and column of an indirect block a place lies, and where that block begins.
func (h *fractal) place(offset uint64) (row, column int, start uint64) {
	first := h.start * h.width // bytes of the first row
	if offset < first {
		return 0, int(offset / h.start), offset / h.start * h.start
	}
	row = bits.Len64(offset / first) // 1 for [first, 2 first)
	begin, size := first<<(row-1), h.rowSize(row)
	if size == 0 || begin > offset {
		return 1 << 16, 0, 0
	}
	column = int((offset - begin) / size)
	return row, column, begin + (offset-begin)/size*size
}
