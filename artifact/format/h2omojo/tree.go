package h2omojo

import (
	"encoding/binary"
	"fmt"
	"regexp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// trees matches the members that hold trees.
var trees = regexp.MustCompile(`^(?:models/[^/]{1,256}/)*trees/t\d+_\d+\.bin$`)

// Tree reports whether a member holds a tree, by its name.
func Tree(name string) bool { return trees.MatchString(name) }

// The parts of a node: its kind, its column, where missing values go; then what it splits on, and how long its left side is.
const (
	leafColumn = 65535 // the column of a tree that is one leaf
	maxLevels  = 4096
)

// tree is one tree that is walked.
type tree struct {
	b       []byte
	columns int64
	budget  *limits.Budget
}

// CheckTree walks a tree and reports the first node that leads out of it: a side that is longer than the tree, or a column that
// the model does not have (columns is how many it has; -1 for not known). The error wraps format.ErrMalformed, or
// limits.ErrExceeded.
func CheckTree(content []byte, columns int64, budget *limits.Budget) error {
	t := tree{content, columns, budget}
	return t.node(0, int64(len(content)), 0)
}

// take checks that n bytes follow at an offset of a subtree that ends at end.
func take(at, n, end int64) error {
	if n < 0 || n > end-at {
		return format.Malformed(at, "a node of a tree goes on behind its end at byte %d", end)
	}
	return nil
}

// node checks the subtree between two offsets.
func (t tree) node(at, end int64, level int) error {
	if level > maxLevels {
		return format.Malformed(at, "a tree of more than %d levels", maxLevels)
	}
	if err := t.budget.Ops(1); err != nil {
		return fmt.Errorf("walk tree: %w", err)
	}
	if err := take(at, 4, end); err != nil {
		return err
	}
	kind, column := t.b[at], int64(binary.LittleEndian.Uint16(t.b[at+1:]))
	if column == leafColumn && level == 0 {
		return take(at+3, 4, end)
	}
	if t.columns >= 0 && column >= t.columns {
		return format.Malformed(at, "a node splits on column %d of %d", column, t.columns)
	}
	const missingAgainstRest = 1
	at, missing := at+4, t.b[at+3]
	if missing != missingAgainstRest {
		n, err := t.condition(at, end, kind&12)
		if err != nil {
			return err
		}
		at += n
	}
	return t.sides(at, end, kind, level)
}

// condition is how many bytes the condition of a node has: a number, a set of 32 categories, or one of any size.
func (t tree) condition(at, end int64, kind byte) (int64, error) {
	if kind != 12 {
		return 4, take(at, 4, end)
	}
	if err := take(at, 6, end); err != nil {
		return 0, err
	}
	n := 6 + (int64(binary.LittleEndian.Uint32(t.b[at+2:]))+7)/8
	return n, take(at, n, end)
}

// sides checks the two sides of a node. A leaf has four bytes; another left side is preceded by its length.
func (t tree) sides(at, end int64, kind byte, level int) error {
	const leftLeaf, rightLeaf, leaf = 48, 0x40, 4
	left := int64(leaf)
	if kind&leftLeaf != leftLeaf {
		width := int64(kind&3) + 1
		if err := take(at, width, end); err != nil {
			return err
		}
		left = 0
		for i := width - 1; i >= 0; i-- {
			left = left<<8 | int64(t.b[at+i])
		}
		at += width
	}
	if err := take(at, left, end); err != nil {
		return err
	}
	if kind&leftLeaf != leftLeaf {
		if err := t.node(at, at+left, level+1); err != nil {
			return err
		}
	}
	at += left
	if kind&rightLeaf != 0 {
		return take(at, leaf, end)
	}
	return t.node(at, end, level+1)
}
