package catboost

import (
	"github.com/picketsec/picket/internal/flatbuffer"
)

// maxDepth is the depth of the deepest tree that CatBoost trains with one split for each level.
const maxDepth = 16

// forest is what of the trees decides where readers go.
type forest struct {
	dimension                          int64
	splits, sizes, starts, steps, leaf flatbuffer.Vector
	leaves, weights                    int64
	borders                            int64 // splits that the features offer
}

// trees reads the table of the trees.
func (c *core) trees(t flatbuffer.Table) error {
	f, err := load(t)
	if err != nil {
		return err
	}
	if f.borders, err = c.features(t); err != nil {
		return err
	}
	c.model.Trees, c.model.Splits, c.model.Leaves = f.sizes.Len, f.splits.Len, f.leaves
	if f.dimension < 1 {
		c.problem(Size, t.Offset, "", "a model of %d outputs", f.dimension)
		return nil
	}
	if f.starts.Len > 0 && f.starts.Len != f.sizes.Len {
		c.problem(Size, t.Offset, "", "%d places for %d trees", f.starts.Len, f.sizes.Len)
		return nil
	}
	for i := range f.splits.Len {
		s, err := f.splits.Int32(i)
		if err != nil {
			return err
		}
		if s < 0 || int64(s) >= f.borders {
			if f.steps.Len > 0 && s == 0 { // a leaf of a tree that is not symmetric has no split
				continue
			}
			c.problem(Bounds, f.splits.Offset+4*i, "", "split %d uses border %d of %d", i, s, f.borders)
			break
		}
	}
	if f.steps.Len > 0 {
		return c.uneven(f)
	}
	return c.symmetric(f)
}

// load reads the lists of a forest.
func load(t flatbuffer.Table) (f forest, err error) {
	dimension, err := t.Int32(treesDimension, 0)
	f.dimension = int64(dimension)
	for _, v := range []struct {
		field int
		to    *flatbuffer.Vector
	}{{treesSplits, &f.splits}, {treesSizes, &f.sizes}, {treesStarts, &f.starts}, {treesSteps, &f.steps}, {treesLeafIDs, &f.leaf}} {
		if err == nil {
			*v.to, err = t.Vector(v.field, 4)
		}
	}
	for _, v := range []struct {
		field int
		to    *int64
	}{{treesLeaves, &f.leaves}, {treesWeights, &f.weights}} {
		var list flatbuffer.Vector
		if err == nil {
			list, err = t.Vector(v.field, 8)
		}
		*v.to = list.Len
	}
	return f, err
}

