package xgboost

import (
	"fmt"

	"github.com/picketsec/picket/internal/limits"
)

// Bounds of one tree.
const (
	maxNodes = 1 << 20 // nodes that are held: 28 bytes for each
	maxDepth = 1 << 12 // levels; XGBoost's own default is 6
)

// tree is what of a tree decides where readers go.
type tree struct {
	at                  int64 // where it begins
	number              int64
	left, right, parent []int32
	feature             []int32
	catNode             []int32          // nodes that split on categories
	catStart, catSize   []int32          // their ranges in the list of categories
	sizes               map[string]int64 // elements of each array
	nodes, features     int64            // as the tree claims; -1 when it does not
	vector              int64            // values in a leaf, as the tree claims
}

// reset empties the tree for the next one.
func (t *tree) reset(at, number int64) {
	*t = tree{at: at, number: number, left: t.left[:0], right: t.right[:0], parent: t.parent[:0], feature: t.feature[:0],
		catNode: t.catNode[:0], catStart: t.catStart[:0], catSize: t.catSize[:0], sizes: map[string]int64{}, nodes: -1, features: -1}
}

// check reports what is wrong with the tree; features is how many the model has, -1 when that is not known yet. It returns the
// highest feature that a node uses.
func (t *tree) check(features int64, budget *limits.Budget, problem func(Problem)) (highest int64, err error) {
	report := func(kind Kind, reason string, args ...any) {
		problem(Problem{Kind: kind, Offset: t.at, Reason: fmt.Sprintf("tree %d: ", t.number) + fmt.Sprintf(reason, args...)})
	}
	if err := budget.Ops(int64(len(t.left)) + 1); err != nil {
		return 0, fmt.Errorf("check tree: %w", err)
	}
	n := int64(len(t.left))
	if !t.sized(n, report) {
		return 0, nil
	}
	if t.features > 0 {
		features = t.features
	}
	highest = -1
	for i := range t.left {
		l, r := int64(t.left[i]), int64(t.right[i])
		switch {
		case l == -1 && (r == -1 || t.vector > 1 && r >= 0 && r < t.sizes["leaf_weights"]/t.vector): // the place of a vector
			continue
		case l < 0 || l >= n || r < 0 || r >= n:
			report(Bounds, "node %d of %d has the children %d and %d", i, n, l, r)
			return highest, nil
		}
		f := int64(t.feature[i])
		highest = max(highest, f)
		if f < 0 || features >= 0 && f >= features {
			report(Bounds, "node %d splits on feature %d of %d", i, f, features)
			return highest, nil
		}
	}
	t.categories(n, report)
	t.shape(report)
	return highest, nil
}

// categories checks the ranges of the categories that nodes split on.
func (t *tree) categories(n int64, report func(Kind, string, ...any)) {
	if len(t.catStart) != len(t.catSize) || len(t.catNode) != len(t.catSize) {
		report(Size, "%d nodes with categories have %d ranges of %d lengths", len(t.catNode), len(t.catStart), len(t.catSize))
		return
	}
	have := t.sizes["categories"]
	for i := range t.catNode {
		node, from, size := int64(t.catNode[i]), int64(t.catStart[i]), int64(t.catSize[i])
		if node < 0 || node >= n || from < 0 || size < 0 || from+size > have {
			report(Bounds, "node %d of %d has the categories %d to %d of %d", node, n, from, from+size, have)
			return
		}
	}
}

// sized checks that the arrays of the tree have the same length.
func (t *tree) sized(n int64, report func(Kind, string, ...any)) bool {
	if n == 0 {
		report(Size, "it has no nodes")
		return false
	}
	if t.nodes >= 0 && t.nodes != n {
		report(Size, "it claims %d nodes and has %d", t.nodes, n)
		return false
	}
	for _, name := range []string{"right_children", "split_indices", "parents", "split_conditions", "default_left", "split_type"} {
		size, there := t.sizes[name]
		if there && size != n {
			report(Size, "%d values of %s for %d nodes", size, name, n)
			return false
		}
		if !there && (name == "right_children" || name == "split_indices") {
			report(Size, "it has no %s", name)
			return false
		}
	}
	return true
}

// shape walks from the root and reports a node that is reached twice, a parent that is another, or too many levels.
func (t *tree) shape(report func(Kind, string, ...any)) {
	type step struct{ node, level int32 }
	seen := make([]uint64, len(t.left)/64+1)
	todo := []step{{0, 1}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[s.node/64]&(1<<(s.node%64)) != 0 {
			report(Cycle, "node %d is reached twice", s.node)
			return
		}
		seen[s.node/64] |= 1 << (s.node % 64)
		if s.level > maxDepth {
			report(Depth, "more than %d levels", maxDepth)
			return
		}
		if t.left[s.node] < 0 {
			continue
		}
		for _, child := range []int32{t.left[s.node], t.right[s.node]} {
			if len(t.parent) > 0 && t.parent[child] != s.node {
				report(Cycle, "node %d is a child of node %d and names %d as its parent", child, s.node, t.parent[child])
				return
			}
			todo = append(todo, step{child, s.level + 1})
		}
	}
}
