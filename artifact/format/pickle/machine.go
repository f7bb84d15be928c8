package pickle

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Machine runs pickle streams and answers questions about the values that they make. It is not safe for concurrent use.
type Machine struct {
	// KeepMemo makes the next Run start with the memo of the one before, as repeated calls of load on one Unpickler object
	// do. Without it each Run starts with an empty memo, as pickle.load does. Values of the run before stay valid with it.
	KeepMemo bool
	// Midway makes Run start inside of another stream: values that nothing is known about are on the stack, below one that is
	// no text.
	Midway bool

	budget  *limits.Budget
	handler Handler
	reader  *Reader

	pool    pool
	texts   texts
	globals globals
	wide    []int64
	objects objects
	memo    memo
	met     uint32 // flags of everything that the stream has made so far

	stack []Value
	fence int      // stack position of the last mark; opcodes do not reach below
	marks []uint32 // stack positions of all marks

	op       *opcode
	code     byte
	at       int64 // offset of the opcode
	ops      int64
	frame    int64 // end of the current frame; noFrame when there is none
	proto    int
	protos   int // PROTO opcodes so far
	highest  int
	stopped  bool
	short    bool  // the content ended before STOP
	joins    int64 // containers that were put together
	puts     int64 // PUT opcodes
	cut      bool  // the content ended inside of a line that Python would have used all the same
	eightBit bool  // an 8-bit string that is not ASCII was reported
	counts   [anomalyEnd]int
	effect   Effect
	body     body   // of the current Payload
	text     []byte // scratch
}

const (
	noFrame      = math.MaxInt64
	maxStack     = 4 << 20
	opsBatch     = 4096
	maxAnomalies = 1000 // of one kind that one stream delivers
)

// NewMachine makes a machine that gives its effects to h. Call Close when the values are no longer needed.
func NewMachine(budget *limits.Budget, h Handler) *Machine {
	return &Machine{budget: budget, handler: h, pool: pool{budget: budget}, texts: texts{seed: maphash.MakeSeed()}}
}

// Close gives back the memory that the machine holds. It may be called more than once.
func (m *Machine) Close() {
	m.pool.close()
	m.texts, m.globals, m.objects, m.memo = texts{seed: m.texts.seed}, globals{}, objects{}, memo{}
	m.wide, m.stack, m.marks, m.met = nil, nil, nil, 0
}

// Run executes one stream from where the reader is until STOP. The reader is then at the first byte after STOP, so that Run
// can be called again for a stream that follows. Effects are delivered up to the point where a stream breaks. The error
// wraps format.ErrMalformed with the offset when the stream is broken or ends before STOP, limits.ErrExceeded when a limit
// was reached, the error of the handler, or that of reading. Of each kind of anomaly one run delivers the first 1000.
func (m *Machine) Run(ctx context.Context, r *Reader) (Summary, error) {
	m.begin(r)
	s := Summary{Start: r.Offset()}
	err := m.loop(ctx)
	if charge := m.budget.Ops(m.ops % opsBatch); err == nil {
		err = charge
	}
	s.End, s.Protocol, s.Highest, s.Ops, s.Stopped = m.at, m.proto, m.highest, m.ops, m.stopped
	if m.stopped {
		s.End, s.Result = m.at+1, m.effect.Result
	}
	return s, err
}

// begin makes the machine ready for a stream.
func (m *Machine) begin(r *Reader) {
	if !m.KeepMemo {
		m.Close()
	}
	m.reader, m.stack, m.marks, m.fence = r, m.stack[:0], m.marks[:0], 0
	m.ops, m.frame, m.proto, m.protos, m.highest = 0, noFrame, 0, 0, 0
	m.stopped, m.cut, m.short, m.joins, m.puts, m.eightBit = false, false, false, 0, 0, false
	m.counts = [anomalyEnd]int{}
	if m.Midway {
		m.below()
	}
}

