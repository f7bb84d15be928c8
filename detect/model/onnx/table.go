package onnx

import (
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/limits"
)

// table numbers the names of one graph from 0, in the order in which they are first seen.
type table struct {
	slots []slot // a power of two of them; at most half in use
	n     int32
}

// slot holds a name and its number plus one; 0 for none.
type slot struct {
	id     onnx.ID
	number int32
}

// newTable makes a table for at most n names.
func newTable(n int) *table {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return &table{slots: make([]slot, size)}
}

// bytesOfTable is what a table for n names takes.
func bytesOfTable(n int) int64 { return int64(max(16, 4*n)) * 16 }

// number returns the number of a name, and whether it was there before.
func (t *table) number(id onnx.ID) (number int32, known bool) {
	mask := uint64(len(t.slots) - 1)
	for at := (uint64(id) >> 1) & mask; ; at = (at + 1) & mask {
		switch s := &t.slots[at]; {
		case s.number == 0:
			t.n++
			*s = slot{id, t.n}
			return t.n - 1, false
		case s.id == id:
			return s.number - 1, true
		}
	}
}

// find returns the number of a name; -1 for one that is not there.
func (t *table) find(id onnx.ID) int32 {
	mask := uint64(len(t.slots) - 1)
	for at := (uint64(id) >> 1) & mask; ; at = (at + 1) & mask {
		switch s := t.slots[at]; {
		case s.number == 0:
			return -1
		case s.id == id:
			return s.number - 1
		}
	}
}

// memory counts what is held of a budget, in steps.
type memory struct {
	budget *limits.Budget
	left   int64
	held   []func()
}

// step is how much is held at a time.
const step = 256 << 10

// take reserves n bytes; false when there are none left.
func (m *memory) take(n int64) bool {
	for m.left < n {
		most := max(step, n-m.left)
		free, err := m.budget.Hold(most)
		if err != nil {
			return false
		}
		m.held = append(m.held, free)
		m.left += most
	}
	m.left -= n
	return true
}

// release gives everything back.
func (m *memory) release() {
	for _, free := range m.held {
		free()
	}
	m.held, m.left = nil, 0
}
