package python

import "strings"

// effect is what a function does to the machine that runs it.
type effect byte

const (
	harmless  effect = iota
	process          // runs a program
	code             // runs text or data as Python
	network          // connects to another machine
	deletes          // deletes files
	native           // loads machine code
	unpickles        // builds objects of any kind from data
	walks            // reaches into the object model of Python
	imports          // imports what a name says
	persists         // makes something run later
)

// exact lists functions by their name. Those of os also have the name of the module behind it; the format gives all the same.
func exact(name string) effect {
	switch name {
	case "os.system", "os.popen", "os.popen2", "os.popen3", "os.popen4", "os.startfile", "os.posix_spawn", "os.posix_spawnp", "pty.spawn", "platform.popen",
		"asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_exec",
		"asyncio.subprocess.create_subprocess_shell", "pexpect.spawn", "pexpect.run", "pexpect.popen_spawn.PopenSpawn", "_posixsubprocess.fork_exec",
		"multiprocessing.util.spawnv_passfds", "pip.main", "pip._internal.main", "pip._internal.cli.main.main", "ensurepip._run_pip", "distutils.spawn.spawn",
		"torch.utils.collect_env.run", "setuptools.sandbox.run_setup", "IPython.get_ipython().system", "get_ipython().system", "get_ipython().getoutput",
		"sh.bash", "sh.sh", "sh.curl", "sh.wget", "webbrowser.open", "invoke.run", "fabric.Connection().run", "plumbum.local", "win32api.WinExec",
		"psutil.Popen", "os.execl", "numpy.distutils.exec_command.exec_command", "idlelib.pyshell.ModifiedInterpreter().runcommand":
		return process
	case "exec", "eval", "execfile", "runpy.run_path", "runpy.run_module", "runpy._run_code", "runpy._run_module_code", "code.interact",
		"code.InteractiveInterpreter().runcode", "code.InteractiveInterpreter().runsource", "code.InteractiveConsole().push", "types.FunctionType",
		"types.CodeType", "imp.load_source", "imp.load_compiled", "imp.load_dynamic", "timeit.timeit", "timeit.repeat", "timeit.Timer", "bdb.Bdb().run", "pdb.run",
		"pdb.runeval", "cProfile.run", "cProfile.runctx", "profile.run", "profile.runctx", "trace.Trace().run", "doctest.debug_script", "test.support.run_code",
		"pandas.eval", "numexpr.evaluate", "sympy.sympify", "sympy.parse_expr", "sympy.parsing.sympy_parser.parse_expr", "torch.hub.load", "torch.jit.CompilationUnit", "get_ipython().run_cell", "get_ipython().run_line_magic",
		"_interpreters.exec", "_xxsubinterpreters.run_string", "IPython.embed", "marshal.loads", "marshal.load":
		return code
	case "shutil.rmtree", "os.remove", "os.unlink", "os.rmdir", "os.removedirs", "os.truncate", "pathlib.Path().unlink", "pathlib.Path().rmdir",
		"send2trash.send2trash":
		return deletes
	case "ctypes.CDLL", "ctypes.PyDLL", "ctypes.WinDLL", "ctypes.OleDLL", "ctypes.cdll.LoadLibrary", "ctypes.windll.LoadLibrary", "ctypes.memmove",
		"ctypes.CFUNCTYPE()", "cffi.FFI().dlopen", "torch.ops.load_library", "torch.classes.load_library", "torch.utils.cpp_extension.load",
		"torch.utils.cpp_extension.load_inline", "tensorflow.load_op_library", "tensorflow.load_library", "mmap.mmap().write", "_ctypes.dlopen",
		"os.add_dll_directory", "sys.addaudithook", "numpy.ctypeslib.load_library":
		return native
	case "pickle.load", "pickle.loads", "pickle.Unpickler", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads", "joblib.load", "shelve.open",
		"jsonpickle.decode", "yaml.unsafe_load", "yaml.full_load", "pandas.read_pickle":
		return unpickles
	case "importlib.import_module", "__import__", "importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader",
		"importlib.machinery.SourcelessFileLoader", "importlib.machinery.ExtensionFileLoader", "zipimport.zipimporter":
		return imports
	case "winreg.SetValueEx", "winreg.SetValue", "_winreg.SetValueEx", "_winreg.SetValue":
		return persists
	}
	return harmless
}

// whole lists modules whose functions all have one effect; a call of anything below counts.
func whole(name string) effect {
	for _, m := range []struct {
		prefix string
		effect effect
	}{
		{"subprocess.", process}, {"os.exec", process}, {"os.spawn", process}, {"commands.", process}, {"popen2.", process}, {"sh.", process},
		{"paramiko.", network}, {"urllib.request.urlopen", network}, {"urllib.request.urlretrieve", network}, {"urllib2.urlopen", network},
		{"urllib.urlopen", network}, {"urllib.urlretrieve", network}, {"socket.socket", network}, {"socket.create_connection", network},
		{"socket.create_server", network}, {"requests.get", network}, {"requests.post", network}, {"requests.put", network}, {"requests.patch", network},
		{"requests.request", network}, {"requests.head", network}, {"requests.delete", network}, {"requests.Session().", network}, {"requests.session().", network},
		{"httpx.get", network}, {"httpx.post", network}, {"httpx.put", network}, {"httpx.request", network}, {"httpx.stream", network}, {"httpx.Client().", network},
		{"http.client.HTTPConnection", network}, {"http.client.HTTPSConnection", network}, {"aiohttp.ClientSession", network}, {"aiohttp.request", network},
		{"ftplib.FTP", network}, {"smtplib.SMTP", network}, {"telnetlib.Telnet", network}, {"websocket.create_connection", network},
		{"websockets.connect", network}, {"xmlrpc.client.ServerProxy", network}, {"urllib3.PoolManager().request", network}, {"wget.download", network},
		{"pycurl.Curl", network}, {"asyncio.open_connection", network}, {"socketserver.", network}, {"http.server.", network}, {"dns.resolver.", network},
		{"urllib.request.build_opener().open", network}, {"urllib.request.URLopener", network}, {"ctypes.pythonapi.", code}, {"ctypes.cdll.", native},
		{"ctypes.cdll[]", native}, {"ctypes.windll.", native}, {"ctypes.windll[]", native}, {"ctypes.oledll.", native},
		{"nntplib.", network}, {"imaplib.", network}, {"poplib.", network}, {"boto3.", network}, {"gdown.download", network},
	} {
		if strings.HasPrefix(name, m.prefix) {
			return m.effect
		}
	}
	return harmless
}