// features reads the features and counts the splits that they offer.
func (c *core) features(t flatbuffer.Table) (borders int64, err error) {
	for _, kind := range []struct{ field, name, list, width int }{
		{treesFloat, 4, 3, 4}, {treesOneHot, -1, 1, 4}, {treesCtr, -1, 1, 4}, {treesEstimated, -1, 3, 4},
		{treesCat, 2, -1, 0}, {treesText, 2, -1, 0}, {treesEmbedding, 2, -1, 0},
	} {
		list, err := t.Offsets(kind.field)
		if err != nil {
			return 0, err
		}
		err = list.Tables(func(_ int64, feature flatbuffer.Table) error {
			if kind.name >= 0 {
				if _, err := c.text(feature, kind.name, "feature"); err != nil {
					return err
				}
			}
			if kind.list < 0 {
				return nil
			}
			values, err := feature.Vector(kind.list, int64(kind.width))
			borders += values.Len
			if err == nil && kind.field == treesOneHot {
				err = c.categories(feature)
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return borders, nil
}

// categories reads the texts of the categories that a feature splits on.
func (c *core) categories(feature flatbuffer.Table) error {
	texts, err := feature.Offsets(2)
	if err != nil {
		return err
	}
	for i := range texts.Len {
		value, err := texts.Text(i, MaxText)
		if err == nil {
			err = c.visit.Text(Text{Place: "category", Value: value, Offset: headerSize + texts.Offset})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// symmetric checks trees with one split for each level: a tree of n splits has 2^n leaves.
func (c *core) symmetric(f forest) error {
	next, leaves := int64(0), int64(0)
	for i := range f.sizes.Len {
		size, err := f.sizes.Int32(i)
		if err != nil {
			return err
		}
		if size < 0 || size > maxDepth {
			c.problem(Bounds, f.sizes.Offset+4*i, "", "tree %d has %d levels", i, size)
			return nil
		}
		if err := c.start(f, i, next); err != nil {
			return err
		}
		next += int64(size)
		leaves += f.dimension << size
	}
	if next != f.splits.Len {
		c.problem(Size, f.sizes.Offset, "", "the trees have %d splits, and the model %d", next, f.splits.Len)
	}
	if leaves != f.leaves {
		c.problem(Size, f.sizes.Offset, "", "the trees have %d values of leaves, and the model %d", leaves, f.leaves)
	}
	if w := f.weights * f.dimension; f.weights > 0 && w != leaves && f.weights != leaves {
		c.problem(Size, f.sizes.Offset, "", "%d weights for %d values of leaves", f.weights, leaves)
	}
	return nil
}

// start checks where a tree begins in the list of splits.
func (c *core) start(f forest, i, want int64) error {
	if f.starts.Len == 0 {
		return nil
	}
	at, err := f.starts.Int32(i)
	if err == nil && int64(at) != want {
		c.problem(Bounds, f.starts.Offset+4*i, "", "tree %d begins at split %d, and the one before ends at %d", i, at, want)
	}
	return err
}

// uneven checks trees whose nodes have their own ways left and right, counted in nodes; a way of 0 ends in a leaf.
func (c *core) uneven(f forest) error {
	if f.steps.Len != f.splits.Len || f.leaf.Len != f.splits.Len {
		c.problem(Size, f.steps.Offset, "", "%d steps and %d leaves for %d nodes", f.steps.Len, f.leaf.Len, f.splits.Len)
		return nil
	}
	next := int64(0)
	for i := range f.sizes.Len {
		size, err := f.sizes.Int32(i)
		if err != nil {
			return err
		}
		if size < 1 || int64(size) > f.splits.Len-next {
			c.problem(Bounds, f.sizes.Offset+4*i, "", "tree %d has %d of the %d nodes", i, size, f.splits.Len-next)
			return nil
		}
		if err := c.start(f, i, next); err != nil {
			return err
		}
		if ok, err := c.nodes(f, i, next, int64(size)); err != nil || !ok {
			return err
		}
		next += int64(size)
	}
	if next != f.splits.Len {
		c.problem(Size, f.sizes.Offset, "", "the trees have %d nodes, and the model %d", next, f.splits.Len)
	}
	return nil
}

// nodes checks the nodes of one uneven tree. Ways only lead forward, so that there is no way around.
func (c *core) nodes(f forest, tree, first, size int64) (ok bool, err error) {
	const noLeaf = 1<<32 - 1
	for n := first; n < first+size; n++ {
		step, err := f.steps.Uint(n)
		if err != nil {
			return false, err
		}
		left, right := int64(step&0xffff), int64(step>>16)
		if n+left >= first+size || n+right >= first+size {
			c.problem(Bounds, f.steps.Offset+4*n, "", "tree %d: node %d of %d leads %d and %d nodes on", tree, n-first, size, left, right)
			return false, nil
		}
		id, err := f.leaf.Uint(n)
		if err != nil {
			return false, err
		}
		if (left == 0 || right == 0) && id != noLeaf && int64(id) > f.leaves-f.dimension || left == 0 && right == 0 && id == noLeaf {
			c.problem(Bounds, f.leaf.Offset+4*n, "", "tree %d: node %d is leaf %d of %d", tree, n-first, id, f.leaves)
			return false, nil
		}
	}
	return true, nil
}
