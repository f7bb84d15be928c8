package template

import (
	"strings"
)

// maxName bounds the dotted path that is remembered of a value.
const maxName = 256

// postfix reads an attribute, a subscript or a call.
func (p *parser) postfix(v value) (value, error) {
	open := p.next()
	switch open.text {
	case ".":
		t := p.next()
		if t.kind == tokenNumber {
			return value{}, nil
		}
		if t.kind != tokenName {
			return value{}, errSyntax
		}
		return p.attribute(v, t), nil
	case "[":
		return p.subscript(v, open.offset)
	}
	args, named, err := p.arguments()
	if err != nil {
		return value{}, err
	}
	return p.call(v, args, named, open.offset), nil
}

// attribute looks up a name on a value.
func (p *parser) attribute(v value, t token) value {
	p.lookup(v, text(t.text), t.offset, false)
	if v.name != "" {
		if known, ok := p.vars[v.name+"."+t.text]; ok {
			return known
		}
	}
	prefix := v.name
	if len(prefix) > maxName {
		prefix = root(prefix) + ".…"
	}
	out := value{name: prefix + "." + t.text[:min(len(t.text), maxName)]}
	if len(v.texts) > 0 || v.list || v.built { // a method of a string or list: its receiver matters when it is called
		out.texts, out.items, out.list, out.built = v.texts, v.items, v.list, v.built
	}
	return out
}

// subscript reads v[…], an index or a slice.
func (p *parser) subscript(v value, at int) (value, error) {
	var parts [3]*int64
	var index value
	n, sliced := 0, false
	for !p.take("]") {
		switch {
		case p.take(":"):
			sliced = true
			if n++; n > 2 {
				return value{}, errSyntax
			}
		case p.take(","):
		default:
			part, err := p.expression()
			if err != nil {
				return value{}, err
			}
			parts[n], index = part.number, part
		}
		if p.at >= len(p.tokens) {
			return value{}, errSyntax
		}
	}
	if sliced {
		return v.slice(parts[0], parts[1], parts[2]), nil
	}
	if index.number == nil {
		p.lookup(v, index, at, true)
		return value{}, nil
	}
	return v.index(index), nil
}

// arguments reads the arguments of a call up to its closing bracket.
func (p *parser) arguments() (args []value, named []string, err error) {
	for !p.take(")") {
		p.take("*", "**")
		if t := p.peek(); t.kind == tokenName && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "=" {
			p.at += 2
			named = append(named, t.text)
			p.constant(text(t.text), t.offset)
		}
		v, err := p.expression()
		if err != nil {
			return nil, nil, err
		}
		if len(args) < maxItems {
			args = append(args, v)
		}
		if !p.is(")") {
			if err := p.need(","); err != nil {
				return nil, nil, err
			}
		}
	}
	return args, named, nil
}

// call computes the calls whose result can be known.
func (p *parser) call(f value, args []value, named []string, at int) value {
	p.called(f, args, at)
	receiver, method := f, f.name
	if i := strings.LastIndexByte(f.name, '.'); i >= 0 {
		method = f.name[i+1:]
	}
	receiver.name = ""
	if f.name == "range" {
		return value{count: rounds(args)}
	}
	if f.name == "dict" {
		out := value{list: true}
		for _, name := range named {
			out.items = append(out.items, text(name))
		}
		return out
	}
	if macro, ok := p.macros[f.name]; ok {
		return macro
	}
	if strings.Contains(f.name, ".") && (len(f.texts) > 0 || f.built) {
		if method == "join" && len(args) == 1 {
			return p.fold(args[0].joinedItems(receiver), at)
		}
		return p.fold(p.apply(method, receiver, args, at), at)
	}
	return value{}
}

// filter reads the name and arguments of a filter.
func (p *parser) filter(v value) (value, error) {
	t := p.next()
	if t.kind != tokenName {
		return value{}, errSyntax
	}
	name := t.text
	for p.is(".") {
		p.next()
		name = p.next().text
	}
	var args []value
	if p.take("(") {
		var err error
		if args, _, err = p.arguments(); err != nil {
			return value{}, err
		}
	}
	if name == "attr" && len(args) == 1 {
		p.lookup(v, args[0], t.offset, true)
		p.attrFilter(args[0], t.offset)
		return value{name: "attr"}, nil
	}
	return p.fold(p.apply(name, v, args, t.offset), t.offset), nil
}

// fold hands a computed text to the checks.
func (p *parser) fold(v value, at int) value {
	p.constant(v, at)
	return v
}

