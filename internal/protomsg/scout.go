package protomsg

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// Bounds of what a scout passes: honest content shows what it is long before.
const (
	mostHops  = 1 << 21 // fields
	mostReads = 1 << 11 // windows beyond the head
)

// Scout passes over the fields of a message before its format is known: in any order, past unknown fields and groups, and past
// what lies between, as readers do. It reads tags and lengths only, and is for Match. It is used for one probe.
type Scout struct {
	p           format.Probe
	hops, reads int
	start       int64  // of the window
	window      []byte // what was read last beyond the head
}

// NewScout makes the scout of a probe.
func NewScout(p format.Probe) *Scout { return &Scout{p: p} }

// Hop is one field that a scout passes.
type Hop struct {
	Number   int
	Wire     Wire
	Value    uint64 // of a varint
	From, To int64  // where the bytes of the field are; To may lie behind the end of the content
}

// Size is how far the content goes; of content of unknown size, how far it is at hand.
func (s *Scout) Size() int64 {
	if s.p.Size >= 0 {
		return s.p.Size
	}
	return int64(len(s.p.Head))
}

// Exhausted reports whether the scout gave up on content that is so long that nobody else looks at all of it either: then it must
// not be taken for what it looks like elsewhere.
func (s *Scout) Exhausted() bool {
	return s.tired() && (s.p.Size < 0 || s.p.Size > format.WholeSize)
}

// tired reports whether the scout passed so much that it goes no further.
func (s *Scout) tired() bool { return s.hops > mostHops || s.reads > mostReads }

// Peek returns the bytes of a tag and a length at an offset, or more; fewer at the end. They are valid until the next call.
func (s *Scout) Peek(at int64) []byte {
	const least = 2 * binary.MaxVarintLen64
	if at+least <= int64(len(s.p.Head)) || int64(len(s.p.Head)) == s.p.Size && at < s.p.Size {
		return s.p.Head[at:]
	}
	if at >= s.start && at+least <= s.start+int64(len(s.window)) {
		return s.window[at-s.start:]
	}
	if s.reads++; s.tired() || s.p.Blob == nil || s.p.Blob.At() == nil {
		return nil
	}
	if s.window == nil {
		s.window = make([]byte, windowSize)
	}
	n, _ := s.p.Blob.At().ReadAt(s.window[:windowSize], at) // fewer bytes at the end
	s.start, s.window = at, s.window[:n]
	return s.window
}

// Inside calls visit for the fields of a field, as Fields does.
func (s *Scout) Inside(f Hop, visit func(Hop) bool) int64 {
	return s.Fields(f.From, min(f.To, s.Size()), visit)
}

// Fields calls visit for the fields between two offsets until it returns false or the content is no message. It returns where it
// stopped at the end, when all of it is fields; -1 otherwise.
func (s *Scout) Fields(at, end int64, visit func(Hop) bool) int64 {
	depth := 0 // of groups, which readers pass over
	for at < end {
		if s.hops++; s.tired() {
			return -1
		}
		b := s.Peek(at)
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
			return -1
		}
		f := Hop{Number: int(tag >> 3), Wire: Wire(tag & 7)}
		at += int64(n)
		switch f.Wire {
		case Varint, Bytes:
			value, size := binary.Uvarint(b[n:])
			if size <= 0 {
				return -1
			}
			at += int64(size)
			f.Value = value
		case Fixed32:
			at += 4
		case Fixed64:
			at += 8
		case Group, endGroup:
		default:
			return -1
		}
		switch f.Wire {
		case Group:
			depth++
		case endGroup:
			if depth--; depth < 0 {
				return -1
			}
		case Bytes:
			if f.From, f.To = at, at+int64(f.Value&(1<<62-1)); f.Value >= 1<<62 || f.To < at {
				return -1
			}
			at = f.To
		}
		if depth == 0 && f.Wire != endGroup && !visit(f) {
			return -1
		}
	}
	return at
}
