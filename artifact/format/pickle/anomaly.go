package pickle

// AnomalyKind names a way in which a stream is as no pickler writes it, so that readers may understand it differently.
type AnomalyKind uint8

// The anomalies. Each says which readers disagree.
const (
	// ProtoMisplaced: PROTO is not the first opcode.
	ProtoMisplaced AnomalyKind = iota + 1
	// ProtoRepeated: a second PROTO changes how names are resolved from here on.
	ProtoRepeated
	// ProtoUnsupported: a PROTO above 5, which unpicklers reject and pickletools accepts.
	ProtoUnsupported
	// ProtoExceeded: an opcode is newer than the declared protocol; no reader rejects it, no pickler writes it.
	ProtoExceeded
	// FrameNested: a FRAME begins inside another; Python rejects it, C and pickletools do not.
	FrameNested
	// FrameStraddle: an opcode crosses the end of its frame; C, Python and pickletools read different bytes.
	FrameStraddle
	// FrameLength: a frame is longer than the content or than any reader takes; C rejects it, Python may not.
	FrameLength
	// FrameUnfinished: STOP comes before the end of the frame; readers disagree where the next stream starts.
	FrameUnfinished
	// MemoUnset: GET of a key that was never set; unpicklers reject it, pickletools.genops does not.
	MemoUnset
	// MemoKey: a key in a form that picklers do not write, such as one with a sign, a zero, a blank or an underscore in front.
	MemoKey
	// MemoSparse: a key far above the number of keys in use, for which C allocates memory and Python does not.
	MemoSparse
	// MemoOverwrite: a key is set again; unpicklers accept it, pickletools.dis does not.
	MemoOverwrite
	// MemoShadow: GET of a key that held a callable before and holds something else now, or the other way round.
	MemoShadow
	// LineEnding: a text argument ends in a carriage return, which readers keep as part of a name and drop from a number.
	LineEnding
	// IntForm: INT or LONG in a form that C, Python and pickletools read as different numbers or reject.
	IntForm
	// FloatForm: FLOAT in a form that C and Python do not both accept.
	FloatForm
	// StringQuote: STRING without a pair of quotes around it.
	StringQuote
	// StringEscape: STRING or UNICODE with an escape that is not valid.
	StringEscape
	// StringEncoding: an 8-bit string that is not ASCII, so that its value depends on the encoding that the loader asks for.
	// Old pickles of Python 2 with binary data have it. Reported once per stream.
	StringEncoding
	// TextInvalid: a str that is not UTF-8.
	TextInvalid
	// NameForm: a module, a name or a persistent ID that is empty or has backslashes, blanks, control or non-ASCII
	// characters; C, Python and pickletools decode these differently.
	NameForm
	// NameNotText: STACK_GLOBAL on something that is not a str.
	NameNotText
	// LengthSigned: a 4-byte length of 2 GiB or more, which Python reads as negative and C does not.
	LengthSigned
	// ExtensionInvalid: an extension code of zero or less.
	ExtensionInvalid
	// CalleeForm: NEWOBJ, NEWOBJ_EX, OBJ or REDUCE of something that is not imported; C wants a type for NEWOBJ, Python
	// takes any object.
	CalleeForm
	// ArgsForm: REDUCE or NEWOBJ with arguments that are not a tuple (or keywords that are not a dict), which C rejects and
	// Python takes when it can iterate over them.
	ArgsForm
	// TargetForm: BUILD, SETITEM, APPEND or ADDITEMS on something that is not a fitting container or instance.
	TargetForm
	// BatchEmpty: an APPENDS, SETITEMS or ADDITEMS of no items on an instance; Python looks up a method, C does nothing.
	BatchEmpty
	// ItemsOdd: DICT or SETITEMS with a key that has no value; Python sets the items before it, C none.
	ItemsOdd
	// BufferForm: READONLY_BUFFER on something that is no buffer.
	BufferForm
	// StackLeft: values or marks are left at STOP; unpicklers drop them, pickletools.dis rejects them.
	StackLeft
	// anomalyEnd is one past the last anomaly.
	anomalyEnd
)

// String is a stable lower-case name with dashes.
func (k AnomalyKind) String() string {
	names := [...]string{"invalid", "proto-misplaced", "proto-repeated", "proto-unsupported", "proto-exceeded",
		"frame-nested", "frame-straddle", "frame-length", "frame-unfinished", "memo-unset", "memo-key", "memo-sparse",
		"memo-overwrite", "memo-shadow", "line-ending", "int-form", "float-form", "string-quote", "string-escape",
		"string-encoding", "text-invalid", "name-form", "name-not-text", "length-signed", "extension-invalid",
		"callee-form", "args-form", "target-form", "batch-empty", "items-odd", "buffer-form", "stack-left"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}
