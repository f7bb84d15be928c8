package python

import (
	"strconv"
	"strings"
)

// element reads an expression up to what cannot belong to it: a comma, a closing bracket, a colon, an assignment, the end of
// the line. Operators count from left to right, which is exact enough for what is computed.
func (p *parser) element() Value {
	if p.depth++; p.depth > maxDepth {
		p.fail("expressions nested too deeply")
	}
	defer func() { p.depth-- }()
	ident := p.identifier()
	v := p.operand()
	for p.err == nil {
		op := p.tok.Text
		switch {
		case p.tok.Kind == Name:
			if !p.keyword(&v) {
				return v
			}
		case p.tok.Kind == String: // what an old print statement writes, or an error
			return v
		case p.tok.Kind != Operator:
			return v
		case op == ":=":
			p.next()
			right := p.element()
			p.assign(ident, right)
			v = right
		case op == "+":
			p.next()
			v = p.charged(plus(p.charged(v), p.operand()))
		case op == "*":
			p.next()
			v = p.charged(times(p.charged(v), p.operand()))
		case op == "%":
			p.next()
			v = p.filled(v, p.operand())
		case binary(op):
			p.next()
			v = arithmetic(op, v, p.operand())
		default:
			return v
		}
	}
	return v
}

// charged bounds how much text is computed for one file.
func (p *parser) charged(v Value) Value {
	for _, t := range v.Texts {
		p.folded += len(t)
	}
	if p.folded > maxFolded {
		v.Texts = nil
	}
	return v
}

// looped reports whether the expression that was just read is a comprehension.
func (p *parser) looped() bool {
	loop := p.loop
	p.loop = false
	return loop
}

// binary reports whether an operator stands between two operands.
func binary(op string) bool {
	switch op {
	case "-", "/", "//", "@", "**", "<<", ">>", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=", "<>":
		return true
	}
	return false
}

// keyword reads an operator that is a word and its right side. It reports false for a word that ends the expression.
func (p *parser) keyword(v *Value) bool {
	switch p.tok.Text {
	case "and", "or", "if", "else":
		p.next()
		p.use(*v, "")
		if p.ends() {
			return true
		}
		right := p.element()
		p.use(right, "")
		*v = union(*v, right)
	case "in", "is", "not":
		p.next()
		if p.word("in") || p.word("not") {
			p.next()
		}
		p.operand()
		*v = Value{}
	case "async":
		p.next()
	case "for":
		p.next()
		targets := p.targets()
		over := p.element()
		p.each(targets, over)
		p.loop = true
		*v = Value{Taint: v.Taint | over.Taint}
	default:
		return false
	}
	return true
}

// ends reports whether the next token ends an expression.
func (p *parser) ends() bool {
	switch p.tok.Kind {
	case End, Newline, Indent, Dedent:
		return true
	case Operator:
		return strings.Contains(") ] } , : = ;", p.tok.Text) || p.tok.Text == "->" || strings.HasSuffix(p.tok.Text, "=") && !binary(p.tok.Text)
	}
	return false
}

// identifier is the name that comes next; empty for anything else.
func (p *parser) identifier() string {
	if p.tok.Kind == Name {
		return p.tok.Text
	}
	return ""
}

// operand reads one value with its signs and everything that is looked up on it.
func (p *parser) operand() Value {
	if p.depth++; p.depth > maxDepth {
		p.fail("expressions nested too deeply")
	}
	defer func() { p.depth-- }()
	if p.err != nil || p.ends() {
		return Value{}
	}
	var v Value
	switch p.tok.Kind {
	case Operator:
		return p.operatorFirst()
	case Number:
		n, err := strconv.ParseInt(strings.ReplaceAll(p.tok.Text, "_", ""), 0, 64)
		v = Value{number: n, isWhole: err == nil, Literal: true}
		p.next()
	case String:
		v = p.strings()
	case Name:
		switch p.tok.Text {
		case "not", "await", "async":
			p.next()
			return p.operand()
		case "lambda":
			return p.lambda()
		case "yield":
			p.next()
			if p.word("from") {
				p.next()
			}
			p.items("")
			return Value{}
		case "None", "True", "False":
			p.next()
			v = Value{Literal: true}
		default:
			v = p.lookup(p.tok.Text)
			if p.tok.Folded && p.visit.Folded != nil {
				p.visit.Folded(p.tok)
			}
			p.next()
		}
	}
	return p.postfix(v)
}

