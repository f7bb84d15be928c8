package hdf5

import (
	"fmt"

	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/limits"
)

// Ledger says what the bytes of a file are.
type Ledger struct {
	Structure int64 // bytes of headers, indexes and heaps
	Data      int64 // bytes of datasets
	Holes     int64 // bytes in between that nothing refers to: free space, and what was deleted
	Trailing  Piece // after the end that the superblock states; or after the last use, when that is later
	// Overlap is the place of bytes that two datasets share; its length is 0 when there are none.
	Overlap Piece
}

// Account says what the bytes of the content are by all that was visited so far, and calls hole for each range between them. It
// is to be called once, after Walk. The error wraps limits.ErrExceeded when the file has more parts than were kept.
func (f *File) Account(hole func(Piece)) (Ledger, error) {
	f.flush()
	var l Ledger
	if f.full {
		return l, fmt.Errorf("account for the parts of an HDF5 file: more than %d: %w", extent.MaxRanges, limits.ErrExceeded)
	}
	size := f.blob.Size()
	overlap := func(a, b extent.Range) {
		if a.Name != 0 && b.Name != 0 && a.Name != b.Name && l.Overlap.Length == 0 {
			l.Overlap = Piece{f.Base + b.Start, min(a.End, b.End) - b.Start}
		}
	}
	stated := f.End - f.Base
	used := f.ranges.Layout(0, func(from, to int64, _ extent.Range) {
		l.Holes += to - from
		hole(Piece{f.Base + from, to - from})
	}, overlap)
	l.Structure = min(f.structure, used-l.Holes) // what is said twice, or overlaps, counts once
	l.Data = used - l.Holes - l.Structure
	end := min(size, max(used, stated))
	if used < end {
		l.Holes += end - used
		hole(Piece{f.Base + used, end - used})
	}
	l.Trailing = Piece{f.Base + end, size - end}
	return l, nil
}
