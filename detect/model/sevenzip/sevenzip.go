// Package sevenzip inspects 7z archives: it reports names that leave the archive, what is encrypted or cannot be unpacked, and
// content that no member owns, and it has every member inspected. Malicious models are shipped as 7z files under the names of
// other formats, because scanners stop at the container. It is for the engine. It judges the container only.
package sevenzip

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/sevenzip"
	"github.com/picketsec/picket/detect"
)

// Detector inspects 7z archives.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "7z", Title: "Names, encryption and hidden content of a 7z archive, and its members",
		Formats: []string{sevenzip.Name}, Rules: rules()}
}

// scan is the inspection of one archive.
type scan struct {
	a     *sevenzip.Archive
	out   *detect.Output
	names map[string]int
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	a, err := sevenzip.Read(in.Blob, in.Budget)
	defer a.Close()
	s := &scan{a: a, out: out, names: map[string]int{}}
	if a.Encrypted {
		s.report(ruleEncrypted(), "", "", "the headers are encrypted: not even the names are known")
		out.Gap(0, in.Blob.Size(), "the archive is encrypted")
		return nil
	}
	if walked := a.Walk(func(i int, content *format.Blob) error { return s.member(ctx, i, content) }, s.broken); walked != nil {
		return walked
	}
	for _, odd := range a.Anomalies { // Walk adds to them
		if err := s.anomaly(ctx, odd); err != nil {
			return err
		}
	}
	return err
}

// report records a finding about a member, or about the archive when the name is empty.
func (s *scan) report(rule picket.Rule, name, technique, detail string) {
	s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(name), Subject: picket.Printable(name, 120), Technique: technique,
		Evidence: picket.NewEvidence(detail, "")})
}

// anomaly reports what is odd about the archive, and has content inspected that no member owns.
func (s *scan) anomaly(ctx context.Context, a sevenzip.Anomaly) error {
	rule, technique := judge(a.Kind)
	if a.Member >= 0 {
		s.report(rule, s.a.Members[a.Member].Name, technique, a.Detail)
		return nil
	}
	where := picket.At("", a.Offset)
	where.Length = a.Length
	s.out.Report(picket.Finding{Rule: rule, Location: where, Technique: technique, Evidence: picket.NewEvidence(a.Detail, "")})
	if a.Kind == sevenzip.Prefix {
		return nil // it is what the file begins with, so the engine inspects it by itself
	}
	blob, err := s.a.Range(a.Offset, a.Length)
	if err != nil {
		return err
	}
	return s.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("(unowned at %d)", a.Offset), Blob: blob})
}

// member inspects one member.
func (s *scan) member(ctx context.Context, i int, content *format.Blob) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &s.a.Members[i]
	name := m.Name
	if s.names[name]++; s.names[name] > 1 || name == "" {
		name = fmt.Sprintf("%s (%d)", name, s.names[name])
	}
	if m.Size == 0 {
		return nil
	}
	seen := &observer{}
	if err := s.out.Inspect(ctx, detect.Part{Name: name, Blob: seen.watch(content, m.Size)}); err != nil {
		return err
	}
	if content.At() != nil && content.Size() == m.Size { // small members are compared as a whole
		seen.all(content)
	}
	if m.HasCRC && seen.ended && seen.crc != m.CRC32 {
		s.report(ruleChecksum(), name, "", fmt.Sprintf("the content has the checksum %08x and the archive states %08x", seen.crc, m.CRC32))
	}
	if m.Link && format.Climbs(string(seen.head)) {
		s.report(ruleEscape(), name, "link out of the archive", fmt.Sprintf("the link leads out of the folder, to %q", seen.head[:min(len(seen.head), 80)]))
	}
	if kind := executable.Kind(seen.head); kind != "" && kind != executable.Script {
		s.report(ruleProgram(), name, "", "the archive contains a "+kind)
	}
	return nil
}

// broken records what of a folder could not be unpacked.
func (s *scan) broken(f *sevenzip.Folder, members []int, err error) {
	for n, i := range members {
		m := &s.a.Members[i]
		if n == 0 && f.Encrypted {
			s.report(ruleEncrypted(), m.Name, "", fmt.Sprintf("%d members are encrypted, this one first", len(members)))
		}
		if n == 0 && f.Unread != "" && !f.Encrypted {
			s.report(ruleMethod(), m.Name, "", f.Unread)
		}
		s.out.Gap(0, m.Size, fmt.Sprintf("%s: %v", picket.Printable(m.Name, 120), err))
	}
}

// observer notes what reading a member shows. The checksum is known of members that are held in memory only.
type observer struct {
	head  []byte // the first bytes, up to headSize
	crc   uint32
	ended bool
}

// headSize is how many of the first bytes of a member are kept for a look at them.
const headSize = 1 << 10

// watch passes on content and notes its head. Content that can be read in any order is not watched; all is called for it.
func (o *observer) watch(content *format.Blob, size int64) *format.Blob {
	if content.At() != nil {
		return content
	}
	return format.StreamBlob(size, func() (io.ReadCloser, error) {
		in, err := content.Open()
		return &watched{o: o, ReadCloser: in}, err
	})
}

// all reads content that is in memory.
func (o *observer) all(content *format.Blob) {
	b, err := content.ReadRange(0, content.Size())
	if err != nil {
		return // it is in memory, so this cannot happen
	}
	o.head, o.crc, o.ended = b[:min(len(b), headSize)], crc32.ChecksumIEEE(b), true
}

// watched is one reading of a member.
type watched struct {
	io.ReadCloser
	o *observer
	n int
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if w.n <= len(w.o.head) && w.n < headSize && w.n+n > len(w.o.head) {
		w.o.head = append(w.o.head[:w.n:w.n], p[:min(n, headSize-w.n)]...)
	}
	w.n += n
	return n, err
}
