package python

import "strings"

// strings reads adjacent string literals.
func (p *parser) strings() Value {
	out := Value{Literal: true}
	text, known := p.oneString(&out)
	p.next()
	if p.tok.Kind != String {
		if known {
			out.Texts = []string{text}
		}
		return out
	}
	var b strings.Builder
	b.WriteString(text)
	for p.tok.Kind == String && p.err == nil {
		s, ok := p.oneString(&out)
		if known = known && ok && b.Len()+len(s) <= maxLiteral; known {
			b.WriteString(s)
		}
		p.next()
	}
	if known {
		out.Texts = []string{b.String()}
	}
	return out
}

// oneString decodes one literal; the expressions of an f-string are read where they stand.
func (p *parser) oneString(out *Value) (text string, known bool) {
	tok := p.tok
	quote := strings.IndexAny(tok.Text, `"'`)
	if !strings.ContainsAny(tok.Text[:quote], "fFtT") {
		text, binary := unquote(tok.Text)
		out.Binary = out.Binary || binary
		return text, true
	}
	_, fields, _ := scanString(p.t.src, tok.Offset, tok.Offset+quote, 0)
	out.Literal = false
	var b strings.Builder
	known = true
	at := tok.Offset + quote + 1
	for _, f := range fields {
		v := p.inside(f.start, f.end)
		out.Taint |= v.Taint
		if f.start < at || f.end > tok.End || len(v.Texts) == 0 {
			known = false
			continue
		}
		b.WriteString(strings.ReplaceAll(p.t.src[at:f.start-1], "{{", "{"))
		b.WriteString(v.Texts[0])
		at = f.end + 1
	}
	if !known || at > tok.End || b.Len() > maxLiteral {
		return "", false
	}
	b.WriteString(strings.TrimRight(strings.ReplaceAll(p.t.src[at:tok.End], "}}", "}"), `"'`))
	return strings.TrimLeft(b.String(), `"'`), true
}

// inside reads an expression that stands in an f-string.
func (p *parser) inside(start, end int) Value {
	outer, tok := p.t, p.tok
	p.t = &Tokens{src: outer.src[:end], at: start, line: tok.Line, indents: []int{0}, brackets: []byte{'('}}
	p.next()
	var v Value
	for i := 0; p.tok.Kind != End && p.tok.Kind != Newline && p.err == nil; i++ {
		before := p.tok.Offset
		if v = p.element(); p.tok.Offset == before || p.ends() {
			p.next()
		}
	}
	p.t, p.tok = outer, tok
	return v
}

// lambda reads a function without a name. Its body counts as the code around it: who writes one where it is not kept calls it.
func (p *parser) lambda() Value {
	p.next()
	outer := p.scope
	p.scope = &Scope{Name: outer.Name, Kind: LambdaScope, Parent: outer, vars: map[string]Value{}}
	if p.naming != "" {
		p.scope.Kind = FunctionScope
		p.scope.Name = strings.TrimPrefix(outer.Name+"."+p.naming, ".")
	}
	p.naming = ""
	p.parameters(":")
	v := p.element()
	p.use(v, "")
	inner := p.scope
	p.scope = outer
	if inner.Kind == FunctionScope {
		p.defined(inner)
		return Value{Names: []string{Local + inner.Name}, Taint: v.Taint}
	}
	return Value{Taint: v.Taint}
}

// postfix reads attributes, calls and subscripts.
func (p *parser) postfix(v Value) Value {
	for p.err == nil && p.tok.Kind == Operator {
		switch p.tok.Text {
		case ".":
			p.next()
			if p.tok.Kind != Name {
				return Value{}
			}
			v = attribute(v, p.tok.Text)
			p.next()
		case "(":
			tok := p.tok
			p.next()
			args := p.arguments(v)
			p.call(v, args, tok)
			if got, calls, ok := looksUp(v, args); ok {
				if v = got; calls {
					p.call(v, nil, tok)
					v = p.result(v, nil)
				}
				continue
			}
			v = p.result(v, args)
		case "[":
			p.next()
			v = p.subscript(v)
		default:
			return v
		}
	}
	return v
}

// looksUp computes what a function of operator.attrgetter or operator.methodcaller finds on its argument. With calls it is called.
func looksUp(callee Value, args []Arg) (v Value, calls, ok bool) {
	for _, name := range callee.Names {
		if name == "operator.attrgetter()" || name == "operator.methodcaller()" {
			return attributes(argument(args, 0), index(callee, whole(0))), name == "operator.methodcaller()", len(callee.Items) > 0
		}
	}
	return Value{}, false, false
}

// arguments reads the arguments of a call.
func (p *parser) arguments(callee Value) []Arg {
	into := "?"
	if len(callee.Names) > 0 {
		into = callee.Names[0]
	}
	var args []Arg
	for p.err == nil && p.tok.Kind != End && !p.operator(")") {
		if p.operator(",") {
			p.next()
			continue
		}
		before := p.tok.Offset
		keyword := p.identifier()
		v := p.element()
		if p.operator("=") && keyword != "" {
			p.next()
			v = p.element()
		} else {
			keyword = ""
		}
		p.looped()
		p.use(v, into)
		if len(args) < maxArgs {
			args = append(args, Arg{Keyword: keyword, Value: v})
		}
		if p.tok.Offset == before || p.ends() && !p.operator(",") && !p.operator(")") {
			if p.tok.Kind == Newline || p.tok.Kind == Dedent {
				return args
			}
			p.next()
		}
	}
	p.next()
	return args
}

// subscript reads an index or a slice behind its opening bracket.
func (p *parser) subscript(v Value) Value {
	var parts [3]*Value
	n, commas := 0, false
	for p.err == nil && p.tok.Kind != End && !p.operator("]") {
		switch {
		case p.operator(":"):
			n++
			p.next()
		case p.operator(","):
			commas = true
			p.next()
		default:
			before := p.tok.Offset
			part := p.element()
			p.use(part, "[]")
			if n < len(parts) {
				parts[n] = &part
			}
			if p.tok.Offset == before {
				p.next()
			}
		}
	}
	p.next()
	switch {
	case commas:
		return Value{Taint: v.Taint}
	case n > 0:
		return p.charged(slice(p.charged(v), parts[0], parts[1], parts[2]))
	case parts[0] == nil:
		return Value{Taint: v.Taint}
	}
	return p.item(v, *parts[0])
}
