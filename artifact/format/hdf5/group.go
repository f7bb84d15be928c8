package hdf5

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/internal/limits"
)

// LinkKind says what a link leads to.
type LinkKind byte

// The kinds of links. Numbers from 65 on other than External are for links that a plugin follows.
const (
	Hard     LinkKind = 0  // an object of this file
	Soft     LinkKind = 1  // a path in this file
	External LinkKind = 64 // a path in another file
)

// Link is one link of a group.
type Link struct {
	Group  string // path of the group
	Object uint64 // address of the group, which is the same by every path
	Name   string
	Kind   LinkKind
	Target string // the path of a Soft or External link; the data of one that a plugin follows
	File   string // of an External link
	Offset int64  // where the link is described, in bytes from the start of the content

	address uint64 // of the object header of a Hard link
}

const (
	maxNodes  = 1 << 18 // nodes of one B-tree
	maxLevels = 64      // of a B-tree of version 1
	maxName   = 1 << 16 // bytes of a name in a local heap
)

// link decodes a link message.
func (f *File) link(group object, m message) (Link, error) {
	c := f.cursor(m.data, m.address)
	l := Link{Group: group.path, Object: group.address, Offset: f.offset(m.address)}
	if v := c.byte(); v != 1 {
		c.fail("a link of the unknown version %d", v)
	}
	flags := c.byte()
	if flags&0x08 != 0 {
		l.Kind = LinkKind(c.byte())
	}
	if flags&0x04 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	name := c.uint(1 << (flags & 3))
	if name > maxRead {
		c.fail("a name of %d bytes", name)
		return l, c.err
	}
	l.Name = string(c.bytes(int(name)))
	switch l.Kind {
	case Hard:
		l.address = c.addr()
	case Soft:
		l.Target = string(c.bytes(int(c.uint(2))))
	case External:
		value := f.cursor(c.bytes(int(c.uint(2))), m.address)
		value.skip(1)
		l.File, l.Target = value.text(), value.text()
		if c.err == nil {
			c.err = value.err
		}
	default:
		l.Target = string(c.bytes(int(c.uint(2))))
	}
	return l, c.err
}

// dense finds the tree and the heap that an info message of links or attributes refers to, behind a highest index of so many
// bytes if there is one; no heap when nothing is stored so.
func (f *File) dense(m message, index int) (tree uint64, h *fractal, err error) {
	c := f.cursor(m.data, m.address)
	c.version(0)
	if c.byte()&1 != 0 {
		c.skip(index)
	}
	at, tree := c.addr(), c.addr()
	if c.err != nil || at == undefined || tree == undefined {
		return 0, nil, c.err
	}
	if err := f.claim(tree); err != nil {
		return 0, nil, err
	}
	h, err = f.openHeap(at)
	return tree, h, err
}

// denseLinks reads the links that a link info message refers to.
func (f *File) denseLinks(group object, m message, visit func(Link) error) error {
	tree, h, err := f.dense(m, 8)
	if err != nil || h == nil {
		return err
	}
	return f.records(tree, treeLinks, func(record *cursor) error {
		record.skip(4)
		id := record.bytes(7)
		if record.err != nil {
			return record.err
		}
		data, address, err := h.object(id)
		if err != nil {
			return err
		}
		l, err := f.link(group, message{kind: msgLink, data: data, address: address})
		if err != nil {
			return err
		}
		return visit(l)
	})
}

// localHeap is the heap for the names of a group of the old kind, or of external files.
type localHeap struct {
	f    *File
	data uint64
	size uint64
}

// openLocal reads the header of a local heap.
func (f *File) openLocal(address uint64) (localHeap, error) {
	size := int64(8 + 2*f.l + f.o)
	b, err := f.read(address, size)
	if err != nil {
		return localHeap{}, err
	}
	c := f.cursor(b, address)
	c.magic("HEAP")
	c.version(0)
	c.skip(3)
	h := localHeap{f: f, size: c.length()}
	c.length()
	h.data = c.addr()
	if c.err == nil && (h.data > uint64(f.blob.Size()) || h.size > uint64(f.blob.Size())-h.data) {
		c.fail("a local heap of %d bytes", h.size)
	}
	f.markOnce(address, size)
	if c.err == nil {
		f.markOnce(h.data, int64(h.size))
	}
	return h, c.err
}

