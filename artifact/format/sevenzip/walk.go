package sevenzip

import (
	"errors"
	"io"

	"github.com/picketsec/picket/artifact/format"
)

// small is the size up to which a member is held in memory, in bytes.
const small = 4 << 20

// keep is how much of the start of a larger member is held, so that it can be looked at several times. The engine looks at
// 1.25 MiB before it gives content to a detector.
const keep = 3 << 19

// Walk gives the content of every member that has any, folder by folder, in the order of the content, so that a folder is
// unpacked once. The blob of a member is valid until visit returns. An error of visit ends the walk; what is wrong with the
// content of one folder is given to broken, with the members that it hides, and the walk goes on.
func (a *Archive) Walk(visit func(i int, content *format.Blob) error, broken func(f *Folder, members []int, err error)) error {
	inside := make([][]int, len(a.Folders))
	for i, m := range a.Members {
		if m.Folder >= 0 {
			inside[m.Folder] = append(inside[m.Folder], i)
		}
	}
	for n, f := range a.Folders {
		stopped, rest, err := a.unpack(f, inside[n], visit)
		if stopped != nil {
			return stopped
		}
		if err != nil {
			broken(f, rest, err)
		}
		a.unused(f)
	}
	return nil
}

// slack is how many bytes at the end of a packed stream a decoder may leave: marks of the end, and checksums.
const slack = 64

// unused notes the packed bytes that come after what the content needed. A decoder reads ahead, so a few kilobytes of them are
// not noticed unless the content is copied.
func (a *Archive) unused(f *Folder) {
	for i, p := range f.packs {
		end := p.size
		switch copied := len(f.coders) == 1 && f.coders[0].method == "\x00"; {
		case copied:
			end = min(end, f.Size)
		case f.used != nil && p.size-f.used[i] > slack:
			end = f.used[i]
		}
		if rest := p.size - end; rest > 0 {
			a.odd(Unowned, -1, p.offset+end, rest, "%d bytes at the end of a packed stream are not needed for its content", rest)
		}
	}
}

// unpack walks one folder. It returns the error of visit, or the members that were not reached and why.
func (a *Archive) unpack(f *Folder, members []int, visit func(int, *format.Blob) error) (stopped error, rest []int, err error) {
	s := &sequence{a: a, f: f}
	defer s.close()
	for k, i := range members {
		m := &a.Members[i]
		stopped, err = s.member(m, func(b *format.Blob) error { return visit(i, b) })
		if stopped != nil || err != nil {
			return stopped, members[k:], err
		}
	}
	return nil, nil, nil
}

// sequence unpacks a folder once for the members that follow each other.
type sequence struct {
	a  *Archive
	f  *Folder
	in io.ReadCloser // nil when it has to be opened
	at int64
}

// close ends the unpacking.
func (s *sequence) close() {
	if s.in != nil {
		_ = s.in.Close() // memory only
	}
	s.in, s.at = nil, 0
}

// member goes to a member and gives it to visit: a small one in memory, a larger one as a stream whose start is in memory.
func (s *sequence) member(m *Member, visit func(*format.Blob) error) (stopped, err error) {
	if s.in != nil && s.at > m.Offset {
		s.close()
	}
	if s.in == nil {
		if s.in, err = s.a.Open(s.f); err != nil {
			return nil, err
		}
	}
	if err = s.skip(m.Offset - s.at); err != nil {
		return nil, err
	}
	size := m.Size
	if size > small {
		size = keep
	}
	release, err := s.a.budget.Hold(size)
	if err != nil {
		return nil, err
	}
	defer release()
	b := make([]byte, size)
	n, err := io.ReadFull(s.in, b)
	s.at += int64(n)
	switch {
	case n == 0 && m.Size > 0:
	case m.Size <= small || err != nil: // what was unpacked before a mistake may be loaded too
		stopped = visit(format.BytesBlob(b[:n]))
	default:
		l := &live{s: s, m: m, kept: b}
		stopped = visit(format.StreamBlob(m.Size, func() (io.ReadCloser, error) { return &liveReader{l: l}, nil }))
	}
	return stopped, err
}

// skip passes over n bytes.
func (s *sequence) skip(n int64) error {
	skipped, err := io.CopyN(io.Discard, s.in, n)
	s.at += skipped
	return err
}

// live serves a member while its folder is unpacked. The first reader that goes beyond what is kept takes the stream of the
// folder; any other has the folder unpacked again.
type live struct {
	s     *sequence
	m     *Member
	kept  []byte
	owner *liveReader
}

// liveReader reads a member.
type liveReader struct {
	l     *live
	pos   int64
	other io.ReadCloser // the folder unpacked again
}

// Read implements io.Reader.
func (r *liveReader) Read(p []byte) (int, error) {
	l := r.l
	p = p[:min(int64(len(p)), l.m.Size-r.pos)]
	switch {
	case r.pos == l.m.Size:
		return 0, io.EOF
	case r.pos < int64(len(l.kept)):
		n := copy(p, l.kept[r.pos:])
		r.pos += int64(n)
		return n, nil
	case r.other == nil && l.owner == nil && l.s.in != nil && l.s.at == l.m.Offset+r.pos:
		l.owner = r
	case r.other == nil && l.owner != r:
		if l.owner == nil {
			l.s.close() // its memory is needed to unpack again
		}
		var err error
		if r.other, err = l.s.a.from(l.s.f, l.m.Offset+r.pos); err != nil {
			return 0, err
		}
	}
	in := r.other
	if in == nil {
		in = l.s.in
	}
	n, err := in.Read(p)
	r.pos += int64(n)
	if r.other == nil {
		l.s.at += int64(n)
	}
	return n, err
}

// Close implements io.Closer.
func (r *liveReader) Close() error {
	if r.l.owner == r {
		r.l.owner = nil
	}
	if r.other != nil {
		return r.other.Close()
	}
	return nil
}

// from unpacks a folder from an offset of its content.
func (a *Archive) from(f *Folder, offset int64) (io.ReadCloser, error) {
	in, err := a.Open(f)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, offset); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}
