package python

// dotted reads the name of a module.
func (p *parser) dotted() string {
	name := ""
	for p.tok.Kind == Name || p.operator(".") || p.operator("...") {
		if p.tok.Kind == Name && (p.tok.Text == "import" || p.tok.Text == "as") {
			break
		}
		if len(name) < maxPath {
			name += p.tok.Text
		}
		p.next()
	}
	return name
}

// imports reads "import a.b as c, d".
func (p *parser) imports() {
	p.next()
	for p.err == nil && p.tok.Kind == Name {
		tok := p.tok
		module := p.dotted()
		bound, target := root(module), root(module)
		if p.word("as") {
			p.next()
			bound, target = p.identifier(), module
			p.next()
		}
		p.imported(Import{Module: module, Scope: p.scope, Offset: tok.Offset, Line: tok.Line})
		p.assign(bound, named(canonical(target)))
		if !p.operator(",") {
			return
		}
		p.next()
	}
}

// fromImport reads "from a import b as c, d".
func (p *parser) fromImport() {
	tok := p.tok
	p.next()
	module := p.dotted()
	if !p.word("import") {
		return
	}
	p.next()
	for p.err == nil && !(p.tok.Kind == Newline || p.tok.Kind == End || p.operator(";")) {
		switch {
		case p.operator("*"):
			p.imported(Import{Module: module, Name: "*", Scope: p.scope, Offset: tok.Offset, Line: tok.Line})
			p.stars = merged(p.stars, []string{module}, maxNames)
			p.next()
		case p.tok.Kind == Name:
			name, bound := p.tok.Text, p.tok.Text
			p.next()
			if p.word("as") {
				p.next()
				bound = p.identifier()
				p.next()
			}
			p.imported(Import{Module: module, Name: name, Scope: p.scope, Offset: tok.Offset, Line: tok.Line})
			full := module + "." + name
			if module == "" || module[len(module)-1] == '.' {
				full = module + name
			}
			p.assign(bound, Value{Names: []string{canonical(full)}, Taint: secret(canonical(full))})
		default:
			p.next()
		}
	}
}

// imported hands an import to the visitor.
func (p *parser) imported(i Import) {
	if p.visit.Import != nil {
		p.visit.Import(i)
	}
}

// qualified is the name of something that the current scope defines.
func (p *parser) qualified(name string) string {
	if p.scope.Name == "" || len(p.scope.Name) > maxPath {
		return name
	}
	return p.scope.Name + "." + name
}

// function reads the header of a function.
func (p *parser) function() *Scope {
	p.next()
	name := p.identifier()
	p.next()
	p.typeParameters()
	inner := &Scope{Name: p.qualified(name), Kind: FunctionScope, Parent: p.scope, vars: map[string]Value{}}
	p.assign(name, named(Local+inner.Name))
	if p.operator("(") {
		p.next()
		outer := p.scope
		first := p.signature(inner)
		if outer.Kind == ClassScope && first != "" {
			inner.vars[first] = Value{Names: []string{Local + outer.Name + "()"}}
		}
		p.next()
	}
	if p.operator("->") {
		p.next()
		p.element()
	}
	p.defined(inner)
	return inner
}

// signature reads parameters whose defaults belong to the scope around, and returns the name of the first.
func (p *parser) signature(inner *Scope) string {
	first := ""
	for p.err == nil && p.tok.Kind != End && !p.operator(")") {
		name := p.parameter(inner)
		if first == "" {
			first = name
		}
	}
	return first
}

// parameters reads the parameters of a function without a name up to a token, which is consumed.
func (p *parser) parameters(closing string) {
	inner := p.scope
	for p.err == nil && p.tok.Kind != End && p.tok.Kind != Newline && !p.operator(closing) {
		switch {
		case p.tok.Kind == Name:
			name := p.tok.Text
			p.next()
			v := Value{}
			if p.operator("=") {
				p.next()
				v = p.element()
			}
			inner.vars[name] = v
		default:
			p.next()
		}
	}
	p.next()
}

// parameter reads one parameter.
func (p *parser) parameter(inner *Scope) string {
	if p.tok.Kind != Name {
		p.next()
		return ""
	}
	name := p.tok.Text
	p.next()
	v := Value{}
	if p.operator(":") {
		p.next()
		p.element()
	}
	if p.operator("=") {
		p.next()
		v = p.element()
		p.use(v, "")
	}
	inner.vars[name] = v
	return name
}

// typeParameters skips what stands in square brackets behind the name of a definition.
func (p *parser) typeParameters() {
	if p.operator("[") {
		p.next()
		p.items("]")
	}
}

// class reads the header of a class.
func (p *parser) class() *Scope {
	p.next()
	name := p.identifier()
	p.next()
	p.typeParameters()
	inner := &Scope{Name: p.qualified(name), Kind: ClassScope, Parent: p.scope, vars: map[string]Value{}}
	if p.operator("(") {
		tok := p.tok
		p.next()
		for _, a := range p.arguments(Value{}) {
			if a.Keyword == "metaclass" {
				p.made(Call{Callee: a.Value, Scope: p.scope, Offset: tok.Offset, Line: tok.Line})
			}
		}
	}
	p.assign(name, named(Local+inner.Name))
	p.defined(inner)
	return inner
}

// defined hands a definition to the visitor.
func (p *parser) defined(s *Scope) {
	if p.visit.Define != nil {
		p.visit.Define(s)
	}
}
