// Package mxnet judges models of Apache MXNet: operators that call Python, addresses or libraries of someone else, graphs that
// refer to nothing, and files of parameters. It reads no parameters and runs nothing.
package mxnet

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/mxnet"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Detector inspects graphs and parameters. Make it with New.
type Detector struct{ operators map[string]bool }

// New makes the detector.
func New() Detector { return Detector{mxnet.Operators()} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "mxnet", Title: "MXNet: custom and native operators, graphs, parameters",
		Formats: []string{mxnet.Name, mxnet.SymbolName}, Rules: slices.Concat(rules(), freetext.Rules())}
}

// scan is one run over one file.
type scan struct {
	ctx       context.Context
	list      *findings.List
	judge     *freetext.Judge
	operators map[string]bool
	err       error // of the run itself
}

// Detect implements detect.Detector.
func (d Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	s := &scan{ctx: ctx, list: list, judge: freetext.New(out, list), operators: d.operators}
	if in.Format == mxnet.Name {
		return s.params(in, out)
	}
	root, err := json.Tree(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	if err := s.graph(root, 0); err != nil {
		return err
	}
	out.Parsed(in.Blob.Size())
	return s.err
}

// params accounts for a file of parameters.
func (s *scan) params(in detect.Input, out *detect.Output) error {
	p, err := mxnet.ReadParams(in.Blob, in.Budget, func(mxnet.Array) {}, func(name string, at int64) { s.text("the name of an array", name, at) })
	if err != nil || s.err != nil {
		return orElse(s.err, err)
	}
	out.Opaque(p.Data)
	out.Parsed(p.End - p.Data)
	rest := in.Blob.Size() - p.End
	if rest == 0 {
		return nil
	}
	s.list.Add(ruleTrailing(), p.End, "", fmt.Sprintf("%d bytes follow the names", rest))
	part, err := in.Blob.Section(p.End, rest)
	if err != nil {
		return err
	}
	return out.Inspect(s.ctx, detect.Part{Name: "data after the parameters", Blob: part})
}

// orElse returns the first error that is one.
func orElse(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// text judges a text.
func (s *scan) text(what, text string, at int64) {
	if s.err == nil {
		s.err = s.judge.Text(s.ctx, picket.At("", at), what, text)
	}
}

// maxNest is how deep graphs lie in each other: bodies of loops and branches.
const maxNest = 32

// graph judges one graph.
func (s *scan) graph(g *jsonstream.Node, depth int) error {
	nodes := g.Get("nodes")
	if nodes == nil || nodes.Kind != jsonstream.ArrayStart {
		return format.Malformed(g.Offset, "a graph has no list of nodes")
	}
	if depth > maxNest {
		return format.Malformed(g.Offset, "graphs lie in each other deeper than %d levels", maxNest)
	}
	for i, n := range nodes.Children {
		if err := s.node(n, i, depth); err != nil {
			return err
		}
	}
	for _, name := range []string{"heads", "arg_nodes"} {
		if list := g.Get(name); list != nil {
			s.refer(list, len(nodes.Children), name)
		}
	}
	return nil
}

// node judges one node, which stands at a place of its list.
func (s *scan) node(n *jsonstream.Node, place, depth int) error {
	op := n.Get("op").String()
	s.operator(op, n)
	if inputs := n.Get("inputs"); inputs != nil {
		s.refer(inputs, place, "an input")
	}
	s.text("the name of a node", n.Get("name").String(), n.Offset)
	for _, key := range []string{"attrs", "attr", "param"} { // newer and older files
		if attrs := n.Get(key); attrs != nil {
			for _, a := range attrs.Children {
				s.text("the attribute "+a.Key, a.Text, a.Offset)
			}
		}
	}
	if inner := n.Get("subgraphs"); inner != nil {
		for _, g := range inner.Children {
			if err := s.graph(g, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// refer checks numbers of nodes: each must be below a bound.
func (s *scan) refer(list *jsonstream.Node, below int, what string) {
	for _, x := range list.Children {
		if x.Kind == jsonstream.ArrayStart && len(x.Children) > 0 { // a node, and which of its outputs
			x = x.Children[0]
		}
		n, err := strconv.Atoi(x.Text)
		if x.Kind != jsonstream.Number || err != nil || n < 0 || n >= below {
			s.list.Add(ruleGraph(), x.Offset, "", fmt.Sprintf("%s is node %.20q, and there are %d before it", what, x.Text, below))
		}
	}
}

// operator judges an operator.
func (s *scan) operator(op string, n *jsonstream.Node) {
	switch {
	case s.operators[op]:
	case op == "_Native" || op == "_NDArray" || op == "_CustomFunction":
		s.list.Add(ruleNative(), n.Offset, op, "the operator "+op+" calls a function by its address")
	case op == "Custom":
		kind := n.Get("attrs").Get("op_type").String()
		s.list.Add(ruleCustom(), n.Offset, kind, fmt.Sprintf("the operator Custom makes the class that is registered as %q", kind))
	default:
		s.list.Add(ruleUnknown(), n.Offset, op, fmt.Sprintf("the operator %q is not one of MXNet's that only compute", op))
	}
}
