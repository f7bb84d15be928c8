package python

import (
	"strconv"
	"strings"
)

// maxFolded is how much text is computed for one source file, in bytes.
const maxFolded = 8 << 20

// argument is an argument by its place; the zero value when there is none.
func argument(args []Arg, i int) Value {
	for _, a := range args {
		if a.Keyword != "" {
			continue
		}
		if i == 0 {
			return a.Value
		}
		i--
	}
	return Value{}
}

// result computes what is known of the result of a call.
func (p *parser) result(callee Value, args []Arg) Value {
	out := Value{Taint: callee.Taint}
	for _, name := range callee.Names {
		v, known := p.special(name, args)
		if !known && callee.on != nil {
			v, known = p.method(name, *callee.on, args)
		}
		if !known {
			v = Value{Names: []string{name + "()"}, Taint: origin(name)}
			if len(name) > maxPath {
				v.Names = nil
			}
			if len(args) > 0 && credentials(args[0].Value) {
				v.Taint |= Environment
			}
			if passes(name) {
				v.Taint |= argumentTaints(args)
			}
		}
		out = union(out, v)
	}
	out.Literal = false
	return out
}

// credentials reports whether a text is the path of a file that holds keys or passwords.
func credentials(v Value) bool {
	for _, t := range v.Texts {
		for _, part := range []string{"/.ssh/", "/.aws/", "/etc/passwd", "/etc/shadow", "/.netrc", "/.git-credentials", "/.kube/config", "/.docker/config.json",
			"/.cache/huggingface/token", "/.huggingface/token", "/.config/gcloud", "/proc/self/environ", "/.pypirc", "/.npmrc", "/.bash_history"} {
			if len(t) < maxPath && strings.Contains(t, part) {
				return true
			}
		}
	}
	return false
}

// argumentTaints joins the origins of arguments.
func argumentTaints(args []Arg) (t Taint) {
	for _, a := range args {
		t |= a.Value.Taint | taints(a.Value.Items)
	}
	return t
}

// special computes the functions of the language that lead to objects by their name.
func (p *parser) special(name string, args []Arg) (Value, bool) {
	a, b := argument(args, 0), argument(args, 1)
	switch name {
	case "__import__":
		return modules(a, true), len(a.Texts) > 0
	case "importlib.import_module", "importlib.__import__", "imp.load_module":
		return modules(a, false), len(a.Texts) > 0
	case "pkgutil.resolve_name", "pydoc.locate", "hydra.utils.get_method", "hydra.utils.get_object":
		v := modules(a, false)
		for i, n := range v.Names {
			v.Names[i] = canonical(strings.ReplaceAll(n, ":", "."))
		}
		return v, len(a.Texts) > 0
	case "getattr", "object.__getattribute__", "inspect.getattr_static":
		return attributes(a, b), true
	case "type().__getattribute__", "type.__getattribute__":
		return attributes(a, b), true
	case "operator.attrgetter", "operator.methodcaller", "operator.itemgetter":
		return Value{Names: []string{name + "()"}, Items: []Value{a}, isList: true}, true
	case "operator.attrgetter()", "operator.methodcaller()", "operator.itemgetter()":
		return Value{Names: []string{name + "()"}, Taint: a.Taint}, true
	case "vars":
		return attribute(a, "__dict__"), len(args) > 0
	case "functools.partial", "staticmethod", "classmethod", "property", "functools.wraps", "functools.lru_cache", "functools.cache":
		return Value{Names: a.Names, Texts: a.Texts, Taint: a.Taint}, len(args) > 0
	case "chr":
		if a.isWhole && a.number >= 0 && a.number < 0x110000 {
			return texted(string(rune(a.number)), false), true
		}
		return Value{Taint: a.Taint | Decoded}, true
	case "ord":
		if len(a.Texts) == 1 && a.Texts[0] != "" {
			return whole(int64([]rune(a.Texts[0])[0])), true
		}
		return Value{Taint: a.Taint}, true
	}
	if rest, ok := strings.CutSuffix(name, ".__getattribute__"); ok {
		return attributes(named(rest), a), true
	}
	for _, suffix := range []string{".__dict__.get", ".__dict__.__getitem__", "globals().get", "globals().__getitem__", "locals().get", "modules.get"} {
		if rest, ok := strings.CutSuffix(name, suffix); ok {
			return p.item(named(rest+strings.TrimSuffix(strings.TrimSuffix(suffix, ".get"), ".__getitem__")), a), true
		}
	}
	return p.text(name, args)
}

