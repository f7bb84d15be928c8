package hdf5

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Attribute is a small named value of an object.
type Attribute struct {
	Owner  string // path of the object
	Object uint64 // address of the object, which is the same by every path
	Name   string
	Type   *Type
	Space  Space
	Data   []byte // as stored: for a Variable type, references to the global heap
	Offset int64  // of Data, in bytes from the start of the content
}

// attribute decodes an attribute message.
func (f *File) attribute(owner object, m message) (Attribute, error) {
	c := f.cursor(m.data, m.address)
	version := c.version(3)
	flags := c.byte()
	nameSize, typeSize, spaceSize := int(c.uint(2)), int(c.uint(2)), int(c.uint(2))
	if version == 3 {
		c.skip(1) // the character set of the name
	}
	field := func(n int) ([]byte, uint64) {
		at := c.start + uint64(c.at)
		b := c.bytes(n)
		if version == 1 {
			c.align()
		}
		return b, at
	}
	name, _ := field(nameSize)
	typ, typeAt := field(typeSize)
	space, spaceAt := field(spaceSize)
	a := Attribute{Owner: owner.path, Object: owner.address, Name: until(name), Offset: f.offset(c.start + uint64(c.at)), Data: c.rest()}
	if c.err != nil {
		return a, c.err
	}
	var err error
	if a.Type, err = f.typeOf(message{kind: msgType, data: typ, address: typeAt, flags: flags & 1 << 1}); err != nil {
		return a, err
	}
	a.Space, err = f.spaceOf(message{kind: msgSpace, data: space, address: spaceAt, flags: flags & 2})
	return a, err
}

// typeOf decodes a datatype that may lie elsewhere.
func (f *File) typeOf(m message) (*Type, error) {
	if m.flags&flagShared != 0 {
		var err error
		if m, err = f.follow(m); err != nil {
			return nil, err
		}
	}
	c := f.cursor(m.data, m.address)
	t := c.datatype(0)
	return t, c.err
}

// spaceOf decodes a dataspace that may lie elsewhere.
func (f *File) spaceOf(m message) (Space, error) {
	if m.flags&flagShared != 0 {
		var err error
		if m, err = f.follow(m); err != nil {
			return Space{}, err
		}
	}
	c := f.cursor(m.data, m.address)
	s := c.dataspace()
	return s, c.err
}

// denseAttributes reads the attributes that an attribute info message refers to.
func (f *File) denseAttributes(owner object, m message, visit func(Attribute) error) error {
	tree, h, err := f.dense(m, 2)
	if err != nil || h == nil {
		return err
	}
	return f.records(tree, treeAttributes, func(record *cursor) error {
		id := record.bytes(8)
		flags := record.byte()
		if record.err != nil {
			return record.err
		}
		m := message{kind: msgAttribute}
		var err error
		if flags&flagShared != 0 {
			m, err = f.fromHeap(m, id)
		} else {
			m.data, m.address, err = h.object(id)
		}
		if err != nil {
			return err
		}
		a, err := f.attribute(owner, m)
		if err != nil {
			return err
		}
		return visit(a)
	})
}

// Value is one element of an attribute or dataset.
type Value struct {
	Blob   *format.Blob
	Offset int64 // in bytes from the start of the content
}

// Values calls visit for the elements that data, which stands at offset, holds; no more than most of them. Elements of
// variable length are taken from the global heap. It returns how many elements there are.
func (f *File) Values(t *Type, data []byte, offset int64, most int64, visit func(Value) error) (int64, error) {
	if t.Size <= 0 || int64(len(data)) < t.Size {
		return 0, nil
	}
	count := int64(len(data)) / t.Size
	for i := range min(count, most) {
		element := data[i*t.Size:][:t.Size]
		v := Value{format.BytesBlob(element), offset + i*t.Size}
		if t.Class == Variable {
			var err error
			if v, err = f.variable(t, element); err != nil {
				return count, err
			}
		}
		if v.Blob == nil {
			continue
		}
		if err := visit(v); err != nil {
			return count, err
		}
	}
	return count, f.budget.Ops(min(count, most))
}

// Values calls visit for each element of the attribute.
func (a Attribute) Values(f *File, most int64, visit func(Value) error) (int64, error) {
	return f.Values(a.Type, a.Data, a.Offset, most, visit)
}

