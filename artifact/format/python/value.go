package python

import (
	"slices"
	"strings"
)

// Taint says where a value that is not known comes from.
type Taint byte

// The origins of values.
const (
	// Decoded is what a decoder, a decompressor or a cipher gives, or text put together from numbers.
	Decoded Taint = 1 << iota
	// Fetched comes from the network.
	Fetched
	// Environment comes from the environment of the process or from secrets on its disk.
	Environment
	// FromFile was read from a file.
	FromFile
)

// Bounds of what is known about one value.
const (
	maxNames  = 4       // names that a value may have
	maxTexts  = 4       // texts that a value may have
	maxItems  = 1 << 12 // items of a list or tuple that is written out
	maxJoined = 256     // items of one that is joined of two
	maxKept   = 1 << 17 // items of all lists of one file
	maxPath   = 256     // bytes of a dotted name
)

// Value is what is known about an expression without running it. The zero value is one of which nothing is known.
type Value struct {
	// Names are the dotted names of the objects that it can be, through imports and aliases: "os.system". A call appends "()":
	// "requests.get().text". A definition of the same file begins with Local; a relative import with a dot.
	Names []string
	// Texts are the strings, or the bytes as characters of one byte each, that it can be.
	Texts []string
	// Binary is true for bytes.
	Binary bool
	// Items are the elements of a list, tuple or set that is written out, and the values of such a dictionary.
	Items []Value
	// Taint says where it comes from.
	Taint Taint
	// Literal is true for a value that is written in the source as it is, with nothing computed.
	Literal bool

	number  int64
	isWhole bool // number is known
	isList  bool
	keys    []string // of a dictionary, for each item
	on      *Value   // the object that a method was looked up on, when the object is known
}

// Local begins the name of what the file itself defines: "local:Model.load".
const Local = "local:"

// named makes a value with a name.
func named(name string) Value { return Value{Names: []string{name}} }

// texted makes a value with a text.
func texted(text string, binary bool) Value { return Value{Texts: []string{text}, Binary: binary} }

// whole makes a number.
func whole(n int64) Value { return Value{number: n, isWhole: true} }

// union is a value that is one of two.
func union(a, b Value) Value {
	out := a
	out.Names = merged(a.Names, b.Names, maxNames)
	out.Texts = merged(a.Texts, b.Texts, maxTexts)
	out.Taint |= b.Taint
	out.Literal = a.Literal && b.Literal
	out.Binary = a.Binary || b.Binary
	if !a.isWhole {
		out.number, out.isWhole = b.number, b.isWhole
	}
	if !a.isList {
		out.Items, out.isList, out.keys = b.Items, b.isList, b.keys
	}
	if a.on == nil {
		out.on = b.on
	}
	return out
}

