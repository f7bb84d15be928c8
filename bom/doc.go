package bom

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/picketsec/picket/internal/jsonstream"
)

// doc is a document of metadata with the name of its file. All methods take a nil doc for an empty one.
type doc struct {
	file string
	root *jsonstream.Node
}

// get follows keys; nil when the way ends.
func (d *doc) get(keys ...string) *jsonstream.Node {
	if d == nil {
		return nil
	}
	return get(d.root, keys...)
}

// get follows keys from a value; nil when the way ends.
func get(n *jsonstream.Node, keys ...string) *jsonstream.Node {
	for _, key := range keys {
		if n == nil || n.Kind != jsonstream.ObjectStart {
			return nil
		}
		n = n.Get(key)
	}
	return n
}

// text is a scalar as clean text; empty for null and for what is no scalar.
func text(n *jsonstream.Node) string {
	if n == nil || n.Kind == jsonstream.ObjectStart || n.Kind == jsonstream.ArrayStart || n.Kind == jsonstream.Literal && n.Text == "null" {
		return ""
	}
	return clean(n.Text, maxText)
}

// field is the scalar that the keys lead to, as declared. The first element stands for a list.
func (d *doc) field(keys ...string) Field {
	n := d.get(keys...)
	at := ""
	if n != nil && n.Kind == jsonstream.ArrayStart && len(n.Children) > 0 {
		n, at = n.Children[0], "[0]"
	}
	value := text(n)
	if value == "" {
		return Field{}
	}
	return Field{value, Declared, d.source(keys...) + at}
}

// first is the field of the first of several names that is there.
func (d *doc) first(names ...string) Field {
	for _, name := range names {
		if f := d.field(name); f.Value != "" {
			return f
		}
	}
	return Field{}
}

// source is the place that keys lead to.
func (d *doc) source(keys ...string) string {
	return d.file + "#" + clean(strings.Join(keys, "."), 200)
}

// fields are the scalars of a list, or the one scalar that stands in its place.
func (d *doc) fields(keys ...string) []Field {
	n := d.get(keys...)
	if n == nil {
		return nil
	}
	if n.Kind != jsonstream.ArrayStart {
		if f := d.field(keys...); f.Value != "" {
			return []Field{f}
		}
		return nil
	}
	var list []Field
	for i, c := range n.Children {
		if value := text(c); value != "" && i < 4*maxList {
			list = append(list, Field{value, Declared, fmt.Sprintf("%s[%d]", d.source(keys...), i)})
		}
	}
	return list
}

// summary writes a small value on one line: scalars, lists and members, as deep as they are.
func summary(n *jsonstream.Node) string {
	var s strings.Builder
	summarise(&s, n, 0)
	return clean(s.String(), maxText)
}

// summarise writes a value until enough is written.
func summarise(s *strings.Builder, n *jsonstream.Node, depth int) {
	if n == nil || s.Len() > maxText || depth > 8 {
		return
	}
	for i, c := range n.Children {
		if s.Len() > maxText {
			return
		}
		if i > 0 {
			s.WriteString(", ")
		}
		if n.Kind == jsonstream.ObjectStart {
			s.WriteString(clean(c.Key, 128) + " ")
		}
		nested := len(c.Children) > 0
		if nested {
			s.WriteString("(")
		}
		summarise(s, c, depth+1)
		if nested {
			s.WriteString(")")
		}
	}
	s.WriteString(text(n))
}

// clean makes text from outside fit for a bill: valid UTF-8 on one line, without characters that are not seen, at most so many
// bytes.
func clean(s string, most int) string {
	if len(s) > 4*most+64 { // no more is looked at than can matter
		s = s[:4*most+64]
	}
	var out strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if unicode.IsSpace(r) {
			space = out.Len() > 0
			continue
		}
		if !unicode.IsPrint(r) {
			continue
		}
		width := utf8.RuneLen(r)
		if space {
			width++
		}
		if out.Len()+width > most {
			return cut(out.String(), most)
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// cut marks text that was longer.
func cut(s string, most int) string {
	const mark = "…"
	for len(s)+len(mark) > most && s != "" {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s + mark
}
