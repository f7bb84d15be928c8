// Package xml judges what all XML documents have in common: document types that read files or expand without measure,
// inclusion, instructions for interpreters, encodings that hide markup, and depth. What the elements of a model mean is for
// the detector of its format. It resolves and fetches nothing.
package xml

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

const (
	maxExpansion = 1 << 20 // bytes that one entity may become
	maxText      = 4 << 10 // bytes of an instruction that are shown
)

// Detector inspects XML documents.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "xml", Title: "XML: external entities, entity bombs, inclusion, hidden markup", Formats: []string{xml.Name}, Rules: rules()}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	content, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open document: %w", err)
	}
	list := findings.New(out)
	defer list.Close()
	r := xml.New(content, xml.Options{Depth: xml.MaxDepth, Text: maxText, Budget: in.Budget})
	for err == nil {
		var t *xml.Token
		if t, err = r.Next(); err == nil {
			if t.Kind == xml.EOF {
				break
			}
			token(list, t)
		}
	}
	switch {
	case errors.Is(err, xml.ErrDepth):
		list.Add(ruleDepth(), 0, "", fmt.Sprintf("elements nest deeper than %d levels", xml.MaxDepth))
	case errors.Is(err, xml.ErrEncoding):
		list.Add(ruleEncoding(), 0, r.Encoding(), err.Error())
	}
	if err = errors.Join(err, content.Close()); err != nil {
		return err
	}
	if in.Blob.Size() > 0 {
		out.Parsed(in.Blob.Size())
	}
	return nil
}

// token judges one token.
func token(list *findings.List, t *xml.Token) {
	switch t.Kind {
	case xml.Doctype:
		doctype(list, t)
	case xml.Instruction:
		if t.Name == "xml-stylesheet" || strings.HasPrefix(strings.ToLower(t.Name), "php") || strings.HasPrefix(t.Name, "=") {
			list.Add(ruleStylesheet(), t.Offset, t.Name, "an instruction for an interpreter: "+string(t.Text))
		}
	case xml.Start:
		if t.Name == "include" && (t.Space == "xi" || t.Space == "xinclude" || strings.HasSuffix(t.Get("xmlns"), "XInclude")) {
			list.Named(ruleInclude(), t.Offset, t.Get("href"), "the document includes "+t.Get("href"), "XInclude")
		}
	}
}

// doctype judges a document type.
func doctype(list *findings.List, t *xml.Token) {
	d := xml.ParseDoctype(string(t.Text))
	if d.System != "" && !published(d) {
		list.Named(ruleSubset(), t.Offset, d.System, "the document type is at "+d.System, "XXE by an external subset")
	}
	for _, e := range d.Entities {
		if e.External != "" {
			kind := "an entity is read from "
			if e.Parameter {
				kind = "a parameter entity is read from "
			}
			list.Named(ruleEntity(), t.Offset, e.Name, kind+e.External, "XXE")
		}
	}
	if n := d.Expansion(); n > maxExpansion {
		summary := fmt.Sprintf("an entity expands to %d bytes", n)
		if n == math.MaxInt64 {
			summary = "an entity expands without end"
		}
		list.Named(ruleExpansion(), t.Offset, d.Root, summary, "billion laughs")
	}
	if d.Broken {
		list.Add(ruleEntity(), t.Offset, d.Root, "a declaration of the document type cannot be read, or there are too many")
	}
}

// published reports whether the external subset is one of those that every parser knows, under its own address.
func published(d xml.DocType) bool {
	for _, home := range []string{"http://www.w3.org/", "https://www.w3.org/", "http://www.apple.com/DTDs/", "https://www.apple.com/DTDs/",
		"http://www.dmg.org/", "https://www.dmg.org/"} {
		if d.Public != "" && strings.HasPrefix(d.System, home) {
			return true
		}
	}
	return false
}
