package python

import "slices"

// simple reads an expression statement or an assignment. It returns the scope when a block may follow.
func (p *parser) simple() *Scope {
	var targets [][]string
	for p.err == nil {
		idents, items, tuple := p.list()
		switch {
		case p.operator(":") && len(targets) == 0: // an annotation, or the header of a match statement
			p.next()
			if p.tok.Kind == Newline {
				return p.scope
			}
			p.element()
			if !p.operator("=") {
				return nil
			}
		case p.operator("="):
		case len(items) == 1 && p.operator("+="):
			p.next()
			p.bind(idents, []Value{p.charged(plus(p.charged(items[0]), p.element()))}, false)
			return nil
		default:
			p.stored(targets, items)
			for _, names := range targets {
				p.bind(names, items, tuple)
			}
			return nil
		}
		targets = append(targets, idents)
		if p.next(); len(idents) == 1 && p.word("lambda") {
			p.naming = idents[0]
		}
	}
	return nil
}

// list reads expressions between commas, with the name of each that is only a name.
func (p *parser) list() (idents []string, items []Value, tuple bool) {
	for p.err == nil {
		before, ident := p.count, p.identifier()
		v := p.element()
		if p.count == before {
			break
		}
		if p.count != before+1 {
			ident = ""
		}
		if len(items) < maxItems {
			idents, items = append(idents, ident), append(items, v)
		}
		if !p.operator(",") {
			break
		}
		tuple = true
		p.next()
	}
	return idents, items, tuple
}

// stored reports values that are put where they are not followed: into an attribute or an element, or into a class.
func (p *parser) stored(targets [][]string, items []Value) {
	if len(targets) > 0 && p.scope.Kind == ClassScope || slices.ContainsFunc(targets, func(names []string) bool { return slices.Contains(names, "") }) {
		for _, v := range items {
			p.use(v, "")
		}
	}
}

// bind gives values to names.
func (p *parser) bind(names []string, items []Value, tuple bool) {
	if len(items) == 1 && !tuple && len(names) > 1 && items[0].isList {
		items = items[0].Items
	}
	for i, name := range names {
		switch {
		case len(names) == 1 && len(items) == 1 && !tuple:
			p.assign(name, items[0])
		case len(names) == 1:
			p.assign(name, Value{Items: items, isList: true, Literal: literal(items)})
		case len(items) == len(names):
			p.assign(name, items[i])
		default:
			p.assign(name, Value{Taint: taints(items)})
		}
	}
}

// assign gives a variable one more value: which assignment runs is not known, so all of them count.
func (p *parser) assign(name string, v Value) {
	if name == "" || p.vars >= maxVars {
		return
	}
	scope := p.scope
	if scope.shared[name] {
		for scope.Parent != nil {
			scope = scope.Parent
		}
	}
	old, known := scope.vars[name]
	if !known {
		p.vars++
	} else if len(old.Names)+len(old.Texts) > 0 || old.Taint != 0 || old.isList {
		v = union(v, old)
	}
	scope.vars[name] = v
}

// global makes names of a function those of the module.
func (p *parser) global() {
	for p.next(); p.tok.Kind == Name || p.operator(","); p.next() {
		if p.tok.Kind != Name {
			continue
		}
		if p.scope.shared == nil {
			p.scope.shared = map[string]bool{}
		}
		if len(p.scope.shared) < maxItems {
			p.scope.shared[p.tok.Text] = true
		}
	}
}

// targets reads the names that a loop binds, up to "in".
func (p *parser) targets() (names []string) {
	for p.err == nil && !p.word("in") && p.tok.Kind != Newline && p.tok.Kind != End && !p.operator(":") {
		if p.tok.Kind == Name {
			names = append(names, p.tok.Text)
		}
		p.next()
	}
	if p.word("in") {
		p.next()
	}
	return names
}

// each binds the names of a loop to any element of what it loops over.
func (p *parser) each(names []string, over Value) {
	element := Value{Taint: over.Taint}
	for i, item := range over.Items[:min(len(over.Items), 64)] {
		if i == 0 {
			element = item
		}
		element = union(element, item)
	}
	element.Literal = false
	for _, name := range names {
		if len(names) > 1 {
			element = Value{Taint: over.Taint}
		}
		p.assign(name, element)
	}
}

// lookup finds what a name stands for.
func (p *parser) lookup(name string) Value {
	for s := p.scope; s != nil; s = s.Parent {
		if s.Kind == ClassScope && s != p.scope {
			continue // methods do not see the names of their class
		}
		if v, ok := s.vars[name]; ok {
			v.Literal = false
			return v
		}
	}
	if p.scope.Function() != nil || p.scope.Kind == LambdaScope {
		if v, ok := p.late[name]; ok {
			v.Literal = false
			return v
		}
	}
	v := named(canonical(name))
	for _, module := range p.stars {
		v.Names = merged(v.Names, []string{canonical(module + "." + name)}, maxNames)
	}
	return v
}

// use hands the names of a value to the visitor that the code hands on.
func (p *parser) use(v Value, into string) {
	if p.visit.Use == nil {
		return
	}
	for _, n := range v.Names {
		p.visit.Use(Use{Name: n, Into: into, Scope: p.scope, Offset: p.tok.Offset, Line: p.tok.Line})
	}
}

// call hands a call to the visitor.
func (p *parser) call(callee Value, args []Arg, at Token) {
	p.made(Call{Callee: callee, Args: args, Scope: p.scope, Offset: at.Offset, Line: at.Line})
}

// made hands a call to the visitor.
func (p *parser) made(c Call) {
	if p.visit.Call != nil {
		p.visit.Call(c)
	}
}
