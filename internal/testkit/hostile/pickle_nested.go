package hostile

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// code311 is a code object as CPython 3.11 marshals it: import os; os.system("echo picket-hostile-sample").
const code311 = "e30000000000000000000000000300000000000000f32e0000009700640064016c005a00020065006a0100000000000000006402a6010000ab01" +
	"00000000000000000100640153002903e9000000004e7a1a6563686f207069636b65742d686f7374696c652d73616d706c652902da026f73da067379" +
	"7374656da900f300000000fa073c6d6f64656c3efa083c6d6f64756c653e7208000000010000007327000000f003010101d80009800980098009d800" +
	"0980028409d00a26d10027d40027d00027d00027d000277206000000"

// lambda311 is the bytecode of: lambda x: __import__("os").system("echo picket-hostile-sample") in CPython 3.11, with its
// table of lines.
const (
	lambda311 = "97007401000000000000000000006401a6010000ab010000000000000000a001000000000000000000000000000000000000000064" +
		"02a6010000ab0100000000000000005300"
	lines311 = "8000dd0b159064d10b1bd40b1bd70b22d20b22d0233fd10b40d40b40d00440"
)

// unhex decodes one of the constants above.
func unhex(text string) []byte {
	content, err := hex.DecodeString(text)
	if err != nil {
		return nil // the tests that run the samples notice
	}
	return content
}

// nestedSamples carry a pickle inside of a pickle.
func nestedSamples() []Sample {
	inner := asm.Encode(2, payload())
	nested := func(id, technique, needs string, value asm.Value) Sample {
		sample := pickleSample("nested", id, technique, asm.Encode(4, value))
		sample.Needs = needs
		return sample
	}
	b64 := s(base64.StdEncoding.EncodeToString(inner))
	loads := func(arg asm.Value) asm.Value { return call(g("_pickle", "loads"), arg) }
	samples := []Sample{
		nested("pickle-loads", "pickle.loads of bytes", "", call(g("pickle", "loads"), asm.Bytes(inner))),
		nested("c-pickle-loads", "_pickle.loads of bytes", "", loads(asm.Bytes(inner))),
		nested("pickle-load-bytesio", "pickle.load of a BytesIO", "", call(g("_pickle", "load"), bytesIO(inner))),
		nested("unpickler", "pickle.Unpickler(...).load()", "",
			on(call(g("_pickle", "Unpickler"), bytesIO(inner)), method("load"))),
		nested("python-unpickler", "pickle._loads, the pure Python reader", "", call(g("pickle", "_loads"), asm.Bytes(inner))),
		nested("three-deep", "a pickle in a pickle in a pickle", "",
			loads(asm.Bytes(asm.Encode(3, loads(asm.Bytes(asm.Encode(5, payload()))))))),
		nested("base64", "base64.b64decode, then loads", "", loads(call(g("base64", "b64decode"), b64))),
		nested("binascii", "binascii.a2b_base64, then loads", "", loads(call(g("binascii", "a2b_base64"), b64))),
		nested("unhexlify", "binascii.unhexlify, then loads", "",
			loads(call(g("binascii", "unhexlify"), s(hex.EncodeToString(inner))))),
		nested("bytes-fromhex", "bytes.fromhex, then loads", "",
			loads(call(g("builtins", "bytes.fromhex"), s(hex.EncodeToString(inner))))),
		nested("codecs-encode", "_codecs.encode of latin-1 text, then loads", "",
			loads(call(g("_codecs", "encode"), s(asm.Latin1(inner)), s("latin1")))),
		nested("codecs-rot13", "codecs.decode with rot13, then eval", "",
			call(g("builtins", "eval"), call(g("_codecs", "decode"), s(rot13(`print("`+Marker+`")`)), s("rot13")))),
		nested("forking-pickler", "multiprocessing.reduction.ForkingPickler.loads", "",
			call(g("multiprocessing.reduction", "ForkingPickler.loads"), asm.Bytes(inner))),
		nested("reduction-rebuild", "pickle.loads under another module's name: multiprocessing.connection._ForkingPickler", "",
			call(g("multiprocessing.connection", "_ForkingPickler.loads"), asm.Bytes(inner))),
		nested("lib2to3-grammar", "GHSA-f54q-57x4-jg88: lib2to3.pgen2.grammar.Grammar.loads", "",
			on(call(g("lib2to3.pgen2.grammar", "Grammar")), method("loads", asm.Bytes(inner)))),
		nested("lib2to3-make-label", "GHSA-p9w7-82w4-7q8m: lib2to3 ParserGenerator.make_label evaluates", "",
			call(g("lib2to3.pgen2.pgen", "ParserGenerator.make_label"), asm.None, call(g("lib2to3.pgen2.grammar", "Grammar")),
				s(`''.join([str(print("`+Marker+`"))])`))),
		nested("torch-load-from-bytes", "torch.storage._load_from_bytes, which the torch allow-lists hold", "torch",
			call(g("torch.storage", "_load_from_bytes"), asm.Bytes(legacyTorch(payload())))),
		nested("torch-decoder", "GHSA-h3qp-7fh3-f8h4: torch basichandlers unpickles bytes", "torch",
			call(g("torch.utils.data.datapipes.utils.decoder", "basichandlers"), s("pickle"), asm.Bytes(inner))),
		nested("torch-load-bytesio", "torch.load of a BytesIO", "torch",
			call(g("torch.serialization", "load"), bytesIO(legacyTorch(payload())))),
		nested("numpy-load-bytesio", "numpy.load of a BytesIO with allow_pickle", "numpy",
			call(g("numpy", "load"), bytesIO(objectArray(payload())), asm.None, asm.Bool(true))),
		nested("joblib-load-bytesio", "joblib.load of a BytesIO", "joblib", call(g("joblib", "load"), bytesIO(inner))),
		nested("pandas-read-pickle-bytesio", "pandas.read_pickle of a BytesIO", "pandas",
			call(g("pandas", "read_pickle"), bytesIO(inner))),
		nested("dill-loads", "dill.loads of bytes", "dill", call(g("dill", "loads"), asm.Bytes(inner))),
		nested("cloudpickle-loads", "cloudpickle.loads of bytes", "cloudpickle",
			call(g("cloudpickle", "loads"), asm.Bytes(inner))),
		nested("zlib-eval", "source text under zlib and base64, then exec", "",
			call(g("builtins", "exec"),
				call(g("zlib", "decompress"), call(g("base64", "b64decode"), s(packed(`print("`+Marker+`")`)))))),
		nested("bytes-in-state", "a pickle in the bytes of a state dictionary, for a loader that unpickles it later", "",
			asm.Dict(s("blob"), asm.Bytes(inner))),
		nested("base64-in-state", "a pickle as base64 text in a state dictionary, for a loader that unpickles it later", "",
			asm.Dict(s("blob"), b64)),
	}
	passive(samples[25:]...)
	for _, c := range compressions[:5] {
		packed, err := c.compress(inner)
		module := map[string]string{"bz2": "bz2", "zlib": "zlib", "gzip": "gzip", "lzma": "lzma", "xz": "lzma"}[c.name]
		sample := nested(c.name, module+".decompress, then loads", "", loads(call(g(module, "decompress"), asm.Bytes(packed))))
		if err != nil {
			sample.Build = func() ([]byte, error) { return nil, fmt.Errorf("build %s: %w", c.name, err) }
		}
		samples = append(samples, sample)
	}
	return samples
}

