// Package marshal reads values that CPython's marshal module wrote, above all code objects: those of .pyc files and those
// that pickles and Keras files carry. It is for detectors, which look at names, constants and file names. It reads the
// forms of Python 2.7 and of 3.6 to 3.14, executes nothing, and does not disassemble bytecode.
//
// Code objects do not say which Python wrote them. Decode finds the one layout under which everything has the type that
// the interpreter wants.
package marshal

import (
	"errors"
	"fmt"

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

const (
	maxDepth  = 2000 // as CPython
	batch     = 1024 // values that are accounted for at once
	valueSize = 160  // bytes of one value with what points to it
	holdStep  = 64 << 10
)

// decoder reads one value under one layout.
type decoder struct {
	b        []byte
	at       int
	budget   *limits.Budget
	layout   Layout
	refs     []*Value
	interned []*Value // strings of Python 2 that R refers to
	values   int
	texts    int // bytes of copied text that are not yet held
	releases []func()
	code     bool // a code object was met
	old      bool // a type byte of Python 2 was met
}

func (d *decoder) release() {
	for _, f := range d.releases {
		f()
	}
	d.releases = nil
}

func (d *decoder) malformed(reason string, args ...any) error {
	return format.Malformed(int64(d.at), reason, args...)
}

// take returns the next n bytes.
func (d *decoder) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(d.b)-d.at) {
		return nil, d.malformed("a length of %d is outside of the content", n)
	}
	d.at += int(n)
	return d.b[d.at-int(n) : d.at], nil
}

// long reads a signed number of 4 bytes.
func (d *decoder) long() (int64, error) {
	b, err := d.take(4)
	if err != nil {
		return 0, err
	}
	return int64(int32(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)), nil
}

// short reads an unsigned number of 1 byte.
func (d *decoder) short() (int64, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	return int64(b[0]), nil
}

// copied charges n bytes of text that is copied out of the input: many names may refer to one long text.
func (d *decoder) copied(n int) error {
	if d.texts += n + 16; d.texts < holdStep {
		return nil
	}
	release, err := d.budget.Hold(int64(d.texts))
	if err != nil {
		return fmt.Errorf("decode marshal: %w", err)
	}
	d.releases, d.texts = append(d.releases, release), 0
	return nil
}

// account charges one value.
func (d *decoder) account() error {
	if d.values%batch == 0 {
		if err := d.budget.Ops(batch); err != nil {
			return fmt.Errorf("decode marshal: %w", err)
		}
		release, err := d.budget.Hold(batch * valueSize)
		if err != nil {
			return fmt.Errorf("decode marshal: %w", err)
		}
		d.releases = append(d.releases, release)
	}
	d.values++
	return nil
}

// value reads one value; nil is the mark that ends a dict.
func (d *decoder) value(depth int) (*Value, error) {
	if depth > maxDepth {
		return nil, d.malformed("nesting of more than %d levels, which CPython refuses", maxDepth)
	}
	if err := d.account(); err != nil {
		return nil, err
	}
	t, err := d.short()
	if err != nil {
		return nil, err
	}
	v := &Value{Offset: d.at - 1}
	kind := byte(t) &^ 0x80
	if t&0x80 != 0 {
		if kind == 'r' || kind == '0' || kind == 'R' {
			return nil, d.malformed("a reference to a reference")
		}
		d.refs = append(d.refs, v) // before what is in it, as the interpreter numbers them
	}
	switch kind {
	case '0':
		if depth == 0 {
			return nil, d.malformed("there is no value")
		}
		return nil, nil
	case 'r':
		return d.ref(d.refs)
	case 'R':
		d.old = true
		return d.ref(d.interned)
	case 'N', 'T', 'F', 'S', '.', 'i', 'I', 'f', 'g', 'x', 'y', 'l':
		return v, d.scalar(v, kind)
	case 's', 't', 'u', 'a', 'A', 'z', 'Z':
		return v, d.text(v, kind)
	case 'c':
		return v, d.codeObject(v, depth)
	}
	return v, d.container(v, kind, depth)
}

