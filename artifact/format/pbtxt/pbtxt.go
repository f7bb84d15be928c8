// Package pbtxt reads protocol buffers in their text form, without knowing their messages: fields with their values and places.
// It is for formats that are written so, such as the configurations of Triton. It reads what the reference parser reads and a
// little more, within bounds, and judges nothing.
package pbtxt

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// Kind says what a value is.
type Kind byte

// The kinds of values.
const (
	Message Kind = iota
	String
	Scalar // a number, or the name of an enumeration value
)

// Field is one field, or the document itself. Of a list each element is a field.
type Field struct {
	Name   string
	Kind   Kind
	Text   string // of a string, decoded; of a scalar, as it stands
	Offset int64  // of the name, bytes from the start of the document
	Fields []*Field
}

// Get returns the last field of a name, as parsers that merge do; nil when there is none.
func (f *Field) Get(name string) *Field {
	if f == nil {
		return nil
	}
	for i := len(f.Fields) - 1; i >= 0; i-- {
		if f.Fields[i].Name == name {
			return f.Fields[i]
		}
	}
	return nil
}

// All returns the fields of a name in order.
func (f *Field) All(name string) []*Field {
	var all []*Field
	if f != nil {
		for _, c := range f.Fields {
			if c.Name == name {
				all = append(all, c)
			}
		}
	}
	return all
}

// String is the text of a string; empty for other values and for none.
func (f *Field) String() string {
	if f == nil || f.Kind != String {
		return ""
	}
	return f.Text
}

// Bounds of a document.
const (
	// MaxSize is how many bytes are read.
	MaxSize   = 4 << 20
	maxDepth  = 100 // the reference parser stops there too
	maxFields = 1 << 16
)

// parser reads one document.
type parser struct {
	src    string
	at     int
	fields int
}

// Parse reads a document. The error wraps format.ErrMalformed; the fields before the mistake are returned beside it.
func Parse(src string) (*Field, error) {
	root := &Field{}
	if len(src) > MaxSize {
		return root, format.Malformed(MaxSize, "a document of more than %d bytes is not read", MaxSize)
	}
	p := &parser{src: src}
	return root, p.message(root, 0, 0)
}

// fail makes the error for the place that is read.
func (p *parser) fail(reason string, args ...any) error {
	return format.Malformed(int64(p.at), reason, args...)
}

// space skips white space and comments.
func (p *parser) space() {
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			p.at++
		case c == '#':
			end := strings.IndexByte(p.src[p.at:], '\n')
			if end < 0 {
				p.at = len(p.src)
				return
			}
			p.at += end
		default:
			return
		}
	}
}

// peek is the next character that is no space; 0 at the end.
func (p *parser) peek() byte {
	if p.space(); p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// take skips a character if it is the next.
func (p *parser) take(c byte) bool {
	if p.peek() == c {
		p.at++
		return true
	}
	return false
}

// message reads fields up to a closing character, or to the end when there is none.
func (p *parser) message(into *Field, closing byte, depth int) error {
	if depth > maxDepth {
		return p.fail("messages nest deeper than %d", maxDepth)
	}
	for {
		switch c := p.peek(); {
		case c == 0 && p.at < len(p.src):
			return p.fail("a zero byte")
		case c == 0 && closing == 0:
			return nil
		case c == 0:
			return p.fail("a message has no end")
		case c == closing:
			p.at++
			return nil
		case c == ',' || c == ';':
			p.at++
		default:
			if err := p.field(into, depth); err != nil {
				return err
			}
		}
	}
}

// field reads a name and what it stands for.
func (p *parser) field(into *Field, depth int) error {
	offset := p.at
	name, err := p.name()
	if err != nil {
		return err
	}
	colon := p.take(':')
	if p.take('[') { // lists of messages need no colon
		for !p.take(']') {
			if err := p.value(into, name, offset, depth); err != nil {
				return err
			}
			if !p.take(',') && p.peek() != ']' {
				return p.fail("a list has no end")
			}
		}
		return nil
	}
	if c := p.peek(); !colon && c != '{' && c != '<' {
		return p.fail("a name stands for nothing")
	}
	return p.value(into, name, offset, depth)
}

// word is the run of characters of names and numbers at the place.
func (p *parser) word() string {
	from := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if c != '_' && c != '.' && c != '-' && c != '+' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		p.at++
	}
	return p.src[from:p.at]
}

// name reads the name of a field, or of an extension in brackets.
func (p *parser) name() (string, error) {
	if p.take('[') {
		end := strings.IndexByte(p.src[p.at:], ']')
		if end < 0 || end > 512 {
			return "", p.fail("the name of an extension has no end")
		}
		name := strings.TrimSpace(p.src[p.at : p.at+end])
		p.at += end + 1
		return name, nil
	}
	word := p.word()
	if word == "" || word[0]|0x20 < 'a' && word[0] != '_' || word[0]|0x20 > 'z' {
		return "", p.fail("not the name of a field")
	}
	return word, nil
}

// value reads one value and adds it.
func (p *parser) value(into *Field, name string, offset, depth int) error {
	if p.fields++; p.fields > maxFields {
		return p.fail("more than %d fields", maxFields)
	}
	f := &Field{Name: name, Offset: int64(offset)}
	into.Fields = append(into.Fields, f)
	switch c := p.peek(); c {
	case '{':
		p.at++
		return p.message(f, '}', depth+1)
	case '<':
		p.at++
		return p.message(f, '>', depth+1)
	case '"', '\'':
		f.Kind = String
		var b strings.Builder
		for q := p.peek(); q == '"' || q == '\''; q = p.peek() { // adjacent strings are one
			if err := p.quoted(&b); err != nil {
				return err
			}
		}
		f.Text = b.String()
		return nil
	}
	f.Kind = Scalar
	if p.take('-') {
		p.space()
		f.Text = "-"
	}
	word := p.word()
	if f.Text += word; word == "" {
		return p.fail("not a value")
	}
	return nil
}

// quoted reads one string.
func (p *parser) quoted(b *strings.Builder) error {
	quote := p.src[p.at]
	for p.at++; p.at < len(p.src); {
		switch c := p.src[p.at]; c {
		case quote:
			p.at++
			return nil
		case '\n':
			return p.fail("a string has no end on its line")
		case '\\':
			if err := p.escape(b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return p.fail("a string has no end")
}

// escape reads an escape.
func (p *parser) escape(b *strings.Builder) error {
	rest := p.src[p.at+1:]
	if rest == "" {
		return p.fail("an escape is cut off")
	}
	if i := strings.IndexByte("abfnrtv\\'\"?", rest[0]); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\'\"?"[i])
		p.at += 2
		return nil
	}
	base, from, most := 8, 0, 3
	switch rest[0] {
	case 'x', 'X':
		base, from, most = 16, 1, 2
	case 'u':
		base, from, most = 16, 1, 4
	case 'U':
		base, from, most = 16, 1, 8
	}
	end := from
	for end < len(rest) && end < from+most && digit(rest[end], base) {
		end++
	}
	n, err := strconv.ParseUint(rest[from:end], base, 32)
	if err != nil {
		return p.fail("an escape that does not exist")
	}
	if most > 3 {
		b.WriteRune(rune(min(n, utf8.MaxRune)))
	} else {
		b.WriteByte(byte(n))
	}
	p.at += 1 + end
	return nil
}

// digit reports whether a character is a digit to a base of 8 or 16.
func digit(c byte, base int) bool {
	return c >= '0' && c <= '7' || base == 16 && (c >= '8' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f')
}
