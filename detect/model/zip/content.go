package zipfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
)

// maxVerify bounds how many bytes are read only to compare them with their checksum.
const maxVerify = 64 << 20

// verify compares content with what the archive states about it.
func (s *scan) verify(c *zip.Content, name string, encrypted bool) {
	var err error
	if c.Method == zip.Store && c.Compressed <= maxVerify {
		err = c.Verify()
	} else if encrypted && !c.Seen().Ended {
		err = drain(c)
	}
	if err != nil && !encrypted {
		s.out.Gap(c.Offset, c.Compressed, picket.Printable(name, 120)+": "+err.Error())
		return
	}
	seen := c.Seen()
	sound := seen.Ended && seen.CRC32 == c.CRC32
	report := func(rule picket.Rule, technique, format string, args ...any) {
		s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(name), Subject: picket.Printable(name, 120), Technique: technique,
			Evidence: picket.NewEvidence(fmt.Sprintf(format, args...), "")})
	}
	switch {
	case encrypted && sound && c.CRCKnown:
		report(ruleFlags(), "CVE-2025-1945", "the flags %#04x say that the content is encrypted, and it is not", c.Flags)
	case encrypted:
		report(ruleEncrypted(), "", "the flags %#04x say that the content is encrypted", c.Flags)
		s.out.Gap(c.Offset, c.Compressed, picket.Printable(name, 120)+": the content is encrypted")
	case !seen.Ended || c.By != "central directory" && c.By != "local header":
	case c.CRCKnown && !sound:
		report(ruleChecksum(), "CVE-2025-10156", "the content has the checksum %08x and the archive states %08x", seen.CRC32, c.CRC32)
	case c.Size >= 0 && seen.Size != c.Size:
		report(ruleChecksum(), "", "the content is %d bytes long and the archive states %d", seen.Size, c.Size)
	}
}

// drain reads compressed content for its checksum.
func drain(c *zip.Content) error {
	r, err := c.Blob().Open()
	if err != nil {
		return fmt.Errorf("open member: %w", err)
	}
	_, err = io.CopyN(io.Discard, r, maxVerify)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, r.Close())
}

// trailing has the bytes inspected that follow the compressed stream of a member and belong to it by its stated length.
func (s *scan) trailing(ctx context.Context, c *zip.Content, name string) error {
	n := c.Seen().Trailing
	if n <= 0 {
		return nil
	}
	s.out.Report(picket.Finding{Rule: ruleUnowned(), Location: picket.Whole(name), Evidence: picket.NewEvidence(
		fmt.Sprintf("%d bytes of the member follow the end of its compressed stream", n), "")})
	blob, err := s.a.Range(c.Offset+c.Compressed-n, n)
	if err != nil {
		return nil // the range is inside of the member, so this cannot happen
	}
	return s.out.Inspect(ctx, detect.Part{Name: name + " (after the stream)", Blob: blob})
}

// unowned has the content inspected that no member owns. A comment that is text was not made an anomaly.
func (s *scan) unowned(ctx context.Context) error {
	for _, a := range s.a.Anomalies {
		var what string
		switch a.Kind {
		case zip.Prefix:
			what = "(before the archive)"
		case zip.Suffix:
			what = "(after the archive)"
		case zip.Gap:
			what = fmt.Sprintf("(unowned at %d)", a.Offset)
		case zip.Comment:
			what = "(archive comment)"
		default:
			continue
		}
		blob, err := s.a.Range(a.Offset, a.Length)
		if err != nil {
			return err
		}
		if err := s.out.Inspect(ctx, detect.Part{Name: what, Blob: blob}); err != nil {
			return err
		}
	}
	return nil
}

// program reports native programs in a model, and collects scripts.
func (s *scan) program(c *zip.Content, name string) {
	kind := executable.Kind(c.Seen().Head)
	ext := strings.ToLower(path.Ext(name))
	switch {
	case s.packaged(name): // reported, and inspected as source, by the detector of torch.package
	case kind == executable.Script, isScript(ext) && !s.roots.Code(name):
		s.scripts = append(s.scripts, name)
	case kind == "":
	case s.model:
		s.out.Report(picket.Finding{Rule: ruleProgram(), Location: picket.Whole(name), Subject: kind, Evidence: picket.NewEvidence(
			"a model archive contains a "+kind, "")})
	default:
		s.out.Report(picket.Finding{Rule: ruleBundled(), Location: picket.Whole(name), Subject: kind, Evidence: picket.NewEvidence(
			"the archive contains a "+kind, "")})
	}
}

// packaged reports whether a member is source of a package of torch.package.
func (s *scan) packaged(name string) bool {
	return slices.ContainsFunc(s.packages, func(root string) bool { return torchpackage.Source(root, name) })
}

// isScript reports whether an extension is one of source that an interpreter runs.
func isScript(ext string) bool {
	switch ext {
	case ".py", ".pyc", ".sh", ".bash", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".pl", ".rb", ".lua":
		return true
	}
	return false
}

// summary reports the scripts of a model in one finding.
func (s *scan) summary() {
	if len(s.scripts) == 0 || !s.model {
		return
	}
	rule := ruleScript()
	if len(s.roots) > 0 {
		rule = ruleForeignScript()
	}
	s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(""), Confidence: picket.Possible,
		Evidence: picket.NewEvidence(fmt.Sprintf("%d scripts lie beside the model", len(s.scripts)), strings.Join(s.scripts[:min(5, len(s.scripts))], " "))})
}
