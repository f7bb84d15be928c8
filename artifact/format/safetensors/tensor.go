package safetensors

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/jsonstream"
)

// entry is a tensor while it is being read.
type entry struct {
	Tensor
	elements              uint64
	overflow              bool // the number of elements does not fit 64 bits
	typed, shaped, placed bool
}

// tensor reads the entry of one tensor and checks it on its own.
func (r *reader) tensor(key jsonstream.Token) error {
	e := entry{Tensor: Tensor{Name: string(key.Text[:min(len(key.Text), MaxName)]), Hash: key.Hash, Offset: key.Offset, Shape: r.rank[:0]}}
	if _, err := r.expect(jsonstream.ObjectStart, "an object as the entry of a tensor"); err != nil {
		return err
	}
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		if t.Kind == jsonstream.ObjectEnd {
			break
		}
		if err := r.field(&e, t); err != nil {
			return err
		}
	}
	if !e.typed || !e.shaped || !e.placed {
		return format.Malformed(e.Offset, "a tensor without dtype, shape or data_offsets")
	}
	r.sizes(&e)
	r.visit.Tensor(e.Tensor)
	return r.tensors.Add(extent.Range{Name: e.Hash, Start: e.Start, End: e.End, At: e.Offset})
}

// field reads one field of a tensor's entry.
func (r *reader) field(e *entry, key jsonstream.Token) (err error) {
	repeated := false
	switch string(key.Text) {
	case "dtype":
		repeated, e.typed = e.typed, true
		var t jsonstream.Token
		if t, err = r.expect(jsonstream.String, "a string as dtype"); err == nil {
			e.Type = string(t.Text[:min(len(t.Text), 64)])
		}
	case "shape":
		repeated, e.shaped = e.shaped, true
		err = r.shape(e)
	case "data_offsets":
		repeated, e.placed = e.placed, true
		err = r.offsets(e)
	default:
		r.visit.Problem(Problem{UnknownField, key.Offset, 0, "a tensor has a field that the specification does not have"})
		err = r.skip()
	}
	if repeated {
		r.visit.Problem(Problem{Duplicate, key.Offset, 0, "a field of a tensor appears twice"})
	}
	return err
}

// skip reads one value of any kind.
func (r *reader) skip() error {
	depth := r.json.Depth()
	for {
		if _, err := r.json.Next(); err != nil || r.json.Depth() <= depth {
			return err
		}
	}
}

// shape reads the dimensions and multiplies them.
func (r *reader) shape(e *entry) error {
	if _, err := r.expect(jsonstream.ArrayStart, "a list as shape"); err != nil {
		return err
	}
	e.elements, e.overflow, e.Shape = 1, false, e.Shape[:0]
	for {
		t, err := r.next()
		if err != nil || t.Kind == jsonstream.ArrayEnd {
			return err
		}
		n, err := integer(t)
		if err != nil {
			return err
		}
		if len(e.Shape) < MaxRank {
			e.Shape = append(e.Shape, n)
		}
		high, low := bits.Mul64(e.elements, uint64(n))
		e.elements, e.overflow = low, e.overflow || high != 0
	}
}

// offsets reads where the data begins and ends.
func (r *reader) offsets(e *entry) error {
	if _, err := r.expect(jsonstream.ArrayStart, "a list as data_offsets"); err != nil {
		return err
	}
	for _, into := range []*int64{&e.Start, &e.End} {
		t, err := r.next()
		if err != nil {
			return err
		}
		if *into, err = integer(t); err != nil {
			return err
		}
	}
	t, err := r.expect(jsonstream.ArrayEnd, "two numbers as data_offsets")
	if err == nil && (e.End < e.Start || e.End > math.MaxInt64/2) {
		err = format.Malformed(t.Offset, "data_offsets that run backwards or are impossibly large")
	}
	return err
}

// integer reads a number that is neither negative nor fractional and fits 63 bits.
func integer(t jsonstream.Token) (int64, error) {
	if t.Kind == jsonstream.Number && !t.Cut {
		if n, err := strconv.ParseInt(string(t.Text), 10, 64); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, format.Malformed(t.Offset, "expected a whole number that is not negative and fits 63 bits")
}

// sizes compares the bytes that shape and element type need with those that the tensor has.
func (r *reader) sizes(e *entry) {
	problem := func(kind Kind, reason string, args ...any) {
		r.visit.Problem(Problem{Kind: kind, Offset: e.Offset, Reason: fmt.Sprintf(reason, args...)})
	}
	width, known := bitsOf[e.Type]
	if !known {
		problem(UnknownType, "an element type that the specification does not have")
		return
	}
	high, total := bits.Mul64(e.elements, uint64(width))
	switch {
	case e.overflow || high != 0:
		problem(Length, "the number of elements overflows 64 bits")
	case total%8 != 0:
		problem(Length, "the elements do not fill whole bytes")
	case total/8 != uint64(e.End-e.Start):
		problem(Length, "shape and element type need %d bytes, data_offsets give %d", total/8, e.End-e.Start)
	}
}

// layout reports repeated names, overlaps and holes, and returns the end of the data relative to its start.
func (r *reader) layout(start int64) int64 {
	r.tensors.Duplicates(func(_, second extent.Range) {
		r.visit.Problem(Problem{Duplicate, second.At, 0, "the name of a tensor appears twice"})
	})
	return r.tensors.Layout(0, func(from, to int64, next extent.Range) {
		r.visit.Problem(Problem{Hole, start + from, to - from, fmt.Sprintf("%d bytes before the data of a tensor belong to none", to-from)})
	}, func(_, b extent.Range) {
		r.visit.Problem(Problem{Overlap, start + b.Start, b.End - b.Start, "the data of a tensor begins inside that of another"})
	})
}
