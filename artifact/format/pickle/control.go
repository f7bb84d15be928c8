package pickle

import (
	"fmt"
	"math"
)

// highestProtocol is the newest protocol that a reader takes.
const highestProtocol = 5

func opProto(m *Machine) error {
	b, err := m.arg(1)
	if err != nil {
		return err
	}
	old, version := m.proto, int(b[0])
	m.protos++
	m.proto = version
	switch {
	case version > highestProtocol:
		return m.anomaly(ProtoUnsupported, "protocol %d", version)
	case m.protos > 1:
		return m.anomaly(ProtoRepeated, "protocol %d after protocol %d", version, old)
	case m.ops > 1:
		return m.anomaly(ProtoMisplaced, "PROTO is opcode %d of the stream", m.ops)
	}
	return nil
}

// opFrame notes where the frame ends. C ignores frames once their bytes are there, Python reads opcodes from them alone.
func opFrame(m *Machine) error {
	b, err := m.arg(8)
	if err != nil {
		return err
	}
	n, at := le64(b), m.reader.Offset()
	if end := m.frame; end != noFrame && at < end {
		err = m.anomaly(FrameNested, "a frame begins %d bytes before the end of another", end-at)
	} else if end != noFrame && at > end {
		err = m.anomaly(FrameStraddle, "FRAME crosses the end of the frame before it")
	}
	if err != nil {
		return err
	}
	m.frame = noFrame
	if n > uint64(math.MaxInt64-1-at) {
		return m.anomaly(FrameLength, "a frame of %d bytes", n)
	}
	m.frame = at + int64(n)
	return nil
}

func opStop(m *Machine) error {
	v, ok := m.pop()
	if !ok {
		return m.underflow()
	}
	if m.frame != noFrame && m.at+1 < m.frame {
		if err := m.anomaly(FrameUnfinished, "%d bytes of the frame are left", m.frame-m.at-1); err != nil {
			return err
		}
	}
	if len(m.stack)+len(m.marks) > 0 {
		if err := m.anomaly(StackLeft, "%d values and %d marks are left", len(m.stack), len(m.marks)); err != nil {
			return err
		}
	}
	m.stopped = true
	m.emit(Stop).Result = v
	return m.deliver()
}

func opMark(m *Machine) error {
	if len(m.marks) == cap(m.marks) {
		n := cap(m.marks)
		grown := max(64, min(2*n, n+(256<<10)))
		if grown > maxStack || !m.pool.take(int64(grown-n)*4) {
			return fmt.Errorf("marks of the pickle at byte %d: %w", m.at, m.full())
		}
		marks := make([]uint32, n, grown)
		copy(marks, m.marks)
		m.marks = marks
	}
	m.fence = len(m.stack)
	m.marks = append(m.marks, uint32(m.fence))
	return nil
}

// opPop drops the value on top, or the mark when that is on top.
func opPop(m *Machine) error {
	if _, ok := m.pop(); ok {
		return nil
	}
	if len(m.marks) == 0 {
		return m.underflow()
	}
	return opPopMark(m)
}

func opPopMark(m *Machine) error {
	_, err := m.popMark()
	return err
}

func opDup(m *Machine) error {
	v, ok := m.top()
	if !ok {
		return m.underflow()
	}
	return m.push(v)
}

func opGet(m *Machine) error {
	key, err := m.key()
	if err != nil {
		return err
	}
	return m.load(key)
}

func opBinGet(m *Machine) error {
	b, err := m.arg(1)
	if err != nil {
		return err
	}
	return m.load(uint64(b[0]))
}

func opLongBinGet(m *Machine) error {
	b, err := m.arg(4)
	if err != nil {
		return err
	}
	return m.load(uint64(le32(b)))
}

func opPut(m *Machine) error {
	key, err := m.key()
	if err != nil {
		return err
	}
	m.puts++
	return m.put(key)
}

func opBinPut(m *Machine) error {
	b, err := m.arg(1)
	if err != nil {
		return err
	}
	return m.put(uint64(b[0]))
}

func opLongBinPut(m *Machine) error {
	b, err := m.arg(4)
	if err != nil {
		return err
	}
	return m.put(uint64(le32(b)))
}

func opMemoize(m *Machine) error { return m.put(m.memo.count) }

func opNone(m *Machine) error  { return m.push(value(None, 0)) }
func opTrue(m *Machine) error  { return m.push(value(Bool, 1)) }
func opFalse(m *Machine) error { return m.push(value(Bool, 0)) }

func opNextBuffer(m *Machine) error {
	m.emit(NextBuffer).Result = value(Buffer, 0)
	if err := m.deliver(); err != nil {
		return err
	}
	return m.push(value(Buffer, 0))
}

func opReadonlyBuffer(m *Machine) error {
	v, ok := m.top()
	if !ok {
		return m.underflow()
	}
	switch v.kind() {
	case Buffer, Bytes, ByteArray, Instance, Persistent, Extension, Unknown:
		return nil
	}
	return m.anomaly(BufferForm, "READONLY_BUFFER of a %s", v.kind())
}
