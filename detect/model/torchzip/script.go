package torchzip

import (
	"bytes"
	"slices"
	"strings"
)

// what is what a piece of TorchScript does that a model has no need for.
type what int

// What inspect finds.
const (
	fileAccess what = iota + 1
	pythonCall
	remoteCall
	alias
	unknownOp
	customClass
	notScript
	typeComment
)

// hit is one place in a source.
type hit struct {
	what    what
	name    string
	offset  int64
	line    int
	excerpt string
}

// maxHits bounds how many places of one source are kept; the worst kinds come first in the report anyway.
const maxHits = 200

// inspect finds the names in TorchScript source that do more than compute. The language is a small part of Python
// (torch/csrc/jit/frontend/lexer.h): names are resolved when the model is loaded, so that every mention counts, called or not.
func inspect(source []byte) []hit {
	l := &lexer{src: source, line: 1}
	var hits []hit
	seen := map[string]bool{}
	add := func(w what, t token) {
		if key := string(rune(w)) + t.text; len(hits) < maxHits && !seen[key] {
			seen[key] = true
			hits = append(hits, hit{what: w, name: t.text, offset: int64(t.at), line: t.line, excerpt: l.lineAt(t.at)})
		}
	}
	previous := ""
	for {
		t, ok := l.next()
		if !ok {
			return hits
		}
		if w := judgeToken(t, previous); w != 0 {
			add(w, t)
		}
		previous = t.text
	}
}

// token is a dotted name, a type comment, or another character.
type token struct {
	text    string // dotted names without the space that may stand around dots
	at      int
	line    int
	name    bool
	comment bool
	member  bool // a name that follows a dot: a member of a value, not a global name
	call    bool // an opening parenthesis follows
}

// lexer splits source into tokens. Strings and comments are passed over.
type lexer struct {
	src  []byte
	at   int
	line int
}

// lineAt is the line around an offset, bounded.
func (l *lexer) lineAt(at int) string {
	start := bytes.LastIndexByte(l.src[:at], '\n') + 1
	start = max(start, at-100)
	end := len(l.src)
	if i := bytes.IndexByte(l.src[at:], '\n'); i >= 0 {
		end = at + i
	}
	return strings.TrimSpace(string(l.src[start:min(end, at+140)]))
}

// next returns the next token.
func (l *lexer) next() (token, bool) {
	dot := false
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == '\n':
			l.line++
			l.at++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\\':
			l.at++
		case c == '#':
			if t, ok := l.comment(); ok {
				return t, true
			}
		case c == '"' || c == '\'':
			l.text(c)
			dot = false
		case letter(c):
			t := l.dotted()
			t.member = dot
			return t, true
		case c >= '0' && c <= '9':
			for l.at < len(l.src) && (letter(l.src[l.at]) || digit(l.src[l.at]) || l.src[l.at] == '.') {
				l.at++
			}
			dot = false
		case c == '.':
			l.at++
			dot = true
		default:
			t := token{text: string(rune(c)), at: l.at, line: l.line}
			l.at++
			return t, true
		}
	}
	return token{}, false
}

// letter reports whether c can start a name. Bytes beyond ASCII count, as in Python's names.
func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// digit reports whether c is a decimal digit.
func digit(c byte) bool { return c >= '0' && c <= '9' }

// comment passes over a comment and returns it if it declares types, because annotations in comments are evaluated.
func (l *lexer) comment() (token, bool) {
	end := len(l.src)
	if i := bytes.IndexByte(l.src[l.at:], '\n'); i >= 0 {
		end = l.at + i
	}
	t := token{at: l.at, line: l.line, comment: true}
	text := bytes.TrimLeft(l.src[l.at:end], "# \t")
	l.at = end
	if !bytes.HasPrefix(text, []byte("type:")) {
		return t, false
	}
	t.text = string(text[:min(len(text), 200)])
	return t, true
}

// text passes over a string.
func (l *lexer) text(quote byte) {
	triple := bytes.Repeat([]byte{quote}, 3)
	if bytes.HasPrefix(l.src[l.at:], triple) {
		end := bytes.Index(l.src[l.at+3:], triple)
		stop := len(l.src)
		if end >= 0 {
			stop = l.at + 3 + end + 3
		}
		l.line += bytes.Count(l.src[l.at:stop], []byte("\n"))
		l.at = stop
		return
	}
	for l.at++; l.at < len(l.src); l.at++ {
		switch l.src[l.at] {
		case '\\':
			l.at++
		case quote:
			l.at++
			return
		case '\n': // a string that is not closed; what follows is looked at as code
			return
		}
	}
}

// dotted reads a name with the members that follow it.
func (l *lexer) dotted() token {
	t := token{at: l.at, line: l.line, name: true}
	var parts []string
	for {
		start := l.at
		for l.at < len(l.src) && (letter(l.src[l.at]) || digit(l.src[l.at])) {
			l.at++
		}
		parts = append(parts, string(l.src[start:l.at]))
		dot := l.skipSpace(l.at)
		if dot >= len(l.src) || l.src[dot] != '.' {
			t.call = dot < len(l.src) && l.src[dot] == '('
			break
		}
		after := l.skipSpace(dot + 1)
		if after >= len(l.src) || !letter(l.src[after]) {
			break
		}
		l.line += bytes.Count(l.src[l.at:after], []byte("\n"))
		l.at = after
	}
	t.text = strings.Join(parts, ".")
	return t
}

