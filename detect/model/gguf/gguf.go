// Package gguf judges GGUF files: headers made to break the readers of llama.cpp and its relatives, tensors that overlap or
// leave room for hidden content, and the chat templates inside, which servers run. It never reads tensor data: nothing
// executes it.
package gguf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/limits"
)

// Detector inspects GGUF files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "gguf", Title: "GGUF: header bounds, tensor layout, chat templates",
		Formats: []string{gguf.Name}, Rules: append(ownRules(), template.Rules()...),
	}
}

// scan is one run over one file.
type scan struct {
	out    *detect.Output
	budget *limits.Budget
	*findings.List
	outside findings.Outside
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open GGUF file: %w", err)
	}
	s := &scan{out: out, budget: in.Budget, List: findings.New(out)}
	defer s.Close()
	h, err := gguf.Read(r, in.Blob.Size(), in.Budget, gguf.Visitor{Text: s.text, Array: isTemplate, Name: s.name, Problem: s.problem})
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	return s.data(ctx, in.Blob, h)
}

// isTemplate reports whether the texts of a key are chat templates.
func isTemplate(key string) bool { return strings.Contains(key, "chat_template") }

// text looks at one string value. A text with the delimiters of Jinja is read as a template wherever it stands.
func (s *scan) text(t gguf.Text) {
	s.escapes(t.Value, t.Key, t.Offset)
	if !isTemplate(t.Key) && !strings.Contains(t.Value, "{{") && !strings.Contains(t.Value, "{%") {
		return
	}
	if kept := int64(len(t.Value)); t.Length > kept {
		s.out.Gap(t.Offset+kept, t.Length-kept, "a template is longer than what is inspected")
	}
	s.out.Digest(picket.FactTemplate, t.Key, t.Value)
	findings, err := template.Inspect(t.Value, s.budget)
	for _, f := range findings {
		f.Location.Offset += t.Offset
		f.Location.Line = 0 // lines of the template mean nothing in the file
		f.Evidence.Summary = picket.Printable(picket.Printable(t.Key, 80)+": "+f.Evidence.Summary, picket.MaxExcerpt)
		s.Report(f)
	}
	if err == nil {
		return
	}
	if isTemplate(t.Key) || len(findings) > 0 { // other text with braces may well be no template
		s.out.Gap(t.Offset, t.Length, "chat template: "+err.Error())
	}
}

// name looks at a key or the name of a tensor.
func (s *scan) name(name string, offset int64) { s.escapes(name, "a name", offset) }

// escapes reports sequences that control a terminal; tools print names and texts of GGUF files as they are.
func (s *scan) escapes(text, where string, offset int64) {
	if i := strings.IndexAny(text, "\x1b\u009b"); i >= 0 {
		s.Report(picket.Finding{Rule: ruleEscape(), Location: picket.At("", offset),
			Evidence: picket.NewEvidence(picket.Printable(where, 80)+" holds sequences that control a terminal", text[i:])})
	}
}

// problem turns a break of the specification into a finding.
func (s *scan) problem(p gguf.Problem) {
	rule := ruleLayout()
	switch p.Kind {
	case gguf.Counts, gguf.Shape:
		rule = ruleBounds()
	case gguf.Duplicate:
		rule = ruleDuplicate()
	case gguf.UnknownType, gguf.InvalidValue, gguf.NestedArray, gguf.NameLength:
		rule = ruleValue()
		if p.Kind == gguf.UnknownType && !s.Fired(rule) {
			s.out.Gap(p.Offset, -1, "tensors of an unknown type could not be checked")
		}
	case gguf.Hole:
		s.outside.Hole(p.Offset, p.Length)
	}
	s.Report(picket.Finding{Rule: rule, Location: picket.Location{Offset: p.Offset, Length: p.Length},
		Evidence: picket.NewEvidence(p.Reason, "")})
}

// data accounts for the bytes after the header and inspects those that belong to no tensor.
func (s *scan) data(ctx context.Context, blob *format.Blob, h gguf.Header) error {
	s.out.Parsed(h.HeaderEnd)
	end, size, err := s.outside.Inspect(ctx, blob, h.HeaderEnd, h.DataEnd, s.out)
	if err != nil {
		return err
	}
	if size-end < h.Alignment && size-end <= maxPadding { // writers pad the last tensor too
		s.out.Opaque(size - end)
		return nil
	}
	return s.Trailing(ctx, ruleTrailing(), blob, end, size)
}

// maxPadding is how many bytes after the last tensor count as padding, whatever alignment the file claims.
const maxPadding = 4 << 10
