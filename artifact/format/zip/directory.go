package zip

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/picketsec/picket/artifact/format"
)

// end is one end-of-central-directory record and what its 64-bit companion says.
type end struct {
	offset  int64
	comment int64 // stated length
	count   int64 // of entries
	size    int64 // of the directory
	start   int64 // of the directory, as stated
	claims  []claim
	records []span // its 64-bit companions
}

// claim is one statement about where the directory is, and who follows it.
type claim struct {
	count, size, start int64
	before             int64 // where the directory must end
	by                 string
}

// maxEnds bounds how many end records are considered.
const maxEnds = 32

// findEnds finds the end records, the one that readers choose first: the last with room for all of its fields.
func (a *Archive) findEnds() ([]end, error) {
	size := a.blob.Size()
	from := max(0, size-lenEnd-1<<16)
	tail, err := a.blob.ReadRange(from, size-from)
	if err != nil {
		return nil, err
	}
	var ends []end
	for _, at := range lastSignatures(tail) {
		if len(ends) == maxEnds {
			break
		}
		if len(tail)-at < lenEnd {
			continue
		}
		r := tail[at:]
		e := end{offset: from + int64(at), count: int64(le.Uint16(r[10:])), size: int64(le.Uint32(r[12:])),
			start: int64(le.Uint32(r[16:])), comment: int64(le.Uint16(r[20:]))}
		if err := a.claims(&e); err != nil {
			return nil, err
		}
		ends = append(ends, e)
	}
	return ends, nil
}

// lastSignatures finds where the signature of an end record is, the last place first. It searches forward, which processors
// do many times faster.
func lastSignatures(tail []byte) []int {
	var places []int
	for from := 0; ; {
		at := bytes.Index(tail[from:], []byte(sigEnd))
		if at < 0 {
			slices.Reverse(places)
			return places
		}
		places = append(places, from+at)
		from += at + len(sigEnd)
	}
}

// claims collects the statements of an end record: its own, and those of the 64-bit records that some readers prefer always
// (miniz and zipfile) and others only when the record itself says so (Go).
func (a *Archive) claims(e *end) error {
	e.claims = []claim{{count: e.count, size: e.size, start: e.start, before: e.offset, by: "readers that trust the 32-bit record"}}
	w := &window{blob: a.blob}
	locator, err := w.bytes(e.offset-lenLocator64, lenLocator64)
	if err != nil {
		return err
	}
	wide := e.count == 0xffff || e.size == 0xffffffff || e.start == 0xffffffff
	if locator == nil || string(locator[:4]) != sigLocator64 {
		return nil
	}
	stated := signed(le.Uint64(locator[8:]))
	adjacent := e.offset - lenLocator64 - lenEnd64
	var found []claim
	for _, at := range []struct {
		offset int64
		by     string
	}{{stated, "readers that follow the zip64 locator"}, {adjacent, "Python's zipfile, which looks before the zip64 locator"}} {
		record, err := w.bytes(at.offset, lenEnd64)
		if err != nil {
			return err
		}
		if record == nil || string(record[:4]) != sigEnd64 {
			continue
		}
		found = append(found, claim{count: signed(le.Uint64(record[32:])), size: signed(le.Uint64(record[40:])),
			start: signed(le.Uint64(record[48:])), before: at.offset, by: at.by})
		e.records = append(e.records, span{start: at.offset, end: at.offset + lenEnd64, entry: directorySpan})
	}
	e.records = append(e.records, span{start: e.offset - lenLocator64, end: e.offset, entry: directorySpan})
	switch {
	case wide && len(found) > 0:
		e.claims = found // the record itself defers to them
	case len(found) > 0:
		// Readers of the 32-bit record that would look right before it (Go) take the stated offset when a directory is there:
		// the 64-bit records stand between.
		e.claims[0].before = found[len(found)-1].before
		e.claims = append(found, e.claims...)
	}
	return nil
}

// directory is a central directory that some reader finds.
type directory struct {
	start, before int64
	by            string
	shift         int64 // what that reader adds to every offset
	claim         claim
}

// candidates lists where readers look for the directory of an end record and find one: at the stated offset (miniz), or as many
// bytes before the end record as it is long (Python's zipfile, and Go).
func (a *Archive) candidates(e end) ([]directory, error) {
	var list []directory
	w := &window{blob: a.blob}
	for _, c := range e.claims {
		if c.size < 0 || c.start < 0 {
			continue
		}
		for _, d := range []directory{
			{start: c.start, by: "miniz (PyTorch)"},
			{start: c.before - c.size, by: "Python's zipfile", shift: c.before - c.size - c.start},
		} {
			d.before, d.claim = c.before, c
			if d.by == "miniz (PyTorch)" && d.start == c.before-c.size {
				d.by = "all readers"
			}
			known := slices.IndexFunc(list, func(o directory) bool { return o.start == d.start })
			record, err := w.bytes(d.start, 4)
			if err != nil {
				return nil, err
			}
			switch {
			case d.start > c.before || string(record) != sigCentral:
			case known < 0:
				list = append(list, d)
			case d.shift != 0 && list[known].shift == 0:
				list[known].shift = d.shift
			}
		}
	}
	return list, nil
}