// ref reads a reference.
func (d *decoder) ref(list []*Value) (*Value, error) {
	i, err := d.long()
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= int64(len(list)) || list[i].Kind == Invalid {
		return nil, d.malformed("a reference to value %d, which is not there", i)
	}
	return list[i], nil
}

// scalar reads what has no parts.
func (d *decoder) scalar(v *Value, kind byte) (err error) {
	switch kind {
	case 'N':
		v.Kind = None
	case 'T', 'F':
		v.Kind = Bool
		if kind == 'T' {
			v.Int = 1
		}
	case 'S', '.':
		v.Kind = Ellipsis
	case 'i':
		v.Kind = Int
		v.Int, err = d.long()
	case 'I':
		v.Kind = Int
		var b []byte
		if b, err = d.take(8); err == nil {
			for i, c := range b {
				v.Int |= int64(c) << (8 * i)
			}
		}
	case 'g':
		v.Kind = Float
		_, err = d.take(8)
	case 'y':
		v.Kind = Complex
		_, err = d.take(16)
	case 'f', 'x':
		v.Kind = Float
		err = d.decimals(1)
		if kind == 'x' && err == nil {
			v.Kind = Complex
			err = d.decimals(1)
		}
	case 'l':
		err = d.digits(v)
	}
	return err
}

// decimals passes over n floats in text form.
func (d *decoder) decimals(n int) error {
	for range n {
		length, err := d.short()
		if err != nil {
			return err
		}
		if _, err := d.take(length); err != nil {
			return err
		}
	}
	return nil
}

// digits reads an integer of 15-bit digits.
func (d *decoder) digits(v *Value) error {
	n, err := d.long()
	if err != nil {
		return err
	}
	count := max(n, -n)
	b, err := d.take(2 * count)
	if err != nil {
		return err
	}
	v.Kind, v.Wide = Int, count > 4
	for i := int64(0); i < count && !v.Wide; i++ {
		digit := int64(b[2*i]) | int64(b[2*i+1])<<8
		if digit >= 1<<15 {
			return d.malformed("a digit of an integer is too large")
		}
		v.Int |= digit << (15 * i)
	}
	if n < 0 {
		v.Int = -v.Int
	}
	return nil
}

// text reads a string.
func (d *decoder) text(v *Value, kind byte) error {
	read := d.long
	if kind == 'z' || kind == 'Z' {
		read = d.short
	}
	n, err := read()
	if err != nil {
		return err
	}
	if v.Raw, err = d.take(n); err != nil {
		return err
	}
	v.Kind = String
	if kind == 's' {
		v.Kind = Bytes
	}
	if kind == 't' && d.layout == Python27 {
		v.Kind = Bytes
		d.interned = append(d.interned, v)
	}
	d.old = d.old || kind == 't'
	return nil
}

// container reads what has parts.
func (d *decoder) container(v *Value, kind byte, depth int) error {
	n := int64(-1)
	var err error
	switch kind {
	case '(', ')':
		v.Kind = Tuple
	case '[':
		v.Kind = List
	case '<':
		v.Kind = Set
	case '>':
		v.Kind = FrozenSet
	case '{':
		v.Kind = Dict
		return d.pairs(v, depth)
	case ':':
		v.Kind, n = Slice, 3
	default:
		d.at = v.Offset
		return d.malformed("0x%02x is not a type", kind)
	}
	if n < 0 {
		read := d.long
		if kind == ')' {
			read = d.short
		}
		if n, err = read(); err != nil {
			return err
		}
	}
	if n < 0 || n > int64(len(d.b)-d.at) {
		return d.malformed("%d elements are more than the content has", n)
	}
	for range n {
		item, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		if item == nil {
			return d.malformed("an element is missing")
		}
		v.Items = append(v.Items, item)
	}
	return nil
}

// pairs reads a dict, up to the mark that ends it.
func (d *decoder) pairs(v *Value, depth int) error {
	for {
		key, err := d.value(depth + 1)
		if key == nil || err != nil {
			return err
		}
		item, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		if item == nil {
			return d.malformed("a key has no value")
		}
		v.Items = append(v.Items, key, item)
	}
}
