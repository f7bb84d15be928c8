package template

import "strings"

// Bounds of what constant folding keeps.
const (
	maxAlternatives = 8
	maxString       = 4 << 10 // all alternatives together
	maxItems        = 256
)

// value is what is known about the result of an expression without running it.
type value struct {
	// texts are the strings that it can be; several after several assignments.
	texts []string
	// number is set for a whole number.
	number *int64
	// items are the elements of a list or tuple written out in the template.
	items []value
	// list is true for such a list, also an empty one.
	list bool
	// built is true for text that is put together from pieces which are not all known. A name looked up by such a text
	// cannot be checked.
	built bool
	// count is how many rounds a loop over it makes, when that is known and not given by items; 0 otherwise.
	count int64
	// name is the variable that the value comes from, when it is one that the template engine provides.
	name string
}

// text makes a known string.
func text(s string) value { return value{texts: []string{s}} }

// whole makes a known number.
func whole(n int64) value { return value{number: &n} }

// known reports whether the value is one of a few known strings.
func (v value) known() bool { return len(v.texts) > 0 && !v.built }

// either joins what two branches can give.
func either(a, b value) value {
	out := value{built: a.built || b.built, name: a.name}
	if out.name == "" || !engineName(root(a.name)) && b.name != "" {
		out.name = b.name
	}
	for _, s := range append(append([]string{}, a.texts...), b.texts...) {
		out.add(s)
	}
	if a.list && !b.list {
		out.items, out.list = a.items, true
	} else if b.list && !a.list {
		out.items, out.list = b.items, true
	} else if a.list {
		out.items, out.list = append(append([]value{}, a.items...), b.items...), true
	}
	if a.number != nil && b.number == nil {
		out.number = a.number
	} else {
		out.number = b.number
	}
	return out
}

// add adds an alternative unless it is there; beyond the bounds the value counts as built from unknown pieces.
func (v *value) add(s string) {
	total := len(s)
	for _, have := range v.texts {
		if have == s {
			return
		}
		total += len(have)
	}
	if len(v.texts) >= maxAlternatives || total > maxString {
		v.built = true
		return
	}
	v.texts = append(v.texts, s)
}

// mapped applies a function to every alternative.
func (v value) mapped(f func(string) string) value {
	out := value{built: v.built}
	for _, s := range v.texts {
		out.add(f(s))
	}
	return out
}

// joined puts two texts one after the other. What is not known makes the result built from unknown pieces.
func joined(a, b value) value {
	a, b = a.asText(), b.asText()
	out := value{built: !a.known() || !b.known()}
	for _, x := range a.texts {
		for _, y := range b.texts {
			if len(x)+len(y) > maxString {
				out.built = true
				continue
			}
			out.add(x + y)
		}
	}
	return out
}

// asText is the value as the ~ operator sees it.
func (v value) asText() value {
	if v.number != nil && len(v.texts) == 0 {
		return text(digits(*v.number))
	}
	return v
}

// joinedItems is the value of a list under the join filter.
func (v value) joinedItems(separator value) value {
	if !v.list {
		return v.mapped(func(s string) string { // joining a string puts the separator between its characters
			if !separator.known() {
				return s
			}
			return strings.Join(strings.Split(s, ""), separator.texts[0])
		}).orBuilt()
	}
	if len(v.items) == 0 {
		return text("")
	}
	out := v.items[0].asText()
	for _, item := range v.items[1:] {
		if separator.known() && separator.texts[0] != "" {
			out = joined(out, separator)
		}
		out = joined(out, item)
	}
	return out.orBuilt()
}

// orBuilt marks a text that is not known as built.
func (v value) orBuilt() value {
	v.built = v.built || len(v.texts) == 0
	return v
}

// index is the element of a written-out list or a character of a known string.
func (v value) index(at value) value {
	if at.number == nil {
		return value{}
	}
	n := *at.number
	if v.list {
		if n < 0 {
			n += int64(len(v.items))
		}
		if n >= 0 && n < int64(len(v.items)) {
			return v.items[n]
		}
		return value{}
	}
	if len(v.texts) == 0 {
		return value{}
	}
	return v.mapped(func(s string) string {
		r, i := []rune(s), n
		if i < 0 {
			i += int64(len(r))
		}
		if i < 0 || i >= int64(len(r)) {
			return ""
		}
		return string(r[i])
	})
}

// slice is the part of a known string or list between two bounds; nil means none. Only steps of 1 and -1 are computed.
func (v value) slice(from, to, step *int64) value {
	back := step != nil && *step == -1
	if step != nil && *step != 1 && !back {
		return value{built: len(v.texts) > 0}
	}
	if v.list {
		lo, hi, ok := bounds(int64(len(v.items)), from, to, back)
		if !ok {
			return value{}
		}
		part := append([]value{}, v.items[lo:hi]...)
		if back {
			for i, j := 0, len(part)-1; i < j; i, j = i+1, j-1 {
				part[i], part[j] = part[j], part[i]
			}
		}
		return value{items: part, list: true}
	}
	out := v.mapped(func(s string) string {
		r := []rune(s)
		lo, hi, ok := bounds(int64(len(r)), from, to, back)
		if !ok {
			return ""
		}
		part := string(r[lo:hi])
		if back {
			part = reversed(part)
		}
		return part
	})
	out.built = out.built || v.built
	return out
}

// bounds resolves the bounds of a slice as Python does. Backwards it only knows the whole.
func bounds(n int64, from, to *int64, back bool) (lo, hi int64, ok bool) {
	lo, hi = 0, n
	if back {
		return 0, n, from == nil && to == nil
	}
	fix := func(i int64) int64 {
		if i < 0 {
			i += n
		}
		return min(max(i, 0), n)
	}
	if from != nil {
		lo = fix(*from)
	}
	if to != nil {
		hi = fix(*to)
	}
	return lo, max(lo, hi), true
}

// reversed is s from its end.
func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}
