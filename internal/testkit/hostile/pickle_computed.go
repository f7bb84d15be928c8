package hostile

import (
	"bytes"
	"encoding/binary"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// stack is STACK_GLOBAL over two values.
func stack(module, name asm.Value) asm.Value {
	return func(a *asm.Asm) { a.Put(module, name).Raw(asm.StackGlobal) }
}

// computedSamples compute the names or the payload, so that no literal in the stream tells them.
func computedSamples() []Sample {
	computed := func(id, technique string, value asm.Value) Sample {
		return pickleSample("computed", id, technique, asm.New(4).Put(value).Framed())
	}
	join := func(parts ...string) asm.Value {
		var items []asm.Value
		for _, p := range parts {
			items = append(items, s(p))
		}
		return on(s(""), method("join", asm.List(items...)))
	}
	return []Sample{
		computed("join", "STACK_GLOBAL with names that str.join makes",
			call(stack(join("po", "six"), join("sys", "tem")), shell)),
		computed("concat", "names by operator.concat",
			call(stack(call(g("operator", "concat"), s("po"), s("six")), s("system")), shell)),
		computed("add", "names by operator.add",
			call(stack(s("posix"), call(g("_operator", "add"), s("sys"), s("tem"))), shell)),
		computed("format", "names by str.format",
			call(stack(call(g("builtins", "str.format"), s("{}ix"), s("pos")), s("system")), shell)),
		computed("replace", "names by str.replace",
			call(stack(on(s("pXsix"), method("replace", s("X"), s("o"))), s("system")), shell)),
		computed("lower", "names by str.lower", call(stack(on(s("POSIX"), method("lower")), s("system")), shell)),
		computed("reversed", "names by str.join of reversed",
			call(stack(s("posix"), on(s(""), method("join", call(g("builtins", "reversed"), s("metsys"))))), shell)),
		computed("bytes-decode", "names by bytes.decode",
			call(stack(on(asm.Bytes([]byte("posix")), method("decode")), s("system")), shell)),
		computed("base64", "names by base64",
			call(stack(on(call(g("base64", "b64decode"), s("cG9zaXg=")), method("decode")), s("system")), shell)),
		computed("zlib", "source by zlib and base64",
			call(g("builtins", "eval"),
				on(call(g("zlib", "decompress"), call(g("base64", "b64decode"), s(packed(`print("`+Marker+`")`)))),
					method("decode")))),
		computed("str-of-bytes", "text by builtins.str of bytes",
			call(g("builtins", "eval"), call(g("builtins", "str"), asm.Bytes([]byte(`print("`+Marker+`")`)), s("ascii")))),
		computed("module-doc", "the name is taken from the documentation of another object",
			call(stack(s("posix"), call(g("operator", "getitem"), asm.List(s("system"), s("getcwd")), asm.Num(0))), shell)),
		computed("chr-map", "text by str.join of map(chr, ...)",
			call(stack(s("posix"), on(s(""), method("join", call(g("builtins", "map"), g("builtins", "chr"),
				asm.List(asm.Num('s'), asm.Num('y'), asm.Num('s'), asm.Num('t'), asm.Num('e'), asm.Num('m')))))), shell)),
		computed("dict-lookup", "the callable is looked up in a dictionary of the stream",
			call(call(g("builtins", "dict.get"), asm.Dict(s("k"), system4()), s("k")), shell)),
		computed("list-item", "the callable is taken out of a list",
			call(call(g("operator", "getitem"), asm.List(system4()), asm.Num(0)), shell)),
		computed("state-args", "the arguments are a tuple that a call returns",
			asm.CallArgs(system4(), call(g("builtins", "tuple"), asm.List(shell)))),
		computed("unknown-callable", "what another call returned is called",
			call(call(g("operator", "methodcaller"), s("system"), shell), g("shutil", "os"))),
	}
}

// exhaustionSamples are small files that cost the reader much.
func exhaustionSamples() []Sample {
	exhaust := func(id, technique string, content []byte) Sample {
		return pickleSample("exhaustion", id, technique, content)
	}
	u32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	u64 := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	laughs := "\x80\x04]" + "\x94"
	for range 24 {
		laughs += "0(" + strings.Repeat("h\x00", 8) + "l\x94q\x00"
	}
	attack := string(asm.New(0).Put(payload()).Open())
	return append(passive(
		exhaust("billion-laughs", "fickling #196: lists that hold each other through the memo expand to 8^24 items",
			[]byte(laughs+".")),
		exhaust("deep-tuples", "a tuple nested 50,000 deep",
			append(append([]byte("\x80\x02)"), bytes.Repeat([]byte("\x85"), 50000)...), '.')),
		exhaust("deep-lists", "a list nested 20,000 deep",
			[]byte("("+strings.Repeat("(", 20000)+strings.Repeat("l", 20001)+".")),
		exhaust("many-marks", "200,000 MARK opcodes", []byte(strings.Repeat("(", 200000)+".")),
		exhaust("dup-growth", "DUP doubles nothing but the stack grows by 500,000",
			[]byte("N"+strings.Repeat("2", 500000)+".")),
		exhaust("memo-index", "LONG_BINPUT with index 2^31-1 asks a reader for a table of 16 GiB",
			[]byte("\x80\x02Nr"+u32(1<<31-1)+".")),
		exhaust("put-index", "PUT with an index of 40 digits", []byte("Np"+strings.Repeat("9", 40)+"\n.")),
		exhaust("binunicode-lie", "BINUNICODE claims 4 GiB in a file of 20 bytes", []byte("\x80\x02X"+u32(1<<32-1)+"x.")),
		exhaust("binunicode8-lie", "BINUNICODE8 claims 2^63-1 bytes", []byte("\x80\x04\x8d"+u64(1<<63-1)+"x.")),
		exhaust("bytearray8-lie", "BYTEARRAY8 claims 2^40 bytes", []byte("\x80\x05\x96"+u64(1<<40)+"x.")),
		exhaust("long4-lie", "LONG4 claims 2 GiB", []byte("\x80\x02\x8b"+u32(1<<31-1)+"x.")),
		exhaust("int-digits", "INT with 200,000 digits costs quadratic time", []byte("I"+strings.Repeat("9", 200000)+"\n.")),
		exhaust("line-without-end", "a GLOBAL whose line never ends", []byte("c"+strings.Repeat("a", 200000))),
		exhaust("range-bomb", "list(range(10**12))",
			asm.Encode(4, call(g("builtins", "list"), call(g("builtins", "range"), asm.Num(1_000_000_000_000))))),
		exhaust("bytes-bomb", "bytearray(10**13)",
			asm.Encode(4, call(g("builtins", "bytearray"), asm.Num(10_000_000_000_000)))),
		exhaust("pow-bomb", "operator.pow(9, 10**9)", asm.Encode(4, call(g("operator", "lshift"), asm.Num(1), asm.Num(1<<45)))),
		exhaust("regex-bomb", "re.compile of a pattern that backtracks",
			asm.Encode(4, call(g("re", "match"), s("(a+)+$"), s("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")))),
		exhaust("hash-deep", "hashing a tuple that shares itself 2^60 times",
			[]byte("\x80\x02)"+strings.Repeat("2\x86", 60)+"K\x01\x86\x85\x91.")),
	), exhaust("attack-in-cycle", "fickling #211: a list that contains itself, a dictionary that does, and the attack",
		[]byte("\x80\x02]q\x00h\x00a}q\x01X\x01\x00\x00\x00ah\x01sa"+attack+"a.")),
		exhaust("attack-after-noise", "100,000 harmless opcodes before the attack", []byte(strings.Repeat("N0",
			100000)+attack+".")),
		exhaust("attack-after-globals", "5,000 harmless calls before the attack",
			[]byte(strings.Repeat("ccollections\nOrderedDict\n)R0", 5000)+attack+".")))
}
