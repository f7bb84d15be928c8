package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// Sizes of reading.
const (
	page      = 64 << 10 // bytes that are asked for at least
	ahead     = 1 << 20  // bytes that are read ahead at most
	stretch   = 64 << 20 // bytes of one request when a file is read from end to end
	small     = 8 << 20  // files up to this size are read as a whole, and hashed
	cached    = 4 << 20  // bytes of a larger file that are held
	unordered = 32 << 20 // bytes that are held for a server that does not serve ranges
)

// ErrChanged is wrapped by the error for a file that is not the one that was opened.
var ErrChanged = errors.New("the file changed while it was read; scan it again when nothing writes to it")

// File is one file of a site.
type File struct {
	Client *Client
	URL    string
	Header http.Header // sent to the site, and not to where it redirects, except Accept
	// Size is what the place says, in bytes; -1 when it says nothing. Other content is an error.
	Size int64
	// ETag is the strong validator that the place gives for the content; empty to take that of the first answer.
	ETag string
	// Explain makes the error that a reader understands from what the server answers; may be nil.
	Explain func(*Status) error
}

// Open reads the beginning of a file and returns its content. A file of up to 8 MiB is read and hashed as a whole; of a larger
// one only what is read of the blob is transferred. The context ends every later reading too.
func (f File) Open(ctx context.Context) (*detect.Opened, error) {
	r := &remote{file: f, ctx: ctx, size: f.Size, etag: f.ETag, pages: map[int64][]byte{}, digest: sha256.New()}
	blob, err := r.begin()
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &detect.Opened{Blob: blob, Settled: r.settled, Sum: r.sum, Close: r.Close}, nil
}

// remote is an open file.
type remote struct {
	file File
	ctx  context.Context

	mu       sync.Mutex
	size     int64
	etag     string        // the validator of the content
	modified string        // Last-Modified, where there is no validator
	direct   *http.Request // where the last redirect led, asked first as long as it answers
	ranged   bool          // the server has served a range
	pages    map[int64][]byte
	order    []int64 // the pages that are held, the one used last at the end
	runs     []*run
	digest   hash256
	hashed   int64 // bytes from the beginning that went into the digest
	failed   error // what makes all further reading useless
	spool    io.Closer
}

// begin asks for the first bytes, learns the size and chooses how the rest is read.
func (r *remote) begin() (*format.Blob, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recall() {
		return format.NewBlob(r, r.size), nil
	}
	want := int64(page)
	if r.size > 0 && r.size <= small {
		want = r.size
	}
	resp, err := r.ask(0, want)
	if err != nil {
		return nil, err
	}
	if resp == nil { // the file is empty
		return format.BytesBlob(nil), nil
	}
	if resp.StatusCode == http.StatusOK {
		return r.unranged(resp)
	}
	if r.size <= small {
		return r.small(resp)
	}
	head := make([]byte, page)
	if err := r.fill(&run{body: resp.Body, left: resp.ContentLength}, 0, head); err != nil {
		return nil, err
	}
	r.keep(0, head)
	r.runs = []*run{{next: int64(len(head)), window: page}}
	return format.NewBlob(r, r.size), nil
}

// small reads a small file as a whole; the response holds its first bytes.
func (r *remote) small(resp *http.Response) (*format.Blob, error) {
	whole := make([]byte, r.size)
	if err := r.fill(&run{body: resp.Body, left: resp.ContentLength}, 0, whole); err != nil {
		return nil, err
	}
	r.hash(0, whole)
	if r.size <= page {
		r.keep(0, whole)
	}
	return format.BytesBlob(whole), nil
}

// ask requests n bytes from offset and checks the answer: 206 with exactly these bytes, or fewer from the same offset; 200 for
// a server that does not serve ranges, only where nothing was read so far. It returns no response for a file that is empty.
func (r *remote) ask(offset, n int64) (*http.Response, error) {
	if r.direct != nil {
		resp, err := r.send(r.direct, offset, n)
		if err == nil && (resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusOK) {
			return r.accept(resp, offset, n)
		}
		if err == nil {
			drain(resp) // a signed address that has expired; the site gives a new one
		}
		r.direct = nil
	}
	first, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.file.URL, nil)
	if err != nil {
		return nil, errors.New("make request: the address is not a URL")
	}
	for name, v := range r.file.Header {
		first.Header[name] = v
	}
	resp, err := r.send(first, offset, n)
	if err != nil {
		return nil, err
	}
	return r.accept(resp, offset, n)
}

// send sends a request for a range.
func (r *remote) send(req *http.Request, offset, n int64) (*http.Response, error) {
	req = req.Clone(r.ctx)
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+n-1))
	if strong(r.etag) {
		req.Header.Set("If-Range", r.etag)
	}
	return r.file.Client.RoundTrip(req)
}