// modules is what an import by name gives. With top it is the first part of the name.
func modules(name Value, top bool) Value {
	out := Value{Taint: name.Taint}
	for _, t := range name.Texts {
		if top {
			t = root(t)
		}
		out.Names = merged(out.Names, []string{canonical(t)}, maxNames)
	}
	return out
}

// root is the first part of a dotted name.
func root(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}

// attributes looks up a name that is computed. One that is not known is written as "?".
func attributes(on, name Value) Value {
	if len(name.Texts) == 0 {
		v := attribute(on, "?")
		v.Taint |= name.Taint
		return v
	}
	out := attribute(on, name.Texts[0])
	for _, t := range name.Texts[1:] {
		out = union(out, attribute(on, t))
	}
	return out
}

// item is v[key], also for the dictionaries in which Python keeps its names.
func (p *parser) item(v, key Value) Value {
	out := index(v, key)
	for _, n := range v.Names {
		for _, t := range key.Texts {
			switch {
			case n == "globals()" || n == "locals()" || n == "vars()":
				out = union(out, p.lookup(t))
			case n == "sys.modules":
				out = union(out, named(canonical(t)))
			case strings.HasSuffix(n, ".__dict__"):
				out = union(out, attribute(named(strings.TrimSuffix(n, ".__dict__")), t))
			case n == "__builtins__" || n == "builtins":
				out = union(out, named(t))
			default:
				out = union(out, Value{Names: []string{n + "[]"}, Taint: v.Taint})
			}
		}
		if len(key.Texts) == 0 && (n == "globals()" || n == "locals()" || n == "vars()" || n == "sys.modules" || n == "__builtins__" ||
			strings.HasSuffix(n, ".__dict__")) {
			out = union(out, Value{Names: []string{strings.TrimSuffix(n, ".__dict__") + ".?"}})
		}
	}
	return out
}

// origin is where the result of a function comes from.
func origin(name string) Taint {
	switch name {
	case "urllib.request.urlopen", "urllib2.urlopen", "urllib.urlopen", "requests.get", "requests.post", "requests.request", "httpx.get", "httpx.post",
		"httpx.request", "http.client.HTTPSConnection", "http.client.HTTPConnection", "socket.socket", "socket.create_connection", "aiohttp.ClientSession",
		"requests.Session", "urllib3.PoolManager", "httpx.Client":
		return Fetched
	case "os.getenv", "os.environ.get", "os.environ.copy", "os.environ.items":
		return Environment
	case "open", "io.open", "io.FileIO", "codecs.open", "pathlib.Path.read_text", "pathlib.Path().read_text", "pathlib.Path().read_bytes", "os.read":
		return FromFile
	}
	if decodes(name) {
		return Decoded
	}
	return 0
}

// passes reports whether what a function gives is made of what it gets.
func passes(name string) bool {
	switch name {
	case "str", "bytes", "bytearray", "compile", "list", "tuple", "iter", "next", "memoryview", "io.BytesIO", "io.StringIO", "json.loads", "textwrap.dedent",
		"reversed", "map", "filter", "zip", "eval", "types.CodeType", "types.FunctionType", "marshal.loads", "pickle.loads", "ast.parse", "list.join", "str.join":
		return true
	}
	return decodes(name) || strings.HasPrefix(name, Local) || !strings.Contains(name, ".")
}

