package xml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// markup reads one token that begins with an angle bracket.
func (r *Reader) markup() error {
	r.have(9) // fewer bytes are no error yet
	switch {
	case bytes.HasPrefix(r.buf, []byte("<!--")):
		r.token.Kind = Comment
		r.take(4)
		return r.skip("-->")
	case bytes.HasPrefix(r.buf, []byte("<![CDATA[")):
		if len(r.open) == 0 {
			return format.Malformed(r.base, "characters outside of every element")
		}
		r.token.Kind = Text
		r.take(9)
		return r.skip("]]>")
	case bytes.HasPrefix(r.buf, []byte("<!DOCTYPE")):
		return r.doctype()
	case bytes.HasPrefix(r.buf, []byte("<?")):
		return r.instruction()
	case bytes.HasPrefix(r.buf, []byte("</")):
		return r.end()
	}
	return r.element()
}

// instruction reads a processing instruction or the declaration.
func (r *Reader) instruction() error {
	r.token.Kind = Instruction
	i, err := r.until(2, "?>")
	if err != nil {
		return err
	}
	target, rest := r.buf[2:i], []byte(nil)
	if stop := bytes.IndexAny(target, " \t\r\n"); stop >= 0 {
		target, rest = target[:stop], target[stop:]
	}
	r.token.Name = string(target)
	if r.token.Name == "xml" && !r.root {
		attrs, err := r.attributes(rest)
		if err != nil {
			return err
		}
		r.charset = get(attrs, "encoding")
	}
	r.keep(r.buf[2:i])
	r.take(i + 2)
	return r.checkEncoding()
}

// end reads an end tag.
func (r *Reader) end() error {
	i, err := r.until(2, ">")
	if err != nil {
		return err
	}
	n, err := r.name(bytes.TrimRight(r.buf[2:i], " \t\r\n"))
	if err != nil {
		return err
	}
	if len(r.open) == 0 || r.open[len(r.open)-1] != n {
		return format.Malformed(r.base, "an end tag without its start")
	}
	r.close()
	r.take(i + 1)
	return nil
}

// close makes the end token of the innermost element.
func (r *Reader) close() {
	n := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	r.token.Kind, r.token.Space, r.token.Name = End, n.space, n.local
}

// element reads a start tag.
func (r *Reader) element() error {
	i, err := r.tagEnd()
	if err != nil {
		return err
	}
	tag := r.buf[1:i]
	r.empty = len(tag) > 0 && tag[len(tag)-1] == '/'
	if r.empty {
		tag = tag[:len(tag)-1]
	}
	stop := bytes.IndexAny(tag, " \t\r\n")
	rest := []byte(nil)
	if stop >= 0 {
		tag, rest = tag[:stop], tag[stop:]
	}
	n, err := r.name(tag)
	if err != nil {
		return err
	}
	if len(r.open) == 0 && r.root {
		return format.Malformed(r.base, "a second root element")
	}
	if len(r.open) >= r.opts.Depth {
		return &depthError{r.base, r.opts.Depth}
	}
	r.root = true
	r.open = append(r.open, n)
	r.token.Kind, r.token.Space, r.token.Name = Start, n.space, n.local
	r.token.Attr, err = r.attributes(rest)
	r.take(i + 1)
	return err
}

// depthError says that elements nest too deep.
type depthError struct {
	offset int64
	depth  int
}

// Error implements error.
func (e *depthError) Error() string {
	return "malformed at byte " + strconv.FormatInt(e.offset, 10) + ": elements nest deeper than " + strconv.Itoa(e.depth) + " levels"
}

// Unwrap makes the error both ErrDepth and format.ErrMalformed.
func (e *depthError) Unwrap() []error { return []error{ErrDepth, format.ErrMalformed} }

// tagEnd finds the bracket that ends a tag outside of its quotes.
func (r *Reader) tagEnd() (int, error) {
	if i := bytes.IndexByte(r.buf, '>'); i > 0 { // most tags end at the first bracket
		tag := r.buf[1:i]
		if bytes.Count(tag, []byte{'"'})%2 == 0 && bytes.IndexByte(tag, '\'') < 0 && bytes.IndexByte(tag, '<') < 0 {
			return i, nil
		}
	}
	quote := byte(0)
	for i := 1; ; i++ {
		if i >= len(r.buf) && !r.have(i+1) {
			return 0, r.ended()
		}
		switch c := r.buf[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		case c == '<':
			return 0, format.Malformed(r.base, "a bracket inside of a tag")
		}
		if i > maxTag {
			return 0, format.Malformed(r.base, "a tag of more than %d bytes", maxTag)
		}
	}
}

