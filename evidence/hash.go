package evidence

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"github.com/picketsec/picket"
)

// hashBlock is how many bytes are read at a time: large enough that system calls do not count, small enough to stay in the
// second-level cache while they are hashed.
const hashBlock = 256 << 10

// Cache remembers the SHA-256 of files that were hashed before. It is believed, so it is for content that its owner hashes
// again, not for content from others. Its methods are called from several goroutines at the same time.
type Cache interface {
	// Lookup returns the digest that a file below the root had, if nothing in info shows that it changed since.
	Lookup(name string, info fs.FileInfo) (picket.Digest, bool)
	// Store remembers the digest of a file; info was taken after the last byte was read.
	Store(name string, info fs.FileInfo, digest picket.Digest)
}

// entry is a file to hash and what came of it.
type entry struct {
	Resource
	info   fs.FileInfo  // of what a link points to
	others [][]Resource // one list for each of Options.Also
}

// hashAll fills in the digests of all entries, with several workers. Each entry's Size must be set; a file of another size
// has changed since it was listed.
func hashAll(ctx context.Context, fsys fs.FS, entries []entry, opts Options) error {
	if err := countShards(entries, opts.Also); err != nil {
		return err
	}
	order := pending(entries, opts)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	queue := make(chan *entry)
	var group sync.WaitGroup
	for range min(workers, len(order)) {
		group.Go(func() {
			s := newSummer(fsys, opts)
			for e := range queue {
				if err := s.hash(ctx, e); err != nil {
					cancel(fmt.Errorf("hash %q: %w", clip(e.Name), err))
				}
			}
		})
	}
	for _, e := range order {
		if ctx.Err() != nil {
			break
		}
		queue <- e
	}
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}

// pending are the entries that must be read, in the order of work.
func pending(entries []entry, opts Options) []*entry {
	var order []*entry
	var total int64
	for i := range entries {
		e := &entries[i]
		if e.Digest == "" && opts.Cache != nil && len(opts.Also) == 0 {
			if digest, ok := opts.Cache.Lookup(e.Name, e.info); ok {
				e.Digest = digest
			}
		}
		if e.Digest == "" || len(opts.Also) > 0 {
			order = append(order, e)
			total += e.Size
		}
	}
	// The largest file first: otherwise the last worker may start it when the others have nothing left to do.
	slices.SortStableFunc(order, func(a, b *entry) int { return int(min(max(b.Size-a.Size, -1), 1)) })
	orSilent(opts.Progress).Total(len(order), total)
	return order
}

// countShards refuses a shard size that would make more resources than any signature holds.
func countShards(entries []entry, also []Serialization) error {
	for _, s := range also {
		if err := s.check(); err != nil {
			return fmt.Errorf("hash: %w", err)
		}
		var n int64
		for _, e := range entries {
			if n += s.count(e.Size); n > maxResources {
				return fmt.Errorf("shards of %d bytes would be more than %d: %w", s.ShardSize, maxResources, ErrUnsupported)
			}
		}
	}
	return nil
}

// summer hashes one file after the other.
type summer struct {
	fsys     fs.FS
	progress Progress
	cache    Cache
	buf      []byte
	whole    hash.Hash
	others   []*sharder
}

func newSummer(fsys fs.FS, opts Options) *summer {
	s := &summer{fsys: fsys, progress: orSilent(opts.Progress), cache: opts.Cache, buf: make([]byte, hashBlock), whole: HashSHA256.new()}
	for _, also := range opts.Also {
		also = also.normal()
		s.others = append(s.others, &sharder{s: also, h: also.Hash.new()})
	}
	return s
}

// hash sets the digests of one entry.
func (s *summer) hash(ctx context.Context, e *entry) (err error) {
	s.progress.Start(e.Name)
	f, err := s.fsys.Open(e.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	before, err := f.Stat()
	if err != nil {
		return err
	}
	if !before.Mode().IsRegular() || before.Size() != e.Size {
		return ErrChanged
	}
	if err := s.read(ctx, f, e.Size); err != nil {
		return err
	}
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if after.Size() != e.Size || !after.ModTime().Equal(before.ModTime()) {
		return ErrChanged
	}
	e.Digest = HashSHA256.digest(s.whole.Sum(nil))
	for _, o := range s.others {
		e.others = append(e.others, o.finish(e.Name))
	}
	if s.cache != nil {
		s.cache.Store(e.Name, after, e.Digest)
	}
	s.progress.Done(e.Name, 0)
	return nil
}

// read hashes exactly size bytes, after which the file must end.
func (s *summer) read(ctx context.Context, f fs.File, size int64) error {
	s.whole.Reset()
	for _, o := range s.others {
		o.reset()
	}
	var total int64
	for {
		n, err := f.Read(s.buf)
		s.whole.Write(s.buf[:n])
		for _, o := range s.others {
			o.write(s.buf[:n])
		}
		total += int64(n)
		s.progress.Read(int64(n))
		switch {
		case total > size:
			return ErrChanged // also ends a file that grows for ever
		case errors.Is(err, io.EOF) && total == size:
			return nil
		case errors.Is(err, io.EOF):
			return ErrChanged
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}

// sharder makes the resources of one file in one serialization.
type sharder struct {
	s      Serialization
	h      hash.Hash
	offset int64 // of the next byte in the file
	start  int64 // of the shard
	done   []shard
}

// shard is a finished range of a file.
type shard struct {
	start, end int64
	digest     picket.Digest
}

func (x *sharder) reset() {
	x.h.Reset()
	x.offset, x.start, x.done = 0, 0, nil
}

// write hashes the next bytes.
func (x *sharder) write(p []byte) {
	for len(p) > 0 {
		n := int64(len(p))
		if x.s.ShardSize > 0 {
			n = min(n, x.start+x.s.ShardSize-x.offset)
		}
		x.h.Write(p[:n])
		p = p[n:]
		if x.offset += n; x.s.ShardSize > 0 && x.offset == x.start+x.s.ShardSize {
			x.cut()
		}
	}
}

// cut ends a shard.
func (x *sharder) cut() {
	x.done = append(x.done, shard{x.start, x.offset, x.s.Hash.digest(x.h.Sum(nil))})
	x.h.Reset()
	x.start = x.offset
}

// finish returns the resources of the file.
func (x *sharder) finish(name string) []Resource {
	if x.s.ShardSize <= 0 {
		return []Resource{{Name: name, Digest: x.s.Hash.digest(x.h.Sum(nil)), Size: x.offset}}
	}
	if x.offset > x.start {
		x.cut()
	}
	resources := make([]Resource, 0, len(x.done))
	for _, d := range x.done {
		resources = append(resources, Resource{Name: shardName(name, d.start, d.end), Digest: d.digest, Size: d.end - d.start})
	}
	return resources
}

// silent shows nothing.
type silent struct{}

func (silent) Total(int, int64)   {}
func (silent) Start(string)       {}
func (silent) Read(int64)         {}
func (silent) Done(string, int64) {}

// orSilent is p, or silence when there is none.
func orSilent(p Progress) Progress {
	if p == nil {
		return silent{}
	}
	return p
}
