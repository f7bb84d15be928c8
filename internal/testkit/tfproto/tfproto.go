// Package tfproto writes the protocol buffers of TensorFlow by hand: graphs, functions, SavedModels. It is for tests and for
// hostile samples, and writes what no honest writer would when it is told to.
package tfproto

import (
	"encoding/binary"
	"slices"
)

// Field is a field with a length: a message, a text, or bytes, in pieces.
func Field(number int, pieces ...[]byte) []byte {
	body := slices.Concat(pieces...)
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(body))), body...)
}

// Text is a field that is a text.
func Text(number int, s string) []byte { return Field(number, []byte(s)) }

// Number is a field that is a number of variable length.
func Number(number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), v)
}

// Pair is an entry of a map from texts to messages.
func Pair(key string, value []byte) []byte { return slices.Concat(Text(1, key), Field(2, value)) }

// The element types of tensors.
const (
	Float  = 1
	String = 7
)

// Node is a node with its operation, the nodes whose results go in, and attributes.
func Node(name, op string, inputs []string, attrs ...[]byte) []byte {
	b := slices.Concat(Text(1, name), Text(2, op))
	for _, input := range inputs {
		b = append(b, Text(3, input)...)
	}
	return append(b, slices.Concat(attrs...)...)
}

// Attr is an attribute of a node; its value is one of the following.
func Attr(key string, value []byte) []byte { return Field(5, Pair(key, value)) }

// The values of attributes.
func TextValue(s string) []byte        { return Text(2, s) }
func TypeValue(t uint64) []byte        { return Number(6, t) }
func FunctionValue(s string) []byte    { return Field(10, Text(1, s)) }
func TensorValue(tensor []byte) []byte { return Field(8, tensor) }

// TextsValue is a list of texts.
func TextsValue(texts ...string) []byte {
	var list []byte
	for _, s := range texts {
		list = append(list, Text(2, s)...)
	}
	return Field(1, list)
}

// Shape is the shape of a tensor.
func Shape(dims ...int64) []byte {
	var b []byte
	for _, d := range dims {
		b = append(b, Field(2, Number(1, uint64(d)))...)
	}
	return Field(2, b)
}

// Const is a node that is a constant of texts.
func Const(name string, texts ...string) []byte {
	tensor := slices.Concat(Number(1, String), Shape())
	if len(texts) != 1 {
		tensor = slices.Concat(Number(1, String), Shape(int64(len(texts))))
	}
	for _, s := range texts {
		tensor = append(tensor, Text(8, s)...)
	}
	return Node(name, "Const", nil, Attr("dtype", TypeValue(String)), Attr("value", TensorValue(tensor)))
}

// Placeholder is a node that who runs the graph feeds.
func Placeholder(name string) []byte {
	return Node(name, "Placeholder", nil, Attr("dtype", TypeValue(String)))
}

// Graph is a graph of nodes, and of a library as Library makes it; nil for none.
func Graph(library []byte, nodes ...[]byte) []byte {
	var b []byte
	for _, n := range nodes {
		b = append(b, Field(1, n)...)
	}
	if library != nil {
		b = append(b, Field(2, library)...)
	}
	return append(b, Field(4, Number(1, 2000))...)
}

// Library is a list of functions.
func Library(functions ...[]byte) []byte {
	var b []byte
	for _, f := range functions {
		b = append(b, Field(1, f)...)
	}
	return b
}

// Function is a function with arguments, the input that is its only result (empty for none), and nodes.
func Function(name string, args []string, result string, nodes ...[]byte) []byte {
	signature := Text(1, name)
	for _, a := range args {
		signature = append(signature, Field(2, Text(1, a), Number(3, String))...)
	}
	b := Field(1, signature)
	for _, n := range nodes {
		b = append(b, Field(3, n)...)
	}
	if result != "" {
		b = append(b, Field(4, Text(1, "output"), Text(2, result))...)
	}
	return b
}

// MetaGraph is a graph with tags and further fields.
func MetaGraph(graph []byte, tags []string, more ...[]byte) []byte {
	info := Field(2, Field(1, Text(1, "Const")))
	for _, t := range tags {
		info = append(info, Text(4, t)...)
	}
	info = append(info, Text(5, "2.21.0")...)
	return slices.Concat(Field(1, info), Field(2, graph), slices.Concat(more...))
}

// Saver says which tensor takes the path of a checkpoint.
func Saver(tensor string) []byte {
	return Field(3, Text(1, tensor), Text(2, "save/control:0"), Text(3, "save/restore"))
}

// Asset is a file that is fed to a tensor.
func Asset(tensor, file string) []byte { return Field(6, Field(1, Text(1, tensor)), Text(2, file)) }

// SavedModel is a SavedModel of graphs.
func SavedModel(graphs ...[]byte) []byte {
	b := Number(1, 1)
	for _, g := range graphs {
		b = append(b, Field(2, g)...)
	}
	return b
}
