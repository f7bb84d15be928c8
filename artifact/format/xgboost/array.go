package xgboost

import (
	"fmt"
	"math"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// array reads an array of a tree, whose start is e. Of arrays that decide nothing only the length is kept.
func (d *document) array(name string, e event) error {
	var keep *[]int32
	switch name {
	case "left_children":
		keep = &d.tree.left
	case "right_children":
		keep = &d.tree.right
	case "parents":
		keep = &d.tree.parent
	case "split_indices":
		keep = &d.tree.feature
	case "categories_nodes":
		keep = &d.tree.catNode
	case "categories_segments":
		keep = &d.tree.catStart
	case "categories_sizes":
		keep = &d.tree.catSize
	}
	if keep != nil {
		*keep = (*keep)[:0]
	}
	if keep == nil && e.floats {
		d.tree.sizes[name] = e.count
		if err := d.skip(); err != nil {
			return err
		}
		_, err := d.next()
		return err
	}
	n := int64(0)
	for {
		v, err := d.next()
		switch {
		case err != nil:
			return err
		case v.kind == jsonstream.ArrayEnd:
			d.tree.sizes[name] = n
			return nil
		case v.kind != jsonstream.Number && v.kind != jsonstream.Literal:
			return format.Malformed(v.at, "an array of a tree holds something else than numbers")
		}
		n++
		if keep == nil {
			continue
		}
		if err := d.hold(n); err != nil {
			return err
		}
		*keep = append(*keep, narrow(v.whole))
	}
}

// outside stands for a number that no index of a tree may be.
const outside = math.MinInt32

// narrow makes an index of 32 bits.
func narrow(n int64) int32 {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return outside
	}
	return int32(n)
}

// hold accounts for the memory of n values of each array of a tree.
func (d *document) hold(n int64) error {
	const step, size = 1 << 14, 7 * 4 // bytes of a value in every array that is kept
	if n <= d.held {
		return nil
	}
	if n > maxNodes {
		return fmt.Errorf("read tree: more than %d nodes: %w", maxNodes, limits.ErrExceeded)
	}
	free, err := d.budget.Hold(step * size)
	if err != nil {
		return fmt.Errorf("read tree: %w", err)
	}
	d.free = append(d.free, free)
	d.held += step
	return nil
}
