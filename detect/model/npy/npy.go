// Package npy judges NumPy array files. An array of Python objects is a pickle behind a header; an array of numbers is data.
// The header belongs to whoever wrote the file, so that the data is given to the engine whatever the header says it is.
package npy

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/npy"
	"github.com/picketsec/picket/detect"
)

// Detector inspects array files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "npy", Title: "NumPy arrays: objects, headers that are code, shapes that lie", Formats: []string{npy.Name}, Rules: rules(),
	}
}

// Detect implements detect.Detector. NumPy writes and reads several arrays one after the other in one file; each is judged.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	size, err := in.Blob.Length()
	if err != nil {
		return err
	}
	for n, at := 1, int64(0); at < size; n++ {
		s := &scan{out: out, blob: in.Blob, size: size, at: at, n: n}
		if n > 1 {
			if more, err := s.isArray(at); err != nil || !more {
				return errors.Join(err, s.trailing(ctx))
			}
			if err := in.Budget.Member(); err != nil {
				return fmt.Errorf("read array %d: %w", n, err)
			}
		}
		end, err := s.array(ctx)
		if err != nil {
			return err
		}
		at = end
	}
	return nil
}

// scan is one array of a file.
type scan struct {
	out  *detect.Output
	blob *format.Blob
	size int64 // of the file
	at   int64 // where the array begins
	n    int   // counts from 1
}

// until is where the data of an array that should end at an offset may really end: where the next array begins, and else with
// the file. A pickle under a header of numbers would otherwise be cut where the header says.
func (s *scan) until(end int64) (int64, error) {
	more, err := s.isArray(end)
	if more || err != nil {
		return end, err
	}
	return s.size, nil
}

// isArray reports whether an array begins at an offset.
func (s *scan) isArray(at int64) (bool, error) {
	part, err := s.blob.Section(at, min(int64(len(npy.Magic)), s.size-at))
	if err != nil {
		return false, err
	}
	r, err := part.Open()
	if err != nil {
		return false, fmt.Errorf("open array file: %w", err)
	}
	head, err := io.ReadAll(r)
	return string(head) == npy.Magic, errors.Join(err, r.Close())
}

// trailing judges what follows the last array.
func (s *scan) trailing(ctx context.Context) error {
	s.report(ruleTrailing(), s.at, s.size-s.at, fmt.Sprintf("%d bytes follow the array", s.size-s.at))
	return s.inspect(ctx, "data after the array", s.at, s.size, detect.Anything)
}

// array judges one array and returns where it ends.
func (s *scan) array(ctx context.Context) (end int64, err error) {
	h, err := s.header()
	data := s.at + h.DataStart
	s.out.Parsed(h.DataStart)
	if err != nil {
		if errors.Is(err, npy.ErrExpression) {
			s.report(ruleExpression(), s.at, h.DataStart, "the header is an expression; a reader that evaluates it runs code")
		}
		if h.DataStart == 0 {
			return 0, err
		}
		// The length of the header is credible, its content is not: the data is judged, and the header stays unread.
		return 0, errors.Join(err, s.inspect(ctx, s.name("data"), data, s.size, detect.Anything))
	}
	if h.Duplicate {
		s.report(ruleDuplicate(), s.at, h.DataStart, "a key of the header appears twice")
	}
	rest := s.size - data
	switch {
	case h.Type.Objects:
		s.report(ruleObject(), s.at, h.DataStart, fmt.Sprintf("the element type %s holds Python objects, which readers unpickle", h.Type.Text))
		return s.size, s.inspect(ctx, s.name("data"), data, s.size, detect.Anything)
	case !h.Type.Known:
		s.report(ruleType(), s.at, h.DataStart, fmt.Sprintf("the element type %q is not one that NumPy writes", h.Type.Text))
		return s.size, s.inspect(ctx, s.name("data"), data, s.size, detect.Anything)
	case h.Overflows() || h.DataSize > rest && h.DataSize > bomb && h.DataSize/bombRatio > rest:
		s.report(ruleBomb(), s.at, h.DataStart, claim(h, rest))
	case h.DataSize > rest:
	default:
		end = data + h.DataSize
		until, err := s.until(end)
		return end, errors.Join(err, s.inspect(ctx, s.name("data"), data, until, detect.TensorData))
	}
	s.out.Gap(s.size, -1, claim(h, rest))
	return s.size, s.inspect(ctx, s.name("data"), data, s.size, detect.TensorData)
}

// A header that claims more than bomb bytes and more than bombRatio times what the file has is no truncated download.
const (
	bomb      = 1 << 30
	bombRatio = 1000
)

// claim says what a header claims and what the file has.
func claim(h npy.Header, rest int64) string {
	if h.DataSize < 0 {
		return fmt.Sprintf("the shape needs more bytes than 63 bits count, the file has %d", rest)
	}
	return fmt.Sprintf("type and shape need %d bytes, the file has %d", h.DataSize, rest)
}

// header reads the header of the array.
func (s *scan) header() (npy.Header, error) {
	part, err := s.blob.Section(s.at, s.size-s.at)
	if err != nil {
		return npy.Header{}, err
	}
	r, err := part.Open()
	if err != nil {
		return npy.Header{}, fmt.Errorf("open array file: %w", err)
	}
	h, err := npy.Read(r)
	return h, errors.Join(err, r.Close())
}

// name is what a part of this array is called.
func (s *scan) name(part string) string {
	if s.n == 1 {
		return part
	}
	return fmt.Sprintf("%s of array %d", part, s.n)
}

// report records a finding.
func (s *scan) report(rule picket.Rule, at, length int64, summary string) {
	s.out.Report(picket.Finding{Rule: rule, Location: picket.Location{Offset: at, Length: length},
		Evidence: picket.NewEvidence(summary, "")})
}

// inspect gives a range of the file to the engine.
func (s *scan) inspect(ctx context.Context, name string, from, to int64, expect detect.Expect) error {
	if from >= to {
		return nil
	}
	part, err := s.blob.Section(from, to-from)
	if err != nil {
		return err
	}
	return s.out.Inspect(ctx, detect.Part{Name: name, Blob: part, Expect: expect})
}
