package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of what is kept and followed.
const (
	MaxText      = 1 << 20 // bytes of one string value that are kept
	maxKey       = 1<<16 - 1
	maxName      = 1 << 16 // readers take 64 bytes; a longer one is a problem, and one beyond this ends the reading
	readerName   = 63      // what current readers take, without the closing NUL
	maxNest      = 4       // arrays in arrays; writers make none
	maxDims      = 4
	maxPairs     = 1 << 16
	opsBatch     = 1 << 12 // array elements between two looks at the budget
	defaultAlign = 32
	maxPad       = 1 << 16 // more bytes than this between tensors are a hole, whatever alignment the file claims
)

// Kind says in which way a file breaks the specification.
type Kind string

// The kinds of problems.
const (
	Counts       Kind = "counts"        // more pairs or tensors claimed than the file has room for
	Alignment    Kind = "alignment"     // not a power of two, or a tensor that does not lie on it
	Shape        Kind = "shape"         // dimensions that overflow, or do not fill whole blocks
	UnknownType  Kind = "unknown-type"  // a tensor type that no reader knows
	Overlap      Kind = "overlap"       // two tensors share bytes
	Hole         Kind = "hole"          // bytes between tensors beyond what alignment needs
	Duplicate    Kind = "duplicate-key" // a key or tensor name that appears twice
	NameLength   Kind = "name-length"   // a name longer than readers take
	NestedArray  Kind = "nested-array"  // an array in an array, which readers refuse
	InvalidValue Kind = "invalid-value" // a boolean that is neither 0 nor 1
)

// Problem is one place where a file breaks the specification and could still be read on.
type Problem struct {
	Kind   Kind
	Offset int64 // bytes from the start of the file
	Length int64 // bytes that it is about; 0 when only the start is known
	Reason string
}

// Text is a string value.
type Text struct {
	Key    string
	Value  string // up to MaxText bytes
	Offset int64  // of the first byte of the value
	Length int64  // of the whole value in bytes
}

// Visitor receives what Read finds, in the order of the file; then the problems of the layout. A nil function is skipped.
type Visitor struct {
	// Text receives every string value, and every string of the arrays whose key Array accepts.
	Text  func(Text)
	Array func(key string) bool
	// Number receives every number and truth value outside of arrays, as text: "32768", "1e+06", "true".
	Number func(key, value string)
	// Length receives the key and the number of elements of every array.
	Length func(key string, elements int64)
	// Name receives every key and every name of a tensor, with the offset of its length.
	Name func(name string, offset int64)
	// Tensor receives what is said about a tensor, after its name.
	Tensor  func(Tensor)
	Problem func(Problem)
}

// Tensor is where a tensor lies and of what form it is.
type Tensor struct {
	Name  string
	Type  uint32   // of the elements or blocks, by ggml's numbers; TypeName names it
	Dims  []uint64 // the fastest-moving first
	Start int64    // bytes from Header.DataStart
	Size  int64    // bytes
}

// Header sums up a header that was read to its end.
type Header struct {
	Version   uint32
	BigEndian bool
	Pairs     int64
	Tensors   int64
	Alignment int64
	HeaderEnd int64 // bytes from the start of the file, before padding
	DataStart int64
	DataEnd   int64 // after the last byte that a tensor has; may lie beyond the end of the file
}

// reader reads one header.
type reader struct {
	in      *bufio.Reader
	offset  int64
	size    int64 // of the file; math.MaxInt64 when not known
	order   binary.ByteOrder
	narrow  bool // version 1: counts and lengths of 32 bits
	visit   Visitor
	budget  *limits.Budget
	tensors *extent.List
	word    [8]byte
	h       Header
}

// Read reads the header of a file of size bytes; a negative size means that it is not known. The error wraps
// format.ErrMalformed when the header cannot be read to its end, or limits.ErrExceeded.
func Read(in io.Reader, size int64, budget *limits.Budget, visit Visitor) (Header, error) {
	if size < 0 {
		size = math.MaxInt64
	}
	r := &reader{in: bufio.NewReaderSize(in, 32<<10), size: size, order: binary.LittleEndian, visit: visit.complete(),
		budget: budget, tensors: extent.New(budget)}
	defer r.tensors.Release()
	if err := r.start(); err != nil {
		return r.h, err
	}
	if err := r.pairs(); err != nil {
		return r.h, err
	}
	if err := r.infos(); err != nil {
		return r.h, err
	}
	r.layout()
	return r.h, nil
}

// complete fills in functions that do nothing.
func (v Visitor) complete() Visitor {
	if v.Text == nil {
		v.Text = func(Text) {}
	}
	if v.Array == nil {
		v.Array = func(string) bool { return false }
	}
	if v.Number == nil {
		v.Number = func(string, string) {}
	}
	if v.Length == nil {
		v.Length = func(string, int64) {}
	}
	if v.Name == nil {
		v.Name = func(string, int64) {}
	}
	if v.Tensor == nil {
		v.Tensor = func(Tensor) {}
	}
	if v.Problem == nil {
		v.Problem = func(Problem) {}
	}
	return v
}

