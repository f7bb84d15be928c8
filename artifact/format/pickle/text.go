package pickle

import (
	"bytes"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

func opBinString(m *Machine) error {
	b, err := m.arg(4)
	if err != nil {
		return err
	}
	n := le32(b)
	if n > math.MaxInt32 {
		if err := m.anomaly(LengthSigned, "a string of %d or %d bytes", n, int32(n)); err != nil {
			return err
		}
	}
	return m.counted(String, uint64(n), true)
}

func opShortBinString(m *Machine) error  { return m.sized(String, 1, true) }
func opBinUnicode(m *Machine) error      { return m.sized(String, 4, false) }
func opShortBinUnicode(m *Machine) error { return m.sized(String, 1, false) }
func opBinUnicode8(m *Machine) error     { return m.sized(String, 8, false) }
func opBinBytes(m *Machine) error        { return m.sized(Bytes, 4, false) }
func opShortBinBytes(m *Machine) error   { return m.sized(Bytes, 1, false) }
func opBinBytes8(m *Machine) error       { return m.sized(Bytes, 8, false) }
func opByteArray8(m *Machine) error      { return m.sized(ByteArray, 8, false) }

// sized reads a length of width bytes and the body after it.
func (m *Machine) sized(k Kind, width int, eightBit bool) error {
	b, err := m.arg(width)
	if err != nil {
		return err
	}
	var n uint64
	switch width {
	case 1:
		n = uint64(b[0])
	case 4:
		n = uint64(le32(b))
	default:
		n = le64(b)
	}
	return m.counted(k, n, eightBit)
}

// counted pushes a body of n bytes.
func (m *Machine) counted(k Kind, n uint64, eightBit bool) error {
	if n > math.MaxInt64 {
		return m.malformed("a length of %d bytes is more than any reader takes", n)
	}
	r := m.reader
	want := int(min(n, MaxHead))
	head, err := r.Peek(want)
	if err != nil {
		return err
	}
	if len(head) < want {
		return m.shortArg()
	}
	v := value(k, 0)
	if k == String {
		if v, err = m.content(head, eightBit, n <= MaxHead); err != nil {
			return err
		}
	}
	if n < MinPayload {
		r.lo += want
		return m.push(v)
	}
	m.body = body{r: r, left: int64(n), next: r.lo}
	e := m.emit(Payload)
	e.Data, e.Bytes, e.Whole = Span{r.Offset(), int64(n)}, head, n <= MaxHead
	e.Body, e.Result = &m.body, v
	if err := m.deliver(); err != nil {
		return err
	}
	if err := m.body.finish(); err != nil {
		return m.argEnd(err)
	}
	return m.push(v)
}

// argEnd gives an error of the reader the offset of the opcode, so that it does not depend on how far reading went.
func (m *Machine) argEnd(err error) error {
	if errors.Is(err, format.ErrMalformed) {
		return m.shortArg()
	}
	return err
}

// content makes a String of decoded bytes. Whole is false when they are only the start of it.
func (m *Machine) content(b []byte, eightBit, whole bool) (Value, error) {
	switch {
	case eightBit && !ascii(b):
		if m.eightBit {
			return value(String, 0), nil
		}
		m.eightBit = true
		return value(String, 0), m.anomaly(StringEncoding, "%s is not ASCII", m.op.name)
	case !whole:
		return value(String, 0), nil
	case !eightBit && !validText(b):
		return value(String, 0), m.anomaly(TextInvalid, "%s is not UTF-8", m.op.name)
	}
	return value(String, m.texts.add(&m.pool, b)), nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// validText reports whether b is UTF-8 that may also have the halves of surrogate pairs, as Python's surrogatepass takes.
func validText(b []byte) bool {
	for !utf8.Valid(b) {
		i := bytes.IndexByte(b, 0xed)
		for i >= 0 && (len(b) < i+3 || b[i+1] < 0xa0 || b[i+1] > 0xbf || b[i+2] < 0x80 || b[i+2] > 0xbf) {
			next := bytes.IndexByte(b[i+1:], 0xed)
			if next < 0 {
				return false
			}
			i += 1 + next
		}
		if i < 0 || !utf8.Valid(b[:i]) {
			return false
		}
		b = b[i+3:]
	}
	return true
}

// line returns the text argument without its newline and passes over both. Of a line that is longer than MaxHead it
// returns the start. When the content ends first, Python uses the line all the same, without its last byte, and fails
// only at the next opcode: so does the machine, by cut.
func (m *Machine) line() ([]byte, error) {
	r := m.reader
	line, found, err := r.line()
	switch {
	case err != nil:
		return nil, err
	case found:
		r.lo += len(line) + 1
		return line, nil
	case len(line) >= MaxHead:
		m.text = append(m.text[:0], line...)
		return m.text, m.toNewline()
	}
	r.lo += len(line)
	m.cut = true
	return line[:max(0, len(line)-1)], m.anomaly(LineEnding, "the content ends before the newline")
}

// toNewline passes over the rest of a line.
func (m *Machine) toNewline() error {
	r := m.reader
	for {
		chunk, err := r.Peek(MaxHead)
		if err != nil {
			return err
		}
		if i := bytes.IndexByte(chunk, '\n'); i >= 0 {
			r.lo += i + 1
			return nil
		}
		if r.lo += len(chunk); len(chunk) == 0 {
			m.cut = true
			return nil
		}
	}
}

// opString is STRING: an 8-bit string as Python 2's repr wrote it, in quotes.
func opString(m *Machine) error {
	start := m.reader.Offset()
	line, found, err := m.reader.line()
	if err != nil {
		return err
	}
	if !found && len(line) >= MaxHead {
		if line[0] != '"' && line[0] != '\'' {
			return format.Malformed(start, "a STRING of more than %d bytes without quotes, which no reader takes", MaxHead)
		}
		return m.longText(start, decoder{quoted: true})
	}
	if line, err = m.line(); err != nil {
		return err
	}
	if n := len(line); n < 2 || line[0] != line[n-1] || line[0] != '"' && line[0] != '\'' {
		if err := m.anomaly(StringQuote, "STRING %q", clip(line)); err != nil {
			return err
		}
		return m.push(value(String, 0))
	}
	return m.escaped(start+1, line[1:len(line)-1], decoder{quoted: true}, true)
}

// opUnicode is UNICODE: a str in the encoding raw-unicode-escape.
func opUnicode(m *Machine) error {
	start := m.reader.Offset()
	line, found, err := m.reader.line()
	if err != nil {
		return err
	}
	if !found && len(line) >= MaxHead {
		return m.longText(start, decoder{})
	}
	if line, err = m.line(); err != nil {
		return err
	}
	return m.escaped(start, line, decoder{}, false)
}

// escaped pushes the string that a line encodes.
func (m *Machine) escaped(start int64, line []byte, d decoder, eightBit bool) error {
	text := line
	encoded := bytes.IndexByte(line, '\\') >= 0 || !eightBit && !ascii(line)
	if encoded {
		m.text = m.text[:0]
		for _, c := range line {
			m.text = d.feed(m.text, c)
		}
		m.text = d.finish(m.text)
		text = m.text
	}
	if d.bad {
		if err := m.anomaly(StringEscape, "%s with an escape that is not valid", m.op.name); err != nil {
			return err
		}
	}
	v, err := m.content(text, eightBit, !d.bad)
	if err != nil {
		return err
	}
	if len(text) >= MinPayload {
		head := text[:min(len(text), MaxHead)]
		e := m.emit(Payload)
		e.Data, e.Bytes, e.Whole = Span{start, int64(len(line))}, head, len(text) <= MaxHead
		e.Body, e.Encoded, e.Result = bytes.NewReader(text), encoded, v
		if err := m.deliver(); err != nil {
			return err
		}
	}
	return m.push(v)
}

// longText delivers a line that is too long to be held, decoding it as it is read.
func (m *Machine) longText(start int64, d decoder) error {
	t := &lineBody{m: m, d: d, first: d.quoted}
	head := make([]byte, MaxHead)
	n, err := io.ReadFull(t, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	v := value(String, 0)
	if d.quoted {
		if v, err = m.content(head[:n], true, false); err != nil {
			return err
		}
	}
	e := m.emit(Payload)
	e.Data, e.Bytes, e.Whole, e.Encoded = Span{start, -1}, head[:n], t.done && len(t.out) == 0, true
	e.Body, e.Result = io.MultiReader(bytes.NewReader(head[:n]), t), v
	if err := m.deliver(); err != nil {
		return err
	}
	for !t.done {
		if err := t.fill(); err != nil {
			return err
		}
	}
	if t.badQuote {
		if err := m.anomaly(StringQuote, "a long STRING"); err != nil {
			return err
		}
	}
	if t.d.bad {
		if err := m.anomaly(StringEscape, "%s with an escape that is not valid", m.op.name); err != nil {
			return err
		}
	}
	return m.push(v)
}
