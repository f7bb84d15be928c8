package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// cached is a folder, and hashing it with a cache file at a time that is given.
type cached struct {
	t    *testing.T
	dir  string
	file string
	now  time.Time
	err  bytes.Buffer
}

func newCached(t *testing.T) *cached {
	c := &cached{t: t, dir: filepath.Join(t.TempDir(), "model"), file: filepath.Join(t.TempDir(), "cache"), now: time.Now().Add(time.Hour)}
	c.write("a.bin", "first")
	c.write("b/c.bin", "second")
	return c
}

// write puts a file into the folder.
func (c *cached) write(name, text string) {
	c.t.Helper()
	p := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// counter counts the bytes that are read.
type counter struct{ read int64 }

func (*counter) Total(int, int64)   {}
func (*counter) Start(string)       {}
func (c *counter) Read(n int64)     { c.read += n }
func (*counter) Done(string, int64) {}

// hash hashes the folder with the cache and returns the identity and how much was read.
func (c *cached) hash(flags cacheFlags, decides bool) (picket.Digest, int64) {
	c.t.Helper()
	about, err := findContent(c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	read := &counter{}
	opts := evidence.Options{Progress: read, Workers: 1, AllowSymlinks: true}
	env := Env{Stderr: &c.err, Now: func() time.Time { return c.now }, Getenv: func(string) string { return "" }}
	save, err := flags.use(env, about, decides, &opts)
	if err != nil {
		c.t.Fatal(err)
	}
	m, err := about.hash(c.t.Context(), opts)
	if err != nil {
		c.t.Fatal(err)
	}
	save()
	return m.Digest(), read.read
}

func TestHashCacheReadsOnlyWhatChanged(t *testing.T) {
	c := newCached(t)
	plain, _ := c.hash(cacheFlags{}, true)
	for i, want := range []int64{11, 0, 0} {
		if digest, read := c.hash(cacheFlags{file: c.file}, false); digest != plain || read != want {
			t.Errorf("run %d: %s, want %s; %d bytes read, want %d", i, digest, plain, read, want)
		}
	}
	c.write("a.bin", "FIRST") // of the same size
	changed, _ := c.hash(cacheFlags{}, true)
	if digest, read := c.hash(cacheFlags{file: c.file}, false); digest != changed || digest == plain || read != 5 {
		t.Errorf("after a change: %s, want %s; %d bytes read", digest, changed, read)
	}
	if digest, read := c.hash(cacheFlags{file: c.file, trust: true}, true); digest != changed || read != 0 {
		t.Errorf("with trust: %s, want %s; %d bytes read", digest, changed, read)
	}
}

// TestHashCacheSeesWhatKeepsTheTime: a program may set the time of the last write back, not that of the last change.
func TestHashCacheSeesWhatKeepsTheTime(t *testing.T) {
	c := newCached(t)
	c.hash(cacheFlags{file: c.file}, false)
	p := filepath.Join(c.dir, "a.bin")
	before, err := os.Stat(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, changed := fileIdentity(before); changed == 0 {
		testkit.Missing(t, "this system has no time of the last change")
	}
	time.Sleep(20 * time.Millisecond) // a tick of the file system's clock
	c.write("a.bin", "FIRST")
	if err := os.Chtimes(p, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	if _, read := c.hash(cacheFlags{file: c.file}, false); read != 5 {
		t.Errorf("%d bytes read of a changed file", read)
	}
}

// TestHashCacheLeavesFreshFilesOut: a file that was just written may be written again within the same tick of the clock.
func TestHashCacheLeavesFreshFilesOut(t *testing.T) {
	c := newCached(t)
	c.now = time.Now()
	for range 2 {
		if _, read := c.hash(cacheFlags{file: c.file}, false); read != 11 {
			t.Errorf("%d bytes read", read)
		}
	}
}

func TestDamagedHashCacheIsNotUsed(t *testing.T) {
	c := newCached(t)
	plain, _ := c.hash(cacheFlags{file: c.file}, false)
	good, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(c.file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		c.err.Reset()
		if digest, read := c.hash(cacheFlags{file: c.file}, false); digest != plain || read != 11 || !strings.Contains(c.err.String(), "made anew") {
			t.Errorf("byte %d: %s, %d bytes read, %q", i, digest, read, c.err.String())
		}
	}
	for _, bad := range []string{"", "picket hashes 1\n", strings.Repeat("x", 300)} {
		if err := os.WriteFile(c.file, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if digest, read := c.hash(cacheFlags{file: c.file}, false); digest != plain || read != 11 {
			t.Errorf("%q: %s, %d bytes read", bad, digest, read)
		}
	}
}

func TestHashCacheIsBounded(t *testing.T) {
	c := &hashCache{file: filepath.Join(t.TempDir(), "cache"), top: "/", known: map[string]remembered{}, dirty: true}
	digest := picket.Digest("sha256:" + strings.Repeat("0", 64))
	for i := range maxRemembered + 10 {
		c.known["/x/"+string(rune('a'+i%26))+time.Duration(i).String()] = remembered{digest: digest}
	}
	c.known["/zzz used\n"] = remembered{digest: digest, used: true}
	if err := c.save(); err != nil {
		t.Fatal(err)
	}
	again, note := openHashCache(c.file, "/", time.Now())
	if _, ok := again.known["/zzz used\n"]; len(again.known) != maxRemembered || note != "" || !ok {
		t.Errorf("%d files, note %q, the one that was used is there: %v", len(again.known), note, ok)
	}
}

// TestBlobNamesAreBelievedOnlyWhenTrusted: the name of a blob of the Hugging Face cache says what its SHA-256 is.
func TestBlobNamesAreBelievedOnlyWhenTrusted(t *testing.T) {
	c := newCached(t)
	repository := filepath.Dir(c.dir)
	name := strings.Repeat("0123456789abcdef", 4)
	c.dir = repository
	c.write("blobs/"+name, "weights that have another digest")
	c.write("snapshots/main/config.json", "{}")
	c.dir = filepath.Join(repository, "snapshots", "main")
	if err := os.Symlink("../../blobs/"+name, filepath.Join(c.dir, "w.bin")); err != nil {
		t.Fatal(err)
	}
	honest, read := c.hash(cacheFlags{}, true)
	believed, less := c.hash(cacheFlags{trust: true}, true)
	if honest == believed || read <= 2 || less != 2 {
		t.Errorf("read %d and %d bytes, digests %s and %s", read, less, honest, believed)
	}
}

// FuzzHashCache: whatever the file holds, what is read from it can be written and read again.
func FuzzHashCache(f *testing.F) {
	f.Add("0123456789012345678901234567890123456789012345678901234567890123 1 2 3 4 5 \"/a b\"")
	f.Fuzz(func(t *testing.T, line string) {
		name, r, err := parseRemembered(line)
		if err != nil {
			return
		}
		c := &hashCache{file: filepath.Join(t.TempDir(), "cache"), known: map[string]remembered{name: r}, dirty: true}
		if err := c.save(); err != nil {
			t.Fatal(err)
		}
		again, note := openHashCache(c.file, "/", time.Time{})
		if len(again.known) != 1 || again.known[name] != r || note != "" {
			t.Errorf("%q: %v, note %q", line, again.known, note)
		}
	})
}
