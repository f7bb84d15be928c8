package python

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// Kind says what a token is.
type Kind byte

// The kinds of tokens.
const (
	End Kind = iota
	Newline
	Indent
	Dedent
	Name
	Number
	String
	Operator
)

// Token is one token of a source file.
type Token struct {
	Kind   Kind
	Offset int // bytes from the start of the decoded text
	End    int // of the token
	Line   int // counts from 1
	// Text is the operator, the number, or the name as Python folds it (NFKC for the letters that fold to ASCII); the whole literal
	// with prefix and quotes for a string.
	Text string
	// Folded is true for a name that is written with letters other than those that Python sees.
	Folded bool
}

const (
	tabSize     = 8   // columns, as CPython counts
	maxIndent   = 100 // levels; CPython refuses more
	maxBrackets = 200 // levels; CPython refuses more
	maxFields   = 64  // nesting of f-strings
)

// Tokens reads the tokens of a source text. It never stops early: what is no Python becomes an operator of one character, and
// Err tells the first such place. Make it with NewTokens.
type Tokens struct {
	src      string
	at       int
	line     int
	brackets []byte
	indents  []int
	pending  int  // dedents that are still to be given
	fresh    bool // at the start of a logical line
	ended    bool
	err      error
}

// NewTokens starts reading a text that Decode made.
func NewTokens(src string) *Tokens {
	return &Tokens{src: src, line: 1, indents: []int{0}, fresh: true}
}

// Err is the first place that is no Python; it wraps format.ErrMalformed. Nil when there is none so far.
func (t *Tokens) Err() error { return t.err }

// fail remembers the first error.
func (t *Tokens) fail(at int, reason string) {
	if t.err == nil {
		t.err = format.Malformed(int64(at), "not Python: %s", reason)
	}
}

// Next reads the next token. After the last one it returns End for ever; before that, the open line and blocks are closed.
func (t *Tokens) Next() Token {
	if t.pending > 0 {
		t.pending--
		return t.mark(Dedent)
	}
	if t.fresh && len(t.brackets) == 0 {
		if tok, ok := t.indentation(); ok {
			return tok
		}
	}
	t.fresh = false
	for t.at < len(t.src) {
		switch c := t.src[t.at]; {
		case c == ' ' || c == '\t' || c == '\f':
			t.at++
		case c == '#':
			t.comment()
		case c == '\\' && t.continued():
		case c == '\n' || c == '\r':
			tok := t.mark(Newline)
			t.newline()
			if len(t.brackets) == 0 {
				t.fresh = true
				return tok
			}
		default:
			return t.word()
		}
	}
	return t.finish()
}

// mark makes a token without text.
func (t *Tokens) mark(kind Kind) Token {
	return Token{Kind: kind, Offset: t.at, End: t.at, Line: t.line}
}

// finish gives the tokens that close what is open at the end of the text.
func (t *Tokens) finish() Token {
	switch {
	case !t.ended:
		t.ended = true
		if len(t.brackets) > 0 {
			t.fail(t.at, "a bracket is not closed")
			t.brackets = nil
		}
		t.pending = len(t.indents) - 1
		t.indents = t.indents[:1]
		return t.mark(Newline)
	default:
		return t.mark(End)
	}
}

// newline consumes one line end.
func (t *Tokens) newline() {
	if strings.HasPrefix(t.src[t.at:], "\r\n") {
		t.at++
	}
	t.at++
	t.line++
}

// comment skips to the end of the line.
func (t *Tokens) comment() {
	if i := strings.IndexAny(t.src[t.at:], "\n\r"); i >= 0 {
		t.at += i
		return
	}
	t.at = len(t.src)
}

// continued consumes a backslash at the end of a line.
func (t *Tokens) continued() bool {
	rest := t.src[t.at+1:]
	if rest == "" || rest[0] != '\n' && rest[0] != '\r' {
		return false
	}
	t.at++
	t.newline()
	return true
}

// indentation reads the white space at the start of a logical line. It skips lines that hold nothing.
func (t *Tokens) indentation() (Token, bool) {
	column := 0
	for t.at < len(t.src) {
		switch t.src[t.at] {
		case ' ':
			column++
		case '\t':
			column = (column/tabSize + 1) * tabSize
		case '\f':
			column = 0
		case '#':
			t.comment()
			continue
		case '\n', '\r':
			t.newline()
			column = 0
			continue
		default:
			t.fresh = false
			return t.level(column)
		}
		t.at++
	}
	return Token{}, false
}

// level compares a column with those of the open blocks.
func (t *Tokens) level(column int) (Token, bool) {
	last := t.indents[len(t.indents)-1]
	if column > last {
		if len(t.indents) > maxIndent {
			t.fail(t.at, "too many levels of indentation")
			return Token{}, false
		}
		t.indents = append(t.indents, column)
		return t.mark(Indent), true
	}
	for column < t.indents[len(t.indents)-1] {
		t.indents = t.indents[:len(t.indents)-1]
		t.pending++
	}
	if column != t.indents[len(t.indents)-1] {
		t.fail(t.at, "a line is indented like no block around it")
	}
	if t.pending > 0 {
		t.pending--
		return t.mark(Dedent), true
	}
	return Token{}, false
}