// operatorFirst reads an operand that begins with an operator: a sign, a bracket.
func (p *parser) operatorFirst() Value {
	op := p.tok.Text
	p.next()
	switch op {
	case "(":
		items, tuple, _ := p.items(")")
		if len(items) == 1 && !tuple {
			return p.postfix(items[0])
		}
		return p.postfix(Value{Items: items, isList: true, Literal: literal(items)})
	case "[":
		items, _, loop := p.items("]")
		if loop {
			return p.postfix(Value{Taint: taints(items)})
		}
		return p.postfix(Value{Items: items, isList: true, Literal: literal(items)})
	case "{":
		return p.postfix(p.dictionary())
	case "-":
		v := p.operand()
		if v.isWhole {
			v.number = -v.number
		}
		return v
	case "+", "~", "*", "**", "@":
		return p.operand()
	}
	return Value{}
}

// literal reports whether all items are written as they are.
func literal(items []Value) bool {
	for _, v := range items {
		if !v.Literal {
			return false
		}
	}
	return true
}

// taints joins the origins of values.
func taints(items []Value) (t Taint) {
	for _, v := range items {
		t |= v.Taint
	}
	return t
}

// items reads expressions between commas up to a closing bracket, or with an empty one to the end of the expression. Tuple is
// true when there was a comma, loop for a comprehension.
func (p *parser) items(closing string) (list []Value, tuple, loop bool) {
	for p.err == nil && p.tok.Kind != End && !p.operator(closing) {
		if closing == "" && p.ends() && !p.operator(",") {
			break
		}
		if p.operator(",") {
			tuple = true
			p.next()
			continue
		}
		before := p.tok.Offset
		v := p.element()
		loop = p.looped() || loop
		if closing != "" && (tuple || p.operator(",") || closing != ")") {
			p.use(v, "")
		}
		if len(list) < maxItems && p.kept < maxKept {
			list = append(list, v)
			p.kept++
		}
		if p.tok.Offset == before || closing != "" && p.ends() && !p.operator(",") && !p.operator(closing) {
			if p.tok.Kind == Newline || p.tok.Kind == Dedent || p.tok.Kind == Indent {
				return list, tuple, loop
			}
			p.next() // a colon of a slice or annotation, or what is no Python
		}
	}
	if closing != "" && p.operator(closing) {
		p.next()
	}
	return list, tuple, loop
}

// dictionary reads a dictionary or set whose opening brace was read.
func (p *parser) dictionary() Value {
	out := Value{isList: true, Literal: true}
	for p.err == nil && p.tok.Kind != End && !p.operator("}") {
		before := p.tok.Offset
		v := p.element()
		key := ""
		if p.operator(":") {
			if len(v.Texts) > 0 {
				key = v.Texts[0]
			}
			p.use(v, "")
			p.next()
			v = p.element()
		}
		p.use(v, "")
		if len(out.Items) < maxItems && p.kept < maxKept {
			p.kept++
			out.Items, out.keys = append(out.Items, v), append(out.keys, key)
		}
		out.Literal = out.Literal && v.Literal
		out.Taint |= v.Taint
		if p.operator(",") || p.tok.Offset == before {
			p.next()
		}
	}
	p.looped()
	p.next()
	return out
}

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
		p.scope.Kind, p.scope.Name = FunctionScope, p.naming
	}
	p.naming = ""
	p.parameters(":")
	v := p.element()
	p.use(v, "")
	p.scope = outer
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
