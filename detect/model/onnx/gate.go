package onnx

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/onnx"
)

// value is what is known of one name of a graph.
type value struct {
	heavy    uint8  // layers with weights between the inputs and the value, on the longest path
	from     uint64 // the inputs that it depends on, by their place; those from the 64th on are one
	input    bool   // depends on the content of an input
	compared bool   // is the truth of a comparison of an input with a constant, or made of such and constants
	reduced  bool   // the comparison is about a part or a sum of the input, not about each element
	gate     int32  // number of the node plus one that chose the value by such a comparison; 0 for none
}

// wiring connects the nodes of a graph by their names.
type wiring struct {
	f        *flow
	g        *onnx.Graph
	table    *table
	producer []int32 // node plus one by number of the name; 0 for none
	values   []value
	used     []bool
	free     []onnx.ID // names that come from around the graph
	twice    []repeated
	does     summary
}

// repeated is a name that is given twice.
type repeated struct {
	at   int64
	name string
}

// newWiring connects the nodes of a graph; false when there is no memory for it.
func newWiring(f *flow, g *onnx.Graph) (*wiring, bool) {
	w := &wiring{f: f, g: g, table: &table{memory: &f.memory}}
	const each = 24 // bytes for each name
	if !w.number() || !f.memory.take(each*int64(w.table.n)+int64(len(f.nodes))) {
		return nil, false
	}
	n := w.table.n
	w.producer, w.values, w.used = make([]int32, n), make([]value, n), make([]bool, n)
	given, stored := make([]bool, n), make([]bool, n)
	for i, p := range g.Inputs {
		number := w.table.find(p.ID)
		if given[number] && p.ID != 0 {
			w.again(p.Offset, p.Name)
		}
		given[number], w.values[number] = true, ofInput(i)
	}
	for _, t := range f.tensors { // may have the name of an input: then it is its default
		number := w.table.find(t.id)
		if stored[number] && t.id != 0 {
			w.again(t.at, "")
		}
		stored[number], given[number], w.values[number] = true, true, value{}
	}
	for i := range f.nodes {
		for _, id := range f.outputs(&f.nodes[i]) {
			if id == 0 {
				continue
			}
			number := w.table.find(id)
			if given[number] {
				w.again(f.nodes[i].at, "")
			}
			given[number], w.producer[number] = true, int32(i+1)
		}
	}
	w.uses(given)
	return w, true
}

// again remembers a name that is given twice, as far as anybody reads them.
func (w *wiring) again(at int64, name string) {
	const most = 1000
	if len(w.twice) < most {
		w.twice = append(w.twice, repeated{at, name})
	}
}

// number gives a number to every name of the graph; false when there is no memory for it.
func (w *wiring) number() bool {
	ok := w.table.add(0)
	for _, ports := range [][]onnx.Port{w.g.Inputs, w.g.Outputs} {
		for _, p := range ports {
			ok = ok && w.table.add(p.ID)
		}
	}
	for _, t := range w.f.tensors {
		ok = ok && w.table.add(t.id)
	}
	for _, ids := range [][]onnx.ID{w.f.names, w.f.captured} {
		for _, id := range ids {
			ok = ok && w.table.add(id)
		}
	}
	return ok
}

// uses marks the names that nodes and outputs take, and collects those that nothing in the graph gives.
func (w *wiring) uses(given []bool) {
	take := func(id onnx.ID) {
		number := w.table.find(id)
		if id != 0 && !given[number] && !w.used[number] {
			w.values[number] = ofInput(len(w.g.Inputs) + len(w.free))
			w.free = append(w.free, id)
		}
		w.used[number] = true
	}
	for i := range w.f.nodes {
		v := &w.f.nodes[i]
		for _, id := range w.f.inputs(v) {
			take(id)
		}
		for _, id := range w.f.captures(v) {
			take(id)
		}
	}
	for _, o := range w.g.Outputs {
		take(o.ID)
	}
}

// ofInput is what is known of the input at a place.
func ofInput(place int) value { return value{input: true, from: 1 << min(place, 63)} }

// run follows the data from the inputs to every node, each after the nodes that it takes from: writers put them in this order,
// readers do not ask for it.
func (w *wiring) run() {
	state := make([]uint8, len(w.f.nodes)) // 1: waits for its inputs, 2: done
	var stack []int32
	for i := range w.f.nodes {
		stack = append(stack[:0], int32(i))
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			v := &w.f.nodes[at]
			if state[at] == 0 {
				state[at] = 1
				stack = w.before(v, state, stack)
				continue
			}
			stack = stack[:len(stack)-1]
			if state[at] == 1 {
				state[at] = 2
				w.step(at, v)
			}
		}
	}
}

