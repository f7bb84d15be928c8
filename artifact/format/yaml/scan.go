package yaml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Kind says what an event is.
type Kind byte

// The kinds of events.
const (
	Key   Kind = iota + 1 // the name of a member
	Value                 // a single value
	Tag                   // a tag, at the place where it stands, before what it is for
	Alias                 // an alias of something that is no single value
)

// Event is one thing that a document holds.
type Event struct {
	Kind   Kind
	Text   string // of a key or value; the full tag, as "tag:yaml.org,2002:str" or "!local"; the name of an alias
	Key    string // the key that stands before a value
	Tag    string // of a value
	Offset int    // bytes from the start
	Line   int    // counts from 1
}

// Bounds of what is kept.
const (
	maxText    = 1 << 20 // bytes of one value
	maxAnchors = 1 << 14
	core       = "tag:yaml.org,2002:"
	// Weight beyond this is what no memory holds; it is not computed further.
	maxWeight = 1 << 40
)

// scanner walks over one document.
type scanner struct {
	src     []byte
	at      int
	line    int
	start   int // of the line
	indent  int // of the first key of the line
	inFlow  int
	key     string
	tag     string
	anchor  string // of the next node
	named   string // anchor of the scalar that is held
	held    *Event // a scalar of which it is not known yet whether it is a key
	handles map[string]string
	values  map[string]string // anchored single values
	weights map[string]int64  // of anchored nodes, in values
	current string            // the anchored node that is being read
	weight  int64
	heavy   int64
	visit   func(Event)
}

// Scan reads a document and calls visit for what it holds, in order. Weight is the number of values that it has once every
// alias is replaced by what it stands for, as far as that can be told: a document of a few lines can have billions.
func Scan(content []byte, visit func(Event)) (weight int64) {
	s := &scanner{src: plain(content), line: 1, handles: map[string]string{"!!": core, "!": "!"}, values: map[string]string{},
		weights: map[string]int64{}, visit: visit}
	s.measure()
	for s.at < len(s.src) {
		s.step()
	}
	s.settle()
	return s.heavy
}

