package weights

import (
	"context"
	"errors"
	"io"

	"github.com/picketsec/picket/artifact/format/weights"
)

// element is how the numbers of a tensor are written, little-endian.
type element struct {
	bytes    int
	mantissa int // bits
	exponent int // bits; 0 for integers
}

// elementOf is the form of a type's elements; false for blocks and for types without low bits worth looking at.
func elementOf(name string) (element, bool) {
	switch name {
	case "F64":
		return element{8, 52, 11}, true
	case "F32":
		return element{4, 23, 8}, true
	case "F16":
		return element{2, 10, 5}, true
	case "BF16":
		return element{2, 7, 8}, true
	case "I8", "U8":
		return element{1, 8, 0}, true
	}
	return element{}, false
}

// lowBits lists how many of the lowest bits may carry something that the model does not miss.
func (e element) lowBits() []int {
	var list []int
	for _, n := range []int{1, 2, 4, 8, 16} {
		if n <= e.mantissa && n < 8*e.bytes {
			list = append(list, n)
		}
	}
	return list
}

// headElements is how many elements are kept to look at their lowest bits.
const headElements = 8 << 10

// values sums up the elements that are written to it.
type values struct {
	element
	count     int64
	nonFinite int64
	same      bool
	first     uint64
	head      []byte // the first elements
	rest      []byte // the start of an element whose end was not written yet
}

// Write implements io.Writer.
func (v *values) Write(p []byte) (int, error) {
	n := len(p)
	if keep := headElements*v.bytes - len(v.head); keep > 0 {
		v.head = append(v.head, p[:min(keep, len(p))]...)
	}
	if len(v.rest) > 0 {
		take := min(v.bytes-len(v.rest), len(p))
		v.rest, p = append(v.rest, p[:take]...), p[take:]
		if len(v.rest) < v.bytes {
			return n, nil
		}
		v.look(v.rest)
		v.rest = v.rest[:0]
	}
	whole := len(p) / v.bytes * v.bytes
	v.look(p[:whole])
	v.rest = append(v.rest, p[whole:]...)
	return n, nil
}

// look counts what is odd among whole elements.
func (v *values) look(p []byte) {
	if len(p) == 0 {
		return
	}
	if v.count == 0 {
		v.first, v.same = v.at(p), true
	}
	v.count += int64(len(p) / v.bytes)
	mask := (uint64(1)<<v.exponent - 1) << v.mantissa
	same, bad := v.same, int64(0)
	for ; len(p) > 0; p = p[v.bytes:] {
		x := v.at(p)
		same = same && x == v.first
		if x&mask == mask && mask != 0 {
			bad++
		}
	}
	v.same, v.nonFinite = same, v.nonFinite+bad
}

// at is the first element.
func (e element) at(p []byte) uint64 {
	switch e.bytes {
	case 1:
		return uint64(p[0])
	case 2:
		return uint64(p[0]) | uint64(p[1])<<8
	case 4:
		return uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24
	}
	return uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
		uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
}

// extract joins the n lowest bits of each element: the first element gives the highest bits of the first byte, as the published
// tools write it.
func extract(p []byte, e element, n int) []byte {
	out := make([]byte, 0, len(p)/e.bytes*n/8)
	x := &extractor{element: e, n: n}
	for ; len(p) >= e.bytes; p = p[e.bytes:] {
		out = x.add(out, e.at(p))
	}
	return out
}

// extractor collects bits until they fill bytes.
type extractor struct {
	element
	n    int
	bits uint32
	have int
}

// add appends the bytes that one more element completes. Whole bytes keep the order that they have in memory.
func (x *extractor) add(out []byte, v uint64) []byte {
	if x.n%8 == 0 {
		for i := range x.n / 8 {
			out = append(out, byte(v>>(8*i)))
		}
		return out
	}
	x.bits = x.bits<<x.n | uint32(v&(1<<x.n-1))
	if x.have += x.n; x.have >= 8 {
		x.have -= 8
		out = append(out, byte(x.bits>>x.have))
	}
	return out
}

// hidden is the content in the lowest bits of a tensor.
type hidden struct {
	ctx    context.Context
	tensor weights.Tensor
	element
	n int
}

// open starts extracting.
func (h hidden) open() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		err := h.tensor.Elements(h.ctx, &sieve{extractor: extractor{element: h.element, n: h.n}, out: w})
		_ = w.CloseWithError(err) // returns nil always
	}()
	return r, nil
}

// sieve writes on the bits of what is written to it.
type sieve struct {
	extractor
	out  io.Writer
	rest []byte
	buf  []byte
}

// Write implements io.Writer.
func (s *sieve) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	whole := s.rest[:len(s.rest)/s.bytes*s.bytes]
	s.buf = s.buf[:0]
	for ; len(whole) > 0; whole = whole[s.bytes:] {
		s.buf = s.add(s.buf, s.at(whole))
	}
	s.rest = s.rest[:copy(s.rest, s.rest[len(s.rest)/s.bytes*s.bytes:])]
	if _, err := s.out.Write(s.buf); err != nil {
		return 0, errors.Join(errStopped, err)
	}
	return len(p), nil
}

// errStopped says that nobody reads on.
var errStopped = errors.New("the reader of the lowest bits stopped")
