package hdf5

import "math/bits"

// Class is the class of a datatype.
type Class byte

// The classes.
const (
	Fixed Class = iota
	Float
	Time
	String
	Bitfield
	Opaque
	Compound
	Reference
	Enum
	Variable // a sequence or string of variable length, in the global heap
	Array
	Complex
)

const (
	maxNest = 16 // datatypes in datatypes
	maxRank = 32 // as H5S_MAX_RANK
)

// Type is a datatype, as far as it says where content lies.
type Type struct {
	Class Class
	Size  int64 // bytes of one element in the dataset or attribute
	Text  bool  // a Variable that is a string
	Base  *Type // of Variable, Array, Enum
}

// Bytes reports whether elements are bytes that a program may take for content of its own: text, opaque, single bytes, and
// sequences of them.
func (t *Type) Bytes() bool {
	switch {
	case t == nil:
		return false
	case t.Class == String || t.Class == Opaque:
		return true
	case t.Class == Fixed || t.Class == Bitfield:
		return t.Size == 1
	case t.Class == Variable || t.Class == Array:
		return t.Text || t.Base.Bytes()
	}
	return false
}

// datatype decodes a datatype.
func (c *cursor) datatype(depth int) *Type {
	if depth > maxNest {
		c.fail("datatypes nest deeper than %d levels", maxNest)
		return nil
	}
	first := c.byte()
	version := first >> 4
	flags := c.uint(3)
	t := &Type{Class: Class(first & 15), Size: int64(c.uint(4))}
	switch t.Class {
	case Fixed, Bitfield:
		c.skip(4)
	case Float:
		c.skip(12)
	case Time:
		c.skip(2)
	case String, Opaque, Compound, Reference: // the rest is not needed; nothing that is needed follows it
	case Variable:
		t.Text = flags&15 == 1
		t.Base = c.datatype(depth + 1)
	case Enum, Complex:
		t.Base = c.datatype(depth + 1)
	case Array:
		rank := int(c.byte())
		if version < 3 {
			c.skip(3 + 4*rank)
		}
		c.skip(4 * rank)
		t.Base = c.datatype(depth + 1)
	default:
		c.fail("a datatype of the unknown class %d", t.Class)
	}
	return t
}

// Space is the extent of a dataset or attribute.
type Space struct {
	Dims []uint64 // empty for a scalar
	Null bool     // there are no elements
}

// Elements is the number of elements; false when it does not fit in 63 bits.
func (s Space) Elements() (int64, bool) {
	if s.Null {
		return 0, true
	}
	n := uint64(1)
	for _, d := range s.Dims {
		high, low := bits.Mul64(n, d)
		if high != 0 || low > 1<<62 {
			return 0, false
		}
		n = low
	}
	return int64(n), true
}

// dataspace decodes a dataspace.
func (c *cursor) dataspace() Space {
	var s Space
	version, rank := c.version(2), int(c.byte())
	c.skip(1)
	switch version {
	case 1:
		c.skip(5)
	case 2:
		s.Null = c.byte() == 2
	default:
		c.fail("a dataspace of the unknown version %d", version)
	}
	if rank > maxRank {
		c.fail("a dataspace of %d dimensions", rank)
		return s
	}
	for range rank {
		s.Dims = append(s.Dims, c.length())
	}
	return s
}

// Filter is one step of the pipeline that chunks go through.
type Filter struct {
	ID   uint16
	Name string
}

// Filters that are no plugins.
const (
	Deflate     = 1
	Shuffle     = 2
	Fletcher32  = 3
	Szip        = 4
	NBit        = 5
	ScaleOffset = 6
	LZF         = 32000 // of h5py itself
)

// filters decodes a filter pipeline.
func (c *cursor) filters() []Filter {
	version, count := c.version(2), int(c.byte())
	if version == 1 {
		c.skip(6)
	}
	var list []Filter
	for range count {
		f := Filter{ID: uint16(c.uint(2))}
		named := 0
		if version == 1 || f.ID >= 256 {
			named = int(c.uint(2))
		}
		c.skip(2)
		values := int(c.uint(2))
		if version == 1 {
			named = (named + 7) &^ 7
		}
		f.Name = until(c.bytes(named))
		c.skip(4 * values)
		if version == 1 && values%2 != 0 {
			c.skip(4)
		}
		list = append(list, f)
	}
	return list
}

