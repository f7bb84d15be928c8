package pickle

import (
	"fmt"
	"strconv"

	"github.com/picketsec/picket/internal/limits"
)

// memo maps keys to values. Keys that picklers give are dense from 0; a few others are kept apart.
type memo struct {
	pages  []*[memoPage]Value
	sparse map[uint64]Value
	count  uint64 // keys that are set, which is the key that MEMOIZE uses
	// shadowed has the keys whose value changed between callable and not callable; nil until one does.
	shadowed map[uint64]struct{}
	shadows  bool // too many to tell which
}

const (
	memoPage   = 1024
	maxDense   = 4 << 20  // keys below are kept in pages
	maxSparse  = 64 << 10 // keys above are kept one by one
	maxShadows = 4096
	sparseSlop = 4096 // how far above the keys in use a key may be before it is an anomaly
)

func (t *memo) get(key uint64) Value {
	if key >= maxDense {
		return t.sparse[key]
	}
	if i := key / memoPage; i < uint64(len(t.pages)) && t.pages[i] != nil {
		return t.pages[i][key%memoPage]
	}
	return 0
}

// set stores a value; false when there is no room.
func (t *memo) set(p *pool, key uint64, v Value) bool {
	if key >= maxDense {
		if _, ok := t.sparse[key]; !ok && (len(t.sparse) >= maxSparse || !p.take(64)) {
			return false
		}
		if t.sparse == nil {
			t.sparse = map[uint64]Value{}
		}
		t.sparse[key] = v
		return true
	}
	i := int(key / memoPage)
	if i >= len(t.pages) {
		if !p.take(int64(i+1-len(t.pages)) * 8) {
			return false
		}
		t.pages = append(t.pages, make([]*[memoPage]Value, i+1-len(t.pages))...)
	}
	if t.pages[i] == nil {
		if !p.take(memoPage * 4) {
			return false
		}
		t.pages[i] = new([memoPage]Value)
	}
	t.pages[i][key%memoPage] = v
	return true
}

// shadow notes that the value of a key changed between callable and not callable.
func (t *memo) shadow(key uint64) {
	if len(t.shadowed) >= maxShadows {
		t.shadows = true
		return
	}
	if t.shadowed == nil {
		t.shadowed = map[uint64]struct{}{}
	}
	t.shadowed[key] = struct{}{}
}

// put is PUT, BINPUT, LONG_BINPUT and MEMOIZE.
func (m *Machine) put(key uint64) error {
	if len(m.stack) <= m.fence {
		return m.underflow()
	}
	v := m.stack[len(m.stack)-1]
	old := m.memo.get(key)
	if key > 2*m.memo.count+sparseSlop {
		if err := m.anomaly(MemoSparse, "key %d while %d keys are in use", key, m.memo.count); err != nil {
			return err
		}
	}
	if old == 0 {
		m.memo.count++
	} else if err := m.overwrite(key, old, v); err != nil {
		return err
	}
	if !m.memo.set(&m.pool, key, v) {
		return fmt.Errorf("memo of the pickle at byte %d: %w", m.at, m.full())
	}
	return nil
}

// overwrite reports that a key changes its value.
func (m *Machine) overwrite(key uint64, old, v Value) error {
	if (m.flagsOf(old)^m.flagsOf(v))&holdsCallable != 0 || old.kind() == Global || v.kind() == Global {
		m.memo.shadow(key)
	}
	return m.anomaly(MemoOverwrite, "key %d held %s and now holds %s", key, m.Repr(old, 60), m.Repr(v, 60))
}

// load is GET, BINGET and LONG_BINGET.
func (m *Machine) load(key uint64) error {
	v := m.memo.get(key)
	if v == 0 {
		if err := m.anomaly(MemoUnset, "key %d was never set", key); err != nil {
			return err
		}
		return m.push(m.unknown())
	}
	if m.memo.shadowed != nil {
		if _, ok := m.memo.shadowed[key]; ok || m.memo.shadows {
			if err := m.anomaly(MemoShadow, "key %d held something else before it held %s", key, m.Repr(v, 60)); err != nil {
				return err
			}
		}
	}
	return m.push(v)
}

// key reads the text argument of PUT and GET. Picklers write plain decimals; int of Python takes more.
func (m *Machine) key() (uint64, error) {
	line, err := m.line()
	if err != nil {
		return 0, err
	}
	digits, plain := number(line)
	if !plain || digits[0] == '-' {
		if err := m.anomaly(MemoKey, "key %q", clip(line)); err != nil {
			return 0, err
		}
		digits = loose(line)
	}
	key, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case err == nil:
		return key, nil
	case isRange(err):
		return 0, fmt.Errorf("memo key of the pickle at byte %d: %w", m.at, limits.ErrExceeded)
	}
	return 0, m.malformed("the memo key is not a number")
}
