// Package flatbuf writes FlatBuffers by hand, without a schema. It is for tests and for hostile samples, and writes what no
// honest writer would when it is told to.
package flatbuf

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Table is a table: the values of its fields by their numbers. A value is a bool, an uint8, int8, int32, uint32 or uint64, a
// string, a []byte, a []int32, a Table or a []Table.
type Table map[int]any

// Build writes a FlatBuffer with a file identifier of four bytes.
func Build(identifier string, root Table) []byte {
	b := append(make([]byte, 4), identifier...)
	return link(b, 0, root)
}

// link appends a value and writes its offset at a place.
func link(b []byte, at int, value any) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	switch v := value.(type) {
	case Table:
		return v.append(b, at)
	case string:
		point(b, at, len(b))
		return append(append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...), 0)
	case []byte:
		point(b, at, len(b))
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
	case []int32:
		point(b, at, len(b))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		for _, n := range v {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		return b
	case []Table:
		point(b, at, len(b))
		first := len(b) + 4
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), make([]byte, 4*len(v))...)
		for i, t := range v {
			b = link(b, first+4*i, t)
		}
	}
	return b
}

// point writes the offset from one place to another.
func point(b []byte, at, to int) { binary.LittleEndian.PutUint32(b[at:], uint32(to-at)) }

// append writes the vtable, the table, and what its fields point to.
func (t Table) append(b []byte, at int) []byte {
	ids := slices.Sorted(maps.Keys(t))
	slots := 0
	if len(ids) > 0 {
		slots = ids[len(ids)-1] + 1
	}
	vtable := len(b)
	b = append(b, make([]byte, 4+2*slots)...)
	for len(b)%8 != 4 { // so that numbers of 64 bits behind the first offset are aligned
		b = append(b, 0)
	}
	start := len(b)
	point(b, at, start)
	b = append(b, make([]byte, 4+8*len(ids))...)
	binary.LittleEndian.PutUint32(b[start:], uint32(start-vtable))
	binary.LittleEndian.PutUint16(b[vtable:], uint16(4+2*slots))
	binary.LittleEndian.PutUint16(b[vtable+2:], uint16(4+8*len(ids)))
	for i, id := range ids {
		field := start + 4 + 8*i
		binary.LittleEndian.PutUint16(b[vtable+4+2*id:], uint16(field-start))
		switch v := t[id].(type) {
		case bool:
			if v {
				b[field] = 1
			}
		case uint8:
			b[field] = v
		case int8:
			b[field] = byte(v)
		case int32:
			binary.LittleEndian.PutUint32(b[field:], uint32(v))
		case uint32:
			binary.LittleEndian.PutUint32(b[field:], v)
		case uint64:
			binary.LittleEndian.PutUint64(b[field:], v)
		default:
			b = link(b, field, v)
		}
	}
	return b
}
