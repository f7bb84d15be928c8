package evidence

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// changing is a tree in which the content of every opened file is not what was listed.
type changing struct {
	fstest.MapFS
	read func(p []byte) (int, error) // nil: as it is
	stat func(calls int) fs.FileInfo
}

func (c changing) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	if _, isDir := f.(fs.ReadDirFile); isDir || err != nil {
		return f, err
	}
	return &changingFile{File: f, tree: c}, nil
}

type changingFile struct {
	fs.File
	tree  changing
	calls int
}

func (f *changingFile) Read(p []byte) (int, error) {
	if f.tree.read != nil {
		return f.tree.read(p)
	}
	return f.File.Read(p)
}

func (f *changingFile) Stat() (fs.FileInfo, error) {
	f.calls++
	if f.tree.stat != nil {
		return f.tree.stat(f.calls), nil
	}
	return f.File.Stat()
}

// info is what a file says about itself.
type info struct {
	fs.FileInfo
	size int64
	at   time.Time
	mode fs.FileMode
}

func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return i.at }
func (i info) Mode() fs.FileMode  { return i.mode }

func TestFilesThatChangeWhileRead(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("12345")}}
	boom := errors.New("disk on fire")
	for name, tt := range map[string]struct {
		tree changing
		want error
	}{
		"grows for ever": {changing{MapFS: files, read: func(p []byte) (int, error) { return len(p), nil }}, ErrChanged},
		"unreadable":     {changing{MapFS: files, read: func([]byte) (int, error) { return 0, boom }}, boom},
		"larger at open": {changing{MapFS: files, stat: func(int) fs.FileInfo { return info{size: 6} }}, ErrChanged},
		"a pipe at open": {changing{MapFS: files, stat: func(int) fs.FileInfo { return info{size: 5, mode: fs.ModeNamedPipe} }}, ErrChanged},
		"larger at end":  {changing{MapFS: files, stat: func(n int) fs.FileInfo { return info{size: int64(4 + n)} }}, ErrChanged},
		"written to":     {changing{MapFS: files, stat: func(n int) fs.FileInfo { return info{size: 5, at: time.Unix(int64(n), 0)} }}, ErrChanged},
	} {
		if _, err := HashTree(context.Background(), tt.tree, Options{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := HashTree(context.Background(), changing{MapFS: files}, Options{}); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// counter adds up what it is told.
type counter struct {
	files, started, done int
	bytes, read          int64
	lock                 sync.Mutex
}

func (c *counter) Total(files int, bytes int64) { c.files, c.bytes = files, bytes }
func (c *counter) Start(string)                 { c.lock.Lock(); c.started++; c.lock.Unlock() }
func (c *counter) Read(n int64)                 { c.lock.Lock(); c.read += n; c.lock.Unlock() }
func (c *counter) Done(_ string, size int64) {
	c.lock.Lock()
	c.done++
	c.read += size
	c.lock.Unlock()
}

func TestProgressCountsEverything(t *testing.T) {
	c := &counter{}
	m, err := HashTree(context.Background(), tree(sample()), Options{Progress: c})
	if err != nil {
		t.Fatal(err)
	}
	files := len(m.Resources)
	if c.files != files || c.started != files || c.done != files || c.bytes != m.Size() || c.read != m.Size() {
		t.Errorf("got %+v for %d files of %d bytes", c, files, m.Size())
	}
}
