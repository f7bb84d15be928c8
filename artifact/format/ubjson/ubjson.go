// Package ubjson reads Universal Binary JSON (draft 12) from hostile input one token at a time, forward, in constant memory
// whatever counts the content claims. It is for parsers of formats that are written in it, such as XGBoost's. Arrays of one
// type of number can be skipped at the speed of reading. It builds no values and knows nothing of any format.
// Specification: https://ubjson.org/
package ubjson

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Token is one token of the document.
type Token struct {
	Kind   jsonstream.Kind
	Offset int64 // bytes from the start of the document to the marker of the token
	// Text is the text of a key or string up to Options.Text bytes. It is overwritten by the next call.
	Text []byte
	Cut  bool // the text was longer than what Text holds
	// Number is the value of a Number, when it is no text (a high-precision number has only Text).
	Number float64
	// Whole is the value of a Number of an integer type, and of the literals true and false.
	Whole int64
	// Count is the number of elements that an array or object announces; -1 when it does not.
	Count int64
	// Type is the type that all elements of an array have; 0 when they differ or it is not announced.
	Type byte
}

// Options bound the reader.
type Options struct {
	Depth int // how deep objects and arrays may nest
	Text  int // bytes of one string that are kept
}

// open is a container that has not ended.
type open struct {
	object bool
	kind   byte  // of the elements; 0 when each has a marker
	left   int64 // elements that are still to come; -1 when an end marker follows
}

// Reader reads tokens. Make it with New.
type Reader struct {
	in     *bufio.Reader
	budget *limits.Budget
	offset int64
	opts   Options
	nest   []open
	value  bool // a value must follow: after a key, and at the start
	done   bool
	text   []byte
	tokens int64
}

// New starts reading a document. It reads ahead by at most 64 KiB.
func New(in io.Reader, budget *limits.Budget, opts Options) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 64<<10), budget: budget, opts: opts, value: true}
}

// Depth is the number of containers that are open after the last token.
func (r *Reader) Depth() int { return len(r.nest) }

// Offset is the number of bytes consumed so far.
func (r *Reader) Offset() int64 { return r.offset }

// charge is how many tokens are counted against the budget at once.
const charge = 1 << 10

// Next reads the next token. After the top-level value it returns End; what follows is not read. The error wraps
// format.ErrMalformed, or limits.ErrExceeded.
func (r *Reader) Next() (Token, error) {
	if r.tokens++; r.tokens%charge == 0 {
		if err := r.budget.Ops(charge); err != nil {
			return Token{}, fmt.Errorf("read UBJSON: %w", err)
		}
	}
	if len(r.nest) == 0 {
		if r.done {
			return Token{Kind: jsonstream.End, Offset: r.offset}, nil
		}
		r.done = true
		return r.marked()
	}
	top := &r.nest[len(r.nest)-1]
	if !r.value || !top.object {
		if ended, err := r.ended(top); ended || err != nil {
			return r.close(top), err
		}
		if top.object {
			return r.key(top)
		}
	}
	r.value = false
	if !top.object && top.left > 0 {
		top.left--
	}
	if top.kind != 0 {
		return r.element(r.offset, top.kind)
	}
	return r.marked()
}

// ended reports whether the container has no more elements, and consumes its end marker.
func (r *Reader) ended(top *open) (bool, error) {
	if top.left >= 0 {
		return top.left == 0, nil
	}
	mark, err := r.skipNoOp()
	if err != nil {
		return false, err
	}
	end := byte(']')
	if top.object {
		end = '}'
	}
	if mark == end {
		return true, nil
	}
	return false, r.unread()
}

// close ends the innermost container.
func (r *Reader) close(top *open) Token {
	t := Token{Kind: jsonstream.ArrayEnd, Offset: r.offset}
	if top.object {
		t.Kind = jsonstream.ObjectEnd
	}
	r.nest = r.nest[:len(r.nest)-1]
	return t
}

// key reads the name of a member: a string without a marker.
func (r *Reader) key(top *open) (Token, error) {
	t := Token{Kind: jsonstream.Key, Offset: r.offset}
	if top.left > 0 {
		top.left--
	}
	r.value = true
	return t, r.string(&t)
}

// marked reads a value with its marker.
func (r *Reader) marked() (Token, error) {
	mark, err := r.skipNoOp()
	if err != nil {
		return Token{}, err
	}
	return r.element(r.offset-1, mark)
}

// element reads a value whose marker is known.
func (r *Reader) element(at int64, mark byte) (Token, error) {
	t := Token{Offset: at, Count: -1}
	switch mark {
	case '{', '[':
		return t, r.begin(&t, mark == '{')
	case 'Z', 'T', 'F':
		t.Kind = jsonstream.Literal
		if mark == 'T' {
			t.Whole, t.Number = 1, 1
		}
		return t, nil
	case 'S', 'H':
		t.Kind = jsonstream.String
		if mark == 'H' {
			t.Kind = jsonstream.Number
		}
		return t, r.string(&t)
	case 'C':
		t.Kind = jsonstream.String
		b, err := r.bytes(1)
		r.text = append(r.text[:0], b...)
		t.Text = r.text
		return t, err
	}
	width := Width(mark)
	if width == 0 {
		return t, format.Malformed(at, "a value of the unknown type %d", mark)
	}
	t.Kind = jsonstream.Number
	b, err := r.bytes(width)
	if err != nil {
		return t, err
	}
	t.Whole, t.Number = number(mark, b)
	return t, nil
}

