package pickle

import "strconv"

// writer writes values as Python, within bounds.
type writer struct {
	m     *Machine
	buf   []byte
	left  int // bytes
	nodes int // values
}

const (
	maxNodes = 512 // values that one text shows at most
	maxNest  = 6   // levels of nesting that one text shows at most
)

func (w *writer) text(s string) {
	w.buf = append(w.buf, s...)
	w.left -= len(s)
}

// value writes one value and what is in it.
func (w *writer) value(v Value, depth int) {
	w.nodes--
	if w.left <= 0 || w.nodes < 0 || depth > maxNest {
		w.text("…")
		return
	}
	switch k := v.kind(); k {
	case None, Set:
		if k == None {
			w.text("None")
			return
		}
		w.items("{", "}", v, depth)
	case Bool:
		w.text([]string{"False", "True"}[v.index()&1])
	case Int:
		w.number(v)
	case Float:
		w.text("float(…)")
	case String:
		if s, ok := w.m.Text(v); ok {
			w.text(strconv.Quote(s))
			return
		}
		w.text("str(…)")
	case Bytes, ByteArray, Unknown, Buffer:
		w.text(k.String() + "(…)")
	case List:
		w.items("[", "]", v, depth)
	case Tuple:
		w.items("(", ")", v, depth)
	case Dict:
		w.items("{", "}", v, depth)
	case FrozenSet:
		w.items("frozenset({", "})", v, depth)
	default:
		w.made(v, depth)
	}
}

// number writes an integer.
func (w *writer) number(v Value) {
	if n, ok := w.m.Int(v); ok {
		w.text(strconv.FormatInt(n, 10))
		return
	}
	w.text("int(…)")
}

// made writes what an import, a call or a loader made.
func (w *writer) made(v Value, depth int) {
	switch v.kind() {
	case Global:
		module, name, ok := w.m.Global(v)
		if !ok {
			w.text("<import>(…)")
			return
		}
		w.text(module + "." + name)
	case Extension:
		w.text("extension(")
		w.number(v)
		w.text(")")
	case Persistent:
		w.text("persistent_load(")
		_, id, ok := w.m.Call(v)
		if !ok {
			id = unknown
		}
		w.value(id, depth+1)
		w.text(")")
	case Instance:
		callee, args, ok := w.m.Call(v)
		if !ok {
			w.text("instance(…)")
			return
		}
		w.value(callee, depth+1)
		if args.kind() != Tuple {
			w.text("(*…)")
			return
		}
		w.items("(", ")", args, depth)
	}
}

// items writes the elements of a container.
func (w *writer) items(left, right string, v Value, depth int) {
	w.text(left)
	items, ok := w.m.objects.elements(v)
	dict := v.kind() == Dict
	if v == emptyTuple {
		ok = true
	}
	for i, item := range items {
		switch {
		case i == 0:
		case dict && i%2 == 1:
			w.text(": ")
		default:
			w.text(", ")
		}
		if w.left <= 0 || w.nodes < 0 {
			w.text("…")
			break
		}
		w.value(item, depth+1)
	}
	if !ok {
		w.text("…")
	}
	w.text(right)
}
