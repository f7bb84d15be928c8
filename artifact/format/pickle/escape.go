package pickle

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// decoder undoes the escapes of STRING (quoted: those of a Python 2 string literal) or of UNICODE (raw-unicode-escape) one
// byte at a time. After a bad escape what it writes is a guess.
type decoder struct {
	quoted bool
	bad    bool
	state  byte // 0, '\\' after a backslash, 'o' in an octal number, 'x' in a hexadecimal one
	need   int  // digits that may or must follow
	value  rune
}

// feed decodes one byte and appends what is complete.
func (d *decoder) feed(out []byte, c byte) []byte {
	switch d.state {
	case '\\':
		return d.escape(out, c)
	case 'o':
		if c >= '0' && c <= '7' && d.need > 0 {
			d.value, d.need = d.value<<3|rune(c-'0'), d.need-1
			return out
		}
		return d.feed(d.octal(out), c)
	case 'x':
		digit := hexDigit(c)
		if digit < 0 {
			d.bad, d.state = true, 0
			return append(out, c)
		}
		d.value, d.need = d.value<<4|rune(digit), d.need-1
		if d.need == 0 {
			out, d.state = d.char(out, d.value), 0
		}
		return out
	}
	if c == '\\' {
		d.state = c
		return out
	}
	return d.char(out, rune(c))
}

// octal ends an octal number.
func (d *decoder) octal(out []byte) []byte {
	d.bad = d.bad || d.value > 0xff
	d.state = 0
	return append(out, byte(d.value))
}

// escape decodes the byte after a backslash.
func (d *decoder) escape(out []byte, c byte) []byte {
	d.state, d.value = 0, 0
	if !d.quoted {
		switch c {
		case 'u':
			d.state, d.need = 'x', 4
		case 'U':
			d.state, d.need = 'x', 8
		default:
			return d.char(append(out, '\\'), rune(c))
		}
		return out
	}
	switch {
	case c >= '0' && c <= '7':
		d.state, d.value, d.need = 'o', rune(c-'0'), 2
		return out
	case c == 'x':
		d.state, d.need = 'x', 2
		return out
	}
	if i := bytes.IndexByte([]byte(`\'"abfnrtv`), c); i >= 0 {
		return append(out, "\\'\"\a\b\f\n\r\t\v"[i])
	}
	d.bad = true // newer Pythons warn and keep the backslash
	return append(out, '\\', c)
}

// char appends a byte of a quoted string, or a code point of a text in UTF-8, half surrogates included.
func (d *decoder) char(out []byte, r rune) []byte {
	switch {
	case d.quoted:
		return append(out, byte(r))
	case r >= 0xd800 && r <= 0xdfff:
		return append(out, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	case r < 0 || r > utf8.MaxRune:
		d.bad = true
		return out
	}
	return utf8.AppendRune(out, r)
}

// finish ends the text.
func (d *decoder) finish(out []byte) []byte {
	switch {
	case d.state == 'o':
		out = d.octal(out)
	case d.state == '\\' && !d.quoted:
		out = append(out, '\\')
	case d.state != 0:
		d.bad = true
	}
	d.state = 0
	return out
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// lineBody decodes a long line while it is read, and stops past its newline.
type lineBody struct {
	m        *Machine
	d        decoder
	out      []byte // decoded and not yet read
	first    bool   // the opening quote comes next
	quote    byte
	last     byte // the byte before, held back because it may be the closing quote
	held     bool
	badQuote bool
	done     bool
}

// Read implements io.Reader.
func (t *lineBody) Read(p []byte) (int, error) {
	for len(t.out) == 0 {
		if t.done {
			return 0, io.EOF
		}
		if err := t.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// fill decodes the next piece of the line in place of what was decoded before.
func (t *lineBody) fill() error {
	r := t.m.reader
	chunk, err := r.Peek(4 << 10)
	if err != nil {
		return err
	}
	t.out = t.out[:0]
	end := bytes.IndexByte(chunk, '\n')
	if end >= 0 {
		r.lo += end + 1
		chunk, t.done = chunk[:end], true
	} else {
		r.lo += len(chunk)
		if len(chunk) == 0 {
			t.done, t.m.cut = true, true
		}
	}
	for _, c := range chunk {
		t.feed(c)
	}
	if t.done {
		t.close()
	}
	return nil
}

// feed decodes one byte, less the quotes.
func (t *lineBody) feed(c byte) {
	switch {
	case !t.d.quoted:
		t.out = t.d.feed(t.out, c)
	case t.first:
		t.first, t.quote = false, c
		t.badQuote = c != '"' && c != '\''
	default:
		if t.held {
			t.out = t.d.feed(t.out, t.last)
		}
		t.last, t.held = c, true
	}
}

// close ends the line.
func (t *lineBody) close() {
	t.out = t.d.finish(t.out)
	if t.d.quoted && (!t.held || t.last != t.quote) {
		t.badQuote = true
	}
}
