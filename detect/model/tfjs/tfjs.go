// Package tfjs judges models of TensorFlow.js: weights that are loaded from elsewhere, operations with effects or that no
// TensorFlow has, the configuration of layers, and sizes that do not fit the files of weights. By a document it vouches for the
// files of weights beside it. It follows no path and reads no weights.
package tfjs

import (
	"context"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/tfjs"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/tensorflow"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Detector inspects models of TensorFlow.js.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "tfjs", Title: "TensorFlow.js: paths of weights, operations, layers", Formats: []string{tfjs.Name},
		Rules: append([]picket.Rule{rulePath(), ruleEffect(), ruleCustom(), ruleBounds(), ruleMissing()}, freetext.Rules()...)}
}

// scan is one run over one document.
type scan struct {
	in   detect.Input
	out  *detect.Output
	list *findings.List
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	m, err := tfjs.Read(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	s := &scan{in: in, out: out, list: findings.New(out)}
	defer s.list.Close()
	for _, g := range m.Groups {
		s.group(g)
	}
	for _, g := range m.Graphs {
		if err := s.graph(g); err != nil {
			return err
		}
	}
	texts := freetext.New(out, s.list)
	for _, t := range m.Texts {
		if err := texts.Text(ctx, picket.At("", t.Offset), t.Key, t.Text); err != nil {
			return err
		}
	}
	out.Parsed(in.Blob.Size())
	if m.Topology == nil || len(m.Graphs) > 0 && m.Topology.Get("model_config") == nil && m.Topology.Get("class_name") == nil {
		return nil
	}
	config, err := tfjs.Value(in.Blob, m.Topology)
	if err != nil {
		return err
	}
	return out.Inspect(ctx, detect.Part{Name: "modelTopology", Blob: config, As: keras.NameConfig})
}

// group judges one group of weights and the files that hold them.
func (s *scan) group(g tfjs.Group) {
	for _, p := range g.Paths {
		if why := findings.Leaves(p.Text); why != "" || p.Kind != jsonstream.String {
			s.list.Named(rulePath(), p.Offset, p.Text, "the path of a file of weights "+why, "weights from elsewhere")
			return
		}
	}
	total, known := int64(0), true
	for _, w := range g.Weights {
		n, ok := w.Bytes()
		known = known && ok
		total += n
		if w.Type != "string" && !ok {
			s.list.Add(ruleBounds(), w.At, w.Name, fmt.Sprintf("a weight of type %s and shape %v has no size", picket.Printable(w.Type, 20), w.Dims))
		}
	}
	if s.in.Sibling == nil || len(g.Paths) == 0 || len(g.Weights) == 0 {
		return
	}
	have, complete := shards(s.in, g)
	switch {
	case !complete:
		s.list.Add(ruleMissing(), g.Paths[0].Offset, g.Paths[0].Text, "a file of weights is not beside the document")
	case known && have == total:
		for _, p := range g.Paths {
			s.out.Vouch(p.Text)
		}
	case known && have < total:
		s.list.Add(ruleBounds(), g.Paths[0].Offset, g.Paths[0].Text, fmt.Sprintf("the weights need %d bytes and their files have %d", total, have))
	}
}

// shards sums up the files of a group; complete is false when one is not there.
func shards(in detect.Input, g tfjs.Group) (size int64, complete bool) {
	for _, p := range g.Paths {
		if findings.Leaves(p.Text) != "" {
			return 0, false
		}
		b, err := in.Sibling(p.Text)
		if err != nil || b.Size() < 0 {
			return 0, false
		}
		size += b.Size()
	}
	return size, true
}

// graph judges the operations of a graph and of its functions, which are written as TensorFlow writes graphs in JSON.
func (s *scan) graph(g *jsonstream.Node) error {
	functions := map[string]bool{}
	lists := []*jsonstream.Node{g.Get("node")}
	if library := g.Get("library").Get("function"); library != nil {
		for _, f := range library.Children {
			functions[f.Get("signature").Get("name").String()] = true
			lists = append(lists, f.Get("nodeDef"))
		}
	}
	steps := int64(1)
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, n := range list.Children {
			steps++
			s.node(n, functions)
		}
	}
	return s.in.Budget.Ops(steps)
}

// node judges one node.
func (s *scan) node(n *jsonstream.Node, functions map[string]bool) {
	op := n.Get("op").String()
	switch does, registered := tensorflow.Operation(op); {
	case does != "":
		s.list.Named(ruleEffect(), n.Offset, op, fmt.Sprintf("node %s is the operation %s of TensorFlow (%s)", picket.Printable(n.Get("name").String(), 80), op, does), op)
	case !registered && !functions[op] && !own(op):
		s.list.Named(ruleCustom(), n.Offset, op, fmt.Sprintf("node %s needs the operation %s, which TensorFlow does not have", picket.Printable(n.Get("name").String(), 80), picket.Printable(op, 80)), "custom operation")
	}
}

// own reports whether an operation is one that the converter of TensorFlow.js makes of others.
func own(op string) bool {
	switch op {
	case "Conv1D", "DepthwiseConv2d", "FusedDepthwiseConv2dNative", "Ones", "Prelu", "Zeros":
		return true
	}
	return false
}