// constants of subprocess are no functions.
func constant(name string) bool {
	switch name {
	case "subprocess.PIPE", "subprocess.DEVNULL", "subprocess.STDOUT", "subprocess.CalledProcessError", "subprocess.TimeoutExpired", "subprocess.SubprocessError",
		"subprocess.CompletedProcess", "subprocess.list2cmdline", "subprocess.STARTUPINFO", "socketserver.BaseServer", "socketserver.TCPServer",
		"subprocess.Popen().communicate", "http.server.BaseHTTPRequestHandler":
		return true
	}
	return strings.HasPrefix(name, "subprocess.STARTF") || strings.HasPrefix(name, "subprocess.CREATE_") || strings.Contains(name, "().") &&
		strings.HasPrefix(name, "subprocess.")
}

// effectOf is what a function does by its dotted name.
func effectOf(name string) effect {
	if e := exact(name); e != harmless {
		return e
	}
	if constant(name) {
		return harmless
	}
	for _, suffix := range []string{".__subclasses__", ".__globals__", ".__builtins__", ".func_globals", ".f_globals", ".f_builtins", ".__code__.replace"} {
		if strings.HasSuffix(name, suffix) || strings.Contains(name, suffix+"[") || strings.Contains(name, suffix+".") || strings.Contains(name, suffix+"(") {
			return walks
		}
	}
	if e := whole(name); e != harmless {
		return e
	}
	for rest, found := name, true; found; { // a module that another one has imported
		if _, rest, found = strings.Cut(rest, "."); strings.HasPrefix(rest, "os.") || strings.HasPrefix(rest, "subprocess.") || strings.HasPrefix(rest, "pty.") ||
			strings.HasPrefix(rest, "runpy.") {
			if e := exact(rest); e != harmless {
				return e
			}
			if !constant(rest) {
				return whole(rest)
			}
		}
	}
	return harmless
}

// runner lists methods that run programs whatever they are called on: of modules that were not followed, of libraries in C.
func runner(name string, arguments int) bool {
	on, method := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		on, method = name[:i], name[i+1:]
	}
	switch method {
	case "system", "popen":
		return on != "" && on != "platform" && arguments > 0
	case "Popen", "check_output", "check_call", "getoutput", "getstatusoutput", "subprocess_shell", "subprocess_exec", "create_subprocess_shell", "create_subprocess_exec", "posix_spawn",
		"execv", "execve", "execvp", "execvpe", "WinExec", "ShellExecuteW", "ShellExecuteA":
		return on != "" && arguments > 0
	}
	return false
}

// sourced reports whether a function of the effect code is given the source as text, which can be read; others get names of
// files, or code that is compiled.
func sourced(name string) bool {
	switch name {
	case "execfile", "runpy.run_path", "runpy.run_module", "runpy._run_code", "runpy._run_module_code", "code.interact", "types.FunctionType", "types.CodeType",
		"imp.load_source", "imp.load_compiled", "imp.load_dynamic", "IPython.embed", "torch.hub.load":
		return false
	}
	return !strings.HasPrefix(name, "ctypes.")
}

// startup reports whether a text is the path of a file that something runs by itself later.
func startup(text string) bool {
	const longest, words = 256, 3 // bytes; more words are prose
	if len(text) > longest || strings.Count(text, " ") >= words || strings.Contains(text, "\n") {
		return false
	}
	for _, part := range []string{".bashrc", ".bash_profile", ".zshrc", "/.profile", ".ssh/authorized_keys", "/etc/cron", "/var/spool/cron", "/etc/ld.so.preload", "/etc/rc.local",
		"/.config/autostart/", "systemd/system/", "LaunchAgents", "sitecustomize.py", "usercustomize.py", "CurrentVersion\\Run", "Start Menu\\Programs\\Startup"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// computed reports whether a name is one that is looked up on a module of consequence by text that is not known.
func computed(name string) bool {
	on, ok := strings.CutSuffix(name, ".?")
	if !ok {
		return false
	}
	switch on {
	case "os", "subprocess", "builtins", "__builtins__", "sys", "sys.modules", "posix", "shutil", "socket", "importlib", "ctypes", "pty", "runpy", "marshal", "pickle":
		return true
	}
	return false
}

// Effect says what a function does to the machine that runs it, as "runs programs"; empty when it does none of what this package
// knows. It is for configurations that name functions to call.
func Effect(name string) string {
	switch effectOf(name) {
	case process:
		return "runs programs"
	case code:
		return "runs text as code"
	case network:
		return "opens connections"
	case deletes:
		return "deletes files"
	case native:
		return "loads machine code"
	case unpickles:
		return "loads pickles"
	case imports:
		return "imports modules by name"
	case persists:
		return "makes programs start later"
	case walks:
		return "reaches into the interpreter"
	}
	return ""
}
