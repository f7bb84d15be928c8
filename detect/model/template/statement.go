package template

import (
	"strconv"
)

// parseIndex reads the number of a format field.
func parseIndex(s string) (int, error) { return strconv.Atoi(s) }

// capture is the text that a block-set or macro collects.
type capture struct {
	name  string
	macro bool
	value value
}

// emit adds output to the innermost capture.
func (c *checks) emit(v value) {
	if n := len(c.captures); n > 0 {
		c.captures[n-1].value = joined(c.captures[n-1].value, v)
	}
}

// begin starts a capture.
func (c *checks) begin(name string, macro bool) {
	if len(c.captures) < maxNesting {
		c.captures = append(c.captures, capture{name: name, macro: macro, value: text("")})
	}
}

// finish ends the innermost capture of a kind.
func (c *checks) finish(macro bool, at int) {
	n := len(c.captures)
	if n == 0 || c.captures[n-1].macro != macro {
		return
	}
	done := c.captures[n-1]
	c.captures = c.captures[:n-1]
	c.constant(done.value, at)
	if done.macro {
		c.macros[done.name] = done.value
		return
	}
	c.assign(done.name, done.value)
}

// assign gives a variable one more value: which assignment runs is not known, so that all of them count.
func (c *checks) assign(name string, v value) {
	if len(c.vars) >= maxVariables {
		return
	}
	v.name = ""
	if old, ok := c.vars[name]; ok {
		v = either(old, v)
	}
	c.vars[name] = v
}

// maxVariables bounds what is remembered of a template.
const maxVariables = 4096

// statement reads one statement.
func (p *parser) statement() error {
	t := p.next()
	switch t.text {
	case "set":
		return p.set()
	case "endset":
		p.finish(false, t.offset)
		return nil
	case "for":
		return p.loop()
	case "endfor":
		p.endLoop()
		return nil
	case "if", "elif":
		p.branch(t)
		return p.rest()
	case "else":
		p.otherwise()
		return nil
	case "endif":
		p.endBranch()
		return nil
	case "macro":
		return p.macro()
	case "endmacro":
		p.finish(true, t.offset)
		return nil
	case "include", "import", "from", "extends":
		p.loads(t)
		return p.rest()
	case "filter":
		_, err := p.filter(value{})
		return err
	case "with":
		return p.with()
	case "call":
		if p.take("(") {
			if err := p.parameters(); err != nil {
				return err
			}
		}
		return p.rest()
	case "block", "endblock", "raw": // only words of the tag itself follow
		p.at = len(p.tokens)
		return nil
	}
	return p.rest() // do, and tags of extensions
}

// rest reads expressions up to the end of the block.
func (p *parser) rest() error {
	for p.at < len(p.tokens) {
		if p.take(",", "as", "with", "without", "context", "ignore", "missing", "import", "scoped", "required") {
			continue
		}
		if _, err := p.expression(); err != nil {
			return err
		}
	}
	return nil
}

// set reads an assignment, or begins a block assignment.
func (p *parser) set() error {
	var names []string
	for {
		p.take("(")
		t := p.next()
		if t.kind != tokenName {
			return errSyntax
		}
		name := t.text
		for p.take(".") {
			field := p.next()
			p.lookup(value{}, text(field.text), field.offset, false)
			name += "." + field.text
		}
		names = append(names, name)
		p.take(")")
		if !p.take(",") {
			break
		}
	}
	if !p.take("=") {
		for p.take("|") {
			if _, err := p.filter(value{}); err != nil {
				return err
			}
		}
		p.begin(names[0], false)
		return nil
	}
	return p.assignments(names)
}

// assignments reads the right side of an assignment.
func (p *parser) assignments(names []string) error {
	first := p.at
	v, err := p.expression()
	if err != nil {
		return err
	}
	values := []value{v}
	for p.take(",") {
		if v, err = p.expression(); err != nil {
			return err
		}
		values = append(values, v)
	}
	if len(values) == 1 && len(names) > 1 && values[0].list {
		values = values[0].items
	}
	p.namespaces(names[0], p.tokens[first:p.at])
	for i, name := range names {
		v := value{}
		if i < len(values) {
			v = values[i]
		}
		p.assign(name, v)
	}
	return nil
}

// namespaces remembers the fields that a namespace is made with.
func (p *parser) namespaces(name string, tokens []token) {
	if len(tokens) < 3 || tokens[0].text != "namespace" {
		return
	}
	for i := 2; i+2 < len(tokens); i++ {
		if tokens[i].kind == tokenName && tokens[i+1].text == "=" && tokens[i+2].kind == tokenString {
			p.assign(name+"."+tokens[i].text, text(tokens[i+2].text))
		}
	}
}

// loop reads a for statement.
func (p *parser) loop() error {
	var names []string
	for !p.is("in") {
		t := p.next()
		if t.kind == tokenEnd {
			return errSyntax
		}
		if t.kind == tokenName {
			names = append(names, t.text)
		}
	}
	p.next()
	start := p.peek()
	over, err := p.or()
	if err != nil {
		return err
	}
	p.beginLoop(over, start.offset)
	for _, name := range names {
		element := value{}
		if len(names) == 1 {
			for i, item := range over.items {
				if i == 0 {
					element = item
				} else {
					element = either(element, item)
				}
			}
			element.built = element.built || len(over.texts) > 0
		}
		p.assign(name, element)
	}
	for p.at < len(p.tokens) {
		if p.take("if", "recursive") {
			continue
		}
		if _, err := p.expression(); err != nil {
			return err
		}
	}
	return nil
}

// macro reads the head of a macro, whose body is captured.
func (p *parser) macro() error {
	name := p.next()
	if err := p.need("("); err != nil {
		return err
	}
	p.begin(name.text, true)
	return p.parameters()
}

// parameters reads names with defaults up to a closing bracket.
func (p *parser) parameters() error {
	for !p.take(")") {
		t := p.next()
		if t.kind != tokenName {
			return errSyntax
		}
		v := value{}
		if p.take("=") {
			var err error
			if v, err = p.expression(); err != nil {
				return err
			}
		}
		p.assign(t.text, v)
		if !p.is(")") {
			if err := p.need(","); err != nil {
				return err
			}
		}
	}
	return nil
}

// with reads scoped assignments.
func (p *parser) with() error {
	for p.at < len(p.tokens) {
		t := p.next()
		if t.kind != tokenName {
			return errSyntax
		}
		if err := p.need("="); err != nil {
			return err
		}
		v, err := p.expression()
		if err != nil {
			return err
		}
		p.assign(t.text, v)
		p.take(",")
	}
	return nil
}