// test reads what follows "is".
func (p *parser) test() (value, error) {
	p.take("not")
	t := p.next()
	if t.kind != tokenName {
		return value{}, errSyntax
	}
	switch {
	case p.take("("):
		_, _, err := p.arguments()
		return value{}, err
	case p.peek().kind == tokenString, p.peek().kind == tokenNumber,
		p.peek().kind == tokenName && !p.is("and", "or", "else", "if", "not", "in", "is"):
		_, err := p.primary()
		return value{}, err
	}
	return value{}, nil
}

// apply computes a filter or method on known text.
func (p *parser) apply(name string, v value, args []value, at int) value {
	arg := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	switch name {
	case "join":
		separator := text("")
		if len(args) > 0 {
			separator = args[0]
		}
		return v.joinedItems(separator)
	case "lower":
		return v.mapped(strings.ToLower)
	case "upper":
		return v.mapped(strings.ToUpper)
	case "trim", "strip", "lstrip", "rstrip":
		return trimmed(name, v, args)
	case "reverse":
		if v.list {
			return v.slice(nil, nil, step(-1))
		}
		return v.mapped(reversed)
	case "list", "string", "safe", "escape", "e", "forceescape", "format_map", "default", "d":
		if name == "default" || name == "d" {
			return either(v, arg(0))
		}
		return v
	case "first":
		return v.index(whole(0))
	case "last":
		return v.index(whole(-1))
	case "replace":
		return replaced(v, arg(0), arg(1))
	case "format":
		return filled(v, args)
	case "center", "ljust", "rjust", "zfill", "indent":
		p.sized(arg(0), at)
		return v
	case "title", "capitalize", "removeprefix", "removesuffix", "split", "tojson", "swapcase", "translate", "encode", "decode", "expandtabs":
		return value{built: len(v.texts) > 0 && (name == "swapcase" || name == "translate" || name == "decode")}
	}
	return value{}
}

// step is a pointer to a number.
func step(n int64) *int64 { return &n }

// trimmed computes the strip family.
func trimmed(name string, v value, args []value) value {
	cutset := " \t\r\n"
	if len(args) > 0 {
		if !args[0].known() {
			return v
		}
		cutset = args[0].texts[0]
	}
	switch name {
	case "lstrip":
		return v.mapped(func(s string) string { return strings.TrimLeft(s, cutset) })
	case "rstrip":
		return v.mapped(func(s string) string { return strings.TrimRight(s, cutset) })
	}
	return v.mapped(func(s string) string { return strings.Trim(s, cutset) })
}

// replaced computes replace with known texts.
func replaced(v, from, to value) value {
	if !from.known() || !to.known() {
		v.built = v.built || len(v.texts) > 0
		return v
	}
	return v.mapped(func(s string) string {
		if len(s)*max(1, len(to.texts[0])) > maxString*16 {
			return s
		}
		return strings.ReplaceAll(s, from.texts[0], to.texts[0])
	})
}

// filled computes %-formatting and str.format, as far as the arguments are known.
func filled(v value, args []value) value {
	if len(v.texts) == 0 {
		return value{built: v.built}
	}
	out := value{built: v.built}
	for _, pattern := range v.texts {
		s, known := formatted(pattern, args)
		out.built = out.built || !known
		out.add(s)
	}
	return out
}

// formatted fills one pattern. It knows %s %d %c %r and {} {0}; what it does not know is left out.
func formatted(pattern string, args []value) (s string, known bool) {
	var b strings.Builder
	next := 0
	known = true
	put := func(i int, char bool) {
		switch {
		case i >= len(args):
			known = false
		case char && args[i].number != nil:
			b.WriteRune(rune(*args[i].number))
		case args[i].asText().known():
			b.WriteString(args[i].asText().texts[0])
		default:
			known = false
		}
	}
	for i := 0; i < len(pattern) && b.Len() < maxString; i++ {
		switch {
		case pattern[i] == '%' && i+1 < len(pattern) && strings.IndexByte("sdcrax", pattern[i+1]) >= 0:
			put(next, pattern[i+1] == 'c')
			next++
			i++
		case pattern[i] == '{':
			end := strings.IndexByte(pattern[i:], '}')
			if end < 0 {
				b.WriteByte(pattern[i])
				continue
			}
			field, char := strings.CutSuffix(pattern[i+1:i+end], ":c")
			if n, err := parseIndex(field); err == nil {
				put(n, char)
			} else {
				put(next, char)
				next++
			}
			i += end
		default:
			b.WriteByte(pattern[i])
		}
	}
	return b.String(), known
}
