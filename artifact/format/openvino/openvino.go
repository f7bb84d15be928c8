// Package openvino reads the graphs of OpenVINO's intermediate representation, versions 2 to 11, and the two configurations of
// its runtime that name native code: of plugins and of custom kernels. It is for detectors: it hands on layers, where their
// weights lie in the file beside the graph, notes, and what names code. It reads forward in constant memory and judges
// nothing. Specification: https://docs.openvino.ai/2025/documentation/openvino-ir-format.html
package openvino

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "openvino"

// Format recognises the documents of OpenVINO.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "OpenVINO model", MediaType: "application/xml", Refines: xml.Name,
		// Layers of extensions and plugins are native code that the document names.
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://docs.openvino.ai/2025/documentation/openvino-ir-format.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	root, ok := xml.Root(p)
	if !ok {
		return false
	}
	switch root.Name {
	case "net", "Net":
		return root.Child == "layers" || root.Child == "pre-process" || root.Child == "meta_data" || root.Child == "edges" || root.Child == "rt_info" ||
			root.Get("version") != "" && (root.Child == "" || root.Child == "layer")
	case "ie":
		return root.Child == "plugins"
	case "CustomLayer":
		return root.Get("type") != "" || root.Child == "Kernel"
	}
	return false
}

// Layer is one operation of the graph.
type Layer struct {
	Name    string
	Type    string
	Version string // the set of operations that Type belongs to; empty before version 10
	Offset  int64  // bytes from the start of the document
}

// Known says which operations of the runtime, and of its vendor's libraries, a layer can be.
func (l Layer) Known() bool {
	t := strings.ToLower(l.Type)
	switch {
	case l.Version == "":
		return oldOperations[t]
	case strings.HasPrefix(l.Version, "opset"):
		n, err := strconv.Atoi(l.Version[len("opset"):])
		return operations[t] && err == nil && n > 0 && n < 100
	case l.Version == "ie_internal_opset" || l.Version == "util":
		return internalOperations[t] || operations[t]
	case l.Version == "extension" || l.Version == "tokenizers":
		return tokenizerOperations[t]
	}
	return false
}

// Weights is where a constant lies in the file of weights beside the graph.
type Weights struct {
	Layer  string
	Type   string // of the elements; empty before version 10
	Shape  string // as it is written: "1, 64"
	Start  int64  // bytes from the start of the file of weights
	Size   int64  // bytes
	Bad    bool   // the numbers cannot be read, or overflow
	Offset int64  // bytes from the start of the document
}

// Attr is an attribute of a layer or of a note, or the text of a note.
type Attr struct {
	Element string // the name of the element
	Name    string // of the attribute; empty for a text
	Value   string // up to maxText bytes
	Cut     bool   // the text is longer
	Note    bool   // of the notes about the model (rt_info), not of a layer
	Offset  int64
}

// Visitor receives what Read finds, in the order of the document. Every function must be set.
type Visitor struct {
	Layer   func(Layer)
	Weights func(Weights)
	Attr    func(Attr)
	Plugin  func(name, location string, offset int64) // a shared library that the runtime loads
	Kernel  func(file string, offset int64)           // the source of a kernel that the runtime compiles
}

// Bounds of what is kept.
const maxText = 1 << 20 // bytes of one text

// reader reads one document.
type reader struct {
	xml    *xml.Reader
	visit  Visitor
	stack  []string
	notes  int // how many of the open elements are rt_info or inside of one
	layers []Layer
}

// Read reads a document. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) error {
	in, err := b.Open()
	if err != nil {
		return fmt.Errorf("open OpenVINO document: %w", err)
	}
	r := &reader{xml: xml.New(in, xml.Options{Depth: xml.MaxDepth, Text: maxText, Budget: budget}), visit: visit}
	for err == nil {
		var t *xml.Token
		if t, err = r.xml.Next(); err != nil || t.Kind == xml.EOF {
			break
		}
		r.token(t)
	}
	return errors.Join(err, in.Close())
}

