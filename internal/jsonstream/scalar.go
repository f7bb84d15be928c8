package jsonstream

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// begin starts the text of a new token.
func (r *Reader) begin() {
	r.text, r.cut = r.text[:0], false
	r.hash = hashStart
}

// keep adds bytes to the text of the token.
func (r *Reader) keep(b ...byte) {
	for _, c := range b {
		r.hash = (r.hash ^ uint64(c)) * hashPrime
	}
	r.hold(b)
}

// hold adds bytes to the text of the token that is kept. A text is cut once, so that what is kept is a prefix.
func (r *Reader) hold(b []byte) {
	if r.cut || len(b) == 0 {
		return
	}
	if len(b) > r.opts.Text-len(r.text) {
		r.cut = true
		if b[0] < utf8.RuneSelf { // ASCII may be cut anywhere
			r.text = append(r.text, b[:max(0, r.opts.Text-len(r.text))]...)
		}
		return
	}
	r.text = append(r.text, b...)
}

// string reads the rest of a string whose opening quote was read.
func (r *Reader) string() error {
	r.begin()
	for {
		r.plain()
		c, err := r.get()
		switch {
		case err != nil:
			return err
		case c == '"':
			return nil
		case c < 0x20:
			return r.errorf("a control character in a string")
		case c == '\\':
			err = r.escape()
		case c < utf8.RuneSelf:
			r.keep(c)
		default:
			err = r.rune(c)
		}
		if err != nil {
			return err
		}
	}
}

// plain keeps the ASCII characters of a string up to the next that means something else, as far as the window goes.
func (r *Reader) plain() {
	rest := r.window[r.pos:]
	h, n := r.hash, len(rest)
	for i, c := range rest {
		if c == '"' || c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
			n = i
			break
		}
		h = (h ^ uint64(c)) * hashPrime
	}
	r.hash = h
	r.pos += n
	r.hold(rest[:n])
}

// rune reads the rest of a UTF-8 sequence that begins with c.
func (r *Reader) rune(c byte) error {
	seq := [utf8.UTFMax]byte{c}
	n := 2
	switch {
	case c >= 0xf0:
		n = 4
	case c >= 0xe0:
		n = 3
	}
	for i := 1; i < n; i++ {
		b, err := r.get()
		if err != nil {
			return err
		}
		seq[i] = b
	}
	if got, width := utf8.DecodeRune(seq[:n]); got == utf8.RuneError && width == 1 || width != n {
		return r.errorf("invalid UTF-8 in a string")
	}
	r.keep(seq[:n]...)
	return nil
}

// escape reads the rest of an escape whose backslash was read.
func (r *Reader) escape() error {
	c, err := r.get()
	if err != nil {
		return err
	}
	switch c {
	case '"', '\\', '/':
		r.keep(c)
	case 'b':
		r.keep('\b')
	case 'f':
		r.keep('\f')
	case 'n':
		r.keep('\n')
	case 'r':
		r.keep('\r')
	case 't':
		r.keep('\t')
	case 'u':
		return r.unicode()
	default:
		return r.errorf("an unknown escape in a string")
	}
	return nil
}

// unicode reads the digits of a \u escape, and the second half of a surrogate pair.
func (r *Reader) unicode() error {
	first, err := r.hex4()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(first) && r.opts.Python && !r.pair() {
		first = utf8.RuneError
	}
	if utf16.IsSurrogate(first) {
		for _, want := range []byte{'\\', 'u'} {
			c, err := r.get()
			if err != nil {
				return err
			}
			if c != want {
				return r.errorf("half of a surrogate pair in a string")
			}
		}
		second, err := r.hex4()
		if err != nil {
			return err
		}
		if first = utf16.DecodeRune(first, second); first == utf8.RuneError {
			return r.errorf("half of a surrogate pair in a string")
		}
	}
	r.keep(utf8.AppendRune(nil, first)...)
	return nil
}

// pair reports whether the second half of a surrogate pair follows.
func (r *Reader) pair() bool {
	if len(r.window)-r.pos < 4 {
		r.base += int64(r.pos)
		r.window = r.window[:copy(r.window[:cap(r.window)], r.window[r.pos:])]
		r.pos = 0
		for len(r.window) < 4 && r.more() == nil { // fewer bytes are no pair
			continue
		}
	}
	next := r.window[r.pos:]
	return len(next) >= 4 && next[0] == '\\' && next[1] == 'u' && (next[2] == 'd' || next[2] == 'D') && next[3] >= 'C' &&
		(next[3] <= 'F' || next[3] >= 'c' && next[3] <= 'f')
}

// hex4 reads four hexadecimal digits.
func (r *Reader) hex4() (rune, error) {
	var v rune
	for range 4 {
		c, err := r.get()
		if err != nil {
			return 0, err
		}
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			v = v<<4 | rune(c-'A'+10)
		default:
			return 0, r.errorf("an escape without four hexadecimal digits")
		}
	}
	return v, nil
}

