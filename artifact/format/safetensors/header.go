package safetensors

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// MaxText is how many bytes of one name or metadata value are kept.
const MaxText = 2 << 20

// maxDepth is the deepest nesting that the specification has, and room to skip what it does not know.
const maxDepth = 16

// Kind says in which way a file breaks the specification.
type Kind string

// The kinds of problems.
const (
	HeaderTooLarge Kind = "header-size"       // more bytes than readers accept
	HeaderStart    Kind = "header-start"      // the first byte is not the one that the specification asks for
	Overlap        Kind = "overlap"           // two tensors share bytes
	Hole           Kind = "hole"              // bytes between tensors that belong to none
	Length         Kind = "length"            // shape and element type need another number of bytes
	Duplicate      Kind = "duplicate-key"     // a name that appears twice
	UnknownType    Kind = "unknown-dtype"     // an element type that the specification does not have
	UnknownField   Kind = "undeclared-fields" // an entry of a tensor beyond the three that the specification has
)

// Problem is one place where a file breaks the specification and could still be read on.
type Problem struct {
	Kind   Kind
	Offset int64  // bytes from the start of the file
	Length int64  // bytes that it is about; 0 when only the start is known
	Reason string // for a person; contains no raw input
}

// Metadata is one entry of the free text.
type Metadata struct {
	Key    string
	Value  string // up to MaxText bytes
	Offset int64  // of the value: bytes from the start of the file
	Cut    bool   // the value is longer than Value
}

// Tensor is one entry of the header.
type Tensor struct {
	Name   string  // up to MaxName bytes
	Hash   uint64  // jsonstream.Hash of the whole name
	Offset int64   // of the entry: bytes from the start of the file
	Type   string  // element type, up to 64 bytes
	Shape  []int64 // the first MaxRank sizes; valid until the visitor returns
	Start  int64   // bytes from the start of the data
	End    int64
}

// Bounds of what is kept of a tensor's entry.
const (
	MaxName = 4 << 10 // bytes
	MaxRank = 64      // dimensions
)

// Visitor receives what Read finds, in the order of the header; then the problems of the layout. A nil function is skipped.
type Visitor struct {
	Tensor   func(Tensor)
	Metadata func(Metadata)
	Problem  func(Problem)
}

// Header sums up a header that was read to its end.
type Header struct {
	Tensors   int
	DataStart int64 // bytes from the start of the file
	DataEnd   int64 // after the last byte that a tensor has; may lie beyond the end of the file
}

// reader reads one header.
type reader struct {
	json    *jsonstream.Reader
	visit   Visitor
	tensors *extent.List
	meta    bool // the metadata was seen
	rank    [MaxRank]int64
}

// Read reads the header of a file of size bytes; a negative size means that it is not known. It consumes in only a little
// beyond the header. The error wraps format.ErrMalformed when the header cannot be read to its end, or limits.ErrExceeded.
func Read(in io.Reader, size int64, budget *limits.Budget, visit Visitor) (Header, error) {
	visit = visit.complete()
	buffered := bufio.NewReaderSize(in, 4<<10)
	var field [prefix]byte
	if _, err := io.ReadFull(buffered, field[:]); err != nil {
		return Header{}, short(err, 0)
	}
	n := binary.LittleEndian.Uint64(field[:])
	if n > MaxHeader {
		visit.Problem(Problem{HeaderTooLarge, 0, prefix, fmt.Sprintf("the header claims %d bytes, readers accept %d", n, MaxHeader)})
		return Header{}, format.Malformed(0, "a header of %d bytes", n)
	}
	length := int64(n)
	if size >= 0 && length > size-prefix {
		return Header{}, format.Malformed(prefix, "the header claims %d bytes and the file has %d", length, size)
	}
	if err := budget.Ops(1 + length/16); err != nil {
		return Header{}, fmt.Errorf("read safetensors header: %w", err)
	}
	if first, err := buffered.Peek(1); err == nil && first[0] != '{' {
		visit.Problem(Problem{HeaderStart, prefix, 1, "the header does not begin with an opening brace"})
	}
	r := &reader{json: jsonstream.New(io.LimitReader(buffered, length), jsonstream.Options{Depth: maxDepth, Text: MaxText}),
		visit: visit, tensors: extent.New(budget)}
	defer r.tensors.Release()
	if err := r.entries(); err != nil {
		return Header{}, convert(err)
	}
	h := Header{Tensors: r.tensors.Len(), DataStart: prefix + length}
	h.DataEnd = h.DataStart + r.layout(h.DataStart)
	return h, nil
}

// complete fills in functions that do nothing.
func (v Visitor) complete() Visitor {
	if v.Tensor == nil {
		v.Tensor = func(Tensor) {}
	}
	if v.Metadata == nil {
		v.Metadata = func(Metadata) {}
	}
	if v.Problem == nil {
		v.Problem = func(Problem) {}
	}
	return v
}

// short turns the end of the input into an error about the content.
func short(err error, offset int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Malformed(offset, "the file ends inside its header")
	}
	return fmt.Errorf("read safetensors header: %w", err)
}

// convert moves the offset of an error of the JSON reader to the file.
func convert(err error) error {
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		return format.Malformed(prefix+broken.Offset, "the header is not JSON: %s", broken.Reason)
	}
	return err
}

// next reads a token and moves its offset to the file.
func (r *reader) next() (jsonstream.Token, error) {
	t, err := r.json.Next()
	t.Offset += prefix
	return t, err
}

// expect reads a token of one kind.
func (r *reader) expect(kind jsonstream.Kind, what string) (jsonstream.Token, error) {
	t, err := r.next()
	if err == nil && t.Kind != kind {
		err = format.Malformed(t.Offset, "expected %s", what)
	}
	return t, err
}

// entries reads the whole header.
func (r *reader) entries() error {
	if _, err := r.expect(jsonstream.ObjectStart, "an object as the header"); err != nil {
		return err
	}
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		if t.Kind == jsonstream.ObjectEnd {
			_, err := r.expect(jsonstream.End, "the end of the header")
			return err
		}
		if string(t.Text) == "__metadata__" {
			err = r.metadata(t)
		} else {
			err = r.tensor(t)
		}
		if err != nil {
			return err
		}
	}
}

// metadata reads the free text.
func (r *reader) metadata(key jsonstream.Token) error {
	if r.meta {
		r.visit.Problem(Problem{Duplicate, key.Offset, 0, "the metadata appears twice"})
	}
	r.meta = true
	t, err := r.next()
	if err != nil || t.Kind == jsonstream.Literal && string(t.Text) == "null" {
		return err
	}
	if t.Kind != jsonstream.ObjectStart {
		return format.Malformed(t.Offset, "expected an object as the metadata")
	}
	seen := map[uint64]bool{}
	for {
		t, err := r.next()
		if err != nil || t.Kind == jsonstream.ObjectEnd {
			return err
		}
		if seen[t.Hash] {
			r.visit.Problem(Problem{Duplicate, t.Offset, 0, "a key of the metadata appears twice"})
		}
		if len(seen) >= maxKeys {
			return fmt.Errorf("read safetensors metadata: more than %d keys: %w", maxKeys, limits.ErrExceeded)
		}
		seen[t.Hash] = true
		m := Metadata{Key: string(t.Text[:min(len(t.Text), 256)])}
		if t, err = r.expect(jsonstream.String, "a string as metadata"); err != nil {
			return err
		}
		m.Value, m.Offset, m.Cut = string(t.Text), t.Offset, t.Cut
		r.visit.Metadata(m)
	}
}

// maxKeys bounds the entries of the metadata; real files have fewer than a hundred.
const maxKeys = 1 << 16