// token handles one token.
func (r *reader) token(t *xml.Token) {
	switch t.Kind {
	case xml.Start:
		r.element(t)
		r.stack = append(r.stack, t.Name)
		if t.Name == "rt_info" || r.notes > 0 {
			r.notes++
		}
	case xml.End:
		r.stack = r.stack[:len(r.stack)-1]
		r.notes = max(0, r.notes-1)
		if t.Name == "layer" && len(r.layers) > 0 {
			r.layers = r.layers[:len(r.layers)-1]
		}
	case xml.Text:
		if r.notes > 0 && strings.TrimSpace(string(t.Text)) != "" {
			r.visit.Attr(Attr{Element: r.stack[len(r.stack)-1], Value: string(t.Text), Cut: t.Cut, Note: true, Offset: t.Offset})
		}
	}
}

// element handles a start tag.
func (r *reader) element(t *xml.Token) {
	if r.notes == 0 {
		r.structure(t)
	}
	if t.Name == "port" || t.Name == "dim" || t.Name == "edge" { // numbers, and names of tensors
		return
	}
	for _, a := range t.Attr {
		r.visit.Attr(Attr{Element: t.Name, Name: a.Name, Value: a.Value, Note: r.notes > 0, Offset: t.Offset})
	}
}

// structure handles an element that is part of the graph or of a configuration.
func (r *reader) structure(t *xml.Token) {
	switch t.Name {
	case "layer":
		l := Layer{Name: t.Get("name"), Type: t.Get("type"), Version: t.Get("version"), Offset: t.Offset}
		r.layers = append(r.layers, l)
		r.visit.Layer(l)
	case "plugin":
		r.visit.Plugin(t.Get("name"), t.Get("location"), t.Offset)
	case "Source":
		r.visit.Kernel(t.Get("filename"), t.Offset)
	case "data", "weights", "biases", "mean", "custom", "blob":
		if has(t.Attr, "offset") || has(t.Attr, "size") && t.Name != "data" {
			r.weights(t)
		}
	}
}

// weights hands on where a constant lies.
func (r *reader) weights(t *xml.Token) {
	w := Weights{Type: t.Get("element_type"), Shape: t.Get("shape"), Offset: t.Offset}
	if n := len(r.layers); n > 0 {
		w.Layer = r.layers[n-1].Name
		if l := strings.ToLower(r.layers[n-1].Type); t.Name == "data" && l != "const" && l != "constant" { // Crop has an offset of its own
			return
		}
	}
	var err, err2 error
	w.Start, err = number(t.Get("offset"))
	w.Size, err2 = number(t.Get("size"))
	w.Bad = err != nil || err2 != nil || w.Start > 1<<62-w.Size
	r.visit.Weights(w)
}

// number reads a number of bytes; none is zero.
func number(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 63)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// has reports whether there is an attribute of a name.
func has(attrs []xml.Attr, name string) bool {
	for _, a := range attrs {
		if a.Name == name {
			return true
		}
	}
	return false
}

// Bits is the number of bits of an element of a type; false for one that has no fixed size or does not exist.
func Bits(t string) (int64, bool) {
	n, ok := bits[strings.ToLower(t)]
	return n, ok
}

// bits are the sizes of the types of elements.
var bits = map[string]int64{
	"f64": 64, "f32": 32, "f16": 16, "bf16": 16, "f8e4m3": 8, "f8e5m2": 8, "f8e8m0": 8, "f4e2m1": 4, "nf4": 4, "i64": 64, "i32": 32, "i16": 16, "i8": 8,
	"i4": 4, "u64": 64, "u32": 32, "u16": 16, "u8": 8, "u4": 4, "u3": 3, "u6": 6, "u2": 2, "u1": 1, "boolean": 8, "i2": 2,
}

// Bytes is how many bytes a constant has by its type and shape; false when it cannot be told, or overflows.
func (w Weights) Bytes() (int64, bool) {
	n, ok := Bits(w.Type)
	if !ok {
		return 0, false
	}
	for dim := range strings.SplitSeq(w.Shape, ",") {
		dim = strings.TrimSpace(dim)
		if dim == "" {
			continue
		}
		d, err := strconv.ParseInt(dim, 10, 62)
		if err != nil || d < 0 || d > 0 && n > (1<<62)/d {
			return 0, false
		}
		n *= d
	}
	return (n + 7) / 8, true
}
