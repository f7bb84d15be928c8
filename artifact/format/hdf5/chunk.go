package hdf5

import (
	"math/bits"
)

// chunks calls visit for every chunk of a dataset.
func (f *File) chunks(d *Dataset, visit func(address uint64, n int64) error) error {
	size, ok := d.layout.bytes()
	if !ok {
		return f.malformed(d.layout.address, "chunks whose size overflows")
	}
	if err := f.claim(d.layout.address); err != nil {
		return err
	}
	filtered := len(d.Filters) > 0
	switch d.layout.index {
	case indexTree1:
		const k = 32 // half of the children of a node, unless the superblock says something else
		key := 8 + 8*(len(d.layout.chunk)+1)
		t := tree1{f: f, kind: 1, key: key, visited: map[uint64]struct{}{}, width: 8 + 2*int64(f.o) + (2*k+1)*int64(key) + 2*k*int64(f.o)}
		return t.walk(d.layout.address, -1, func(child uint64, key *cursor) error {
			return visit(child, int64(key.uint(4)))
		})
	case indexSingle:
		if d.layout.filtered > 0 {
			size = int64(min(d.layout.filtered, 1<<62))
		}
		return visit(d.layout.address, size)
	case indexImplicit:
		n, ok := d.chunkCount()
		if !ok || size > 0 && n > 1<<62/size {
			return f.malformed(d.layout.address, "chunks whose number overflows")
		}
		return visit(d.layout.address, n*size)
	case indexFixed:
		return f.fixedArray(d.layout.address, size, visit)
	case indexExtensible:
		return f.extensibleArray(d.layout.address, size, visit)
	case indexTree2:
		kind := byte(treeChunks)
		if filtered {
			kind = treeFilteredChunks
		}
		return f.records(d.layout.address, kind, func(c *cursor) error {
			address, n := c.addr(), size
			if filtered { // address, size, filter mask of 4 bytes, 8 bytes for each dimension
				n = int64(min(c.uint(len(c.b)-f.o-4-8*len(d.layout.chunk)), 1<<62))
			}
			if c.err != nil {
				return c.err
			}
			return visit(address, n)
		})
	}
	return nil
}

// chunkCount is the number of chunks that the dataset has room for.
func (d *Dataset) chunkCount() (int64, bool) {
	if len(d.layout.chunk) != len(d.Space.Dims) {
		return 0, false
	}
	var counts []uint64
	for i, n := range d.Space.Dims {
		chunk := d.layout.chunk[i]
		if chunk == 0 {
			return 0, false
		}
		counts = append(counts, n/chunk+min(n%chunk, 1))
	}
	return Space{Dims: counts}.Elements()
}

// chunkElements reads the entries of an array of chunks: addresses, and for filtered chunks their sizes.
func (f *File) chunkElements(c *cursor, count int64, filtered bool, width int, size int64, visit func(uint64, int64) error) error {
	for range count {
		address, n := c.addr(), size
		if filtered {
			n = int64(min(c.uint(width-f.o-4), 1<<62))
			c.skip(4)
		}
		if c.err != nil {
			return c.err
		}
		if err := visit(address, n); err != nil {
			return err
		}
	}
	return nil
}

// fixedArray reads an array of chunks whose number does not change.
func (f *File) fixedArray(address uint64, size int64, visit func(uint64, int64) error) error {
	head := int64(4 + 1 + 1 + 1 + 1 + f.l + f.o + 4)
	b, err := f.read(address, head)
	if err != nil {
		return err
	}
	f.markOnce(address, head)
	c := f.cursor(b, address)
	c.magic("FAHD")
	c.version(0)
	filtered, width, pageBits := c.byte() == 1, int(c.byte()), c.byte()
	count, data := c.length(), c.addr()
	if c.err == nil && (count > uint64(f.blob.Size()) || pageBits > 62 || width < f.o) {
		c.fail("an array of %d chunks", count)
	}
	if c.err != nil || data == undefined {
		return c.err
	}
	prefix := int64(4 + 1 + 1 + f.o)
	if b, err = f.read(data, 4); err != nil {
		return err
	}
	if string(b) != "FADB" {
		return f.malformed(data, "no block of an array begins here")
	}
	pages := int64(0)
	perPage := int64(count)
	if count > 1<<pageBits {
		perPage = 1 << pageBits
		pages = (int64(count) + perPage - 1) / perPage
		prefix += (pages+7)/8 + 4
	}
	at := data + uint64(prefix)
	f.markOnce(data, prefix+int64(count)*int64(width)+4*max(pages, 1))
	return f.elementPages(at, int64(count), perPage, pages > 0, filtered, width, size, visit)
}

// elementPages reads entries that lie in pages with a checksum after each, or in one piece.
func (f *File) elementPages(at uint64, count, perPage int64, paged, filtered bool, width int, size int64, visit func(uint64, int64) error) error {
	const batch = 1 << 10 // entries that are read at once
	for done := int64(0); done < count; {
		page := min(perPage, count-done)
		for in := int64(0); in < page; in += batch {
			n := min(batch, page-in)
			b, err := f.read(at, n*int64(width))
			if err != nil {
				return err
			}
			if err := f.chunkElements(f.cursor(b, at), n, filtered, width, size, visit); err != nil {
				return err
			}
			at += uint64(n) * uint64(width)
		}
		if paged {
			at += 4
		}
		done += page
	}
	return nil
}

