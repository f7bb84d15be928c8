package msgpack

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of what is kept and followed.
const (
	maxText    = 64 << 10
	maxDepth   = 512 // what the reader for Python takes
	maxDims    = 64
	maxKeys    = 1 << 16 // keys of one map that are compared
	windowSize = 8 << 10
)

// The types of extensions that Flax writes.
const (
	extArray, extComplex, extScalar = 1, 2, 3
)

// reader reads one content.
type reader struct {
	at     io.ReaderAt
	size   int64
	pos    int64
	budget *limits.Budget
	visit  Visitor
	start  int64
	buf    []byte
	mem    [windowSize]byte
}

// take reads n bytes, at most 16; they are valid until the next call.
func (r *reader) take(n int64) ([]byte, error) {
	if n > r.size-r.pos {
		return nil, format.Malformed(r.pos, "the content ends inside of a value")
	}
	if r.pos < r.start || r.pos+n > r.start+int64(len(r.buf)) {
		got, err := r.at.ReadAt(r.mem[:min(windowSize, r.size-r.pos)], r.pos)
		r.start, r.buf = r.pos, r.mem[:got]
		if int64(got) < n {
			return nil, fmt.Errorf("read MessagePack at %d: %w", r.pos, err)
		}
	}
	b := r.buf[r.pos-r.start:][:n]
	r.pos += n
	return b, nil
}

// number reads a big-endian number of 1, 2 or 4 bytes.
func (r *reader) number(width int64) (int64, error) {
	b, err := r.take(width)
	if err != nil {
		return 0, err
	}
	switch width {
	case 1:
		return int64(b[0]), nil
	case 2:
		return int64(binary.BigEndian.Uint16(b)), nil
	}
	return int64(binary.BigEndian.Uint32(b)), nil
}

// skip passes over n bytes.
func (r *reader) skip(n int64) (Span, error) {
	if n > r.size-r.pos {
		return Span{}, format.Malformed(r.pos, "%d bytes where the content has %d", n, r.size-r.pos)
	}
	s := Span{r.pos, n}
	r.pos += n
	return s, nil
}

// kind is what a value is.
type kind int

const (
	scalar kind = iota // a number, a truth value, nothing; already read
	text
	bytes
	list
	dict
	extension
)

// head reads the first byte of a value with its length: of bytes or elements.
func (r *reader) head() (kind, int64, error) {
	b, err := r.take(1)
	if err != nil {
		return 0, 0, err
	}
	c := b[0]
	switch {
	case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return scalar, 0, nil
	case c <= 0x8f:
		return dict, int64(c & 0x0f), nil
	case c <= 0x9f:
		return list, int64(c & 0x0f), nil
	case c <= 0xbf:
		return text, int64(c & 0x1f), nil
	case c == 0xca || c == 0xcb: // floats of 4 and 8 bytes
		_, err := r.skip(4 << (c - 0xca))
		return scalar, 0, err
	case c >= 0xcc && c <= 0xd3: // integers of 1 to 8 bytes, without and with a sign
		_, err := r.skip(1 << (c & 3))
		return scalar, 0, err
	case c >= 0xd4 && c <= 0xd8:
		return extension, 1 << (c - 0xd4), nil
	}
	for _, x := range []struct {
		first, last byte
		kind        kind
		width       int64
	}{{0xc4, 0xc6, bytes, 1}, {0xc7, 0xc9, extension, 1}, {0xd9, 0xdb, text, 1}, {0xdc, 0xdd, list, 2}, {0xde, 0xdf, dict, 2}} {
		if c >= x.first && c <= x.last {
			n, err := r.number(x.width << (c - x.first))
			return x.kind, n, err
		}
	}
	return 0, 0, format.Malformed(r.pos-1, "a value of the type 0x%02x, which does not exist", c)
}

// value reads one value with everything inside.
func (r *reader) value(depth int) error {
	if depth > maxDepth {
		return format.Malformed(r.pos, "values nest deeper than %d levels", maxDepth)
	}
	if err := r.budget.Ops(1); err != nil {
		return err
	}
	kind, n, err := r.head()
	if err != nil {
		return err
	}
	switch kind {
	case text:
		t, err := r.text(n)
		if err != nil {
			return err
		}
		return r.visit.Text(t)
	case bytes:
		s, err := r.skip(n)
		if err != nil {
			return err
		}
		return r.visit.Bytes(s)
	case list:
		return r.list(n, depth)
	case dict:
		return r.dict(n, depth)
	case extension:
		return r.extension(n)
	}
	return nil
}

// text reads a text.
func (r *reader) text(n int64) (Text, error) {
	t := Text{Offset: r.pos, Cut: n > maxText}
	s, err := r.skip(n)
	if err != nil {
		return t, err
	}
	b := make([]byte, min(n, maxText))
	if got, err := r.at.ReadAt(b, s.Start); got < len(b) {
		return t, fmt.Errorf("read MessagePack at %d: %w", s.Start, err)
	}
	t.Value = string(b)
	return t, nil
}

