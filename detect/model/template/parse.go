package template

import (
	"errors"
	"strconv"
	"strings"
)

// errSyntax ends the reading of one block that the parser does not understand.
var errSyntax = errors.New("not the syntax of a Jinja expression")

// maxNesting bounds recursion over brackets and operators.
const maxNesting = 100

// parser reads the tokens of one block and computes what can be known about every expression in it. What an expression would
// do is handed to the checks as it is read, so that nothing depends on the template being whole.
type parser struct {
	*checks
	tokens []token
	at     int
	depth  int
}

// peek is the next token.
func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{offset: p.end()}
}

// end is the offset after the last token.
func (p *parser) end() int {
	if len(p.tokens) == 0 {
		return 0
	}
	last := p.tokens[len(p.tokens)-1]
	return last.offset + len(last.text)
}

// next consumes a token.
func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// is reports whether the next token is one of these operators or names.
func (p *parser) is(words ...string) bool {
	t := p.peek()
	if t.kind != tokenOperator && t.kind != tokenName {
		return false
	}
	for _, w := range words {
		if t.text == w {
			return true
		}
	}
	return false
}

// take consumes the next token if it is one of these.
func (p *parser) take(words ...string) bool {
	if p.is(words...) {
		p.at++
		return true
	}
	return false
}

// need consumes an operator that must be there.
func (p *parser) need(op string) error {
	if !p.take(op) {
		return errSyntax
	}
	return nil
}

// expression reads a whole expression: a choice, or what binds tighter.
func (p *parser) expression() (value, error) {
	if p.depth++; p.depth > maxNesting {
		return value{}, errSyntax
	}
	defer func() { p.depth-- }()
	v, err := p.or()
	for err == nil && p.take("if") {
		if _, err = p.or(); err != nil {
			return v, err
		}
		other := value{}
		if p.take("else") {
			if other, err = p.expression(); err != nil {
				return v, err
			}
		}
		v = either(v, other)
	}
	return v, err
}

// or reads "or", "and" and "not".
func (p *parser) or() (value, error) {
	v, err := p.not()
	for err == nil && p.take("or", "and") {
		var right value
		if right, err = p.not(); err == nil {
			v = either(v, right) // either operand can be the result
		}
	}
	return v, err
}

// not reads a negation or a comparison.
func (p *parser) not() (value, error) {
	negated := false
	for p.take("not") {
		negated = true
	}
	v, err := p.comparison()
	if negated {
		v = value{}
	}
	return v, err
}

// comparison reads chained comparisons.
func (p *parser) comparison() (value, error) {
	from := p.at
	v, err := p.sum()
	for err == nil {
		switch {
		case p.take("==", "!=", "<", ">", "<=", ">="):
		case p.is("not") && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "in":
			p.at += 2
			err = p.membership(v, from)
			v = value{}
			continue
		case p.take("in"):
			err = p.membership(v, from)
			v = value{}
			continue
		default:
			return v, nil
		}
		_, err = p.sum()
		v = value{}
	}
	return v, err
}

// membership reads the right side of "in" and hands both to the checks.
func (p *parser) membership(left value, from int) error {
	start := p.at
	_, err := p.sum()
	p.contains(left, p.tokens[start:min(p.at, len(p.tokens))], p.tokens[from].offset)
	return err
}

// sum reads + - and ~, which bind alike closely enough for what is computed here.
func (p *parser) sum() (value, error) {
	at := p.peek().offset
	v, err := p.product()
	if p.is("+", "~") {
		defer func() { p.constant(v, at) }()
	}
	for err == nil && p.is("+", "-", "~") {
		op := p.next()
		var right value
		if right, err = p.product(); err != nil {
			return v, err
		}
		switch {
		case op.text == "~":
			v = joined(v, right)
		case op.text == "+" && v.number != nil && right.number != nil:
			v = whole(*v.number + *right.number)
		case op.text == "+" && v.list && right.list && len(v.items)+len(right.items) <= maxItems:
			v = value{items: append(append([]value{}, v.items...), right.items...), list: true}
		case op.text == "+" && (len(v.texts) > 0 || len(right.texts) > 0 || v.built || right.built):
			v = joined(v, right)
		case op.text == "-" && v.number != nil && right.number != nil:
			v = whole(*v.number - *right.number)
		default:
			v = value{}
		}
	}
	return v, err
}

