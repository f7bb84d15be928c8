package template

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind says what a token of an expression is.
type kind byte

const (
	tokenEnd kind = iota
	tokenName
	tokenString
	tokenNumber
	tokenOperator
)

// token is one token of an expression.
type token struct {
	kind    kind
	text    string // the name, operator, digits, or decoded string
	offset  int    // bytes from the start of the template
	escapes int    // hexadecimal, octal and unicode escapes of printable ASCII in a string
}

// block is a piece of a template.
type block struct {
	kind   byte // 't' text, 'e' expression, 's' statement, 'c' comment
	text   string
	offset int
	tokens []token // of an expression or statement
}

// split cuts a template into blocks. A block that does not end takes the rest of the template, as broken is true then.
func split(src string) (blocks []block, broken bool) {
	for at := 0; at < len(src); {
		open := opening(src, at)
		if open < 0 {
			return append(blocks, block{kind: 't', text: src[at:], offset: at}), false
		}
		if open > at {
			blocks = append(blocks, block{kind: 't', text: src[at:open], offset: at})
		}
		b, end, ok := cut(src, open)
		blocks = append(blocks, b)
		if !ok {
			return blocks, true
		}
		at = end
		if b.kind == 's' && len(b.tokens) > 0 && b.tokens[0].text == "raw" {
			end, next := endOfRaw(src, at)
			blocks = append(blocks, block{kind: 't', text: src[at:end], offset: at})
			at = next
		}
	}
	return blocks, false
}

// opening finds the next delimiter that opens a block.
func opening(src string, at int) int {
	for i := at; i+1 < len(src); i++ {
		if src[i] == '{' && (src[i+1] == '{' || src[i+1] == '%' || src[i+1] == '#') {
			return i
		}
	}
	return -1
}

// cut reads the block that opens at an offset.
func cut(src string, open int) (b block, end int, ok bool) {
	start := open + 2
	if src[open+1] == '#' {
		i := strings.Index(src[start:], "#}")
		if i < 0 {
			return block{kind: 'c', text: src[start:], offset: start}, len(src), false
		}
		return block{kind: 'c', text: src[start : start+i], offset: start}, start + i + 2, true
	}
	kind, closing := byte('e'), "}}"
	if src[open+1] == '%' {
		kind, closing = 's', "%}"
	}
	if start < len(src) && (src[start] == '-' || src[start] == '+') {
		start++
	}
	tokens, end, ok := lex(src, start, closing)
	return block{kind: kind, text: src[start:min(end, len(src))], offset: start, tokens: tokens}, end, ok
}

// maxRawTag is how long the tag that ends a raw block may be; looking further would take quadratic time.
const maxRawTag = 256

// endOfRaw finds the end of a raw block.
func endOfRaw(src string, at int) (end, next int) {
	for i := at; i < len(src); i++ {
		if !strings.HasPrefix(src[i:], "{%") {
			continue
		}
		tag := src[i+2 : min(len(src), i+2+maxRawTag)]
		if stop := strings.Index(tag, "%}"); stop > 0 && strings.Trim(tag[:stop], " \t\r\n-+") == "endraw" {
			return i, i + 2 + stop + 2
		}
	}
	return len(src), len(src)
}

// lex reads tokens up to the closing delimiter, which counts only outside of strings and open brackets.
func lex(src string, at int, closing string) (tokens []token, end int, ok bool) {
	nest := 0
	for at < len(src) {
		c := src[at]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			at++
			continue
		case nest <= 0 && strings.HasPrefix(src[at:], closing):
			return tokens, at + 2, true
		case nest <= 0 && (c == '-' || c == '+') && strings.HasPrefix(src[at+1:], closing):
			return tokens, at + 3, true
		}
		t, next := one(src, at)
		switch t.text {
		case "(", "[", "{":
			if t.kind == tokenOperator {
				nest++
			}
		case ")", "]", "}":
			if t.kind == tokenOperator {
				nest--
			}
		}
		tokens, at = append(tokens, t), next
	}
	return tokens, at, false
}

