// Package xml reads XML of hostile origin one token at a time, in constant memory whatever the size of the document, and
// recognises documents by their root element. It is for parsers of formats that are XML and for the detector of what all of
// them have in common. It expands no entity, fetches nothing, builds no tree and judges nothing.
// Specification: https://www.w3.org/TR/xml/ and https://www.w3.org/TR/xml-names/
package xml

import (
	"bytes"
	"io"
	"strings"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "xml"

// Format recognises XML documents: by their declaration, or by a document type that is not HTML's. Formats of a known root
// element find their documents without either through Root.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "XML document", MediaType: "application/xml", Extensions: []string{".xml"}, Refines: "text",
		Risk: format.Data, Forward: true, Parsed: true, Spec: "https://www.w3.org/TR/xml/",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	head := clean(p.Head)
	if len(head) < 7 || head[0] != '<' {
		return false
	}
	if bytes.HasPrefix(head, []byte("<?xml")) && (head[5] == ' ' || head[5] == '\t' || head[5] == '\r' || head[5] == '\n') {
		return true
	}
	if _, ok := Root(p); !ok {
		return false
	}
	return bytes.HasPrefix(head, []byte("<!DOCTYPE")) && !bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(head[9:])), []byte("html"))
}

// clean is the start of the content as UTF-8, without a byte order mark and white space.
func clean(head []byte) []byte {
	const enough = 256 // bytes that tell a document from other text
	if order := wide(head); order != nil {
		head = decodeWide(head[:min(len(head), 4*enough)&^1], order)
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	return bytes.TrimLeft(head, " \t\r\n")
}

// Element is the start tag of a root element.
type Element struct {
	Name  string // without the prefix
	Space string // the prefix
	Attr  []Attr
	Child string // the name of the first element inside, if the head holds it
}

// Get returns the value of an attribute by its name without prefix; empty when there is none.
func (e Element) Get(name string) string { return get(e.Attr, name) }

// Root finds the root element of a document, in its head or behind as many comments as fit into 32 MiB. It returns false for what
// is no XML as far as that goes.
func Root(p format.Probe) (Element, bool) {
	if head := clean(p.Head); len(head) < 4 || head[0] != '<' || strings.IndexByte("?!", head[1]) < 0 && !nameByte(head[1]) {
		return Element{}, false
	}
	root, found := first(bytes.NewReader(p.Head))
	if found || int64(len(p.Head)) == p.Size || p.Blob == nil {
		return root, found
	}
	in, err := p.Blob.Open()
	if err != nil {
		return root, false // whoever reads the content reports it
	}
	const far = 32 << 20
	root, found = first(io.LimitReader(in, far))
	return root, in.Close() == nil && found
}

// first finds the first element, and the name of the first one in it.
func first(in io.Reader) (Element, bool) {
	r := New(in, Options{Depth: 8, Text: 16})
	var root Element
	found := false
	for {
		t, err := r.Next()
		if err != nil || t.Kind == EOF || t.Kind == End {
			return root, found
		}
		if t.Kind != Start {
			continue
		}
		if found {
			root.Child = t.Name
			return root, true
		}
		root, found = Element{Name: t.Name, Space: t.Space, Attr: append([]Attr(nil), t.Attr...)}, true
	}
}
