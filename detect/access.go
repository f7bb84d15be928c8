package detect

import (
	"bytes"
	"errors"
	"fmt"
	"io"

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
	content, ended, release, err := buffer(budget, b, small)
	if err != nil {
		return nil, nil, err
	}
	if ended {
		return format.BytesBlob(content), release, nil
	}
	needed := set.randomAccess(format.Probe{Head: content[:format.HeadSize], Size: b.Size(), Blob: b})
	release()
	if !needed {
		return b, func() {}, nil
	}
	content, ended, release, err = buffer(budget, b, budget.Limits().Buffer)
	if err != nil {
		return nil, nil, err
	}
	if !ended {
		release()
		return nil, nil, fmt.Errorf("the compressed content is larger than %d bytes and its format cannot be read forward: %w",
			budget.Limits().Buffer, limits.ErrExceeded)
	}
	return format.BytesBlob(content), release, nil
}

// randomAccess reports whether a format that accepts the head needs random access, or none accepts it.
func (s *Set) randomAccess(p format.Probe) bool {
	views := s.match(p)
	for _, v := range views {
		if !v.Forward {
			return true
		}
	}
	return false
}

// buffer reads up to limit bytes into memory that the budget holds, and reports whether the content ended before.
func buffer(budget *limits.Budget, b *format.Blob, limit int64) (content []byte, ended bool, release func(), err error) {
	r, err := b.Open()
	if err != nil {
		return nil, false, nil, fmt.Errorf("open content: %w", err)
	}
	var held []func()
	release = func() {
		for _, f := range held {
			f()
		}
	}
	var buf bytes.Buffer
	for chunk := int64(64 << 10); ; chunk *= 2 {
		free, err := budget.Hold(chunk)
		if err != nil {
			release()
			return nil, false, nil, errors.Join(err, r.Close())
		}
		held = append(held, free)
		n, err := io.CopyN(&buf, r, min(chunk, limit+1-int64(buf.Len())))
		if err != nil && !errors.Is(err, io.EOF) {
			release()
			return nil, false, nil, errors.Join(fmt.Errorf("read content: %w", err), r.Close())
		}
		if errors.Is(err, io.EOF) || int64(buf.Len()) > limit || n == 0 {
			return buf.Bytes(), int64(buf.Len()) <= limit, release, r.Close()
		}
	}
}
