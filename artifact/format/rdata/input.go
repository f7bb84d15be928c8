package rdata

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// encoding is how numbers are written.
type encoding byte

const (
	xdr    encoding = 'X' // big-endian
	native encoding = 'B' // little-endian
	ascii  encoding = 'A'
)

// input reads the primitives of the three encodings.
type input struct {
	in     *bufio.Reader
	offset int64
	kind   encoding
	budget *limits.Budget
	unpaid int64
	word   []byte
	buf    [8]byte
}

// early is the error for input that ends, or fails, inside of the object.
func (r *input) early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Malformed(r.offset, "the object ends too early")
	}
	return fmt.Errorf("read R object: %w", err)
}

// step counts work against the budget.
func (r *input) step(n int64) error {
	const charge = 1 << 10
	if r.unpaid += n; r.unpaid < charge {
		return nil
	}
	n, r.unpaid = r.unpaid, 0
	if err := r.budget.Ops(n); err != nil {
		return fmt.Errorf("read R object: %w", err)
	}
	return nil
}

// byte reads one byte.
func (r *input) byte() (byte, error) {
	c, err := r.in.ReadByte()
	if err != nil {
		return 0, r.early(err)
	}
	r.offset++
	return c, nil
}

// token reads one word of the text encoding.
func (r *input) token() ([]byte, error) {
	const most = 64
	r.word = r.word[:0]
	for {
		c, err := r.byte()
		if err != nil {
			if len(r.word) > 0 && errors.Is(err, format.ErrMalformed) {
				return r.word, nil
			}
			return nil, err
		}
		switch c {
		case ' ', '\n', '\t', '\r':
			if len(r.word) > 0 {
				return r.word, nil
			}
			continue
		}
		if len(r.word) == most {
			return nil, format.Malformed(r.offset, "a number of more than %d bytes", most)
		}
		r.word = append(r.word, c)
	}
}

// int reads an integer.
func (r *input) int() (int32, error) {
	if err := r.step(1); err != nil {
		return 0, err
	}
	if r.kind == ascii {
		at := r.offset
		word, err := r.token()
		if err != nil {
			return 0, err
		}
		if string(word) == "NA" {
			return -1 << 31, nil
		}
		n, err := strconv.ParseInt(string(word), 10, 64)
		if err != nil || n < -1<<31 || n >= 1<<32 {
			return 0, format.Malformed(at, "no number where one must be")
		}
		return int32(n), nil
	}
	if _, err := io.ReadFull(r.in, r.buf[:4]); err != nil {
		return 0, r.early(err)
	}
	r.offset += 4
	if r.kind == native {
		return int32(binary.LittleEndian.Uint32(r.buf[:])), nil
	}
	return int32(binary.BigEndian.Uint32(r.buf[:])), nil
}

// length reads the length of a vector.
func (r *input) length() (int64, error) {
	at := r.offset
	n, err := r.int()
	if err != nil || n >= 0 {
		return int64(n), err
	}
	if n != -1 {
		return 0, format.Malformed(at, "a vector of negative length")
	}
	high, err := r.int()
	if err != nil {
		return 0, err
	}
	low, err := r.int()
	if err != nil {
		return 0, err
	}
	if high < 0 || high > 65536 {
		return 0, format.Malformed(at, "a vector of more elements than R has")
	}
	return int64(high)<<32 | int64(uint32(low)), nil
}

// numbers skips n elements of width bytes; in text an element is each words.
func (r *input) numbers(n, width, each int64) error {
	if r.kind == ascii {
		for range n {
			for range each {
				if _, err := r.token(); err != nil {
					return err
				}
			}
			if err := r.step(each); err != nil {
				return err
			}
		}
		return nil
	}
	return r.skip(n * width) // no overflow: 48 bits times 16
}

// skip passes over n bytes.
func (r *input) skip(n int64) error {
	for n > 0 {
		got, err := r.in.Discard(int(min(n, 1<<30)))
		r.offset += int64(got)
		n -= int64(got)
		if err != nil {
			return r.early(err)
		}
	}
	return nil
}

// text reads n bytes of a string and keeps the first of them.
func (r *input) text(n int64) (string, error) {
	if r.kind == ascii {
		return r.escaped(n)
	}
	keep := min(n, maxSymbol)
	if int64(cap(r.word)) < keep {
		r.word = make([]byte, maxSymbol)
	}
	b := r.word[:keep]
	got, err := io.ReadFull(r.in, b)
	r.offset += int64(got)
	if err != nil {
		return "", r.early(err)
	}
	s := string(b)
	return s, r.skip(n - keep)
}

// escaped reads n bytes that are written with the escapes of C.
func (r *input) escaped(n int64) (string, error) {
	c, err := r.byte()
	for err == nil && (c == ' ' || c == '\n' || c == '\t' || c == '\r') && n > 0 {
		c, err = r.byte()
	}
	var kept []byte
	for i := int64(0); i < n && err == nil; i++ {
		if i > 0 {
			c, err = r.byte()
		}
		if err == nil && c == '\\' {
			c, err = r.escape()
		}
		if len(kept) < maxSymbol {
			kept = append(kept, c)
		}
		if err == nil {
			err = r.step(1)
		}
	}
	return string(kept), err
}

// escape reads what follows a backslash.
func (r *input) escape() (byte, error) {
	c, err := r.byte()
	if err != nil {
		return 0, err
	}
	if c < '0' || c > '7' {
		for i, letter := range []byte("ntvbrfa") {
			if c == letter {
				return "\n\t\v\b\r\f\a"[i], nil
			}
		}
		return c, nil
	}
	n := c - '0'
	for range 2 {
		next, err := r.in.Peek(1)
		if err != nil || next[0] < '0' || next[0] > '7' {
			break
		}
		if c, err = r.byte(); err != nil {
			return 0, err
		}
		n = n<<3 | (c - '0')
	}
	return n, nil
}