// number reads the rest of a number that begins with c.
func (r *Reader) number(c byte) error {
	r.begin()
	if n := wholeNumber(r.window[r.pos-1:]); n > 0 && n <= r.opts.Text {
		r.text = append(r.text, r.window[r.pos-1:r.pos-1+n]...)
		r.pos += n - 1
		return nil
	}
	r.keep(c)
	if c == '-' {
		var err error
		if c, err = r.get(); err != nil {
			return err
		}
		if c == 'I' && r.opts.Python {
			return r.word(c, "Infinity")
		}
		r.keep(c)
	}
	if c < '0' || c > '9' {
		return r.errorf("a number without digits")
	}
	next, err := r.digits(c != '0')
	if err != nil {
		return err
	}
	if next == '.' {
		if next, err = r.fraction(); err != nil {
			return err
		}
	}
	if next == 'e' || next == 'E' {
		return r.exponent()
	}
	return nil
}

// wholeNumber is the length of the number at the start of a window when what follows it can be seen; 0 when that needs more, or
// when it is no number.
func wholeNumber(b []byte) int {
	n := 0
	if b[0] == '-' {
		n = 1
	}
	zero := n < len(b) && b[n] == '0'
	count := run(b[n:])
	if count == 0 || zero && count > 1 {
		return 0
	}
	if n += count; n < len(b) && b[n] == '.' {
		if count = run(b[n+1:]); count == 0 {
			return 0
		}
		n += 1 + count
	}
	if n < len(b) && (b[n] == 'e' || b[n] == 'E') {
		if n++; n < len(b) && (b[n] == '+' || b[n] == '-') {
			n++
		}
		if count = run(b[n:]); count == 0 {
			return 0
		}
		n += count
	}
	if n >= len(b) {
		return 0
	}
	return n
}

// skipNumbers passes over elements of an array that are numbers, with the comma behind each, as far as the window goes. It is called
// where an element must follow.
func (r *Reader) skipNumbers() {
	b := r.window[r.pos:]
	for i := blanks(b, 0); i < len(b); i = blanks(b, i) {
		n := wholeNumber(b[i:])
		if i = blanks(b, i+n); n == 0 || i == len(b) || b[i] != ',' {
			return
		}
		i++
		r.pos = len(r.window) - len(b) + i
	}
}

// blanks returns where the white space at an offset of a window ends.
func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// run counts the digits at the start of a window.
func run(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// digits keeps digits while there are any and returns the byte after them, which is not consumed; 0 at the end of the input.
// With more false it takes none, for a number that begins with zero.
func (r *Reader) digits(more bool) (byte, error) {
	for {
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return 0, nil
			}
			return 0, r.ended(err)
		}
		rest := r.window[r.pos:]
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n > 0 && !more {
			r.pos++
			return 0, r.errorf("a number with a leading zero")
		}
		r.pos += n
		r.hold(rest[:n])
		if n < len(rest) {
			return rest[n], nil
		}
	}
}

// fraction reads the point and at least one digit.
func (r *Reader) fraction() (byte, error) {
	c, err := r.get()
	if err != nil {
		return 0, err
	}
	r.keep(c)
	if err := r.digit(); err != nil {
		return 0, err
	}
	return r.digits(true)
}

// exponent reads the letter, a sign and at least one digit.
func (r *Reader) exponent() error {
	c, err := r.get()
	if err != nil {
		return err
	}
	r.keep(c)
	if c, err = r.get(); err != nil {
		return err
	}
	if c == '+' || c == '-' {
		r.keep(c)
	} else {
		r.unget()
	}
	if err := r.digit(); err != nil {
		return err
	}
	_, err = r.digits(true)
	return err
}

// digit reads exactly one digit.
func (r *Reader) digit() error {
	c, err := r.get()
	if err != nil {
		return err
	}
	if c < '0' || c > '9' {
		return r.errorf("a number without digits")
	}
	r.keep(c)
	return nil
}

// literal reads true, false or null, which begins with c; also NaN and Infinity as Python writes them.
func (r *Reader) literal(c byte) error {
	r.begin()
	word := ""
	switch c {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	case 'N':
		word = "NaN"
	case 'I':
		word = "Infinity"
	}
	if word == "" || word[0] < 'a' && !r.opts.Python {
		return r.errorf("expected a value")
	}
	return r.word(c, word)
}

// word reads the rest of a word that begins with c.
func (r *Reader) word(c byte, word string) error {
	r.keep(c)
	for i := 1; i < len(word); i++ {
		b, err := r.get()
		if err != nil {
			return err
		}
		if b != word[i] {
			return r.errorf("expected a value")
		}
		r.keep(b)
	}
	return nil
}
