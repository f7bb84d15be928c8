package mxnet

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Array is one array of a file of parameters.
type Array struct {
	Offset int64 // bytes from the start of the file
	Size   int64 // bytes of its data
}

// Params sums up a file of parameters that was read to its end.
type Params struct {
	Arrays int64
	Data   int64 // bytes of arrays
	End    int64 // behind the last name
}

// reader reads one file.
type reader struct {
	b      *format.Blob
	pos    int64
	budget *limits.Budget
}

// ReadParams reads where the arrays of a file lie, and their names. The error wraps format.ErrMalformed or limits.ErrExceeded.
func ReadParams(b *format.Blob, budget *limits.Budget, array func(Array), name func(name string, offset int64)) (Params, error) {
	r := &reader{b: b, pos: 16, budget: budget}
	var p Params
	n, err := r.uint(8)
	if err != nil || n > uint64(b.Size()) {
		return p, orMalformed(err, 16, "more arrays than the file has bytes")
	}
	p.Arrays = int64(n)
	for range n {
		at := r.pos
		size, err := r.array()
		if err != nil {
			return p, err
		}
		p.Data += size
		array(Array{at, size})
	}
	if n, err = r.uint(8); err != nil || n > uint64(b.Size()) {
		return p, orMalformed(err, r.pos, "more names than the file has bytes")
	}
	for range n {
		length, err := r.uint(8)
		if err != nil || length > maxName {
			return p, orMalformed(err, r.pos, "the name of an array is too long")
		}
		text, err := r.take(int64(length))
		if err != nil {
			return p, err
		}
		name(string(text), r.pos-int64(length))
	}
	p.End = r.pos
	return p, nil
}

// take reads n bytes.
func (r *reader) take(n int64) ([]byte, error) {
	if err := r.budget.Ops(1); err != nil {
		return nil, err
	}
	b, err := r.b.ReadRange(r.pos, n)
	r.pos += n
	return b, err
}

// uint reads a number of 4 or 8 bytes.
func (r *reader) uint(width int64) (uint64, error) {
	b, err := r.take(width)
	if err != nil {
		return 0, err
	}
	if width == 4 {
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	return binary.LittleEndian.Uint64(b), nil
}

// shape reads the dimensions of an array and returns how many elements it has, and how many dimensions.
func (r *reader) shape(width int64) (elements int64, dims int64, err error) {
	n, err := r.uint(4)
	if err != nil {
		return 0, 0, err
	}
	return r.dims(int64(int32(uint32(n))), width)
}

// dims reads a number of dimensions. A negative number means that there is no array.
func (r *reader) dims(n, width int64) (elements int64, dims int64, err error) {
	if n > maxDims {
		return 0, 0, format.Malformed(r.pos, "an array of %d dimensions", n)
	}
	elements = 1
	for range n {
		d, err := r.uint(width)
		if err != nil {
			return 0, 0, err
		}
		if d > 1<<40 || d > 0 && elements > (1<<58)/int64(d) {
			return 0, 0, format.Malformed(r.pos-width, "a shape overflows")
		}
		elements *= int64(d)
	}
	return elements, n, nil
}

// widths are the sizes of elements by the number of their type.
var widths = []int64{4, 8, 2, 1, 4, 1, 8, 1, 2, 2, 4, 8, 2}

// width reads the number of a type.
func (r *reader) width() (int64, error) {
	t, err := r.uint(4)
	if err != nil || t >= uint64(len(widths)) {
		return 0, orMalformed(err, r.pos, "an array of an unknown type")
	}
	return widths[t], nil
}

// array reads the head of an array, passes over its data, and returns how many bytes that has.
func (r *reader) array() (int64, error) {
	magic, err := r.uint(4)
	if err != nil {
		return 0, err
	}
	storage := uint64(0)
	var elements, dims int64
	switch magic {
	case arrayV2, arrayV3:
		if storage, err = r.uint(4); err != nil || storage > sparseMatrix {
			return 0, orMalformed(err, r.pos, "an array of an unknown kind of storage")
		}
		stored := int64(0)
		if storage != 0 {
			if stored, _, err = r.shape(8); err != nil {
				return 0, err
			}
		}
		elements, dims, err = r.shape(8)
		if storage != 0 {
			elements = stored
		}
	case arrayV1:
		elements, dims, err = r.shape(8)
	default: // before there was a magic number, the dimensions came first
		if magic > maxDims {
			return 0, format.Malformed(r.pos-4, "no array begins here")
		}
		elements, dims, err = r.dims(int64(magic), 4)
	}
	if err != nil || dims < 0 || dims == 0 && magic != arrayV3 {
		return 0, err // nothing follows an array that does not exist
	}
	return r.data(elements, storage)
}

// data passes over the device, the type and the data of an array.
func (r *reader) data(elements int64, storage uint64) (int64, error) {
	if _, err := r.take(8); err != nil {
		return 0, err
	}
	width, err := r.width()
	if err != nil {
		return 0, err
	}
	size := int64(0)
	for range storage { // the indices of sparse arrays: one list for rows, two for matrices
		width, err := r.width()
		if err != nil {
			return 0, err
		}
		n, _, err := r.shape(8)
		if err != nil {
			return 0, err
		}
		size += n * width
		if storage == sparseMatrix { // as many values as columns, which come last; what is stored before may be out of date
			elements = n
		}
	}
	size += elements * width
	if size < 0 || size > r.b.Size()-r.pos {
		return 0, format.Malformed(r.pos, "an array of %d bytes where the file has %d", size, r.b.Size()-r.pos)
	}
	r.pos += size
	return size, nil
}

// orMalformed returns err, or an error about the content.
func orMalformed(err error, at int64, reason string) error {
	if err != nil {
		return err
	}
	return format.Malformed(at, "%s", reason)
}
