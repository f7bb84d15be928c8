package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source/fetch"
)

// noise is content of n bytes that differs everywhere.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

// digestOf is the digest of content.
func digestOf(b []byte) picket.Digest { return picket.SHA256(sha256.Sum256(b)) }

// server serves content by ranges under every path, through edit.
func server(t testing.TB, content []byte, edit func(http.ResponseWriter, *http.Request) bool) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if edit != nil && edit(w, r) {
			return
		}
		if w.Header().Get("ETag") == "" {
			w.Header().Set("ETag", `"one"`)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s
}

// client is a client of a test server with short pauses.
func client(t *testing.T, address string, change func(*fetch.Options, *fetch.Site)) (*fetch.Client, *fetch.Meter) {
	t.Helper()
	o := fetch.Options{Backoff: time.Millisecond, Patience: 20 * time.Millisecond, Meter: &fetch.Meter{}}
	s := fetch.Site{URL: address}
	if change != nil {
		change(&o, &s)
	}
	c, err := fetch.New(o, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, o.Meter
}

// whole opens a file and reads it from end to end.
func whole(t testing.TB, f fetch.File) ([]byte, picket.Digest, error) {
	t.Helper()
	o, err := f.Open(context.Background())
	if err != nil {
		return nil, "", err
	}
	defer o.Close() //nolint:errcheck // read only
	r, err := o.Blob.Open()
	if err != nil {
		return nil, "", err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return b, "", err
	}
	sum, err := o.Sum()
	return b, sum, errors.Join(err, o.Settled())
}

func TestWholeFilesAreReadInOrderAndHashed(t *testing.T) {
	for _, n := range []int{0, 1, 65535, 65536, 65537, 8 << 20, 8<<20 + 1, 20<<20 + 12345} {
		content := noise(n)
		s := server(t, content, nil)
		for _, size := range []int64{-1, int64(n)} {
			c, meter := client(t, s.URL, nil)
			got, sum, err := whole(t, fetch.File{Client: c, URL: s.URL + "/f", Size: size})
			if err != nil || !bytes.Equal(got, content) || sum != digestOf(content) {
				t.Errorf("%d bytes, size %d: read %d bytes, %s, %v", n, size, len(got), sum, err)
			}
			if meter.Bytes() > int64(n)+1024 || meter.Requests() > 8 {
				t.Errorf("%d bytes: transferred %d in %d requests", n, meter.Bytes(), meter.Requests())
			}
		}
	}
}

func TestRandomReadsStaySmallAndAreExact(t *testing.T) {
	content := noise(20 << 20)
	s := server(t, content, nil)
	c, meter := client(t, s.URL, nil)
	o, err := fetch.File{Client: c, URL: s.URL, Size: -1}.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close() //nolint:errcheck // read only
	if _, err := o.Blob.ReadRange(15<<20+7, 1000); err != nil {
		t.Fatal(err)
	}
	if meter.Bytes() > 3*64<<10 {
		t.Errorf("two reads transferred %d bytes", meter.Bytes())
	}
	if sum, err := o.Sum(); sum != "" || err != nil {
		t.Errorf("a file that was not read has the digest %q, %v", sum, err)
	}
	var readers sync.WaitGroup
	for worker := range 4 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 50 {
				off := r.Int64N(int64(len(content)))
				n := min(r.Int64N(200<<10), int64(len(content))-off)
				got, err := o.Blob.ReadRange(off, n)
				if err != nil || !bytes.Equal(got, content[off:off+n]) {
					t.Errorf("%d bytes at %d: %v", n, off, err)
				}
			}
		})
	}
	readers.Wait()
	if n, err := o.Blob.At().ReadAt(make([]byte, 10), int64(len(content))-4); n != 4 || err != io.EOF {
		t.Errorf("a read over the end gives %d, %v", n, err)
	}
}

