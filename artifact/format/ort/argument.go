package ort

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/flatbuffer"
)

// attribute reads an argument of a node, then what is in it.
func (r *reader) attribute(g *onnx.Graph, n *onnx.Node, t flatbuffer.Table) error {
	a := onnx.Attribute{Offset: t.Offset}
	var err error
	if a.Name, _, err = t.Text(0, maxName); err != nil {
		return err
	}
	if a.Int, err = t.Int64(4, 0); err != nil {
		return err
	}
	if a.Text, a.Has, err = r.span(t, 5); err != nil {
		return err
	}
	if a.Tensor, err = t.Has(6); err != nil {
		return err
	}
	numbers, err := t.Vector(9, 8)
	if err != nil {
		return err
	}
	if a.Ints, err = first(numbers); err != nil {
		return err
	}
	if err := r.visit.Attribute(g, n, &a); err != nil {
		return err
	}
	if err := r.text(t, 1, onnx.NodeText, "doc_string"); err != nil {
		return err
	}
	return r.inside(g, a.Name, t)
}

// inside reads the tensors, graphs and texts of an argument.
func (r *reader) inside(g *onnx.Graph, name string, t flatbuffer.Table) error {
	tensor := func(x flatbuffer.Table) error { return r.tensor(g, x, onnx.Argument) }
	body := func(x flatbuffer.Table) error {
		return r.graph(x, &onnx.Graph{Kind: onnx.Body, Parent: g, Depth: g.Depth + 1})
	}
	for _, part := range []struct {
		one, many int
		read      func(flatbuffer.Table) error
	}{{6, 11, tensor}, {7, 12, body}} {
		x, ok, err := t.Table(part.one)
		if err != nil {
			return err
		}
		if ok {
			if err := part.read(x); err != nil {
				return err
			}
		}
		list, err := t.Offsets(part.many)
		if err != nil {
			return err
		}
		if err := list.Tables(func(_ int64, x flatbuffer.Table) error { return part.read(x) }); err != nil {
			return err
		}
	}
	return r.texts(t, 10, onnx.ArgText, name)
}

// texts hands on every text of a list.
func (r *reader) texts(t flatbuffer.Table, field int, where onnx.Where, key string) error {
	list, err := t.Offsets(field)
	if err != nil {
		return err
	}
	for i := range list.Len {
		at, err := list.Uint(i) // from the element itself to the length of the text
		if err != nil {
			return err
		}
		place := list.Offset + 4*i + int64(at)
		if place > r.top.End()-4 {
			return orMalformed(nil, list.Offset+4*i, "a text lies outside of the content")
		}
		length := r.top
		length.Offset, length.Size = place, 4
		b, err := length.View(4)
		if err != nil {
			return err
		}
		m := r.top
		m.Offset, m.Size = place+4, int64(binary.LittleEndian.Uint32(b))
		if m.Size > r.top.End()-m.Offset {
			return orMalformed(nil, place, "a text is longer than the content")
		}
		if m.Size > 0 {
			if err := r.visit.Text(onnx.Text{Where: where, Key: key, Body: m, Offset: m.Offset}); err != nil {
				return err
			}
		}
	}
	return nil
}

// first returns the first numbers of a list of numbers of 64 bits.
func first(v flatbuffer.Vector) (list []int64, err error) {
	for i := range min(v.Len, maxInts) {
		n, err := v.Uint(i)
		if err != nil {
			return nil, err
		}
		list = append(list, int64(n))
	}
	return list, nil
}

// tensor reads a tensor, all but its numbers.
func (r *reader) tensor(g *onnx.Graph, t flatbuffer.Table, place onnx.Place) error {
	x := onnx.Tensor{Place: place, Offset: t.Offset}
	name, _, err := t.Text(0, maxValue)
	if err != nil {
		return err
	}
	x.ID, x.Name = r.id(name), name[:min(len(name), maxPort)]
	if err := r.text(t, 1, onnx.ValueText, "doc_string"); err != nil {
		return err
	}
	dims, err := t.Vector(2, 8)
	if err != nil {
		return err
	}
	x.DimCount = dims.Len
	for i := range min(dims.Len, maxDims) {
		d, err := dims.Uint(i)
		if err != nil {
			return err
		}
		x.Dims = append(x.Dims, int64(d))
	}
	kind, err := t.Int32(3, 0)
	if err != nil {
		return err
	}
	x.Type = int64(kind)
	if x.Raw, x.HasRaw, err = r.span(t, 4); err != nil {
		return err
	}
	words, err := t.Offsets(5)
	if err != nil {
		return err
	}
	x.Texts, x.Length = words.Len, x.Raw.Size
	if err := r.texts(t, 5, onnx.TensorText, "string_data"); err != nil {
		return err
	}
	if err := r.small(&x); err != nil {
		return err
	}
	return r.visit.Tensor(g, &x)
}

// small keeps the elements of a small tensor of integers of 64 bits, which says how large others are.
func (r *reader) small(x *onnx.Tensor) error {
	const int64s, width = 7, 8
	if x.Type != int64s || !x.HasRaw || x.Raw.Size > maxInts*width || x.Raw.Size%width != 0 {
		return nil
	}
	b, err := x.Raw.View(x.Raw.Size)
	for ; err == nil && len(b) >= width; b = b[width:] {
		x.Ints = append(x.Ints, int64(binary.LittleEndian.Uint64(b)))
	}
	return err
}

// sparse reads the two tensors of a sparse one.
func (r *reader) sparse(g *onnx.Graph, t flatbuffer.Table) error {
	for field := range 2 {
		x, ok, err := t.Table(field)
		if err != nil {
			return err
		}
		if ok {
			if err := r.tensor(g, x, onnx.Sparse); err != nil {
				return err
			}
		}
	}
	return nil
}
