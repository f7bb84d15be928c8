package onnx

import (
	"encoding/binary"
	"errors"

	"github.com/picketsec/picket/internal/protomsg"
)

// The types of elements that are read here.
const (
	typeInt32 = 6
	typeInt64 = 7
)

// Bits is the size of an element of a type of onnx.proto in bits; 0 for text and for a type that does not exist.
func Bits(dataType int64) int64 {
	if dataType < 0 || dataType >= int64(len(widths)) {
		return 0
	}
	return widths[dataType]
}

// Known reports whether a type of elements exists.
func Known(dataType int64) bool { return dataType > 0 && dataType < int64(len(widths)) }

// widths is indexed by TensorProto.DataType.
var widths = [...]int64{0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2, 6, 6}

// tensor reads a tensor, all but its numbers.
func (r *reader) tensor(g *Graph, m protomsg.Message, place Place) error {
	t := Tensor{Place: place, Offset: m.Offset, Length: m.Size}
	var small []int64 // of int32_data and int64_data
	err := r.fields(m, "TensorProto", tensorFields, func(f protomsg.Field) (err error) {
		switch f.Number {
		case 1:
			return r.dims(f, &t)
		case 2:
			t.Type = int64(int32(f.Value))
		case 3:
			t.Segment = true
		case 4, 5, 7, 10, 11:
			t.Typed += max(f.Body.Size, 1)
			if f.Number == 5 || f.Number == 7 {
				err = firstInts(f, &small)
			}
		case 6:
			t.Texts++
			err = r.text(TensorText, "string_data", f)
		case 8:
			err = r.named(f.Body, &t)
		case 9:
			t.Raw, t.HasRaw = f.Body, true
		case 12:
			err = r.text(ValueText, "doc_string", f)
		case 13:
			err = r.entry(f, &t)
		case 14:
			t.Outside = f.Value == 1
		case 16:
			err = r.pair(ValueText, f.Body)
		}
		return err
	})
	if err == nil {
		err = t.integers(small)
	}
	if err != nil {
		return err
	}
	return r.visit.Tensor(g, &t)
}

// named keeps what a tensor is called.
func (r *reader) named(m protomsg.Message, t *Tensor) (err error) {
	if t.ID, err = r.id(m); err != nil {
		return err
	}
	name, err := m.View(maxPort)
	t.Name = string(name)
	return err
}

// sparse reads the two tensors of a sparse one. Its name is that of its values.
func (r *reader) sparse(g *Graph, m protomsg.Message, _ Place) error {
	return r.fields(m, "SparseTensorProto", sparseFields, func(f protomsg.Field) error {
		if f.Number == 3 {
			return nil
		}
		return r.tensor(g, f.Body, Sparse)
	})
}

// dims adds to the shape of a tensor.
func (r *reader) dims(f protomsg.Field, t *Tensor) error {
	add := func(n uint64) error {
		if t.DimCount++; t.DimCount <= maxDims {
			t.Dims = append(t.Dims, int64(n))
		}
		return nil
	}
	if f.Wire == protomsg.Bytes {
		return f.Body.Packed(add)
	}
	return add(f.Value)
}

// entry reads one pair of the description of external data.
func (r *reader) entry(f protomsg.Field, t *Tensor) error {
	e := Entry{Offset: f.Offset}
	err := r.fields(f.Body, "StringStringEntryProto", pairFields, func(x protomsg.Field) (err error) {
		if x.Number == 1 {
			e.Key, err = r.name(x.Body)
		} else {
			e.Value, err = x.Body.Text(maxValue)
		}
		return err
	})
	if len(t.External) < maxEntries {
		t.External = append(t.External, e)
	}
	return err
}

// errEnough ends a walk that has what it wants.
var errEnough = errors.New("enough")

// firstInts adds numbers to a list until it has one more than maxInts.
func firstInts(f protomsg.Field, list *[]int64) error {
	add := func(n uint64) error {
		if len(*list) > maxInts {
			return errEnough
		}
		*list = append(*list, int64(n))
		return nil
	}
	var err error
	if f.Wire == protomsg.Bytes {
		err = f.Body.Packed(add)
	} else {
		err = add(f.Value)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// integers keeps the elements of a small tensor of integers.
func (t *Tensor) integers(small []int64) error {
	width := Bits(t.Type) / 8
	if t.Type != typeInt32 && t.Type != typeInt64 || t.Outside {
		return nil
	}
	if len(small) > 0 {
		if len(small) <= maxInts {
			t.Ints = small
		}
		return nil
	}
	if !t.HasRaw || t.Raw.Size > maxInts*width || t.Raw.Size%width != 0 {
		return nil
	}
	b, err := t.Raw.View(t.Raw.Size)
	for ; err == nil && int64(len(b)) >= width; b = b[width:] {
		if t.Type == typeInt64 {
			t.Ints = append(t.Ints, int64(binary.LittleEndian.Uint64(b)))
		} else {
			t.Ints = append(t.Ints, int64(int32(binary.LittleEndian.Uint32(b))))
		}
	}
	return err
}