// skipSpace is the offset of the next character that is not space.
func (l *lexer) skipSpace(at int) int {
	for at < len(l.src) && strings.IndexByte(" \t\r\n\f\\", l.src[at]) >= 0 {
		at++
	}
	return at
}

// judgeToken says what a token does; 0 for nothing of interest. Previous is the token before it.
func judgeToken(t token, previous string) what {
	switch {
	case t.comment:
		return judgeComment(t.text)
	case t.text == "^":
		return pythonCall // how a call of a Python function is written; the operator is torch.__xor__
	case !t.name:
		return 0
	}
	parts := strings.Split(t.text, ".")
	for i, part := range parts {
		if (i > 0 || t.member) && slices.Contains(reflection(), part) {
			return notScript
		}
	}
	switch {
	case t.member || previous == "def" || previous == "class":
		return 0
	case previous == "import" || previous == "from":
		if parts[0] != "__torch__" {
			return notScript
		}
		return 0
	}
	return judgeName(parts, t.call)
}

// judgeName judges a global name.
func judgeName(parts []string, call bool) what {
	switch parts[0] {
	case "torch":
		if len(parts) > 2 && parts[1] == "ops" {
			return judgeOperator(parts[2:])
		}
		return judgeOperator(append([]string{"aten"}, parts[1:]...))
	case "ops":
		return judgeOperator(parts[1:])
	case "__torch__":
		if len(parts) > 4 && parts[1] == "torch" && parts[2] == "classes" {
			return judgeClass(parts[3])
		}
		return 0
	case "rpc_async", "rpc_sync", "rpc_remote", "rpc":
		return remoteCall
	case "eval", "exec", "compile", "open", "__import__", "globals", "locals", "vars", "breakpoint", "input", "setattr", "delattr":
		if call {
			return notScript
		}
	case "lambda", "__builtins__", "os", "sys", "subprocess", "builtins", "importlib", "socket", "shutil", "ctypes", "pickle":
		if parts[0] == "lambda" || parts[0] == "__builtins__" || len(parts) > 1 {
			return notScript
		}
	}
	return 0
}

// judgeOperator judges a namespace and an operator.
func judgeOperator(parts []string) what {
	if len(parts) < 2 {
		return alias
	}
	namespace, name := parts[0], parts[1]
	switch {
	case namespace == "aten" && (name == "save" || name == "from_file" || name == "load"),
		namespace == "image" && (strings.Contains(name, "file") || strings.HasPrefix(name, "write")):
		return fileAccess
	case namespace == "video_reader", namespace == "video":
		return fileAccess
	case name == "PythonOp" || name == "CallPythonMethod":
		return pythonCall
	case strings.HasPrefix(name, "rpc_"):
		return remoteCall
	case !slices.Contains(namespaces(), namespace):
		return unknownOp
	}
	return 0
}

// namespaces are those of the operators that PyTorch and its domain libraries ship.
func namespaces() []string {
	return []string{"aten", "prim", "prims", "quantized", "_quantized", "sparse", "prepacked", "xnnpack", "mkldnn", "mkldnn_prepacked", "mkl",
		"onednn", "fbgemm", "vulkan", "vulkan_prepack", "metal", "metal_prepack", "profiler", "profiling", "tensorexpr", "static_runtime", "cuda",
		"nvprims", "inductor", "quantized_decomposed", "symm_mem", "torchvision", "torchaudio", "torchtext", "torchrec", "image", "_test",
		"torch_scatter", "torch_sparse", "torch_cluster", "torch_spline_conv", "pyg", "onnx", "higher_order"}
}

// judgeClass judges the namespace of a class that native code registers.
func judgeClass(namespace string) what {
	switch namespace {
	case "quantized", "xnnpack", "sparse", "rnn", "mkldnn", "metal", "vulkan", "profiling", "torchtext", "torchaudio":
		return 0
	case "dist_rpc", "dist_c10d":
		return remoteCall
	}
	return customClass
}

// reflection are members through which Python code reaches the interpreter.
func reflection() []string {
	return []string{"__globals__", "__builtins__", "__subclasses__", "__mro__", "__bases__", "__base__", "__code__", "__import__",
		"__getattribute__", "__reduce__", "__reduce_ex__", "__loader__", "__spec__", "f_globals", "gi_frame"}
}

// judgeComment judges a type comment, which torch.jit.annotations evaluated as Python before version 1.13.1.
func judgeComment(text string) what {
	for _, sign := range []string{"__import__", "eval(", "exec(", "system(", "popen(", "subprocess", "open(", "getattr(", "lambda", "__"} {
		if strings.Contains(text, sign) && !strings.Contains(text, "__torch__") {
			return typeComment
		}
	}
	return 0
}