// readDirectories reads every directory that some reader finds, the ones of the last end record first.
func (a *Archive) readDirectories(ends []end) error {
	var all []directory
	for i, e := range ends {
		if i > 0 && a.inside(e.offset) {
			continue // part of a member, such as a stored archive
		}
		found, err := a.candidates(e)
		if err != nil {
			return err
		}
		if len(found) == 0 && e.count > 0 && i == 0 {
			a.anomaly(DirectoryLie, -1, e.offset, lenEnd, "the end record at %d states %d entries and points to no directory", e.offset, e.count)
		}
		if len(found) == 0 && (i > 0 || e.count > 0) {
			continue
		}
		a.endSpans(e, i == 0)
		for _, d := range found {
			if slices.ContainsFunc(all, func(o directory) bool { return o.start == d.start }) {
				continue
			}
			all = append(all, d)
			if err := a.readDirectory(d); err != nil {
				return err
			}
		}
	}
	a.compareDirectories(all)
	if len(ends) == 0 || (len(all) == 0 && ends[0].count > 0) {
		a.anomaly(NoDirectory, -1, -1, 0, "there is no central directory; only readers of local headers see the members")
	}
	return nil
}

// inside reports whether an offset is part of a member that a directory names.
func (a *Archive) inside(offset int64) bool {
	return slices.ContainsFunc(a.spans, func(s span) bool { return s.start <= offset && offset < s.end })
}

// endSpans records what an end record covers, with its comment.
func (a *Archive) endSpans(e end, chosen bool) {
	after := e.offset + lenEnd
	comment := min(e.comment, a.blob.Size()-after)
	a.spans = append(a.spans, e.records...)
	a.spans = append(a.spans, span{start: e.offset, end: after, entry: directorySpan})
	if comment < e.comment {
		a.anomaly(DirectoryLie, -1, e.offset, lenEnd, "the archive comment is stated as %d bytes and %d are there", e.comment, comment)
	}
	if !chosen || comment == 0 {
		return
	}
	a.spans = append(a.spans, span{start: after, end: after + comment, entry: directorySpan})
	text, err := a.blob.ReadRange(after, comment)
	if err == nil && !printable(text) {
		a.anomaly(Comment, -1, after, comment, "the archive comment of %d bytes is not text", comment)
	}
}

// printable reports whether bytes are text without control characters.
func printable(text []byte) bool {
	for _, b := range text {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// compareDirectories reports directories that only some readers find.
func (a *Archive) compareDirectories(all []directory) {
	if len(all) < 2 {
		return
	}
	for _, d := range all {
		a.anomaly(SeveralDirectories, -1, d.start, d.before-d.start, "a central directory at %d is found by %s", d.start, d.by)
	}
}

// readDirectory reads the entries of one directory until its records end, and compares their number and length with the
// statements of the end record, of which different readers believe different ones.
func (a *Archive) readDirectory(d directory) error {
	w := &window{blob: a.blob}
	offset, count, first := d.start, int64(0), len(a.Entries)
	var problem error
	for ; ; count++ {
		h, err := central(w, offset, d.before)
		if err != nil {
			return err
		}
		if !h.Present {
			break
		}
		offset += h.Length
		if problem = a.member(h, d.shift); problem != nil {
			break
		}
	}
	a.spans = append(a.spans, span{start: d.start, end: offset, entry: directorySpan})
	if problem != nil {
		return problem
	}
	if d.shift != 0 && len(a.Entries) > first && a.Entries[first].Local.Offset == a.Entries[first].Central.Local {
		a.anomaly(DirectoryLie, -1, d.start, offset-d.start, "the directory starts at %d and the end record states %d", d.start, d.claim.start)
	}
	if c := d.claim; count != c.count && (c.count != count&0xffff || c.count == 0) {
		a.anomaly(DirectoryLie, -1, d.start, offset-d.start, "the directory has %d entries and the end record states %d", count, c.count)
	} else if offset-d.start != c.size {
		a.anomaly(DirectoryLie, -1, d.start, offset-d.start, "the directory is %d bytes long and the end record states %d", offset-d.start, c.size)
	}
	if record, err := w.bytes(offset, 4); err == nil && string(record) == sigCentral {
		return format.Malformed(offset, "an entry of the directory is cut off")
	}
	return nil
}

// member adds the entry for one central record. With content before the archive, readers disagree on whether the stated offset
// counts from the start of the file or of the archive; where both hold a local header, both become entries.
func (a *Archive) member(h Header, shift int64) error {
	e := Entry{Central: h, Data: -1, End: -1}
	shifts := []int64{0}
	if shift != 0 {
		shifts = []int64{shift, 0}
	}
	found := 0
	for _, by := range shifts {
		if h.Local < 0 || (by > 0 && h.Local > a.blob.Size()-by) {
			continue
		}
		l, err := local(a.blob, h.Local+by)
		if err != nil {
			return err
		}
		if !l.Present {
			continue
		}
		found++
		e.Local, e.Data = l, l.Offset+l.Length
		e.End = e.Data + min(max(h.Compressed, 0), a.blob.Size()-e.Data)
		if err := a.add(e); err != nil {
			return err
		}
	}
	switch {
	case found == 0:
		if err := a.add(e); err != nil {
			return err
		}
		a.anomaly(NoLocal, len(a.Entries)-1, h.Offset, h.Length, "the directory points to %d, where no local header is", h.Local)
	case found == 2:
		a.anomaly(SeveralDirectories, len(a.Entries)-1, e.Local.Offset, e.Local.Length,
			"the local header is at %d or at %d, depending on whether a reader counts from the start of the file", h.Local+shift, h.Local)
	}
	return nil
}

// errNoTail says that content is too short for an archive.
var errNoTail = errors.New("no end record")

// locate returns the first directory that a reader would find, for a quick look.
func locate(blob *format.Blob) (directory, error) {
	a := &Archive{blob: blob, kept: map[Kind]int{}}
	ends, err := a.findEnds()
	if err != nil || len(ends) == 0 {
		return directory{}, errors.Join(err, errNoTail)
	}
	list, err := a.candidates(ends[0])
	if err != nil || len(list) == 0 {
		return directory{}, errors.Join(err, fmt.Errorf("find directory: %w", errNoTail))
	}
	return list[0], nil
}
