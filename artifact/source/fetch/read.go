package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
)

// hash256 is a running SHA-256.
type hash256 = hash.Hash

// maxRuns is how many readers that advance side by side are told apart.
const maxRuns = 4

// run is one reader that advances through a file. The more it reads in order, the more is read ahead for it; at last its
// request stays open.
type run struct {
	next   int64 // where the next read in order begins
	window int64 // bytes to read then
	body   io.ReadCloser
	left   int64 // bytes that the body still has
}

// stop ends the request of a run.
func (u *run) stop() {
	if u.body != nil {
		_ = u.body.Close()
		u.body, u.left = nil, 0
	}
}

// ReadAt implements io.ReaderAt.
func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	n := 0
	for n < len(p) && off < r.size {
		if r.failed != nil {
			return n, r.failed
		}
		start := off - off%page
		content, held := r.pages[start]
		if !held {
			var err error
			if content, err = r.load(start, int64(len(p)-n)+off-start); err != nil {
				return n, err
			}
		}
		r.use(start, content)
		c := copy(p[n:], content[off-start:])
		n += c
		off += int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// load reads the page at start, as many of those that follow as the need of bytes takes, and for a reader that advances some
// more. It returns the page.
func (r *remote) load(start, need int64) ([]byte, error) {
	u := r.follow(start)
	n := min(max(u.window, min((need+page-1)/page*page, ahead)), r.size-start)
	for next := start + page; next < start+n; next += page {
		if _, held := r.pages[next]; held && u.body == nil {
			n = next - start // the rest is here already
		}
	}
	content := make([]byte, n)
	if err := r.fill(u, start, content); err != nil {
		u.stop()
		return nil, err
	}
	u.next = start + n
	for at := int64(0); at < n; at += page {
		r.keep(start+at, bytes.Clone(content[at:min(at+page, n)])) // each alone, so that each can be forgotten alone
	}
	return content[:min(page, n)], nil
}

// follow finds the run that a read at start goes on with, or begins a new one in place of the one not used for longest.
func (r *remote) follow(start int64) *run {
	for i, u := range r.runs {
		if u.next == start {
			u.window = min(u.window*2, ahead)
			r.runs = append(slices.Delete(r.runs, i, i+1), u)
			return u
		}
	}
	if len(r.runs) == maxRuns {
		r.runs[0].stop()
		r.runs = slices.Delete(r.runs, 0, 1)
	}
	u := &run{window: page}
	r.runs = append(r.runs, u)
	return u
}

// fill reads content at offset through the request of a run, and goes on with a new request where one breaks off.
func (r *remote) fill(u *run, offset int64, content []byte) error {
	for done, broken := int64(0), 0; done < int64(len(content)); {
		if u.body == nil {
			if err := r.request(u, offset+done, int64(len(content))-done); err != nil {
				return err
			}
		}
		want := content[done:min(int64(len(content)), done+u.left)]
		n, err := io.ReadFull(u.body, want)
		done += int64(n)
		u.left -= int64(n)
		if u.left == 0 && err == nil {
			u.stop()
		}
		if err == nil {
			continue
		}
		u.stop()
		if n > 0 {
			broken = 0
		}
		if broken++; broken >= r.file.Client.options.Attempts || r.ctx.Err() != nil {
			return fmt.Errorf("read %d bytes at %d: %w", len(content), offset, err)
		}
		if err := sleep(r.ctx, r.file.Client.pause(broken)); err != nil {
			return err
		}
	}
	return nil
}

// request opens the request of a run for at least n bytes from offset.
func (r *remote) request(u *run, offset, n int64) error {
	if u.window >= ahead {
		n = min(stretch, r.size-offset)
	}
	resp, err := r.ask(offset, n)
	if err != nil {
		return err
	}
	if resp == nil {
		return r.changed()
	}
	if resp.StatusCode != http.StatusPartialContent { // a server that serves ranges at one time and not at another
		_ = resp.Body.Close()
		return r.changed()
	}
	u.body, u.left = resp.Body, resp.ContentLength
	if u.left < 0 {
		u.left = n
	}
	return nil
}

// keep holds a page, and forgets the ones not used for longest.
func (r *remote) keep(start int64, content []byte) {
	r.hash(start, content)
	if _, held := r.pages[start]; !held {
		r.order = append(r.order, start)
	}
	r.pages[start] = content
	for len(r.order) > cached/page {
		delete(r.pages, r.order[0])
		r.order = r.order[1:]
	}
}

// use notes that a page was needed.
func (r *remote) use(start int64, content []byte) {
	r.hash(start, content)
	if n := len(r.order); n > 0 && r.order[n-1] == start {
		return
	}
	if i := slices.Index(r.order, start); i >= 0 {
		r.order = append(slices.Delete(r.order, i, i+1), start)
	}
}
