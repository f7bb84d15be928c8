package onnx

import (
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/limits"
)

// table numbers the names of one graph from 0, in the order in which they are first seen.
type table struct {
	memory *memory
	slots  []slot // a power of two of them; at most half in use
	n      int32
}

// slot holds a name and its number plus one; 0 for none.
type slot struct {
	id     onnx.ID
	number int32
}

// slotSize is what a slot takes, in bytes.
const slotSize = 16

// add numbers a name unless it has a number; false when no memory is left.
func (t *table) add(id onnx.ID) bool {
	if 2*int(t.n) >= len(t.slots) && !t.grow() {
		return false
	}
	if s := t.slot(id); s.number == 0 {
		t.n++
		*s = slot{id, t.n}
	}
	return true
}

// grow doubles the table.
func (t *table) grow() bool {
	size := max(16, 2*len(t.slots))
	if !t.memory.take(int64(size) * slotSize) {
		return false
	}
	old := t.slots
	t.slots = make([]slot, size)
	for _, s := range old {
		if s.number != 0 {
			*t.slot(s.id) = s
		}
	}
	t.memory.left += int64(len(old)) * slotSize
	return true
}

// slot finds the place of a name, or the one where it belongs.
func (t *table) slot(id onnx.ID) *slot {
	mask := uint64(len(t.slots) - 1)
	for at := (uint64(id) >> 1) & mask; ; at = (at + 1) & mask {
		if s := &t.slots[at]; s.number == 0 || s.id == id {
			return s
		}
	}
}

// find returns the number of a name; -1 for one that has none.
func (t *table) find(id onnx.ID) int32 {
	if len(t.slots) == 0 {
		return -1
	}
	return t.slot(id).number - 1
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
