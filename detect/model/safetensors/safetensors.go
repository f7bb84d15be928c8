// Package safetensors judges safetensors files: a layout that readers would understand differently, content hidden between or
// after the tensors, and metadata that becomes dangerous in the hands of the libraries that read it. It never reads tensor
// data: nothing executes it.
package safetensors

import (
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects safetensors files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "safetensors", Title: "Safetensors: layout, hidden content, metadata",
		Formats: []string{safetensors.Name}, Rules: rules(),
	}
}

// scan is one run over one file.
type scan struct {
	out *detect.Output
	*findings.List
	outside findings.Outside
	hidden  int   // metadata values that were decoded
	err     error // of the run, from inspecting them
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open safetensors file: %w", err)
	}
	s := &scan{out: out, List: findings.New(out)}
	defer s.Close()
	h, err := safetensors.Read(r, in.Blob.Size(), in.Budget, safetensors.Visitor{
		Metadata: func(m safetensors.Metadata) { s.metadata(ctx, m) }, Problem: s.problem})
	if err = errors.Join(err, s.err, r.Close()); err != nil {
		return err
	}
	return s.data(ctx, in.Blob, h)
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
		if !s.Fired(rule) {
			s.out.Gap(p.Offset, -1, "tensors of an unknown element type could not be checked")
		}
	case safetensors.UnknownField:
		rule = ruleField()
	case safetensors.Hole:
		s.outside.Hole(p.Offset, p.Length)
	}
	s.Report(picket.Finding{Rule: rule, Location: picket.Location{Offset: p.Offset, Length: p.Length},
		Evidence: picket.NewEvidence(p.Reason, "")})
}

// data accounts for the bytes after the header and inspects those that belong to no tensor.
func (s *scan) data(ctx context.Context, blob *format.Blob, h safetensors.Header) error {
	s.out.Parsed(h.DataStart)
	end, size, err := s.outside.Inspect(ctx, blob, h.DataStart, h.DataEnd, s.out)
	if err != nil {
		return err
	}
	if size <= end {
		return nil
	}
	return s.Trailing(ctx, ruleTrailing(), blob, end, size)
}
