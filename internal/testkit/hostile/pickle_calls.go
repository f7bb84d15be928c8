package hostile

import (
	"fmt"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// pickleSample is a sample made for pickle.load that executes.
func pickleSample(group, id, technique string, content []byte) Sample {
	return Sample{Name: group + "-" + id + ".pkl", Group: group, Technique: technique, Executes: true, Loader: "pickle",
		Build: build(content)}
}

// passive marks samples whose loader runs no code.
func passive(samples ...Sample) []Sample {
	for i := range samples {
		samples[i].Executes = false
	}
	return samples
}

// raw assembles a stream of a protocol without frames.
func raw(protocol int, values ...asm.Value) []byte { return asm.New(protocol).Put(values...).Bytes() }

// v makes a value of opcodes that are given as they are.
func v(code string) asm.Value { return asm.Verbatim(code) }

// protocolSamples write the same call in every protocol, framed and unframed, with and without PROTO.
func protocolSamples() []Sample {
	var all []Sample
	for protocol := range 6 {
		p := fmt.Sprintf("p%d", protocol)
		all = append(all,
			pickleSample("protocol", p, "the plain attack in protocol "+p[1:], asm.Encode(protocol, payload())),
			pickleSample("protocol", p+"-unframed", "the plain attack in protocol "+p[1:]+" without FRAME",
				raw(protocol, payload())),
			pickleSample("protocol", p+"-in-list", "the attack as the last item of a list of numbers",
				asm.Encode(protocol, asm.List(asm.Num(1), asm.Num(2), asm.Str("weights"), payload()))),
			pickleSample("protocol", p+"-in-dict", "the attack as a value deep in a state dictionary",
				asm.Encode(protocol, asm.Dict(s("state"), asm.Dict(s("layers"), asm.List(asm.Tuple(s("bias"), payload())))))),
			pickleSample("protocol", p+"-as-key", "the attack as a dictionary key",
				asm.Encode(protocol, asm.Dict(payload(), asm.Num(1)))),
		)
	}
	return append(all,
		pickleSample("protocol", "no-proto", "protocol 4 opcodes without a PROTO opcode", raw(4, payload())[2:]),
		pickleSample("protocol", "late-proto", "PROTO in the middle of the stream",
			append(asm.New(0).Put(asm.None).Raw(asm.Pop).Open(), raw(4, payload())...)),
		pickleSample("protocol", "double-proto", "PROTO twice, 0 then 4", append([]byte{asm.Proto, 0}, raw(4, payload())...)),
		pickleSample("protocol", "low-proto", "PROTO 0 before the opcodes of protocol 2",
			append([]byte{asm.Proto, 0}, raw(2, payload())[2:]...)),
	)
}

// opcodeSamples make the call by every opcode that can call.
func opcodeSamples() []Sample {
	system, echo := "posix\nsystem\n", "S'echo "+Marker+"'\n"
	framed := func(code string) []byte { return asm.New(4).Text(code).Framed() }
	return []Sample{
		pickleSample("opcode", "inst", "picklescan #21: INST imports and calls in one opcode", []byte("("+echo+"i"+system+".")),
		pickleSample("opcode", "python2-name", "the name of Python 2 that unpickling maps: __builtin__.exec",
			raw(2, call(asm.TextGlobal("__builtin__", "exec"), python))),
		pickleSample("opcode", "obj", "OBJ calls without REDUCE", []byte("(c"+system+echo+"o.")),
		pickleSample("opcode", "reduce-global", "GLOBAL and REDUCE", []byte("c"+system+"("+echo+"tR.")),
		pickleSample("opcode", "newobj", "NEWOBJ calls __new__ of a class that consumes its argument",
			asm.Encode(2, asm.NewObject(g("builtins", "tuple"), mapped()))),
		pickleSample("opcode", "newobj-ex", "NEWOBJ_EX instead of NEWOBJ",
			asm.Encode(4, asm.NewObjectEx(g("builtins", "tuple"), asm.Tuple(mapped()), asm.Dict()))),
		pickleSample("opcode", "stack-global", "STACK_GLOBAL with both names from the stack",
			framed("\x8c\x05posix\x8c\x06system\x93"+echo+"\x85R")),
		pickleSample("opcode", "string-names", "GHSA-9gvj-pp9x-gcfr: STACK_GLOBAL with names from STRING opcodes",
			framed("S'posix'\nS'system'\n\x93"+echo+"\x85R")),
		pickleSample("opcode", "unicode-names", "STACK_GLOBAL with names from UNICODE opcodes",
			framed("Vposix\nVsystem\n\x93"+echo+"\x85R")),
		pickleSample("opcode", "escaped-names", "names with escapes in the UNICODE opcode",
			framed("Vpo\\u0073ix\nVs\\u0079stem\n\x93"+echo+"\x85R")),
		pickleSample("opcode", "escaped-string-names", "names with escapes in the STRING opcode",
			framed("S'po\\x73ix'\nS'sy\\163tem'\n\x93"+echo+"\x85R")),
		pickleSample("opcode", "binstring-names", "names from SHORT_BINSTRING",
			framed("U\x05posixU\x06system\x93"+echo+"\x85R")),
		pickleSample("opcode", "long-binstring-names", "names from BINSTRING",
			framed("T\x05\x00\x00\x00posixT\x06\x00\x00\x00system\x93"+echo+"\x85R")),
		pickleSample("opcode", "binunicode8-names", "names from BINUNICODE8",
			asm.New(4).Raw(asm.BinUnicode8).U64(5).Text("posix").
				Raw(asm.BinUnicode8).U64(6).Text("system").Raw(asm.StackGlobal).Text(echo).Raw(asm.Tuple1,
				asm.Reduce).Framed()),
		pickleSample("opcode", "quoted-string", "the STRING opcode with double quotes",
			[]byte("cposix\nsystem\n(S\"echo "+Marker+"\"\ntR.")),
		pickleSample("opcode", "tuple1", "the argument by TUPLE1 in protocol 0", []byte("c"+system+echo+"\x85R.")),
		pickleSample("opcode", "dup-callable", "the callable comes from DUP", []byte("c"+system+"2("+echo+"tR.")),
		pickleSample("opcode", "popmark-before", "a MARK full of literals is dropped before the call",
			[]byte("c"+system+"(I1\nI2\n1("+echo+"tR.")),
		pickleSample("opcode", "list-argument", "the attack inside APPEND", []byte("](c"+system+"("+echo+"tRe.")),
		pickleSample("opcode", "build-setstate", "BUILD calls __setstate__: functools.partial is filled in and then called",
			asm.Encode(4, call(asm.Built(partial(g("builtins", "print")),
				asm.Tuple(system4(), asm.Tuple(shell), asm.Dict(), asm.Dict()))))),
		pickleSample("opcode", "append-extend", "APPENDS calls extend or append of an object that is not a list",
			asm.New(4).Put(call(g("collections", "deque"))).Raw(asm.Mark).Put(payload()).Raw(asm.Appends).Framed()),
		pickleSample("opcode", "additems", "ADDITEMS around the attack",
			asm.New(4).Raw(asm.EmptySet, asm.Mark).Put(payload()).Raw(asm.AddItems).Framed()),
		pickleSample("opcode", "frozenset", "FROZENSET around the attack",
			asm.New(4).Raw(asm.Mark).Put(payload()).Raw(asm.FrozenSet).Framed()),
		pickleSample("opcode", "bytearray8", "the command travels in a BYTEARRAY8",
			asm.New(5).Put(g("builtins", "exec")).Raw(asm.Mark).
				Put(call(g("builtins", "bytes"), bytearray(`print("`+Marker+`")`))).Raw(asm.TupleOp, asm.Reduce).Framed()),
	}
}

// system4 is the function posix.system.
func system4() asm.Value { return g("posix", "system") }

// bytearray is a BYTEARRAY8 literal of protocol 5.
func bytearray(text string) asm.Value {
	return func(a *asm.Asm) { a.Raw(asm.ByteArray8).U64(uint64(len(text))).Text(text) }
}

// effectSamples hide the effect of an opcode from readers that look at the result only.
func effectSamples() []Sample {
	state := asm.Dict(s("lr"), asm.Real(0.1))
	return append([]Sample{
		pickleSample("dropped-result", "obj-pop", "GHSA-mxhj-88fx-4pcv: OBJ and POP, the call vanishes from fickling's AST",
			asm.New(4).Raw(asm.Mark).Put(system4(), shell).Raw(asm.Obj, asm.Pop).Put(state).Framed()),
		pickleSample("dropped-result", "inst-pop", "INST and POP",
			asm.New(2).Raw(asm.Mark).Put(shell).Line(asm.Inst, "posix", "system").Raw(asm.Pop).Put(state).Bytes()),
		pickleSample("dropped-result", "reduce-pop", "REDUCE and POP before the honest content",
			asm.New(4).Put(asm.Seq(payload(), state)).Framed()),
		pickleSample("dropped-result", "reduce-popmark", "REDUCE and POP_MARK",
			asm.New(4).Raw(asm.Mark).Put(payload()).Raw(asm.PopMark).Put(state).Framed()),
		pickleSample("dropped-result", "newobj-pop", "NEWOBJ and POP",
			asm.New(2).Put(asm.NewObject(g("builtins", "tuple"), mapped())).Raw(asm.Pop).Put(state).Bytes()),
		pickleSample("dropped-result", "memo-only", "the result is stored in the memo and never fetched",
			asm.New(2).Put(payload()).Raw(asm.BinPut, 7, asm.Pop).Put(state).Bytes()),
		pickleSample("dropped-result", "setitem-overwritten", "the result is a value that a later item overwrites",
			asm.New(2).Raw(asm.EmptyDict).Put(s("a"), payload()).Raw(asm.SetItem).Put(s("a"),
				asm.Num(1)).Raw(asm.SetItem).Bytes()),
		pickleSample("dropped-result", "build-ignored", "the result is the state of an object that ignores it",
			asm.Encode(4, asm.Built(call(g("collections", "OrderedDict")), asm.Dict(s("_x"), payload())))),
	}, append(passive(
		pickleSample("dropped-result", "hook-deactivation",
			"fickling: the call that would take a scanner's hook out of the loading process, dropped",
			asm.New(4).Put(asm.Seq(call(g("builtins", "setattr"), g("pickle", "Unpickler"), s("load"), asm.None),
				state)).Framed()),
	), shadowSamples()...)...)
}

// shadowSamples change an object that scanners allow, then use it by its allowed name.
func shadowSamples() []Sample {
	shadow := func(id, technique string, value asm.Value) Sample {
		return pickleSample("shadow", id, technique, asm.New(4).Put(value).Framed())
	}
	overwrite := asm.Built(g("os", "path"), asm.Dict(s("basename"), system4()))
	slots := asm.Built(g("collections", "UserDict"), asm.Tuple(asm.None, asm.Dict(s("fromkeys"), system4())))
	torch := asm.Built(g("torch", "_utils"), asm.Dict(s("_rebuild_parameter"), system4()))
	numpy := asm.Built(g("numpy", "core"), asm.Dict(s("_DType_reconstruct"), system4()))
	named := func(sample Sample, needs string) Sample {
		sample.Needs = needs
		return sample
	}
	samples := []Sample{
		shadow("module-attribute", "ShadowPickle (arXiv 2607.17503): BUILD on a module overwrites an allowed name, which is then called",
			asm.Seq(overwrite, call(g("posixpath", "basename"), shell))),
		shadow("class-slot-state", "modelscan #85: the slot state of BUILD sets an attribute of a class",
			asm.Seq(slots, call(g("collections", "UserDict.fromkeys"), shell))),
		named(shadow("torch-rebuild", "ShadowPickle on torch._utils._rebuild_parameter",
			asm.Seq(torch, call(g("torch._utils", "_rebuild_parameter"), shell))), "torch"),
		named(shadow("numpy-reconstruct", "ShadowPickle on numpy.core._DType_reconstruct, with modelscan #330",
			asm.Seq(numpy, call(g("numpy.core", "_DType_reconstruct"), shell))), "numpy"),
		shadow("sys-modules", "SETITEM replaces a module in sys.modules, the next GLOBAL resolves in it",
			asm.Seq(setItem(g("sys", "modules"), s("collections"), call(g("importlib", "import_module"), s("os"))),
				call(asm.TextGlobal("collections", "system"), shell))),
		shadow("builtins-dict", "SETITEMS on the dictionary of builtins replaces a function that everyone calls",
			asm.Seq(setItem(g("builtins", "__dict__"), s("len"), system4()), call(g("builtins", "len"), shell))),
		shadow("dispatch-table", "SETITEM on copyreg.dispatch_table",
			asm.Seq(setItem(g("copyreg", "dispatch_table"), g("builtins", "complex"), system4()), asm.Num(1))),
		shadow("setattr-module", "setattr on a module, then the call by the harmless name",
			asm.Seq(call(g("builtins", "setattr"), g("os", "path"), s("basename"), system4()),
				call(g("posixpath", "basename"), shell))),
		shadow("setstate-hook", "BUILD gives an object its own __setstate__, the next BUILD calls it",
			asm.Seq(setStateHook())),
		shadow("reduce-ex-hook", "BUILD gives an instance a __reduce_ex__ that copy.copy calls", copyHook()),
	}
	samples[6].Executes = false
	return samples
}

// setItem is SETITEM on any object; it leaves the object.
func setItem(object, key, value asm.Value) asm.Value {
	return func(a *asm.Asm) { a.Put(object, key, value).Raw(asm.SetItem) }
}

// setStateHook sets __setstate__ of an instance to a function, then runs BUILD again.
func setStateHook() asm.Value {
	first := asm.Built(self(), asm.Dict(s("__setstate__"), system4()))
	return asm.Built(first, shell)
}

// copyHook makes an instance whose copy runs the command.
func copyHook() asm.Value {
	instance := asm.Built(self(), asm.Dict(s("__copy__"), partial(system4(), shell)))
	return asm.Seq(instance, call(g("copy", "copy"),
		asm.Built(call(g("types", "SimpleNamespace")), asm.Dict(s("x"), mappedList()))))
}

// mappedList consumes the map.
func mappedList() asm.Value { return call(g("builtins", "list"), mapped()) }
