// Package pickleasm assembles Python pickles opcode by opcode. It is for tests and for the generators of fixtures, which need
// streams that no honest pickler writes. It checks nothing: what it is told to write, it writes, however wrong. It is not a
// general pickler for Go values.
package pickleasm

import (
	"encoding/binary"
)

// Opcodes of the pickle protocols 0 to 5, named as in Python's pickle module.
const (
	Mark           = '('
	Stop           = '.'
	Pop            = '0'
	PopMark        = '1'
	Dup            = '2'
	Float          = 'F'
	Int            = 'I'
	BinInt         = 'J'
	BinInt1        = 'K'
	Long           = 'L'
	BinInt2        = 'M'
	NoneOp         = 'N'
	PersID         = 'P'
	BinPersID      = 'Q'
	Reduce         = 'R'
	StringOp       = 'S'
	BinString      = 'T'
	ShortBinString = 'U'
	Unicode        = 'V'
	BinUnicode     = 'X'
	Append         = 'a'
	Build          = 'b'
	GlobalOp       = 'c'
	DictOp         = 'd'
	EmptyDict      = '}'
	Appends        = 'e'
	Get            = 'g'
	BinGet         = 'h'
	Inst           = 'i'
	LongBinGet     = 'j'
	ListOp         = 'l'
	EmptyList      = ']'
	Obj            = 'o'
	Put            = 'p'
	BinPut         = 'q'
	LongBinPut     = 'r'
	SetItem        = 's'
	TupleOp        = 't'
	EmptyTuple     = ')'
	SetItems       = 'u'
	BinFloat       = 'G'

	Proto           = 0x80
	NewObj          = 0x81
	Ext1            = 0x82
	Ext2            = 0x83
	Ext4            = 0x84
	Tuple1          = 0x85
	Tuple2          = 0x86
	Tuple3          = 0x87
	NewTrue         = 0x88
	NewFalse        = 0x89
	Long1           = 0x8a
	Long4           = 0x8b
	BinBytes        = 'B'
	ShortBinBytes   = 'C'
	ShortBinUnicode = 0x8c
	BinUnicode8     = 0x8d
	BinBytes8       = 0x8e
	EmptySet        = 0x8f
	AddItems        = 0x90
	FrozenSet       = 0x91
	NewObjEx        = 0x92
	StackGlobal     = 0x93
	Memoize         = 0x94
	Frame           = 0x95
	ByteArray8      = 0x96
	NextBuffer      = 0x97
	ReadOnlyB       = 0x98
)

// Asm collects the opcodes of one stream after its PROTO opcode.
type Asm struct {
	protocol int
	body     []byte
}

// New starts a stream of a protocol from 0 to 5. The forms of literals follow the protocol.
func New(protocol int) *Asm { return &Asm{protocol: protocol} }

// Protocol is the number that New was given.
func (a *Asm) Protocol() int { return a.protocol }

// Len is the number of bytes after the PROTO opcode so far.
func (a *Asm) Len() int { return len(a.body) }

// Raw appends bytes as they are.
func (a *Asm) Raw(b ...byte) *Asm {
	a.body = append(a.body, b...)
	return a
}

// Text appends bytes as they are.
func (a *Asm) Text(s string) *Asm {
	a.body = append(a.body, s...)
	return a
}

// Line appends an opcode and its arguments, each ended by a newline.
func (a *Asm) Line(op byte, args ...string) *Asm {
	a.Raw(op)
	for _, s := range args {
		a.Text(s + "\n")
	}
	return a
}

// U32 appends a little-endian number of four bytes.
func (a *Asm) U32(n uint32) *Asm {
	a.body = binary.LittleEndian.AppendUint32(a.body, n)
	return a
}

// U64 appends a little-endian number of eight bytes.
func (a *Asm) U64(n uint64) *Asm {
	a.body = binary.LittleEndian.AppendUint64(a.body, n)
	return a
}

// Put appends values.
func (a *Asm) Put(values ...Value) *Asm {
	for _, v := range values {
		v(a)
	}
	return a
}

// Bytes ends the stream with STOP and returns it: PROTO first from protocol 2 on, and no frames.
func (a *Asm) Bytes() []byte { return append(a.header(), append(a.body, Stop)...) }

// Open returns the stream without STOP.
func (a *Asm) Open() []byte { return append(a.header(), a.body...) }

// Framed ends the stream as a pickler of protocol 4 or 5 does: everything after PROTO in one frame. Below protocol 4 it is
// the same as Bytes.
func (a *Asm) Framed() []byte {
	if a.protocol < 4 {
		return a.Bytes()
	}
	out := append(a.header(), Frame)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(a.body)+1))
	return append(out, append(a.body, Stop)...)
}

// header is the PROTO opcode, which protocols 0 and 1 lack.
func (a *Asm) header() []byte {
	if a.protocol < 2 {
		return nil
	}
	return []byte{Proto, byte(a.protocol)}
}

// Encode writes one value as a whole stream of a protocol.
func Encode(protocol int, v Value) []byte { return New(protocol).Put(v).Framed() }
