package lightgbm

import "fmt"

// Bounds of one tree.
const (
	maxLeaves = 1 << 20 // leaves of a tree that is held: 24 bytes for each
	maxDepth  = 1 << 12 // levels
)

// tree is what of a tree decides where readers go.
type tree struct {
	at, number  int64
	leaves, cat int64            // as the tree claims; -1 when it does not
	sizes       map[string]int64 // values of each array
	left, right []int32
	feature     []int32
	decision    []int32
	threshold   []int32 // of splits on categories: whole numbers
	boundaries  []int32
	linear      int32 // the highest feature of a linear leaf
}

// reset empties the tree for the next one.
func (t *tree) reset(at, number int64) {
	if t.sizes == nil {
		t.sizes = map[string]int64{}
	}
	clear(t.sizes)
	*t = tree{at: at, number: number, leaves: -1, cat: -1, sizes: t.sizes, linear: -1, left: t.left[:0], right: t.right[:0],
		feature: t.feature[:0], decision: t.decision[:0], threshold: t.threshold[:0], boundaries: t.boundaries[:0]}
}

// list is the array that is kept under a key; nil for one of which only the length matters.
func (t *tree) list(key string) *[]int32 {
	switch key {
	case "left_child":
		return &t.left
	case "right_child":
		return &t.right
	case "split_feature":
		return &t.feature
	case "decision_type":
		return &t.decision
	case "threshold":
		return &t.threshold
	case "cat_boundaries":
		return &t.boundaries
	}
	return nil
}

// check reports what is wrong with the tree; keys are those of treeKeys, features is how many the model has, -1 when it does not
// say.
func (t *tree) check(keys map[string]perTree, features int64, problem func(Problem)) {
	report := func(kind Kind, reason string, args ...any) {
		problem(Problem{Kind: kind, Offset: t.at, Reason: fmt.Sprintf("tree %d: ", t.number) + fmt.Sprintf(reason, args...)})
	}
	if t.leaves < 1 {
		report(Size, "it does not say how many leaves it has")
		return
	}
	if !t.sized(keys, report) {
		return
	}
	for i, f := range t.feature {
		if f < 0 || features >= 0 && int64(f) >= features {
			report(Bounds, "node %d splits on feature %d of %d", i, f, features)
			return
		}
	}
	if features >= 0 && int64(t.linear) >= features || t.linear == notWhole {
		report(Bounds, "a linear leaf uses feature %d of %d", t.linear, features)
	}
	t.categories(report)
	t.shape(report)
}

// sized checks the lengths of the arrays.
func (t *tree) sized(keys map[string]perTree, report func(Kind, string, ...any)) bool {
	for _, key := range []string{"split_feature", "threshold", "decision_type", "left_child", "right_child", "split_gain", "leaf_value",
		"internal_value", "internal_weight", "internal_count", "leaf_weight", "leaf_count", "leaf_const", "num_features"} {
		have, there := t.sizes[key]
		want := t.leaves
		if keys[key] == perNode {
			want--
		}
		needed := key == "left_child" || key == "right_child" || key == "split_feature" || key == "threshold" || key == "leaf_value"
		if there && have != want && have > 0 || needed && have != want && want > 0 {
			report(Size, "%d values of %s for %d leaves", have, key, t.leaves)
			return false
		}
	}
	return true
}

// categories checks the sets of categories that nodes split on.
func (t *tree) categories(report func(Kind, string, ...any)) {
	sets := max(0, t.cat)
	if n := int64(len(t.boundaries)); sets > 0 && n != sets+1 {
		report(Size, "%d boundaries for %d sets of categories", n, sets)
		return
	}
	for i, b := range t.boundaries {
		if b < 0 || i > 0 && b < t.boundaries[i-1] || int64(b) > t.sizes["cat_threshold"] {
			report(Bounds, "set %d of categories ends at %d of %d", i, b, t.sizes["cat_threshold"])
			return
		}
	}
	for i, d := range t.decision {
		if d&1 != 0 && i < len(t.threshold) && (t.threshold[i] < 0 || int64(t.threshold[i]) >= sets) {
			report(Bounds, "node %d splits on set %d of %d sets of categories", i, t.threshold[i], sets)
			return
		}
	}
}

// shape walks from the root and reports children outside, nodes and leaves that are reached twice, and too many levels.
func (t *tree) shape(report func(Kind, string, ...any)) {
	type step struct{ node, level int32 }
	nodes, leaves := int32(len(t.left)), int32(t.leaves)
	if nodes == 0 {
		return
	}
	seen := make([]bool, nodes+leaves)
	todo := []step{{0, 1}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.node >= nodes || s.node < -leaves {
			report(Bounds, "child %d of %d nodes and %d leaves", s.node, nodes, leaves)
			return
		}
		place := s.node
		if s.node < 0 {
			place = nodes + ^s.node
		}
		if seen[place] {
			report(Cycle, "node %d is reached twice", s.node)
			return
		}
		seen[place] = true
		if s.level > maxDepth {
			report(Depth, "more than %d levels", maxDepth)
			return
		}
		if s.node >= 0 {
			todo = append(todo, step{t.left[s.node], s.level + 1}, step{t.right[s.node], s.level + 1})
		}
	}
}