// Text returns the first element of an attribute of text as a value; false when it is something else or empty.
func (a Attribute) Text(f *File) (Value, bool) {
	var first Value
	if !a.Type.Bytes() {
		return first, false
	}
	t := *a.Type
	if t.Class != String && t.Class != Variable { // an array of single bytes is one text
		t = Type{Class: Opaque, Size: int64(len(a.Data))}
	}
	_, err := f.Values(&t, a.Data, a.Offset, 1, func(v Value) error { first = v; return nil })
	return first, err == nil && first.Blob != nil
}

// variable finds an element of variable length. The blob is nil for an empty one.
func (f *File) variable(t *Type, element []byte) (Value, error) {
	c := f.cursor(element, 0)
	n, address, id := c.uint(4), c.addr(), uint32(c.uint(4))
	if c.err != nil || n == 0 || address == undefined || address == 0 {
		return Value{}, c.err
	}
	width := int64(1)
	if t.Base != nil && !t.Text {
		width = max(1, t.Base.Size)
	}
	at, size, err := f.heapObject(address, id)
	if err != nil {
		return Value{}, err
	}
	want := int64(n)
	if width > 1<<31 || want*width > size {
		return Value{}, f.malformed(at, "a value of %d elements of %d bytes lies in an object of %d bytes", n, width, size)
	}
	blob, err := f.blob.Section(int64(at), want*width)
	return Value{blob, f.offset(at)}, err
}

// collection is one collection of the global heap.
type collection struct {
	address uint64
	size    uint64
	objects map[uint32]block
}

const maxCollection = 1 << 16 // objects; their numbers have 16 bits

// heapObject finds an object of the global heap.
func (f *File) heapObject(address uint64, id uint32) (at uint64, size int64, err error) {
	if f.heap == nil || f.heap.address != address {
		if f.heap, err = f.globalHeap(address); err != nil {
			f.heap = nil
			return 0, 0, err
		}
	}
	o, ok := f.heap.objects[id]
	if !ok {
		return 0, 0, f.malformed(address, "the collection has no object %d", id)
	}
	return o.address, int64(o.length), nil
}

// globalHeap reads which objects a collection holds.
func (f *File) globalHeap(address uint64) (*collection, error) {
	prefix := 8 + f.l
	b, err := f.read(address, int64(prefix))
	if err != nil {
		return nil, err
	}
	c := f.cursor(b, address)
	c.magic("GCOL")
	c.skip(4)
	size := c.length()
	if c.err == nil && (size < uint64(prefix) || size > uint64(f.blob.Size())-address) {
		c.fail("a collection of %d bytes", size)
	}
	if c.err != nil {
		return nil, c.err
	}
	f.markOnce(address, int64(size))
	heap := &collection{address, size, map[uint32]block{}}
	head := (uint64(8+f.l) + 7) &^ 7
	for at := (uint64(prefix) + 7) &^ 7; size-at >= head && at < size; {
		if len(heap.objects) >= maxCollection {
			return nil, fmt.Errorf("read global heap: more than %d objects: %w", maxCollection, limits.ErrExceeded)
		}
		if b, err = f.read(address+at, int64(head)); err != nil {
			return nil, err
		}
		id := uint32(binary.LittleEndian.Uint16(b))
		c := f.cursor(b[8:], address+at+8)
		length := c.length()
		if id == 0 {
			break // the rest is free
		}
		if length > size-at-head {
			return nil, f.malformed(address+at, "an object of %d bytes in a collection of %d", length, size)
		}
		if _, twice := heap.objects[id]; twice {
			return nil, f.malformed(address+at, "the collection has two objects %d", id)
		}
		heap.objects[id] = block{address + at + head, length}
		at += head + (length+7)&^7
	}
	return heap, nil
}

// Collections calls visit for the objects of the collections of the global heap that a piece begins with, one after the other.
// It is for pieces that nothing refers to in a way that is read.
func (f *File) Collections(p Piece, visit func(Value) error) error {
	if p.Offset < f.Base {
		return nil
	}
	const magic = "GCOL"
	for at, end := uint64(p.Offset-f.Base), uint64(p.Offset-f.Base+p.Length); at+uint64(len(magic)) <= end; {
		head, err := f.read(at, int64(len(magic)))
		if err != nil || string(head) != magic {
			return err
		}
		heap, err := f.globalHeap(at)
		if err != nil {
			return nil // only looks like one
		}
		for _, id := range slices.Sorted(maps.Keys(heap.objects)) {
			o := heap.objects[id]
			blob, err := f.blob.Section(int64(o.address), int64(o.length))
			if err != nil {
				return err
			}
			if err := visit(Value{blob, f.offset(o.address)}); err != nil {
				return err
			}
		}
		at += heap.size
	}
	return nil
}
