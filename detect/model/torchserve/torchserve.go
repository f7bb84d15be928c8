// Package torchserve judges what the manifest of a TorchServe archive has the server do: files that it loads from outside of the
// archive, packages that it installs, Python that it runs. It is for the engine. The members themselves are judged by the
// detectors of their formats.
package torchserve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchserve"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/requirements"
)

// maxText bounds the texts of an archive that are read as a whole, in bytes.
const maxText = 1 << 20

// Detector inspects archives of TorchServe.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "torchserve", Title: "What the manifest of a TorchServe archive loads, installs and runs",
		Formats: []string{torchserve.Name}, Rules: slices.Concat(rules(), requirements.Rules(), freetext.Rules())}
}

// scan is the inspection of one archive.
type scan struct {
	a    *zip.Archive
	in   detect.Input
	out  *detect.Output
	list *findings.List
}

// Detect implements detect.Detector. What is wrong with the container is reported by the detector of zip.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	a, err := zip.Read(in.Blob, in.Budget)
	defer a.Close()
	if err != nil {
		return err
	}
	s := &scan{a: a, in: in, out: out, list: findings.New(out)}
	defer s.list.Close()
	for _, c := range a.Named(torchserve.ManifestName) {
		if err := s.manifest(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// report records a finding about the manifest, or another member.
func (s *scan) report(rule picket.Rule, member string, at int64, subject, technique, summary string) {
	s.list.Report(picket.Finding{Rule: rule, Location: picket.At(member, at), Subject: picket.Printable(subject, 120), Technique: technique,
		Evidence: picket.NewEvidence(summary, subject)})
}

// manifest judges one content of the manifest.
func (s *scan) manifest(ctx context.Context, c *zip.Content) error {
	text, release, err := c.Text(maxText)
	if err != nil {
		return err
	}
	defer release()
	m, err := torchserve.Read(format.BytesBlob(text), s.in.Budget)
	if err != nil {
		s.out.Gap(c.Offset, c.Compressed, "the manifest cannot be read: "+err.Error())
		return nil
	}
	if m.Repeated != "" {
		s.report(ruleRepeated(), torchserve.ManifestName, 0, m.Repeated, "", "the manifest gives two values for one name")
	}
	if m.Runtime != "" && !slices.Contains([]string{"python", "python2", "python3", "lsp"}, strings.ToLower(m.Runtime)) {
		s.report(ruleRuntime(), torchserve.ManifestName, 0, m.Runtime, "", "the manifest names a runtime that TorchServe does not have: "+m.Runtime)
	}
	for _, t := range m.Texts {
		for _, sign := range freetext.Look(t.Value) {
			s.report(sign.Rule, torchserve.ManifestName, t.Offset, sign.Match, "", "a value of the manifest "+sign.What)
		}
	}
	for _, f := range m.Files {
		if err := s.file(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// file judges one file that the manifest names.
func (s *scan) file(ctx context.Context, f torchserve.File) error {
	if why := findings.Leaves(f.Path); why != "" {
		s.report(rulePath(), torchserve.ManifestName, f.Offset, f.Path, "", fmt.Sprintf("the path in %s %s", f.Field, why))
		return nil
	}
	contents, name := s.find(f)
	if len(contents) == 0 {
		if f.Field == "handler" && builtin(f.Path) {
			return nil
		}
		s.report(ruleMissing(), torchserve.ManifestName, f.Offset, f.Path, "", f.Field+" names a file that is not in the archive")
		return nil
	}
	for _, c := range contents {
		switch {
		case f.Code:
			s.report(ruleCode(), name, 0, f.Path, "", "the server runs this file: "+f.Field+" of the manifest names it")
			// The same part as the one that the detector of zip makes: findings that both have are counted once.
			if err := s.out.Inspect(ctx, detect.Part{Name: name, Blob: c.Blob(), As: "python"}); err != nil {
				return err
			}
		case f.Field == "requirementsFile", f.Field == "configFile", f.Field == "specFile":
			if err := s.text(f, name, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// find looks for the member that a field names: the archiver puts files at the root under their last element.
func (s *scan) find(f torchserve.File) (contents []*zip.Content, name string) {
	candidates := []string{f.Path, path.Base(f.Path)}
	if f.Code && path.Ext(f.Path) != ".py" {
		candidates = append(candidates, f.Path+".py", strings.ReplaceAll(f.Path, ".", "/")+".py")
	}
	for _, name := range candidates {
		if contents := s.a.Named(name); len(contents) > 0 {
			return contents, name
		}
	}
	return nil, ""
}

// builtin reports whether a handler is one that TorchServe brings.
func builtin(name string) bool {
	switch name {
	case "image_classifier", "image_segmenter", "object_detector", "text_classifier", "text_handler", "vision_handler", "base_handler",
		"dali_image_classifier", "micro_batching", "densenet_handler":
		return true
	}
	return strings.HasPrefix(name, "ts/torch_handler/") || strings.HasPrefix(name, "ts.torch_handler.")
}

// tag is a YAML tag that names a type of the reader's language: the workflow reader of TorchServe makes any Java object so.
var tag = regexp.MustCompile(`!!([A-Za-z_][\w$]*(?:[.:/][\w$]+)+)|!<(?:tag:yaml\.org,2002:)?((?:[a-z]+\.)+[A-Z]\w+)>`)

// text judges a text that the server reads.
func (s *scan) text(f torchserve.File, name string, c *zip.Content) error {
	text, release, err := c.Text(maxText)
	if err != nil {
		s.out.Gap(c.Offset, c.Compressed, picket.Printable(name, 80)+": "+err.Error())
		return nil
	}
	defer release()
	if err := s.in.Budget.Ops(int64(len(text))); err != nil {
		return errors.Join(err)
	}
	if f.Field == "requirementsFile" {
		for _, found := range requirements.Inspect(string(text)) {
			found.Location.Member = name
			s.list.Report(found)
		}
		return nil
	}
	if at := tag.FindIndex(text); at != nil {
		technique := "CVE-2022-1471 (ShellTorch)"
		if bytes.HasPrefix(text[at[0]:], []byte("!!python/")) {
			technique = "PyYAML object tag"
		}
		s.report(ruleTag(), name, int64(at[0]), string(text[at[0]:at[1]]), technique, "the reader makes an object of a class that the file names")
	}
	return nil
}
