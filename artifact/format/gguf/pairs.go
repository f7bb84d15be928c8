package gguf

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// The types of values.
const (
	typeInt8    = 1
	typeInt16   = 3
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9
	typeInt64   = 11
	typeFloat64 = 12
	typeCount   = 13
)

// width is the size of a value of fixed size in bytes; 0 for strings and arrays.
func width(t uint32) int64 {
	return [typeCount]int64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}[t]
}

// alignmentKey is the pair that says where tensors may lie.
const alignmentKey = "general.alignment"

// pairs reads all key-value pairs.
func (r *reader) pairs() error {
	if r.h.Pairs > maxPairs {
		return fmt.Errorf("read GGUF pairs: more than %d: %w", maxPairs, limits.ErrExceeded)
	}
	seen := map[uint64]bool{}
	for range r.h.Pairs {
		at := r.offset
		key, length, err := r.text(maxKey)
		if err != nil {
			return err
		}
		if length > maxKey {
			return format.Malformed(at, "a key of %d bytes", length)
		}
		r.visit.Name(key, at)
		if seen[hash(key)] {
			r.problem(Duplicate, at, 0, "a key appears twice")
		}
		seen[hash(key)] = true
		t, err := r.uint32()
		if err != nil {
			return err
		}
		if err := r.value(key, t, 0, true); err != nil {
			return err
		}
	}
	return r.budget.Ops(r.h.Pairs)
}

// value reads one value of type t; keep says whether its text matters.
func (r *reader) value(key string, t uint32, depth int, keep bool) error {
	at := r.offset
	switch {
	case t >= typeCount:
		return format.Malformed(at-4, "a value of the unknown type %d", t)
	case t == typeArray:
		return r.array(key, depth+1)
	case t == typeString:
		return r.string(key, keep)
	case key == alignmentKey && depth == 0:
		return r.alignment(t)
	case depth == 0 || t == typeBool:
		return r.number(key, t, depth)
	}
	return r.discard(width(t))
}

// number reads a number or a truth value.
func (r *reader) number(key string, t uint32, depth int) error {
	at := r.offset
	b, err := r.bytes(width(t))
	if err != nil {
		return err
	}
	if t == typeBool && b[0] > 1 {
		r.problem(InvalidValue, at, 1, "a boolean is neither 0 nor 1")
	}
	if depth == 0 {
		r.visit.Number(key, r.decimal(t, b))
	}
	return nil
}

// decimal writes the number of type t that stands in b.
func (r *reader) decimal(t uint32, b []byte) string {
	switch t {
	case typeBool:
		return strconv.FormatBool(b[0] != 0)
	case typeFloat32:
		return strconv.FormatFloat(float64(math.Float32frombits(r.order.Uint32(b))), 'g', -1, 32)
	case typeFloat64:
		return strconv.FormatFloat(math.Float64frombits(r.order.Uint64(b)), 'g', -1, 64)
	}
	var n uint64
	switch len(b) {
	case 1:
		n = uint64(b[0])
	case 2:
		n = uint64(r.order.Uint16(b))
	case 4:
		n = uint64(r.order.Uint32(b))
	case 8:
		n = r.order.Uint64(b)
	}
	if t == typeInt8 || t == typeInt16 || t == typeInt32 || t == typeInt64 {
		unused := 64 - 8*len(b)
		return strconv.FormatInt(int64(n<<unused)>>unused, 10)
	}
	return strconv.FormatUint(n, 10)
}

// string reads a string value.
func (r *reader) string(key string, keep bool) error {
	bound := int64(0)
	if keep {
		bound = MaxText
	}
	head := int64(8)
	if r.narrow {
		head = 4
	}
	at := r.offset + head
	value, length, err := r.text(bound)
	if err == nil && keep {
		r.visit.Text(Text{Key: key, Value: value, Offset: at, Length: length})
	}
	return err
}

// array reads an array value.
func (r *reader) array(key string, depth int) error {
	at := r.offset
	if depth > 1 {
		r.problem(NestedArray, at, 0, "an array lies in an array")
	}
	if depth > maxNest {
		return format.Malformed(at, "arrays nest deeper than %d levels", maxNest)
	}
	t, err := r.uint32()
	if err != nil {
		return err
	}
	n, err := r.count()
	if err != nil {
		return err
	}
	if t >= typeCount {
		return format.Malformed(at, "an array of the unknown type %d", t)
	}
	r.visit.Length(key, n)
	if w := width(t); w > 0 {
		high, total := bits.Mul64(uint64(n), uint64(w))
		if high != 0 || total > uint64(r.room()) {
			r.problem(Counts, at, 12, "an array of %d elements of %d bytes does not fit the file", n, w)
			return format.Malformed(at, "an array of %d elements where the file has %d bytes", n, r.room())
		}
		return r.discard(int64(total))
	}
	keep := r.visit.Array(key)
	for i := range n {
		if i%opsBatch == 0 {
			if err := r.budget.Ops(min(opsBatch, n-i)); err != nil {
				return fmt.Errorf("read GGUF array: %w", err)
			}
		}
		if err := r.value(key, t, depth, keep); err != nil {
			return err
		}
	}
	return nil
}

// alignment reads the value of general.alignment.
func (r *reader) alignment(t uint32) error {
	at := r.offset
	if t != typeUint32 {
		r.problem(Alignment, at, width(t), "the alignment is not a number of 32 bits")
		return r.discard(width(t))
	}
	n, err := r.uint32()
	if err != nil {
		return err
	}
	if n == 0 || n&(n-1) != 0 {
		r.problem(Alignment, at, 4, "the alignment %d is not a power of two", n)
		return nil
	}
	r.h.Alignment = int64(n)
	return nil
}
