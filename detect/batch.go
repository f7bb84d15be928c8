package detect

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
)

// Item is one artifact that is opened when its turn comes.
type Item struct {
	Name string // as the user will see it, with slashes
	Size int64  // bytes, for progress; -1 when not known
	// Declared is what the place of the artifact says its digest is; empty for nothing.
	Declared picket.Digest
	// Open gives the content. An error becomes a result that says so; it does not stop the others.
	Open func() (*Opened, error)
}

// Opened is the content of an item while it is scanned.
type Opened struct {
	Blob    *format.Blob
	Sibling func(name string) (*format.Blob, error) // see Input
	// Settled reports, after the scan, why the content may have changed meanwhile; nil when it did not.
	Settled func() error
	// Sum tells, after the scan, the digest of content that is too costly to be read as a whole just for that: the digest when
	// the whole content was read on the way, else an empty one. Nil lets the batch read the content once more and hash it.
	Sum   func() (picket.Digest, error)
	Close func() error
}

// Batch scans items with several workers.
type Batch struct {
	Engine  *Engine
	Workers int  // items at the same time; each may use the engine's memory limit
	Digest  bool // compute the SHA-256 of every artifact, at the same time as it is scanned
	// Watch is told how far the work is, from several goroutines; may be nil.
	Watch Watcher
}

// Watcher follows a batch. Its methods are called at the same time from several goroutines.
type Watcher interface {
	// Start: the item is at work now.
	Start(name string)
	// Read: n more bytes of some item have been read.
	Read(n int64)
	// Done: the item is finished; rest is how many of its bytes no call of Read counted.
	Done(name string, rest int64)
}

// unwatched is for batches that nobody follows.
type unwatched struct{}

func (unwatched) Start(string)       {}
func (unwatched) Read(int64)         {}
func (unwatched) Done(string, int64) {}

// Scan inspects the items in the order of the list and returns one result for each, in that order. The error is about the
// run (ctx cancelled); what is wrong with an item is in its result.
func (b Batch) Scan(ctx context.Context, items []Item) ([]picket.Result, error) {
	if b.Watch == nil {
		b.Watch = unwatched{}
	}
	results := make([]picket.Result, len(items))
	next := make(chan int)
	failed := make(chan error, max(1, b.Workers))
	var workers sync.WaitGroup
	for range max(1, b.Workers) {
		workers.Go(func() {
			buf := make([]byte, hashBuffer)
			for i := range next {
				result, err := b.one(ctx, items[i], buf)
				if err != nil {
					failed <- err
					return
				}
				results[i] = result
			}
		})
	}
	feed(ctx, next, len(items))
	workers.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	Settle(results)
	return results, nil
}

// feed hands out the numbers below n until ctx ends.
func feed(ctx context.Context, next chan<- int, n int) {
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return
		}
	}
}

// hashBuffer is how many bytes are read at a time for a digest.
const hashBuffer = 256 << 10

// one opens, scans and hashes one item. The buffer is for hashing.
func (b Batch) one(ctx context.Context, item Item, buf []byte) (picket.Result, error) {
	b.Watch.Start(item.Name)
	opened, err := item.Open()
	if err != nil {
		b.Watch.Done(item.Name, max(0, item.Size))
		return failure(item, fmt.Errorf("open: %w", err)), nil
	}
	sum, hashed := b.hash(ctx, opened, buf)
	result, err := b.Engine.Scan(ctx, Entry{Name: item.Name, Blob: opened.Blob, Sibling: opened.Sibling})
	hashed.Wait()
	if opened.Sum != nil && err == nil {
		sum.value, sum.err = opened.Sum()
	}
	b.Watch.Done(item.Name, max(0, item.Size-sum.read))
	if err != nil {
		return picket.Result{}, errors.Join(err, opened.Close())
	}
	result.Artifact.Digest, result.Artifact.Declared = sum.value, item.Declared
	for _, err := range []error{sum.err, contradiction(result.Artifact), opened.Settled(), opened.Close()} {
		if err != nil {
			result.Artifact.Digest = ""
			result.Failure = err.Error()
			result.Coverage.Gaps = append(result.Coverage.Gaps, picket.Gap{Length: -1, Reason: err.Error()})
		}
	}
	result.Verdict = picket.Judge(result.Findings, result.Coverage)
	return result, nil
}

// contradiction compares the digest with the one that was declared.
func contradiction(a picket.Artifact) error {
	if a.Digest == "" || a.Declared == "" || a.Digest == a.Declared {
		return nil
	}
	return fmt.Errorf("the content is %s, and not %s as its place declares", a.Digest, a.Declared)
}

// sum is a digest that is being computed.
type sum struct {
	value picket.Digest
	read  int64 // bytes that the watcher was told about
	err   error
}

// hash starts computing the digest of content that does not tell it itself; wait before the result is used.
func (b Batch) hash(ctx context.Context, opened *Opened, buf []byte) (*sum, *sync.WaitGroup) {
	var s sum
	var done sync.WaitGroup
	if b.Digest && opened.Sum == nil {
		done.Go(func() {
			s.value, s.err = digest(ctx, opened.Blob, buf, func(n int64) {
				s.read += n
				b.Watch.Read(n)
			})
		})
	}
	return &s, &done
}

// digest computes the SHA-256 of a blob and tells how many bytes it has read, piece by piece. It stops when ctx ends.
func digest(ctx context.Context, blob *format.Blob, buf []byte, read func(n int64)) (picket.Digest, error) {
	r, err := blob.Open()
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	h := sha256.New()
	for {
		n, err := r.Read(buf)
		h.Write(buf[:n])
		read(int64(n))
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return "", errors.Join(fmt.Errorf("hash: %w", err), r.Close())
		}
	}
	return picket.SHA256([sha256.Size]byte(h.Sum(nil))), r.Close()
}

// failure is the result of an item that could not be opened: not read, so never clean.
func failure(item Item, err error) picket.Result {
	coverage := picket.Coverage{Checked: true, Executable: true, Unread: max(0, item.Size),
		Gaps: []picket.Gap{{Length: item.Size, Reason: err.Error()}}}
	return picket.Result{
		Artifact: picket.Artifact{Name: item.Name, Size: item.Size},
		Coverage: coverage, Failure: err.Error(), Verdict: picket.Judge(nil, coverage),
	}
}