// method computes methods of known texts and lists.
func (p *parser) method(name string, on Value, args []Arg) (Value, bool) {
	a := argument(args, 0)
	_, method, _ := strings.Cut(name, ".")
	if len(on.Texts) == 0 {
		return Value{Taint: on.Taint | argumentTaints(args)}, true
	}
	s := on.Texts[0]
	switch method {
	case "join":
		return p.joined(s, a), true
	case "decode", "encode":
		if len(a.Texts) > 0 {
			if out, ok := codec(a.Texts[0], s); ok {
				return p.foldedText(out, method == "encode", on.Taint), true
			}
		}
		return Value{Texts: on.Texts, Binary: method == "encode", Taint: on.Taint}, true
	case "lower":
		return p.foldedText(strings.ToLower(s), on.Binary, on.Taint), true
	case "upper":
		return p.foldedText(strings.ToUpper(s), on.Binary, on.Taint), true
	case "strip", "lstrip", "rstrip":
		return p.foldedText(strings.TrimSpace(s), on.Binary, on.Taint), true
	case "replace":
		b := argument(args, 1)
		if len(a.Texts) > 0 && len(b.Texts) > 0 && len(s)*(len(b.Texts[0])+1) <= maxLiteral {
			return p.foldedText(strings.ReplaceAll(s, a.Texts[0], b.Texts[0]), on.Binary, on.Taint), true
		}
	case "format":
		return p.filled(Value{Texts: []string{strings.ReplaceAll(s, "{}", "%s")}}, Value{Items: positional(args), isList: true}), true
	case "__add__":
		return plus(on, a), true
	case "__getitem__":
		return index(on, a), true
	}
	return Value{Taint: on.Taint | argumentTaints(args)}, true
}

// positional lists the values of arguments without a keyword.
func positional(args []Arg) (list []Value) {
	for _, a := range args {
		if a.Keyword == "" {
			list = append(list, a.Value)
		}
	}
	return list
}

// joined computes separator.join(list).
func (p *parser) joined(separator string, list Value) Value {
	if len(list.Texts) > 0 {
		return p.foldedText(strings.Join(strings.Split(list.Texts[0], ""), separator), list.Binary, list.Taint)
	}
	if !list.isList || p.folded > maxFolded {
		return Value{Taint: list.Taint}
	}
	var b strings.Builder
	for i, item := range list.Items {
		if len(item.Texts) == 0 || b.Len() > maxLiteral {
			return Value{Taint: list.Taint | taints(list.Items)}
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(item.Texts[0])
	}
	return p.foldedText(b.String(), false, list.Taint|taints(list.Items))
}

// filled computes the % operator on known text, as far as the arguments are known.
func (p *parser) filled(pattern, args Value) Value {
	list := []Value{args}
	if args.isList {
		list = args.Items
	}
	out := Value{Taint: pattern.Taint | args.Taint | taints(list)}
	if len(pattern.Texts) == 0 {
		return out
	}
	var b strings.Builder
	rest, next := pattern.Texts[0], 0
	for {
		i := strings.IndexByte(rest, '%')
		if i < 0 || i+1 >= len(rest) {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		if rest[i+1] == '%' {
			b.WriteByte('%')
		} else {
			s, ok := "", false
			if next < len(list) {
				s, ok = written(list[next], rest[i+1])
			}
			if next++; !ok {
				return out
			}
			b.WriteString(s)
		}
		rest = rest[i+2:]
	}
	return p.foldedText(b.String(), pattern.Binary, out.Taint)
}

// written is a value as a conversion of the % operator writes it.
func written(v Value, conversion byte) (string, bool) {
	switch {
	case conversion == 'c' && v.isWhole && v.number >= 0 && v.number < 0x110000:
		return string(rune(v.number)), true
	case (conversion == 'd' || conversion == 's') && v.isWhole:
		return strconv.FormatInt(v.number, 10), true
	case conversion == 's' && len(v.Texts) > 0:
		return v.Texts[0], true
	}
	return "", false
}
