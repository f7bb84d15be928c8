package marshal

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

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
