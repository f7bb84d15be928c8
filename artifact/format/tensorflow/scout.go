package tensorflow

import (
	"bytes"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/protomsg"
)

// scout finds graphs where readers find them: in any order of the fields and past fields that no schema has. What it cannot pass
// to the end counts as found, because it must not be taken for something harmless.
type scout struct{ *protomsg.Scout }

// has reports whether a field of a number, at the top of the content, is as the test says.
func has(p format.Probe, number int, test func(scout, protomsg.Hop) bool) bool {
	s := scout{protomsg.NewScout(p)}
	return s.any(protomsg.Hop{To: s.Size()}, number, test) || s.Exhausted()
}

// any reports whether a field of a number inside of another is as the test says.
func (s scout) any(f protomsg.Hop, number int, test func(scout, protomsg.Hop) bool) (found bool) {
	s.Inside(f, func(x protomsg.Hop) bool {
		found = x.Number == number && x.Wire == protomsg.Bytes && test(s, x)
		return !found
	})
	return found
}

// described reports whether a graph with a description has nodes, or objects that Keras builds anew.
func (s scout) described(f protomsg.Hop) bool {
	return s.any(f, 2, scout.graph) || s.any(f, 7, func(s scout, objects protomsg.Hop) bool {
		return s.any(objects, 1, func(s scout, object protomsg.Hop) bool {
			return s.any(object, 4, func(s scout, kind protomsg.Hop) bool { return s.any(kind, 1, scout.keras) })
		})
	})
}

// layer reports whether an object in the metadata of Keras is one of Keras.
func (s scout) layer(f protomsg.Hop) bool { return s.any(f, 4, scout.keras) }

// keras reports whether a text is a kind of objects of Keras.
func (s scout) keras(f protomsg.Hop) bool {
	const mark = "_tf_keras_"
	return f.To-f.From > int64(len(mark)) && bytes.HasPrefix(s.Peek(f.From), []byte(mark))
}

// graph reports whether a graph has nodes.
func (s scout) graph(f protomsg.Hop) bool {
	return s.any(f, 1, scout.node) || s.any(f, 2, scout.library)
}

// library reports whether functions have nodes.
func (s scout) library(f protomsg.Hop) bool { return s.any(f, 1, scout.function) }

// function reports whether a function has nodes.
func (s scout) function(f protomsg.Hop) bool { return s.any(f, 3, scout.node) }

// node reports whether a message has the name of a node and of an operation, and inputs that are names.
func (s scout) node(f protomsg.Hop) bool {
	name, op, broken := false, false, false
	s.Inside(f, func(x protomsg.Hop) bool {
		if x.Wire != protomsg.Bytes || x.Number > 3 {
			return true
		}
		b := s.Peek(x.From)
		b = b[:min(int64(len(b)), x.To-x.From)]
		switch {
		case !word(b):
			broken = true
		case x.Number == 1:
			name = true
		case x.Number == 2:
			op = operation(b)
		}
		return !broken
	})
	return name && op && !broken
}

// operation reports whether a word is the name of an operation, and of no function, which may be any word.
func operation(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '>' || c == '.' || c == '/' || c == '-') {
			return false
		}
	}
	return len(b) > 1 && (b[0] >= 'A' && b[0] <= 'Z' || b[0] == '_')
}
