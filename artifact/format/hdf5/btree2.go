package hdf5

import (
	"fmt"

	"github.com/picketsec/picket/internal/limits"
)

// The types of B-trees of version 2 that are read.
const (
	treeHuge           = 1  // huge objects of a fractal heap, by number
	treeLinks          = 5  // links by name
	treeAttributes     = 8  // attributes by name
	treeChunks         = 10 // chunks
	treeFilteredChunks = 11
)

const (
	maxTreeDepth = 32
	nodeOverhead = 10 // signature, version, type, checksum
)

// tree2 is a B-tree of version 2.
type tree2 struct {
	f       *File
	kind    byte
	node    int64
	record  int
	counts  int   // bytes of a number of records
	totals  []int // bytes of the number of records below a child, by the depth of the child
	visit   func(*cursor) error
	visited map[uint64]struct{}
}

// records calls visit for every record of a tree, in no promised order.
func (f *File) records(address uint64, kind byte, visit func(*cursor) error) error {
	size := int64(4 + 1 + 1 + 4 + 2 + 2 + 1 + 1 + f.o + 2 + f.l + 4)
	b, err := f.read(address, size)
	if err != nil {
		return err
	}
	f.markOnce(address, size)
	c := f.cursor(b, address)
	c.magic("BTHD")
	c.version(0)
	t := tree2{f: f, kind: c.byte(), visit: visit, visited: map[uint64]struct{}{}}
	t.node, t.record = int64(c.uint(4)), int(c.uint(2))
	depth := int(c.uint(2))
	c.skip(2)
	root, count := c.addr(), int(c.uint(2))
	if c.err == nil && (t.kind != kind || t.record < 1 || t.node < nodeOverhead+int64(t.record) || t.node > maxRead || depth > maxTreeDepth) {
		c.fail("a B-tree of type %d with nodes of %d bytes and records of %d", t.kind, t.node, t.record)
	}
	if c.err != nil || root == undefined {
		return c.err
	}
	if err := t.sizes(depth); err != nil {
		return err
	}
	return t.walk(root, count, depth)
}

// sizes computes how wide the numbers in internal nodes are, from the most records that nodes of each depth hold.
func (t *tree2) sizes(depth int) error {
	most := uint64(t.node-nodeOverhead) / uint64(t.record)
	total := most
	t.counts = limitBytes(most)
	t.totals = []int{0}
	for level := 1; level <= depth; level++ {
		pointer := uint64(t.f.o + t.counts + t.totals[level-1])
		if uint64(t.node-nodeOverhead) < pointer {
			return t.f.malformed(0, "nodes of a B-tree of %d bytes have no room", t.node)
		}
		here := (uint64(t.node-nodeOverhead) - pointer) / (uint64(t.record) + pointer)
		if total = (here+1)*total + here; total > 1<<56 {
			total = 1 << 56
		}
		t.totals = append(t.totals, limitBytes(total))
	}
	return nil
}

// walk visits the records of a node and of all below it.
func (t *tree2) walk(address uint64, count, depth int) error {
	if _, again := t.visited[address]; again {
		return t.f.malformed(address, "a node of a B-tree has two parents")
	}
	if len(t.visited) >= maxNodes {
		return fmt.Errorf("read B-tree: more than %d nodes: %w", maxNodes, limits.ErrExceeded)
	}
	t.visited[address] = struct{}{}
	b, err := t.f.read(address, t.node)
	if err != nil {
		return err
	}
	t.f.markOnce(address, t.node)
	c := t.f.cursor(b, address)
	signature := "BTIN"
	if depth == 0 {
		signature = "BTLF"
	}
	c.magic(signature)
	c.version(0)
	if c.byte() != t.kind {
		c.fail("a node of another type of B-tree")
	}
	if err := t.f.budget.Ops(int64(count)); err != nil {
		return fmt.Errorf("read B-tree: %w", err)
	}
	for range count {
		at := c.at
		record := c.bytes(t.record)
		if c.err != nil {
			return c.err
		}
		if err := t.visit(t.f.cursor(record, address+uint64(at))); err != nil {
			return err
		}
	}
	for range count + 1 {
		if depth == 0 {
			break
		}
		child, records := c.addr(), int(c.uint(t.counts))
		c.skip(t.totals[depth-1])
		if c.err != nil {
			return c.err
		}
		if err := t.walk(child, records, depth-1); err != nil {
			return err
		}
	}
	return c.err
}