// list reads the elements of a list.
func (r *reader) list(n int64, depth int) error {
	if n > r.size-r.pos {
		return format.Malformed(r.pos, "a list of %d elements where the content has %d bytes", n, r.size-r.pos)
	}
	for range n {
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// dict reads the pairs of a map.
func (r *reader) dict(n int64, depth int) error {
	if n > (r.size-r.pos)/2 {
		return format.Malformed(r.pos, "a map of %d pairs where the content has %d bytes", n, r.size-r.pos)
	}
	seen := map[uint64]bool{}
	for range n {
		if err := r.budget.Ops(1); err != nil {
			return err
		}
		kind, length, err := r.head()
		switch {
		case err != nil:
			return err
		case kind == text:
			if err := r.key(length, seen); err != nil {
				return err
			}
		case kind != scalar:
			return format.Malformed(r.pos, "the key of a map is neither a text nor a number")
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// key reads a key and compares it with those of its map.
func (r *reader) key(n int64, seen map[uint64]bool) error {
	t, err := r.text(n)
	if err != nil {
		return err
	}
	h := fnv.New64a()
	h.Write([]byte(t.Value))
	sum := h.Sum64()
	if seen[sum] {
		if err := r.visit.Repeated(t); err != nil {
			return err
		}
	}
	if len(seen) < maxKeys {
		seen[sum] = true
	}
	return r.visit.Key(t)
}

// extension reads an extension of n bytes.
func (r *reader) extension(n int64) error {
	at := r.pos
	b, err := r.take(1)
	if err != nil {
		return err
	}
	t := int8(b[0])
	s, err := r.skip(n)
	if err != nil {
		return err
	}
	switch t {
	case extArray, extScalar:
		return r.array(at, s)
	case extComplex:
		const pair = 19 // bytes of a list of two numbers of 64 bits, with their marks
		if s.Size == pair {
			return nil
		}
	}
	return r.visit.Extension(Extension{t, at, s})
}

// array reads the content of an array: a list of its shape, the name of its dtype, and its data.
func (r *reader) array(at int64, s Span) error {
	inner := &reader{at: r.at, size: s.Start + s.Size, pos: s.Start, budget: r.budget}
	a := Array{Offset: at}
	kind, n, err := inner.head()
	if err == nil && (kind != list || n != 3) {
		err = format.Malformed(s.Start, "an array is not a shape, a dtype and data")
	}
	if err == nil {
		a.Shape, err = inner.shape()
	}
	if err == nil {
		var t Text
		if t, err = inner.expect(text); err == nil {
			a.Type = t.Value
		}
	}
	if err == nil {
		var t Text
		t, err = inner.expect(bytes)
		a.Data = Span{t.Offset, inner.pos - t.Offset}
	}
	if err == nil && inner.pos != inner.size {
		err = format.Malformed(inner.pos, "bytes behind the data of an array")
	}
	if err != nil {
		return err
	}
	return r.visit.Array(a)
}

// shape reads a list of numbers that are not negative.
func (r *reader) shape() ([]int64, error) {
	kind, n, err := r.head()
	if err != nil || kind != list || n > maxDims {
		return nil, orMalformed(err, r.pos, "the shape of an array is no list of numbers")
	}
	var shape []int64
	for range n {
		b, err := r.take(1)
		if err != nil {
			return nil, err
		}
		width := map[byte]int64{0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8}[b[0]]
		switch {
		case b[0] < 0x80:
			shape = append(shape, int64(b[0]))
		case width == 8:
			if b, err = r.take(8); err != nil || b[0] >= 0x40 {
				return nil, orMalformed(err, r.pos, "a dimension of an array is too large")
			}
			shape = append(shape, int64(binary.BigEndian.Uint64(b)))
		case width > 0:
			d, err := r.number(width)
			if err != nil {
				return nil, err
			}
			shape = append(shape, d)
		default:
			return nil, format.Malformed(r.pos-1, "a dimension of an array is no number, or negative")
		}
	}
	return shape, nil
}

// expect reads a value that must be a text or bytes; of bytes only where they lie.
func (r *reader) expect(want kind) (Text, error) {
	kind, n, err := r.head()
	if err != nil || kind != want {
		return Text{}, orMalformed(err, r.pos, "a part of an array is of another type")
	}
	if want == text {
		return r.text(n)
	}
	s, err := r.skip(n)
	return Text{Offset: s.Start}, err
}

// orMalformed returns err, or an error about the content.
func orMalformed(err error, at int64, reason string) error {
	if err != nil {
		return err
	}
	return format.Malformed(at, "%s", reason)
}

// Size is how many bytes an array has by its shape and dtype; false for a dtype without a size, or a shape that overflows.
func (a Array) Size() (int64, bool) {
	n, ok := widths[a.Type]
	if !ok {
		return 0, false
	}
	for _, d := range a.Shape {
		if d > 0 && n > (1<<62)/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// widths are the bytes of an element by the name of its dtype, as numpy and ml_dtypes name them.
var widths = map[string]int64{
	"bool": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "float16": 2, "float32": 4, "float64": 8,
	"complex64": 8, "complex128": 16, "bfloat16": 2, "V2": 2, "float128": 16, "longdouble": 16, "int4": 1, "uint4": 1, "int2": 1, "uint2": 1,
	"float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3b11fnuz": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e3m4": 1, "float8_e4m3": 1,
	"float8_e8m0fnu": 1, "float4_e2m1fn": 1,
}
