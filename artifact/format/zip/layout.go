package zip

import (
	"bytes"
	"cmp"
	"slices"
)

// directorySpan marks a span that belongs to the directory and not to a member.
const directorySpan = -1

// span is a range of the archive with an owner.
type span struct {
	start, end int64
	entry      int
}

// layout accounts for every byte of the archive: what members and directories share, and what no one owns. Members that only
// local headers name are found in the latter.
func (a *Archive) layout() error {
	spans := slices.Clone(a.spans)
	slices.SortFunc(spans, func(x, y span) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), cmp.Compare(x.entry, y.entry))
	})
	reached, last := int64(0), span{entry: directorySpan}
	for i, s := range spans {
		switch {
		case i > 0 && s.start < reached:
			a.overlap(s, last)
		case s.start > reached:
			if err := a.unowned(reached, s.start, last.entry, false); err != nil {
				return err
			}
		}
		if i == 0 || s.end > reached {
			reached, last = s.end, s
		}
	}
	if reached < a.blob.Size() {
		return a.unowned(reached, a.blob.Size(), last.entry, len(spans) == 0)
	}
	return nil
}

// overlap reports that two spans share bytes.
func (a *Archive) overlap(s, other span) {
	entry := max(s.entry, other.entry)
	if entry < 0 {
		return // two records of the directory
	}
	for _, i := range []int{s.entry, other.entry} {
		if i >= 0 {
			a.Entries[i].Overlaps = true
		}
	}
	a.anomaly(Overlap, entry, s.start, min(s.end, other.end)-s.start, "bytes from %d belong to two members or to the directory too", s.start)
}

// unowned looks into a range that neither a member nor a directory owns and that follows the member before, if that is not
// negative. In an archive without a directory all members are found here.
func (a *Archive) unowned(start, end int64, before int, streamed bool) error {
	start, err := a.descriptor(before, start, end)
	if err != nil {
		return err
	}
	for start < end {
		at, zero, err := a.find(start, end, sigLocal)
		if err != nil {
			return err
		}
		if !zero {
			a.region(start, at, end)
		}
		if at == end {
			return nil
		}
		if start, err = a.hidden(at, end, streamed); err != nil {
			return err
		}
	}
	return nil
}

// region reports content that no one owns; end is where the range around it ends.
func (a *Archive) region(start, stop, end int64) {
	switch {
	case start == 0:
		a.anomaly(Prefix, -1, 0, stop, "%d bytes stand before the first member", stop)
	case stop == a.blob.Size():
		a.anomaly(Suffix, -1, start, stop-start, "%d bytes follow the archive", stop-start)
	default:
		a.anomaly(Gap, -1, start, stop-start, "%d bytes at %d belong to no member", stop-start, start)
	}
}

// hidden adds the member of a local header that no directory names, and returns where it ends.
func (a *Archive) hidden(at, limit int64, streamed bool) (int64, error) {
	h, err := local(a.blob, at)
	if err != nil {
		return 0, err
	}
	e := Entry{Local: h, Data: at + h.Length}
	e.End = e.Data + min(max(h.Compressed, 0), max(0, limit-e.Data))
	if h.Flags&FlagDescriptor != 0 && h.Compressed == 0 {
		if e.End, err = a.nextRecord(min(e.Data, limit), limit); err != nil {
			return 0, err
		}
	}
	if err := a.add(e); err != nil {
		return 0, err
	}
	i := len(a.Entries) - 1
	if !streamed {
		a.anomaly(Hidden, i, at, h.Length, "a local header names %q, the directory does not", h.Name)
	}
	return a.descriptor(i, max(e.End, at+1), limit)
}

// nextRecord finds where data of unknown length ends: before the next record of the format.
func (a *Archive) nextRecord(start, limit int64) (int64, error) {
	for from := start; ; {
		at, _, err := a.find(from, limit, "PK")
		if err != nil || at == limit {
			return limit, err
		}
		record, err := a.blob.ReadRange(at, min(4, limit-at))
		if err != nil {
			return 0, err
		}
		switch string(record) {
		case sigDescriptor, sigLocal, sigCentral, sigEnd:
			return at, nil
		}
		from = at + 2
	}
}

// find returns where a signature is in a range, or its end, and whether everything before is zero. A local header counts only
// if it fits the archive and has a name.
func (a *Archive) find(start, end int64, signature string) (at int64, zero bool, err error) {
	const step = 64 << 10
	zero = true
	for at = start; at < end; {
		n := min(step, end-at)
		if err := a.budget.Ops(n/64 + 1); err != nil {
			return 0, false, err
		}
		buf, err := a.blob.ReadRange(at, n)
		if err != nil {
			return 0, false, err
		}
		i := bytes.Index(buf, []byte(signature))
		if i < 0 {
			i = len(buf)
			if at+n < end { // a signature may lie across the edge
				i -= len(signature) - 1
			}
			zero = zero && allZero(buf[:i])
			at += int64(i)
			continue
		}
		zero = zero && allZero(buf[:i])
		at += int64(i)
		if signature != sigLocal {
			return at, zero, nil
		}
		h, err := local(a.blob, at)
		if err != nil || (h.Present && h.Name != "") {
			return at, zero, err
		}
		zero = false
		at++
	}
	return end, zero, nil
}

// allZero reports whether all bytes are zero.
func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// descriptor returns the offset after the data descriptor of an entry whose flags announce one, or start when none is there.
func (a *Archive) descriptor(entry int, start, end int64) (int64, error) {
	if entry < 0 || start >= end {
		return start, nil
	}
	e := &a.Entries[entry]
	if (e.Local.Flags|e.Central.Flags)&FlagDescriptor == 0 {
		return start, nil
	}
	buf, err := a.blob.ReadRange(start, min(24, end-start))
	if err != nil {
		return 0, err
	}
	signed := len(buf) >= 4 && string(buf[:4]) == sigDescriptor
	skip := int64(0)
	if signed {
		buf, skip = buf[4:], 4
	}
	want := e.Central
	for _, wide := range []bool{false, true} {
		n := 12
		if wide {
			n = 20
		}
		if len(buf) < n || (!signed && int64(n) != end-start) {
			continue
		}
		compressed, size := int64(le.Uint32(buf[4:])), int64(le.Uint32(buf[8:]))
		if wide {
			compressed, size = int64(le.Uint64(buf[4:])), int64(le.Uint64(buf[12:]))
		}
		if !want.Present && (compressed == e.End-e.Data || wide) {
			return start + skip + int64(n), nil
		}
		if want.Present && le.Uint32(buf) == want.CRC32 && compressed == want.Compressed && size == want.Size {
			return start + skip + int64(n), nil
		}
	}
	if !signed {
		return start, nil
	}
	a.anomaly(DescriptorLie, entry, start, end-start, "the data descriptor and the directory state different values")
	return start + min(skip+12, end-start), nil
}
