package rdata

import "github.com/picketsec/picket/artifact/format"

// pairs reads a list of pairs or a call, whose first cell has the flags.
func (r *reader) pairs(p place, at int64, flags int32) (*node, error) {
	outer := byte(flags) == typeCall && !p.keep
	if outer {
		r.begin()
		p.keep = true
	}
	kind := listNode
	if byte(flags) == typeCall {
		kind = callNode
	}
	start := at
	list := r.node(p, kind, "")
	for {
		child, err := r.cell(p, at, flags)
		if err != nil {
			return nil, err
		}
		if list != nil {
			list.children = append(list.children, child)
		}
		next := r.offset
		if flags, err = r.int(); err != nil {
			return nil, err
		}
		switch byte(flags) {
		case typeNilValue, typeNil:
		case typeList, typeCall, typeDots:
			at = next
			continue
		default:
			if _, err := r.flagged(p, next, flags); err != nil {
				return nil, err
			}
		}
		break
	}
	if outer {
		return nil, r.visit(Event{Kind: Call, Offset: start, Name: p.name, InFrame: p.bound, Code: expression(list, r.cut)})
	}
	return list, nil
}

// cell reads one pair: its attributes, its name and its value.
func (r *reader) cell(p place, at int64, flags int32) (*node, error) {
	name := ""
	if flags&flagAttributes != 0 {
		if _, err := r.item(place{}); err != nil {
			return nil, err
		}
	}
	if flags&flagTag != 0 {
		tag, err := r.tag()
		if err != nil {
			return nil, err
		}
		name = tag
	}
	inner := place{keep: p.keep, bound: p.bindings || p.bound && byte(flags) == typeDots, name: name}
	if p.bindings && flags>>levelShift&levelActive != 0 {
		return nil, r.active(at, name)
	}
	child, err := r.item(inner)
	if err == nil && p.top && r.object.Saved {
		err = r.visit(Event{Kind: Variable, Offset: at, Name: name})
	}
	if child != nil && name != "" {
		named := *child
		named.name = name
		child = &named
	}
	return child, err
}

// tag reads the name of a pair; an item that is no symbol gives none.
func (r *reader) tag() (string, error) {
	kept := r.kept
	n, err := r.item(place{keep: true})
	r.kept = kept
	if err != nil || n == nil || n.kind != symbolNode {
		return "", err
	}
	return n.text, nil
}

// active reads the function of an active binding.
func (r *reader) active(at int64, name string) error {
	r.begin()
	function, err := r.item(place{keep: true, code: true, bound: true, name: name})
	if err != nil {
		return err
	}
	return r.visit(Event{Kind: ActiveBinding, Offset: at, Name: name, InFrame: true, Code: expression(function, r.cut)})
}

// closure reads a function: attributes, environment, arguments, body.
func (r *reader) closure(p place, at int64, flags int32) (*node, error) {
	if err := r.around(flags); err != nil {
		return nil, err
	}
	outer := !p.keep
	if outer {
		r.begin()
	}
	p.keep = true
	function := r.node(p, functionNode, "")
	for _, code := range []bool{false, true} {
		child, err := r.item(place{keep: true, code: code})
		if err != nil {
			return nil, err
		}
		if function != nil && child != nil {
			function.children = append(function.children, child)
		}
	}
	if outer {
		return nil, r.visit(Event{Kind: Closure, Offset: at, Name: p.name, InFrame: p.bound, Code: expression(function, r.cut)})
	}
	return function, nil
}

// around reads the attributes and the environment of a closure or promise. Code that is read around them is judged by itself.
func (r *reader) around(flags int32) error {
	kept, cut := r.kept, r.cut
	defer func() { r.kept, r.cut = kept, cut }()
	if flags&flagAttributes != 0 {
		if _, err := r.item(place{}); err != nil {
			return err
		}
	}
	if flags&flagTag != 0 {
		_, err := r.item(place{})
		return err
	}
	return nil
}

// promise reads a promise: attributes, environment, value, code.
func (r *reader) promise(p place, at int64, flags int32) (*node, error) {
	if err := r.around(flags); err != nil {
		return nil, err
	}
	kept, cut := r.kept, r.cut
	if _, err := r.item(place{}); err != nil {
		return nil, err
	}
	forced := r.last != typeUnbound
	r.begin()
	code, err := r.item(place{keep: true, code: true})
	if err != nil {
		return nil, err
	}
	e := Event{Kind: Promise, Offset: at, Name: p.name, InFrame: p.bound, Forced: forced, Code: expression(code, r.cut)}
	r.kept, r.cut = kept, cut
	return nil, r.visit(e)
}

// environment reads an environment: its enclosure, its variables in a list or a table, its attributes.
func (r *reader) environment() error {
	if _, err := r.int(); err != nil { // whether it is locked
		return err
	}
	if err := r.refer(""); err != nil {
		return err
	}
	kept, cut := r.kept, r.cut
	defer func() { r.kept, r.cut = kept, cut }()
	for _, bindings := range []bool{false, true, true, false} {
		if _, err := r.item(place{bindings: bindings}); err != nil {
			return err
		}
	}
	return nil
}

