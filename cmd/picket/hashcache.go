package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// cacheFlags say whether digests of earlier runs are believed.
type cacheFlags struct {
	file  string
	trust bool
}

// add declares the flags.
func (f *cacheFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "hash-cache", "",
		"remember digests in `FILE` and read only files that changed since; \"auto\" is a file in the user's cache folder")
	cmd.Flags().BoolVar(&f.trust, "trust-cache", false,
		"decide on remembered digests too, and believe the names of Hugging Face blobs; whoever can write them decides then")
}

// use makes hashing ask the cache. A verb that decides needs the operator's word for it. save writes what was learned.
func (f cacheFlags) use(env Env, c *content, decides bool, opts *evidence.Options) (save func(), err error) {
	opts.TrustBlobNames = f.trust
	if f.file == "" {
		return func() {}, nil
	}
	if decides && !f.trust {
		return nil, usagef("--hash-cache: a decision reads every file; add --trust-cache to believe what was remembered")
	}
	name := f.file
	if name == "auto" {
		if name = defaultCache(env); name == "" {
			return nil, usagef("--hash-cache: the user's cache folder is not known; name a file")
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, fmt.Errorf("make the cache folder: %w", err)
		}
	}
	if c.holds(name) {
		return nil, usagef("--hash-cache %s lies in the folder that is hashed; put it elsewhere", name)
	}
	top, err := filepath.Abs(c.path)
	if err != nil {
		return nil, err
	}
	if c.isFile {
		top = filepath.Dir(top)
	}
	cache, note := openHashCache(name, top, env.Now())
	if note != "" {
		fmt.Fprintf(env.Stderr, "picket: the hash cache is made anew: %s\n", shown(note))
	}
	opts.Cache = cache
	return func() {
		if err := cache.save(); err != nil {
			fmt.Fprintf(env.Stderr, "picket: the hash cache was not saved: %s\n", shown(err.Error()))
		}
	}, nil
}

// defaultCache is the file in the user's cache folder; empty when there is none.
func defaultCache(env Env) string {
	dir := env.Getenv("XDG_CACHE_HOME")
	if dir == "" && env.Home != "" {
		dir = filepath.Join(env.Home, ".cache")
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "picket", "hashes")
}

// Bounds of the cache.
const (
	maxRemembered = 1 << 18
	maxCacheFile  = 128 << 20 // bytes
	cacheHeader   = "picket hashes 1\n"
	// freshFor is how long a file counts as still being written: within one tick of a coarse clock a second change would not show.
	freshFor = 2 * time.Second
)

// remembered is what is known about one file. It is believed only while all of it still holds.
type remembered struct {
	digest                  picket.Digest
	size, modified, changed int64 // bytes; nanoseconds
	device, inode           uint64
	used                    bool // in this run
}

// hashCache implements evidence.Cache with a text file: a header, a line for each file, and the SHA-256 of both.
type hashCache struct {
	file, top string
	now       time.Time
	lock      sync.Mutex
	known     map[string]remembered // by absolute path
	dirty     bool
}

// openHashCache reads the cache. One that is damaged is not used at all, and the note says why.
func openHashCache(file, top string, now time.Time) (c *hashCache, note string) {
	c = &hashCache{file: file, top: top, now: now, known: map[string]remembered{}}
	data, err := readSmall(file, maxCacheFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, ""
	case err != nil:
		return c, err.Error()
	}
	known, err := parseHashCache(data)
	if err != nil {
		return c, err.Error()
	}
	c.known = known
	return c, ""
}

// parseHashCache reads the text form.
func parseHashCache(data []byte) (map[string]remembered, error) {
	const sumLine = 2*sha256.Size + 1
	if len(data) < len(cacheHeader)+sumLine || !bytes.HasPrefix(data, []byte(cacheHeader)) {
		return nil, errors.New("it is no hash cache of this version")
	}
	body, last := data[:len(data)-sumLine], data[len(data)-sumLine:]
	sum := sha256.Sum256(body)
	if string(last) != hex.EncodeToString(sum[:])+"\n" {
		return nil, errors.New("it is damaged")
	}
	known := make(map[string]remembered, min(maxRemembered, bytes.Count(body, []byte("\n"))))
	for line := range strings.Lines(string(body[len(cacheHeader):])) {
		name, r, err := parseRemembered(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		if len(known) == maxRemembered {
			return nil, fmt.Errorf("it has more than %d files", maxRemembered)
		}
		known[name] = r
	}
	return known, nil
}

// parseRemembered reads one line: digest, size, two times, device, inode, and the path in quotes.
func parseRemembered(line string) (name string, r remembered, err error) {
	var numbers [5]uint64
	digits, rest, _ := strings.Cut(line, " ")
	for i := range numbers {
		var field string
		field, rest, _ = strings.Cut(rest, " ")
		if numbers[i], err = strconv.ParseUint(field, 10, 64); err != nil {
			return "", r, fmt.Errorf("a line of it is no entry: %w", err)
		}
	}
	if r.digest, err = picket.ParseDigest("sha256:" + digits); err != nil {
		return "", r, err
	}
	r.size, r.modified, r.changed, r.device, r.inode = int64(numbers[0]), int64(numbers[1]), int64(numbers[2]), numbers[3], numbers[4]
	if name, err = strconv.Unquote(rest); err != nil {
		return "", r, fmt.Errorf("a line of it has no path: %w", err)
	}
	return name, r, nil
}

// identify is what a file shows of itself without being read.
func identify(info fs.FileInfo) remembered {
	r := remembered{size: info.Size(), modified: info.ModTime().UnixNano()}
	r.device, r.inode, r.changed = fileIdentity(info)
	return r
}

// path is the key of a file below the root.
func (c *hashCache) path(name string) string { return filepath.Join(c.top, filepath.FromSlash(name)) }

// Lookup implements evidence.Cache.
func (c *hashCache) Lookup(name string, info fs.FileInfo) (picket.Digest, bool) {
	key, want := c.path(name), identify(info)
	c.lock.Lock()
	defer c.lock.Unlock()
	got, ok := c.known[key]
	if !ok || got.size != want.size || got.modified != want.modified || got.changed != want.changed || got.device != want.device || got.inode != want.inode {
		return "", false
	}
	if !got.used {
		got.used = true
		c.known[key] = got
	}
	return got.digest, true
}

// Store implements evidence.Cache.
func (c *hashCache) Store(name string, info fs.FileInfo, digest picket.Digest) {
	r := identify(info)
	if c.now.UnixNano()-max(r.modified, r.changed) < int64(freshFor) {
		return
	}
	r.digest, r.used = digest, true
	c.lock.Lock()
	defer c.lock.Unlock()
	c.known[c.path(name)] = r
	c.dirty = true
}

// save replaces the file. What was used in this run stays when there is more than the cache may hold.
func (c *hashCache) save() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if !c.dirty {
		return nil
	}
	names := make([]string, 0, len(c.known))
	for name := range c.known {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if x, y := c.known[a].used, c.known[b].used; x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	names = names[:min(len(names), maxRemembered)]
	return replaceFile(c.file, func(w io.Writer) error {
		sum := sha256.New()
		out := bufio.NewWriter(io.MultiWriter(w, sum))
		fmt.Fprint(out, cacheHeader)
		for _, name := range names {
			r := c.known[name]
			fmt.Fprintf(out, "%s %d %d %d %d %d %s\n", r.digest.Hex(), r.size, uint64(r.modified), uint64(r.changed), r.device, r.inode, strconv.Quote(name))
		}
		if err := out.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%x\n", sum.Sum(nil))
		return err
	})
}