// Width is the size of a number of a type in bytes; 0 for types that are no numbers of fixed size.
func Width(mark byte) int {
	switch mark {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

// number decodes a number of fixed size.
func number(mark byte, b []byte) (int64, float64) {
	var n int64
	switch mark {
	case 'i':
		n = int64(int8(b[0]))
	case 'U':
		n = int64(b[0])
	case 'I':
		n = int64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		n = int64(int32(binary.BigEndian.Uint32(b)))
	case 'L':
		n = int64(binary.BigEndian.Uint64(b))
	case 'd':
		return 0, float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	default:
		return 0, math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return n, float64(n)
}

// begin reads what follows the start of a container: its type and its count, if it announces them.
func (r *Reader) begin(t *Token, object bool) error {
	t.Kind = jsonstream.ArrayStart
	if object {
		t.Kind = jsonstream.ObjectStart
	}
	if len(r.nest) >= r.opts.Depth {
		return format.Malformed(t.Offset, "containers nest deeper than %d", r.opts.Depth)
	}
	c := open{object: object, left: -1}
	mark, err := r.byte()
	if err == nil && mark == '$' {
		if c.kind, err = r.byte(); err == nil {
			mark, err = r.byte()
		}
		if err == nil && mark != '#' {
			err = format.Malformed(r.offset-1, "a container of one type without a count")
		}
	}
	switch {
	case err != nil:
		return err
	case mark == '#':
		if c.left, err = r.length(); err != nil {
			return err
		}
	default:
		if err := r.unread(); err != nil {
			return err
		}
	}
	if w := Width(c.kind); c.kind != 0 && w == 0 && c.kind != '{' && c.kind != '[' && c.kind != 'S' && c.kind != 'C' && c.kind != 'H' && c.left > 0 {
		return format.Malformed(t.Offset, "a container of %d values that take no space", c.left)
	}
	t.Count, t.Type = c.left, c.kind
	r.nest = append(r.nest, c)
	r.value = false
	return nil
}

// Skip passes over the elements of an array of one type of number, whose start was the last token. The next token is the end
// of the array.
func (r *Reader) Skip() error {
	top := &r.nest[len(r.nest)-1]
	for width := int64(Width(top.kind)); top.left > 0; {
		n := min(top.left, (1<<30)/width)
		got, err := r.in.Discard(int(n * width))
		r.offset += int64(got)
		if err != nil {
			return r.early(err)
		}
		top.left -= n
	}
	return nil
}

// string reads a length and as many bytes.
func (r *Reader) string(t *Token) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	keep := min(n, int64(r.opts.Text))
	if int64(cap(r.text)) < keep {
		r.text = make([]byte, 0, r.opts.Text)
	}
	r.text = r.text[:keep]
	got, err := io.ReadFull(r.in, r.text)
	r.offset += int64(got)
	if err != nil {
		return r.early(err)
	}
	t.Text, t.Cut = r.text, n > keep
	for left := n - keep; left > 0; {
		got, err := r.in.Discard(int(min(left, 1<<30)))
		r.offset += int64(got)
		if err != nil {
			return r.early(err)
		}
		left -= int64(got)
	}
	return nil
}

// length reads a count: a number of an integer type that is not negative.
func (r *Reader) length() (int64, error) {
	at := r.offset
	mark, err := r.byte()
	if err != nil {
		return 0, err
	}
	if Width(mark) == 0 || mark == 'd' || mark == 'D' {
		return 0, format.Malformed(at, "a length of the type %d", mark)
	}
	b, err := r.bytes(Width(mark))
	if err != nil {
		return 0, err
	}
	n, _ := number(mark, b)
	if n < 0 {
		return 0, format.Malformed(at, "a negative length")
	}
	return n, nil
}

// skipNoOp reads the next marker that means something.
func (r *Reader) skipNoOp() (byte, error) {
	for {
		if mark, err := r.byte(); err != nil || mark != 'N' {
			return mark, err
		}
	}
}

// bytes reads n bytes, at most 8; the result is valid until the next read.
func (r *Reader) bytes(n int) ([]byte, error) {
	b, err := r.in.Peek(n)
	if err != nil {
		return nil, r.early(err)
	}
	_, err = r.in.Discard(n)
	r.offset += int64(n)
	return b, err
}

// byte reads one byte.
func (r *Reader) byte() (byte, error) {
	b, err := r.in.ReadByte()
	if err != nil {
		return 0, r.early(err)
	}
	r.offset++
	return b, nil
}

// unread gives back the byte that was just read.
func (r *Reader) unread() error {
	r.offset--
	return r.in.UnreadByte()
}

// early is the error for input that ends, or fails, inside the document.
func (r *Reader) early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Malformed(r.offset, "the document ends too early")
	}
	return fmt.Errorf("read UBJSON: %w", err)
}