// problem reports a break of the specification.
func (r *reader) problem(kind Kind, offset, length int64, reason string, args ...any) {
	r.visit.Problem(Problem{kind, offset, length, fmt.Sprintf(reason, args...)})
}

// room is the number of bytes that the file has after what was read.
func (r *reader) room() int64 { return r.size - r.offset }

// bytes reads n bytes, n being small.
func (r *reader) bytes(n int64) ([]byte, error) {
	if n > r.room() {
		return nil, format.Malformed(r.offset, "%d bytes are claimed where the file has %d", n, r.room())
	}
	b := make([]byte, n)
	got, err := io.ReadFull(r.in, b)
	r.offset += int64(got)
	return b, r.ended(err)
}

// discard skips n bytes.
func (r *reader) discard(n int64) error {
	if n > r.room() {
		return format.Malformed(r.offset, "%d bytes are claimed where the file has %d", n, r.room())
	}
	for n > 0 {
		got, err := r.in.Discard(int(min(n, 1<<30)))
		n -= int64(got)
		r.offset += int64(got)
		if err != nil {
			return r.ended(err)
		}
	}
	return nil
}

// ended turns the end of the input into an error about the content.
func (r *reader) ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Malformed(r.offset, "the file ends inside its header")
	}
	if err != nil {
		return fmt.Errorf("read GGUF header: %w", err)
	}
	return nil
}

// fixed reads n bytes, at most 8, which are valid until the next call.
func (r *reader) fixed(n int64) ([]byte, error) {
	if n > r.room() {
		return nil, format.Malformed(r.offset, "%d bytes are claimed where the file has %d", n, r.room())
	}
	got, err := io.ReadFull(r.in, r.word[:n])
	r.offset += int64(got)
	return r.word[:n], r.ended(err)
}

// uint32 reads a number.
func (r *reader) uint32() (uint32, error) {
	b, err := r.fixed(4)
	if err != nil {
		return 0, err
	}
	return r.order.Uint32(b), nil
}

// uint64 reads a number.
func (r *reader) uint64() (uint64, error) {
	b, err := r.fixed(8)
	if err != nil {
		return 0, err
	}
	return r.order.Uint64(b), nil
}

// count reads a count or length: 64 bits, or 32 in version 1. What does not fit 63 bits cannot be in any file.
func (r *reader) count() (int64, error) {
	at := r.offset
	if r.narrow {
		n, err := r.uint32()
		return int64(n), err
	}
	n, err := r.uint64()
	if err == nil && n > math.MaxInt64 {
		err = format.Malformed(at, "a count or length of more than 63 bits")
	}
	return int64(n), err
}

// text reads a string and keeps up to keep bytes of it.
func (r *reader) text(keep int64) (value string, length int64, err error) {
	if length, err = r.count(); err != nil {
		return "", 0, err
	}
	if length > r.room() {
		return "", 0, format.Malformed(r.offset, "a string of %d bytes where the file has %d", length, r.room())
	}
	b, err := r.bytes(min(length, keep))
	if err != nil {
		return "", 0, err
	}
	return string(b), length, r.discard(length - int64(len(b)))
}

// start reads the fixed part.
func (r *reader) start() error {
	b, err := r.bytes(8)
	if err != nil {
		return err
	}
	r.order, r.h.Version = order(b[4:])
	r.h.BigEndian = r.order == binary.ByteOrder(binary.BigEndian)
	if r.h.Version < 1 || r.h.Version > 3 {
		return format.Malformed(4, "version %d is not one of 1, 2 and 3", r.h.Version)
	}
	r.narrow = r.h.Version == 1
	if r.h.Tensors, err = r.count(); err != nil {
		return err
	}
	if r.h.Pairs, err = r.count(); err != nil {
		return err
	}
	r.h.Alignment = defaultAlign
	// The smallest pair is an empty key with a byte, the smallest tensor has an empty name and no dimensions.
	minPair, minTensor := int64(13), int64(24)
	if r.narrow {
		minPair, minTensor = 9, 20
	}
	if r.h.Pairs > r.room()/minPair || r.h.Tensors > r.room()/minTensor {
		r.problem(Counts, 8, r.offset-8, "%d pairs and %d tensors are claimed in a file with room for fewer", r.h.Pairs, r.h.Tensors)
		return format.Malformed(8, "more pairs or tensors are claimed than the file has room for")
	}
	return nil
}

// hash is what tells names apart.
func hash(name string) uint64 { return jsonstream.Hash(name) }
