package hostile

import (
	"bytes"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// nameSamples hide which global is meant.
func nameSamples() []Sample {
	name := func(id, technique string, value asm.Value) Sample {
		return pickleSample("dotted-name", id, technique, asm.New(4).Put(value).Framed())
	}
	echo := shell
	samples := []Sample{
		name("pathlib-os", "GHSA-5j3x-jp52-966f: STACK_GLOBAL \"pathlib\" \"os.system\"",
			call(g("pathlib", "os.system"), echo)),
		name("shutil-os", "GHSA-5j3x-jp52-966f: shutil \"os.system\"", call(g("shutil", "os.system"), echo)),
		name("global-dotted", "a dotted name in the GLOBAL opcode under PROTO 4",
			call(asm.TextGlobal("tempfile", "_os.system"), echo)),
		name("two-hops", "a dotted name of two hops: logging \"config\" leads on",
			call(g("concurrent.futures", "_base.threading._os.system"), echo)),
		name("class-hop", "CVE-2025-10157: a submodule of a module on the deny-list",
			call(g("asyncio.unix_events", "os.system"), echo)),
		name("method-of-class", "a method of a class through a dotted name: code \"InteractiveInterpreter.runcode\"",
			call(g("code", "InteractiveInterpreter.runcode"), call(g("code", "InteractiveInterpreter")), python)),
		name("dunder-globals", "a dotted name through __globals__ is refused by CPython for a dictionary, __self__ is not",
			call(g("builtins", "print.__self__.eval"), python)),
		name("init-globals", "a dotted name that ends in __init__: subprocess \"Popen.__init__\"",
			call(g("subprocess", "Popen.__init__"), asm.NewObject(g("subprocess", "Popen")), argv)),
		name("case-look-alike", "a name with Cyrillic letters that looks like collections.OrderedDict",
			call(g("collections", "OrderedDict\u0430"), echo)),
		name("module-with-spaces", "a module name with a newline in it, by BINUNICODE", call(g("os\nsystem", "x"), echo)),
		name("empty-module", "an empty module name", call(g("", "system"), echo)),
		name("substring-of-allowed", "a module whose name begins like an allowed one: torchvision_evil",
			call(g("torch_evil", "_rebuild_tensor_v2"), echo)),
		name("submodule-of-allowed", "a submodule that an allowed package does not have",
			call(g("numpy.core.evil", "_reconstruct"), echo)),
	}
	passive(samples[8:]...)
	return append(samples, extensionSamples()...)
}

// extensionSamples import by number, or refer to objects outside of the stream.
func extensionSamples() []Sample {
	register := call(g("copyreg", "add_extension"), s("posix"), s("system"), asm.Num(240))
	registerWide := call(g("copyreg", "add_extension"), s("posix"), s("system"), asm.Num(70000))
	code := func(id, technique string, values ...asm.Value) Sample {
		return pickleSample("extension", id, technique, asm.New(2).Put(values...).Bytes())
	}
	outside := func(id, technique, content string) Sample {
		return pickleSample("persistent-id", id, technique, []byte(content))
	}
	return append([]Sample{
		code("ext1-registered", "the stream registers an extension code, then EXT1 imports it",
			asm.Seq(register, call(v("\x82\xf0"), shell))),
		code("ext2-registered", "the same by EXT2", asm.Seq(register, call(v("\x83\xf0\x00"), shell))),
		code("ext4-registered", "the same by EXT4", asm.Seq(registerWide, call(v("\x84\x70\x11\x01\x00"), shell))),
		code("inverted-registry", "SETITEM on copyreg._inverted_registry instead of add_extension",
			asm.Seq(setItem(g("copyreg", "_inverted_registry"), asm.Num(9), asm.Tuple(s("posix"), s("system"))),
				call(v("\x82\x09"), shell))),
	}, passive(
		code("ext1-unknown", "modelaudit #623: EXT1 imports what the loading program registered", call(v("\x82\x01"), shell)),
		code("ext4-unknown", "EXT4 with a code that only the loading program knows", call(v("\x84\x01\x02\x03\x04"), shell)),
		outside("persid", "PERSID hands text to the loader's persistent_load", "P"+Marker+"\n."),
		outside("binpersid", "BINPERSID hands an object to the loader's persistent_load", "\x80\x02X\x04\x00\x00\x00evalQ."),
		outside("persid-called", "the object behind a persistent id is called", "P"+Marker+"\n(S'x'\ntR."),
		outside("persid-storage", "a persistent id of a storage whose class is not a storage",
			"\x80\x02(X\x07\x00\x00\x00storagecsubprocess\nPopen\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ."),
		outside("next-buffer", "NEXT_BUFFER takes an object from outside of the stream", "\x80\x05\x97."),
	)...)
}

// memoSamples make readers believe another content of the memo.
func memoSamples() []Sample {
	names := func(module, name, index string) string { return "S'" + module + "'\n" + index + "0S'" + name + "'\n" }
	memo := func(id, technique string, content []byte) Sample { return pickleSample("memo", id, technique, content) }
	run := "\x93(S'echo " + Marker + "'\ntR."
	return []Sample{
		memo("get-names", "both names of STACK_GLOBAL come from the memo",
			[]byte("\x80\x04"+names("posix", "system", "p0\n")+"p1\n0g0\ng1\n"+run)),
		memo("overwritten", "a memo cell is overwritten before it is read",
			[]byte("\x80\x04S'collections'\np0\n0S'posix'\np0\n0g0\nS'system'\n"+run)),
		memo("binget-names", "BINPUT and BINGET", []byte("\x80\x04S'posix'\nq\x050S'system'\nq\x060h\x05h\x06"+run)),
		memo("long-binget", "LONG_BINPUT and LONG_BINGET with large numbers",
			[]byte("\x80\x04S'posix'\nr\x00\x00\x01\x000j\x00\x00\x01\x00S'system'\n"+run)),
		memo("memoize-order", "MEMOIZE numbers by how many cells there are, after PUT of a high one",
			[]byte("\x80\x04S'posix'\np100\n0S'system'\n\x940S'os'\n\x940g100\nh\x01"+run)),
		memo("put-text-number", "picklescan #22: the argument of PUT is taken for the name before STACK_GLOBAL",
			[]byte("\x80\x04S'posix'\nS'system'\np2\n"+run)),
		memo("put-between", "PUT opcodes between the names and STACK_GLOBAL",
			[]byte("\x80\x04S'posix'\np7\nS'system'\np8\np9\n"+run)),
		memo("decoy-strings", "GHSA-9gvj-pp9x-gcfr: decoy strings between the names, dropped by POP",
			[]byte("\x80\x04S'posix'\nS'system'\nS'collections'\nS'OrderedDict'\n00"+run)),
		memo("decoy-pop-mark", "decoy strings dropped by POP_MARK",
			[]byte("\x80\x04S'posix'\nS'system'\n(S'collections'\nS'OrderedDict'\n1"+run)),
		memo("dup-name", "the name is made by DUP: code \"code\" does not exist, posix twice does not matter",
			[]byte("\x80\x04S'posix'\nS'system'\n20"+run)),
		memo("callable-in-memo", "the callable waits in the memo until the end",
			[]byte("cposix\nsystem\np0\n0}p1\n0g0\n(S'echo "+Marker+"'\ntR.")),
		memo("missing-key-first", "picklescan #52: a GET of a missing cell after the attack",
			[]byte("cposix\nsystem\n(S'echo "+Marker+"'\ntRg99\n.")),
		memo("negative-index", "a PUT with a sign and zeros in its number",
			[]byte("\x80\x04S'posix'\np+007\n0g7\nS'system'\n"+run)),
		memo("spaced-index", "a PUT with spaces around its number", []byte("\x80\x04S'posix'\np 7 \n0g7\nS'system'\n"+run)),
		memo("underscore-index", "a PUT with an underscore in its number",
			[]byte("\x80\x04S'posix'\np1_1\n0g11\nS'system'\n"+run)),
	}
}

// divergenceSamples are streams that pickle, _pickle and pickletools read differently.
func divergenceSamples() []Sample {
	diverge := func(id, technique string, content []byte) Sample {
		return pickleSample("divergence", id, technique, content)
	}
	attack := string(asm.New(0).Text("cposix\nsystem\n(S'echo " + Marker + "'\ntR").Open())
	frame := func(n uint64, body string) []byte {
		return asm.New(4).Raw(asm.Frame).U64(n).Text(body).Open()
	}
	samples := []Sample{
		diverge("frame-short", "python/cpython#154848: a frame ends inside of an opcode's argument", frame(6, attack+".")),
		diverge("frame-zero", "a FRAME of no bytes before everything", frame(0, attack+".")),
		diverge("frame-long", "a FRAME longer than the file", frame(1<<20, attack+".")),
		diverge("frame-huge", "a FRAME of 2^63 bytes", frame(1<<63, attack+".")),
		diverge("frame-nested", "a FRAME inside of a frame",
			frame(uint64(len(attack)+10), "\x95\x01\x00\x00\x00\x00\x00\x00\x00"+attack+".")),
		diverge("frame-protocol-2", "a FRAME in protocol 2", []byte("\x80\x02\x95\x04\x00\x00\x00\x00\x00\x00\x00"+attack+".")),
		diverge("crlf-global", "picklescan #26: carriage returns before the newlines of GLOBAL",
			[]byte("cposix\r\nsystem\r\n(S'echo "+Marker+"'\r\ntR.")),
		diverge("int-forms", "INT with spaces, signs and underscores", []byte("I +1_0 \n0I0x10\n0"+attack+".")),
		diverge("int-bool-forms", "INT 01 is True for one reader and 1 for another", []byte("I01\n0I001\n0"+attack+".")),
		diverge("long-forms", "LONG without its L, and with spaces", []byte("L12\n0L 1_2L\n0"+attack+".")),
		diverge("float-forms", "FLOAT nan, infinity and underscores", []byte("Fnan\n0F1_0.5\n0Finf\n0"+attack+".")),
		diverge("string-spaces", "STRING with spaces around its quotes", []byte("S 'x' \n0"+attack+".")),
		diverge("string-unquoted", "STRING without quotes ends pickletools, after the attack", []byte(attack+"0Sx\n.")),
		diverge("string-bad-escape", "STRING with an escape that only one reader accepts", []byte("S'\\q'\n0"+attack+".")),
		diverge("unicode-bad-escape", "UNICODE with a broken escape, after the attack", []byte(attack+"0V\\u12\n.")),
		diverge("long1-empty", "LONG1 of no bytes", []byte("\x80\x02\x8a\x000"+attack+".")),
		diverge("long4-negative", "LONG4 of a negative length, after the attack",
			[]byte("\x80\x02"+attack+"\x8b\xff\xff\xff\xff.")),
		diverge("binstring-negative", "BINSTRING of a negative length, after the attack",
			[]byte("\x80\x02"+attack+"T\xff\xff\xff\xff.")),
		diverge("binbytes8-huge", "BINBYTES8 of 2^62 bytes, after the attack",
			[]byte("\x80\x04"+attack+"\x8e\x00\x00\x00\x00\x00\x00\x00\x40.")),
		diverge("proto-6", "an attack, then a PROTO of a protocol that does not exist", []byte(attack+"\x80\x06.")),
		diverge("proto-255", "an attack, then PROTO 255", []byte(attack+"\x80\xff.")),
		diverge("invalid-opcode", "an attack, then a byte that is no opcode", []byte(attack+"\xff\xff.")),
		diverge("surrogates", "BINUNICODE with an encoded surrogate",
			[]byte("\x80\x02X\x03\x00\x00\x00\xed\xa0\x800"+attack+".")),
		diverge("invalid-utf8", "an attack, then BINUNICODE with invalid UTF-8",
			[]byte("\x80\x02"+attack+"X\x02\x00\x00\x00\xff\xfe.")),
		diverge("non-ascii-global", "an attack, then a GLOBAL with a name that is not ASCII",
			[]byte(attack+"cposix\nsyst\xe9m\n.")),
		diverge("mark-underflow", "an attack, then POP_MARK without a MARK", []byte(attack+"1.")),
		diverge("stack-leftover", "more than one object is left at STOP", []byte("(I1\nI2\n"+attack+".")),
		diverge("empty-stack-stop", "an attack, dropped, then STOP on an empty stack", []byte(attack+"0.")),
		diverge("pop-mark-object", "POP takes the MARK away", []byte("(0"+attack+".")),
		diverge("tuple-mark-lie", "a MARK that an inner LIST used up, and an outer one around the attack",
			[]byte("((I1\nl0"+attack+"t.")),
	}
	for i, sample := range samples {
		switch sample.Name {
		case "divergence-frame-long.pkl", "divergence-float-forms.pkl": // the C unpickler refuses these, the Python one does not
			samples[i].Loader = "pickle-python"
		case "divergence-frame-huge.pkl", "divergence-crlf-global.pkl", "divergence-string-spaces.pkl": // both refuse, other readers do not
			samples[i].Executes = false
		}
	}
	python := samples[0] // the Python unpickler refuses it
	python.Name, python.Loader = "divergence-frame-short-python.pkl", "pickle-python"
	return append(samples, passive(python)...)
}

// endingSamples break the stream after the attack, or go on after its end.
func endingSamples() []Sample {
	end := func(id, technique string, content []byte) Sample {
		return pickleSample("ending", id, technique, content)
	}
	attack := asm.New(2).Put(payload()).Open()
	join := func(parts ...string) []byte { return append(bytes.Clone(attack), strings.Join(parts, "")...) }
	honest := string(asm.Encode(4, asm.Dict(s("a"), asm.Num(1))))
	stream := func(id, technique string, content []byte) Sample {
		sample := end(id, technique, content)
		sample.Loader = "pickle-stream"
		return sample
	}
	return []Sample{
		end("no-stop", "nullifAI: the stream ends without STOP, after the attack", attack),
		end("broken-tail", "nullifAI: garbage instead of STOP, after the attack", join("\xde\xad\xbe\xef")),
		end("cut-in-literal", "modelaudit #625: the stream ends inside of a literal", join("0X\x10\x00\x00\x00cut")),
		end("cut-in-global", "the stream ends inside of a GLOBAL", join("cposix\nsys")),
		end("cut-in-frame", "a frame longer than what is left", join("0\x95\xff\x00\x00\x00\x00\x00\x00\x00}")),
		end("import-error", "exception-oriented: the next GLOBAL does not exist", join("cpicket_no_such_module\nx\n.")),
		end("type-error", "exception-oriented: the next REDUCE calls a number", join("0K\x01)R.")),
		end("value-error", "exception-oriented: the next literal is no number", join("0Iabc\n.")),
		end("key-error", "exception-oriented: the next GET has no cell", join("0h\x7f.")),
		end("attribute-error", "exception-oriented: BUILD of a number", join("0K\x01}X\x01\x00\x00\x00aK\x01sb.")),
		end("trailing-zeros", "zeros after STOP", join("."+strings.Repeat("\x00", 512))),
		end("trailing-text", "text after STOP", join(".This file is safe.\n")),
		stream("second-pickle", "an honest pickle, then the attack in a second one", []byte(honest+string(raw(2, payload())))),
		stream("third-pickle", "two honest pickles, then the attack", []byte(honest+honest+string(raw(2, payload())))),
		stream("second-pickle-protocol-0", "an honest pickle, then the attack in protocol 0",
			[]byte(honest+string(raw(0, payload())))),
		stream("second-pickle-framed", "an honest pickle, then the attack in protocol 5",
			[]byte(honest+string(asm.Encode(5, payload())))),
	}
}