// one reads a single token.
func one(src string, at int) (token, int) {
	c, width := utf8.DecodeRuneInString(src[at:])
	switch {
	case c == '\'' || c == '"':
		return quoted(src, at)
	case c >= '0' && c <= '9':
		end := at + 1
		for end < len(src) && (isName(rune(src[end])) || src[end] == '.' && end+1 < len(src) && src[end+1] >= '0' && src[end+1] <= '9') {
			end++
		}
		return token{kind: tokenNumber, text: src[at:end], offset: at}, end
	case isName(c) || wideName(c):
		end := at + width
		for end < len(src) {
			r, w := utf8.DecodeRuneInString(src[end:])
			if !isName(r) && !wideName(r) && !unicode.IsDigit(r) {
				break
			}
			end += w
		}
		return token{kind: tokenName, text: folded(src[at:end]), offset: at}, end
	}
	for _, op := range []string{"**", "//", "==", "!=", "<=", ">="} {
		if strings.HasPrefix(src[at:], op) {
			return token{kind: tokenOperator, text: op, offset: at}, at + 2
		}
	}
	return token{kind: tokenOperator, text: src[at : at+width], offset: at}, at + width
}

// isName reports whether an ASCII character can be in a name.
func isName(c rune) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// wideName reports whether a character beyond ASCII can be in a name.
func wideName(c rune) bool {
	return c >= utf8.RuneSelf && unicode.In(c, unicode.Letter, unicode.Mn, unicode.Mc, unicode.Pc)
}

// folded replaces the full-width and mathematical letters that Python takes for ASCII letters in a name.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xff01 + '!'
		case r == 0xfe4d || r == 0xfe4e || r == 0xfe4f || r == 0xfe33 || r == 0xfe34:
			return '_'
		case r >= 0x1d400 && r <= 0x1d6a3:
			n := (r - 0x1d400) % 52
			if n < 26 {
				return 'A' + n
			}
			return 'a' + n - 26
		}
		return r
	}, name)
}

// quoted reads a string and decodes its escapes as Python does.
func quoted(src string, at int) (token, int) {
	t := token{kind: tokenString, offset: at}
	quote := src[at]
	var b strings.Builder
	for i := at + 1; i < len(src); {
		switch {
		case src[i] == quote:
			t.text = b.String()
			return t, i + 1
		case src[i] == '\\' && i+1 < len(src):
			decoded, next := escape(src, i+1)
			if next-i > 2 && len(decoded) == 1 && decoded[0] > ' ' && decoded[0] < 0x7f {
				t.escapes++
			}
			b.WriteString(decoded)
			i = next
		default:
			b.WriteByte(src[i])
			i++
		}
	}
	t.text = b.String()
	return t, len(src)
}

// escape decodes the escape whose letter is at an offset.
func escape(src string, at int) (decoded string, next int) {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[src[at]]
	if digits > 0 && at+digits < len(src) {
		if n, err := strconv.ParseUint(src[at+1:at+1+digits], 16, 32); err == nil {
			return string(rune(n)), at + 1 + digits
		}
	}
	if src[at] >= '0' && src[at] <= '7' {
		end := at + 1
		for end < len(src) && end < at+3 && src[end] >= '0' && src[end] <= '7' {
			end++
		}
		n, _ := strconv.ParseUint(src[at:end], 8, 32) // only octal digits
		return string(rune(n)), end
	}
	if plain, ok := map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': `"`, 'a': "\a", 'b': "\b",
		'f': "\f", 'v': "\v", '\n': ""}[src[at]]; ok {
		return plain, at + 1
	}
	if strings.HasPrefix(src[at:], "N{") {
		if end := strings.IndexByte(src[at:], '}'); end > 0 {
			return named(src[at+2 : at+end]), at + end + 1
		}
	}
	return "\\" + src[at:at+1], at + 1
}

// named decodes the character names that matter here; a name that is not known becomes the replacement character.
func named(name string) string {
	switch strings.ToUpper(name) {
	case "LOW LINE":
		return "_"
	case "FULL STOP":
		return "."
	}
	if letter, ok := strings.CutPrefix(strings.ToUpper(name), "LATIN SMALL LETTER "); ok && len(letter) == 1 {
		return strings.ToLower(letter)
	}
	return "\ufffd"
}

// digits writes a number.
func digits(n int64) string { return strconv.FormatInt(n, 10) }
