package fetch

import (
	"net/http"
	"slices"
	"sync"
)

// maxRecent is how many files are remembered after they were closed.
const maxRecent = 64

// recent remembers the ends of the files that were read last, because artifacts that refer to each other look at each other:
// an index opens all of its shards, which are artifacts themselves.
type recent struct {
	mu    sync.Mutex
	files map[string]snapshot
	order []string // the one remembered last at the end
}

// snapshot is what is remembered of a file: how to go on reading it, its first page and its last two.
type snapshot struct {
	size           int64
	etag, modified string
	direct         *http.Request
	pages          map[int64][]byte
}

// put remembers a file.
func (c *recent) put(url string, s snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[string]snapshot{}
	}
	if _, known := c.files[url]; known {
		c.order = slices.DeleteFunc(c.order, func(u string) bool { return u == url })
	}
	c.files[url] = s
	c.order = append(c.order, url)
	if len(c.order) > maxRecent {
		delete(c.files, c.order[0])
		c.order = c.order[1:]
	}
}

// get finds a file.
func (c *recent) get(url string) (snapshot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.files[url]
	return s, ok
}

// remember keeps the ends of an open file for the next time. A file without a validator is not kept: nothing would tell that it
// changed.
func (r *remote) remember() {
	if r.failed != nil || !r.ranged || r.etag == "" || r.size <= 0 {
		return
	}
	s := snapshot{size: r.size, etag: r.etag, modified: r.modified, direct: r.direct, pages: map[int64][]byte{}}
	last := (r.size - 1) / page * page
	for _, start := range []int64{0, last - page, last} {
		if content, held := r.pages[start]; held {
			s.pages[start] = content
		}
	}
	if s.pages[0] != nil {
		r.file.Client.recent.put(r.file.URL, s)
	}
}

// recall goes on from what is remembered of the file, and reports whether there is anything.
func (r *remote) recall() bool {
	s, ok := r.file.Client.recent.get(r.file.URL)
	if !ok || r.size >= 0 && r.size != s.size || r.etag != "" && r.etag != s.etag || s.size <= small && s.size > page {
		return false
	}
	r.size, r.etag, r.modified, r.direct, r.ranged = s.size, s.etag, s.modified, s.direct, true
	for start, content := range s.pages {
		r.keep(start, content)
	}
	return true
}
