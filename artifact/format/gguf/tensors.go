package gguf

import (
	"math"
	"math/bits"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
)

// maxExtent keeps sums of two ends within 63 bits.
const maxExtent = math.MaxInt64 / 4

// infos reads where all tensors lie.
func (r *reader) infos() error {
	for range r.h.Tensors {
		if err := r.info(); err != nil {
			return err
		}
	}
	r.h.HeaderEnd = r.offset
	r.h.DataStart = pad(r.offset, r.h.Alignment)
	if r.h.Tensors == 0 {
		r.h.DataStart = r.offset // there is nothing to align
	}
	return r.budget.Ops(r.h.Tensors)
}

// pad rounds n up to a multiple of a power of two.
func pad(n, align int64) int64 { return (n + align - 1) &^ (align - 1) }

// info reads where one tensor lies.
func (r *reader) info() error {
	at := r.offset
	name, length, err := r.text(maxName)
	if err != nil {
		return err
	}
	switch {
	case length > maxName:
		return format.Malformed(at, "a tensor name of %d bytes", length)
	case length > readerName:
		r.problem(NameLength, at, 0, "a tensor name of %d bytes, readers take %d", length, readerName)
	}
	r.visit.Name(name, at)
	dims, err := r.dimensions()
	if err != nil {
		return err
	}
	t, err := r.uint32()
	if err != nil {
		return err
	}
	offset, err := r.uint64()
	if err != nil {
		return err
	}
	size := r.bytesOf(at, dims, t)
	if offset > maxExtent || size > maxExtent {
		return format.Malformed(at, "a tensor that ends beyond any file")
	}
	if int64(offset)%r.h.Alignment != 0 {
		r.problem(Alignment, at, 0, "the data of a tensor at %d is not aligned to %d", offset, r.h.Alignment)
	}
	r.visit.Tensor(Tensor{Name: name, Type: t, Dims: dims, Start: int64(offset), Size: size})
	return r.tensors.Add(extent.Range{Name: hash(name), Start: int64(offset), End: int64(offset) + size, At: at})
}

// dimensions reads the shape of a tensor.
func (r *reader) dimensions() ([]uint64, error) {
	at := r.offset
	n, err := r.uint32()
	if err != nil {
		return nil, err
	}
	if n > maxDims {
		r.problem(Shape, at, 4, "a tensor of %d dimensions, readers take %d", n, maxDims)
		return nil, format.Malformed(at, "a tensor of %d dimensions", n)
	}
	dims := make([]uint64, n)
	for i := range dims {
		if r.narrow {
			d, err := r.uint32()
			if err != nil {
				return nil, err
			}
			dims[i] = uint64(d)
			continue
		}
		if dims[i], err = r.uint64(); err != nil {
			return nil, err
		}
	}
	return dims, nil
}

// bytesOf is how many bytes a tensor needs. What cannot be computed is a problem and counts as 0.
func (r *reader) bytesOf(at int64, dims []uint64, t uint32) int64 {
	b, known := blockOf(t)
	if !known {
		r.problem(UnknownType, at, 0, "a tensor of the unknown type %d", t)
		return 0
	}
	elements := uint64(1)
	for _, d := range dims {
		high, low := bits.Mul64(elements, d)
		if high != 0 || low > math.MaxInt64 || d > math.MaxInt64 {
			r.problem(Shape, at, 0, "the dimensions of a tensor overflow 63 bits")
			return 0
		}
		elements = low
	}
	if row := append(dims, 1)[0]; row%uint64(b.elements) != 0 {
		r.problem(Shape, at, 0, "rows of %d elements do not fill blocks of %d", row, b.elements)
	}
	blocks := (elements + uint64(b.elements) - 1) / uint64(b.elements)
	high, total := bits.Mul64(blocks, uint64(b.bytes))
	if high != 0 || total > maxExtent {
		r.problem(Shape, at, 0, "the size of a tensor overflows 63 bits")
		return 0
	}
	return int64(total)
}

// layout reports repeated names, overlaps and holes, and computes the end of the data.
func (r *reader) layout() {
	r.tensors.Duplicates(func(_, second extent.Range) {
		r.problem(Duplicate, second.At, 0, "the name of a tensor appears twice")
	})
	start, align := r.h.DataStart, r.h.Alignment
	if start-r.h.HeaderEnd > maxPad {
		r.problem(Hole, r.h.HeaderEnd, start-r.h.HeaderEnd, "%d bytes lie between the header and the data", start-r.h.HeaderEnd)
	}
	end := r.tensors.Layout(0, func(from, to int64, _ extent.Range) {
		if to > pad(from, align) || to-from > maxPad { // up to there it is the padding that alignment asks for
			r.problem(Hole, start+from, to-from, "%d bytes before the data of a tensor belong to none", to-from)
		}
	}, func(_, b extent.Range) {
		r.problem(Overlap, start+b.Start, b.End-b.Start, "the data of a tensor begins inside that of another")
	})
	r.h.DataEnd = start + end
}
