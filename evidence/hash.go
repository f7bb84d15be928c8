package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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

// hashAll fills in the digests of all resources, with several workers. Each resource's Size must be set; a file of another
// size has changed since it was listed.
func hashAll(ctx context.Context, fsys fs.FS, rs []Resource, opts Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	// The largest file first: otherwise the last worker may start it when the others have nothing left to do.
	order := make([]int, len(rs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(min(max(rs[b].Size-rs[a].Size, -1), 1)) })
	opts.Progress = orSilent(opts.Progress)
	opts.Progress.Total(len(rs), (&Manifest{Resources: rs}).Size())
	queue := make(chan int)
	var group sync.WaitGroup
	for range min(workers, len(rs)) {
		group.Go(func() {
			buf := make([]byte, hashBlock)
			for i := range queue {
				if err := hashOne(ctx, fsys, &rs[i], buf, opts.Progress); err != nil {
					cancel(fmt.Errorf("hash %q: %w", clip(rs[i].Name), err))
				}
			}
		})
	}
	for _, i := range order {
		if ctx.Err() != nil {
			break
		}
		queue <- i
	}
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}

// hashOne sets the digest of one resource.
func hashOne(ctx context.Context, fsys fs.FS, r *Resource, buf []byte, progress Progress) (err error) {
	progress.Start(r.Name)
	f, err := fsys.Open(r.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	before, err := f.Stat()
	if err != nil {
		return err
	}
	if !before.Mode().IsRegular() || before.Size() != r.Size {
		return ErrChanged
	}
	h := sha256.New()
	var total int64
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		total += int64(n)
		progress.Read(int64(n))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if total > r.Size {
			return ErrChanged // also ends a file that grows for ever
		}
	}
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if total != r.Size || after.Size() != r.Size || !after.ModTime().Equal(before.ModTime()) {
		return ErrChanged
	}
	r.Digest = picket.SHA256([sha256.Size]byte(h.Sum(nil)))
	progress.Done(r.Name, 0)
	return nil
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