// strong reports whether a validator may be used for ranges.
func strong(etag string) bool { return strings.HasPrefix(etag, `"`) }

// accept checks the answer for n bytes from offset.
func (r *remote) accept(resp *http.Response, offset, n int64) (*http.Response, error) {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if err := r.partial(resp, offset, n); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
	case http.StatusOK:
		if err := r.complete(resp); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
		drain(resp)
		if (total == "0" || total == "") && offset == 0 && r.size <= 0 { // any byte would satisfy a range from 0
			r.size = 0
			return nil, nil
		}
		return nil, r.changed()
	case http.StatusPreconditionFailed:
		drain(resp)
		return nil, r.changed()
	default:
		err := failure(resp)
		if status, ok := errors.AsType[*Status](err); ok && r.file.Explain != nil {
			return nil, r.file.Explain(status)
		}
		return nil, err
	}
	if resp.Request.URL.String() != r.file.URL {
		r.direct = direct(resp.Request)
	}
	return resp, nil
}

// direct is the request for where a redirect led.
func direct(r *http.Request) *http.Request {
	d := r.Clone(r.Context())
	d.Header.Del("Range")
	d.Header.Del("If-Range")
	return d
}

// partial checks a 206 against what was asked for, and against earlier answers.
func (r *remote) partial(resp *http.Response, offset, n int64) error {
	var from, to, total int64
	got := resp.Header.Get("Content-Range")
	unit := strings.ToLower(resp.Header.Get("Content-Encoding"))
	if count, err := fmt.Sscanf(got, "bytes %d-%d/%d", &from, &to, &total); err != nil || count != 3 ||
		fmt.Sprintf("bytes %d-%d/%d", from, to, total) != got || unit != "" && unit != "identity" {
		return fmt.Errorf("%s answers with a range that does not say what it is (%q)", Redact(resp.Request.URL), clip(got, 60))
	}
	if from != offset || to < from || to > offset+n-1 || to >= total || resp.ContentLength >= 0 && resp.ContentLength != to-from+1 {
		return fmt.Errorf("%s answers with another range (%q) than bytes %d-%d", Redact(resp.Request.URL), clip(got, 60), offset, offset+n-1)
	}
	r.ranged, resp.ContentLength = true, to-from+1
	return r.same(resp, total)
}

// complete checks a 200: the whole file from a server that does not serve ranges, or a file that has changed.
func (r *remote) complete(resp *http.Response) error {
	if r.ranged {
		return r.changed()
	}
	if unit := strings.ToLower(resp.Header.Get("Content-Encoding")); unit != "" && unit != "identity" {
		return fmt.Errorf("%s answers with content that is encoded as %q", Redact(resp.Request.URL), clip(unit, 20))
	}
	if resp.ContentLength < 0 {
		return r.same(resp, r.size)
	}
	return r.same(resp, resp.ContentLength)
}

// same compares size and validators with those known so far, and keeps the first ones.
func (r *remote) same(resp *http.Response, total int64) error {
	etag, modified := resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	if r.size >= 0 && total != r.size || r.etag != "" && etag != "" && !sameTag(r.etag, etag) ||
		r.etag == "" && r.modified != "" && modified != r.modified {
		return r.changed()
	}
	r.size = total
	if r.etag == "" {
		r.etag = etag
	}
	r.modified = modified
	return nil
}

// sameTag compares validators as the weak comparison of RFC 9110 does.
func sameTag(a, b string) bool { return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/") }

// changed ends all reading of the file.
func (r *remote) changed() error {
	u, err := url.Parse(r.file.URL)
	if err != nil {
		u = &url.URL{}
	}
	r.failed = fmt.Errorf("read %s: %w", Redact(u), ErrChanged)
	return r.failed
}

// settled reports that the file changed while it was read.
func (r *remote) settled() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// sum is the digest when every byte was read.
func (r *remote) sum() (picket.Digest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil || r.size < 0 || r.hashed != r.size {
		return "", r.failed
	}
	return picket.SHA256([sha256.Size]byte(r.digest.Sum(nil))), nil
}

// hash adds content at offset to the digest as far as it follows what was hashed before.
func (r *remote) hash(offset int64, content []byte) {
	end := offset + int64(len(content))
	if offset <= r.hashed && end > r.hashed {
		_, _ = r.digest.Write(content[r.hashed-offset:]) // a hash takes everything
		r.hashed = end
	}
}

// Close releases connections and memory.
func (r *remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remember()
	for _, run := range r.runs {
		run.stop()
	}
	r.runs, r.pages, r.order = nil, nil, nil
	if r.failed == nil {
		r.failed = errors.New("read after close")
	}
	if r.spool != nil {
		return r.spool.Close()
	}
	return nil
}