func TestTheTailFirstThenAllIsStillHashed(t *testing.T) {
	content := noise(9<<20 + 5)
	s := server(t, content, nil)
	c, _ := client(t, s.URL, nil)
	o, err := fetch.File{Client: c, URL: s.URL, Size: -1}.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Blob.ReadRange(9<<20, 5); err != nil {
		t.Fatal(err)
	}
	r, _ := o.Blob.Open()
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	if sum, err := o.Sum(); sum != digestOf(content) || err != nil {
		t.Errorf("digest %s, %v", sum, err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if _, err := o.Blob.ReadRange(0, 1); err == nil {
		t.Error("a closed file was read")
	}
}

func TestContentThatChangesIsAnError(t *testing.T) {
	content := noise(10 << 20)
	for name, later := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"etag": func(w http.ResponseWriter, _ *http.Request) bool { w.Header().Set("ETag", `"two"`); return false },
		"etag without if-range": func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("ETag", `"two"`)
			r.Header.Del("If-Range")
			return false
		},
		"size": func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("ETag", `"one"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content[:9<<20]))
			return true
		},
		"precondition": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusPreconditionFailed)
			return true
		},
		"shorter": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return true
		},
		"no ranges": func(w http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false },
	} {
		var requests atomic.Int64
		s := server(t, content, func(w http.ResponseWriter, r *http.Request) bool {
			return requests.Add(1) > 1 && later(w, r)
		})
		c, _ := client(t, s.URL, nil)
		o, err := fetch.File{Client: c, URL: s.URL, Size: -1}.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Blob.ReadRange(5<<20, 10); !errors.Is(err, fetch.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		if !errors.Is(o.Settled(), fetch.ErrChanged) {
			t.Errorf("%s: settled", name)
		}
	}
	s := server(t, content, nil)
	c, _ := client(t, s.URL, nil)
	for _, f := range []fetch.File{{Size: 0}, {Size: 5}, {Size: 9 << 20}, {Size: -1, ETag: `"three"`}} {
		f.Client, f.URL = c, s.URL
		if _, err := f.Open(context.Background()); !errors.Is(err, fetch.ErrChanged) {
			t.Errorf("size %d, etag %s: %v", f.Size, f.ETag, err)
		}
	}
}

func TestServersWithoutRanges(t *testing.T) {
	plain := func(w http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false }
	for _, n := range []int{0, 10, 33 << 20} {
		for _, scratch := range []string{"", t.TempDir()} {
			content := noise(n)
			s := server(t, content, plain)
			c, _ := client(t, s.URL, func(o *fetch.Options, _ *fetch.Site) { o.Scratch = scratch })
			got, sum, err := whole(t, fetch.File{Client: c, URL: s.URL, Size: -1})
			if err != nil || !bytes.Equal(got, content) || sum != digestOf(content) {
				t.Errorf("%d bytes: %d, %s, %v", n, len(got), sum, err)
			}
		}
	}
	s := server(t, noise(33<<20), plain)
	c, _ := client(t, s.URL, nil)
	o, err := fetch.File{Client: c, URL: s.URL, Size: -1}.Open(context.Background())
	if err != nil || o.Blob.At() != nil {
		t.Fatalf("a large file without ranges has random access: %v", err)
	}
	for range 2 {
		r, err := o.Blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != 33<<20 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
	}
}

func TestWrongRangesAreRefused(t *testing.T) {
	for _, header := range []string{"", "bytes 1-10/100", "bytes 0-9/*", "bytes 0-99/50", "bytes 00-9/100", "bytes 5-1/100", "bytes 0-65536/1000000", "items 0-9/100", "bytes 0-9/-1", "bytes 0-9/100 "} {
		s := server(t, nil, func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Range", header)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(make([]byte, 10))
			return true
		})
		c, _ := client(t, s.URL, nil)
		if _, _, err := whole(t, fetch.File{Client: c, URL: s.URL, Size: -1}); err == nil {
			t.Errorf("%q was taken", header)
		}
	}
	s := server(t, noise(100), func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Encoding", "gzip")
		return false
	})
	c, _ := client(t, s.URL, nil)
	if _, _, err := whole(t, fetch.File{Client: c, URL: s.URL, Size: -1}); err == nil {
		t.Error("encoded content was taken")
	}
}

func TestPassingFailuresAreRepeatedFromWhereTheyHappened(t *testing.T) {
	content := noise(20 << 20)
	var requests atomic.Int64
	s := server(t, content, func(w http.ResponseWriter, r *http.Request) bool {
		n := requests.Add(1)
		switch n % 4 {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader([]int{429, 500, 502, 503, 504}[n%5])
			return true
		case 2:
			panic(http.ErrAbortHandler)
		case 3: // breaks off in the middle
			w.Header().Set("ETag", `"one"`)
			http.ServeContent(&limited{ResponseWriter: w, left: 700 << 10}, r, "", time.Time{}, bytes.NewReader(content))
			return true
		}
		return false
	})
	c, meter := client(t, s.URL, nil)
	got, sum, err := whole(t, fetch.File{Client: c, URL: s.URL, Size: -1})
	if err != nil || !bytes.Equal(got, content) || sum != digestOf(content) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if meter.Bytes() > int64(len(content))+(4<<20) {
		t.Errorf("transferred %d bytes for %d", meter.Bytes(), len(content))
	}
}

// limited aborts an answer after some bytes.
type limited struct {
	http.ResponseWriter
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) >= l.left {
		_, _ = l.ResponseWriter.Write(p[:l.left])
		l.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	l.left -= len(p)
	return l.ResponseWriter.Write(p)
}

func TestRepetitionIsBounded(t *testing.T) {
	for _, c := range []struct {
		after    string
		requests int64
	}{{"", 5}, {"3600", 1}, {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 1}} {
		s := server(t, nil, func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", c.after)
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		cl, meter := client(t, s.URL, nil)
		_, _, err := whole(t, fetch.File{Client: cl, URL: s.URL, Size: -1})
		if err == nil || !strings.Contains(err.Error(), "503 Service Unavailable") || meter.Requests() != c.requests {
			t.Errorf("after %q: %d requests, %v", c.after, meter.Requests(), err)
		}
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	done := make(chan struct{})
	s := server(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/headers" {
			<-done
			return true
		}
		w.Header().Set("Content-Range", "bytes 0-99/100")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write([]byte("some"))
		w.(http.Flusher).Flush()
		<-done
		return true
	})
	defer close(done)
	for _, p := range []string{"/headers", "/body"} {
		c, _ := client(t, s.URL, func(o *fetch.Options, _ *fetch.Site) { o.Idle, o.Attempts = 50*time.Millisecond, 2 })
		if _, _, err := whole(t, fetch.File{Client: c, URL: s.URL + p, Size: -1}); err == nil {
			t.Errorf("%s: no error", p)
		}
	}
}

func TestAContextEndsReading(t *testing.T) {
	s := server(t, noise(10<<20), nil)
	c, _ := client(t, s.URL, nil)
	ctx, cancel := context.WithCancel(context.Background())
	o, err := fetch.File{Client: c, URL: s.URL, Size: -1}.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := o.Blob.ReadRange(5<<20, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := server(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/header" {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}
		fmt.Fprintf(w, `{"a": %q}`, strings.Repeat("x", 1000))
		return true
	})
	c, _ := client(t, s.URL, func(o *fetch.Options, _ *fetch.Site) { o.Attempts = 1 })
	var v struct{ A string }
	if _, err := c.GetJSON(context.Background(), s.URL, nil, 2000, &v); err != nil || len(v.A) != 1000 {
		t.Errorf("got %d, %v", len(v.A), err)
	}
	if _, err := c.GetJSON(context.Background(), s.URL, nil, 900, &v); err == nil || !strings.Contains(err.Error(), "more than 900 bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Get(context.Background(), s.URL+"/header", nil, 1<<30); err == nil {
		t.Error("headers without end were taken")
	}
}

func TestNextPage(t *testing.T) {
	base, _ := url.Parse("https://h.example/api?cursor=1")
	for link, want := range map[string]string{
		`<https://h.example/api?cursor=2>; rel="next"`:               "https://h.example/api?cursor=2",
		`</p?a=b>; rel="prev", </api?cursor=3>; foo=1; rel = "next"`: "https://h.example/api?cursor=3",
		``:                                       "",
		`<https://evil.example/api>; rel="next"`: "error",
		`<http://h.example/api>; rel="next"`:     "error",
		`<https://h.example:444/api>; rel="next"`: "error",
	} {
		a := fetch.Answer{URL: base, Header: http.Header{"Link": {link}}}
		got, err := a.Next()
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %q, %v", link, got, err)
		}
	}
}
