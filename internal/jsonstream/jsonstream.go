// Package jsonstream reads JSON from hostile input one token at a time, in constant memory whatever the size of the document.
// It is for parsers of formats that are, or begin with, JSON. It follows RFC 8259 to the letter (no comments, no trailing commas,
// no lone surrogates, no invalid UTF-8), so that what it accepts is what strict readers accept; Options.Python also takes what
// Python's json module takes. Only Tree, for small documents, builds values. It knows nothing of any format.
package jsonstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Kind says what a token is.
type Kind byte

// The kinds of tokens.
const (
	End         Kind = iota // the end of the document
	ObjectStart             // {
	ObjectEnd               // }
	ArrayStart              // [
	ArrayEnd                // ]
	Key                     // the name of a member of an object
	String
	Number
	Literal // true, false or null
)

// Token is one token of the document.
type Token struct {
	Kind   Kind
	Offset int64 // bytes from the start of the document to the first byte of the token
	// Text is the decoded text of a key or string, or the digits of a number, up to Options.Text bytes. It is overwritten by
	// the next call.
	Text []byte
	// Cut is true when the text was longer than what Text holds.
	Cut bool
	// Hash is the 64-bit FNV-1a hash of the whole decoded text of a key or string. It tells names apart without keeping them;
	// who forges a collision makes their own names look repeated and gains nothing.
	Hash uint64
}

// Options bound the reader.
type Options struct {
	Depth int // how deep objects and arrays may nest
	Text  int // bytes of one string that are kept
	// Python accepts what Python's json module reads beyond the RFC: NaN, Infinity, -Infinity and lone surrogates, which
	// become U+FFFD; and a byte order mark before the document, as it does for bytes.
	Python bool
	// SkipNumbers lets the reader pass over numbers that are elements of an array: they are checked, and those behind which
	// another element follows are mostly not given as tokens. It is for readers that look for something else.
	SkipNumbers bool
}

// Error says where the document breaks the grammar or a bound.
type Error struct {
	Offset int64
	Reason string // contains no raw input
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("JSON at byte %d: %s", e.Offset, e.Reason) }

// state is what the grammar allows next.
type state byte

const (
	wantValue      state = iota
	wantFirstValue       // in an array that has just begun: a value or its end
	wantFirstKey         // in an object that has just begun: a key or its end
	wantKey
	wantSeparator // after a value inside a container: a comma or its end
	wantNothing   // after the top-level value
)

// Reader reads tokens. Make it with New.
type Reader struct {
	in     io.Reader
	window []byte // what was read of the input and not dropped yet
	pos    int    // of the next byte in the window
	base   int64  // bytes of the input before the window
	failed error  // of the input, io.EOF included; reported when the window is used up
	opts   Options
	nest   []byte // '{' or '[' for each open container
	next   state
	text   []byte
	cut    bool
	hash   uint64
}

// Hash is the hash that Token.Hash has for a text.
func Hash(text string) uint64 {
	h := uint64(hashStart)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * hashPrime
	}
	return h
}

// The parameters of 64-bit FNV-1a.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

// windowSize is how much is read ahead, in bytes.
const windowSize = 32 << 10

// New starts reading a document. It reads ahead by at most 32 KiB.
func New(in io.Reader, opts Options) *Reader {
	return &Reader{in: in, opts: opts}
}

// Depth is the number of containers that are open after the last token.
func (r *Reader) Depth() int { return len(r.nest) }

// Offset is the number of bytes consumed so far.
func (r *Reader) Offset() int64 { return r.base + int64(r.pos) }

// errorf makes a grammar error at the last byte that was read.
func (r *Reader) errorf(reason string, args ...any) error {
	return &Error{Offset: max(0, r.Offset()-1), Reason: fmt.Sprintf(reason, args...)}
}

// fill makes sure that the window holds at least one more byte. The error is io.EOF at the end of the input.
func (r *Reader) fill() error {
	if r.pos < len(r.window) {
		return nil
	}
	if r.window == nil {
		r.window = make([]byte, 0, windowSize)
	}
	r.base += int64(len(r.window))
	r.window, r.pos = r.window[:0], 0
	return r.more()
}

// more adds to the window, behind what it holds.
func (r *Reader) more() error {
	for empty := 0; r.failed == nil; empty++ {
		n, err := r.in.Read(r.window[len(r.window):cap(r.window)])
		r.window = r.window[:len(r.window)+n]
		r.failed = err
		if n > 0 {
			return nil
		}
		if empty == 100 {
			r.failed = io.ErrNoProgress
		}
	}
	return r.failed
}

// get reads one byte; the end of the input is an error.
func (r *Reader) get() (byte, error) {
	if err := r.fill(); err != nil {
		return 0, r.ended(err)
	}
	c := r.window[r.pos]
	r.pos++
	return c, nil
}