// word reads a token that is neither white space nor a comment.
func (t *Tokens) word() Token {
	tok := t.mark(Operator)
	c := t.src[t.at]
	switch {
	case c == '"' || c == '\'':
		return t.literal(tok, t.at)
	case isDigit(c) || c == '.' && t.at+1 < len(t.src) && isDigit(t.src[t.at+1]):
		return t.number(tok)
	case isLetter(c) || c >= utf8.RuneSelf:
		return t.name(tok)
	}
	tok.End = t.at + operatorLength(t.src[t.at:])
	tok.Text = t.src[t.at:tok.End]
	t.bracket(c)
	t.at = tok.End
	return tok
}

// name reads an identifier, or the prefix of a string and the string.
func (t *Tokens) name(tok Token) Token {
	end, wide := t.at, false
	for end < len(t.src) {
		c := t.src[end]
		if isLetter(c) || isDigit(c) {
			end++
			continue
		}
		r, n := utf8.DecodeRuneInString(t.src[end:])
		if c < utf8.RuneSelf || !unicode.In(r, unicode.Letter, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Start,
			unicode.Other_ID_Continue) {
			break
		}
		wide, end = true, end+n
	}
	if end == t.at {
		_, n := utf8.DecodeRuneInString(t.src[t.at:])
		t.fail(t.at, "a character that stands in no token")
		tok.Text, tok.End = t.src[t.at:t.at+n], t.at+n
		t.at += n
		return tok
	}
	text := t.src[t.at:end]
	if end < len(t.src) && (t.src[end] == '"' || t.src[end] == '\'') && isPrefix(text) {
		return t.literal(tok, end)
	}
	tok.Kind, tok.Text, tok.End = Name, text, end
	if wide {
		tok.Text = fold(text)
		tok.Folded = tok.Text != text && ascii(tok.Text)
	}
	t.at = end
	return tok
}

// number reads a number. Letters right behind it are the next token.
func (t *Tokens) number(tok Token) Token {
	rest := t.src[t.at:]
	var n int
	if len(rest) > 2 && rest[0] == '0' && strings.IndexByte("xXoObB", rest[1]) >= 0 {
		n = 2 + digitsOf(rest[2:], "0123456789abcdefABCDEF_")
	} else {
		n = digitsOf(rest, "0123456789_")
		if n < len(rest) && rest[n] == '.' {
			n++
			n += digitsOf(rest[n:], "0123456789_")
		}
		n += exponent(rest[n:])
		if n < len(rest) && (rest[n] == 'j' || rest[n] == 'J' || rest[n] == 'l' || rest[n] == 'L') {
			n++
		}
	}
	tok.Kind, tok.Text, tok.End = Number, rest[:n], t.at+n
	t.at += n
	return tok
}

// digitsOf counts the leading bytes of a text that are in a set.
func digitsOf(s, set string) int {
	return len(s) - len(strings.TrimLeft(s, set))
}

// exponent is the length of the exponent at the start of a text, 0 when there is none.
func exponent(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	if digits := digitsOf(s[n:], "0123456789_"); digits > 0 {
		return n + digits
	}
	return 0
}

// literal reads a string whose opening quote is at an offset.
func (t *Tokens) literal(tok Token, quote int) Token {
	end, _, ok := scanString(t.src, t.at, quote, 0)
	if !ok {
		t.fail(t.at, "a string is not closed")
	}
	tok.Kind, tok.Text, tok.End = String, t.src[t.at:end], end
	t.line += lines(tok.Text)
	t.at = end
	return tok
}

// lines counts line ends.
func lines(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

// bracket follows the nesting of brackets.
func (t *Tokens) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		if len(t.brackets) >= maxBrackets {
			t.fail(t.at, "too many levels of brackets")
			return
		}
		t.brackets = append(t.brackets, c)
	case ')', ']', '}':
		n := len(t.brackets)
		if n == 0 || t.brackets[n-1] != opening(c) {
			t.fail(t.at, "a closing bracket closes nothing")
			if n == 0 {
				return
			}
		}
		t.brackets = t.brackets[:n-1]
	}
}

// opening is the bracket that a closing one closes.
func opening(c byte) byte {
	switch c {
	case ')':
		return '('
	case ']':
		return '['
	}
	return '{'
}

// operatorLength is the number of bytes of the operator at the start of a text.
func operatorLength(s string) int {
	if len(s) >= 3 {
		switch s[:3] {
		case "**=", "//=", ">>=", "<<=", "...":
			return 3
		}
	}
	if len(s) >= 2 {
		switch s[:2] {
		case "**", "//", ">>", "<<", "<=", ">=", "==", "!=", "<>", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=":
			return 2
		}
	}
	return 1
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// ascii reports whether a text is plain.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