// extensible is the header of an array of chunks that grows in one dimension.
type extensible struct {
	f                         *File
	filtered                  bool
	width                     int
	maxBits, inIndex, minData uint64
	minPointers, pageBits     uint64
	size                      int64
	visit                     func(uint64, int64) error
	left                      int64 // elements that were ever set and not read yet
}

// extensibleArray reads an array of chunks that grows in one dimension.
func (f *File) extensibleArray(address uint64, size int64, visit func(uint64, int64) error) error {
	head := int64(4 + 1 + 1 + 6 + 6*f.l + f.o + 4)
	b, err := f.read(address, head)
	if err != nil {
		return err
	}
	f.markOnce(address, head)
	c := f.cursor(b, address)
	c.magic("EAHD")
	c.version(0)
	e := &extensible{f: f, size: size, visit: visit, filtered: c.byte() == 1}
	e.width, e.maxBits, e.inIndex, e.minData = int(c.byte()), c.uint(1), c.uint(1), c.uint(1)
	e.minPointers, e.pageBits = c.uint(1), c.uint(1)
	c.skip(4 * f.l)
	e.left = int64(min(c.length(), 1<<62))
	c.length()
	block := c.addr()
	if c.err == nil && (e.minData == 0 || e.minPointers == 0 || e.minData&(e.minData-1) != 0 || e.minPointers&(e.minPointers-1) != 0 ||
		e.maxBits > 64 || e.maxBits < uint64(bits.Len64(e.minData)-1) || e.pageBits > 62 || e.width < f.o) {
		c.fail("an extensible array of sizes that do not fit each other")
	}
	if c.err != nil || block == undefined {
		return c.err
	}
	return e.indexBlock(block)
}

// indexBlock reads the first elements, and where the others are.
func (e *extensible) indexBlock(address uint64) error {
	f := e.f
	supers := 1 + int(e.maxBits) - (bits.Len64(e.minData) - 1)
	skipped := 2 * (bits.Len64(e.minPointers) - 1) // super blocks whose data blocks the index block points to itself
	direct := 2 * (int(e.minPointers) - 1)
	prefix := 4 + 1 + 1 + f.o
	size := int64(prefix + int(e.inIndex)*e.width + (direct+max(0, supers-skipped))*f.o + 4)
	b, err := f.read(address, size)
	if err != nil {
		return err
	}
	f.markOnce(address, size)
	c := f.cursor(b, address)
	c.magic("EAIB")
	c.skip(prefix - 4)
	n := min(int64(e.inIndex), e.left)
	if err := f.chunkElements(c, n, e.filtered, e.width, e.size, e.visit); err != nil {
		return err
	}
	e.left -= n
	c.at = prefix + int(e.inIndex)*e.width
	for super := 0; super < supers && e.left > 0 && c.err == nil; super++ {
		blocks, elements := e.super(super)
		if super >= skipped {
			if err := e.superBlock(c.addr(), blocks, elements); err != nil {
				return err
			}
			continue
		}
		for range blocks {
			if err := e.dataBlock(c.addr(), elements); err != nil {
				return err
			}
		}
	}
	return c.err
}

// super is the number of data blocks of a super block, and of elements in each.
func (e *extensible) super(n int) (blocks, elements int64) {
	return 1 << (n / 2), int64(e.minData) << ((n + 1) / 2)
}

// offsetBytes is how many bytes the place of a block takes.
func (e *extensible) offsetBytes() int { return int(e.maxBits+7) / 8 }

// superBlock reads where data blocks are.
func (e *extensible) superBlock(address uint64, blocks, elements int64) error {
	if address == undefined {
		e.left -= min(e.left, blocks*elements)
		return nil
	}
	prefix := int64(4 + 1 + 1 + e.f.o + e.offsetBytes())
	if elements > 1<<e.pageBits {
		prefix += blocks * ((elements>>e.pageBits + 7) / 8)
	}
	size := prefix + blocks*int64(e.f.o) + 4
	b, err := e.f.read(address, size)
	if err != nil {
		return err
	}
	e.f.markOnce(address, size)
	c := e.f.cursor(b, address)
	c.magic("EASB")
	c.at = int(prefix)
	for range blocks {
		if c.err != nil || e.left <= 0 {
			break
		}
		if err := e.dataBlock(c.addr(), elements); err != nil {
			return err
		}
	}
	return c.err
}

// dataBlock reads the elements of a data block.
func (e *extensible) dataBlock(address uint64, elements int64) error {
	n := min(elements, e.left)
	e.left -= n
	if address == undefined || n == 0 {
		return nil
	}
	head, err := e.f.read(address, 4)
	if err != nil {
		return err
	}
	if string(head) != "EADB" {
		return e.f.malformed(address, "no block of an array begins here")
	}
	prefix, perPage := int64(4+1+1+e.f.o+e.offsetBytes()), elements
	paged := elements > 1<<e.pageBits
	size := prefix + elements*int64(e.width) + 4
	if paged {
		prefix, perPage = prefix+4, 1<<e.pageBits
		size += elements >> e.pageBits * 4
	}
	e.f.markOnce(address, size)
	return e.f.elementPages(address+uint64(prefix), n, perPage, paged, e.filtered, e.width, e.size, e.visit)
}
