package pickle

import (
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
)

// maxDepth bounds how far values are followed.
const maxDepth = 16

// resolve follows attribute look-ups and imports by name to the qualified name of what a value is: getattr(os, "system"),
// import_module("os"), attrgetter("system")(os), resolve_name("os:system"), partial(os.system). It returns "" when it cannot
// tell. Indirect is true when the value is not simply an import.
func (j *judge) resolve(m *pickle.Machine, v pickle.Value, depth int) (path string, indirect bool) {
	if n := j.global(m, v); n != nil {
		return n.full, false
	}
	callee, args, ok := m.Call(v)
	if !ok || depth > maxDepth || m.Kind(v) != pickle.Instance {
		return "", true
	}
	list, _ := m.Elements(args)
	list = append([]pickle.Value(nil), list...)
	by, _ := j.resolve(m, callee, depth+1)
	switch by = modern(by); {
	case len(list) == 0:
	case by == "builtins.getattr" && len(list) > 1:
		if of, _ := j.resolve(m, list[0], depth+1); of != "" {
			return attribute(m, of, list[1]), true
		}
	case by == "builtins.__import__" || by == "importlib.import_module" || strings.HasSuffix(by, "subimport"),
		by == "importlib.__import__", strings.HasSuffix(by, "._import_module"):
		text, _ := m.Text(list[0])
		return text, true
	case by == "pkgutil.resolve_name" || by == "pydoc.locate" || by == "pydoc.resolve":
		text, _ := m.Text(list[0])
		return strings.ReplaceAll(text, ":", "."), true
	case strings.HasSuffix(by, "._load_type") || strings.HasSuffix(by, "._builtin_type"):
		text, _ := m.Text(list[0])
		if _, ok := j.det.rules["builtins."+text]; ok {
			return "builtins." + text, true
		}
		return "types." + text, true
	case by == "functools.partial" || by == "_functools.partial":
		path, _ := j.resolve(m, list[0], depth+1)
		return path, true
	default:
		return j.applied(m, callee, list[0], depth), true
	}
	return "", true
}

// applied resolves attrgetter("a")(x) and methodcaller("a")(x) to x.a.
func (j *judge) applied(m *pickle.Machine, callee, target pickle.Value, depth int) string {
	maker, args, ok := m.Call(callee)
	if !ok {
		return ""
	}
	by, _ := j.resolve(m, maker, depth+1)
	switch strings.TrimPrefix(by, "_") {
	case "operator.attrgetter", "operator.methodcaller":
		list, _ := m.Elements(args)
		if len(list) == 0 {
			return ""
		}
		name := list[0]
		if of, _ := j.resolve(m, target, depth+1); of != "" {
			return attribute(m, of, name)
		}
	}
	return ""
}

// attribute is the path of an attribute whose name is a value.
func attribute(m *pickle.Machine, of string, name pickle.Value) string {
	text, ok := m.Text(name)
	if !ok || text == "" {
		return ""
	}
	return of + "." + text
}
