package python

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// isPrefix reports whether letters before a quote say what kind of string it is.
func isPrefix(s string) bool {
	if len(s) > 2 {
		return false
	}
	switch strings.ToLower(s) {
	case "r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt", "ur":
		return true
	}
	return false
}

// field is an expression inside an f-string, as a range of the source text.
type field struct{ start, end int }

// scanString finds the end of a string that starts (with its prefix) at an offset and has its quote at another. Fields are the
// expressions of an f-string. With ok false the string has no end: it takes the rest of the line, or of the text if it is a
// triple-quoted one.
func scanString(src string, start, quote, depth int) (end int, fields []field, ok bool) {
	prefix := strings.ToLower(src[start:quote])
	s := &stringScan{src: src, at: quote + 1, quote: src[quote : quote+1], raw: strings.Contains(prefix, "r"), depth: depth}
	s.format = strings.ContainsAny(prefix, "ft")
	if strings.HasPrefix(src[quote:], s.quote+s.quote+s.quote) {
		s.quote, s.at = src[quote:quote+3], quote+3
	}
	ok = s.text(false)
	return s.at, s.fields, ok
}

// stringScan walks over one string.
type stringScan struct {
	src, quote  string
	at, depth   int
	raw, format bool
	fields      []field
}

// text walks to the closing quote, or with spec true to the end of a format specification.
func (s *stringScan) text(spec bool) bool {
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == s.quote[0] && strings.HasPrefix(s.src[s.at:], s.quote):
			if spec {
				return false
			}
			s.at += len(s.quote)
			return true
		case c == '\\':
			s.escape()
		case (c == '\n' || c == '\r') && len(s.quote) == 1:
			return false
		case s.format && c == '{' && !spec && strings.HasPrefix(s.src[s.at:], "{{"):
			s.at += 2
		case s.format && c == '{':
			s.at++
			if !s.expression() {
				return false
			}
		case spec && c == '}':
			return true
		default:
			s.at++
		}
	}
	return false
}

// escape steps over a backslash and what belongs to it.
func (s *stringScan) escape() {
	s.at++
	if s.at >= len(s.src) {
		return
	}
	switch c := s.src[s.at]; {
	case s.format && (c == '{' || c == '}'):
	case s.format && !s.raw && strings.HasPrefix(s.src[s.at:], "N{"):
		if i := strings.IndexByte(s.src[s.at:], '}'); i > 0 && i < 100 {
			s.at += i + 1
			return
		}
		s.at++
	case strings.HasPrefix(s.src[s.at:], "\r\n"):
		s.at += 2
	default:
		s.at++
	}
}

// expression walks over a replacement field whose opening brace was read, with its closing brace.
func (s *stringScan) expression() bool {
	if s.depth++; s.depth > maxFields {
		return false
	}
	defer func() { s.depth-- }()
	start, nest := s.at, 0
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case nest == 0 && (c == '}' || c == ':' || c == '!' && !strings.HasPrefix(s.src[s.at:], "!=")):
			s.fields = append(s.fields, field{start, s.at})
			return s.closing()
		case c == '(' || c == '[' || c == '{':
			nest++
			s.at++
		case c == ')' || c == ']' || c == '}':
			nest--
			s.at++
		case (c == '\n' || c == '\r') && len(s.quote) == 1 && nest == 0 && s.at == start:
			return false
		case c == '"' || c == '\'':
			if !s.nested(s.at) {
				return false
			}
		case isLetter(c):
			word := s.at
			for s.at < len(s.src) && (isLetter(s.src[s.at]) || isDigit(s.src[s.at])) {
				s.at++
			}
			if s.at < len(s.src) && (s.src[s.at] == '"' || s.src[s.at] == '\'') && isPrefix(s.src[word:s.at]) && !s.nested(word) {
				return false
			}
		default:
			s.at++
		}
	}
	return false
}

// nested steps over a string inside a replacement field; start is where its prefix begins. Before Python 3.12 a quote of the
// outer kind ends the outer string.
func (s *stringScan) nested(start int) bool {
	quote := start
	for s.src[quote] != '"' && s.src[quote] != '\'' {
		quote++
	}
	end, _, ok := scanString(s.src, start, quote, s.depth)
	s.at = end
	return ok
}

// closing reads conversion, format specification and closing brace of a replacement field.
func (s *stringScan) closing() bool {
	if s.src[s.at] == '!' {
		for s.at < len(s.src) && s.src[s.at] != '}' && s.src[s.at] != ':' {
			s.at++
		}
	}
	if s.at < len(s.src) && s.src[s.at] == ':' {
		s.at++
		if !s.text(true) {
			return false
		}
	}
	if s.at >= len(s.src) || s.src[s.at] != '}' {
		return false
	}
	s.at++
	return true
}

// maxLiteral is how much of one string is decoded, in bytes.
const maxLiteral = 1 << 20

