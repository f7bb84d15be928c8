package pickle

// opcode is what is known of one opcode before it runs.
type opcode struct {
	name  string // as pickletools names it
	proto uint8  // the protocol that introduced it
	run   func(*Machine) error
}

// opcodes has every opcode of protocols 0 to 5 by its code.
var opcodes = [256]opcode{
	'I': {"INT", 0, opInt}, 'J': {"BININT", 1, opBinInt}, 'K': {"BININT1", 1, opBinInt1},
	'M': {"BININT2", 1, opBinInt2}, 'L': {"LONG", 0, opLong}, 0x8a: {"LONG1", 2, opLong1},
	0x8b: {"LONG4", 2, opLong4}, 'F': {"FLOAT", 0, opFloat}, 'G': {"BINFLOAT", 1, opBinFloat},
	'N': {"NONE", 0, opNone}, 0x88: {"NEWTRUE", 2, opTrue}, 0x89: {"NEWFALSE", 2, opFalse},

	'S': {"STRING", 0, opString}, 'T': {"BINSTRING", 1, opBinString}, 'U': {"SHORT_BINSTRING", 1, opShortBinString},
	'V': {"UNICODE", 0, opUnicode}, 'X': {"BINUNICODE", 1, opBinUnicode},
	0x8c: {"SHORT_BINUNICODE", 4, opShortBinUnicode}, 0x8d: {"BINUNICODE8", 4, opBinUnicode8},
	'B': {"BINBYTES", 3, opBinBytes}, 'C': {"SHORT_BINBYTES", 3, opShortBinBytes}, 0x8e: {"BINBYTES8", 4, opBinBytes8},
	0x96: {"BYTEARRAY8", 5, opByteArray8}, 0x97: {"NEXT_BUFFER", 5, opNextBuffer},
	0x98: {"READONLY_BUFFER", 5, opReadonlyBuffer},

	'(': {"MARK", 0, opMark}, '0': {"POP", 0, opPop}, '1': {"POP_MARK", 1, opPopMark}, '2': {"DUP", 0, opDup},
	']': {"EMPTY_LIST", 1, opEmptyList}, 'l': {"LIST", 0, opList}, 'a': {"APPEND", 0, opAppend},
	'e': {"APPENDS", 1, opAppends}, ')': {"EMPTY_TUPLE", 1, opEmptyTuple}, 't': {"TUPLE", 0, opTuple},
	0x85: {"TUPLE1", 2, opTuple1}, 0x86: {"TUPLE2", 2, opTuple2}, 0x87: {"TUPLE3", 2, opTuple3},
	'}': {"EMPTY_DICT", 1, opEmptyDict}, 'd': {"DICT", 0, opDict}, 's': {"SETITEM", 0, opSetItem},
	'u': {"SETITEMS", 1, opSetItems}, 0x8f: {"EMPTY_SET", 4, opEmptySet}, 0x90: {"ADDITEMS", 4, opAddItems},
	0x91: {"FROZENSET", 4, opFrozenSet},

	'g': {"GET", 0, opGet}, 'h': {"BINGET", 1, opBinGet}, 'j': {"LONG_BINGET", 1, opLongBinGet},
	'p': {"PUT", 0, opPut}, 'q': {"BINPUT", 1, opBinPut}, 'r': {"LONG_BINPUT", 1, opLongBinPut},
	0x94: {"MEMOIZE", 4, opMemoize},

	'c': {"GLOBAL", 0, opGlobal}, 0x93: {"STACK_GLOBAL", 4, opStackGlobal}, 0x82: {"EXT1", 2, opExt1},
	0x83: {"EXT2", 2, opExt2}, 0x84: {"EXT4", 2, opExt4}, 'P': {"PERSID", 0, opPersID}, 'Q': {"BINPERSID", 1, opBinPersID},
	'R': {"REDUCE", 0, opReduce}, 'b': {"BUILD", 0, opBuild}, 'i': {"INST", 0, opInst}, 'o': {"OBJ", 1, opObj},
	0x81: {"NEWOBJ", 2, opNewObj}, 0x92: {"NEWOBJ_EX", 4, opNewObjEx},

	0x80: {"PROTO", 2, opProto}, 0x95: {"FRAME", 4, opFrame}, '.': {"STOP", 0, opStop},
}
