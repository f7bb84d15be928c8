// Package limits bounds the work that one hostile input can cause. One Budget is shared by a file and everything nested in
// it, so that a thousand small bombs cost no more than a large one. It is for parsers and detectors; it does no I/O.
package limits

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrExceeded is wrapped by the error of every limit that was reached.
var ErrExceeded = errors.New("limit reached")

// Limits are the bounds for one top-level artifact. Every field must be positive.
type Limits struct {
	Output  int64 // decompressed bytes in total
	Members int64 // members of containers, payloads and views in total
	Depth   int   // nesting of containers and payloads
	Ratio   int64 // decompressed bytes per compressed byte of one member, after the first MiB
	Ops     int64 // steps of an abstract machine or a parser in total
	Memory  int64 // bytes of buffers and decoder windows held at the same time
	Buffer  int64 // bytes of one compressed member that are held to give random access
	// Findings bounds how many findings and gaps one artifact reports; the rest is counted.
	Findings int
	// Wall bounds the time that one top-level artifact takes.
	Wall time.Duration
}

// Default returns the limits of the command line. They let the largest models of 2026 pass and stop what only a bomb does.
func Default() Limits {
	return Limits{
		Output:   1 << 40,
		Members:  1 << 20,
		Depth:    16,
		Ratio:    1100, // DEFLATE cannot exceed 1032:1
		Ops:      1 << 31,
		Memory:   40 << 20,
		Buffer:   32 << 20,
		Findings: 1000,
		Wall:     30 * time.Minute,
	}
}

// Validate reports the first limit that is not positive.
func (l Limits) Validate() error {
	for _, f := range []struct {
		name string
		n    int64
	}{{"output", l.Output}, {"members", l.Members}, {"depth", int64(l.Depth)}, {"ratio", l.Ratio}, {"ops", l.Ops},
		{"memory", l.Memory}, {"buffer", l.Buffer}, {"findings", int64(l.Findings)}, {"wall time", int64(l.Wall)}} {
		if f.n <= 0 {
			return fmt.Errorf("validate limits: %s must be positive, got %d", f.name, f.n)
		}
	}
	return nil
}

// Budget counts what has been used of the Limits. It is safe for concurrent use.
type Budget struct {
	limits                       Limits
	output, members, ops, memory atomic.Int64
}

// NewBudget starts an unused budget.
func NewBudget(l Limits) *Budget { return &Budget{limits: l} }

// Limits returns the bounds of the budget.
func (b *Budget) Limits() Limits { return b.limits }

// Output takes n decompressed bytes. Call it before producing them. The error wraps ErrExceeded.
func (b *Budget) Output(n int64) error {
	return b.take(&b.output, n, b.limits.Output, "decompressed bytes")
}

// Member takes one member. The error wraps ErrExceeded.
func (b *Budget) Member() error { return b.take(&b.members, 1, b.limits.Members, "members") }

// Ops takes n steps; call it once for many. The error wraps ErrExceeded.
func (b *Budget) Ops(n int64) error { return b.take(&b.ops, n, b.limits.Ops, "steps") }

// Depth reports whether nesting of depth levels is allowed. The error wraps ErrExceeded.
func (b *Budget) Depth(depth int) error {
	if depth > b.limits.Depth {
		return fmt.Errorf("nesting of %d levels: %w (%d)", depth, ErrExceeded, b.limits.Depth)
	}
	return nil
}

// Ratio reports whether out decompressed bytes from in compressed bytes is credible. The error wraps ErrExceeded.
func (b *Budget) Ratio(in, out int64) error {
	const free = 1 << 20 // small members compress well without malice
	if out > free && out/b.limits.Ratio > in {
		return fmt.Errorf("%d bytes expand to %d or more: compression ratio: %w (%d)", in, out, ErrExceeded, b.limits.Ratio)
	}
	return nil
}

// Hold reserves n bytes of memory until the returned release is called, once. The error wraps ErrExceeded; then nothing is
// held. It never waits: what fits does not depend on what other files are being read at the same time, so the same input
// gives the same result.
func (b *Budget) Hold(n int64) (release func(), err error) {
	if err := b.take(&b.memory, n, b.limits.Memory, "bytes of memory"); err != nil {
		return nil, err
	}
	var done atomic.Bool
	return func() {
		if !done.Swap(true) {
			b.memory.Add(-n)
		}
	}, nil
}

// take adds n to a counter unless that passes the limit; a refused amount is not counted.
func (b *Budget) take(counter *atomic.Int64, n, limit int64, what string) error {
	if n < 0 {
		return fmt.Errorf("take %d %s: %w", n, what, ErrExceeded)
	}
	for {
		used := counter.Load()
		if n > limit-used {
			return fmt.Errorf("%d %s: %w (%d)", used+n, what, ErrExceeded, limit)
		}
		if counter.CompareAndSwap(used, used+n) {
			return nil
		}
	}
}