// unquote decodes a string literal without replacement fields. Bytes of a bytes literal become characters of one byte each.
func unquote(literal string) (text string, binary bool) {
	i := strings.IndexAny(literal, `"'`)
	if i < 0 {
		return "", false
	}
	prefix, body := strings.ToLower(literal[:i]), literal[i:]
	n := 1
	if len(body) >= 6 && body[:3] == strings.Repeat(body[:1], 3) {
		n = 3
	}
	quote := body[:n]
	body = strings.TrimSuffix(body[n:], quote)
	binary = strings.Contains(prefix, "b")
	if len(body) > maxLiteral {
		body = body[:maxLiteral]
	}
	if strings.Contains(prefix, "r") || !strings.Contains(body, `\`) {
		return body, binary
	}
	var b strings.Builder
	b.Grow(len(body))
	for at := 0; at < len(body); {
		if body[at] != '\\' || at+1 >= len(body) {
			b.WriteByte(body[at])
			at++
			continue
		}
		at = unescape(&b, body, at+1, binary)
	}
	return b.String(), binary
}

// unescape writes what the escape means whose letter is at an offset, and returns the offset behind it.
func unescape(b *strings.Builder, s string, at int, binary bool) int {
	c := s[at]
	if i := strings.IndexByte(`abfnrtv\'"`, c); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\'\""[i])
		return at + 1
	}
	switch {
	case c == '\n':
		return at + 1
	case c == '\r':
		return at + 1 + len(s[at+1:]) - len(strings.TrimPrefix(s[at+1:], "\n"))
	case c >= '0' && c <= '7':
		end := at + 1
		for end < len(s) && end < at+3 && s[end] >= '0' && s[end] <= '7' {
			end++
		}
		n, _ := strconv.ParseUint(s[at:end], 8, 32) // only octal digits
		put(b, rune(n), binary)
		return end
	case c == 'x' || !binary && (c == 'u' || c == 'U'):
		width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		if at+width < len(s) {
			if n, err := strconv.ParseUint(s[at+1:at+1+width], 16, 32); err == nil {
				put(b, rune(n), binary)
				return at + 1 + width
			}
		}
	}
	b.WriteByte('\\')
	b.WriteByte(c)
	return at + 1
}

// put writes a character, or a byte.
func put(b *strings.Builder, r rune, binary bool) {
	if binary {
		b.WriteByte(byte(r))
		return
	}
	b.WriteRune(r)
}

// fold replaces the letters that Python takes for ASCII letters in a name: NFKC, for the blocks that hold such letters.
func fold(name string) string {
	var b strings.Builder
	for _, r := range name {
		b.WriteString(folded(r))
	}
	return b.String()
}

// folded is what one letter becomes.
func folded(r rune) string {
	const upper, lower, greek = 0x1d400, 0x1d6a3, 26
	switch {
	case r < utf8.RuneSelf:
	case r >= 0xff01 && r <= 0xff5e:
		return string(r - 0xff01 + '!')
	case r == 0xfe33 || r == 0xfe34 || r >= 0xfe4d && r <= 0xfe4f:
		return "_"
	case r >= upper && r <= lower:
		n := (r - upper) % (2 * greek)
		if n < greek {
			return string('A' + n)
		}
		return string('a' + n - greek)
	case r >= 0x1d7ce && r <= 0x1d7ff:
		return string('0' + (r-0x1d7ce)%10)
	}
	if plain, ok := letters()[r]; ok {
		return plain
	}
	return string(r)
}

// letters are single letters with an ASCII meaning: letterlike symbols, ligatures, modifiers, small capitals of phonetics.
func letters() map[rune]string {
	return map[rune]string{
		'ſ': "s", 'ª': "a", 'º': "o", 'ℂ': "C", 'ℊ': "g", 'ℋ': "H", 'ℌ': "H", 'ℍ': "H", 'ℎ': "h", 'ℐ': "I", 'ℑ': "I", 'ℒ': "L", 'ℓ': "l",
		'ℕ': "N", 'ℙ': "P", 'ℚ': "Q", 'ℛ': "R", 'ℜ': "R", 'ℝ': "R", 'ℤ': "Z", 'ℨ': "Z", 'ℬ': "B", 'ℭ': "C", 'ℯ': "e", 'ℰ': "E", 'ℱ': "F",
		'ℳ': "M", 'ℴ': "o", 'ℹ': "i", 'ⅅ': "D", 'ⅆ': "d", 'ⅇ': "e", 'ⅈ': "i", 'ⅉ': "j", 'ⅰ': "i", 'ⅱ': "ii", 'ⅲ': "iii", 'ⅳ': "iv", 'ⅴ': "v",
		'ⅵ': "vi", 'ⅹ': "x", 'ⅼ': "l", 'ⅽ': "c", 'ⅾ': "d", 'ⅿ': "m", 'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "st", 'ﬆ': "st",
		'ʰ': "h", 'ʲ': "j", 'ʳ': "r", 'ʷ': "w", 'ʸ': "y", 'ˡ': "l", 'ˢ': "s", 'ˣ': "x", 'ᵃ': "a", 'ᵇ': "b", 'ᵈ': "d", 'ᵉ': "e", 'ᵍ': "g", 'ᵏ': "k",
		'ᵐ': "m", 'ᵒ': "o", 'ᵖ': "p", 'ᵗ': "t", 'ᵘ': "u", 'ᵛ': "v", 'ᶜ': "c", 'ᶠ': "f", 'ᶻ': "z", 'ⁱ': "i", 'ⁿ': "n", 'ᵢ': "i", 'ᵣ': "r", 'ᵤ': "u",
		'ᵥ': "v", 'ₐ': "a", 'ₑ': "e", 'ₒ': "o", 'ₓ': "x", 'ₕ': "h", 'ₖ': "k", 'ₗ': "l", 'ₘ': "m", 'ₙ': "n", 'ₚ': "p", 'ₛ': "s", 'ₜ': "t",
	}
}
