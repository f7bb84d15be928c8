package pickle

import (
	"context"
	"errors"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// continues reports whether content goes on as a pickle after what its head shows: one string may be longer than the head and
// the call stand behind it, and a loader that loads again and again finds it behind the STOP of an empty stream. Content that
// cannot be read, or runs for more opcodes than any text does by chance, is taken for a pickle, which its detector then reads.
func continues(b *format.Blob) bool {
	if b == nil {
		return false
	}
	l := limits.Default()
	l.Ops, l.Memory = 4*format.HeadSize, 4<<20
	c := class{whole: true}
	m := NewMachine(limits.NewBudget(l), &c)
	defer m.Close()
	r, err := NewReader(b, 0)
	if err != nil {
		return true
	}
	defer func() { _ = r.Close() }() // the content was only looked at
	for imports := false; ; imports = c.imported {
		s, err := m.Run(context.Background(), r)
		switch {
		case c.called || s.Stopped && c.imported && !imports:
			return true
		case errors.Is(err, format.ErrMalformed):
			return false
		case err != nil:
			return true
		}
	}
}

// belowEach is how many values are between the marks that stand below a stream that starts midway.
const belowEach = 256

// below puts values that nothing is known about on the stack, with marks between them, and None on top of them.
func (m *Machine) below() {
	for range 2 {
		for range belowEach {
			m.stack = append(m.stack, unknown)
		}
		m.fence = len(m.stack)
		m.marks = append(m.marks, uint32(m.fence))
	}
	for range belowEach {
		m.stack = append(m.stack, unknown)
	}
	m.stack = append(m.stack, value(None, 0))
}

// Cut reports whether the last Run ended because the content did.
func (m *Machine) Cut() bool { return m.short || m.cut }
