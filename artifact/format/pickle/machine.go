package pickle

import (
	"context"
	"errors"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Machine runs pickle streams and answers questions about the values that they make. It is not safe for concurrent use.
type Machine struct {
	// KeepMemo makes the next Run start with the memo of the one before, as repeated calls of load on one Unpickler object
	// do. Without it each Run starts with an empty memo, as pickle.load does. Values of the run before stay valid with it.
	KeepMemo bool

	budget  *limits.Budget
	handler Handler
	reader  *Reader
}

// NewMachine makes a machine that gives its effects to h. Call Close when the values are no longer needed.
func NewMachine(budget *limits.Budget, h Handler) *Machine { return &Machine{budget: budget, handler: h} }

// Close gives back the memory that the machine holds. It may be called more than once.
func (m *Machine) Close() {}

// Run executes one stream from where the reader is until STOP. The reader is then at the first byte after STOP, so that Run
// can be called again for a stream that follows. Effects are delivered up to the point where a stream breaks. The error
// wraps format.ErrMalformed with the offset when the stream is broken or ends before STOP, limits.ErrExceeded when a limit
// was reached, the error of the handler, or that of reading.
func (m *Machine) Run(ctx context.Context, r *Reader) (Summary, error) {
	return Summary{}, errors.New("not yet")
}

// Reader is the content that is being run, at the byte after the current opcode. During a Build effect the handler may
// advance it past inline data that the loader of the file reads by itself, as joblib does with arrays: Peek and Skip raw
// data, or Run another machine on a nested stream. At any other effect the handler must leave it alone.
func (m *Machine) Reader() *Reader { return m.reader }

// Protocol is the last PROTO of the current stream; 0 when there was none. Names with dots are resolved as attribute
// chains from protocol 4 on, and Python 2 names are mapped below 3.
func (m *Machine) Protocol() int { return 0 }

// Kind is what v is.
func (m *Machine) Kind(v Value) Kind { return Unknown }

// Text is the content of a String; false for other kinds, and when it is longer than 256 bytes, was not kept, or depends
// on the encoding that the loader asks for.
func (m *Machine) Text(v Value) (string, bool) { return "", false }

// Int is the number of an Int, of a Bool as 0 or 1, or of an Extension code; false for other kinds, for numbers that do not fit
// in 64 bits, that readers understand differently, or that were not kept.
func (m *Machine) Int(v Value) (int64, bool) { return 0, false }

// Global is the exact pair of names of a Global; false for other kinds and for names that are not known.
func (m *Machine) Global(v Value) (module, name string, ok bool) { return "", "", false }

// Elements are those of a List, Tuple, Set, FrozenSet, or Dict (keys and values alternate) as of now, in the order in which
// they were added; false for other kinds and when they were not kept. The slice is valid until the next call of Elements
// or the return from the callback.
func (m *Machine) Elements(v Value) ([]Value, bool) { return nil, false }

// Call is what made an Instance; for a Persistent, args is its ID. Args is zero when it was not kept.
func (m *Machine) Call(v Value) (callee, args Value, ok bool) { return 0, 0, false }

// HoldsCallable reports whether v is, or may reach, something that was imported (Global, Extension): through containers,
// and through the arguments, the state and the items of an Instance that is not vouched for, but not through the callee
// that made it. It is true when the machine cannot tell. It sees changes made after v was put together.
func (m *Machine) HoldsCallable(v Value) bool { return true }

// HoldsUnknown reports in the same way whether v is, or may reach, a value of kind Unknown, or a Global whose names are not
// known. Strings and numbers whose content is not kept do not count.
func (m *Machine) HoldsUnknown(v Value) bool { return true }

// Vouch says that the caller has judged the Instance v and everything that it was made of so far: HoldsCallable and
// HoldsUnknown are false for it. The next Build, SetItems, Append or AddItems on v ends that before its effect is delivered,
// so the caller judges those too and may vouch again. It does nothing for other kinds.
func (m *Machine) Vouch(v Value) {}

// Repr writes v as Python would, like os.system("echo x"), at most limit bytes long, printable, with … for what is left out
// or not known.
func (m *Machine) Repr(v Value, limit int) string { return "" }

// Reader is a forward window over content. It is not safe for concurrent use.
type Reader struct{}

// NewReader starts reading b at offset. Content with random access is skipped by seeking. Close the reader in the end.
func NewReader(b *format.Blob, offset int64) (*Reader, error) { return nil, errors.New("not yet") }

// Close ends reading.
func (r *Reader) Close() error { return nil }

// Offset is the position in bytes from the start of the content.
func (r *Reader) Offset() int64 { return 0 }

// Peek returns the next n bytes without passing over them, at most MaxHead; fewer only at the end of the content. They are
// valid until the next call of any other method. The error is one of reading, never io.EOF.
func (r *Reader) Peek(n int) ([]byte, error) { return nil, nil }

// Skip passes over n bytes. The error wraps format.ErrMalformed when the content ends before.
func (r *Reader) Skip(n int64) error { return nil }
