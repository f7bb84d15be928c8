// Package onnx judges ONNX models, also in the format of ONNX Runtime: operators that run Python, call the network or need a library that nobody named, data that
// is read from outside of the model, tensors whose size lies, graphs made to exhaust memory, texts with code, and outputs that
// a comparison of the input with a constant switches. It never runs a graph, opens files only beside the model to see whether
// they are there, and reads no numbers but those that say how large something becomes. What weights have learned is not judged.
package onnx

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/ort"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/internal/protomsg"
)

// Detector inspects ONNX models. Make it with New.
type Detector struct{ known operators }

// New makes the detector.
func New() Detector { return Detector{known: newOperators()} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "onnx", Title: "ONNX: operators, external data, tensors, gated outputs",
		Formats: []string{onnx.Name, ort.Name, onnx.TensorName}, Rules: append(ownRules(), freetext.Rules()...),
	}
}

// scan is one run over one model. It implements onnx.Visitor.
type scan struct {
	ctx       context.Context
	in        detect.Input
	out       *detect.Output
	known     operators
	list      *findings.List
	judge     *freetext.Judge
	model     *onnx.Model
	local     map[operator]*function // of the model
	functions []*function            // in the order of the file
	main      function               // what the graph of the model calls
	graph     *flow                  // that is being read
	files     map[string]int64       // external files and their size; -1 for one that is not there
	ends      map[string]int64       // external files, and where the tensor that reaches furthest ends
	hidden    int                    // fields that the schema does not have
	parts     int64                  // bytes that were handed on to other detectors
}

// Detect implements detect.Detector.
func (d Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{ctx: ctx, in: in, out: out, known: d.known, list: findings.New(out), local: map[operator]*function{},
		files: map[string]int64{}, ends: map[string]int64{}, main: function{calls: map[*function]int64{}}}
	s.judge = freetext.New(out, s.list)
	defer s.list.Close()
	read := onnx.Read
	switch in.Format {
	case ort.Name:
		read = ort.Read
	case onnx.TensorName:
		read = onnx.ReadTensor
	}
	err := read(in.Blob, in.Budget, s)
	for ; s.graph != nil; s.graph = s.graph.parent {
		s.graph.release()
	}
	if err != nil {
		return err
	}
	s.expansion()
	s.vouch()
	out.Parsed(in.Blob.Size() - s.parts)
	return nil
}

// Model implements onnx.Visitor.
func (s *scan) Model(m *onnx.Model) error {
	s.model = m
	seen := map[string]int64{}
	for _, i := range m.Imports {
		domain := named(i.Domain, "").domain
		if version, again := seen[domain]; again && version != i.Version {
			s.list.Add(ruleImport(), i.Offset, domain, fmt.Sprintf("version %d and version %d of one set of operators are imported", version, i.Version))
		}
		seen[domain] = i.Version
	}
	for _, f := range m.Functions {
		name := named(f.Domain, f.Name)
		if _, ok := s.known.since[name]; ok {
			s.list.Add(ruleShadow(), f.Offset, name.domain+"."+name.name, "a function of the model takes the place of a known operator")
		}
		variant := overloaded(f.Domain, f.Name, f.Overload)
		if s.local[variant] != nil {
			s.list.Add(ruleDuplicate(), f.Offset, name.domain+"."+name.name, "two functions of the model have one name")
		}
		fn := &function{at: f.Offset, name: name.domain + "." + name.name, calls: map[*function]int64{}}
		s.local[variant], s.functions = fn, append(s.functions, fn)
	}
	return nil
}

// Graph implements onnx.Visitor.
func (s *scan) Graph(*onnx.Graph) error {
	s.graph = newFlow(s.in.Budget, s.graph)
	return nil
}

// Node implements onnx.Visitor.
func (s *scan) Node(g *onnx.Graph, n *onnx.Node) error {
	name := named(n.Domain, n.Op)
	fn := s.local[overloaded(n.Domain, n.Op, n.Overload)]
	s.caller(g).calling(fn)
	if fn == nil {
		s.operator(g, n, name)
		s.graph.add(n, nil)
		return nil
	}
	s.graph.add(n, &fn.does)
	return nil
}

