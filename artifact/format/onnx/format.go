// Package onnx reads ONNX models: graphs with their nodes, attributes and tensors, the graphs inside of nodes, local functions,
// imports of operator sets and metadata. It is for detectors. It walks the protocol buffer in place, in memory that does not
// grow with the model, reads no tensor data, opens no external file, and judges nothing: what the schema does not foresee is
// handed on as a Problem. Specification: https://github.com/onnx/onnx/blob/main/docs/IR.md
package onnx

import (
	"encoding/binary"

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
	mostHops   = 1 << 14 // fields beyond the head, each of which costs a read
	mostInside = 1 << 10 // fields of a graph or a node
	maxVersion = 64      // of the format; 14 is the highest of 2026
	mostOpName = 256     // bytes of the name of an operator
)

// Match implements format.Format. The format has no magic. Content matches when it holds a graph with a node that has an
// operator, or with typed inputs or outputs: whatever stands before it, since readers take fields in any order and pass over
// those that they do not know. Content whose graph is cut off matches when everything before it is in order.
func (Format) Match(p format.Probe) bool {
	w := walker{p: p}
	version, orderly, found := false, true, false
	w.fields(0, w.size(), func(f hop) bool {
		switch {
		case f.number == modelGraph && f.wire == protomsg.Bytes:
			found = w.graph(f) || version && orderly && w.beginsLikeGraph(f)
		case f.number == modelVersion && f.wire == protomsg.Varint && f.value >= 1 && f.value <= maxVersion:
			version = true
		default:
			orderly = orderly && modelFields.expects(f.number, f.wire)
		}
		return !found
	})
	return found
}

// hop is one field that a walker passes.
type hop struct {
	number   int
	wire     protomsg.Wire
	value    uint64 // of a varint
	from, to int64  // of the bytes
}

// walker passes over fields without reading them.
type walker struct {
	p     format.Probe
	hops  int
	small [16]byte
}

// size is how far the content goes; of content of unknown size, how far it is at hand.
func (w *walker) size() int64 {
	if w.p.Size >= 0 {
		return w.p.Size
	}
	return int64(len(w.p.Head))
}

// peek returns the bytes of a tag and a length at an offset; fewer at the end.
func (w *walker) peek(at int64) []byte {
	if at+int64(len(w.small)) <= int64(len(w.p.Head)) || int64(len(w.p.Head)) == w.p.Size && at < w.p.Size {
		return w.p.Head[at:]
	}
	if w.hops++; w.hops > mostHops || w.p.Blob == nil || w.p.Blob.At() == nil {
		return nil
	}
	n, _ := w.p.Blob.At().ReadAt(w.small[:], at) // fewer bytes at the end
	return w.small[:n]
}

// fields calls visit for the fields between two offsets until it returns false or the content is no message. It returns where it
// stopped: at the end, when all of it is fields.
func (w *walker) fields(at, end int64, visit func(hop) bool) int64 {
	const endGroup protomsg.Wire = 4
	depth := 0 // of groups, which readers pass over
	for at < end {
		b := w.peek(at)
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
			return -1
		}
		f := hop{number: int(tag >> 3), wire: protomsg.Wire(tag & 7)}
		at += int64(n)
		switch f.wire {
		case protomsg.Varint, protomsg.Bytes:
			value, size := binary.Uvarint(b[n:])
			if size <= 0 {
				return -1
			}
			at += int64(size)
			f.value = value
		case protomsg.Fixed32:
			at += 4
		case protomsg.Fixed64:
			at += 8
		case protomsg.Group, endGroup:
		default:
			return -1
		}
		switch f.wire {
		case protomsg.Group:
			depth++
		case endGroup:
			if depth--; depth < 0 {
				return -1
			}
		case protomsg.Bytes:
			if f.from, f.to = at, at+int64(f.value&(1<<62-1)); f.value >= 1<<62 || f.to < at {
				return -1
			}
			at = f.to
		}
		if depth == 0 && f.wire != endGroup && !visit(f) {
			return -1
		}
	}
	return at
}

// graph reports whether a field is a graph, by its nodes, or by its name and the types of its inputs and outputs.
func (w *walker) graph(f hop) bool {
	fields, named, typed, node := 0, false, false, false
	w.fields(f.from, min(f.to, w.size()), func(x hop) bool {
		fields++
		switch {
		case x.wire != protomsg.Bytes:
		case x.number == graphNode:
			node = w.has(x, nodeOp, identifier)
		case x.number == graphName:
			named = true
		case x.number == graphInput || x.number == graphOutput:
			typed = typed || w.has(x, valueName, text) && w.has(x, valueType, anything)
		}
		return !node && fields < mostInside
	})
	return node || named && typed
}

// beginsLikeGraph reports whether the first field of a graph is one that graphs have.
func (w *walker) beginsLikeGraph(f hop) (ok bool) {
	w.fields(f.from, min(f.to, w.size()), func(x hop) bool {
		ok = graphFields.expects(x.number, x.wire)
		return false
	})
	return ok
}

// has reports whether a message has a field of bytes that looks right.
func (w *walker) has(f hop, number int, right func([]byte, int64) bool) (ok bool) {
	fields := 0
	w.fields(f.from, min(f.to, w.size()), func(x hop) bool {
		fields++
		if x.number == number && x.wire == protomsg.Bytes && x.to <= w.size() {
			ok = right(w.peek(x.from), x.to-x.from)
		}
		return !ok && fields < mostInside
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
