// Package tarfile inspects tar archives, and among them the legacy files of PyTorch: it reports names and links that leave the
// archive and headers that readers understand differently, and has every member inspected. It is for the engine. It judges the
// container only.
package tarfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/artifact/format/torchtar"
	"github.com/picketsec/picket/detect"
)

// Detector inspects tar archives.
type Detector struct{}

// New returns the detector.
func New() detect.Detector { return Detector{} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "tar", Title: "Names, links and headers of a tar archive, and its members",
		Formats: []string{tar.Name, torchtar.Name}, Rules: rules()}
}

// scan is the inspection of one archive.
type scan struct {
	in      detect.Input
	out     *detect.Output
	torch   bool // members of PyTorch are inspected in the other view
	names   map[string]int
	scripts []string
}

// Detect implements detect.Detector. In the view of PyTorch's legacy format it looks only at the members that mix pickles with
// raw data, and in the view of tar at all others.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	probe, err := detect.NewProbe(in.Blob)
	if err != nil {
		return err
	}
	s := &scan{in: in, out: out, torch: torchtar.New().Match(probe), names: map[string]int{}}
	visit := func(m *tar.Member) error { return s.member(ctx, m) }
	if in.Format == torchtar.Name {
		visit = func(m *tar.Member) error { return s.torchMember(ctx, m) }
	}
	end, err := tar.Walk(in.Blob, in.Budget, visit)
	if in.Format == torchtar.Name || ctx.Err() != nil {
		return err
	}
	for _, a := range end.Anomalies {
		s.anomaly(a, "")
	}
	s.summary()
	return errors.Join(err, s.trailing(ctx, end))
}

// mixed reports whether a member mixes pickles with raw data, in a file of PyTorch.
func (s *scan) mixed(m *tar.Member) bool {
	name := strings.TrimPrefix(m.Name, "./")
	return s.torch && m.File() && (name == torchtar.Storages || name == torchtar.Tensors)
}

// member inspects one member.
func (s *scan) member(ctx context.Context, m *tar.Member) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, a := range m.Anomalies {
		s.anomaly(a, m.Name)
	}
	if !m.File() || m.Size == 0 || s.mixed(m) {
		return nil
	}
	name := m.Name
	if s.names[name]++; s.names[name] > 1 {
		name = fmt.Sprintf("%s (%d)", name, s.names[name])
	}
	s.program(m, name)
	return s.out.Inspect(ctx, detect.Part{Name: name, Blob: m.Blob})
}

// torchMember inspects the pickles of a member of PyTorch that mixes them with raw data.
func (s *scan) torchMember(ctx context.Context, m *tar.Member) error {
	if !s.mixed(m) {
		return nil
	}
	name := strings.TrimPrefix(m.Name, "./")
	err := torchtar.Split(ctx, name, m.Blob, s.in.Budget, func(seg torchtar.Segment) error {
		if !seg.Pickle {
			s.out.Opaque(seg.Length)
			return nil
		}
		blob, err := m.Blob.Section(seg.Offset, seg.Length)
		if err != nil {
			return err
		}
		return s.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("%s (pickle at %d)", m.Name, seg.Offset), Blob: blob})
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	// What was not understood may still be loaded: it is looked at as it is, and reported as not read.
	offset := int64(0)
	if broken, ok := errors.AsType[*format.MalformedError](err); ok {
		offset = broken.Offset
	}
	s.out.Gap(m.Data+offset, m.Size-min(offset, m.Size), picket.Printable(m.Name, 80)+": "+err.Error())
	return s.out.Inspect(ctx, detect.Part{Name: m.Name, Blob: m.Blob})
}

// anomaly reports what is odd about a member, or about the archive when the name is empty.
func (s *scan) anomaly(a tar.Anomaly, name string) {
	rule, technique := judge(a.Kind)
	where := picket.At("", a.Offset)
	if name != "" {
		where = picket.Whole(name)
	}
	s.out.Report(picket.Finding{Rule: rule, Location: where, Subject: picket.Printable(name, 120), Technique: technique,
		Evidence: picket.NewEvidence(a.Detail, "")})
	if a.Kind == tar.Sparse {
		s.out.Gap(a.Offset, -1, picket.Printable(name, 120)+": the member is sparse and was inspected without its holes")
	}
}

// trailing has the content inspected that follows the end of the archive.
func (s *scan) trailing(ctx context.Context, end tar.End) error {
	if end.Trailing < 0 {
		return nil
	}
	s.out.Report(picket.Finding{Rule: ruleTrailing(), Location: picket.At("", end.Trailing), Evidence: picket.NewEvidence(
		fmt.Sprintf("content follows the end of the archive at %d", end.Trailing), "")})
	if n := s.in.Blob.Size(); n >= end.Trailing {
		rest, err := s.in.Blob.Section(end.Trailing, n-end.Trailing)
		if err != nil {
			return err
		}
		return s.out.Inspect(ctx, detect.Part{Name: "(after the archive)", Blob: rest})
	}
	return s.out.Inspect(ctx, detect.Part{Name: "(after the archive)", Blob: format.StreamBlob(-1, func() (io.ReadCloser, error) {
		r, err := s.in.Blob.Open()
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, r, end.Trailing); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		return r, nil
	})})
}

// program reports native programs, and collects scripts.
func (s *scan) program(m *tar.Member, name string) {
	r, err := m.Blob.Open()
	if err != nil {
		return // reported when the member is inspected
	}
	head := make([]byte, min(m.Size, 1<<10))
	n, _ := io.ReadFull(r, head)
	if r.Close() != nil {
		return
	}
	kind := executable.Kind(head[:n])
	switch ext := strings.ToLower(path.Ext(name)); {
	case kind == executable.Script, ext == ".py", ext == ".sh", ext == ".bat", ext == ".ps1", ext == ".pyc":
		s.scripts = append(s.scripts, name)
	case kind != "":
		s.out.Report(picket.Finding{Rule: ruleProgram(), Location: picket.Whole(name), Subject: kind, Evidence: picket.NewEvidence(
			"the archive contains a "+kind, "")})
	}
}

// summary reports scripts in one finding.
func (s *scan) summary() {
	if len(s.scripts) == 0 {
		return
	}
	s.out.Report(picket.Finding{Rule: ruleScript(), Location: picket.Whole(""), Confidence: picket.Possible,
		Evidence: picket.NewEvidence(fmt.Sprintf("%d scripts in the archive", len(s.scripts)), strings.Join(s.scripts[:min(5, len(s.scripts))], " "))})
}
