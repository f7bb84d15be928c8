// Package protomsg walks messages of protocol buffers without their schema, field by field, in place. It is for parsers of
// formats that are such messages. It holds one window of the content, whatever the size of the message, reads nothing of a
// field that is not asked for, and knows no format. Specification: https://protobuf.dev/programming-guides/encoding/
package protomsg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Wire is how the value of a field is written.
type Wire int

// The wire types. No schema of a model has a group, but readers pass over one.
const (
	Varint  Wire = 0
	Fixed64 Wire = 1
	Bytes   Wire = 2 // a length and as many bytes: text, a message, packed numbers
	Group   Wire = 3 // fields up to a tag that ends them
	Fixed32 Wire = 5
)

// endGroup is the wire type of the tag that ends a group, and maxGroups how deep groups are followed, as by other readers.
const (
	endGroup      = Wire(4)
	maxGroups int = 100
)

// Field is one field of a message.
type Field struct {
	Number int
	Wire   Wire
	Offset int64   // of the tag: bytes from the start of the content
	Value  uint64  // of a number
	Body   Message // of Bytes and of a Group; empty for numbers
}

// Message is a range of the content that is a message, or text, or packed numbers: only who knows the schema can tell. The
// messages of one content share a window and must not be used at the same time.
type Message struct {
	w      *window
	Offset int64 // bytes from the start of the content
	Size   int64 // bytes
}

// windowSize is how much of the content is held.
const windowSize = 32 << 10

// window is the part of the content that was read last.
type window struct {
	at     io.ReaderAt
	budget *limits.Budget
	start  int64
	buf    []byte
	mem    [windowSize]byte
}

// New makes the message that is the whole content. Every field costs one step of the budget.
func New(b *format.Blob, budget *limits.Budget) (Message, error) {
	if b.At() == nil {
		return Message{}, format.Malformed(0, "the content can only be read forward")
	}
	return Message{w: &window{at: b.At(), budget: budget}, Size: b.Size()}, nil
}

// End is the offset behind the last byte.
func (m Message) End() int64 { return m.Offset + m.Size }

// Fields calls visit for every field in order. What visit returns ends the walk. A message that breaks the encoding is an
// error that wraps format.ErrMalformed.
func (m Message) Fields(visit func(Field) error) error {
	for at := m.Offset; at < m.End(); {
		if err := m.w.budget.Ops(1); err != nil {
			return err
		}
		f := Field{Offset: at}
		tag, n, err := m.w.varint(at, m.End())
		if err != nil {
			return err
		}
		if tag>>3 == 0 || tag>>3 >= 1<<29 {
			return format.Malformed(at, "field number %d does not exist", tag>>3)
		}
		f.Number, f.Wire = int(tag>>3), Wire(tag&7)
		at += n
		if at, err = m.value(at, &f); err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// value reads the value of a field at an offset and returns the offset behind it.
func (m Message) value(at int64, f *Field) (int64, error) {
	switch f.Wire {
	case Varint:
		v, n, err := m.w.varint(at, m.End())
		f.Value = v
		return at + n, err
	case Fixed32, Fixed64:
		n := int64(4)
		if f.Wire == Fixed64 {
			n = 8
		}
		b, err := m.w.read(at, n, m.End())
		if err != nil {
			return at, err
		}
		f.Value = uint64(binary.LittleEndian.Uint32(b))
		if n == 8 {
			f.Value = binary.LittleEndian.Uint64(b)
		}
		return at + n, nil
	case Bytes:
		size, n, err := m.w.varint(at, m.End())
		if err != nil {
			return at, err
		}
		at += n
		if size > uint64(m.End()-at) {
			return at, format.Malformed(at, "a field of %d bytes is longer than the message around it", size)
		}
		f.Body = Message{w: m.w, Offset: at, Size: int64(size)}
		return f.Body.End(), nil
	case Group:
		return m.group(at, f)
	}
	return at, format.Malformed(f.Offset, "wire type %d is not used by models", f.Wire)
}

// group passes over a group that begins at an offset and returns the offset behind the tag that ends it.
func (m Message) group(at int64, f *Field) (int64, error) {
	start, open := at, []int{f.Number}
	for {
		if err := m.w.budget.Ops(1); err != nil {
			return at, err
		}
		tag, n, err := m.w.varint(at, m.End())
		if err != nil {
			return at, err
		}
		x := Field{Number: int(tag >> 3 & (1<<29 - 1)), Wire: Wire(tag & 7), Offset: at}
		switch x.Wire {
		case Group:
			if open = append(open, x.Number); len(open) > maxGroups {
				return at, format.Malformed(at, "groups are nested deeper than readers follow")
			}
			at += n
		case endGroup:
			if open[len(open)-1] != x.Number {
				return at, format.Malformed(at, "a group ends that did not begin")
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				f.Body = Message{w: m.w, Offset: start, Size: at - start}
				return at + n, nil
			}
			at += n
		default:
			if at, err = m.value(at+n, &x); err != nil {
				return at, err
			}
		}
	}
}

// Read returns a copy of the first most bytes of the range, and whether it is longer.
func (m Message) Read(most int64) (b []byte, cut bool, err error) {
	n := min(m.Size, most)
	b = make([]byte, n)
	for done := int64(0); done < n; {
		piece, err := m.w.read(m.Offset+done, min(n-done, windowSize), m.End())
		if err != nil {
			return nil, false, err
		}
		done += int64(copy(b[done:], piece))
	}
	return b, n < m.Size, nil
}

// View returns the first most bytes of the range, at most 32 KiB, without a copy: they are valid until any message of the same
// content is read again.
func (m Message) View(most int64) ([]byte, error) {
	return m.w.read(m.Offset, min(m.Size, most, windowSize), m.End())
}

// Text returns the first most bytes of the range as text; what is longer is cut.
func (m Message) Text(most int64) (string, error) {
	b, _, err := m.Read(most)
	return string(b), err
}

// Packed calls visit for every number of a packed field of varints.
func (m Message) Packed(visit func(uint64) error) error {
	for at := m.Offset; at < m.End(); {
		if err := m.w.budget.Ops(1); err != nil {
			return err
		}
		v, n, err := m.w.varint(at, m.End())
		if err != nil {
			return err
		}
		if err := visit(v); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// read returns n bytes at an offset, at most windowSize; they are valid until the next call.
func (w *window) read(at, n, end int64) ([]byte, error) {
	if n > end-at {
		return nil, format.Malformed(at, "the message ends inside a field")
	}
	if at < w.start || at+n > w.start+int64(len(w.buf)) {
		got, err := w.at.ReadAt(w.mem[:], at)
		w.start, w.buf = at, w.mem[:got]
		if int64(got) < n {
			return nil, fmt.Errorf("read message at %d: %w", at, errors.Join(err, io.ErrUnexpectedEOF))
		}
	}
	return w.buf[at-w.start:][:n], nil
}

// varint reads a number of variable length and returns how many bytes it has.
func (w *window) varint(at, end int64) (v uint64, size int64, err error) {
	b, err := w.read(at, min(binary.MaxVarintLen64, end-at), end)
	if err != nil {
		return 0, 0, err
	}
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, format.Malformed(at, "a number of variable length does not end")
	}
	return v, int64(n), nil
}