// Storage says how the elements of a dataset are stored.
type Storage byte

// The kinds of storage.
const (
	Compact    Storage = iota // in the object header
	Contiguous                // in one piece, or in other files
	Chunked                   // in pieces with an index
	Virtual                   // in other datasets, of this file or of others
)

// index is the kind of index that finds chunks.
type index byte

const (
	indexTree1 index = iota // a B-tree of version 1
	indexSingle
	indexImplicit
	indexFixed
	indexExtensible
	indexTree2
)

// layout is where the elements of a dataset are.
type layout struct {
	storage  Storage
	compact  []byte
	address  uint64 // of compact data, contiguous data, the index of chunks, or the heap collection of mappings
	size     uint64 // bytes of contiguous data
	heapID   uint32 // of mappings in their collection
	chunk    []uint64
	index    index
	filtered uint64 // bytes of a single filtered chunk
	element  uint64 // bytes of one element in a chunk
}

// layout decodes a layout of any version.
func (c *cursor) layout() layout {
	version := c.version(5)
	if version < 3 {
		return c.oldLayout()
	}
	l := layout{storage: Storage(c.byte()), address: undefined}
	switch l.storage {
	case Compact:
		n := int(c.uint(2))
		l.address = c.start + uint64(c.at)
		l.compact = c.bytes(n)
	case Contiguous:
		l.address, l.size = c.addr(), c.length()
	case Virtual:
		l.address, l.heapID = c.addr(), uint32(c.uint(4))
	case Chunked:
		if version == 3 {
			rank := int(c.byte())
			l.address = c.addr()
			c.chunkDims(&l, rank, 4)
			return l
		}
		c.newChunks(&l)
	default:
		c.fail("a layout of the unknown class %d", l.storage)
	}
	return l
}

// oldLayout decodes versions 1 and 2.
func (c *cursor) oldLayout() layout {
	rank := int(c.byte())
	l := layout{storage: Storage(c.byte()), address: undefined}
	c.skip(5)
	if l.storage > Chunked {
		c.fail("a layout of the unknown class %d", l.storage)
	}
	if l.storage != Compact {
		l.address = c.addr()
	}
	c.chunkDims(&l, rank, 4)
	switch l.storage {
	case Chunked: // the last dimension is the size of an element already
	case Compact:
		n := int(c.uint(4))
		l.address = c.start + uint64(c.at)
		l.compact = c.bytes(n)
	default:
		l.chunk, l.size = nil, undefined // as large as the dataspace
	}
	return l
}

// newChunks decodes the chunks of versions 4 and 5.
func (c *cursor) newChunks(l *layout) {
	flags, rank, width := c.byte(), int(c.byte()), int(c.byte())
	c.chunkDims(l, rank, width)
	l.index = index(c.byte())
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.filtered = c.length()
			c.skip(4)
		}
	case indexImplicit:
	case indexFixed:
		c.skip(1)
	case indexExtensible:
		c.skip(5)
	case indexTree2:
		c.skip(6)
	default:
		c.fail("chunks with the unknown index %d", l.index)
	}
	l.address = c.addr()
}

// chunkDims decodes the dimensions of a chunk, the last of which is the size of an element.
func (c *cursor) chunkDims(l *layout, rank, width int) {
	if rank < 1 || rank > maxRank+1 || width < 1 || width > 8 {
		c.fail("chunks of %d dimensions of %d bytes each", rank-1, width)
		return
	}
	for range rank {
		l.chunk = append(l.chunk, c.uint(width))
	}
	last := len(l.chunk) - 1
	l.element, l.chunk = l.chunk[last], l.chunk[:last]
}

// bytes is the size of a chunk without filters; false when it overflows.
func (l *layout) bytes() (int64, bool) {
	n, ok := Space{Dims: l.chunk}.Elements()
	high, low := bits.Mul64(uint64(n), l.element)
	if !ok || high != 0 || low > 1<<62 {
		return 0, false
	}
	return int64(low), true
}
