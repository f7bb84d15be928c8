// Package safetensors judges safetensors files: a layout that readers would understand differently, content hidden between or
// after the tensors, and metadata that becomes dangerous in the hands of the libraries that read it. It never reads tensor
// data: nothing executes it.
package safetensors

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
)

// maxEach bounds how many findings of one rule are listed one by one; the rest is counted in one more.
const maxEach = 20

// Detector inspects safetensors files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "safetensors", Title: "Safetensors: layout, hidden content, metadata",
		Formats: []string{safetensors.Name}, Rules: rules(),
	}
}

// span is a range of bytes outside of every tensor.
type span struct{ from, length int64 }

// scan is one run over one file.
type scan struct {
	out    *detect.Output
	count  map[string]int // findings by rule
	holes  []span
	hole   int64 // bytes in holes
	hidden int   // metadata values that were decoded
	err    error // of the run, from inspecting them
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open safetensors file: %w", err)
	}
	s := &scan{out: out, count: map[string]int{}}
	h, err := safetensors.Read(r, in.Blob.Size(), in.Budget, safetensors.Visitor{
		Metadata: func(m safetensors.Metadata) { s.metadata(ctx, m) }, Problem: s.problem})
	s.summarise()
	if err = errors.Join(err, s.err, r.Close()); err != nil {
		return err
	}
	return s.data(ctx, in.Blob, h)
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
	for _, rule := range rules() {
		if n := s.count[rule.ID] - maxEach; n > 0 {
			s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(""),
				Evidence: picket.NewEvidence(fmt.Sprintf("%d more findings like these", n), "")})
		}
	}
}

// problem turns a break of the specification into a finding.
func (s *scan) problem(p safetensors.Problem) {
	rule := ruleLayout()
	switch p.Kind {
	case safetensors.HeaderTooLarge:
		rule = ruleHeaderSize()
	case safetensors.Duplicate:
		rule = ruleDuplicate()
	case safetensors.UnknownType:
		rule = ruleType()
		if s.count[rule.ID] == 0 {
			s.out.Gap(p.Offset, -1, "tensors of an unknown element type could not be checked")
		}
	case safetensors.UnknownField:
		rule = ruleField()
	case safetensors.Hole:
		s.hole += p.Length
		if len(s.holes) < maxEach {
			s.holes = append(s.holes, span{p.Offset, p.Length})
		}
	}
	s.report(picket.Finding{Rule: rule, Location: picket.Location{Offset: p.Offset, Length: p.Length},
		Evidence: picket.NewEvidence(p.Reason, "")})
}

// data accounts for the bytes after the header and inspects those that belong to no tensor.
func (s *scan) data(ctx context.Context, blob *format.Blob, h safetensors.Header) error {
	s.out.Parsed(h.DataStart)
	size := blob.Size()
	if size < 0 {
		n, err := length(blob)
		if err != nil {
			return err
		}
		size = n
	}
	end := min(h.DataEnd, size)
	s.out.Opaque(max(0, end-h.DataStart-s.hole))
	if h.DataEnd > size {
		s.out.Gap(size, h.DataEnd-size, fmt.Sprintf("the tensors reach to byte %d and the file ends at %d", h.DataEnd, size))
	}
	for _, hole := range s.holes {
		if err := s.inspect(ctx, blob, size, fmt.Sprintf("hole at %d", hole.from), hole); err != nil {
			return err
		}
	}
	if s.count[ruleLayout().ID] > maxEach && len(s.holes) == maxEach {
		s.out.Gap(h.DataStart, -1, "more holes between tensors than are inspected")
	}
	if size <= end {
		return nil
	}
	s.report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: end, Length: size - end},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the last tensor", size-end), "")})
	return s.inspect(ctx, blob, size, "data after the tensors", span{end, size - end})
}

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
		return 0, fmt.Errorf("open safetensors file: %w", err)
	}
	n, err := io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return 0, fmt.Errorf("read safetensors file to its end: %w", err)
	}
	return n, nil
}
