// Package extent checks the byte ranges that a header gives to named things: whether two have the same name, overlap, leave
// a hole or lie out of order. It is for parsers of tensor files with hundreds of thousands of entries, and keeps 32 bytes for
// each; names are kept as hashes only. It does no I/O.
package extent

import (
	"fmt"
	"sort"

	"github.com/picketsec/picket/internal/limits"
)

// Range is where one named thing lies.
type Range struct {
	Name       uint64 // hash of the name
	Start, End int64  // bytes; End is after the last one
	At         int64  // where the header declares it
}

// MaxRanges is how many ranges a List takes: several times the tensors of the largest models of 2026, which are split
// over many files.
const MaxRanges = 1 << 18

const (
	chunkBits = 12
	chunkLen  = 1 << chunkBits
	rangeSize = 32 // bytes of one Range
)

// List collects ranges. Make it with New and Release it.
type List struct {
	chunks [][]Range // all but the last are full, so that growing copies nothing
	n      int
	budget *limits.Budget
	held   []func()
}

// New makes an empty list whose memory is held on the budget.
func New(budget *limits.Budget) *List { return &List{budget: budget} }

// Release gives the memory back to the budget.
func (l *List) Release() {
	for _, free := range l.held {
		free()
	}
	l.chunks, l.held, l.n = nil, nil, 0
}

// Len is the number of ranges.
func (l *List) Len() int { return l.n }

// Add appends a range. The error wraps limits.ErrExceeded when there are too many.
func (l *List) Add(r Range) error {
	if l.n >= MaxRanges {
		return fmt.Errorf("more than %d named ranges: %w", MaxRanges, limits.ErrExceeded)
	}
	if l.n%chunkLen == 0 {
		free, err := l.budget.Hold(chunkLen * rangeSize)
		if err != nil {
			return fmt.Errorf("hold a list of %d ranges: %w", l.n, err)
		}
		l.held = append(l.held, free)
		l.chunks = append(l.chunks, make([]Range, 0, chunkLen))
	}
	last := len(l.chunks) - 1
	l.chunks[last] = append(l.chunks[last], r)
	l.n++
	return nil
}

// at is the i-th range.
func (l *List) at(i int) *Range { return &l.chunks[i>>chunkBits][i&(chunkLen-1)] }

// order sorts a list.
type order struct {
	*List
	less func(a, b *Range) bool
}

func (o order) Less(i, j int) bool { return o.less(o.at(i), o.at(j)) }

func (o order) Swap(i, j int) {
	a, b := o.at(i), o.at(j)
	*a, *b = *b, *a
}

// Duplicates calls f for every range whose name an earlier one in the header has, in the order of the header for each name.
func (l *List) Duplicates(f func(first, second Range)) {
	sort.Sort(order{l, func(a, b *Range) bool {
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.At < b.At
	}})
	first := 0
	for i := 1; i < l.n; i++ {
		if l.at(i).Name != l.at(first).Name {
			first = i
			continue
		}
		f(*l.at(first), *l.at(i))
	}
}

// Find returns the range with a name and its place in the list, counted from 0. It may only be used after Duplicates, which
// sorts the list by name.
func (l *List) Find(name uint64) (i int, r Range, ok bool) {
	i = sort.Search(l.n, func(i int) bool { return l.at(i).Name >= name })
	if i < l.n && l.at(i).Name == name {
		return i, *l.at(i), true
	}
	return 0, Range{}, false
}

// Layout walks the ranges by their place. It calls hole for bytes between start and the last range that belong to none, and
// overlap for a range that begins before an earlier one ends; an empty range may only lie where another ends. It returns the
// end of the last range, at least start.
func (l *List) Layout(start int64, hole func(from, to int64, next Range), overlap func(a, b Range)) int64 {
	sort.Sort(order{l, func(a, b *Range) bool {
		switch {
		case a.Start != b.Start:
			return a.Start < b.Start
		case a.End != b.End:
			return a.End < b.End
		}
		return a.At < b.At
	}})
	end := start
	var last Range // the one that reaches furthest
	for i := range l.n {
		r := *l.at(i)
		switch {
		case r.Start > end:
			hole(end, r.Start, r)
		case r.Start < end:
			overlap(last, r)
		}
		if r.End >= end {
			end, last = r.End, r
		}
	}
	return end
}
