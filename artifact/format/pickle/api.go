// Package pickle reads Python pickles of protocols 0 to 5. It disassembles every opcode and runs the stream on an abstract
// machine that keeps the stack, the memo and the identity of objects, and builds nothing. It is for detectors: they get
// each thing that unpickling would do as an Effect, and each place where the readers of the world would disagree as an
// anomaly. The package does not judge: it has no list of good or bad names. It never imports, calls or follows anything.
//
// The reference readers are the C accelerator _pickle, the pure Python module pickle, and the disassembler pickletools, all
// of CPython 3.
package pickle

import "io"

// Value is a handle to an abstract Python object of one Machine, valid until the machine's next Run or Close. Equal
// handles of containers and instances are the same object; equal handles of strings, integers and globals have the same
// content if it is known. The zero Value is no value at all; its kind is Unknown.
type Value uint32

// Kind says what a Value is. It is exact: what the machine cannot know for sure is Unknown.
type Kind uint8

// The kinds of values.
const (
	Unknown    Kind = iota // what a hostile or broken stream left undefined, such as the value of a memo key never set
	None                   // None
	Bool                   // True or False; see Machine.Int
	Int                    // an integer of any size; see Machine.Int
	Float                  // a float; its number is not kept
	String                 // a str, or the 8-bit string of Python 2; see Machine.Text
	Bytes                  // bytes; the content is in the Payload effect
	ByteArray              // bytearray; the content is in the Payload effect
	List                   // a list made in the stream
	Tuple                  // a tuple
	Dict                   // a dict made in the stream
	Set                    // a set made in the stream
	FrozenSet              // a frozenset
	Global                 // something imported; see Machine.Global
	Instance               // the result of a call; see Machine.Call
	Persistent             // what persistent_load returns; Machine.Call gives its ID as args
	Extension              // something from the copyreg extension registry; see Machine.Int for its code
	Buffer                 // an out-of-band buffer
)

// EffectKind says what happens in an Effect.
type EffectKind uint8

// The kinds of effects. The fields of Effect that each one fills are named here; Op, OpName, Offset and Kind always are.
const (
	// Import is GLOBAL, INST or STACK_GLOBAL: find_class(Module, Name). Result is the global. When STACK_GLOBAL computes a
	// name from values that are not known, Computed is true, and Module or Name is empty where it is not known.
	Import EffectKind = iota + 1
	// Call is REDUCE, OBJ, INST, NEWOBJ or NEWOBJ_EX: Callee(*Args, **Kwargs) or Callee.__new__(Callee, *Args, **Kwargs).
	// Args is a Tuple unless the stream gave something else; Kwargs is zero except for NEWOBJ_EX. Result is the instance.
	Call
	// Build is BUILD: Target.__setstate__(State), or an update of its __dict__ and slots. The handler may take raw data
	// that follows the opcode out of the stream; see Machine.Reader.
	Build
	// SetItems is SETITEM or SETITEMS: Target[key] = value for Items, which alternate keys and values. DICT gives no effect.
	SetItems
	// Append is APPEND or APPENDS: Target.extend(Items) or Target.append of each.
	Append
	// AddItems is ADDITEMS: Target.update(Items) or Target.add of each.
	AddItems
	// ExtensionCode is EXT1, EXT2 or EXT4: Result is what the registry has for Code, imported if it has not been.
	ExtensionCode
	// PersistentID is PERSID (ID is in Name and State) or BINPERSID (ID is in State). Result is what the loader makes of it.
	PersistentID
	// NextBuffer is NEXT_BUFFER: Result is the buffer.
	NextBuffer
	// Payload is the body of a str, bytes or bytearray of at least MinPayload bytes: Data, Bytes, Whole and Body. It comes
	// before the value is pushed; Result is the value.
	Payload
	// Anomaly is a place where readers disagree or where a stream is as no pickler writes it: Anomaly and Detail. The
	// machine goes on as the most permissive reader would.
	Anomaly
	// Stop is STOP: Result is what load returns.
	Stop
)

// MinPayload is the size in bytes of the smallest body that gives a Payload effect; MaxHead is how many decoded bytes of a
// body Effect.Bytes holds at most.
const (
	MinPayload = 16
	MaxHead    = 64 << 10
)

// Span is a range of the stream: Offset in bytes from the start of the content that the Reader reads, Length in bytes.
type Span struct{ Offset, Length int64 }

// Effect is one thing that unpickling would do. It is delivered at its opcode, also when a later opcode drops the result.
// The Effect and its slices are valid only during the callback.
type Effect struct {
	Kind   EffectKind
	Op     byte
	OpName string // as pickletools names it
	Offset int64  // of the opcode, in bytes from the start of the content that the Reader reads

	Module, Name string // Import: exact, not mapped or normalised; PersistentID: Name is the text of PERSID
	Computed     bool   // Import: at least one of the names is not known
	Code         int64  // ExtensionCode

	Callee, Args, Kwargs Value // Call
	Target, State        Value // Build, SetItems, Append, AddItems; PersistentID: State is the ID
	Items                []Value
	Result               Value

	// Data is where the body of a Payload is in the stream, in its encoded form: without quotes, length and newline. The
	// length is -1 for a text line that is longer than the machine holds, as its end is not known yet.
	Data Span
	// Bytes is the decoded body, or its first bytes, at most MaxHead.
	Bytes []byte
	// Whole is true when Bytes is all of the body.
	Whole bool
	// Encoded is true when the stream holds the body in an escaped text form, so that Data is not the content itself.
	Encoded bool
	// Body reads the decoded body from its start. What the handler does not read is skipped, by seeking where possible.
	Body io.Reader

	Anomaly AnomalyKind
	Detail  string // what was found, for a person; printable and bounded
}

// Handler receives the effects of a stream in order.
type Handler interface {
	// Effect is called at each effect. An error ends the run, and Run returns it wrapped. Values may be queried through m
	// during and after the call. The effects are the same whether or not the content has random access.
	Effect(m *Machine, e *Effect) error
}

// HandlerFunc makes a function a Handler.
type HandlerFunc func(m *Machine, e *Effect) error

// Effect calls f.
func (f HandlerFunc) Effect(m *Machine, e *Effect) error { return f(m, e) }

// Summary says what a run did.
type Summary struct {
	Start, End int64 // the stream is the bytes from Start to End of the Reader's content; End is past STOP, or where it broke
	Protocol   int   // the last PROTO; 0 when there is none
	Highest    int   // the highest protocol that any opcode of the stream belongs to
	Ops        int64 // opcodes executed
	Stopped    bool  // the stream reached STOP
	Result     Value // what load returns; zero without STOP
}
