// Package flatbuffer walks FlatBuffers without their schema, table by table, in place. It is for parsers of formats that are
// FlatBuffers. It holds a few small windows of the content, whatever its size, reads nothing of a field that is not asked
// for, checks every offset against the content, and knows no format. A field of a table is named by its number in the schema,
// counted from 0; a union has two: its type, and the table itself. Specification: https://flatbuffers.dev/internals/
package flatbuffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Match reports whether content begins like a FlatBuffer with a file identifier of four bytes: its root lies behind the
// identifier and inside the content.
func Match(p format.Probe, identifier string) bool {
	if len(p.Head) < 16 || string(p.Head[4:8]) != identifier {
		return false
	}
	root := int64(binary.LittleEndian.Uint32(p.Head))
	return root >= 8 && (p.Size < 0 || root+4 <= p.Size)
}

// Buffer is the content. It must not be used by several goroutines at the same time.
type Buffer struct {
	at      io.ReaderAt
	size    int64
	budget  *limits.Budget
	reached int64
	clock   int64
	pages   [pageCount]page
}

// The windows: tables, their vtables and their texts lie in different places of the content.
const (
	pageCount = 8
	pageSize  = 16 << 10
)

// page is one window.
type page struct {
	start int64
	buf   []byte
	used  int64 // when, by the clock of the buffer
}

// New makes the walker of a content. Every table and every element costs one step of the budget.
func New(b *format.Blob, budget *limits.Budget) (*Buffer, error) {
	if b.At() == nil {
		return nil, format.Malformed(0, "the content can only be read forward")
	}
	return &Buffer{at: b.At(), size: b.Size(), budget: budget}, nil
}

// Size is the number of bytes of the content.
func (b *Buffer) Size() int64 { return b.size }

// Reached is the offset behind the last byte of everything that was asked for so far: after a walk over the whole content,
// what lies behind it belongs to something else, but for padding.
func (b *Buffer) Reached() int64 { return b.reached }

// Root is the table that the content begins with.
func (b *Buffer) Root() (Table, error) { return b.follow(0) }

// reach checks that n bytes from an offset lie in the content.
func (b *Buffer) reach(at, n int64) error {
	if at < 0 || n < 0 || at > b.size || n > b.size-at {
		return format.Malformed(max(0, min(at, b.size)), "%d bytes at %d are outside of the content of %d bytes", n, at, b.size)
	}
	b.reached = max(b.reached, at+n)
	return nil
}

// read returns n bytes, at most 8, at an offset; they are valid until the next call.
func (b *Buffer) read(at, n int64) ([]byte, error) {
	if err := b.reach(at, n); err != nil {
		return nil, err
	}
	b.clock++
	oldest := &b.pages[0]
	for i := range b.pages {
		p := &b.pages[i]
		if at >= p.start && at+n <= p.start+int64(len(p.buf)) {
			p.used = b.clock
			return p.buf[at-p.start:][:n], nil
		}
		if p.used < oldest.used {
			oldest = p
		}
	}
	// Writers fill a FlatBuffer from its end: what is read next lies on either side.
	start := max(0, min(at-pageSize/4, b.size-pageSize))
	if cap(oldest.buf) == 0 {
		oldest.buf = make([]byte, 0, pageSize)
	}
	got, err := b.at.ReadAt(oldest.buf[:min(pageSize, b.size-start)], start)
	oldest.start, oldest.buf, oldest.used = start, oldest.buf[:got], b.clock
	if start+int64(got) < at+n {
		return nil, fmt.Errorf("read FlatBuffer at %d: %w", at, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return oldest.buf[at-start:][:n], nil
}

// uint reads a number of 1, 2, 4 or 8 bytes.
func (b *Buffer) uint(at, width int64) (uint64, error) {
	raw, err := b.read(at, width)
	if err != nil {
		return 0, err
	}
	switch width {
	case 1:
		return uint64(raw[0]), nil
	case 2:
		return uint64(binary.LittleEndian.Uint16(raw)), nil
	case 4:
		return uint64(binary.LittleEndian.Uint32(raw)), nil
	}
	return binary.LittleEndian.Uint64(raw), nil
}

// target is where the offset that is stored at a place points to.
func (b *Buffer) target(at int64) (int64, error) {
	offset, err := b.uint(at, 4)
	if err != nil {
		return 0, err
	}
	if offset < 4 {
		return 0, format.Malformed(at, "an offset of %d points at itself", offset)
	}
	return at + int64(offset), nil
}

// follow reads the table that the offset at a place points to.
func (b *Buffer) follow(at int64) (Table, error) {
	where, err := b.target(at)
	if err != nil {
		return Table{}, err
	}
	return b.table(where)
}

// table reads the vtable of the table at an offset.
func (b *Buffer) table(at int64) (Table, error) {
	if err := b.budget.Ops(1); err != nil {
		return Table{}, err
	}
	back, err := b.uint(at, 4)
	if err != nil {
		return Table{}, err
	}
	t := Table{b: b, Offset: at, vtable: at - int64(int32(back))}
	head, err := b.uint(t.vtable, 4)
	if err != nil {
		return Table{}, err
	}
	t.slots, t.size = int64(head&0xffff), int64(head>>16)
	if t.slots < 4 || t.slots%2 != 0 || t.size < 4 {
		return Table{}, format.Malformed(t.vtable, "a vtable of %d bytes for a table of %d bytes", t.slots, t.size)
	}
	if err := b.reach(t.vtable, t.slots); err != nil {
		return Table{}, err
	}
	return t, b.reach(at, t.size)
}

// text reads the string at an offset, at most most bytes of it.
func (b *Buffer) text(at, most int64) (string, error) {
	n, err := b.uint(at, 4)
	if err != nil {
		return "", err
	}
	if err := b.reach(at+4, int64(n)+1); err != nil { // a NUL follows
		return "", err
	}
	raw := make([]byte, min(int64(n), most))
	if err := b.budget.Ops(1 + int64(len(raw))/64); err != nil {
		return "", err
	}
	if got, err := b.at.ReadAt(raw, at+4); got < len(raw) {
		return "", fmt.Errorf("read FlatBuffer at %d: %w", at, err)
	}
	return string(raw), nil
}