// named reads a package, a namespace or an object of the reader's hook by its names.
func (r *reader) named(at int64, kind byte) error {
	if zero, err := r.int(); err != nil || zero != 0 {
		if err == nil {
			err = format.Malformed(at, "names of the names of a package")
		}
		return err
	}
	n, err := r.int()
	if err != nil {
		return err
	}
	name := ""
	for i := range n {
		text, err := r.char()
		if err != nil {
			return err
		}
		if i == 0 {
			name = text
		}
	}
	if err := r.refer(""); err != nil {
		return err
	}
	switch kind {
	case typePackage:
		return r.visit(Event{Kind: Package, Offset: at, Name: name})
	case typePersist:
		return r.visit(Event{Kind: Persistent, Offset: at, Name: name})
	}
	return nil
}

// altrep reads a vector in the representation of a class: the names of class and package, its state, its attributes.
func (r *reader) altrep(at int64) error {
	kept, cut := r.kept, r.cut
	r.begin()
	info, err := r.item(place{keep: true})
	if err != nil {
		return err
	}
	name := ""
	if info != nil && len(info.children) >= 2 && info.children[0] != nil && info.children[1] != nil {
		name = info.children[1].text + "::" + info.children[0].text
	}
	r.kept, r.cut = kept, cut
	for range 2 {
		if _, err := r.item(place{}); err != nil {
			return err
		}
	}
	return r.visit(Event{Kind: Altrep, Offset: at, Name: name})
}

// bytecode reads compiled code. Its first constant is the expression that it was made from; the others hold every name that
// the code itself uses.
func (r *reader) bytecode(p place, at int64) (*node, error) {
	if n, err := r.int(); err != nil || n < 0 {
		if err == nil {
			err = format.Malformed(at, "compiled code with a negative number of shared constants")
		}
		return nil, err
	}
	outer := !p.keep
	if outer {
		r.begin()
	}
	p.keep = true
	code, err := r.compiled(p)
	if err != nil {
		return nil, err
	}
	if p.code {
		return code, nil
	}
	kept, cut := r.kept, r.cut
	err = r.visit(Event{Kind: Bytecode, Offset: at, Name: p.name, InFrame: p.bound, Code: expression(code, r.cut)})
	r.kept, r.cut = kept, cut
	return code, err
}

// compiled reads the instructions and the constants.
func (r *reader) compiled(p place) (*node, error) {
	if r.depth++; r.depth > maxNest {
		return nil, format.Malformed(r.offset, "code nests deeper than %d", maxNest)
	}
	defer func() { r.depth-- }()
	if _, err := r.item(place{}); err != nil {
		return nil, err
	}
	n, err := r.int()
	if err != nil {
		return nil, err
	}
	function := r.node(p, functionNode, "")
	for range n {
		kind, err := r.int()
		if err != nil {
			return nil, err
		}
		var child *node
		switch kind {
		case typeBytecode:
			child, err = r.compiled(p)
		case typeCall, typeList, typeRepDef, typeRepRef, typeAttrCall, typeAttrList:
			child, err = r.shared(p, kind)
		default:
			child, err = r.item(place{keep: true})
		}
		if err != nil {
			return nil, err
		}
		if function != nil && child != nil {
			function.children = append(function.children, child)
		}
	}
	return function, nil
}

// shared reads a call or list among the constants, parts of which may be shared. A part that is shared is shown once.
func (r *reader) shared(p place, kind int32) (*node, error) {
	if r.depth++; r.depth > maxNest {
		return nil, format.Malformed(r.offset, "code nests deeper than %d", maxNest)
	}
	defer func() { r.depth-- }()
	nodes := listNode
	var list *node
	for first := true; ; first = false {
		if kind == typeRepRef {
			_, err := r.int()
			return list, err
		}
		if kind == typeRepDef {
			var err error
			if _, err = r.int(); err == nil {
				kind, err = r.int()
			}
			if err != nil {
				return nil, err
			}
		}
		switch kind {
		case typeAttrCall, typeAttrList:
			if _, err := r.item(place{}); err != nil {
				return nil, err
			}
		case typeCall, typeList:
		default:
			_, err := r.item(place{keep: true})
			return list, err
		}
		if first {
			if kind == typeCall || kind == typeAttrCall {
				nodes = callNode
			}
			list = r.node(p, nodes, "")
		}
		var err error
		if kind, err = r.sharedCell(p, list); err != nil {
			return nil, err
		}
	}
}

// sharedCell reads the name and the value of a cell, and returns the type of what follows.
func (r *reader) sharedCell(p place, list *node) (int32, error) {
	name, err := r.tag()
	if err != nil {
		return 0, err
	}
	kind, err := r.int()
	if err != nil {
		return 0, err
	}
	var child *node
	switch kind {
	case typeCall, typeList, typeRepDef, typeRepRef, typeAttrCall, typeAttrList:
		child, err = r.shared(p, kind)
	default:
		child, err = r.item(place{keep: true})
	}
	if err != nil {
		return 0, err
	}
	if child != nil && name != "" {
		named := *child
		named.name = name
		child = &named
	}
	if list != nil {
		list.children = append(list.children, child)
	}
	return r.int()
}
