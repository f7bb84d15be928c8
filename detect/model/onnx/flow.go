package onnx

import (
	"fmt"
	"slices"

	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/limits"
)

// summary is what a graph inside of a node, or a function, does to what goes through it.
type summary struct {
	heavy    uint8 // layers with weights on the longest path, as far as they are counted
	compares bool  // compares what it gets with a constant
	reduces  bool
}

// add joins what two graphs do.
func (a *summary) add(b summary) {
	a.heavy = uint8(min(int(a.heavy)+int(b.heavy), mostHeavy))
	a.compares, a.reduces = a.compares || b.compares, a.reduces || b.reduces
}

// mostHeavy is how many layers with weights are told apart.
const mostHeavy = 100

// vertex is one node. Its names lie in flow.names, inputs first, then outputs; names that the graphs inside of it
// take from around it are in flow.captured.
type vertex struct {
	at       int64
	first    int32 // in names
	ins      int32
	outs     int32
	capFirst int32 // in captured
	caps     int32
	bombs    bombKind
	class    class
	inside   summary
}

// flow is the data flow of one graph.
type flow struct {
	parent   *flow
	memory   memory
	full     bool // the graph is larger than what is followed
	nodes    []vertex
	names    []onnx.ID
	captured []onnx.ID
	tensors  []initial
	small    map[onnx.ID][]int64 // elements of small tensors of integers
	large    int64               // offset of a node whose argument asks for a huge tensor; 0 for none
	constant onnx.ID             // the output of the constant that is being read
}

// initial is a tensor that stands in a graph.
type initial struct {
	id     onnx.ID
	at     int64
	length int64
}

// maxSmall bounds how many small tensors are kept.
const maxSmall = 1 << 14

// newFlow begins a graph.
func newFlow(budget *limits.Budget, parent *flow) *flow {
	return &flow{parent: parent, memory: memory{budget: budget}, small: map[onnx.ID][]int64{}}
}

// release gives back the memory of the graph.
func (f *flow) release() { f.memory.release() }

// add records a node; fn is what the function does that it calls, or nil.
func (f *flow) add(n *onnx.Node, fn *summary) {
	const fixed, each = 100, 16 // slices have room to grow
	if f.full || !f.memory.take(fixed+each*int64(len(n.Inputs)+len(n.Outputs))) {
		f.full = true
		return
	}
	v := vertex{at: n.Offset, first: int32(len(f.names)), ins: int32(len(n.Inputs)), outs: int32(len(n.Outputs)),
		capFirst: int32(len(f.captured)), class: classOf(n.Op), bombs: bombOf(n.Op)}
	if fn != nil {
		v.class, v.inside = call, *fn
	}
	f.names = append(append(f.names, n.Inputs...), n.Outputs...)
	f.nodes = append(f.nodes, v)
	f.constant = 0
	if n.Op == "Constant" && len(n.Outputs) == 1 {
		f.constant = n.Outputs[0]
	}
}

// attribute looks at the arguments that are shapes or small constants.
func (f *flow) attribute(n *onnx.Node, a *onnx.Attribute) {
	switch {
	case a.Name == "value_ints" && f.constant != 0:
		f.keep(f.constant, a.Ints)
	case a.Name == "shape" && len(a.Ints) > 0 && bombOf(n.Op) != noBomb:
		if size, ok := elements(a.Ints); !ok || size > largestMade {
			f.large = n.Offset
		}
	}
}

// tensor records a tensor of the graph, or of a constant in it.
func (f *flow) tensor(t *onnx.Tensor) {
	switch {
	case t.Place == onnx.Argument && f.constant != 0:
		f.keep(f.constant, t.Ints)
	case t.Place == onnx.Initializer || t.Place == onnx.Sparse && t.ID != 0:
		f.keep(t.ID, t.Ints)
		if f.full || !f.memory.take(3*24) {
			f.full = true
			return
		}
		f.tensors = append(f.tensors, initial{t.ID, t.Offset, t.Length})
	}
}

// keep remembers the elements of a small tensor.
func (f *flow) keep(id onnx.ID, ints []int64) {
	const each = 256 // bytes, with the place in the map
	if len(ints) > 0 && len(f.small) < maxSmall && f.memory.take(each) {
		f.small[id] = slices.Clone(ints)
	}
}

// inputs are the names that a node takes, outputs those that it gives, captures those that the graphs in it take.
func (f *flow) inputs(v *vertex) []onnx.ID   { return f.names[v.first:][:v.ins] }
func (f *flow) outputs(v *vertex) []onnx.ID  { return f.names[v.first+v.ins:][:v.outs] }
func (f *flow) captures(v *vertex) []onnx.ID { return f.captured[v.capFirst:][:v.caps] }

// EndGraph implements onnx.Visitor: it judges the flow of a graph that was read whole.
func (s *scan) EndGraph(g *onnx.Graph) error {
	f := s.graph
	s.graph = f.parent
	defer f.release()
	if f.large != 0 {
		s.list.Add(ruleShape(), f.large, "", "a node makes a tensor that no memory holds")
	}
	total := len(f.names) + len(f.captured) + len(f.tensors) + len(g.Inputs) + len(g.Outputs)
	if err := s.in.Budget.Ops(int64(total)); err != nil {
		return err
	}
	w, ok := newWiring(f, g)
	if f.full || !ok {
		s.out.Gap(g.Offset, -1, "the graph has more nodes than are followed")
		return nil
	}
	for _, d := range w.twice {
		s.list.Add(ruleDuplicate(), d.at, d.name, "two things in one graph have one name: which one counts depends on the reader")
	}
	s.unused(w)
	s.bombs(w)
	w.run()
	for _, o := range g.Outputs {
		if at, ok := w.gate(o.ID); ok && g.Kind != onnx.Training {
			s.gated(at, o.Name)
		}
	}
	s.pass(g, f, w)
	return nil
}

// pass tells the node around a graph, or the callers of a function, what the graph does.
func (s *scan) pass(g *onnx.Graph, f *flow, w *wiring) {
	switch {
	case g.Kind == onnx.Body && f.parent != nil && len(f.parent.nodes) > 0:
		p := f.parent
		v := &p.nodes[len(p.nodes)-1]
		v.inside.add(w.does)
		if !p.memory.take(16 * int64(len(w.free))) {
			p.full = true
			return
		}
		v.caps += int32(len(w.free))
		p.captured = append(p.captured, w.free...)
	case g.Kind == onnx.Local:
		s.caller(g).does = w.does
	}
}

// unused reports tensors that nothing in the graph takes.
func (s *scan) unused(w *wiring) {
	count, bytes, first := 0, int64(0), int64(0)
	for _, t := range w.f.tensors {
		if n := w.table.find(t.id); t.id != 0 && n >= 0 && !w.used[n] {
			if count == 0 {
				first = t.at
			}
			count++
			bytes += t.length
		}
	}
	if count > 0 {
		s.list.Add(ruleUnused(), first, "", fmt.Sprintf("the graph does not use %d of its %d tensors, %d bytes", count, len(w.f.tensors), bytes))
	}
}
