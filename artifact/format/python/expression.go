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

// taints joins the origins of values, of the first ones of a long list: it is asked for again and again.
func taints(items []Value) (t Taint) {
	const most = 64
	for _, v := range items[:min(len(items), most)] {
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