// packed is text under zlib and base64.
func packed(text string) string {
	content, err := deflated([]byte(text))
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(content)
}

// rot13 turns letters by half of the alphabet.
func rot13(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, text)
}

// codeSamples carry Python bytecode.
func codeSamples() []Sample {
	code := func(id, technique, needs string, value asm.Value) Sample {
		sample := pickleSample("bytecode", id, technique, asm.Encode(4, value))
		sample.Needs = needs
		return sample
	}
	marshalled := asm.Bytes(unhex(code311))
	loads := call(g("marshal", "loads"), marshalled)
	function := call(g("types", "FunctionType"), loads, asm.Dict())
	const python311 = "Python 3.11"
	samples := []Sample{
		code("marshal-functiontype", "GHSA-565g-hwwr-4pp3: marshal.loads and types.FunctionType", python311, call(function)),
		code("marshal-exec", "marshal.loads and exec", python311, call(g("builtins", "exec"), loads)),
		code("marshal-base64", "marshal.loads of base64", python311, call(call(g("types", "FunctionType"),
			call(g("marshal", "loads"),
				call(g("base64", "b64decode"), s(base64.StdEncoding.EncodeToString(unhex(code311))))), asm.Dict()))),
		code("marshal-lambdatype", "types.LambdaType instead of FunctionType", python311,
			call(call(g("types", "LambdaType"), loads, asm.Dict()))),
		code("marshal-newobj", "NEWOBJ of types.FunctionType", python311,
			call(asm.NewObject(g("types", "FunctionType"), loads, asm.Dict()))),
		code("codetype", "GHSA-9m3x-qqw2-h32h: types.CodeType and FunctionType", python311,
			call(call(g("types", "FunctionType"), call(g("types", "CodeType"), codeArguments(false)...), builtinsGlobals()),
				asm.Num(1))),
		code("marshal-only", "picklescan #66: marshal.loads alone; the function is called later", python311, loads),
		code("importlib-source", "importlib._bootstrap_external._compile_bytecode", python311,
			call(g("builtins", "exec"), call(g("importlib._bootstrap_external", "_compile_bytecode"), marshalled))),
		code("cloudpickle-function", "GHSA-9m3x-qqw2-h32h: cloudpickle._make_function of _builtin_type(\"CodeType\"), called",
			"Python 3.11 and cloudpickle", call(cloudFunction(), asm.Num(1))),
		code("cloudpickle-function-only", "a cloudpickled function in a model, called by whoever uses the model",
			"Python 3.11 and cloudpickle", asm.Dict(s("collate_fn"), cloudFunction())),
		code("cloudpickle-class", "a cloudpickled class with a __setstate__ of its own, run by BUILD",
			"Python 3.11 and cloudpickle", cloudClass()),
		code("dill-function", "a dilled function by _create_function and _create_code, called", "Python 3.11 and dill",
			call(dillFunction(), asm.Num(1))),
		code("dill-function-only", "a dilled function in a model, called by whoever uses the model", "Python 3.11 and dill",
			asm.Dict(s("transform"), dillFunction())),
		code("dill-type", "a dilled class by _create_type with a method", "Python 3.11 and dill", dillClass()),
	}
	for _, i := range []int{6, 9, 12} {
		samples[i].Executes = false
	}
	return samples
}