// operator judges what a node calls.
func (s *scan) operator(g *onnx.Graph, n *onnx.Node, name operator) {
	subject := name.domain + "." + name.name
	switch effectOf(name.name) {
	case runsPython:
		s.list.Named(rulePython(), n.Offset, subject, "the graph calls Python: the node names a module, which is imported, and a callable in it",
			"Python operator of ONNX Runtime")
		return
	case callsNet:
		s.list.Add(ruleNetwork(), n.Offset, subject, "the graph sends its input to an address")
		return
	case readsFile:
		s.list.Add(ruleFile(), n.Offset, subject, "the graph reads files whose names it computes")
		return
	case runsBinary:
		s.list.Add(ruleBinary(), n.Offset, subject, "a part of the graph is a compiled program, which cannot be judged")
		return
	}
	since, ok := s.known.since[name]
	if !ok {
		what := "no known library has this operator: the model runs only with one that its author brings"
		technique := ""
		if mayBePython(name.domain) {
			what, technique = "no known library has this operator: in this domain it is a Python function", "Python operator of onnxruntime-extensions"
		}
		s.list.Named(ruleUnknown(), n.Offset, subject, what, technique)
		return
	}
	imports := s.model.Imports
	if g.Function != nil {
		imports = g.Function.Imports
	}
	if version := importedVersion(imports, name.domain); version >= 0 && since > version && g.Kind != onnx.Body {
		s.list.Add(ruleImport(), n.Offset, subject, fmt.Sprintf("the operator exists since version %d, the model imports version %d", since, version))
	}
}

// Attribute implements onnx.Visitor.
func (s *scan) Attribute(_ *onnx.Graph, n *onnx.Node, a *onnx.Attribute) error {
	s.graph.attribute(n, a)
	if !a.Has || a.Text.Size == 0 {
		return nil
	}
	if effectOf(n.Op) == runsBinary && (a.Name == "ep_cache_context" || a.Name == "DLC") {
		return s.compiled(n, a)
	}
	text, err := s.text(a.Text)
	if err != nil {
		return err
	}
	s.library(a.Offset, a.Name, text)
	if err := s.judge.Text(s.ctx, picket.At("", a.Text.Offset), "attribute "+quoted(a.Name), text); err != nil {
		return err
	}
	if a.Text.Size >= leastPart && !printable(text) {
		return s.inspect(fmt.Sprintf("attribute at %d", a.Text.Offset), a.Text.Offset, a.Text.Size, detect.TensorData)
	}
	return nil
}

// compiled looks at the program of an accelerator: bytes, or the name of a file.
func (s *scan) compiled(n *onnx.Node, a *onnx.Attribute) error {
	text, err := s.text(a.Text)
	if err != nil {
		return err
	}
	if a.Text.Size > longestPath || !printable(text) {
		return s.inspect(fmt.Sprintf("compiled program at %d", a.Text.Offset), a.Text.Offset, a.Text.Size, detect.Anything)
	}
	if why := findings.Leaves(text); why != "" {
		s.list.Add(rulePath(), a.Offset, text, "the file of a compiled program "+why)
	}
	return nil
}

// Bounds of what is looked at.
const (
	longestPath = 4096
	longestWord = 1 << 10 // bytes of a text that may be plain
	mostText    = 1 << 20 // bytes of one text that are judged
	leastPart   = 24      // bytes that can be a file of a known format
	mostHidden  = 1000    // fields that the schema does not have, and are inspected
)

// text reads a text as far as it is judged.
func (s *scan) text(m protomsg.Message) (string, error) {
	b, cut, err := m.Read(mostText)
	if cut {
		s.out.Gap(m.Offset+mostText, m.Size-mostText, "a text is longer than what is inspected")
	}
	return string(b), err
}

