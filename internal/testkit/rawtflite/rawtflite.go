// Package rawtflite makes models of TensorFlow Lite that tests and hostile samples change before they write them.
// It knows the field numbers of the schema, and checks nothing.
package rawtflite

import (
	"slices"

	"github.com/picketsec/picket/internal/testkit/rawflat"
)

// Table is a table of the model, by the field numbers of TensorFlow Lite's schema.
type Table = rawflat.Table

// Build writes a model.
func Build(model Table) []byte { return rawflat.Encode("TFL3", nil, model) }

// Model is a small model of TensorFlow Lite: one graph that adds two tensors of three numbers. Change its fields to make
// others.
func Model() Table {
	tensor := func(name string) Table { return Table{0: []int32{3}, 1: int8(0), 2: uint32(0), 3: name} }
	return Table{
		0: uint32(3),
		1: []Table{{0: int8(0), 3: int32(0)}}, // ADD
		2: []Table{{0: []Table{tensor("a"), tensor("b"), tensor("c")}, 1: []int32{0, 1}, 2: []int32{2},
			3: []Table{{0: uint32(0), 1: []int32{0, 1}, 2: []int32{2}}}, 4: "main"}},
		3: "a model",
		4: []Table{{}},
	}
}

// Operator changes the only operation of a Model to a custom one with options; nil for none.
func Operator(m Table, name string, options []byte) Table {
	m[1] = []Table{{0: int8(32), 1: name, 3: int32(32)}}
	graph := m[2].([]Table)[0]
	operator := graph[3].([]Table)[0]
	if options != nil {
		operator[5] = options
	}
	return m
}

// Graph is the only graph of a Model.
func Graph(m Table) Table { return m[2].([]Table)[0] }

// FlexOptions are the options of a Flex operation: a FlexBuffer of the operation's name and its node.
func FlexOptions(name string, node []byte) []byte {
	const typeText, typeVector, wide = 5 << 2, 10 << 2, 2 // of 4 bytes
	le := func(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }
	b := slices.Concat(le(len(name)), []byte(name), []byte{0})
	nameAt := 4
	b = append(b, le(len(node))...)
	nodeAt := len(b)
	b = slices.Concat(b, node, []byte{0}, le(2))
	first := len(b)
	b = append(b, le(first-nameAt)...)
	b = append(b, le(first+4-nodeAt)...)
	b = append(b, typeText|wide, typeText|wide)
	root := len(b)
	return append(append(b, le(root-first)...), typeVector|wide, 4)
}
