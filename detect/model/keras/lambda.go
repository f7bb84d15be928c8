package keras

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/marshal"
	"github.com/picketsec/picket/internal/jsonstream"
)

const (
	maxListed = 12 // names in a summary
	maxText   = 80 // bytes of a constant in a summary
)

// lambdaLayer judges a Lambda layer. Its bytecode, wherever in the configuration it stands, is judged where the walk comes to
// it; here are the functions that it names, and bytecode that does not look like any.
func (a *analysis) lambdaLayer(n, config *jsonstream.Node) {
	for _, key := range []string{"function", "output_shape", "mask"} {
		f := config.Get(key)
		if f == nil {
			continue
		}
		items := f
		if f.Kind == jsonstream.ObjectStart {
			items = f.Get("items") // of a tuple of Keras 2; the other objects have rules of their own
		}
		switch {
		case items != nil && items.Kind == jsonstream.ArrayStart:
			if len(items.Children) > 0 && items.Children[0].Kind == jsonstream.String {
				a.code(items.Children[0])
			} else if key == "function" {
				a.unreadable(f, "the function of a Lambda layer is a list without bytecode")
			}
		case f.String() == "":
		case config.Get(key+"_type").String() == "lambda":
			a.code(f)
		default:
			if _, ok := bytecode(f.Text); !ok {
				a.namedFunction(f, config.Get(module(key)).String())
			}
		}
	}
}

// module is the key that says where the function of another key is from.
func module(key string) string {
	if key == "function" {
		return "module"
	}
	return key + "_module"
}

// namedFunction judges the function that a Lambda layer of Keras 2 names.
func (a *analysis) namedFunction(f *jsonstream.Node, module string) {
	for _, m := range []string{module, "builtins"} {
		if m != "" && m != "__main__" && a.gadget(f, m+"."+f.Text) {
			return
		}
	}
	a.refer(f, module, f.Text, true)
}

// function judges a lambda of Keras 3: {"class_name": "__lambda__", "config": {"code": …}}.
func (a *analysis) function(n, config *jsonstream.Node) {
	for _, key := range []string{"code", "value"} {
		code := config.Get(key)
		if code == nil {
			continue
		}
		if code.Kind == jsonstream.ArrayStart && len(code.Children) > 0 {
			code = code.Children[0]
		}
		if code.String() != "" {
			a.code(code)
			return
		}
	}
	a.unreadable(n, "a lambda whose bytecode cannot be decoded")
}

// code judges a text that Keras takes for bytecode. What is plain base64 is judged where the walk comes to it; Keras also takes
// base64 with other characters in it, and the bytes themselves as text.
func (a *analysis) code(n *jsonstream.Node) {
	if _, ok := bytecode(n.Text); ok {
		return
	}
	kept := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '+' || r == '/' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return -1
	}, n.Text)
	raw := make([]byte, 0, len(n.Text))
	for _, r := range n.Text {
		if r < 0x100 {
			raw = append(raw, byte(r))
		}
	}
	if content, ok := bytecode(kept); ok {
		a.lambda(n, content)
	} else if len(raw) > 0 && raw[0]&0x7f == 'c' {
		a.lambda(n, raw)
	} else {
		a.unreadable(n, "bytecode in the configuration cannot be decoded")
	}
}

// unreadable reports bytecode that cannot be decoded.
func (a *analysis) unreadable(n *jsonstream.Node, what string) {
	a.report(ruleLambda(), n, "lambda", a.technique(), "%s", what)
	a.out.Gap(a.base+n.Offset, -1, what)
}

// technique is the name of the weakness by which a Lambda layer runs.
func (a *analysis) technique() string {
	if a.legacy {
		return "Lambda layer in an HDF5 file, which safe mode does not cover (CVE-2025-9905, CVE-2024-3660)"
	}
	return "Lambda layer (CVE-2024-3660)"
}