// text is the text at an offset of the heap.
func (h localHeap) text(offset uint64) (string, error) {
	if offset >= h.size {
		return "", h.f.malformed(h.data, "a name at %d of a heap of %d bytes", offset, h.size)
	}
	most := min(h.size-offset, maxName)
	for n := min(most, 64); ; n = min(most, n*8) {
		b, err := h.f.read(h.data+offset, int64(n))
		if err != nil {
			return "", err
		}
		if end := bytes.IndexByte(b, 0); end >= 0 {
			return string(b[:end]), nil
		}
		if n == most {
			return "", h.f.malformed(h.data+offset, "a name does not end")
		}
	}
}

// symbols reads the links of a group of the old kind.
func (f *File) symbols(group object, m message, visit func(Link) error) error {
	c := f.cursor(m.data, m.address)
	tree, heap := c.addr(), c.addr()
	if c.err != nil {
		return c.err
	}
	h, err := f.openLocal(heap)
	if err != nil || tree == undefined {
		return err
	}
	if err := f.claim(tree); err != nil {
		return err
	}
	w := tree1{f: f, kind: 0, key: f.l, visited: map[uint64]struct{}{}, width: 8 + 2*int64(f.o) + (2*f.groupK+1)*int64(f.l) + 2*f.groupK*int64(f.o)}
	return w.walk(tree, -1, func(address uint64, _ *cursor) error {
		return f.symbolNode(group, h, address, visit)
	})
}

// symbolNode reads one node of symbols.
func (f *File) symbolNode(group object, h localHeap, address uint64, visit func(Link) error) error {
	head, err := f.read(address, 8)
	if err != nil {
		return err
	}
	c := f.cursor(head, address)
	c.magic("SNOD")
	if v := c.byte(); v != 1 {
		c.fail("a node of symbols of the unknown version %d", v)
	}
	c.skip(1)
	count := int64(c.uint(2))
	if c.err != nil {
		return c.err
	}
	width := int64(2*f.o + 24)
	b, err := f.read(address+8, count*width)
	if err != nil {
		return err
	}
	f.markOnce(address, 8+max(count, min(2*f.leafK, 1<<16))*width)
	c = f.cursor(b, address+8)
	for range count {
		l := Link{Group: group.path, Object: group.address, Offset: f.offset(c.start + uint64(c.at))}
		name := c.uint(f.o)
		l.address = c.addr()
		kind := c.uint(4)
		c.skip(4)
		value := f.cursor(c.bytes(16), c.start).uint(4)
		if c.err != nil {
			return c.err
		}
		if l.Name, err = h.text(name); err != nil {
			return err
		}
		if kind == 2 {
			l.Kind = Soft
			if l.Target, err = h.text(value); err != nil {
				return err
			}
		}
		if err := visit(l); err != nil {
			return err
		}
	}
	return nil
}

// tree1 is a B-tree of version 1.
type tree1 struct {
	f       *File
	kind    byte
	key     int   // bytes of a key
	width   int64 // bytes that a node takes in the file, at least
	visited map[uint64]struct{}
}

// walk calls visit for every child of a leaf, with the key before it. Level is the one that the node must have, or -1.
func (t *tree1) walk(address uint64, level int, visit func(child uint64, key *cursor) error) error {
	if _, again := t.visited[address]; again {
		return t.f.malformed(address, "a node of a B-tree has two parents")
	}
	if len(t.visited) >= maxNodes {
		return fmt.Errorf("read B-tree: more than %d nodes: %w", maxNodes, limits.ErrExceeded)
	}
	t.visited[address] = struct{}{}
	prefix := int64(8 + 2*t.f.o)
	head, err := t.f.read(address, prefix)
	if err != nil {
		return err
	}
	c := t.f.cursor(head, address)
	c.magic("TREE")
	if c.byte() != t.kind {
		c.fail("a node of another type of B-tree")
	}
	here, count := int(c.byte()), int64(c.uint(2))
	if c.err == nil && (level >= 0 && here != level || here > maxLevels) {
		c.fail("a node of level %d of a B-tree is not where it belongs", here)
	}
	if c.err != nil {
		return c.err
	}
	size := count*int64(t.key+t.f.o) + int64(t.key)
	if count == 0 {
		size = 0
	}
	b, err := t.f.read(address+uint64(prefix), size)
	if err != nil {
		return err
	}
	t.f.markOnce(address, max(prefix+size, t.width))
	c = t.f.cursor(b, address+uint64(prefix))
	for range count {
		key := t.f.cursor(c.bytes(t.key), c.start+uint64(c.at))
		child := c.addr()
		if c.err != nil {
			return c.err
		}
		if here > 0 {
			err = t.walk(child, here-1, visit)
		} else {
			err = visit(child, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