// doctype reads a document type; its internal subset may hold quotes, comments and brackets.
func (r *Reader) doctype() error {
	quote, depth := byte(0), 0
	for i := 9; ; i++ {
		if i >= len(r.buf) && !r.have(i+1) {
			return r.ended()
		}
		switch c := r.buf[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '-' && bytes.HasSuffix(r.buf[:i+1], []byte("<!--")):
			end, err := r.until(i+1, "-->")
			if err != nil {
				return err
			}
			i, depth = end+2, depth-1
		case c == '"' || c == '\'':
			quote = c
		case c == '<' || c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth > 0:
			depth--
		case c == '>':
			r.token.Kind = Doctype
			r.token.Text = append(r.token.Text[:0], r.buf[9:i]...) // all of it: maxTag bounds it
			r.take(i + 1)
			return nil
		}
		if i > maxTag {
			return format.Malformed(r.base, "a document type of more than %d bytes", maxTag)
		}
	}
}

// attributes reads the attributes of a tag.
func (r *Reader) attributes(raw []byte) ([]Attr, error) {
	list := r.token.Attr[:0]
	s := strings.TrimLeft(string(raw), blank) // once for all values, which are parts of it
	for s != "" {
		i := strings.IndexByte(s, '=')
		if i <= 0 || len(list) >= maxAttrs {
			return list, format.Malformed(r.base, "an attribute without a value, or too many of them")
		}
		n, known := r.names[s[:i]] // most names were seen before, with nothing between them and the sign
		if !known {
			var err error
			if n, err = r.name([]byte(strings.TrimRight(s[:i], blank))); err != nil {
				return list, err
			}
		}
		s = strings.TrimLeft(s[i+1:], blank)
		if len(s) < 2 || s[0] != '"' && s[0] != '\'' {
			return list, format.Malformed(r.base, "the value of an attribute is not in quotes")
		}
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 {
			return list, format.Malformed(r.base, "the value of an attribute does not end")
		}
		for _, other := range list {
			if other.Name == n.local && other.Space == n.space {
				return list, format.Malformed(r.base, "an attribute appears twice in a tag")
			}
		}
		list = append(list, Attr{Space: n.space, Name: n.local, Value: unescape(s[1 : 1+end])})
		s = strings.TrimLeft(s[end+2:], blank)
	}
	return list, nil
}

// name splits a name from its prefix and keeps it once.
func (r *Reader) name(b []byte) (name, error) {
	if n, ok := r.names[string(b)]; ok {
		return n, nil
	}
	if len(b) == 0 || len(b) > 1024 || b[0] >= '0' && b[0] <= '9' || b[0] == '-' || b[0] == '.' || !utf8.Valid(b) {
		return name{}, format.Malformed(r.base, "a name is missing or none")
	}
	for _, c := range b {
		if !nameByte(c) {
			return name{}, format.Malformed(r.base, "a name holds what no name may hold")
		}
	}
	text := string(b)
	n := name{local: text}
	if space, local, ok := strings.Cut(text, ":"); ok {
		n = name{space, local}
	}
	if len(r.names) < maxNames {
		r.names[text] = n
	}
	return n, nil
}

// nameByte reports whether a byte may stand in a name. Beyond ASCII nearly all may.
func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == ':' || c == '-' || c == '.' || c >= 0x80
}

// unescape resolves character references and the entities that every document has. Others stay as they are.
func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		c, ok := rune(0), false
		if end > 0 {
			c, ok = reference(s[1:end])
		}
		if !ok {
			b.WriteByte('&')
			s = s[1:]
			continue
		}
		b.WriteRune(c)
		s = s[end+1:]
	}
}

// reference is the character that a reference stands for.
func reference(ref string) (rune, bool) {
	switch ref {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, isRef := strings.CutPrefix(ref, "#")
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), isRef && err == nil && n > 0 && n <= utf8.MaxRune
}
