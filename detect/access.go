package detect

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// small is how much of a forward-only part is always buffered, so that its end can be looked at too.
const small = 1 << 20

// access gives a forward-only blob random access when that is needed and fits: content of at most small bytes always, larger
// content only when a format that accepts its head cannot be read forward. Release frees the buffer.
func access(budget *limits.Budget, set *Set, b *format.Blob) (blob *format.Blob, release func(), err error) {
	if b.At() != nil {
		return b, func() {}, nil
	}
	content, err := buffer(budget, b, small)
	if err != nil {
		return nil, nil, err
	}
	if content.ended {
		return format.NewBlob(content, content.size), content.release, nil
	}
	head := make([]byte, format.HeadSize)
	_, err = content.ReadAt(head, 0)
	content.release()
	if err != nil || !set.randomAccess(format.Probe{Head: head, Size: b.Size(), Blob: b}) {
		return b, func() {}, err
	}
	content, err = buffer(budget, b, budget.Limits().Buffer)
	if err != nil {
		return nil, nil, err
	}
	if !content.ended {
		content.release()
		return nil, nil, fmt.Errorf("the compressed content is larger than %d bytes and its format cannot be read forward: %w",
			budget.Limits().Buffer, limits.ErrExceeded)
	}
	return format.NewBlob(content, content.size), content.release, nil
}

// randomAccess reports whether a format that accepts the head needs random access.
func (s *Set) randomAccess(p format.Probe) bool {
	for _, v := range s.match(p) {
		if !v.Forward {
			return true
		}
	}
	return false
}

// chunk is the size of the pieces in which content is held: growing by pieces never holds content twice.
const chunk = 256 << 10

// chunks is content in memory that the budget holds, in pieces that are full but for the last.
type chunks struct {
	pieces [][]byte
	size   int64
	ended  bool // the content ended; otherwise there is more of it
	held   []func()
}

// release gives the memory back to the budget.
func (c *chunks) release() {
	for _, free := range c.held {
		free()
	}
	c.pieces, c.held = nil, nil
}

// ReadAt implements io.ReaderAt.
func (c *chunks) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d: %w", off, format.ErrMalformed)
	}
	for n < len(p) && off < c.size {
		got := copy(p[n:], c.pieces[off/chunk][off%chunk:])
		n, off = n+got, off+int64(got)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// buffer reads up to limit bytes into memory that the budget holds.
func buffer(budget *limits.Budget, b *format.Blob, limit int64) (*chunks, error) {
	r, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open content: %w", err)
	}
	c := &chunks{}
	for !c.ended && c.size <= limit && err == nil {
		err = c.fill(budget, r, b.Size())
	}
	if c.size > limit {
		c.ended = false
	}
	if err = errors.Join(err, r.Close()); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

// fill reads one piece. Memory for a whole one is made only when there is that much: most members of archives are small.
func (c *chunks) fill(budget *limits.Budget, r io.Reader, says int64) error {
	free, err := budget.Hold(chunk)
	if err != nil {
		return err
	}
	c.held = append(c.held, free)
	piece := make([]byte, c.first(says))
	n, err := io.ReadFull(r, piece)
	for err == nil && n < chunk {
		more := min(3*n, chunk-n)
		piece = slices.Grow(piece, more)[:n+more]
		more, err = io.ReadFull(r, piece[n:])
		n += more
	}
	c.size += int64(n)
	if c.ended = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); c.ended {
		err = nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("read content: %w", err)
	case n < len(piece)/2: // a small member does not keep a whole piece alive
		piece = append([]byte(nil), piece[:n]...)
	}
	c.pieces = append(c.pieces, piece[:n])
	return nil
}

// first is how much of the next piece to ask for first, when the content says that it has so many bytes; -1 when it does not.
func (c *chunks) first(says int64) int64 {
	const unknown = 8 << 10
	switch rest := says - c.size; {
	case rest >= 0 && rest < chunk:
		return rest + 1 // one more shows that the content ends
	case says < 0 && c.size == 0:
		return unknown
	}
	return chunk
}
