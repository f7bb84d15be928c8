package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// copyBuffer is how many bytes are copied at a time.
const copyBuffer = 1 << 20

// Partial is what is added to the name of a file that is not complete yet.
const Partial = ".part"

// Copy writes the whole content of an item to a file of root, whose folders are made, and returns its digest. The content goes
// to name and ".part" first, and takes its name only when it is complete and has the declared digest. An interrupted copy of an
// item with a declared digest goes on where it stopped, or is only read when it is all there; one without starts again, because nothing would tell that the content is
// still the same. Progress, if not nil, is told how many more bytes are there, the ones of an earlier copy included.
func Copy(ctx context.Context, item detect.Item, root *os.Root, name string, progress func(n int64)) (picket.Digest, error) {
	if progress == nil {
		progress = func(int64) {}
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return "", fmt.Errorf("copy %s: %w", item.Name, err)
	}
	opened, err := item.Open()
	if err != nil {
		return "", fmt.Errorf("copy %s: %w", item.Name, err)
	}
	c := copying{ctx: ctx, item: item, blob: opened.Blob, root: root, part: name + Partial, progress: progress}
	resume := item.Declared != "" && opened.Blob.At() != nil
	if _, missing := root.Lstat(c.part); resume && errors.Is(missing, os.ErrNotExist) {
		_ = root.Rename(name, c.part) // an earlier copy that came to its end is read and not sent again; most often there is none
	}
	sum, err := c.run(resume)
	if errors.Is(err, errDigest) && c.resumed {
		sum, err = c.run(false) // what was there before was something else
	}
	if err == nil {
		err = opened.Settled()
	}
	err = errors.Join(err, opened.Close())
	if errors.Is(err, errDigest) {
		err = errors.Join(err, root.Remove(c.part))
	}
	if err == nil {
		err = root.Rename(c.part, name)
	}
	if err != nil {
		return "", fmt.Errorf("copy %s: %w", item.Name, err)
	}
	return sum, nil
}

// errDigest is wrapped by the error for content that is not what was declared.
var errDigest = errors.New("as its place declares")

// copying is the copy of one item.
type copying struct {
	ctx      context.Context
	item     detect.Item
	blob     *format.Blob
	root     *os.Root
	part     string
	progress func(int64)
	resumed  bool
}

// run writes the partial file, going on with what is there where resume allows it, and checks it.
func (c *copying) run(resume bool) (picket.Digest, error) {
	flags := os.O_RDWR | os.O_CREATE
	if !resume {
		flags |= os.O_TRUNC
	}
	f, err := c.root.OpenFile(c.part, flags, 0o644)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	have, err := c.have(f, h)
	var n int64
	if err == nil {
		n, err = c.rest(io.MultiWriter(f, h), have)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	sum := picket.SHA256([sha256.Size]byte(h.Sum(nil)))
	if size := c.blob.Size(); size >= 0 && have+n != size {
		return "", fmt.Errorf("%d bytes arrived, %d were announced", have+n, size)
	}
	if c.item.Declared != "" && sum != c.item.Declared {
		return "", fmt.Errorf("the content is %s, and not %s %w", sum, c.item.Declared, errDigest)
	}
	return sum, nil
}

// have hashes what an earlier copy left, which must be a regular file no longer than the content.
func (c *copying) have(f *os.File, h hash.Hash) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", c.part)
	}
	if size := c.blob.Size(); info.Size() > size {
		return 0, f.Truncate(0)
	}
	n, err := io.CopyBuffer(h, f, make([]byte, copyBuffer))
	c.resumed = n > 0
	c.progress(n)
	return n, err
}

// rest copies the content from an offset to its end.
func (c *copying) rest(w io.Writer, from int64) (int64, error) {
	var r io.ReadCloser
	var err error
	if at := c.blob.At(); at != nil {
		r = io.NopCloser(io.NewSectionReader(at, from, c.blob.Size()-from))
	} else if r, err = c.blob.Open(); err != nil {
		return 0, err
	}
	n, err := io.CopyBuffer(w, watched{c.ctx, r, c.progress}, make([]byte, copyBuffer))
	return n, errors.Join(err, r.Close())
}

// watched reads until its context ends, and tells how far it is.
type watched struct {
	ctx      context.Context
	in       io.Reader
	progress func(int64)
}

// Read implements io.Reader.
func (w watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.in.Read(p)
	w.progress(int64(n))
	return n, err
}