// bytecode decodes the base64 text of a code object as marshal writes it; false for other text.
func bytecode(text string) ([]byte, bool) {
	const head = 48 // characters that are enough to recognise it
	plain := text
	if strings.ContainsAny(text, "\r\n ") {
		plain = strings.NewReplacer("\n", "", "\r", "", " ", "").Replace(text)
	}
	if len(plain) < head {
		return nil, false
	}
	start, err := base64.StdEncoding.DecodeString(plain[:head])
	if err != nil || start[0]&0x7f != 'c' {
		return nil, false
	}
	for _, at := range [...]int{1, 5, 9} { // counts of arguments and variables, which are small
		if binary.LittleEndian.Uint32(start[at:]) > 1<<16 {
			return nil, false
		}
	}
	content, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		content, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	}
	return content, err == nil
}

// lambda judges bytecode.
func (a *analysis) lambda(n *jsonstream.Node, content []byte) {
	doc, release, err := marshal.Decode(content, a.budget)
	if err != nil {
		a.unreadable(n, "bytecode in the configuration cannot be decoded: "+err.Error())
		return
	}
	defer release()
	var all, bad []string
	for _, code := range doc.Codes() {
		texts := slices.Concat(code.Names, code.Free, code.Cells)
		for _, c := range code.Consts {
			if text := c.Text(); text != "" {
				texts = append(texts, fmt.Sprintf("%q", text[:min(len(text), maxText)]))
			}
		}
		for _, t := range texts {
			if !slices.Contains(all, t) && len(all) < 4*maxListed {
				all = append(all, t)
			}
			if dangerous(strings.Trim(t, `"`)) && !slices.Contains(bad, t) {
				bad = append(bad, t)
			}
		}
	}
	listed := strings.Join(all[:min(len(all), maxListed)], ", ")
	a.out.Trace(fmt.Sprintf("Lambda(<bytecode that names %s>)", picket.Printable(listed, picket.MaxExcerpt)))
	if len(bad) > 0 {
		a.report(ruleExecution(), n, strings.Join(bad[:min(len(bad), maxListed)], ", "), a.technique(), "bytecode that names %s runs when the model is built", listed)
		return
	}
	a.report(ruleLambda(), n, "lambda", a.technique(), "bytecode that names %s runs when the model is built", orNothing(listed))
}

// orNothing is text, or the word for none.
func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// dangerous reports whether a name or text in bytecode is one that computing with tensors never needs.
func dangerous(name string) bool {
	switch name {
	case "os", "posix", "nt", "subprocess", "sys", "socket", "shutil", "pty", "ctypes", "builtins", "importlib", "runpy", "requests", "urllib",
		"ftplib", "smtplib", "telnetlib", "pickle", "marshal", "dill", "cloudpickle", "codeop", "pdb", "threading", "multiprocessing",
		"tempfile", "pathlib", "webbrowser", "asyncio", "base64", "zlib", "atexit", "pip", "antigravity",
		"eval", "exec", "execfile", "compile", "__import__", "open", "getattr", "setattr", "delattr", "globals", "locals", "vars", "breakpoint",
		"system", "popen", "Popen", "check_output", "check_call", "getoutput", "import_module", "urlopen", "urlretrieve", "spawn", "fork", "execv",
		"execve", "execl", "spawnl", "unlink", "rmtree", "write_text", "write_bytes", "read_text", "read_bytes",
		"load_library", "load_op_library", "py_function", "py_func", "numpy_function", "read_file", "write_file", "get_file", "load_model", "loads",
		"environ", "getenv", "putenv":
		return true
	}
	return strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && !inert(name) ||
		strings.HasPrefix(name, "gi_frame") || strings.HasPrefix(name, "f_globals") || strings.HasPrefix(name, "f_builtins") || strings.HasPrefix(name, "f_back")
}

// inert lists double-underscore names that honest code has.
func inert(name string) bool {
	switch name {
	case "__name__", "__doc__", "__init__", "__call__", "__len__", "__getitem__", "__module__", "__qualname__", "__version__", "__annotations__":
		return true
	}
	return false
}
