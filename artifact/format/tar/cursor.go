package tar

import (
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// cursor reads an archive forward, by seeking when that is possible.
type cursor struct {
	at     io.ReaderAt
	size   int64
	stream io.ReadCloser
	pos    int64
}

// newCursor starts at the first byte.
func newCursor(blob *format.Blob) (*cursor, error) {
	if blob.At() != nil {
		return &cursor{at: blob.At(), size: blob.Size()}, nil
	}
	r, err := blob.Open()
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	return &cursor{stream: r}, nil
}

// close ends the reading.
func (c *cursor) close() error {
	if c.stream == nil {
		return nil
	}
	return c.stream.Close()
}

// Read implements io.Reader.
func (c *cursor) Read(p []byte) (int, error) {
	var n int
	var err error
	if c.stream != nil {
		n, err = c.stream.Read(p)
	} else if c.pos >= c.size {
		err = io.EOF
	} else {
		n, err = c.at.ReadAt(p[:min(int64(len(p)), c.size-c.pos)], c.pos)
		if n > 0 {
			err = nil
		}
	}
	c.pos += int64(n)
	return n, err
}

// read reads n bytes, or as many as there are before the end. The caller bounds n.
func (c *cursor) read(n int) ([]byte, error) {
	buf := make([]byte, n)
	got, err := io.ReadFull(c, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return buf[:got], err
}

// skipTo goes on at a later offset. Beyond the end of the archive only padding may be missing, which readers forgive.
func (c *cursor) skipTo(offset int64) error {
	if c.stream == nil {
		c.pos = offset
		return nil
	}
	if _, err := io.CopyN(io.Discard, c, offset-c.pos); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("skip member: %w", err)
	}
	if c.pos < offset-block+1 {
		return format.Malformed(c.pos, "the archive is cut off inside of a member")
	}
	return nil
}

// keep is how much of the start of a member of a forward-only archive is kept, so that it can be looked at several times. The
// engine looks at as much before it gives content to a detector.
const keep = 1<<20 + 64<<10

// live serves the content of one member while the archive is read forward only. The first reader that goes beyond what is kept
// takes the archive's own stream, so that the archive is read once; any other opens the archive again.
type live struct {
	blob         *format.Blob
	in           *cursor
	offset, size int64
	budget       *limits.Budget
	kept         []byte
	held         []func()
	taken        int64 // bytes taken from the stream
	owner        *liveReader
	over         bool
}

// open starts a reader at the first byte.
func (l *live) open() (io.ReadCloser, error) { return &liveReader{l: l}, nil }

// done ends the use of the stream.
func (l *live) done() {
	l.over = true
	for _, release := range l.held {
		release()
	}
}

// liveReader reads the content of a member.
type liveReader struct {
	l     *live
	pos   int64
	other io.ReadCloser // the archive opened again
}

// Read implements io.Reader.
func (r *liveReader) Read(p []byte) (int, error) {
	l := r.l
	p = p[:min(int64(len(p)), l.size-r.pos)]
	switch {
	case l.size == r.pos:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case r.other != nil:
		n, err := r.other.Read(p)
		r.pos += int64(n)
		return n, err
	case r.pos < int64(len(l.kept)):
		n := copy(p, l.kept[r.pos:])
		r.pos += int64(n)
		return n, nil
	case l.over || (l.owner != nil && l.owner != r):
		return r.again(p)
	}
	if l.owner == nil && l.taken < keep {
		return r.keepMore(p)
	}
	l.owner = r
	return r.take(p)
}

// take reads from the stream of the archive.
func (r *liveReader) take(p []byte) (int, error) {
	n, err := r.l.in.Read(p)
	r.l.taken += int64(n)
	r.pos += int64(n)
	if errors.Is(err, io.EOF) && r.l.taken < r.l.size {
		err = format.Malformed(r.l.taken, "the archive is cut off inside of a member")
	}
	return n, err
}

// keepMore reads from the stream and keeps what it reads for other readers.
func (r *liveReader) keepMore(p []byte) (int, error) {
	release, err := r.l.budget.Hold(int64(len(p)))
	if err != nil {
		return 0, err
	}
	r.l.held = append(r.l.held, release)
	n, err := r.take(p)
	r.l.kept = append(r.l.kept, p[:n]...)
	return n, err
}

// again opens the archive a second time, for a reader that is not the first.
func (r *liveReader) again(p []byte) (int, error) {
	section, err := r.l.blob.Section(r.l.offset+r.pos, r.l.size-r.pos)
	if err != nil {
		return 0, err
	}
	if r.other, err = section.Open(); err != nil {
		return 0, err
	}
	n, err := r.other.Read(p)
	r.pos += int64(n)
	return n, err
}

// Close implements io.Closer.
func (r *liveReader) Close() error {
	if r.other != nil {
		return r.other.Close()
	}
	return nil
}
