package xml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Kind says what a token is.
type Kind byte

// The kinds of tokens.
const (
	EOF         Kind = iota // the end of the document
	Start                   // a start tag, or an element that is empty: its End follows
	End                     // an end tag
	Text                    // characters between tags; CDATA sections count as text
	Comment                 // <!-- … -->
	Instruction             // <? … ?>, the declaration too
	Doctype                 // <!DOCTYPE … >, with its internal subset as Text
)

// Attr is one attribute.
type Attr struct {
	Space string // the prefix
	Name  string // without the prefix
	Value string // with character references and the five entities of XML resolved, others as they are written
}

// Token is one token of the document. What it holds is valid until the next call.
type Token struct {
	Kind   Kind
	Offset int64  // bytes from the start of the document, as UTF-8, to the first byte of the token
	Space  string // the prefix of the name of an element
	Name   string // of an element without the prefix; the target of an instruction
	Attr   []Attr
	Text   []byte // up to Options.Text bytes
	Cut    bool   // the text is longer
}

// Get returns the value of an attribute by its name without prefix; empty when there is none.
func (t *Token) Get(name string) string { return get(t.Attr, name) }

// get finds an attribute.
func get(attrs []Attr, name string) string {
	for _, a := range attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Options bound the reader.
type Options struct {
	Depth  int            // how deep elements may nest
	Text   int            // bytes of one text that are kept
	Budget *limits.Budget // charged for every token; nil for none
}

// ErrDepth is wrapped by the error for elements that nest deeper than Options.Depth.
var ErrDepth = errors.New("elements nest too deep")

// MaxDepth is how deep the elements of any model nest: trees of decision trees, layers in bodies of loops.
const MaxDepth = 2000

// Bounds of a reader.
const (
	maxTag     = 1 << 20 // bytes of one tag with its attributes, or of a document type
	maxAttrs   = 1 << 10
	maxNames   = 1 << 14 // different names that are kept once
	windowSize = 32 << 10
	opsBatch   = 256 // tokens between two looks at the budget
)

// Reader reads tokens. Make it with New.
type Reader struct {
	in      io.Reader
	opts    Options
	mem     []byte // where buf lies
	buf     []byte // what was read and not consumed
	base    int64  // offset of buf[0]
	err     error  // of in, io.EOF included
	started bool
	open    []name // elements that are open
	names   map[string]name
	empty   bool // an end token follows for the element that was empty
	token   Token
	tokens  int
	charset string // as the declaration says
	fault   string // why the encoding cannot be read
	root    bool   // an element was seen
}

// name is a name of an element with its prefix.
type name struct{ space, local string }

// New starts reading a document. Content with a byte order mark of UTF-16 is decoded; other encodings must agree with ASCII
// where markup stands, which all but those of Encoding do.
func New(in io.Reader, opts Options) *Reader {
	return &Reader{in: in, opts: opts, names: map[string]name{}}
}

// Depth is the number of elements that are open after the last token.
func (r *Reader) Depth() int { return len(r.open) }

// Encoding is the encoding that the declaration names; empty when it names none yet.
func (r *Reader) Encoding() string { return r.charset }

// Next reads the next token. An error about the content wraps format.ErrMalformed or limits.ErrExceeded.
func (r *Reader) Next() (*Token, error) {
	if r.tokens++; r.tokens%opsBatch == 0 && r.opts.Budget != nil {
		if err := r.opts.Budget.Ops(opsBatch); err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
	}
	if !r.started {
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	attr := r.token.Attr[:0]
	r.token = Token{Offset: r.base, Attr: attr, Text: r.token.Text[:0]}
	if r.empty {
		r.empty = false
		r.close()
		return &r.token, nil
	}
	for len(r.open) == 0 && r.have(1) && strings.IndexByte(blank, r.buf[0]) >= 0 {
		r.take(1) // white space around the root element means nothing
	}
	r.token.Offset = r.base
	if !r.have(1) {
		return r.finish()
	}
	if r.buf[0] != '<' && len(r.open) == 0 {
		return nil, format.Malformed(r.base, "characters outside of every element")
	}
	if r.buf[0] != '<' {
		return &r.token, r.text()
	}
	return &r.token, r.markup()
}

// finish is the end of the input.
func (r *Reader) finish() (*Token, error) {
	switch {
	case !errors.Is(r.err, io.EOF):
		return nil, fmt.Errorf("read XML: %w", r.err)
	case len(r.open) > 0:
		return nil, format.Malformed(r.base, "the document ends inside of %d elements", len(r.open))
	case !r.root:
		return nil, format.Malformed(r.base, "the document has no element")
	}
	r.token.Kind = EOF
	return &r.token, nil
}

// have makes sure that n bytes are buffered; false at the end of the input.
func (r *Reader) have(n int) bool {
	for len(r.buf) < n && r.err == nil {
		r.fill()
	}
	return len(r.buf) >= n
}

// fill reads more of the input. What is not consumed moves to the start of the memory when there is no room behind it.
func (r *Reader) fill() {
	if cap(r.buf)-len(r.buf) < windowSize {
		if len(r.mem) < 2*len(r.buf)+windowSize {
			r.mem = make([]byte, max(4*windowSize, 4*len(r.buf)))
		}
		r.buf = r.mem[:copy(r.mem, r.buf)]
	}
	n, err := r.in.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf, r.err = r.buf[:len(r.buf)+n], err
}

// take consumes n bytes.
func (r *Reader) take(n int) {
	r.buf = r.buf[n:]
	r.base += int64(n)
}

// until finds a mark from an offset in the buffer and reads as far as needed, within maxTag bytes. It returns the offset of
// the mark.
func (r *Reader) until(from int, mark string) (int, error) {
	for {
		if i := bytes.Index(r.buf[min(from, len(r.buf)):], []byte(mark)); i >= 0 {
			return from + i, nil
		}
		from = max(from, len(r.buf)-len(mark)+1)
		if len(r.buf) > maxTag {
			return 0, format.Malformed(r.base, "a tag of more than %d bytes", maxTag)
		}
		if !r.have(len(r.buf) + 1) {
			return 0, r.ended()
		}
	}
}

// ended is the error for a document that ends inside of a token.
func (r *Reader) ended() error {
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return fmt.Errorf("read XML: %w", r.err)
	}
	return format.Malformed(r.base, "the document ends inside of a tag")
}

// skip consumes what stands before a mark and the mark, and keeps the start of it as text.
func (r *Reader) skip(mark string) error {
	for {
		i := bytes.Index(r.buf, []byte(mark))
		if i >= 0 {
			r.keep(r.buf[:i])
			r.take(i + len(mark))
			return nil
		}
		if n := len(r.buf) - len(mark) + 1; n > 0 {
			r.keep(r.buf[:n])
			r.take(n)
		}
		if !r.have(len(r.buf) + 1) {
			return r.ended()
		}
	}
}

// keep adds to the text of the token.
func (r *Reader) keep(b []byte) {
	if free := r.opts.Text - len(r.token.Text); len(b) > free {
		b = b[:max(0, free)]
		r.token.Cut = true
	}
	r.token.Text = append(r.token.Text, b...)
}

// text reads characters up to the next tag.
func (r *Reader) text() error {
	r.token.Kind = Text
	for {
		i := bytes.IndexByte(r.buf, '<')
		piece := r.buf
		if i >= 0 {
			piece = r.buf[:i]
		}
		r.keep(piece)
		r.take(len(piece))
		if i >= 0 || !r.have(1) {
			break
		}
	}
	if bytes.IndexByte(r.token.Text, '&') >= 0 {
		r.token.Text = append(r.token.Text[:0], unescape(string(r.token.Text))...)
	}
	return nil
}
