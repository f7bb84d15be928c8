package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Blob is the content of an artifact: forward reading always, random access when it is cheap. A Blob may be read by several
// readers at the same time.
type Blob struct {
	at   io.ReaderAt
	size int64
	open func() (io.ReadCloser, error)
}

// NewBlob makes a blob of size bytes with random access.
func NewBlob(at io.ReaderAt, size int64) *Blob { return &Blob{at: at, size: size} }

// BytesBlob makes a blob of bytes in memory. The caller must not change them afterwards.
func BytesBlob(b []byte) *Blob { return NewBlob(bytes.NewReader(b), int64(len(b))) }

// StreamBlob makes a forward-only blob. Open must start again at the first byte each time it is called. Size is -1 when it
// is not known.
func StreamBlob(size int64, open func() (io.ReadCloser, error)) *Blob {
	return &Blob{size: size, open: open}
}

// Size is the number of bytes, or -1 when it is not known.
func (b *Blob) Size() int64 { return b.size }

// Length is Size, or where that is unknown the number of bytes there are, which it counts by reading them.
func (b *Blob) Length() (int64, error) {
	if b.size >= 0 {
		return b.size, nil
	}
	r, err := b.Open()
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return 0, fmt.Errorf("read content to its end: %w", err)
	}
	return n, nil
}

// At gives random access; nil when the blob is forward-only.
func (b *Blob) At() io.ReaderAt { return b.at }

// Open starts reading at the first byte.
func (b *Blob) Open() (io.ReadCloser, error) {
	if b.at != nil {
		return io.NopCloser(io.NewSectionReader(b.at, 0, b.size)), nil
	}
	if b.open == nil {
		return nil, errors.New("open blob: it has no content")
	}
	return b.open()
}

// Section returns the n bytes from offset as a blob of its own. A range outside of the blob is an error that wraps
// ErrMalformed.
func (b *Blob) Section(offset, n int64) (*Blob, error) {
	if offset < 0 || n < 0 || (b.size >= 0 && (offset > b.size || n > b.size-offset)) {
		return nil, Malformed(offset, "a range of %d bytes is outside of the content of %d bytes", n, b.size)
	}
	if b.at != nil {
		return NewBlob(io.NewSectionReader(b.at, offset, n), n), nil
	}
	return StreamBlob(n, func() (io.ReadCloser, error) { return b.openSection(offset, n) }), nil
}

// openSection reads n bytes from offset of a forward-only blob.
func (b *Blob) openSection(offset, n int64) (io.ReadCloser, error) {
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		return nil, errors.Join(fmt.Errorf("skip to byte %d: %w", offset, err), r.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, n), r}, nil
}

// ReadRange reads exactly n bytes from offset into a new slice; the caller bounds n. A range outside of the content is an
// error that wraps ErrMalformed; so is the use of a forward-only blob.
func (b *Blob) ReadRange(offset, n int64) ([]byte, error) {
	if b.at == nil {
		return nil, Malformed(offset, "the content can only be read forward")
	}
	if offset < 0 || n < 0 || offset > b.size || n > b.size-offset {
		return nil, Malformed(offset, "a range of %d bytes is outside of the content of %d bytes", n, b.size)
	}
	buf := make([]byte, n)
	if got, err := b.at.ReadAt(buf, offset); int64(got) < n {
		return nil, fmt.Errorf("read %d bytes at %d: %w", n, offset, err)
	}
	return buf, nil
}
