package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
)

// window is the size of a Reader's buffer: what Peek promises, and as much again so that filling is rare.
const window = 2 * MaxHead

// Reader is a forward window over content. It is not safe for concurrent use.
type Reader struct {
	src    io.Reader
	seek   io.Seeker // nil when the content is forward-only
	closer io.Closer
	size   int64 // -1 when not known
	buf    []byte
	lo, hi int   // buf[lo:hi] is read and not yet passed over
	base   int64 // offset of buf[0] in the content
	ended  bool  // src has no more
}

// NewReader starts reading b at offset. Content with random access is skipped by seeking. Close the reader in the end.
func NewReader(b *format.Blob, offset int64) (*Reader, error) {
	if offset < 0 || (b.Size() >= 0 && offset > b.Size()) {
		return nil, format.Malformed(offset, "a pickle cannot start outside of the content")
	}
	n := int64(window)
	if b.Size() >= 0 {
		n = min(n, max(b.Size()-offset, 64))
	}
	r := &Reader{size: b.Size(), base: offset, buf: make([]byte, n)}
	if at := b.At(); at != nil {
		section := io.NewSectionReader(at, 0, b.Size())
		r.src, r.seek = section, section
		_, err := section.Seek(offset, io.SeekStart)
		return r, err
	}
	src, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open content: %w", err)
	}
	if _, err := io.CopyN(io.Discard, src, offset); err != nil {
		return nil, errors.Join(fmt.Errorf("skip to byte %d: %w", offset, err), src.Close())
	}
	r.src, r.closer = src, src
	return r, nil
}

// Close ends reading.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// Offset is the position in bytes from the start of the content.
func (r *Reader) Offset() int64 { return r.base + int64(r.lo) }

// Peek returns the next n bytes without passing over them, at most MaxHead; fewer only at the end of the content. They are
// valid until the next call of any other method. The error is one of reading, never io.EOF.
func (r *Reader) Peek(n int) ([]byte, error) {
	n = min(n, MaxHead)
	if r.hi-r.lo < n {
		if err := r.fill(n); err != nil {
			return nil, err
		}
	}
	return r.buf[r.lo:min(r.hi, r.lo+n)], nil
}

// fill reads until the window holds n bytes or the content ends.
func (r *Reader) fill(n int) error {
	if r.lo > 0 && len(r.buf)-r.lo < n {
		r.base += int64(r.lo)
		r.hi = copy(r.buf, r.buf[r.lo:r.hi])
		r.lo = 0
	}
	for empty := 0; r.hi-r.lo < n && !r.ended && r.hi < len(r.buf); {
		got, err := r.src.Read(r.buf[r.hi:])
		r.hi += got
		if empty++; got > 0 {
			empty = 0
		}
		switch {
		case errors.Is(err, io.EOF):
			r.ended = true
		case err != nil:
			return fmt.Errorf("read content at %d: %w", r.base+int64(r.hi), err)
		case empty > 100:
			return fmt.Errorf("read content at %d: %w", r.base+int64(r.hi), io.ErrNoProgress)
		}
	}
	return nil
}

// Skip passes over n bytes. The error wraps format.ErrMalformed when the content ends before.
func (r *Reader) Skip(n int64) error {
	if n < 0 {
		return format.Malformed(r.Offset(), "a length is negative")
	}
	if n <= int64(r.hi-r.lo) {
		r.lo += int(n)
		return nil
	}
	start := r.Offset()
	n -= int64(r.hi - r.lo)
	r.base, r.lo, r.hi = r.base+int64(r.hi), 0, 0
	if r.size >= 0 && n > r.size-r.base {
		return ended(start)
	}
	if r.seek != nil {
		r.base += n
		_, err := r.seek.Seek(r.base, io.SeekStart)
		return err
	}
	return r.discard(start, n)
}

// discard reads n bytes of forward-only content, with the window as its buffer.
func (r *Reader) discard(start, n int64) error {
	for n > 0 && !r.ended {
		if err := r.fill(1); err != nil {
			return err
		}
		step := min(n, int64(r.hi))
		n -= step
		if n > 0 {
			r.base, r.hi = r.base+int64(r.hi), 0
			continue
		}
		r.lo = int(step)
	}
	if n > 0 {
		return ended(start)
	}
	return nil
}

// ended is the error for content that stops inside of what starts at offset.
func ended(offset int64) error {
	return format.Malformed(offset, "the content ends inside of what starts here")
}

// line finds the next newline. It returns the bytes before it and how many bytes to pass over. Found is false when the
// content ends before a newline, or when the line is longer than MaxHead (then line holds MaxHead bytes).
func (r *Reader) line() (line []byte, found bool, err error) {
	have := r.buf[r.lo:r.hi]
	if i := bytes.IndexByte(have, '\n'); i >= 0 && i < MaxHead {
		return have[:i], true, nil
	}
	for want := 4 << 10; ; want *= 4 {
		if have, err = r.Peek(want); err != nil {
			return nil, false, err
		}
		if i := bytes.IndexByte(have, '\n'); i >= 0 {
			return have[:i], true, nil
		}
		if len(have) < want || want >= MaxHead {
			return have, false, nil
		}
	}
}

// body reads the n bytes that follow without disturbing the window, so that what Peek returned stays valid.
type body struct {
	r     *Reader
	left  int64
	next  int   // index in the window of the next byte
	extra int64 // bytes taken from the source directly
}

// Read implements io.Reader. It returns io.ErrUnexpectedEOF when the content ends inside of the body.
func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.left)]
	if b.next < b.r.hi {
		n := copy(p, b.r.buf[b.next:b.r.hi])
		b.next += n
		b.left -= int64(n)
		return n, nil
	}
	if b.r.ended {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.r.src.Read(p)
	b.extra += int64(n)
	b.left -= int64(n)
	if errors.Is(err, io.EOF) {
		b.r.ended = true
		if err = nil; n == 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// finish passes over what is left of the body.
func (b *body) finish() error {
	b.r.lo = b.next
	if b.extra > 0 {
		b.r.base, b.r.lo, b.r.hi = b.r.base+int64(b.r.hi)+b.extra, 0, 0
	}
	return b.r.Skip(b.left)
}
