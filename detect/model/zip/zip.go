// Package zipfile inspects zip archives: it reports where readers of the archive would disagree, what no reader shows, and names
// that leave the archive, and it has every member inspected as each kind of reader would see it. It is for the engine. It judges
// the container only; what members do when they are loaded is for the detectors of their formats.
//
// Raw tensor storage of PyTorch archives is not read: neither searched nor compared with its checksum, so that a model of many
// gigabytes is scanned by seeking. Other members are compared with their checksum when they are read to their end, stored ones
// up to 64 MiB.
package zipfile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
)

// Detector inspects zip archives.
type Detector struct{}

// New returns the detector.
func New() detect.Detector { return Detector{} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "zip", Title: "Differences between the readers of a zip archive, and its members", Formats: []string{zip.Name}, Rules: rules()}
}

// scan is the inspection of one archive.
type scan struct {
	a        *zip.Archive
	out      *detect.Output
	roots    torchzip.Roots
	mojo     bool            // the archive is a model of H2O, by the names of its members
	packages []string        // folders that torch.package wrote
	model    bool            // the archive holds a model, by the names of its members
	names    map[string]bool // parts that were inspected
	shared   int64           // bytes inspected of members that overlap
	scripts  []string
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	a, readErr := zip.Read(in.Blob, in.Budget)
	defer a.Close()
	s := &scan{a: a, out: out, names: map[string]bool{}}
	names := make([]string, len(a.Entries))
	for i := range a.Entries {
		names[i] = a.Entries[i].Name()
	}
	s.roots, s.packages, s.model = torchzip.FindRoots(names), torchpackage.Roots(names), isModel(names)
	s.mojo = slices.Contains(names, h2omojo.Description)
	for _, anomaly := range a.Anomalies {
		s.anomaly(anomaly)
	}
	if a.Dropped > 0 {
		out.Report(picket.Finding{Rule: ruleFlood(), Location: picket.Whole(""), Evidence: picket.NewEvidence(
			fmt.Sprintf("%d more differences of the same kinds are not listed", a.Dropped), "")})
	}
	for i := range a.Entries {
		s.deceptive(names[i])
		if err := s.member(ctx, i); err != nil {
			return err
		}
	}
	if err := s.unowned(ctx); err != nil {
		return err
	}
	s.summary()
	return readErr
}

// isModel reports whether an archive with members of these names is loaded by a machine-learning framework.
func isModel(names []string) bool {
	for _, name := range names {
		for _, suffix := range []string{"data.pkl", ".npy", ".pkl", ".safetensors", ".onnx", ".h5", ".pt", ".pth", ".gguf", "schema.json", "model.json"} {
			if strings.HasSuffix(strings.ToLower(name), suffix) {
				return true
			}
		}
	}
	return false
}

// anomaly reports a difference that the structure shows.
func (s *scan) anomaly(a zip.Anomaly) {
	rule, technique := judge(a)
	if rule.ID == "" {
		return // judged when the member is read
	}
	where := picket.At("", a.Offset)
	subject := ""
	if a.Entry >= 0 {
		e := &s.a.Entries[a.Entry]
		subject = e.Name()
		where = picket.Whole(subject)
		if a.Kind == zip.PathEscape && (zip.Backslash(e.Central.Name) || zip.Backslash(e.Local.Name)) {
			rule = ruleName()
		}
	}
	where.Length = max(0, a.Length)
	if a.Entry >= 0 {
		where.Length = 0
	}
	s.out.Report(picket.Finding{Rule: rule, Location: where, Subject: picket.Printable(subject, 120), Technique: technique,
		Evidence: picket.NewEvidence(a.Detail, "")})
}

// maxName is the length of a member name in bytes that no file system takes as one path.
const maxName = 4096

// deceptive reports a name that does not show what it is: with characters that move the cursor, reorder or hide text.
func (s *scan) deceptive(name string) {
	var why string
	switch {
	case len(name) > maxName:
		why = fmt.Sprintf("a member name of %d bytes", len(name))
	case utf8.ValidString(name) && picket.Printable(name, len(name)) != name:
		why = "a member name with characters that cannot be seen"
	default:
		return
	}
	s.out.Report(picket.Finding{Rule: ruleDeceptive(), Location: picket.Whole(picket.Printable(name, picket.MaxExcerpt)),
		Evidence: picket.NewEvidence(why, name)})
}

// sharedFactor bounds how many bytes of members that share bytes are inspected, as a multiple of the archive: an archive can
// name the same bytes a million times.
const sharedFactor = 8

// member inspects one member in every view that a reader has of it. The error is about the run.
func (s *scan) member(ctx context.Context, i int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &s.a.Entries[i]
	views := s.a.Views(e)
	for n, v := range views {
		if v.Compressed == 0 && v.Size <= 0 {
			continue // empty, or a folder
		}
		if e.Overlaps {
			if s.shared += v.Compressed; s.shared > sharedFactor*s.a.Size() {
				s.out.Gap(v.Offset, v.Compressed, "members that share bytes are too many to inspect each")
				return nil
			}
		}
		if err := s.view(ctx, e, v, s.partName(e.Name(), v, n)); err != nil {
			return err
		}
	}
	if len(views) == 0 {
		s.out.Gap(e.Central.Offset, e.Central.Length, "the member's content is not where the directory says")
	}
	return nil
}

// partName names a view so that no two parts have the same name.
func (s *scan) partName(name string, v zip.View, n int) string {
	if name == "" {
		name = "(no name)"
	}
	if n > 0 {
		name += " (by the " + v.By + ")"
	}
	unique := name
	for k := 2; s.names[unique]; k++ {
		if k > 9 {
			unique = fmt.Sprintf("%s (at %d)", name, v.Offset)
			break
		}
		unique = fmt.Sprintf("%s (%d)", name, k)
	}
	s.names[unique] = true
	return unique
}

// data reports whether the framework that an archive is for takes a member for raw numbers, by its name.
func (s *scan) data(name string) bool {
	return s.roots.Storage(name) || s.mojo && h2omojo.Numbers(name)
}

// storage reports whether both views call a member raw tensor storage.
func (s *scan) storage(e *zip.Entry) bool {
	return (!e.Central.Present || s.data(e.Central.Name)) && (!e.Local.Present || s.data(e.Local.Name))
}

// view inspects one view of a member.
func (s *scan) view(ctx context.Context, e *zip.Entry, v zip.View, name string) error {
	if !zip.Supported(v.Method) {
		s.out.Gap(v.Offset, v.Compressed, fmt.Sprintf("%s: compression by %s is not read", picket.Printable(name, 120), zip.Method(v.Method)))
		return nil
	}
	c := s.a.Content(v)
	part := detect.Part{Name: name, Blob: c.Blob()}
	if s.storage(e) {
		part.Expect = detect.TensorData
	}
	if err := s.out.Inspect(ctx, part); err != nil {
		return err
	}
	encrypted := v.Flags&(zip.FlagEncrypted|zip.FlagStrong) != 0
	if encrypted || part.Expect != detect.TensorData {
		s.verify(c, name, encrypted)
	}
	s.program(c, name)
	return s.trailing(ctx, c, name)
}