// plain gives a document the encoding and the line breaks that the scanner reads. Parsers take UTF-16 behind its mark, and five
// kinds of breaks; each is replaced by as many bytes as it has, so that places stay what they are in UTF-8.
func plain(content []byte) []byte {
	if len(content) >= 2 && (content[0] == 0xff && content[1] == 0xfe || content[0] == 0xfe && content[1] == 0xff) {
		units := make([]uint16, 0, len(content)/2)
		for i := 2; i+1 < len(content); i += 2 {
			low, high := content[i], content[i+1]
			if content[0] == 0xfe {
				low, high = high, low
			}
			units = append(units, uint16(low)|uint16(high)<<8)
		}
		content = []byte(string(utf16.Decode(units)))
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !bytes.Contains(content, []byte("\r")) && !bytes.Contains(content, []byte("\u0085")) && !bytes.Contains(content, []byte("\xe2\x80")) {
		return content
	}
	out := bytes.ReplaceAll(content, []byte("\r\n"), []byte(" \n"))
	for _, end := range []string{"\r", "\u0085", "\u2028", "\u2029"} {
		out = bytes.ReplaceAll(out, []byte(end), bytes.Repeat([]byte("\n"), len(end)))
	}
	return out
}

// step reads one thing.
func (s *scanner) step() {
	c := s.src[s.at]
	first := s.at == s.start
	switch {
	case c == '\n':
		s.newline()
	case c == ' ' || c == '\t' || c == '\r':
		s.at++
	case c == '#' && (first || blank(s.src[s.at-1])):
		s.toEnd()
	case first && c == '%':
		s.directive()
	case first && (s.starts("---") || s.starts("...")):
		s.settle()
		s.at += 3
	case (c == '-' || c == '?') && s.alone(1):
		s.at++
		s.settle()
		s.anchor = ""
	case c == ':' && (s.alone(1) || s.inFlow > 0 && s.held != nil):
		s.at++
		s.keyed()
	case c == '{' || c == '[':
		s.settle()
		s.anchor = ""
		s.inFlow++
		s.at++
	case (c == '}' || c == ']') && s.inFlow > 0:
		s.settle()
		s.inFlow--
		s.at++
	case c == ',' && s.inFlow > 0:
		s.settle()
		s.at++
	case c == '!':
		s.tagged()
	case c == '&' || c == '*':
		s.reference(c)
	case (c == '|' || c == '>') && s.inFlow == 0:
		s.block()
	default:
		s.scalar(c)
	}
}

// blank reports whether a byte is white space.
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// starts reports whether a marker and white space follow.
func (s *scanner) starts(marker string) bool {
	return bytes.HasPrefix(s.src[s.at:], []byte(marker)) && s.alone(len(marker))
}

// alone reports whether white space or the end follows behind n bytes.
func (s *scanner) alone(n int) bool {
	return s.at+n >= len(s.src) || blank(s.src[s.at+n])
}

// newline begins a line.
func (s *scanner) newline() {
	s.at++
	s.line++
	s.measure()
}

// measure finds the indentation of the first key of the line that begins here.
func (s *scanner) measure() {
	s.start = s.at
	if bytes.HasPrefix(s.src[s.at:], []byte("---")) {
		s.indent = -1 // what follows is the whole document
		return
	}
	end := s.at
	for end+1 < len(s.src) && (s.src[end] == ' ' || strings.IndexByte("-?:", s.src[end]) >= 0 && (s.src[end+1] == ' ' || s.src[end+1] == '\t')) {
		end++ // lists, and what a "?" begins, may hold more on the same line
	}
	s.indent = end - s.at
}

// toEnd skips the rest of the line.
func (s *scanner) toEnd() {
	if i := bytes.IndexByte(s.src[s.at:], '\n'); i >= 0 {
		s.at += i
		return
	}
	s.at = len(s.src)
}

// directive reads a line that begins with a percent sign; those for tags give a prefix another name.
func (s *scanner) directive() {
	from := s.at
	s.toEnd()
	if words := strings.Fields(string(s.src[from:s.at])); len(words) >= 3 && words[0] == "%TAG" && len(s.handles) < maxAnchors {
		s.handles[words[1]] = words[2]
	}
}

// keyed makes the scalar that is held a key.
func (s *scanner) keyed() {
	if s.held == nil {
		return
	}
	e := *s.held
	s.held = nil
	if s.named != "" { // the anchor is that of the mapping which begins here
		delete(s.values, s.named)
	}
	e.Kind, s.key = Key, e.Text
	s.visit(e)
}

// settle gives out the scalar that is held: it is no key.
func (s *scanner) settle() {
	if s.held == nil {
		return
	}
	e := *s.held
	s.held = nil
	s.count(1)
	s.visit(e)
}

// count adds to the weight of the anchored node that is being read.
func (s *scanner) count(n int64) {
	s.heavy = min(s.heavy+n, maxWeight)
	if s.current != "" {
		s.weight = min(s.weight+n, maxWeight)
		s.weights[s.current] = s.weight
	}
}

// word reads up to white space, or in flow style to its punctuation.
func (s *scanner) word() string {
	from := s.at
	for s.at < len(s.src) && !blank(s.src[s.at]) && (s.inFlow == 0 || !strings.ContainsRune(",[]{}", rune(s.src[s.at]))) {
		s.at++
	}
	return string(s.src[from:min(s.at, from+1024)])
}

// tagged reads a tag.
func (s *scanner) tagged() {
	s.settle()
	e := Event{Kind: Tag, Key: s.key, Offset: s.at, Line: s.line}
	const most = 1024 // bytes
	near := s.src[s.at:min(len(s.src), s.at+most)]
	if end := bytes.IndexByte(near, '>'); bytes.HasPrefix(near, []byte("!<")) && end > 0 {
		e.Text = unescape(string(near[2:end]))
		s.at += end + 1
	} else {
		e.Text = s.resolve(s.word())
	}
	s.tag = e.Text
	s.visit(e)
}

// resolve replaces the handle of a tag by its prefix.
func (s *scanner) resolve(tag string) string {
	handle, rest := "!", tag[1:]
	if i := strings.IndexByte(rest, '!'); i >= 0 {
		handle, rest = tag[:i+2], rest[i+1:]
	}
	prefix, known := s.handles[handle]
	if !known {
		prefix = handle
	}
	return prefix + unescape(rest)
}

// unescape decodes the percent signs of a tag.
func unescape(tag string) string {
	if !strings.Contains(tag, "%") {
		return tag
	}
	var b strings.Builder
	for i := 0; i < len(tag); i++ {
		if tag[i] == '%' && i+2 < len(tag) {
			if n, err := strconv.ParseUint(tag[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(tag[i])
	}
	return b.String()
}

// reference reads an anchor or an alias.
func (s *scanner) reference(c byte) {
	s.settle()
	at := s.at
	s.at++
	name := s.word()
	if c == '&' {
		s.anchor = name
		if len(s.weights) < maxAnchors {
			s.current, s.weight = name, 0
			s.weights[name] = 0
		}
		return
	}
	if text, ok := s.values[name]; ok {
		s.hold(text, at, s.line)
		return
	}
	weight := s.weights[name]
	if name == s.current { // no node holds itself: that one has ended
		s.current = ""
	}
	s.count(weight)
	s.visit(Event{Kind: Alias, Text: name, Key: s.key, Offset: at, Line: s.line})
}
