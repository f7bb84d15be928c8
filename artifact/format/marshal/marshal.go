// Package marshal reads values that CPython's marshal module wrote, above all code objects: those of .pyc files and those
// that pickles and Keras files carry. It is for detectors, which look at names, constants and file names. It reads the
// forms of Python 2.7 and of 3.6 to 3.14, executes nothing, and does not disassemble bytecode.
//
// Code objects do not say which Python wrote them. Decode finds the one layout under which everything has the type that
// the interpreter wants.
package marshal

import (
	"errors"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of values.
const (
	Invalid    Kind = iota // never in a decoded document
	None                   // None
	Bool                   // Int is 0 or 1
	Ellipsis               // Ellipsis, or StopIteration
	Int                    // Int, unless Wide
	Float                  // a float; its number is not kept
	Complex                // a complex number; not kept
	Bytes                  // Raw; the str of Python 2
	String                 // Raw, as UTF-8 that may have surrogates, or Latin-1 for what the file calls ASCII
	Tuple                  // Items
	List                   // Items
	Dict                   // Items, keys and values alternate
	Set                    // Items
	FrozenSet              // Items
	Slice                  // Items: start, stop, step
	CodeObject             // Code
)

// Value is one value. Values that the file refers to twice are the same pointer, and a list may hold itself: use Walk.
type Value struct {
	Kind   Kind
	Wide   bool   // an Int that does not fit in 64 bits
	Offset int    // of its type byte, in bytes from the start of the input
	Int    int64  // Bool, Int
	Raw    []byte // Bytes, String; part of the input
	Items  []*Value
	Code   *Code
}

// Text is the content of a String or Bytes; empty for other kinds.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return string(v.Raw)
}

// Code is a code object: one module, function, class body, lambda or comprehension.
type Code struct {
	Name, Qualname, Filename string // Qualname is empty before 3.11
	FirstLine                int64
	ArgCount                 int64
	Flags                    int64
	Bytecode                 []byte   // part of the input
	Consts                   []*Value // nested functions are code objects among them
	Names                    []string // globals, attributes and imported modules that the code uses
	Locals                   []string // arguments and variables; with those of closures since 3.11
	Free, Cells              []string // variables of closures; empty since 3.11
}

// Layout says which Pythons share a form of code objects.
type Layout uint8

// The layouts.
const (
	NoCode    Layout = iota // the document has no code object
	Python27                // 2.7
	Python36                // 3.6 and 3.7
	Python38                // 3.8 to 3.10
	Python311               // 3.11 to 3.14
)

// String names the Pythons of the layout.
func (l Layout) String() string {
	return [...]string{"no code", "2.7", "3.6-3.7", "3.8-3.10", "3.11-3.14"}[min(l, Python311)]
}

// Document is one decoded value.
type Document struct {
	Root   *Value
	Layout Layout
	End    int // the value is the input up to here, in bytes
}

// Decode reads the value at the start of b, which it keeps parts of. What follows the value is not looked at. The error
// wraps format.ErrMalformed, or limits.ErrExceeded when the values need more memory or steps than the budget has. Call release
// when the document is no longer needed; it is never nil.
func Decode(b []byte, budget *limits.Budget) (doc *Document, release func(), err error) {
	var first error
	for _, layout := range [...]Layout{Python311, Python38, Python36, Python27} {
		d := decoder{b: b, budget: budget, layout: layout}
		root, err := d.value(0)
		if err == nil {
			doc := &Document{Root: root, Layout: layout, End: d.at}
			if !d.code {
				doc.Layout = NoCode
			}
			return doc, d.release, nil
		}
		d.release()
		if errors.Is(err, limits.ErrExceeded) {
			return nil, func() {}, err
		}
		if first == nil || further(err, first) {
			first = err
		}
		if !d.code && !d.old {
			break // the layouts differ in nothing that was met
		}
	}
	return nil, func() {}, first
}

// further reports whether an error is at a later place than another, and so probably that of the right layout.
func further(a, b error) bool {
	x, ok := errors.AsType[*format.MalformedError](a)
	y, ok2 := errors.AsType[*format.MalformedError](b)
	return ok && ok2 && x.Offset > y.Offset
}

// Walk calls f for v and everything in it, each value once, in the order of the file; it goes into a value only when f
// returns true. Constants of code objects are in it; their names are not values.
func (v *Value) Walk(f func(*Value) bool) {
	seen := map[*Value]struct{}{}
	stack := []*Value{v}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, ok := seen[v]; ok || v == nil {
			continue
		}
		seen[v] = struct{}{}
		if !f(v) {
			continue
		}
		items := v.Items
		if v.Code != nil {
			items = v.Code.Consts
		}
		for i := len(items) - 1; i >= 0; i-- {
			stack = append(stack, items[i])
		}
	}
}

// Codes lists every code object, the outer before the inner.
func (d *Document) Codes() []*Code {
	var list []*Code
	d.Root.Walk(func(v *Value) bool {
		if v.Code != nil {
			list = append(list, v.Code)
		}
		return true
	})
	return list
}
