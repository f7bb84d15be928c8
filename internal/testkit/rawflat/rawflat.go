// Package rawflat writes FlatBuffers without a schema, so that tests and hostile samples can say what no honest writer would:
// numbers that point at nothing, lists that are longer than the file. It is for tests. It checks nothing, and shares nothing,
// so its files are larger than those of real writers.
package rawflat

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// Table is a table: values by the number of their field. A value is a bool, a number of Go's fixed sizes, a string, a Table, a
// list of bytes, int32, uint64, strings or Tables.
type Table map[int]any

// Encode writes a content: the offset of the root, the identifier of four bytes, an extra header (may be empty), and the root.
func Encode(identifier string, header []byte, root Table) []byte {
	w := &writer{b: append([]byte{0, 0, 0, 0}, identifier...)}
	w.b = append(w.b, header...)
	w.refer(0, w.table(root))
	return w.b
}

// writer collects the bytes of a content.
type writer struct{ b []byte }

// align pads to a multiple of n bytes.
func (w *writer) align(n int) {
	for len(w.b)%n != 0 {
		w.b = append(w.b, 0)
	}
}

// refer stores at a place the offset from there to a target.
func (w *writer) refer(at, target int) { binary.LittleEndian.PutUint32(w.b[at:], uint32(target-at)) }

// width is the size of a value inside of a table.
func width(v any) int {
	switch v.(type) {
	case bool, uint8, int8:
		return 1
	case uint16, int16:
		return 2
	case uint64, int64, float64:
		return 8
	}
	return 4 // numbers of 32 bits, and offsets
}

// table writes a table with everything below it and returns where it lies.
func (w *writer) table(t Table) int {
	ids := slices.Sorted(maps.Keys(t))
	slots := 0
	if len(ids) > 0 {
		slots = ids[len(ids)-1] + 1
	}
	w.align(8)
	vtable := len(w.b)
	w.b = append(w.b, make([]byte, 4+2*slots)...)
	w.align(8)
	start := len(w.b)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(start-vtable))
	later := map[int]any{}
	for _, id := range ids {
		v := t[id]
		w.align(width(v))
		binary.LittleEndian.PutUint16(w.b[vtable+4+2*id:], uint16(len(w.b)-start))
		if !w.number(v) {
			later[len(w.b)] = v
			w.b = append(w.b, 0, 0, 0, 0)
		}
	}
	binary.LittleEndian.PutUint16(w.b[vtable:], uint16(4+2*slots))
	binary.LittleEndian.PutUint16(w.b[vtable+2:], uint16(len(w.b)-start))
	for _, at := range slices.Sorted(maps.Keys(later)) {
		w.refer(at, w.object(later[at]))
	}
	return start
}

// number writes a value that stands in its table; false for one that lies elsewhere.
func (w *writer) number(v any) bool {
	switch n := v.(type) {
	case bool:
		w.b = append(w.b, 0)
		if n {
			w.b[len(w.b)-1] = 1
		}
	case uint8, int8, uint16, int16, uint32, int32, float32, uint64, int64, float64:
		b, err := binary.Append(w.b, binary.LittleEndian, n)
		if err != nil {
			panic(fmt.Sprintf("write %v: %v", n, err)) // a mistake of the test that calls
		}
		w.b = b
	default:
		return false
	}
	return true
}

// object writes a value that lies outside of its table and returns where it lies.
func (w *writer) object(v any) int {
	switch x := v.(type) {
	case Table:
		return w.table(x)
	case string:
		at := w.list(len(x), 4)
		w.b = append(append(w.b, x...), 0)
		return at
	case []byte:
		at := w.list(len(x), 16)
		w.b = append(w.b, x...)
		return at
	case []int32:
		at := w.list(len(x), 4)
		for _, n := range x {
			w.b = binary.LittleEndian.AppendUint32(w.b, uint32(n))
		}
		return at
	case []uint64:
		at := w.list(len(x), 8)
		for _, n := range x {
			w.b = binary.LittleEndian.AppendUint64(w.b, n)
		}
		return at
	case []Table:
		return list(w, x, w.table)
	case []string:
		return list(w, x, func(s string) int { return w.object(s) })
	}
	panic(fmt.Sprintf("a FlatBuffer cannot hold %T", v)) // a mistake of the test that calls
}

// list writes the length of a list whose elements are aligned to a number of bytes.
func (w *writer) list(n, align int) int {
	for (len(w.b)+4)%align != 0 || len(w.b)%4 != 0 {
		w.b = append(w.b, 0)
	}
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(n))
	return len(w.b) - 4
}

// list writes a list of things that lie elsewhere.
func list[T any](w *writer, things []T, write func(T) int) int {
	at := w.list(len(things), 4)
	w.b = append(w.b, make([]byte, 4*len(things))...)
	for i, x := range things {
		w.refer(at+4+4*i, write(x))
	}
	return at
}
