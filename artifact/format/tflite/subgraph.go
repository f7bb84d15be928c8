package tflite

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
)

// subgraphs reads the graphs.
func (r *reader) subgraphs(root flatbuffer.Table) error {
	graphs, err := list(root, 2, maxSubgraphs, "subgraphs")
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	return graphs.Tables(func(i int64, t flatbuffer.Table) error {
		g := Subgraph{At: t.Offset, Shared: seen[t.Offset]}
		seen[t.Offset] = true
		if g.Shared {
			r.m.Subgraphs = append(r.m.Subgraphs, g)
			return nil
		}
		return r.subgraph(i, t, g)
	})
}

// subgraph reads one graph.
func (r *reader) subgraph(i int64, t flatbuffer.Table, g Subgraph) (err error) {
	if g.Name, _, err = t.Text(4, maxText); err != nil {
		return err
	}
	if g.Inputs, err = refs(t, 1); err != nil {
		return err
	}
	if g.Outputs, err = refs(t, 2); err != nil {
		return err
	}
	tensors, err := t.Offsets(0)
	if err != nil {
		return err
	}
	g.Tensors = tensors.Len
	r.m.Subgraphs = append(r.m.Subgraphs, g)
	err = tensors.Tables(func(n int64, t flatbuffer.Table) error {
		x, err := tensor(t)
		if err != nil {
			return err
		}
		x.Subgraph, x.Index = i, n
		return r.visit.Tensor(r.m, x)
	})
	if err != nil {
		return err
	}
	operators, err := t.Offsets(3)
	if err != nil {
		return err
	}
	return operators.Tables(func(_ int64, t flatbuffer.Table) error {
		o, err := r.operator(t)
		if err != nil {
			return err
		}
		o.Subgraph = i
		return r.visit.Operator(r.m, o)
	})
}

// refs reads a list of numbers of tensors.
func refs(t flatbuffer.Table, id int) ([]int32, error) {
	v, err := t.Vector(id, 4)
	if err != nil || v.Len == 0 {
		return nil, err
	}
	if v.Len > maxRefs {
		return nil, format.Malformed(v.Offset, "a list of %d tensors", v.Len)
	}
	list := make([]int32, v.Len)
	for i := range list {
		if list[i], err = v.Int32(int64(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// tensor reads one tensor.
func tensor(t flatbuffer.Table) (x Tensor, err error) {
	x.At = t.Offset
	dims, err := t.Vector(0, 4)
	if err != nil {
		return x, err
	}
	if dims.Len > maxDims {
		return x, format.Malformed(dims.Offset, "a tensor of %d dimensions", dims.Len)
	}
	for i := range dims.Len {
		d, err := dims.Int32(i)
		if err != nil {
			return x, err
		}
		x.Dims = append(x.Dims, d)
	}
	if x.Type, err = t.Int8(1, 0); err != nil {
		return x, err
	}
	buffer, err := t.Uint32(2, 0)
	if err != nil {
		return x, err
	}
	x.Buffer = int64(buffer)
	if x.Name, _, err = t.Text(3, maxText); err != nil {
		return x, err
	}
	x.Sparse, err = t.Has(6)
	return x, err
}

// operator reads one use of an operation.
func (r *reader) operator(t flatbuffer.Table) (o Operator, err error) {
	o.At = t.Offset
	code, err := t.Uint32(0, 0)
	if err != nil {
		return o, err
	}
	o.Code = int64(code)
	if o.Inputs, err = refs(t, 1); err != nil {
		return o, err
	}
	if o.Outputs, err = refs(t, 2); err != nil {
		return o, err
	}
	options, err := t.Vector(5, 1)
	if err != nil {
		return o, err
	}
	o.Options = Range{options.Offset, options.Len}
	offset, err := t.Uint64(9, 0)
	if err != nil {
		return o, err
	}
	if offset > 1 {
		size, err := t.Uint64(10, 0)
		if err != nil {
			return o, err
		}
		if total := uint64(r.b.Size()); offset > total || size > total-offset {
			return o, format.Malformed(t.Offset, "options of %d bytes at %d are outside of the content of %d bytes", size, offset, total)
		}
		o.Options = Range{int64(offset), int64(size)}
		r.m.End = max(r.m.End, int64(offset+size))
	}
	o.Calls, err = calls(t)
	return o, err
}

// calls lists the subgraphs that an operation runs.
func calls(t flatbuffer.Table) ([]int32, error) {
	var list []int32
	for _, kind := range []struct {
		of, options int             // fields of the operation: the kind of its options, and the options
		fields      map[uint8][]int // of the options: numbers of subgraphs
	}{
		{3, 4, map[uint8][]int{16: {0}, 92: {0, 1}, 93: {0, 1}, 103: {0}}},
		{11, 12, map[uint8][]int{6: {1}, 7: {6}, 13: {5}, 14: {2}, 15: {0, 1}, 21: {1}}},
	} {
		which, err := t.Uint8(kind.of, 0)
		if err != nil {
			return nil, err
		}
		fields, ok := kind.fields[which]
		branches := kind.of == 11 && which == 23 // a case: a list of branches
		if !ok && !branches {
			continue
		}
		options, ok, err := t.Table(kind.options)
		if err != nil {
			return nil, err
		}
		if ok && branches {
			if list, err = refs(options, 0); err != nil {
				return nil, err
			}
		}
		for _, id := range fields {
			n, err := options.Int32(id, 0)
			if err != nil {
				return nil, err
			}
			list = append(list, n)
		}
	}
	return list, nil
}
