package npy

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
)

// Bounds of the literal.
const (
	maxDepth = 32
	maxNodes = 60_000
)

// nodeKind says what a node is.
type nodeKind byte

const (
	kindNone nodeKind = iota // nothing, or Python's None
	kindString
	kindInt
	kindBool
	kindTuple
	kindList
	kindDict // items are keys and values in turn
)

// node is one value of a literal.
type node struct {
	kind   nodeKind
	at     int // bytes from the start of the header's text
	text   string
	number int64 // of a bool 0 or 1; a number beyond 63 bits is the largest there is
	items  []node
}

// literal parses the subset of Python literals that NumPy writes.
type literal struct {
	src   []byte
	at    int
	start int64 // offset of src in the file
	nodes int
}

// parse reads the text of a header, which lies at an offset of the file.
func parse(src []byte, start int64) (node, error) {
	l := &literal{src: src, start: start}
	n, err := l.value(0)
	if err != nil {
		return node{}, err
	}
	l.space()
	if l.at < len(src) {
		return node{}, l.wrong("there is more after the dictionary")
	}
	return n, nil
}

// malformed makes an error at the current place.
func (l *literal) malformed(reason string) error {
	return format.Malformed(l.start+int64(l.at), "%s", reason)
}

// wrong makes an error at the current place, of the kind that the text there deserves: where a name, call or operator stands,
// the header is an expression.
func (l *literal) wrong(reason string) error {
	err := l.malformed(reason)
	if l.at < len(l.src) && (isLetter(l.src[l.at]) || strings.IndexByte("(.[+-*/%@&|^~<>=!`", l.src[l.at]) >= 0) {
		return errors.Join(err, ErrExpression)
	}
	return err
}

// isLetter reports whether a byte can be in a name.
func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// space skips white space.
func (l *literal) space() {
	for l.at < len(l.src) && strings.IndexByte(" \t\r\n\f", l.src[l.at]) >= 0 {
		l.at++
	}
}

// take consumes a byte after white space if it is the next.
func (l *literal) take(c byte) bool {
	l.space()
	if l.at < len(l.src) && l.src[l.at] == c {
		l.at++
		return true
	}
	return false
}

// value reads one value.
func (l *literal) value(depth int) (node, error) {
	l.space()
	if l.nodes++; depth > maxDepth || l.nodes > maxNodes {
		return node{}, l.malformed("a literal deeper or larger than any array needs")
	}
	if l.at >= len(l.src) {
		return node{}, l.malformed("the header ends inside a literal")
	}
	at := l.at
	c := l.src[l.at]
	switch {
	case c == '\'' || c == '"':
		return l.string()
	case c >= '0' && c <= '9' || c == '-':
		return l.int()
	case c == '(':
		items, comma, err := l.items(')', depth)
		if err == nil && len(items) == 1 && !comma {
			return items[0], nil // brackets around one value
		}
		return node{kind: kindTuple, at: at, items: items}, err
	case c == '[':
		items, _, err := l.items(']', depth)
		return node{kind: kindList, at: at, items: items}, err
	case c == '{':
		return l.dict(depth)
	case isLetter(c):
		return l.word()
	}
	return node{}, l.wrong("not the beginning of a literal")
}

// word reads a constant, or a string with a prefix.
func (l *literal) word() (node, error) {
	at := l.at
	for l.at < len(l.src) && (isLetter(l.src[l.at]) || l.src[l.at] >= '0' && l.src[l.at] <= '9') {
		l.at++
	}
	switch word := string(l.src[at:l.at]); word {
	case "True":
		return node{kind: kindBool, at: at, number: 1}, nil
	case "False":
		return node{kind: kindBool, at: at}, nil
	case "None":
		return node{at: at}, nil
	case "u", "b":
		if l.at < len(l.src) && (l.src[l.at] == '\'' || l.src[l.at] == '"') {
			return l.string()
		}
	}
	l.at = at
	return node{}, l.wrong("a name that is no constant")
}

// string reads a string.
func (l *literal) string() (node, error) {
	n := node{kind: kindString, at: l.at}
	quote := l.src[l.at]
	var b strings.Builder
	for l.at++; l.at < len(l.src); l.at++ {
		switch c := l.src[l.at]; {
		case c == quote:
			l.at++
			n.text = b.String()
			return n, nil
		case c == '\n' || c == '\r':
			return n, l.malformed("a line break in a string")
		case c == '\\':
			l.at++
			if err := l.escape(&b); err != nil {
				return n, err
			}
		default:
			b.WriteByte(c)
		}
	}
	return n, l.malformed("a string without an end")
}

// escape decodes the escape whose letter is next; names of fields are all that may need one.
func (l *literal) escape(b *strings.Builder) error {
	if l.at >= len(l.src) {
		return l.malformed("a string without an end")
	}
	c := l.src[l.at]
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; digits > 0 {
		if l.at+digits >= len(l.src) {
			return l.malformed("an escape without its digits")
		}
		r, err := strconv.ParseUint(string(l.src[l.at+1:l.at+1+digits]), 16, 32)
		if err != nil {
			return l.malformed("an escape without its digits")
		}
		b.WriteRune(rune(r))
		l.at += digits
		return nil
	}
	plain, ok := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"', '0': 0}[c]
	if !ok {
		return l.malformed("an unusual escape in a string")
	}
	b.WriteByte(plain)
	return nil
}

// int reads a whole number, with the L of Python 2.
func (l *literal) int() (node, error) {
	n := node{kind: kindInt, at: l.at}
	if l.src[l.at] == '-' {
		l.at++
	}
	for l.at < len(l.src) && (l.src[l.at] >= '0' && l.src[l.at] <= '9') {
		l.at++
	}
	text := string(l.src[n.at:l.at])
	if text == "-" {
		return n, l.wrong("a number without digits")
	}
	var err error
	if n.number, err = strconv.ParseInt(text, 10, 64); err != nil {
		n.number = math.MaxInt64 // the only error left is that it does not fit
		if text[0] == '-' {
			n.number = math.MinInt64
		}
	}
	if l.at < len(l.src) && l.src[l.at] == 'L' {
		l.at++
	}
	if l.at < len(l.src) && (isLetter(l.src[l.at]) || l.src[l.at] == '.') {
		return n, l.malformed("a number that is not whole")
	}
	return n, nil
}

// items reads values up to a closing bracket. Comma is true when there was one.
func (l *literal) items(closing byte, depth int) (items []node, comma bool, err error) {
	l.at++
	for !l.take(closing) {
		n, err := l.value(depth + 1)
		if err != nil {
			return nil, comma, err
		}
		items = append(items, n)
		if l.take(',') {
			comma = true
			continue
		}
		if !l.take(closing) {
			return nil, comma, l.wrong("neither a comma nor the end of a list")
		}
		return items, comma, nil
	}
	return items, comma, nil
}

// dict reads a dictionary.
func (l *literal) dict(depth int) (node, error) {
	n := node{kind: kindDict, at: l.at}
	l.at++
	for !l.take('}') {
		key, err := l.value(depth + 1)
		if err != nil {
			return n, err
		}
		if !l.take(':') {
			return n, l.wrong("a key without a colon")
		}
		value, err := l.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, key, value)
		if l.take(',') {
			continue
		}
		if !l.take('}') {
			return n, l.wrong("neither a comma nor the end of the dictionary")
		}
		return n, nil
	}
	return n, nil
}
