// Package onnx reads ONNX models: graphs with their nodes, attributes and tensors, the graphs inside of nodes, local functions,
// imports of operator sets and metadata. It is for detectors. It walks the protocol buffer in place, in memory that does not
// grow with the model, reads no tensor data, opens no external file, and judges nothing: what the schema does not foresee is
// handed on as a Problem. Specification: https://github.com/onnx/onnx/blob/main/docs/IR.md
package onnx

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/protomsg"
)

// Name is the name of the format.
const Name = "onnx"

// Format recognises ONNX models.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "ONNX model", MediaType: "application/x-onnx", Extensions: []string{".onnx"},
		// Operators are code of the runtime, or of a library that a domain names; external data is read from any path.
		Risk: format.Active, Parsed: true,
		Spec: "https://github.com/onnx/onnx/blob/main/onnx/onnx.proto",
	}
}

// Bounds of what Match looks at.
const (
	maxVersion = 64  // of the format; 14 is the highest of 2026
	mostOpName = 256 // bytes of the name of an operator
)

// Match implements format.Format. The format has no magic. Content matches when it holds a graph with a node that has an
// operator, or with typed inputs or outputs: whatever stands before it, since readers take fields in any order and pass over
// those that they do not know. Content whose graph is cut off matches when everything before it is in order; so does long content
// that was not passed to its end, whatever it holds.
func (Format) Match(p format.Probe) bool {
	w := walker{protomsg.NewScout(p)}
	version, orderly, found := false, true, false
	w.Fields(0, w.Size(), func(f protomsg.Hop) bool {
		switch {
		case f.Number == modelGraph && f.Wire == protomsg.Bytes:
			found = w.graph(f) || version && orderly && w.beginsLikeGraph(f)
		case f.Number == modelVersion && f.Wire == protomsg.Varint && f.Value >= 1 && f.Value <= maxVersion:
			version = true
		default:
			orderly = orderly && modelFields.expects(f.Number, f.Wire)
		}
		return !found
	})
	return found || w.Exhausted()
}

// walker recognises the parts of a model.
type walker struct{ *protomsg.Scout }

// graph reports whether a field is a graph, by its nodes, or by its name and the types of its inputs and outputs.
func (w *walker) graph(f protomsg.Hop) bool {
	named, typed, node := false, false, false
	w.Inside(f, func(x protomsg.Hop) bool {
		switch {
		case x.Wire != protomsg.Bytes:
		case x.Number == graphNode:
			node = w.has(x, nodeOp, identifier)
		case x.Number == graphName:
			named = true
		case x.Number == graphInput || x.Number == graphOutput:
			typed = typed || w.has(x, valueName, text) && w.has(x, valueType, anything)
		}
		return !node
	})
	return node || named && typed
}

// beginsLikeGraph reports whether the first field of a graph is one that graphs have.
func (w *walker) beginsLikeGraph(f protomsg.Hop) (ok bool) {
	w.Inside(f, func(x protomsg.Hop) bool {
		ok = graphFields.expects(x.Number, x.Wire)
		return false
	})
	return ok
}

// has reports whether a message has a field of bytes that looks right.
func (w *walker) has(f protomsg.Hop, number int, right func([]byte, int64) bool) (ok bool) {
	w.Inside(f, func(x protomsg.Hop) bool {
		if x.Number == number && x.Wire == protomsg.Bytes && x.To <= w.Size() {
			ok = right(w.Peek(x.From), x.To-x.From)
		}
		return !ok
	})
	return ok
}

// identifier reports whether the n bytes that b begins with can be the name of an operator; b may be shorter.
func identifier(b []byte, n int64) bool {
	return n > 0 && n <= mostOpName && text(b, n)
}

// text reports whether bytes hold no control characters.
func text(b []byte, n int64) bool {
	for _, c := range b[:min(int64(len(b)), n)] {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return n > 0
}

// anything accepts every field.
func anything([]byte, int64) bool { return true }