// before adds the nodes to a stack that give the inputs of a node and were not visited.
func (w *wiring) before(v *vertex, state []uint8, stack []int32) []int32 {
	for _, ids := range [][]onnx.ID{w.f.inputs(v), w.f.captures(v)} {
		for _, id := range ids {
			if p := w.producer[w.table.find(id)]; p > 0 && state[p-1] == 0 {
				stack = append(stack, p-1)
			}
		}
	}
	return stack
}

// met is what the inputs of a node have in common.
type met struct {
	all      value // input, and the most layers
	data     value // of what is not a comparison
	signal   value // of the comparisons
	signals  int
	constant int // inputs that do not depend on the graph's
	gate     int32
}

// meet looks at the inputs of a node.
func (w *wiring) meet(v *vertex) met {
	var m met
	for _, ids := range [][]onnx.ID{w.f.inputs(v), w.f.captures(v)} {
		for _, id := range ids {
			if id == 0 {
				continue
			}
			x := w.values[w.table.find(id)]
			m.all.input, m.all.heavy = m.all.input || x.input, max(m.all.heavy, x.heavy)
			m.all.reduced, m.all.from = m.all.reduced || x.reduced, m.all.from|x.from
			m.gate = max(m.gate, x.gate)
			switch {
			case x.compared:
				m.signals++
				m.signal.heavy, m.signal.reduced = max(m.signal.heavy, x.heavy), m.signal.reduced || x.reduced
				m.signal.from |= x.from
			case x.input:
				m.data.input, m.data.heavy, m.data.from = true, max(m.data.heavy, x.heavy), m.data.from|x.from
			default:
				m.constant++
			}
		}
	}
	return m
}

// early is how many layers with weights the comparison of a trigger may have behind it: none, or the one that finds a pattern.
const early = 1

// step derives the outputs of a node from its inputs.
func (w *wiring) step(at int32, v *vertex) {
	m := w.meet(v)
	out := value{input: m.all.input, from: m.all.from, heavy: m.all.heavy, reduced: m.all.reduced && m.all.heavy <= early, gate: m.gate}
	layers := v.inside.heavy
	if v.class == heavy {
		layers = 1
	}
	out.heavy = uint8(min(int(out.heavy)+int(layers), mostHeavy))
	if layers > 0 {
		out.gate = 0 // what is chosen before a layer is a mask, as in attention
	}
	switch v.class {
	case measure, source:
		out = value{}
	case compare:
		out.compared = m.all.input && m.constant > 0 && m.all.heavy <= early
	case reduce:
		out.reduced = m.all.input && out.heavy <= early
	case call:
		out.compared = v.inside.compares && m.all.input && out.heavy <= early
		out.reduced = out.reduced || v.inside.reduces && m.all.input && out.heavy <= early
	}
	choice := m.data
	if v.class == branch {
		choice.heavy = uint8(min(int(choice.heavy)+int(layers), mostHeavy))
		choice.input = choice.input || layers > 0
	}
	if m.signals > 0 && v.class != measure {
		switch {
		case !choice.input && v.class != branch:
			out.compared = out.heavy <= early
		case m.signal.reduced && choice.heavy > m.signal.heavy && m.signal.from&choice.from != 0 && v.class != heavy && v.class != compare:
			out.gate = at + 1
		}
	}
	w.note(v, out)
	for _, id := range w.f.outputs(v) {
		if id != 0 {
			w.values[w.table.find(id)] = out
		}
	}
}

// note sums up what the graph does.
func (w *wiring) note(v *vertex, out value) {
	w.does.heavy = max(w.does.heavy, out.heavy)
	w.does.compares = w.does.compares || out.compared
	w.does.reduces = w.does.reduces || out.reduced && (v.class == reduce || v.class == call)
}

// gate is where the node is that chose a value by a comparison of an input with a constant.
func (w *wiring) gate(id onnx.ID) (int64, bool) {
	number := w.table.find(id)
	if id == 0 || number < 0 || w.values[number].gate == 0 {
		return 0, false
	}
	return w.f.nodes[w.values[number].gate-1].at, true
}

// gated reports an output that a comparison chooses.
func (s *scan) gated(at int64, output string) {
	s.list.Report(picket.Finding{Rule: ruleGate(), Location: picket.At("", at), Subject: picket.Printable(output, 120),
		Technique: "ShadowLogic", Confidence: picket.Possible,
		Evidence: picket.NewEvidence("the output "+quoted(output)+" is chosen by a comparison of the input with a constant", "")})
}
