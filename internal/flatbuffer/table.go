package flatbuffer

import (
	"math"

	"github.com/picketsec/picket/artifact/format"
)

// Table is one table of a content. The zero Table has no fields.
type Table struct {
	b      *Buffer
	Offset int64 // bytes from the start of the content
	vtable int64
	slots  int64 // bytes of the vtable
	size   int64 // bytes of the table itself
}

// field is where the value of a field of a width lies; 0 when the table has none.
func (t Table) field(id int, width int64) (int64, error) {
	slot := 4 + 2*int64(id)
	if slot+2 > t.slots {
		return 0, nil
	}
	offset, err := t.b.uint(t.vtable+slot, 2)
	if err != nil || offset == 0 {
		return 0, err
	}
	if offset < 4 || int64(offset)+width > t.size {
		return 0, format.Malformed(t.vtable+slot, "field %d lies at byte %d of a table of %d bytes", id, offset, t.size)
	}
	return t.Offset + int64(offset), nil
}

// Has reports whether the table has a field.
func (t Table) Has(id int) (bool, error) {
	at, err := t.field(id, 1)
	return at > 0, err
}

// Fields is one more than the highest number that a field of the table can have.
func (t Table) Fields() int { return int(max(0, t.slots-4) / 2) }

// number reads a field of a width; without it, otherwise.
func (t Table) number(id int, width int64, otherwise uint64) (uint64, error) {
	at, err := t.field(id, width)
	if err != nil || at == 0 {
		return otherwise, err
	}
	return t.b.uint(at, width)
}

// Bool is a truth value; false when it is absent.
func (t Table) Bool(id int) (bool, error) {
	v, err := t.number(id, 1, 0)
	return v != 0, err
}

// Uint8 is a number of 8 bits, or the type of a union; otherwise when it is absent.
func (t Table) Uint8(id int, otherwise uint8) (uint8, error) {
	v, err := t.number(id, 1, uint64(otherwise))
	return uint8(v), err
}

// Int8 is a number of 8 bits with a sign; otherwise when it is absent.
func (t Table) Int8(id int, otherwise int8) (int8, error) {
	v, err := t.number(id, 1, uint64(uint8(otherwise)))
	return int8(v), err
}

// Uint32 is a number of 32 bits; otherwise when it is absent.
func (t Table) Uint32(id int, otherwise uint32) (uint32, error) {
	v, err := t.number(id, 4, uint64(otherwise))
	return uint32(v), err
}

// Int32 is a number of 32 bits with a sign; otherwise when it is absent.
func (t Table) Int32(id int, otherwise int32) (int32, error) {
	v, err := t.number(id, 4, uint64(uint32(otherwise)))
	return int32(v), err
}

// Uint64 is a number of 64 bits; otherwise when it is absent.
func (t Table) Uint64(id int, otherwise uint64) (uint64, error) { return t.number(id, 8, otherwise) }

// Int64 is a number of 64 bits with a sign; otherwise when it is absent.
func (t Table) Int64(id int, otherwise int64) (int64, error) {
	v, err := t.number(id, 8, uint64(otherwise))
	return int64(v), err
}

// Float32 is a number with a fraction, of 32 bits; otherwise when it is absent.
func (t Table) Float32(id int, otherwise float32) (float32, error) {
	v, err := t.number(id, 4, uint64(math.Float32bits(otherwise)))
	return math.Float32frombits(uint32(v)), err
}

// Text is a string, cut at most bytes; ok is false when it is absent.
func (t Table) Text(id int, most int64) (text string, ok bool, err error) {
	at, err := t.field(id, 4)
	if err != nil || at == 0 {
		return "", false, err
	}
	if at, err = t.b.target(at); err != nil {
		return "", false, err
	}
	text, err = t.b.text(at, most)
	return text, err == nil, err
}

// Table is a table; ok is false when it is absent.
func (t Table) Table(id int) (inner Table, ok bool, err error) {
	at, err := t.field(id, 4)
	if err != nil || at == 0 {
		return Table{}, false, err
	}
	inner, err = t.b.follow(at)
	return inner, err == nil, err
}

// Vector is a list of numbers or structures of width bytes each. It is empty when it is absent. The elements are not read.
func (t Table) Vector(id int, width int64) (Vector, error) {
	at, err := t.field(id, 4)
	if err != nil || at == 0 {
		return Vector{}, err
	}
	if at, err = t.b.target(at); err != nil {
		return Vector{}, err
	}
	n, err := t.b.uint(at, 4)
	if err != nil {
		return Vector{}, err
	}
	v := Vector{b: t.b, Offset: at + 4, Len: int64(n), width: width}
	return v, t.b.reach(v.Offset, v.Size()) // no overflow: 32 bits times a width that a schema gives
}

// Offsets is a list of tables or strings.
func (t Table) Offsets(id int) (Vector, error) { return t.Vector(id, 4) }

// Vector is a list whose elements have the same width.
type Vector struct {
	b      *Buffer
	Offset int64 // of the first element: bytes from the start of the content
	Len    int64 // elements
	width  int64 // bytes of an element
}

// Size is the number of bytes of all elements.
func (v Vector) Size() int64 { return v.Len * v.width }

// element is where an element lies. It costs one step of the budget.
func (v Vector) element(i int64) (int64, error) {
	if i < 0 || i >= v.Len {
		return 0, format.Malformed(v.Offset, "a list of %d elements has no element %d", v.Len, i)
	}
	return v.Offset + i*v.width, v.b.budget.Ops(1)
}

// Uint is an element of 1, 2, 4 or 8 bytes as a number without a sign.
func (v Vector) Uint(i int64) (uint64, error) {
	at, err := v.element(i)
	if err != nil {
		return 0, err
	}
	return v.b.uint(at, v.width)
}

// Int32 is an element of 4 bytes as a number with a sign.
func (v Vector) Int32(i int64) (int32, error) {
	n, err := v.Uint(i)
	return int32(uint32(n)), err
}

// Table is an element of a list of tables.
func (v Vector) Table(i int64) (Table, error) {
	at, err := v.element(i)
	if err != nil {
		return Table{}, err
	}
	return v.b.follow(at)
}

// Text is an element of a list of strings, cut at most bytes.
func (v Vector) Text(i, most int64) (string, error) {
	at, err := v.element(i)
	if err != nil {
		return "", err
	}
	if at, err = v.b.target(at); err != nil {
		return "", err
	}
	return v.b.text(at, most)
}

// Tables calls visit for every table of a list, in order. What visit returns ends the walk.
func (v Vector) Tables(visit func(i int64, t Table) error) error {
	for i := range v.Len {
		t, err := v.Table(i)
		if err != nil {
			return err
		}
		if err := visit(i, t); err != nil {
			return err
		}
	}
	return nil
}