// product reads * / // and %.
func (p *parser) product() (value, error) {
	v, err := p.unary()
	for err == nil && p.is("*", "/", "//", "%", "**") {
		op := p.next()
		var right value
		if right, err = p.unary(); err != nil {
			return v, err
		}
		switch {
		case op.text == "*" || op.text == "**":
			v = p.repeated(op, v, right)
		case op.text == "%" && (len(v.texts) > 0 || v.built):
			args := []value{right}
			if right.list {
				args = right.items
			}
			v = p.fold(filled(v, args), op.offset)
		default:
			v = value{}
		}
	}
	return v, err
}

// unary reads a signed value and what follows it.
func (p *parser) unary() (value, error) {
	if p.depth++; p.depth > maxNesting {
		return value{}, errSyntax
	}
	defer func() { p.depth-- }()
	if p.is("-", "+") {
		op := p.next()
		v, err := p.unary()
		if v.number != nil && op.text == "-" {
			v = whole(-*v.number)
		}
		return v, err
	}
	v, err := p.primary()
	for err == nil {
		switch {
		case p.is(".", "[", "("):
			v, err = p.postfix(v)
		case p.take("|"):
			v, err = p.filter(v)
		case p.take("is"):
			v, err = p.test()
		default:
			return v, nil
		}
	}
	return v, err
}

// primary reads a name, constant or bracket.
func (p *parser) primary() (value, error) {
	t := p.next()
	switch {
	case t.kind == tokenString:
		return p.strings(t), nil
	case t.kind == tokenNumber:
		n, err := strconv.ParseInt(strings.ReplaceAll(t.text, "_", ""), 0, 64)
		if err != nil {
			return value{}, nil // a fraction, or a number that matters to no check
		}
		return whole(n), nil
	case t.kind == tokenName:
		return p.variable(t), nil
	case t.text == "(":
		items, tuple, err := p.list(")")
		if err == nil && !tuple && len(items) == 1 {
			return items[0], nil
		}
		return value{items: items, list: true}, err
	case t.text == "[":
		items, _, err := p.list("]")
		return value{items: items, list: true}, err
	case t.text == "{":
		return p.dict()
	}
	return value{}, errSyntax
}

// strings joins adjacent string literals, as Jinja does.
func (p *parser) strings(t token) value {
	s := t.text
	p.literal(t)
	for p.peek().kind == tokenString && len(s) < maxString {
		t = p.next()
		p.literal(t)
		s += t.text
	}
	v := value{}
	v.add(s)
	p.constant(v, t.offset)
	return v
}

// list reads expressions up to a closing bracket. Tuple is true when there was a comma.
func (p *parser) list(closing string) (items []value, tuple bool, err error) {
	for !p.take(closing) {
		v, err := p.expression()
		if err != nil {
			return items, tuple, err
		}
		if len(items) < maxItems {
			items = append(items, v)
		}
		if !p.is(closing) {
			if err := p.need(","); err != nil {
				return items, tuple, err
			}
			tuple = true
		}
	}
	return items, tuple || len(items) == 0, nil
}

// dict reads a dictionary. Its keys are what a loop or a join over it gives.
func (p *parser) dict() (value, error) {
	out := value{list: true}
	for !p.take("}") {
		key, err := p.expression()
		if err != nil {
			return out, err
		}
		if err := p.need(":"); err != nil {
			return out, err
		}
		if _, err := p.expression(); err != nil {
			return out, err
		}
		if len(out.items) < maxItems {
			out.items = append(out.items, key)
		}
		if !p.is("}") {
			if err := p.need(","); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}