// library reports the name of a native library.
func (s *scan) library(at int64, key, text string) {
	if len(text) <= longestPath && findings.Library(text) {
		s.list.Add(ruleLibrary(), at, text, quoted(key)+" names a library of native code")
	}
}

// Text implements onnx.Visitor. Exporters write stack traces with paths and source lines at nodes and values: there, only what
// acts on the reader counts.
func (s *scan) Text(t onnx.Text) error {
	if t.Where == onnx.NodeText || t.Where == onnx.ValueText {
		return s.quickText(t)
	}
	if word, err := t.Body.View(longestWord); err != nil || t.Body.Size <= longestWord && freetext.Plain(word) {
		return err
	}
	text, err := s.text(t.Body)
	if err != nil {
		return err
	}
	s.library(t.Offset, t.Key, text)
	return s.judge.Text(s.ctx, picket.At("", t.Offset), string(t.Where)+" "+quoted(t.Key), text)
}

// quickText looks for terminal escapes and markup in a text of which a model has very many.
func (s *scan) quickText(t onnx.Text) error {
	b, err := t.Body.View(t.Body.Size)
	if err != nil {
		return err
	}
	if int64(len(b)) < t.Body.Size {
		text, err := s.text(t.Body)
		if err != nil {
			return err
		}
		b = []byte(text)
	}
	if !marked(b) {
		return nil
	}
	for _, sign := range freetext.Look(string(b)) {
		if sign.Rule.Class == picket.Content && sign.Rule.Severity == picket.High && !strings.HasSuffix(sign.Rule.ID, ".path") {
			s.list.Report(picket.Finding{Rule: sign.Rule, Location: picket.At("", t.Offset), Subject: picket.Printable(t.Key, 80),
				Confidence: picket.Likely, Evidence: picket.NewEvidence(string(t.Where)+" "+quoted(t.Key)+" "+sign.What, sign.Match)})
		}
	}
	return nil
}

// marked reports whether a text has a byte that markup, an escape or an invisible character needs.
func marked(b []byte) bool {
	for _, c := range b {
		if c == '<' || c == ':' || c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return true
		}
	}
	return false
}

// printable reports whether a text has no control characters.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// quoted is a name for a sentence.
func quoted(name string) string { return `"` + picket.Printable(name, 60) + `"` }

// Problem implements onnx.Visitor. Bytes in fields that no reader knows are inspected like any other file.
func (s *scan) Problem(p onnx.Problem) error {
	switch p.Fault {
	case onnx.DeepGraph:
		s.list.Add(ruleDepth(), p.Offset, "", "graphs are nested deeper than readers follow")
		return format.Malformed(p.Offset, "graphs are nested deeper than readers follow")
	case onnx.RepeatedField:
		s.list.Add(ruleRepeated(), p.Offset, fmt.Sprintf("%s.%d", p.Message, p.Number), "a field that stands once stands again")
		return nil
	case onnx.Trailing:
		s.list.Add(ruleTrailing(), p.Offset, "", "bytes that are no part of the model follow the graph")
		return s.inspect("data after the graph", p.Offset, p.Body.Size, detect.Anything)
	}
	s.list.Add(ruleField(), p.Offset, fmt.Sprintf("%s.%d", p.Message, p.Number), "the schema has no such field")
	if p.Body.Size < leastPart {
		return nil
	}
	if s.hidden++; s.hidden > mostHidden {
		if s.hidden == mostHidden+1 {
			s.out.Gap(p.Offset, -1, "more fields that the schema does not have than are inspected")
		}
		return nil
	}
	return s.inspect(fmt.Sprintf("field at %d", p.Offset), p.Body.Offset, p.Body.Size, detect.TensorData)
}

// inspect hands a range of the model to the engine.
func (s *scan) inspect(name string, offset, size int64, expect detect.Expect) error {
	blob, err := s.in.Blob.Section(offset, size)
	if err != nil {
		return err
	}
	s.parts += size
	return s.out.Inspect(s.ctx, detect.Part{Name: name, Blob: blob, Expect: expect})
}
