package pickleasm

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value appends the opcodes that leave one object on the stack of the unpickler.
type Value func(a *Asm)

// Str is a text string.
func Str(s string) Value {
	return func(a *Asm) {
		switch {
		case a.protocol == 0:
			a.Line(Unicode, rawUnicode(s))
		case a.protocol >= 4 && len(s) < 256:
			a.Raw(ShortBinUnicode, byte(len(s))).Text(s)
		default:
			a.Raw(BinUnicode).U32(uint32(len(s))).Text(s)
		}
	}
}

// rawUnicode escapes what the UNICODE opcode cannot hold on one line.
func rawUnicode(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\' || r == '\n' || r == '\r' || r == 0 || r == 0x1a:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r < 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// Bytes is a byte string; below protocol 3, which has no opcode for it, the call that Python's pickler writes instead.
func Bytes(data []byte) Value {
	return func(a *Asm) {
		switch {
		case a.protocol < 3:
			a.Put(Call(Global("_codecs", "encode"), Str(Latin1(data)), Str("latin1")))
		case len(data) < 256:
			a.Raw(ShortBinBytes, byte(len(data))).Raw(data...)
		default:
			a.Raw(BinBytes).U32(uint32(len(data))).Raw(data...)
		}
	}
}

// Latin1 makes the text whose code points are the bytes.
func Latin1(data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

// Num is an integer.
func Num(n int64) Value {
	return func(a *Asm) {
		switch {
		case a.protocol == 0:
			a.Line(Int, strconv.FormatInt(n, 10))
		case n >= 0 && n < 1<<8:
			a.Raw(BinInt1, byte(n))
		case n >= 0 && n < 1<<16:
			a.Raw(BinInt2, byte(n), byte(n>>8))
		case n >= math.MinInt32 && n <= math.MaxInt32:
			a.Raw(BinInt).U32(uint32(int32(n)))
		case a.protocol < 2:
			a.Line(Long, strconv.FormatInt(n, 10)+"L")
		default:
			a.Raw(Long1, 8).U64(uint64(n))
		}
	}
}

// Real is a floating-point number.
func Real(f float64) Value {
	return func(a *Asm) {
		if a.protocol == 0 {
			a.Line(Float, strconv.FormatFloat(f, 'g', -1, 64))
			return
		}
		a.Raw(BinFloat).Raw(binary.BigEndian.AppendUint64(nil, math.Float64bits(f))...)
	}
}

// Bool is True or False.
func Bool(b bool) Value {
	return func(a *Asm) {
		switch {
		case a.protocol < 2 && b:
			a.Line(Int, "01")
		case a.protocol < 2:
			a.Line(Int, "00")
		case b:
			a.Raw(NewTrue)
		default:
			a.Raw(NewFalse)
		}
	}
}

// None is None.
func None(a *Asm) { a.Raw(NoneOp) }

// Global is the object that an import of module and name gives. Protocols 0 to 2 use Python 2's name for builtins.
func Global(module, name string) Value {
	return func(a *Asm) {
		if a.protocol >= 4 {
			a.Put(Str(module), Str(name)).Raw(StackGlobal)
			return
		}
		if module == "builtins" && a.protocol <= 2 {
			a.Line(GlobalOp, "__builtin__", name)
			return
		}
		a.Line(GlobalOp, module, name)
	}
}

// TextGlobal is Global by the GLOBAL opcode in every protocol, with the names exactly as given.
func TextGlobal(module, name string) Value {
	return func(a *Asm) { a.Line(GlobalOp, module, name) }
}

// Tuple is a tuple.
func Tuple(items ...Value) Value {
	return func(a *Asm) {
		switch {
		case a.protocol >= 1 && len(items) == 0:
			a.Raw(EmptyTuple)
		case a.protocol >= 2 && len(items) <= 3:
			a.Put(items...).Raw(byte(Tuple1 + len(items) - 1))
		default:
			a.Raw(Mark).Put(items...).Raw(TupleOp)
		}
	}
}

// List is a list.
func List(items ...Value) Value {
	return func(a *Asm) {
		if a.protocol == 0 {
			a.Raw(Mark).Put(items...).Raw(ListOp)
			return
		}
		a.Raw(EmptyList)
		if len(items) > 0 {
			a.Raw(Mark).Put(items...).Raw(Appends)
		}
	}
}

// Dict is a dictionary of alternating keys and values.
func Dict(keysAndValues ...Value) Value {
	return func(a *Asm) {
		if a.protocol == 0 {
			a.Raw(Mark).Put(keysAndValues...).Raw(DictOp)
			return
		}
		a.Raw(EmptyDict)
		if len(keysAndValues) > 0 {
			a.Raw(Mark).Put(keysAndValues...).Raw(SetItems)
		}
	}
}

// Call is fn(*args), by REDUCE.
func Call(fn Value, args ...Value) Value {
	return func(a *Asm) { a.Put(fn, Tuple(args...)).Raw(Reduce) }
}

// CallArgs is fn(*args) for a value that holds the arguments.
func CallArgs(fn, args Value) Value {
	return func(a *Asm) { a.Put(fn, args).Raw(Reduce) }
}

// NewObject is cls.__new__(cls, *args), by NEWOBJ.
func NewObject(cls Value, args ...Value) Value {
	return func(a *Asm) { a.Put(cls, Tuple(args...)).Raw(NewObj) }
}

// NewObjectEx is cls.__new__(cls, *args, **kwargs), by NEWOBJ_EX.
func NewObjectEx(cls, args, kwargs Value) Value {
	return func(a *Asm) { a.Put(cls, args, kwargs).Raw(NewObjEx) }
}

// Built is an object with its state set, by BUILD.
func Built(object, state Value) Value {
	return func(a *Asm) { a.Put(object, state).Raw(Build) }
}

// Seq leaves the last of several values, the others dropped by POP after they took effect.
func Seq(values ...Value) Value {
	return func(a *Asm) {
		for i, v := range values {
			if a.Put(v); i < len(values)-1 {
				a.Raw(Pop)
			}
		}
	}
}

// Verbatim is bytes that leave one object on the stack.
func Verbatim(code string) Value {
	return func(a *Asm) { a.Text(code) }
}
