// Package ort reads models in the format of ONNX Runtime for small devices, which are ONNX models as FlatBuffers. It is for
// detectors: it hands on the same graphs, nodes, arguments and tensors as package onnx does, to the same visitor. It reads no
// tensor data and judges nothing. Kernels that the runtime chose, edges between nodes, and recorded optimizations, which hold
// numbers and names of nodes, are passed over.
// Specification: https://onnxruntime.ai/docs/performance/model-optimizations/ort-format-models.html
package ort

import (
	"fmt"
	"hash/maphash"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// Name is the name of the format.
const Name = "onnx-runtime"

// Format recognises models of ONNX Runtime.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "ONNX Runtime model", MediaType: "application/x-onnx-runtime", Extensions: []string{".ort"},
		Risk: format.Active, Parsed: true,
		Spec: "https://onnxruntime.ai/docs/performance/model-optimizations/ort-format-models.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool { return flatbuffer.Match(p, "ORTM") }

// Bounds of what is kept and followed.
const (
	maxNest  = 32 // graphs in graphs
	maxName  = 512
	maxPort  = 128
	maxValue = 4 << 10 // bytes of the name of a value that tell it from others
	maxDims  = 64
	maxInts  = 16
	maxList  = 1 << 17 // names of one node or graph
)

// reader is one run over one model.
type reader struct {
	visit  onnx.Visitor
	top    protomsg.Message // the whole content, for ranges of it
	seed   maphash.Seed
	graphs map[int64]bool // by offset: a graph that stands in two places would be read twice as often at each level
}

// Read reads a model. The error wraps format.ErrMalformed when the model cannot be read to its end, or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit onnx.Visitor) error {
	buffer, err := flatbuffer.New(b, budget)
	if err != nil {
		return err
	}
	top, err := protomsg.New(b, budget)
	if err != nil {
		return err
	}
	session, err := buffer.Root()
	if err != nil {
		return err
	}
	r := &reader{visit: visit, top: top, seed: maphash.MakeSeed(), graphs: map[int64]bool{}}
	if err := r.text(session, 0, onnx.ModelText, "ort_version"); err != nil {
		return err
	}
	model, ok, err := session.Table(1)
	if err != nil || !ok {
		return orMalformed(err, session.Offset, "the model is missing")
	}
	if err := r.model(model); err != nil {
		return err
	}
	// The runtime writes names and weights first, which is last in the content: what follows them is its own.
	const padding = 16
	rest := top
	rest.Offset, rest.Size = buffer.Reached(), top.Size-buffer.Reached()
	if rest.Size <= padding {
		return nil
	}
	return visit.Problem(onnx.Problem{Fault: onnx.Trailing, Message: "InferenceSession", Offset: rest.Offset, Body: rest})
}

// orMalformed is an error, or one that says what is missing.
func orMalformed(err error, at int64, what string) error {
	if err != nil {
		return err
	}
	return format.Malformed(at, "%s", what)
}

// model reads a model: imports, texts, and its graph.
func (r *reader) model(t flatbuffer.Table) error {
	m := &onnx.Model{}
	var err error
	if m.Version, err = t.Int64(0, 0); err != nil {
		return err
	}
	imports, err := t.Offsets(1)
	if err != nil || imports.Len > maxList {
		return orMalformed(err, imports.Offset, "more imports than there are domains")
	}
	err = imports.Tables(func(_ int64, x flatbuffer.Table) error {
		domain, _, err := x.Text(0, maxName)
		if err != nil {
			return err
		}
		version, err := x.Int64(1, 0)
		m.Imports = append(m.Imports, onnx.Import{Domain: domain, Version: version, Offset: x.Offset})
		return err
	})
	if err != nil {
		return err
	}
	for field, key := range [...]string{2: "producer_name", 3: "producer_version", 4: "domain", 6: "doc_string", 8: "graph_doc_string"} {
		if key == "" {
			continue
		}
		if err := r.text(t, field, onnx.ModelText, key); err != nil {
			return err
		}
	}
	pairs, err := t.Offsets(9)
	if err != nil {
		return err
	}
	if err := pairs.Tables(func(_ int64, x flatbuffer.Table) error { return r.pair(x) }); err != nil {
		return err
	}
	if err := r.visit.Model(m); err != nil {
		return err
	}
	graph, ok, err := t.Table(7)
	if err != nil || !ok {
		return orMalformed(err, t.Offset, "the graph is missing")
	}
	return r.graph(graph, &onnx.Graph{Kind: onnx.Main})
}