// ended is the error for input that ends, or fails, inside the document.
func (r *Reader) ended(err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{Offset: r.Offset(), Reason: "the document ends too early"}
	}
	return fmt.Errorf("read JSON: %w", err)
}

// unget gives back the byte that was just read.
func (r *Reader) unget() { r.pos-- }

// space skips white space and returns the first byte after it. Ended is true at the end of the input.
func (r *Reader) space() (c byte, ended bool, err error) {
	for {
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return 0, true, nil
			}
			return 0, false, r.ended(err)
		}
		for r.pos < len(r.window) {
			c := r.window[r.pos]
			r.pos++
			if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				return c, false, nil
			}
		}
	}
}

// Next reads the next token. After the top-level value it skips white space and returns End at the end of the input. Errors
// about the content are of type *Error.
func (r *Reader) Next() (Token, error) {
	if r.opts.Python && r.Offset() == 0 {
		r.mark()
	}
	for {
		var c byte
		var ended bool
		var err error
		if r.pos < len(r.window) && r.window[r.pos] > ' ' { // nearly always
			c = r.window[r.pos]
			r.pos++
		} else if c, ended, err = r.space(); err != nil {
			return Token{}, err
		}
		if ended {
			if r.next == wantNothing {
				return Token{Kind: End, Offset: r.Offset()}, nil
			}
			return Token{}, &Error{Offset: r.Offset(), Reason: "the document ends too early"}
		}
		switch r.next {
		case wantNothing:
			return Token{}, r.errorf("there is more after the document")
		case wantSeparator:
			if c == ',' {
				r.next = wantValue
				if r.nest[len(r.nest)-1] == '{' {
					r.next = wantKey
				} else if r.opts.SkipNumbers {
					r.skipNumbers()
				}
				continue
			}
			return r.close(c)
		case wantKey, wantFirstKey:
			if c == '}' && r.next == wantFirstKey {
				return r.close(c)
			}
			return r.key(c)
		case wantFirstValue:
			if c == ']' {
				return r.close(c)
			}
		}
		return r.value(c)
	}
}

// mark passes over a byte order mark at the start of the input. What is wrong with the input is told when it is read.
func (r *Reader) mark() {
	const mark = "\ufeff"
	for err := r.fill(); err == nil && len(r.window) < len(mark); {
		err = r.more()
	}
	if bytes.HasPrefix(r.window, []byte(mark)) {
		r.pos = len(mark)
	}
}

// close ends the innermost container.
func (r *Reader) close(c byte) (Token, error) {
	open := r.nest[len(r.nest)-1]
	if (c != '}' || open != '{') && (c != ']' || open != '[') {
		return Token{}, r.errorf("expected a comma or the end of the container")
	}
	r.nest = r.nest[:len(r.nest)-1]
	r.after()
	kind := ObjectEnd
	if c == ']' {
		kind = ArrayEnd
	}
	return Token{Kind: kind, Offset: r.Offset() - 1}, nil
}

// after sets what may follow a complete value.
func (r *Reader) after() {
	r.next = wantSeparator
	if len(r.nest) == 0 {
		r.next = wantNothing
	}
}

// key reads the name of a member and its colon.
func (r *Reader) key(c byte) (Token, error) {
	if c != '"' {
		return Token{}, r.errorf("expected the name of a member")
	}
	t := Token{Kind: Key, Offset: r.Offset() - 1}
	if err := r.string(); err != nil {
		return Token{}, err
	}
	c, ended, err := r.space()
	if err != nil {
		return Token{}, err
	}
	if ended || c != ':' {
		return Token{}, r.errorf("expected a colon after the name of a member")
	}
	r.next = wantValue
	t.Text, t.Cut, t.Hash = r.text, r.cut, r.hash
	return t, nil
}

// value reads a value that begins with c, or its opening bracket.
func (r *Reader) value(c byte) (Token, error) {
	t := Token{Offset: r.Offset() - 1}
	switch {
	case c == '{' || c == '[':
		if len(r.nest) >= r.opts.Depth {
			return Token{}, r.errorf("nesting deeper than %d levels", r.opts.Depth)
		}
		r.nest = append(r.nest, c)
		t.Kind, r.next = ObjectStart, wantFirstKey
		if c == '[' {
			t.Kind, r.next = ArrayStart, wantFirstValue
		}
		return t, nil
	case c == '"':
		t.Kind = String
		if err := r.string(); err != nil {
			return Token{}, err
		}
		t.Hash = r.hash
	case c == '-' || c >= '0' && c <= '9':
		t.Kind = Number
		if err := r.number(c); err != nil {
			return Token{}, err
		}
	default:
		t.Kind = Literal
		if err := r.literal(c); err != nil {
			return Token{}, err
		}
	}
	t.Text, t.Cut = r.text, r.cut
	r.after()
	return t, nil
}
