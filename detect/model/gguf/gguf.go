// Package gguf judges GGUF files: headers made to break the readers of llama.cpp and its relatives, tensors that overlap or
// leave room for hidden content, and the chat templates inside, which servers run. It never reads tensor data: nothing
// executes it.
package gguf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/limits"
)

// maxEach bounds how many findings of one rule are listed one by one; the rest is counted in one more.
const maxEach = 20

// Detector inspects GGUF files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "gguf", Title: "GGUF: header bounds, tensor layout, chat templates",
		Formats: []string{gguf.Name}, Rules: append(ownRules(), template.Rules()...),
	}
}

// span is a range of bytes outside of every tensor.
type span struct{ from, length int64 }

// scan is one run over one file.
type scan struct {
	out    *detect.Output
	budget *limits.Budget
	count  map[string]int // findings by rule
	holes  []span
	hole   int64 // bytes in holes
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open GGUF file: %w", err)
	}
	s := &scan{out: out, budget: in.Budget, count: map[string]int{}}
	h, err := gguf.Read(r, in.Blob.Size(), in.Budget, gguf.Visitor{Text: s.text, Array: isTemplate, Name: s.name, Problem: s.problem})
	s.summarise()
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
		s.report(f)
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
		s.report(picket.Finding{Rule: ruleEscape(), Location: picket.At("", offset),
			Evidence: picket.NewEvidence(picket.Printable(where, 80)+" holds sequences that control a terminal", text[i:])})
	}
}

// report keeps at most maxEach findings of a rule.
func (s *scan) report(f picket.Finding) {
	s.count[f.Rule.ID]++
	if s.count[f.Rule.ID] <= maxEach {
		s.out.Report(f)
	}
}

// summarise says how many findings of each rule were not listed.
func (s *scan) summarise() {
	for _, rule := range (Detector{}).Info().Rules {
		if n := s.count[rule.ID] - maxEach; n > 0 {
			s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(""),
				Evidence: picket.NewEvidence(fmt.Sprintf("%d more findings like these", n), "")})
		}
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
		if p.Kind == gguf.UnknownType && s.count[rule.ID] == 0 {
			s.out.Gap(p.Offset, -1, "tensors of an unknown type could not be checked")
		}
	case gguf.Hole:
		s.hole += p.Length
		if len(s.holes) < maxEach {
			s.holes = append(s.holes, span{p.Offset, p.Length})
		}
	}
	s.report(picket.Finding{Rule: rule, Location: picket.Location{Offset: p.Offset, Length: p.Length},
		Evidence: picket.NewEvidence(p.Reason, "")})
}

// data accounts for the bytes after the header and inspects those that belong to no tensor.
func (s *scan) data(ctx context.Context, blob *format.Blob, h gguf.Header) error {
	s.out.Parsed(h.HeaderEnd)
	size := blob.Size()
	if size < 0 {
		n, err := length(blob)
		if err != nil {
			return err
		}
		size = n
	}
	end := min(h.DataEnd, size)
	s.out.Opaque(max(0, end-h.HeaderEnd-s.hole))
	if h.DataEnd > size {
		s.out.Gap(size, h.DataEnd-size, fmt.Sprintf("the tensors reach to byte %d and the file ends at %d", h.DataEnd, size))
	}
	for _, hole := range s.holes {
		if err := s.inspect(ctx, blob, size, fmt.Sprintf("hole at %d", hole.from), hole); err != nil {
			return err
		}
	}
	if len(s.holes) == maxEach && s.count[ruleLayout().ID] > maxEach {
		s.out.Gap(h.DataStart, -1, "more holes between tensors than are inspected")
	}
	if size-end < h.Alignment && size-end <= maxPadding { // writers pad the last tensor too
		s.out.Opaque(size - end)
		return nil
	}
	s.report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: end, Length: size - end},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the last tensor", size-end), "")})
	return s.inspect(ctx, blob, size, "data after the tensors", span{end, size - end})
}

// maxPadding is how many bytes after the last tensor count as padding, whatever alignment the file claims.
const maxPadding = 4 << 10

// inspect gives bytes that belong to no tensor to the engine, as far as the file has them.
func (s *scan) inspect(ctx context.Context, blob *format.Blob, size int64, name string, at span) error {
	if at.from >= size {
		return nil
	}
	part, err := blob.Section(at.from, min(at.length, size-at.from))
	if err != nil {
		return fmt.Errorf("reach %s: %w", name, err)
	}
	return s.out.Inspect(ctx, detect.Part{Name: name, Blob: part})
}

// length counts the bytes of content of unknown size.
func length(blob *format.Blob) (int64, error) {
	r, err := blob.Open()
	if err != nil {
		return 0, fmt.Errorf("open GGUF file: %w", err)
	}
	n, err := io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return 0, fmt.Errorf("read GGUF file to its end: %w", err)
	}
	return n, nil
}