// pair reads an entry of the metadata.
func (r *reader) pair(t flatbuffer.Table) error {
	key, _, err := t.Text(0, maxName)
	if err != nil {
		return err
	}
	if err := r.text(t, 0, onnx.ModelText, key); err != nil {
		return err
	}
	return r.text(t, 1, onnx.ModelText, key)
}

// span is the range of a string or of bytes of a table; ok is false when it has none.
func (r *reader) span(t flatbuffer.Table, field int) (m protomsg.Message, ok bool, err error) {
	if ok, err = t.Has(field); err != nil || !ok {
		return m, false, err
	}
	v, err := t.Vector(field, 1)
	m = r.top
	m.Offset, m.Size = v.Offset, v.Len
	return m, err == nil, err
}

// text hands on a text of a table.
func (r *reader) text(t flatbuffer.Table, field int, where onnx.Where, key string) error {
	m, ok, err := r.span(t, field)
	if err != nil || !ok || m.Size == 0 {
		return err
	}
	return r.visit.Text(onnx.Text{Where: where, Key: key, Body: m, Offset: m.Offset})
}

// ids reads a list of names.
func (r *reader) ids(t flatbuffer.Table, field int, add func(id onnx.ID, name string) error) error {
	v, err := t.Offsets(field)
	if err != nil {
		return err
	}
	if v.Len > maxList {
		return fmt.Errorf("read ONNX Runtime model: a list of %d names: %w", v.Len, limits.ErrExceeded)
	}
	for i := range v.Len {
		name, err := v.Text(i, maxValue)
		if err != nil {
			return err
		}
		if err := add(r.id(name), name); err != nil {
			return err
		}
	}
	return nil
}

// id stands for a name.
func (r *reader) id(name string) onnx.ID {
	if name == "" {
		return 0
	}
	return onnx.ID(maphash.String(r.seed, name) | 1)
}

// graph reads a graph: its tensors, its nodes, and what goes in and out.
func (r *reader) graph(t flatbuffer.Table, g *onnx.Graph) error {
	g.Offset = t.Offset
	if g.Depth >= maxNest || r.graphs[t.Offset] {
		return r.visit.Problem(onnx.Problem{Fault: onnx.DeepGraph, Message: "Graph", Offset: t.Offset})
	}
	r.graphs[t.Offset] = true
	if err := r.visit.Graph(g); err != nil {
		return err
	}
	for i, list := range []*[]onnx.Port{&g.Inputs, &g.Outputs} {
		field := 5 + i
		if err := r.ids(t, field, func(id onnx.ID, name string) error {
			*list = append(*list, onnx.Port{ID: id, Name: name[:min(len(name), maxPort)], Offset: t.Offset})
			return nil
		}); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		field int
		read  func(flatbuffer.Table) error
	}{
		{0, func(x flatbuffer.Table) error { return r.tensor(g, x, onnx.Initializer) }},
		{7, func(x flatbuffer.Table) error { return r.sparse(g, x) }},
		{1, func(x flatbuffer.Table) error { return r.text(x, 1, onnx.ValueText, "doc_string") }},
		{2, func(x flatbuffer.Table) error { return r.node(g, x) }},
	} {
		list, err := t.Offsets(part.field)
		if err != nil {
			return err
		}
		if err := list.Tables(func(_ int64, x flatbuffer.Table) error { return part.read(x) }); err != nil {
			return fmt.Errorf("read graph: %w", err)
		}
	}
	return r.visit.EndGraph(g)
}

// node reads a node and its arguments.
func (r *reader) node(g *onnx.Graph, t flatbuffer.Table) error {
	n := &onnx.Node{Offset: t.Offset}
	for _, name := range []struct {
		field int
		to    *string
	}{{2, &n.Domain}, {5, &n.Op}} {
		text, _, err := t.Text(name.field, maxName)
		if err != nil {
			return err
		}
		*name.to = text
	}
	for _, list := range []struct {
		field int
		to    *[]onnx.ID
	}{{8, &n.Inputs}, {9, &n.Outputs}} {
		if err := r.ids(t, list.field, func(id onnx.ID, _ string) error { *list.to = append(*list.to, id); return nil }); err != nil {
			return err
		}
	}
	for _, text := range []struct {
		field int
		key   string
	}{{0, "name"}, {1, "doc_string"}} {
		if err := r.text(t, text.field, onnx.NodeText, text.key); err != nil {
			return err
		}
	}
	arguments, err := t.Offsets(10)
	if err != nil {
		return err
	}
	n.Attributes = int(arguments.Len)
	if err := r.visit.Node(g, n); err != nil {
		return err
	}
	return arguments.Tables(func(_ int64, x flatbuffer.Table) error { return r.attribute(g, n, x) })
}
