package rdata

import (
	"bufio"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// The types of items (Rinternals.h and serialize.c).
const (
	typeNil, typeSymbol, typeList, typeClosure, typeEnv, typePromise, typeCall      = 0, 1, 2, 3, 4, 5, 6
	typeSpecial, typeBuiltin, typeChar, typeLogical, typeInt, typeReal, typeComplex = 7, 8, 9, 10, 13, 14, 15
	typeString, typeDots, typeVector, typeExpression, typeBytecode, typePointer     = 16, 17, 19, 20, 21, 22
	typeWeak, typeRaw, typeS4                                                       = 23, 24, 25

	typeAltrep, typeAttrList, typeAttrCall, typeBaseEnv, typeEmptyEnv, typeRepRef, typeRepDef = 238, 239, 240, 241, 242, 243, 244
	typePersist, typePackage, typeNamespace, typeBaseNamespace, typeMissing, typeUnbound      = 247, 248, 249, 250, 251, 252
	typeGlobal, typeNilValue, typeRef                                                         = 253, 254, 255
)

// The bits of the flags of an item.
const (
	flagAttributes = 1 << 9
	flagTag        = 1 << 10
	levelShift     = 12
	levelActive    = 1 << 15 // of a binding whose value is a function to call
)

// place says where an item stands.
type place struct {
	keep     bool   // the item is part of code
	code     bool   // the item is the code of a closure or promise
	bindings bool   // the item lists the variables of an environment
	bound    bool   // the item is the value of a variable of an environment
	top      bool   // the item is the outermost one
	name     string // of the variable
}

// reader reads one object.
type reader struct {
	input
	visit  func(Event) error
	object Object
	refs   []string // the name of a symbol that was read; empty for other things
	free   []func()
	held   int
	depth  int
	last   byte // the type of the item that was read last
	kept   int  // nodes of the code that is read
	cut    bool
}

// Read reads one object. It calls visit for what matters, in the order in which it ends. What follows the object is not read.
// The error wraps format.ErrMalformed or limits.ErrExceeded, or is the visitor's.
func Read(in io.Reader, budget *limits.Budget, visit func(Event) error) (Object, error) {
	r := &reader{input: input{in: bufio.NewReaderSize(in, 64<<10), kind: xdr, budget: budget}, visit: visit}
	defer func() {
		for _, free := range r.free {
			free()
		}
	}()
	err := r.header()
	if err == nil {
		_, err = r.item(place{top: true})
	}
	r.object.End = r.offset
	return r.object, err
}

// header reads what stands before the first item.
func (r *reader) header() error {
	if head, err := r.in.Peek(5); err == nil && saved(head) {
		r.object.Saved = true
		if err := r.skip(5); err != nil {
			return err
		}
	}
	kind, err := r.byte()
	if err == nil {
		_, err = r.byte()
	}
	if err != nil {
		return err
	}
	r.kind = encoding(kind)
	r.object.ASCII = r.kind == ascii
	if r.kind != xdr && r.kind != native && r.kind != ascii {
		return format.Malformed(r.offset-2, "an unknown encoding of R objects")
	}
	var numbers [3]int32
	for i := range numbers {
		if numbers[i], err = r.int(); err != nil {
			return err
		}
	}
	r.object.Version = int(numbers[0])
	switch r.object.Version {
	case 2:
		return nil
	case 3:
		n, err := r.int()
		if err != nil {
			return err
		}
		if n < 0 || n > 64 {
			return format.Malformed(r.offset, "the name of an encoding of %d bytes", n)
		}
		_, err = r.text(int64(n))
		return err
	}
	return format.Malformed(r.offset, "version %d of the serialization", numbers[0])
}

// refer remembers something that later items refer to.
func (r *reader) refer(name string) error {
	const step, each = 1 << 12, 16 + 32 // bytes of an entry and its name
	if len(r.refs) >= maxRefs {
		return fmt.Errorf("read R object: more than %d references: %w", maxRefs, limits.ErrExceeded)
	}
	if len(r.refs) >= r.held {
		free, err := r.budget.Hold(step * each)
		if err != nil {
			return fmt.Errorf("read R object: %w", err)
		}
		r.free = append(r.free, free)
		r.held += step
	}
	r.refs = append(r.refs, name)
	return nil
}

// maxKept is how many nodes of one piece of code are kept.
const maxKept = 1 << 14

// node makes a node where code is kept; nil where it is not.
func (r *reader) node(p place, kind nodeKind, text string, children ...*node) *node {
	if !p.keep {
		return nil
	}
	if r.kept++; r.kept > maxKept {
		r.cut = true
		return nil
	}
	return &node{kind: kind, text: text, children: children}
}

// begin starts to keep code; end sums it up.
func (r *reader) begin() { r.kept, r.cut = 0, false }

// item reads one item.
func (r *reader) item(p place) (*node, error) {
	at := r.offset
	flags, err := r.int()
	if err != nil {
		return nil, err
	}
	return r.flagged(p, at, flags)
}

// flagged reads an item whose flags were read.
func (r *reader) flagged(p place, at int64, flags int32) (n *node, err error) {
	kind := byte(flags)
	if r.depth++; r.depth > maxNest {
		return nil, format.Malformed(at, "items nest deeper than %d", maxNest)
	}
	defer func() { r.depth--; r.last = kind }()
	switch kind {
	case typeNilValue, typeNil, typeMissing, typeUnbound, typeGlobal, typeBaseEnv, typeEmptyEnv, typeBaseNamespace:
		if kind == typeMissing {
			return r.node(p, symbolNode, ""), nil
		}
		return nil, nil
	case typeRef:
		return r.reference(p, at, flags)
	case typeSymbol:
		return r.symbol(p)
	case typeList, typeCall, typeDots:
		return r.pairs(p, at, flags)
	case typeClosure:
		return r.closure(p, at, flags)
	case typePromise:
		return r.promise(p, at, flags)
	case typeEnv:
		return nil, r.environment()
	case typePersist, typePackage, typeNamespace:
		return nil, r.named(at, kind)
	case typeAltrep:
		return nil, r.altrep(at)
	}
	return r.vector(p, at, flags)
}

// reference reads a reference to an earlier item.
func (r *reader) reference(p place, at int64, flags int32) (*node, error) {
	i := flags >> 8
	if i == 0 {
		var err error
		if i, err = r.int(); err != nil {
			return nil, err
		}
	}
	if i < 1 || int(i) > len(r.refs) {
		return nil, format.Malformed(at, "a reference to item %d of %d", i, len(r.refs))
	}
	if name := r.refs[i-1]; name != "" {
		return r.node(p, symbolNode, name), nil
	}
	return nil, nil
}

// symbol reads a symbol.
func (r *reader) symbol(p place) (*node, error) {
	name, err := r.char()
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = "``"
	}
	return r.node(p, symbolNode, name), r.refer(name)
}