// merged joins two lists without repetition, up to a number.
func merged(a, b []string, most int) []string {
	if len(b) == 0 {
		return a
	}
	out := slices.Clone(a)
	for _, s := range b {
		if len(out) < most && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// attribute looks up a name on a value.
func attribute(v Value, name string) Value {
	out := Value{Taint: v.Taint}
	for _, n := range v.Names {
		if len(n)+len(name) < maxPath {
			out.Names = append(out.Names, canonical(n+"."+name))
			out.Taint |= secret(out.Names[len(out.Names)-1])
		}
	}
	if len(v.Texts) > 0 || v.isList || v.isWhole {
		receiver := v
		out.on = &receiver
		kind := "str."
		if v.isList {
			kind = "list."
		}
		out.Names = append(out.Names, kind+name)
	} else if len(v.Names) == 0 {
		out.Names = []string{"?." + name}
	}
	return out
}

// secret is the origin of the objects that hold the environment.
func secret(name string) Taint {
	if name == "os.environ" || name == "os.environb" {
		return Environment
	}
	return 0
}

// canonical gives an object its usual name: there are several ways to reach the builtins and the dictionary of a module.
func canonical(name string) string {
	for _, prefix := range []string{"builtins.", "__builtins__.", "__builtin__."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" && rest != "__dict__" {
			name = rest
			break
		}
	}
	name = strings.TrimSuffix(name, ".__call__")
	for _, alias := range [][2]string{{"posix.", "os."}, {"nt.", "os."}, {"_io.", "io."}, {"_socket.", "socket."}, {"_pickle.", "pickle."}, {"cPickle.", "pickle."},
		{"_operator.", "operator."}, {"importlib._bootstrap._gcd_import", "importlib.import_module"}, {"sys.modules.", ""}} {
		if rest, ok := strings.CutPrefix(name, alias[0]); ok && name != "sys.modules.get" {
			return alias[1] + rest
		}
	}
	return name
}

// plus is a + b.
func plus(a, b Value) Value {
	switch {
	case len(a.Texts) > 0 && len(b.Texts) > 0:
		out := Value{Binary: a.Binary, Taint: a.Taint | b.Taint}
		for _, x := range a.Texts {
			for _, y := range b.Texts {
				if len(x)+len(y) <= maxLiteral && len(out.Texts) < maxTexts {
					out.Texts = append(out.Texts, x+y)
				}
			}
		}
		return out
	case a.isWhole && b.isWhole:
		return whole(a.number + b.number)
	case a.isList && b.isList && len(a.Items)+len(b.Items) <= maxJoined:
		return Value{Items: append(slices.Clone(a.Items), b.Items...), isList: true, Taint: a.Taint | b.Taint}
	}
	return Value{Taint: a.Taint | b.Taint}
}

// times is a * n.
func times(a, n Value) Value {
	if a.isWhole && !n.isWhole {
		a, n = n, a
	}
	if a.isWhole && n.isWhole && a.number < 1<<31 && n.number < 1<<31 && a.number > -1<<31 && n.number > -1<<31 {
		return whole(a.number * n.number)
	}
	if len(a.Texts) == 1 && n.isWhole && n.number >= 0 && n.number < 1<<10 && len(a.Texts[0]) < 1<<10 {
		return texted(strings.Repeat(a.Texts[0], int(n.number)), a.Binary)
	}
	return Value{Taint: a.Taint | n.Taint}
}

// arithmetic computes the operators with which people hide numbers.
func arithmetic(op string, a, b Value) Value {
	if !a.isWhole || !b.isWhole {
		return Value{Taint: a.Taint | b.Taint}
	}
	switch op {
	case "-":
		return whole(a.number - b.number)
	case "^":
		return whole(a.number ^ b.number)
	case "|":
		return whole(a.number | b.number)
	case "&":
		return whole(a.number & b.number)
	case "//":
		if b.number > 0 && a.number >= 0 {
			return whole(a.number / b.number)
		}
	}
	return Value{}
}

// index is v[key].
func index(v, key Value) Value {
	switch {
	case v.isList && key.isWhole && v.keys == nil:
		if n := key.number; n >= 0 && n < int64(len(v.Items)) {
			return v.Items[n]
		} else if n < 0 && -n <= int64(len(v.Items)) {
			return v.Items[int64(len(v.Items))+n]
		}
	case v.isList && v.keys != nil && len(key.Texts) > 0:
		for i, k := range v.keys {
			if k == key.Texts[0] && i < len(v.Items) {
				return v.Items[i]
			}
		}
	case len(v.Texts) > 0 && key.isWhole:
		s := v.Texts[0]
		n := key.number
		if n < 0 {
			n += int64(len(s))
		}
		if n >= 0 && n < int64(len(s)) {
			if v.Binary {
				return whole(int64(s[n]))
			}
			return texted(s[n:n+1], false)
		}
	}
	if v.isList {
		out := Value{Taint: v.Taint}
		for _, item := range v.Items[:min(len(v.Items), 64)] { // any of them
			out = union(out, item)
		}
		return out
	}
	return Value{Taint: v.Taint}
}

// slice is v[from:to:step] for a known text or list; bounds that are not given are nil.
func slice(v Value, from, to, step *Value) Value {
	known := func(b *Value) bool { return b == nil || b.isWhole }
	if !known(from) || !known(to) || !known(step) || len(v.Texts) == 0 {
		return Value{Taint: v.Taint, Items: v.Items, isList: v.isList}
	}
	runes := []rune(v.Texts[0])
	by := int64(1)
	if step != nil {
		by = step.number
	}
	if by == 0 || len(runes) > maxLiteral {
		return Value{Taint: v.Taint}
	}
	n := int64(len(runes))
	bound := func(b *Value, otherwise int64) int64 {
		if b == nil {
			return otherwise
		}
		i := b.number
		if i < 0 {
			i += n
		}
		if by < 0 {
			return max(-1, min(i, n-1))
		}
		return max(0, min(i, n))
	}
	var out []rune
	if by > 0 {
		for i, end := bound(from, 0), bound(to, n); i < end && i >= 0; i += by {
			out = append(out, runes[i])
		}
	} else {
		for i, end := bound(from, n-1), bound(to, -1); i > end && i >= 0; i += by {
			out = append(out, runes[i])
		}
	}
	return Value{Texts: []string{string(out)}, Binary: v.Binary, Taint: v.Taint}
}
