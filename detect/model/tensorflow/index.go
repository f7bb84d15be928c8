package tensorflow

import (
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// entry is where one node lies.
type entry struct {
	hash   uint64 // of its scope and name
	offset int64
	size   int64
}

// call is a node that calls a function.
type call struct {
	function uint64 // hash of its name
	scope    int
	offset   int64
	size     int64
}

const (
	entrySize  = 40
	chunk      = 1 << 12 // entries between two holds
	maxEntries = 1 << 20
)

// index finds the nodes of a graph by their names, and the callers of its functions. It keeps numbers only: graphs have a
// million nodes.
type index struct {
	graph   *tensorflow.GraphDef
	entries []entry
	calls   []call
	strings []call // assignments of texts to variables
	queues  []call // nodes that queue texts
	args    map[int]map[string]int
	names   map[uint64]int // of functions, to their place
	budget  *limits.Budget
	held    []func()
}

// newIndex makes an empty index over a graph.
func newIndex(g *tensorflow.GraphDef, budget *limits.Budget) *index {
	x := &index{graph: g, budget: budget, names: map[uint64]int{}, args: map[int]map[string]int{}}
	for i, f := range g.Functions {
		x.names[jsonstream.Hash(f.Name)] = i
	}
	return x
}

// release gives the memory back to the budget.
func (x *index) release() {
	for _, free := range x.held {
		free()
	}
}

// key is the hash of a name in a scope.
func key(scope int, name string) uint64 {
	return jsonstream.Hash(name) ^ uint64(scope)*0x9e3779b97f4a7c15
}

// hold takes memory for the next entries.
func (x *index) hold(n int) error {
	if n%chunk != 0 {
		return nil
	}
	free, err := x.budget.Hold(chunk * entrySize)
	if err == nil {
		x.held = append(x.held, free)
	}
	return err
}

// add takes a node in.
func (x *index) add(scope int, n tensorflow.Node) error {
	if err := x.hold(len(x.entries)); err != nil {
		return err
	}
	x.entries = append(x.entries, entry{key(scope, n.Name), n.At.Offset, n.At.Size})
	return nil
}

// called remembers that a node calls a function.
func (x *index) called(scope int, n tensorflow.Node, function string) error {
	if err := x.hold(len(x.calls)); err != nil {
		return err
	}
	x.calls = append(x.calls, call{jsonstream.Hash(function), scope, n.At.Offset, n.At.Size})
	return nil
}

// sort makes the index ready, and reports how many names appear twice in their scope.
func (x *index) sort() (twice int) {
	slices.SortFunc(x.entries, func(a, b entry) int {
		if a.hash != b.hash {
			if a.hash < b.hash {
				return -1
			}
			return 1
		}
		return int(a.offset - b.offset)
	})
	for i := 1; i < len(x.entries); i++ {
		if x.entries[i].hash == x.entries[i-1].hash {
			twice++
		}
	}
	slices.SortFunc(x.calls, func(a, b call) int {
		if a.function != b.function {
			if a.function < b.function {
				return -1
			}
			return 1
		}
		return int(a.offset - b.offset)
	})
	return twice
}

// node finds a node by its name; ok is false when there is none.
func (x *index) node(scope int, name string) (n tensorflow.Node, ok bool, err error) {
	want := key(scope, name)
	i, found := slices.BinarySearchFunc(x.entries, want, func(e entry, k uint64) int {
		switch {
		case e.hash < k:
			return -1
		case e.hash > k:
			return 1
		}
		return 0
	})
	if !found {
		return n, false, nil
	}
	n, err = x.graph.Node(x.entries[i].offset, x.entries[i].size)
	return n, err == nil && n.Name == name, err
}

// lookup finds a function by its name.
func (x *index) lookup(name string) (int, bool) {
	i, ok := x.names[jsonstream.Hash(name)]
	return i, ok
}

// arg is the place of an argument of the function that a scope is; -1 for none.
func (x *index) arg(scope int, name string) int {
	if scope == 0 {
		return -1
	}
	args, ok := x.args[scope]
	if !ok {
		args = map[string]int{}
		for i, a := range x.graph.Functions[scope-1].Args {
			args[a] = i
		}
		x.args[scope] = args
	}
	if i, ok := args[name]; ok {
		return i
	}
	return -1
}

// callers lists the calls of the function that a scope is.
func (x *index) callers(scope int) []call {
	want := jsonstream.Hash(x.graph.Functions[scope-1].Name)
	from, _ := slices.BinarySearchFunc(x.calls, want, func(c call, k uint64) int {
		if c.function < k {
			return -1
		}
		if c.function > k {
			return 1
		}
		return 0
	})
	to := from
	for to < len(x.calls) && x.calls[to].function == want {
		to++
	}
	return x.calls[from:to]
}

// split takes an input apart: the name of the node, and whether it only must run before.
func split(input string) (name string, control bool) {
	if strings.HasPrefix(input, "^") {
		return input[1:], true
	}
	name, _, _ = strings.Cut(input, ":")
	return name, false
}
