package tensorflow

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/protomsg"
)

// Bounds of what is kept of one node.
const (
	maxName   = 4 << 10 // bytes of a name
	maxInputs = 1 << 12
	maxAttrs  = 1 << 10
	maxTexts  = 256 // texts of an attribute
)

// Node is one operation of a graph.
type Node struct {
	Name, Op, Device string
	// Inputs are the nodes whose results go in, as "name", "name:1", "name:out:0", or "^name" for one that must run before.
	Inputs []string
	Attrs  []Attr
	At     protomsg.Message
	// Twice is true when a field that a node has once appears more often: readers take the last, others the first.
	Twice bool
}

// Attr is one attribute of a node.
type Attr struct {
	Key   string
	Value protomsg.Message
}

// ReadNode reads a node without its attributes' values.
func ReadNode(m protomsg.Message) (Node, error) {
	n := Node{At: m}
	names, ops := 0, 0
	err := m.Fields(func(f protomsg.Field) (err error) {
		switch f.Number {
		case 1:
			names++
			n.Name, err = text(f)
		case 2:
			ops++
			n.Op, err = text(f)
		case 3:
			var input string
			if input, err = text(f); len(n.Inputs) < maxInputs {
				n.Inputs = append(n.Inputs, input)
			}
		case 4:
			n.Device, err = text(f)
		case 5:
			err = n.attr(f)
		}
		return err
	})
	n.Twice = n.Twice || names > 1 || ops > 1
	return n, err
}

// attr reads one entry of the attributes.
func (n *Node) attr(f protomsg.Field) error {
	a := Attr{}
	keys, values := 0, 0
	err := f.Body.Fields(func(f protomsg.Field) (err error) {
		switch f.Number {
		case 1:
			keys++
			a.Key, err = text(f)
		case 2:
			values++
			a.Value = f.Body
		}
		return err
	})
	for _, other := range n.Attrs {
		n.Twice = n.Twice || other.Key == a.Key
	}
	n.Twice = n.Twice || keys > 1 || values > 1
	if len(n.Attrs) >= maxAttrs {
		return format.Malformed(f.Offset, "a node with more than %d attributes", maxAttrs)
	}
	n.Attrs = append(n.Attrs, a)
	return err
}

// text reads a field that is a text, at most maxName bytes of it.
func text(f protomsg.Field) (string, error) {
	if f.Wire != protomsg.Bytes {
		return "", format.Malformed(f.Offset, "field %d is no text", f.Number)
	}
	return f.Body.Text(maxName)
}

// Attr is the attribute of a name; ok is false when the node has none. Of several, readers keep the last.
func (n Node) Attr(key string) (v Value, ok bool, err error) {
	for i := len(n.Attrs) - 1; i >= 0; i-- {
		if n.Attrs[i].Key == key {
			v, err = n.Attrs[i].Read()
			return v, err == nil, err
		}
	}
	return Value{}, false, nil
}

// Value is what an attribute holds.
type Value struct {
	Texts  []string // of a text, or a list of them; the first 256
	Cut    bool     // there are more texts, or a text is longer than what is kept
	Number int64    // of a number or a type
	Calls  []string // the names of functions
	// Tensor is the tensor, if there is one.
	Tensor *Tensor
	// Body is the text itself when it is one, of any length.
	Body protomsg.Message
}

// Read reads an attribute's value.
func (a Attr) Read() (Value, error) {
	v := Value{}
	err := a.Value.Fields(func(f protomsg.Field) error {
		switch f.Number {
		case 1: // a list: its numbers are those of the single values
			if f.Wire != protomsg.Bytes {
				return nil
			}
			return f.Body.Fields(func(f protomsg.Field) error { return v.single(f, 9) })
		case 8:
			if f.Wire != protomsg.Bytes {
				return nil
			}
			if v.Tensor == nil {
				v.Tensor = &Tensor{At: f.Body.Offset}
			}
			return v.Tensor.read(f.Body)
		}
		return v.single(f, 10)
	})
	return v, err
}

// single reads a text, a number or a function; a function has the number call.
func (v *Value) single(f protomsg.Field, call int) error {
	switch {
	case f.Number == 2 && f.Wire == protomsg.Bytes:
		v.Body = f.Body
		v.Cut = v.Cut || f.Body.Size > maxName
		if len(v.Texts) >= maxTexts {
			v.Cut = true
			return nil
		}
		s, err := text(f)
		v.Texts = append(v.Texts, s)
		return err
	case (f.Number == 3 || f.Number == 6) && f.Wire == protomsg.Varint:
		v.Number = int64(f.Value)
	case f.Number == call && f.Wire == protomsg.Bytes:
		name := ""
		err := f.Body.Fields(func(f protomsg.Field) (err error) {
			if f.Number == 1 {
				name, err = text(f)
			}
			return err
		})
		v.Calls = append(v.Calls, name)
		return err
	}
	return nil
}
