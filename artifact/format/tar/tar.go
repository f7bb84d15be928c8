// Package tar reads tar archives (POSIX ustar and pax, GNU, and the old V7 form) from the start to the end, at any size. It is
// for detectors, which get every member with what is odd about it. archive/tar is not used because it stops at what other
// readers pass over, and hides what extension headers replaced. The package extracts nothing and does not judge.
//
// Where readers disagree it follows Python's tarfile, which the loaders of models use, and says so in an anomaly.
package tar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Kind names an anomaly. Kinds are stable.
type Kind string

// The anomalies.
const (
	PathEscape     Kind = "path-escape"
	Link           Kind = "link"        // a symbolic or hard link that stays inside
	LinkEscape     Kind = "link-escape" // one that leaves the folder
	Special        Kind = "special"     // a device or a pipe
	Duplicate      Kind = "duplicate"
	Sparse         Kind = "sparse"          // content whose holes are left out; it is given as it is stored
	ExtensionLie   Kind = "extension-lie"   // an extension header contradicts another or the header
	HeaderOnlySize Kind = "header-size"     // a kind of member without content states a size
	UnknownType    Kind = "unknown-type"    // a type flag that readers take for a file or skip
	BadHeader      Kind = "bad-header"      // not a header where one should be; readers stop, or search on
	LoneZeroBlock  Kind = "lone-zero-block" // Python stops there, other readers go on
	NoEnd          Kind = "no-end"          // the end marker is missing
)

// Anomaly is one thing that an honest writer does not do.
type Anomaly struct {
	Kind   Kind
	Offset int64  // of the header, in bytes from the start of the archive
	Detail string // for a person; may hold names from the archive
}

// Member is one member.
type Member struct {
	Name   string // the raw bytes, after extension headers
	Link   string // the target of a link
	Type   byte   // the type flag; '0' for files of every form
	Mode   int64
	Size   int64 // bytes of content that are stored
	Offset int64 // of the header
	Data   int64 // offset of the content
	// Blob is the content, valid until visit returns. It has random access when the archive has.
	Blob      *format.Blob
	Anomalies []Anomaly
}

// File reports whether the member has content that readers give to a loader.
func (m *Member) File() bool { return !headerOnly(m.Type) }

// End is what is known after the last member.
type End struct {
	Anomalies []Anomaly
	// Trailing is the offset of content after the end marker, or of what is not a header; -1 for none.
	Trailing int64
	Members  int64
}

const block = 512

// maxExtension bounds the content of one extension header, in bytes.
const maxExtension = 1 << 20

// walker is the state of one pass.
type walker struct {
	blob   *format.Blob
	budget *limits.Budget
	visit  func(*Member) error
	in     *cursor
	names  map[string]bool
	held   []func()
	credit int64
	end    End
	next   extension // what extension headers say about the next member
	global extension
}

// Walk reads an archive and calls visit with each member in order. An error of visit ends the walk and is returned as it is.
// Other errors wrap format.ErrMalformed or limits.ErrExceeded, or come from the blob; End holds what was found until then.
func Walk(blob *format.Blob, budget *limits.Budget, visit func(*Member) error) (End, error) {
	w := &walker{blob: blob, budget: budget, visit: visit, names: map[string]bool{}, end: End{Trailing: -1}}
	in, err := newCursor(blob)
	if err != nil {
		return w.end, err
	}
	w.in = in
	for err == nil {
		err = w.step()
	}
	if errors.Is(err, errDone) {
		err = nil
	}
	for _, release := range w.held {
		release()
	}
	return w.end, errors.Join(err, in.close())
}

// errDone ends the walk at the end of the archive.
var errDone = errors.New("end of archive")

// step reads one header and what belongs to it.
func (w *walker) step() error {
	offset := w.in.pos
	head, err := w.in.read(block)
	switch {
	case err != nil:
		return err
	case len(head) == 0:
		w.odd(NoEnd, offset, "the archive ends without an end marker")
		return errDone
	case len(head) < block:
		return format.Malformed(offset, "a tar header is cut off")
	case allZero(head):
		return w.zeros(offset)
	}
	h, ok := parseHeader(head)
	if !ok {
		w.odd(BadHeader, offset, "there is no tar header at %d", offset)
		w.end.Trailing = offset
		return errDone
	}
	if err := w.budget.Ops(1); err != nil {
		return err
	}
	h.Offset, h.Data = offset, w.in.pos
	switch h.Type {
	case 'x', 'g', 'X', 'L', 'K':
		return w.extension(h)
	}
	return w.member(h, head)
}

// odd notes an anomaly of the archive.
func (w *walker) odd(kind Kind, offset int64, detail string, args ...any) {
	w.end.Anomalies = append(w.end.Anomalies, Anomaly{kind, offset, fmt.Sprintf(detail, args...)})
}