// loop executes opcodes until STOP.
func (m *Machine) loop(ctx context.Context) error {
	for !m.stopped {
		if err := m.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step executes one opcode.
func (m *Machine) step(ctx context.Context) error {
	r, last := m.reader, m.at
	m.at = r.base + int64(r.lo)
	if m.at >= m.frame {
		if err := m.leaveFrame(last); err != nil {
			return err
		}
	}
	if r.lo == r.hi {
		if err := r.fill(1); err != nil {
			return err
		}
		if r.lo == r.hi {
			m.short = true
			return m.malformed("the content ends before STOP")
		}
	}
	m.code = r.buf[r.lo]
	r.lo++
	m.op = &opcodes[m.code]
	if m.op.run == nil {
		return m.malformed("0x%02x is not an opcode", m.code)
	}
	if err := m.count(ctx); err != nil {
		return err
	}
	if err := m.op.run(m); err != nil {
		return err
	}
	if m.cut {
		m.short = true
		return m.malformed("the content ends before the end of a line")
	}
	return nil
}

// count accounts for one opcode.
func (m *Machine) count(ctx context.Context) error {
	m.ops++
	if m.ops%opsBatch == 0 {
		if err := m.budget.Ops(opsBatch); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	level := int(m.op.proto)
	if level > m.highest {
		m.highest = level
	}
	if level > max(m.proto, 1) && m.code != 0x80 { // PROTO itself came with protocol 2
		return m.anomaly(ProtoExceeded, "%s of protocol %d in a stream of protocol %d", m.op.name, level, m.proto)
	}
	return nil
}

// leaveFrame ends the frame that the last opcode, at offset last, reached or crossed.
func (m *Machine) leaveFrame(last int64) error {
	end := m.frame
	m.frame = noFrame
	if m.at == end {
		return nil
	}
	return m.anomaly(FrameStraddle, "the opcode at byte %d crosses the end of its frame at byte %d", last, end)
}

// malformed is the error for a stream that no reader goes on with.
func (m *Machine) malformed(reason string, args ...any) error {
	return format.Malformed(m.at, reason, args...)
}

// shortArg is the error for content that ends inside of an argument.
func (m *Machine) shortArg() error {
	m.short = true
	return m.malformed("the content ends inside of the argument of %s", m.op.name)
}

// underflow is the error for an opcode that needs more than the stack has above its last mark.
func (m *Machine) underflow() error {
	return m.malformed("%s needs more values than the stack has", m.op.name)
}

// full is why memory was refused.
func (m *Machine) full() error {
	if m.pool.err != nil {
		return m.pool.err
	}
	return limits.ErrExceeded
}

// emit prepares the effect that deliver sends.
func (m *Machine) emit(k EffectKind) *Effect {
	m.effect = Effect{Kind: k, Op: m.code, OpName: m.op.name, Offset: m.at}
	return &m.effect
}

// deliver gives the prepared effect to the handler.
func (m *Machine) deliver() error {
	if err := m.handler.Effect(m, &m.effect); err != nil {
		return fmt.Errorf("handle %s at byte %d: %w", m.op.name, m.at, err)
	}
	return nil
}

// anomaly delivers an anomaly.
func (m *Machine) anomaly(k AnomalyKind, detail string, args ...any) error {
	if m.counts[k]++; m.counts[k] > maxAnomalies {
		return nil
	}
	text := picket.Printable(fmt.Sprintf(detail, args...), picket.MaxExcerpt)
	e := m.emit(Anomaly)
	e.Anomaly, e.Detail = k, text
	return m.deliver()
}

// Reader is the content that is being run, at the byte after the current opcode. During a Build effect the handler may
// advance it past inline data that the loader of the file reads by itself, as joblib does with arrays: Peek and Skip raw
// data, or Run another machine on a nested stream. At any other effect the handler must leave it alone.
func (m *Machine) Reader() *Reader { return m.reader }

// Protocol is the last PROTO of the current stream; 0 when there was none. Names with dots are resolved as attribute
// chains from protocol 4 on, and Python 2 names are mapped below 3.
func (m *Machine) Protocol() int { return m.proto }

// unknown is what the stream left undefined.
func (m *Machine) unknown() Value {
	m.met |= taints
	return unknown
}

// push puts a value on the stack.
func (m *Machine) push(v Value) error {
	if len(m.stack) == cap(m.stack) {
		if err := m.growStack(); err != nil {
			return err
		}
	}
	m.stack = append(m.stack, v)
	return nil
}

// growStack makes room, within the limit.
func (m *Machine) growStack() error {
	n := cap(m.stack)
	grown := max(256, min(2*n, n+(512<<10)))
	if grown > maxStack || !m.pool.take(int64(grown-n)*4) {
		return fmt.Errorf("stack of the pickle at byte %d: %w", m.at, m.full())
	}
	stack := make([]Value, n, grown)
	copy(stack, m.stack)
	m.stack = stack
	return nil
}

// pop takes the value on top; false when there is none above the last mark.
func (m *Machine) pop() (Value, bool) {
	n := len(m.stack) - 1
	if n < m.fence {
		return 0, false
	}
	v := m.stack[n]
	m.stack = m.stack[:n]
	return v, true
}

// top is the value on top, which stays; false when there is none above the last mark.
func (m *Machine) top() (Value, bool) {
	if len(m.stack) <= m.fence {
		return 0, false
	}
	return m.stack[len(m.stack)-1], true
}

// popMark takes everything above the last mark, and the mark. The values are valid until the next push.
func (m *Machine) popMark() ([]Value, error) {
	if len(m.marks) == 0 {
		return nil, m.malformed("%s needs a mark and there is none", m.op.name)
	}
	items := m.stack[m.fence:]
	m.stack = m.stack[:m.fence]
	m.marks = m.marks[:len(m.marks)-1]
	m.fence = 0
	if n := len(m.marks); n > 0 {
		m.fence = int(m.marks[n-1])
	}
	return items, nil
}

// arg returns the next n bytes, at most MaxHead, and passes over them. They are valid until the reader is used again.
func (m *Machine) arg(n int) ([]byte, error) {
	r := m.reader
	if r.hi-r.lo < n {
		if err := r.fill(n); err != nil {
			return nil, err
		}
		if r.hi-r.lo < n {
			return nil, m.shortArg()
		}
	}
	r.lo += n
	return r.buf[r.lo-n : r.lo], nil
}

// skip passes over n bytes of an argument.
func (m *Machine) skip(n int64) error {
	if err := m.reader.Skip(n); err != nil {
		return m.argEnd(err)
	}
	return nil
}