// builtinsGlobals is a namespace in which a function finds its builtins.
func builtinsGlobals() asm.Value {
	return asm.Dict(s("__builtins__"), g("builtins", "__dict__"))
}

// codeArguments are the arguments of types.CodeType for lambda311; dill puts the line table of Python 2 before them.
func codeArguments(dill bool) []asm.Value {
	code := []asm.Value{asm.Num(1), asm.Num(0), asm.Num(0), asm.Num(1), asm.Num(3), asm.Num(3), asm.Bytes(unhex(lambda311)),
		asm.Tuple(asm.None, s("os"), s("echo "+Marker)), asm.Tuple(s("__import__"),
			s("system")), asm.Tuple(s("x")), s("<model>"), s("f"), s("f"),
		asm.Num(1), asm.Bytes(unhex(lines311)), asm.Bytes(nil), asm.Tuple(), asm.Tuple()}
	if dill {
		return append([]asm.Value{asm.Bytes(nil)}, code...)
	}
	return code
}

// cloudFunction is what cloudpickle writes for a function.
func cloudFunction() asm.Value {
	const module = "cloudpickle.cloudpickle"
	code := call(call(g(module, "_builtin_type"), s("CodeType")), codeArguments(false)...)
	return call(g(module, "_make_function"), code, builtinsGlobals(), asm.None, asm.None, asm.None)
}

// cloudClass is what cloudpickle writes for a class, with an instance that BUILD fills.
func cloudClass() asm.Value {
	const module = "cloudpickle.cloudpickle"
	class := call(g(module, "_make_skeleton_class"), g("builtins", "type"), s("Model"), asm.Tuple(g("builtins", "object")),
		asm.Dict(s("__module__"), s("__main__")), s("0123456789abcdef0123456789abcdef"), asm.None)
	class = call(g("cloudpickle.cloudpickle_fast", "_class_setstate"), class,
		asm.Tuple(asm.Dict(s("__len__"), cloudFunction()), asm.Dict()))
	return call(g("builtins", "len"), asm.NewObject(class))
}

// dillFunction is what dill writes for a function.
func dillFunction() asm.Value {
	code := call(g("dill._dill", "_create_code"), codeArguments(true)...)
	return call(g("dill._dill", "_create_function"), code, builtinsGlobals(), s("f"), asm.None, asm.None)
}

// dillClass is what dill writes for a class, with an instance whose length is asked for.
func dillClass() asm.Value {
	kind := func(name string) asm.Value { return call(g("dill._dill", "_load_type"), s(name)) }
	class := call(g("dill._dill", "_create_type"), kind("type"), s("Model"), asm.Tuple(kind("object")),
		asm.Dict(s("__len__"), dillFunction()))
	return call(g("builtins", "len"), asm.NewObject(class))
}