// char reads an item that must be a string.
func (r *reader) char() (string, error) {
	at := r.offset
	flags, err := r.int()
	if err != nil {
		return "", err
	}
	if byte(flags) != typeChar {
		return "", format.Malformed(at, "an item of type %d where a string must be", byte(flags))
	}
	return r.chars(flags)
}

// chars reads the rest of a string.
func (r *reader) chars(flags int32) (string, error) {
	at := r.offset
	n, err := r.int()
	if err != nil {
		return "", err
	}
	text := ""
	switch {
	case n < -1:
		return "", format.Malformed(at, "a string of negative length")
	case n >= 0:
		if text, err = r.text(int64(n)); err != nil {
			return "", err
		}
	}
	if flags&flagAttributes != 0 {
		_, err = r.item(place{})
	}
	return text, err
}

// vector reads the types that are no pairs.
func (r *reader) vector(p place, at int64, flags int32) (n *node, err error) {
	kind := byte(flags)
	switch kind {
	case typeChar:
		text, err := r.chars(flags)
		return r.node(p, stringNode, text), err
	case typeSpecial, typeBuiltin:
		return r.builtin(p, at)
	case typePointer:
		if err = r.refer(""); err == nil {
			if _, err = r.item(place{}); err == nil {
				_, err = r.item(place{})
			}
		}
		if err == nil {
			err = r.visit(Event{Kind: Pointer, Offset: at})
		}
	case typeWeak:
		err = r.refer("")
	case typeS4:
	case typeBytecode:
		n, err = r.bytecode(p, at)
	case typeString:
		n, err = r.strings(p)
	case typeVector, typeExpression:
		n, err = r.list(p)
	default:
		n, err = r.numbersOf(p, at, kind)
	}
	if err == nil && flags&flagAttributes != 0 {
		_, err = r.item(place{})
	}
	return n, err
}

// numbersOf passes over a vector of numbers. In code the numbers are shown by their count.
func (r *reader) numbersOf(p place, at int64, kind byte) (*node, error) {
	var width int64
	each := int64(1)
	switch kind {
	case typeLogical, typeInt:
		width = 4
	case typeReal:
		width = 8
	case typeComplex:
		width, each = 16, 2
	case typeRaw:
		width = 1
	default:
		return nil, format.Malformed(at, "an item of the unknown type %d", kind)
	}
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	shown := fmt.Sprintf("<%d numbers>", n)
	if n == 1 {
		shown = "<number>"
	}
	return r.node(p, otherNode, shown), r.numbers(n, width, each)
}

// strings reads a vector of strings.
func (r *reader) strings(p place) (*node, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	list := r.node(p, listNode, "")
	for i := range n {
		text, err := r.char()
		if err != nil {
			return nil, err
		}
		if list == nil {
			continue
		}
		one := r.node(p, stringNode, text)
		if i == 0 && n == 1 {
			return one, nil
		}
		list.children = append(list.children, one)
	}
	return list, nil
}

// list reads a vector of items.
func (r *reader) list(p place) (*node, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	list := r.node(p, listNode, "")
	for range n {
		child, err := r.item(place{keep: p.keep, bindings: p.bindings})
		if err != nil {
			return nil, err
		}
		if list != nil && child != nil {
			list.children = append(list.children, child)
		}
	}
	return list, nil
}

// builtin reads a function of the interpreter.
func (r *reader) builtin(p place, at int64) (*node, error) {
	n, err := r.int()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 1024 {
		return nil, format.Malformed(at, "a function of the interpreter with a name of %d bytes", n)
	}
	name, err := r.text(int64(n))
	if err != nil {
		return nil, err
	}
	return r.node(p, symbolNode, name), r.visit(Event{Kind: Builtin, Offset: at, Name: name})
}
