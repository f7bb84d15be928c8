package coreml

import (
	"strconv"

	"github.com/picketsec/picket/internal/protomsg"
)

// The numbers of fields of a neural network and its layers.
const (
	layerField  = 1
	firstKind   = 100 // of layers
	customLayer = 500
	branchLayer = 605
	loopLayer   = 615
)

// network reads a neural network, of any kind.
func (r *reader) network(m protomsg.Message) error {
	return r.fields(m, map[int]body{layerField: r.layer})
}

// layer reads one layer.
func (r *reader) layer(m protomsg.Message) error {
	inner := func(m protomsg.Message) error { return r.deeper(m, r.network) }
	return m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Wire != protomsg.Bytes:
			return nil
		case f.Number < firstKind: // names and shapes
			return r.skip(f.Body)
		case f.Number == customLayer:
			return r.custom(f.Body, false)
		case f.Number == branchLayer:
			return r.fields(f.Body, map[int]body{1: inner, 2: inner})
		case f.Number == loopLayer:
			return r.fields(f.Body, map[int]body{3: inner, 4: inner})
		case !layers[f.Number]:
			r.visit.Unknown(Unknown{place(f.Body), "layer", "kind " + strconv.Itoa(f.Number)})
		}
		return r.skip(f.Body)
	})
}

// program reads an ML Program: functions of operations in blocks.
func (r *reader) program(m protomsg.Message) error {
	return r.fields(m, map[int]body{
		2: r.valueOf(func(m protomsg.Message) error { // a function
			return r.fields(m, map[int]body{
				3: r.valueOf(func(m protomsg.Message) error { return r.deeper(m, r.block) }),
				4: r.valueOf(r.value),
			})
		}),
		3: func(m protomsg.Message) error { return r.text("docString", m) },
		4: r.valueOf(r.value),
	})
}

// valueOf reads the value of an entry of a map.
func (r *reader) valueOf(step body) body {
	return func(m protomsg.Message) error { return r.fields(m, map[int]body{2: step}) }
}

// block reads operations.
func (r *reader) block(m protomsg.Message) error {
	return r.fields(m, map[int]body{3: r.operation, 4: r.valueOf(r.value)})
}

// operation reads one operation.
func (r *reader) operation(m protomsg.Message) error {
	return r.fields(m, map[int]body{
		1: func(m protomsg.Message) error {
			name, err := m.Text(maxName)
			if err == nil && !operations[name] {
				r.visit.Unknown(Unknown{place(m), "operation", name})
			}
			return err
		},
		2: r.valueOf(func(m protomsg.Message) error { // bindings of an input
			return r.fields(m, map[int]body{1: r.valueOf(r.value)})
		}),
		4: func(m protomsg.Message) error { return r.deeper(m, r.block) },
		5: r.valueOf(r.value),
	})
}

// value reads a constant, which may lie in another file.
func (r *reader) value(m protomsg.Message) error {
	return r.fields(m, map[int]body{5: r.blob, 3: func(m protomsg.Message) error {
		return r.fields(m, map[int]body{1: r.tensor, 2: r.list, 3: r.list, 4: r.dictionary})
	}})
}

// list reads the values of a list or a tuple.
func (r *reader) list(m protomsg.Message) error {
	return r.fields(m, map[int]body{1: func(m protomsg.Message) error { return r.deeper(m, r.value) }})
}

// dictionary reads pairs of values.
func (r *reader) dictionary(m protomsg.Message) error {
	value := func(m protomsg.Message) error { return r.deeper(m, r.value) }
	return r.fields(m, map[int]body{1: func(m protomsg.Message) error { return r.fields(m, map[int]body{1: value, 2: value}) }})
}

// tensor reads the texts of a tensor.
func (r *reader) tensor(m protomsg.Message) error {
	return r.fields(m, map[int]body{4: func(m protomsg.Message) error {
		return r.fields(m, map[int]body{1: func(m protomsg.Message) error { return r.text("constant", m) }})
	}})
}

// blob reads where a tensor lies.
func (r *reader) blob(m protomsg.Message) error {
	b := Blob{Place: place(m)}
	err := m.Fields(func(f protomsg.Field) (err error) {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Bytes:
			b.File, err = f.Body.Text(maxName)
		case f.Number == 2:
			b.Start = f.Value
		}
		return err
	})
	r.visit.Blob(b)
	return err
}