// zeros handles the end marker, and looks for content after it.
func (w *walker) zeros(offset int64) error {
	second, err := w.in.read(block)
	if err != nil {
		return err
	}
	if len(second) == block && !allZero(second) {
		if _, ok := parseHeader(second); ok {
			w.odd(LoneZeroBlock, offset, "members follow a single zero block at %d, where Python's tarfile stops", offset)
		}
		w.end.Trailing = offset + block
		return errDone
	}
	for len(second) > 0 {
		at := w.in.pos
		if second, err = w.in.read(64 << 10); err != nil {
			return err
		}
		if i := bytes.IndexFunc(second, func(r rune) bool { return r != 0 }); i >= 0 {
			w.end.Trailing = at + int64(i)
			return errDone
		}
		if err := w.budget.Ops(int64(len(second)/64 + 1)); err != nil {
			return err
		}
	}
	return errDone
}

// member completes a member with what extension headers said, gives it to visit and goes on behind its content.
func (w *walker) member(m *Member, head []byte) error {
	m.odd(w.next.problems...)
	w.apply(m)
	w.next = extension{}
	if m.Type == 'S' {
		m.odd(Anomaly{Sparse, m.Offset, "the member is sparse"})
		if err := w.sparseMap(m, head); err != nil {
			return err
		}
	}
	if headerOnly(m.Type) && m.Size > 0 {
		m.odd(Anomaly{HeaderOnlySize, m.Offset, fmt.Sprintf("a member of type %q states %d bytes of content", m.Type, m.Size)})
		m.Size = 0 // Python's tarfile looks for the next header right here
	}
	w.inspect(m)
	if err := w.remember(m); err != nil {
		return err
	}
	if rest := w.blob.Size() - m.Data; w.blob.Size() >= 0 && m.Size > rest {
		return errors.Join(w.give(m, rest), format.Malformed(m.Data, "the member states %d bytes and %d are there", m.Size, rest))
	}
	if err := w.give(m, m.Size); err != nil {
		return err
	}
	return w.in.skipTo(m.Data + (m.Size+block-1)/block*block)
}

// odd adds anomalies.
func (m *Member) odd(a ...Anomaly) { m.Anomalies = append(m.Anomalies, a...) }

// give calls visit with the first n bytes of the content.
func (w *walker) give(m *Member, n int64) error {
	w.end.Members++
	if w.blob.At() != nil {
		var err error
		if m.Blob, err = w.blob.Section(m.Data, n); err != nil {
			return err
		}
		return w.visit(m)
	}
	l := &live{blob: w.blob, in: w.in, offset: m.Data, size: n, budget: w.budget}
	m.Blob = format.StreamBlob(n, l.open)
	err := w.visit(m)
	l.done()
	return err
}

// remember keeps the name, within the budget, and notes a repeated one.
func (w *walker) remember(m *Member) error {
	if err := w.budget.Member(); err != nil {
		return err
	}
	need := int64(len(m.Name)) + 128
	if w.credit < need {
		size := max(need, 64<<10)
		release, err := w.budget.Hold(size)
		if err != nil {
			return err
		}
		w.held, w.credit = append(w.held, release), w.credit+size
	}
	w.credit -= need
	name := strings.TrimSuffix(strings.TrimPrefix(m.Name, "./"), "/")
	if w.names[name] && m.Type != '5' {
		m.odd(Anomaly{Duplicate, m.Offset, fmt.Sprintf("two members are named %q", name)})
	}
	w.names[name] = true
	return nil
}

// inspect notes what is odd about names and type.
func (w *walker) inspect(m *Member) {
	if why := format.Escape(m.Name); why != "" {
		m.odd(Anomaly{PathEscape, m.Offset, fmt.Sprintf("the name %q %s", m.Name, why)})
	}
	switch m.Type {
	case '0', '5', 'S':
	case '1', '2':
		target := m.Link
		if m.Type == '2' && strings.Contains(m.Name, "/") && !strings.HasPrefix(target, "/") {
			target = m.Name[:strings.LastIndex(m.Name, "/")+1] + target // relative to the folder of the link
		}
		kind, what := Link, "is a link to"
		if format.Climbs(target) {
			kind, what = LinkEscape, "is a link that leaves the folder, to"
		}
		m.odd(Anomaly{kind, m.Offset, fmt.Sprintf("%q %s %q", m.Name, what, m.Link)})
	case '3', '4', '6':
		m.odd(Anomaly{Special, m.Offset, fmt.Sprintf("%q is a device or pipe", m.Name)})
	default:
		m.odd(Anomaly{UnknownType, m.Offset, fmt.Sprintf("%q has the type %q", m.Name, m.Type)})
	}
}

// headerOnly reports whether readers expect no content after the header of a type.
func headerOnly(kind byte) bool { return kind >= '1' && kind <= '6' }

// allZero reports whether all bytes are zero.
func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

var _ io.ReadCloser = (*liveReader)(nil)
