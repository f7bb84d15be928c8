// Package tfjs reads the models of TensorFlow.js: the document model.json, and the older documents that list weights only. It is
// for detectors. It reads no weights, follows no path, and judges nothing.
package tfjs

import (
	"bytes"
	"io"
	"slices"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "tfjs"

// The members of a document.
const (
	topologyKey = "modelTopology"
	manifestKey = "weightsManifest"
)

// Format recognises models of TensorFlow.js.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "TensorFlow.js model", MediaType: "application/x-tfjs+json", Refines: json.Name, Risk: format.Active, Parsed: true,
		Spec: "https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts"}
}

// Match implements format.Format: a document with a topology or a manifest of weights, or a list that is such a manifest.
func (Format) Match(p format.Probe) bool {
	head := bytes.TrimLeft(p.Head, " \t\r\n")
	if len(head) > 0 && head[0] == '[' {
		return (json.Format{}).Match(p) && both(p, `"weights"`) && both(p, `"paths"`) && both(p, `"dtype"`)
	}
	if int64(len(p.Head)) == p.Size && !bytes.Contains(p.Head, []byte(`\u`)) && !both(p, topologyKey) && !both(p, manifestKey) {
		return false
	}
	names := json.Members(p)
	whole := int64(len(p.Head)) == p.Size
	return slices.Contains(names, topologyKey) || slices.Contains(names, manifestKey) ||
		!whole && slices.Contains(names, "format") && bytes.Contains(p.Tail, []byte(`"`+manifestKey+`"`))
}

// both looks for a word at the start and at the end.
func both(p format.Probe, word string) bool {
	return bytes.Contains(p.Head, []byte(word)) || bytes.Contains(p.Tail, []byte(word))
}

// Model is a document.
type Model struct {
	Kind     string // "layers-model", "graph-model"; empty when the document does not say
	Groups   []Group
	Topology *jsonstream.Node // nil for none
	Graphs   []*jsonstream.Node
	Texts    []*jsonstream.Node // who made it
	Root     *jsonstream.Node
}

// Group is a list of weights, and of the files that hold them one after the other.
type Group struct {
	Paths   []*jsonstream.Node
	Weights []Weight
}

// Weight is one array.
type Weight struct {
	Name string
	Type string // as it is stored
	Dims []int64
	Bad  bool // the shape is no list of whole numbers
	At   int64
}

// Bytes is how much room the weight takes in the files; ok is false when the type or the shape does not say.
func (w Weight) Bytes() (n int64, ok bool) {
	const most = 1 << 50
	switch w.Type {
	case "float32", "int32":
		n = 4
	case "float16", "uint16":
		n = 2
	case "bool", "uint8":
		n = 1
	case "complex64":
		n = 8
	default:
		return 0, false
	}
	for _, d := range w.Dims {
		if d < 0 || d > 0 && n > most/d {
			return 0, false
		}
		n *= d
	}
	return n, !w.Bad
}

// Read reads a document. The error wraps format.ErrMalformed when it is no JSON or larger than 8 MiB, or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget) (Model, error) {
	root, err := json.Tree(b, budget)
	if err != nil {
		return Model{}, err
	}
	m := Model{Root: root, Kind: root.Get("format").String(), Topology: root.Get(topologyKey)}
	manifest := root.Get(manifestKey)
	if root.Kind == jsonstream.ArrayStart {
		manifest = root
	}
	if manifest != nil {
		for _, g := range manifest.Children {
			m.Groups = append(m.Groups, group(g))
		}
	}
	for _, key := range []string{topologyKey, "modelInitializer"} {
		if g := root.Get(key); g.Get("node") != nil || g.Get("library") != nil {
			m.Graphs = append(m.Graphs, g)
		}
	}
	for _, key := range []string{"generatedBy", "convertedBy"} {
		if t := root.Get(key); t != nil {
			m.Texts = append(m.Texts, t)
		}
	}
	return m, nil
}

// group reads one group of weights.
func group(n *jsonstream.Node) Group {
	g := Group{}
	if paths := n.Get("paths"); paths != nil {
		g.Paths = paths.Children
	}
	weights := n.Get("weights")
	if weights == nil {
		return g
	}
	for _, x := range weights.Children {
		w := Weight{Name: x.Get("name").String(), Type: x.Get("dtype").String(), At: x.Offset}
		if q := x.Get("quantization"); q.Get("dtype") != nil {
			w.Type = q.Get("dtype").String()
		}
		shape := x.Get("shape")
		w.Bad = shape == nil || shape.Kind != jsonstream.ArrayStart
		if !w.Bad {
			for _, d := range shape.Children {
				v, err := strconv.ParseInt(d.Text, 10, 64)
				w.Bad = w.Bad || err != nil || d.Kind != jsonstream.Number
				w.Dims = append(w.Dims, v)
			}
		}
		g.Weights = append(g.Weights, w)
	}
	return g
}

// Value is the part of the content that is the value of a member.
func Value(b *format.Blob, n *jsonstream.Node) (*format.Blob, error) {
	const most = 1 << 12 // bytes of a name and what stands before its value
	head, err := b.ReadRange(n.Offset, min(most, b.Size()-n.Offset))
	if err != nil {
		return nil, err
	}
	colon := bytes.IndexByte(head, ':') // the names of members that are asked for have none
	if colon < 0 {
		return nil, format.Malformed(n.Offset, "a member without a value")
	}
	start := n.Offset + int64(colon) + 1
	rest, err := b.Section(start, b.Size()-start)
	if err != nil {
		return nil, err
	}
	in := io.NewSectionReader(rest.At(), 0, rest.Size())
	r := jsonstream.New(in, jsonstream.Options{Depth: json.MaxDepth, Python: true})
	for {
		if _, err := r.Next(); err != nil {
			return nil, format.Malformed(start, "a value that is no JSON: %v", err)
		}
		if r.Depth() == 0 {
			return rest.Section(0, r.Offset())
		}
	}
}
