// Package tensorflow reads the graphs of TensorFlow: SavedModels, the graphs that training saves beside a checkpoint, and
// plain or frozen graphs; each as a protocol buffer or as the text of one. It is for detectors. It walks in place, reads no
// weights, loads no TensorFlow, and judges nothing.
package tensorflow

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// The names of the formats.
const (
	NameSavedModel = "saved-model"
	NameMetaGraph  = "tensorflow-metagraph"
	NameGraph      = "tensorflow-graph"
)

const protos = "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/"

// SavedModel recognises the file saved_model.pb.
type SavedModel struct{}

// Info implements format.Format.
func (SavedModel) Info() format.Info {
	return format.Info{Name: NameSavedModel, Title: "TensorFlow SavedModel", MediaType: "application/x-tensorflow-savedmodel",
		Risk: format.Active, Parsed: true, Spec: protos + "protobuf/saved_model.proto"}
}

// Match implements format.Format: the version 1 and graphs with a description, or a graph with nodes wherever readers find it.
func (SavedModel) Match(p format.Probe) bool {
	version, graph, broken := false, false, false
	skim(p.Head, func(x field) bool {
		switch {
		case x.number == 1 && x.wire == varint && x.value == 1 && !version:
			version = true
		case x.number == 2 && x.wire == length && x.size > 8 && metaGraph(x.head):
			graph = true
		default:
			broken = true
		}
		return !broken
	})
	return version && graph && !broken || has(p, 2, scout.described)
}

// MetaGraph recognises a graph with a description of how to save and restore it.
type MetaGraph struct{}

// Info implements format.Format.
func (MetaGraph) Info() format.Info {
	return format.Info{Name: NameMetaGraph, Title: "TensorFlow graph of a checkpoint", MediaType: "application/x-tensorflow-metagraph",
		Extensions: []string{".meta"}, Risk: format.Active, Parsed: true, Spec: protos + "protobuf/meta_graph.proto"}
}

// Match implements format.Format: the description and then a graph, or a graph with nodes wherever readers find it.
func (MetaGraph) Match(p format.Probe) bool { return describedFirst(p) || has(p, 2, scout.graph) }

// describedFirst matches content that begins with the description of a graph.
func describedFirst(p format.Probe) bool {
	if !metaGraph(p.Head) {
		return false
	}
	second := int64(0)
	skim(p.Head, func(x field) bool { second = x.end; return false })
	tag := make([]byte, 1)
	switch {
	case second < int64(len(p.Head)):
		tag[0] = p.Head[second]
	case p.Blob == nil || p.Blob.At() == nil:
		return true
	default:
		if n, _ := p.Blob.At().ReadAt(tag, second); n < 1 { // a content that ends here is none
			return false
		}
	}
	return tag[0]&7 == length && tag[0]>>3 >= 2 && tag[0]>>3 <= 7
}

// Graph recognises a graph by itself.
type Graph struct{}

// Info implements format.Format.
func (Graph) Info() format.Info {
	return format.Info{Name: NameGraph, Title: "TensorFlow graph", MediaType: "application/x-tensorflow-graph",
		Risk: format.Active, Parsed: true, Spec: protos + "framework/graph.proto"}
}

// Match implements format.Format: nodes with a name and an operation, first or wherever readers find them.
func (Graph) Match(p format.Probe) bool {
	nodes, broken := 0, false
	skim(p.Head, func(x field) bool {
		switch {
		case x.number == 1 && x.wire == length && node(x.head, nodes == 0):
			nodes++
		case nodes > 0 && (x.number == 2 || x.number == 4 || x.number == 5) && x.wire == length:
		case nodes > 0 && x.number == 3 && x.wire == varint:
		default:
			broken = true
		}
		return !broken && nodes < 8
	})
	return nodes > 0 && !broken || has(p, 1, scout.node) || has(p, 2, scout.library)
}

// Wire types.
const (
	varint = 0
	length = 2
	fixed  = 5
)

// field is one field of a message that is looked at before its format is known.
type field struct {
	number int
	wire   int
	value  uint64
	head   []byte // what is at hand of a field with a length
	size   int64
	end    int64 // behind the field: bytes from the start of the message
}

// skim walks the fields of a message as far as it is at hand, until visit returns false.
func skim(head []byte, visit func(field) bool) {
	at := int64(0)
	for range 64 {
		if at >= int64(len(head)) {
			return
		}
		tag, n := binary.Uvarint(head[at:])
		if n <= 0 || tag>>3 == 0 {
			return
		}
		at += int64(n)
		x := field{number: int(tag >> 3), wire: int(tag & 7)}
		switch x.wire {
		case varint:
			if x.value, n = binary.Uvarint(head[at:]); n <= 0 {
				return
			}
			at += int64(n)
		case fixed:
			at += 4
		case length:
			size, n := binary.Uvarint(head[at:])
			if n <= 0 || size > 1<<40 {
				return
			}
			at += int64(n)
			x.size, x.head = int64(size), head[at:min(int64(len(head)), at+int64(size))]
			at += x.size
		}
		x.end = at
		if !visit(x) {
			return
		}
	}
}

// metaGraph matches the start of a graph with a description: the operations that it uses, tags or versions.
func metaGraph(head []byte) bool {
	ok := false
	skim(head, func(x field) bool {
		if x.number != 1 || x.wire != length {
			return false
		}
		fields := 0
		ok = true
		skim(x.head, func(inner field) bool {
			fields++
			switch inner.number {
			case 2:
				ok = ok && inner.wire == length && operations(inner.head)
			case 1, 4, 5, 6:
				ok = ok && inner.wire == length && word(inner.head)
			case 3, 8:
				ok = ok && inner.wire == length
			case 7:
				ok = ok && inner.wire == varint && inner.value <= 1
			default:
				ok = false
			}
			return ok
		})
		ok = ok && fields > 0
		return false
	})
	return ok
}

// operations matches the start of a list of operations: each begins with its name.
func operations(head []byte) bool {
	ok := len(head) == 0
	skim(head, func(x field) bool {
		if x.number == 1 && x.wire == length {
			skim(x.head, func(inner field) bool {
				ok = inner.number == 1 && inner.wire == length && word(inner.head)
				return false
			})
		}
		return false
	})
	return ok
}

// node matches a name and an operation, in this order. The first node is no call of a function, whose name may be any word.
func node(head []byte, first bool) bool {
	name, op := false, false
	skim(head, func(x field) bool {
		switch {
		case x.number == 1 && x.wire == length && x.size < 1024 && word(x.head):
			name = true
			return true
		case x.number == 2 && x.wire == length && x.size < 256 && word(x.head) && (!first || x.head[0] >= 'A' && x.head[0] <= 'Z' || x.head[0] == '_'):
			op = true
		}
		return false
	})
	return name && op
}

// word reports whether bytes are a name as graphs have them.
func word(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' || c == '"' {
			return false
		}
	}
	return len(b) > 0 && !bytes.ContainsRune([]byte(" {}[]"), rune(b[0]))
}
