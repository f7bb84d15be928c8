// Package pmml reads models in the Predictive Model Markup Language, versions 1 to 4.4. It is for detectors: it hands on what
// a model can ask of the evaluator beyond arithmetic (functions by name, extensions, tables kept elsewhere, elements of no
// specification), and skips the numbers. It reads forward in constant memory and judges nothing.
// Specification: https://dmg.org/pmml/v4-4-1/GeneralStructure.html
package pmml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "pmml"

// Format recognises PMML documents.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "PMML model", MediaType: "application/xml", Extensions: []string{".pmml"}, Refines: xml.Name,
		// Evaluators look functions up by the names that the model gives, in their own class path too.
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://dmg.org/pmml/v4-4-1/GeneralStructure.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	root, ok := xml.Root(p)
	return ok && root.Name == "PMML"
}

// Text is a text of the model with its place.
type Text struct {
	Element string // the name of the element that it belongs to
	Attr    string // the name of the attribute; empty for what stands between tags
	Value   string // up to maxText bytes
	Cut     bool   // the text is longer
	Offset  int64  // bytes from the start of the document to the element, or the text
	// Foreign is true inside of an Extension or of an element that PMML does not know.
	Foreign bool
}

// Visitor receives what Read finds, in the order of the document. Every function must be set.
type Visitor struct {
	Apply  func(function string, offset int64) // a function is called by its name
	Define func(function string, offset int64) // the model defines a function
	Text   func(Text)                          // every long text, and every text of extensions and unknown elements
	// Unknown: an element that no version of PMML has, outside of tables. Inside of an Extension it is allowed.
	Unknown func(element string, offset int64, extension bool)
	Table   func(offset int64) // a table is kept elsewhere
}

// Header sums up a model that was read to its end.
type Header struct {
	Version    string
	Namespace  string
	Elements   int64
	Extensions int64
}

// Bounds of what is kept.
const (
	maxText  = 64 << 10 // bytes of one text
	longText = 24       // bytes from which a text may be more than a name or a number
)

// reader reads one document.
type reader struct {
	xml   *xml.Reader
	visit Visitor
	h     Header
	stack []place
}

// place is one open element.
type place struct {
	name    string
	foreign bool // inside of an extension or of an unknown element
	table   bool // inside of a table, whose columns may have any name
}

// Read reads a document. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) (Header, error) {
	in, err := b.Open()
	if err != nil {
		return Header{}, fmt.Errorf("open PMML document: %w", err)
	}
	r := &reader{xml: xml.New(in, xml.Options{Depth: xml.MaxDepth, Text: maxText, Budget: budget}), visit: visit}
	for err == nil {
		var t *xml.Token
		if t, err = r.xml.Next(); err != nil || t.Kind == xml.EOF {
			break
		}
		r.token(t)
	}
	return r.h, errors.Join(err, in.Close())
}

// token handles one token.
func (r *reader) token(t *xml.Token) {
	switch t.Kind {
	case xml.Start:
		r.element(t)
	case xml.End:
		r.stack = r.stack[:len(r.stack)-1]
	case xml.Text:
		at := r.stack[len(r.stack)-1]
		r.text(Text{Element: at.name, Value: string(t.Text), Cut: t.Cut, Offset: t.Offset, Foreign: at.foreign})
	}
}

// element handles a start tag.
func (r *reader) element(t *xml.Token) {
	r.h.Elements++
	at := place{name: t.Name}
	if n := len(r.stack); n > 0 {
		at.foreign, at.table = r.stack[n-1].foreign, r.stack[n-1].table
	} else {
		r.h.Version, r.h.Namespace = t.Get("version"), namespace(t)
	}
	switch {
	case t.Name == "Extension":
		at.foreign = true
		r.h.Extensions++
	case !at.table && !elements[t.Name]:
		r.visit.Unknown(t.Name, t.Offset, at.foreign)
		at.foreign = true
	case t.Name == "InlineTable":
		at.table = true
	case t.Name == "TableLocator":
		r.visit.Table(t.Offset)
	case t.Name == "Apply":
		r.visit.Apply(t.Get("function"), t.Offset)
	case t.Name == "DefineFunction":
		r.visit.Define(t.Get("name"), t.Offset)
	}
	r.stack = append(r.stack, at)
	for _, a := range t.Attr {
		if a.Space != "xmlns" && a.Name != "xmlns" && a.Space != "xsi" {
			r.text(Text{Element: t.Name, Attr: a.Name, Value: a.Value, Offset: t.Offset, Foreign: at.foreign})
		}
	}
}

// text hands on a text that may be more than a name or a number.
func (r *reader) text(t Text) {
	if (t.Foreign || len(t.Value) >= longText) && strings.TrimLeft(t.Value, " \t\r\n0123456789.eE+-") != "" {
		r.visit.Text(t)
	}
}

// namespace is the namespace of the root element.
func namespace(t *xml.Token) string {
	for _, a := range t.Attr {
		if a.Space == "" && a.Name == "xmlns" || a.Space == "xmlns" && a.Name == t.Space {
			return a.Value
		}
	}
	return ""
}
