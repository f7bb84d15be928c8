package yaml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// hold keeps a scalar until it is known whether it is a key.
func (s *scanner) hold(text string, at, line int) {
	s.settle()
	s.held = &Event{Kind: Value, Text: text, Key: s.key, Tag: s.tag, Offset: at, Line: line}
	if s.anchor != "" && len(s.values) < maxAnchors && len(text) < 1024 {
		s.values[s.anchor] = text
	}
	s.named, s.anchor, s.tag = s.anchor, "", ""
}

// block reads a scalar that consists of the indented lines below.
func (s *scanner) block() {
	at, line, indent := s.at, s.line, s.indent
	if before := bytes.TrimRight(s.src[s.start:s.at], " \t"); bytes.Equal(before, []byte("---")) {
		indent = 0
	} else if n := len(before); n > 0 && strings.IndexByte("-?", before[n-1]) >= 0 { // an element of a list, without a key
		indent = n - 1
	}
	s.toEnd()
	var b strings.Builder
	for s.at < len(s.src) {
		rest := s.src[s.at+1:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		text := bytes.TrimLeft(rest[:end], " ")
		if len(bytes.TrimSpace(text)) > 0 && end-len(text) <= indent {
			break
		}
		if b.Len()+len(text) < maxText {
			b.Write(text)
			b.WriteByte('\n')
		}
		s.at += 1 + end
		s.line++
	}
	s.hold(b.String(), at, line)
	s.settle()
}

// scalar reads a quoted or plain scalar.
func (s *scanner) scalar(c byte) {
	at, line := s.at, s.line
	if c == '"' || c == '\'' {
		text := s.quoted(c)
		s.hold(text, at, line)
		return
	}
	for s.at < len(s.src) && s.src[s.at] != '\n' {
		c := s.src[s.at]
		if c == ':' && s.alone(1) || c == '#' && s.at > at && blank(s.src[s.at-1]) || s.inFlow > 0 && (strings.IndexByte(",[]{}", c) >= 0 ||
			c == ':' && s.at+1 < len(s.src) && strings.IndexByte(",[]{}", s.src[s.at+1]) >= 0) {
			break
		}
		s.at++
	}
	if s.at == at {
		s.at++ // punctuation where none can be
		return
	}
	s.hold(strings.TrimSpace(string(s.src[at:min(s.at, at+maxText)])), at, line)
}

// quoted reads a quoted scalar.
func (s *scanner) quoted(quote byte) string {
	var b strings.Builder
	for s.at++; s.at < len(s.src); {
		c := s.src[s.at]
		switch {
		case c == quote && quote == '\'' && s.at+1 < len(s.src) && s.src[s.at+1] == quote:
			s.at += 2
			b.WriteByte(quote)
		case c == quote:
			s.at++
			return b.String()
		case c == '\\' && quote == '"' && s.at+1 < len(s.src):
			s.escape(&b)
		default:
			if c == '\n' {
				s.line++
				s.start = s.at + 1
			}
			if b.Len() < maxText {
				b.WriteByte(c)
			}
			s.at++
		}
	}
	return b.String()
}

// escape decodes one escape of a string in double quotes.
func (s *scanner) escape(b *strings.Builder) {
	c := s.src[s.at+1]
	if width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; width > 0 && s.at+2+width <= len(s.src) {
		if n, err := strconv.ParseUint(string(s.src[s.at+2:s.at+2+width]), 16, 32); err == nil {
			b.WriteRune(rune(min(n, utf8.MaxRune)))
			s.at += 2 + width
			return
		}
	}
	if c == '\n' {
		s.line++
	} else if i := strings.IndexByte("nt0", c); i >= 0 {
		b.WriteByte("\n\t\x00"[i])
	} else {
		b.WriteByte(c)
	}
	s.at += 2
}
