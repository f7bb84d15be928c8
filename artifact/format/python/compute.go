package python

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io"
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

// decodes reports whether a function turns what nobody can read into something else.
func decodes(name string) bool {
	switch name {
	case "base64.b64decode", "base64.decodebytes", "base64.decodestring", "base64.standard_b64decode", "base64.urlsafe_b64decode", "base64.b32decode",
		"base64.b16decode", "base64.b85decode", "base64.a85decode", "binascii.unhexlify", "binascii.a2b_base64", "binascii.a2b_hex", "codecs.decode",
		"codecs.getdecoder()", "zlib.decompress", "gzip.decompress", "bz2.decompress", "lzma.decompress", "bytes.fromhex", "bytearray.fromhex", "marshal.loads",
		"cryptography.fernet.Fernet().decrypt", "zlib.decompressobj().decompress", "rot13.rot13":
		return true
	}
	return strings.HasSuffix(name, ").decrypt") || strings.HasSuffix(name, "_decode") && strings.HasPrefix(name, "codecs.")
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

// foldedText makes a computed text unless there were too many.
func (p *parser) foldedText(text string, binary bool, t Taint) Value {
	if p.folded += len(text); p.folded > maxFolded {
		return Value{Taint: t}
	}
	return Value{Texts: []string{text}, Binary: binary, Taint: t}
}

// text computes decoders of known text.
func (p *parser) text(name string, args []Arg) (Value, bool) {
	a := argument(args, 0)
	switch name {
	case "str", "bytes", "bytearray", "memoryview":
		if len(a.Texts) > 0 {
			return Value{Texts: a.Texts, Binary: name != "str", Taint: a.Taint}, true
		}
		if s, ok := numbers(a); ok && name != "str" {
			return p.foldedText(s, true, Decoded), true
		}
		return Value{}, false
	case "reversed":
		return slice(a, nil, nil, &Value{number: -1, isWhole: true}), len(a.Texts) > 0
	case "map":
		if b := argument(args, 1); len(a.Names) > 0 && a.Names[0] == "chr" {
			if s, ok := numbers(b); ok {
				return p.foldedText(latin(s), false, Decoded), true
			}
			return Value{Taint: Decoded}, true
		}
		return Value{}, false
	}
	if len(a.Texts) == 0 || p.folded > maxFolded {
		return Value{}, false
	}
	kind := ""
	if name == "codecs.decode" || name == "codecs.encode" {
		if b := argument(args, 1); len(b.Texts) > 0 {
			kind = b.Texts[0]
		}
	}
	out, ok := decode(name, kind, a.Texts[0])
	if !ok {
		return Value{}, false
	}
	return p.foldedText(out, true, a.Taint|Decoded), true
}

// numbers is the text whose characters are the numbers of a list.
func numbers(v Value) (string, bool) {
	if !v.isList || len(v.Items) == 0 {
		return "", false
	}
	b := make([]byte, 0, len(v.Items))
	for _, item := range v.Items {
		if !item.isWhole || item.number < 0 || item.number > 255 {
			return "", false
		}
		b = append(b, byte(item.number))
	}
	return string(b), true
}

// latin makes characters of bytes.
func latin(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// decode computes one decoder.
func decode(name, kind, s string) (string, bool) {
	var out []byte
	var err error
	switch name {
	case "base64.b64decode", "base64.decodebytes", "base64.decodestring", "base64.standard_b64decode", "binascii.a2b_base64":
		out, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.urlsafe_b64decode":
		out, err = base64.URLEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.b32decode":
		out, err = base32.StdEncoding.DecodeString(s)
	case "base64.b16decode", "binascii.unhexlify", "binascii.a2b_hex", "bytes.fromhex", "bytearray.fromhex":
		out, err = hex.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.a85decode":
		out = make([]byte, 4*len(s)+4)
		var n int
		n, _, err = ascii85.Decode(out, []byte(s), true)
		out = out[:n]
	case "zlib.decompress":
		out, err = inflated(zlib.NewReader(strings.NewReader(s)))
	case "gzip.decompress":
		out, err = inflated(gzip.NewReader(strings.NewReader(s)))
	case "bz2.decompress":
		out, err = inflated(bzip2.NewReader(strings.NewReader(s)), nil)
	case "codecs.decode", "codecs.encode":
		return codec(kind, s)
	default:
		return "", false
	}
	return string(out), err == nil
}

// inflated reads what a decompressor gives, up to a bound.
func inflated[R io.Reader](r R, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = io.Copy(&b, io.LimitReader(r, maxLiteral))
	return b.Bytes(), err
}

// codec decodes text by the name of an encoding.
func codec(kind, s string) (string, bool) {
	switch strings.ReplaceAll(strings.ToLower(kind), "-", "_") {
	case "rot13", "rot_13":
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z':
				return 'a' + (r-'a'+13)%26
			case r >= 'A' && r <= 'Z':
				return 'A' + (r-'A'+13)%26
			}
			return r
		}, s), true
	case "hex", "hex_codec":
		return decode("bytes.fromhex", "", s)
	case "base64", "base64_codec":
		return decode("base64.b64decode", "", s)
	case "zlib", "zip", "zlib_codec":
		return decode("zlib.decompress", "", s)
	case "utf_8", "utf8", "ascii", "latin_1", "latin1", "":
		return s, true
	}
	return "", false
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
	if !list.isList {
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
