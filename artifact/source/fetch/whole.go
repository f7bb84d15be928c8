package fetch

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"

	"crypto/sha256"

	"github.com/picketsec/picket/artifact/format"
)

// unranged reads a file of a server that does not serve ranges: up to 32 MiB into memory, a larger one into an unlinked
// temporary file where the operator allows it, else forward only.
func (r *remote) unranged(resp *http.Response) (*format.Blob, error) {
	held := &Pieces{}
	_, err := io.CopyN(held, resp.Body, unordered+1)
	switch {
	case errors.Is(err, io.EOF):
		_ = resp.Body.Close()
		if r.size >= 0 && held.size != r.size {
			return nil, r.changed()
		}
		r.size = held.size
		for i, p := range held.list {
			r.hash(int64(i)*piece, p)
		}
		return format.NewBlob(held, held.size), nil
	case err != nil:
		_ = resp.Body.Close()
		return nil, fmt.Errorf("read %s: %w", Redact(resp.Request.URL), err)
	case r.file.Client.options.Scratch != "":
		return r.toScratch(resp, held)
	}
	_ = resp.Body.Close()
	return format.StreamBlob(r.size, r.stream), nil
}

// piece is how many bytes are held together.
const piece = 256 << 10

// Pieces is content in memory that grows without being copied, so that it takes no more than its size. The zero value is empty.
type Pieces struct {
	list [][]byte
	size int64
}

// Write implements io.Writer.
func (s *Pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if s.size%piece == 0 {
			s.list = append(s.list, make([]byte, 0, piece))
		}
		last := &s.list[len(s.list)-1]
		n := min(len(rest), piece-len(*last))
		*last, rest, s.size = append(*last, rest[:n]...), rest[n:], s.size+int64(n)
	}
	return len(b), nil
}

// ReadAt implements io.ReaderAt.
func (s *Pieces) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off >= 0 && off < s.size {
		c := copy(p[n:], s.list[off/piece][off%piece:])
		n, off = n+c, off+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// toScratch copies a response, whose beginning was read already, to a temporary file that has no name.
func (r *remote) toScratch(resp *http.Response, head *Pieces) (*format.Blob, error) {
	defer resp.Body.Close() //nolint:errcheck // its content was read
	f, err := os.CreateTemp(r.file.Client.options.Scratch, "picket-*")
	if err != nil {
		return nil, fmt.Errorf("create a temporary file: %w", err)
	}
	r.spool = f
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("unlink the temporary file: %w", err)
	}
	n, err := io.Copy(io.MultiWriter(f, r.digest), io.MultiReader(io.NewSectionReader(head, 0, head.size), resp.Body))
	if err != nil {
		return nil, fmt.Errorf("copy %s to a temporary file: %w", Redact(resp.Request.URL), err)
	}
	if r.size >= 0 && n != r.size {
		return nil, r.changed()
	}
	r.size, r.hashed = n, n
	return format.NewBlob(f, n), nil
}

// stream reads the file from its beginning with a request of its own.
func (r *remote) stream() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return nil, r.failed
	}
	resp, err := r.ask(0, 1<<62) //nolint:bodyclose // the reader that is returned closes it
	if err != nil {
		return nil, err
	}
	if resp == nil || resp.StatusCode != http.StatusOK {
		return nil, r.changed()
	}
	return &forward{remote: r, body: resp.Body, digest: sha256.New()}, nil
}

// forward is one reading of a file from its beginning.
type forward struct {
	remote *remote
	body   io.ReadCloser
	digest hash.Hash
	read   int64
}

// Read implements io.Reader.
func (f *forward) Read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	f.digest.Write(p[:n])
	f.read += int64(n)
	if errors.Is(err, io.EOF) {
		return n, f.end()
	}
	return n, err
}

// end checks that the file was read as a whole, and keeps its digest.
func (f *forward) end() error {
	r := f.remote
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size >= 0 && f.read != r.size {
		return r.changed()
	}
	r.size, r.hashed, r.digest = f.read, f.read, f.digest
	return io.EOF
}

// Close implements io.Closer.
func (f *forward) Close() error { return f.body.Close() }
