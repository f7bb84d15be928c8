package executorch

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
)

// The types of instructions.
const (
	kernelCall, delegateCall, moveCall, jumpFalseCall, freeCall = 1, 2, 3, 4, 5
)

// counts are how many things a plan has that instructions point to.
type counts struct{ values, operators, delegates int64 }

// plan reads one method of the program.
func (r *reader) plan(_ int64, t flatbuffer.Table) error {
	name, _, err := t.Text(planName, maxName)
	if err != nil {
		return err
	}
	r.visit.Text("name of a plan", name, t.Offset)
	var n counts
	values, err := t.Offsets(planValues)
	if err != nil {
		return err
	}
	n.values = values.Len
	operators, err := t.Offsets(planOperators)
	if err != nil {
		return err
	}
	n.operators = operators.Len
	if err := operators.Tables(r.operator); err != nil {
		return err
	}
	delegates, err := t.Offsets(planDelegates)
	if err != nil {
		return err
	}
	n.delegates = delegates.Len
	if err := delegates.Tables(r.delegate); err != nil {
		return err
	}
	chains, err := t.Offsets(planChains)
	if err != nil {
		return err
	}
	return chains.Tables(func(_ int64, t flatbuffer.Table) error { return r.chain(t, n) })
}

// operator reads the name of an operator.
func (r *reader) operator(_ int64, t flatbuffer.Table) error {
	name, _, err := t.Text(0, maxName)
	if err != nil {
		return err
	}
	overload, _, err := t.Text(1, maxName)
	r.visit.Operator(Operator{name, overload, t.Offset})
	return err
}

// delegate reads what a backend gets.
func (r *reader) delegate(_ int64, t flatbuffer.Table) error {
	id, _, err := t.Text(0, maxName)
	if err != nil {
		return err
	}
	d := Delegate{ID: id, Offset: t.Offset}
	where, ok, err := t.Table(1)
	if err != nil {
		return err
	}
	if ok {
		if err := r.processed(where, &d); err != nil {
			return err
		}
	}
	specs, err := t.Offsets(2)
	if err != nil {
		return err
	}
	err = specs.Tables(func(_ int64, t flatbuffer.Table) error {
		key, _, err := t.Text(0, maxName)
		if err != nil {
			return err
		}
		value, err := t.Vector(1, 1)
		if len(d.Specs) < 1<<10 {
			d.Specs = append(d.Specs, Setting{key, value.Offset, value.Size()})
		}
		return err
	})
	r.visit.Delegate(d)
	return err
}

// processed reads where the data of a delegate lies.
func (r *reader) processed(t flatbuffer.Table, d *Delegate) error {
	location, err := t.Uint8(0, 0)
	if err != nil {
		return err
	}
	index, err := t.Uint32(1, 0)
	if err != nil {
		return err
	}
	if location == 1 {
		if int(index) >= len(r.segments) {
			r.problem(t.Offset, "a delegate reads segment %d of %d", index, len(r.segments))
			return nil
		}
		d.Start, d.Size = r.segments[index].Start, r.segments[index].Size
		return nil
	}
	inline, err := r.root.Offsets(programInline)
	if err != nil {
		return err
	}
	if int64(index) >= inline.Len {
		r.problem(t.Offset, "a delegate reads inline data %d of %d", index, inline.Len)
		return nil
	}
	holder, err := inline.Table(int64(index))
	if err != nil {
		return err
	}
	data, err := holder.Vector(0, 1)
	d.Start, d.Size = data.Offset, data.Size()
	return err
}

// chain reads instructions.
func (r *reader) chain(t flatbuffer.Table, n counts) error {
	instructions, err := t.Offsets(2)
	if err != nil {
		return err
	}
	return instructions.Tables(func(_ int64, t flatbuffer.Table) error {
		kind, err := t.Uint8(0, 0)
		if err != nil {
			return err
		}
		args, ok, err := t.Table(1)
		if err != nil {
			return err
		}
		if !ok || kind < kernelCall || kind > freeCall {
			r.problem(t.Offset, "an instruction of the unknown kind %d", kind)
			return nil
		}
		return r.instruction(args, kind, instructions.Len, n)
	})
}

// instruction checks what an instruction points to.
func (r *reader) instruction(t flatbuffer.Table, kind uint8, length int64, n counts) error {
	first, err := t.Int32(0, 0)
	if err != nil {
		return err
	}
	var second int32
	if kind == moveCall || kind == jumpFalseCall {
		if second, err = t.Int32(1, 0); err != nil {
			return err
		}
	}
	outside := func(i int32, of int64) bool { return i < 0 || int64(i) >= of }
	switch kind {
	case kernelCall:
		if outside(first, n.operators) {
			r.problem(t.Offset, "an instruction calls operator %d of %d", first, n.operators)
		}
		return r.arguments(t, n)
	case delegateCall:
		if outside(first, n.delegates) {
			r.problem(t.Offset, "an instruction calls delegate %d of %d", first, n.delegates)
		}
		return r.arguments(t, n)
	case moveCall:
		if outside(first, n.values) || outside(second, n.values) {
			r.problem(t.Offset, "an instruction moves value %d to %d of %d", first, second, n.values)
		}
	case jumpFalseCall:
		if outside(first, n.values) || outside(second, length+1) {
			r.problem(t.Offset, "an instruction jumps to %d of %d", second, length)
		}
	case freeCall:
		if outside(first, n.values) {
			r.problem(t.Offset, "an instruction frees value %d of %d", first, n.values)
		}
	}
	return nil
}

// arguments checks the values that an instruction works on.
func (r *reader) arguments(t flatbuffer.Table, n counts) error {
	args, err := t.Vector(1, 4)
	if err != nil {
		return err
	}
	for i := range args.Len {
		v, err := args.Int32(i)
		if err != nil {
			return err
		}
		if v < 0 || int64(v) >= n.values {
			r.problem(args.Offset+4*i, "an argument is value %d of %d", v, n.values)
		}
	}
	return nil
}

// dataHeader reads the header of a data file, which says where its segments lie.
func dataHeader(b *format.Blob) (header, error) {
	raw, err := b.ReadRange(8, 40)
	if err != nil {
		return header{}, err
	}
	program, base := binary.LittleEndian.Uint64(raw[16:]), binary.LittleEndian.Uint64(raw[24:])
	if program > uint64(b.Size()) || base > uint64(b.Size()) {
		return header{}, format.Malformed(8, "the header claims tables of %d bytes and segments at %d in a file of %d bytes", program, base, b.Size())
	}
	return header{program: int64(program), base: int64(base)}, nil
}
