// Package weights looks into the numbers of tensors, which no other detector reads: values that no training leaves behind, and
// content hidden in the lowest bits. It is for operators who accept that all data of a model is read; it is off unless they ask
// for it. It cannot find a backdoor that training put into the weights: nobody can by looking at numbers.
package weights

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/weights"
	"github.com/picketsec/picket/detect"
)

// Detector implements detect.Detector.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "weights", Title: "Values of tensors, and content hidden in them (only with --weights)",
		Formats: []string{safetensors.Name, gguf.Name, torchzip.Name},
		Rules:   []picket.Rule{ruleNonFinite(), ruleConstant(), ruleLowBits()},
	}
}

// maxEach is how many tensors a rule names in one file; the last finding says how many more there are.
const maxEach = 10

// Detect implements detect.Detector. Bytes are counted by the detector of the format.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	probe, err := detect.NewProbe(in.Blob)
	if err != nil {
		return err
	}
	set, err := weights.List(ctx, in.Blob, probe, in.Budget)
	if errors.Is(err, weights.ErrNoWeights) {
		return fmt.Errorf("look into the weights: %w", err)
	}
	if err != nil {
		return err
	}
	s := scan{ctx: ctx, in: in, out: out, count: map[string]int{}}
	for _, t := range set.Tensors {
		if err = errors.Join(ctx.Err(), s.tensor(t)); err != nil {
			break
		}
	}
	return errors.Join(err, set.Close())
}

// scan is the inspection of one file.
type scan struct {
	ctx   context.Context
	in    detect.Input
	out   *detect.Output
	count map[string]int
}

// steps charges the budget for so many bytes read with one step.
const steps = 1 << 10

// tensor reads one tensor and says what is odd about it. Blocks of quantised weights have no elements to look at.
func (s *scan) tensor(t weights.Tensor) error {
	e, ok := elementOf(t.Type)
	if !ok || t.Size == 0 {
		return nil
	}
	if err := s.in.Budget.Ops(1 + t.Size/steps); err != nil {
		return err
	}
	v := &values{element: e}
	if err := t.Elements(s.ctx, v); err != nil {
		return err
	}
	name := picket.Printable(t.Name, 120)
	if v.nonFinite > 0 {
		s.report(ruleNonFinite(), t, fmt.Sprintf("%d of the %d values of %s are infinite or not a number", v.nonFinite, v.count, name))
	}
	if v.count >= smallest && v.same {
		s.report(ruleConstant(), t, fmt.Sprintf("all %d values of %s are equal", v.count, name))
	}
	for _, low := range e.lowBits() {
		what := recognise(extract(v.head, e, low))
		if what == "" {
			continue
		}
		s.report(ruleLowBits(), t, fmt.Sprintf("the lowest %s of the values of %s are %s", plural(low), name, what))
		part := detect.Part{Name: fmt.Sprintf("lowest %s of %s", plural(low), name), Expect: detect.TensorData,
			Blob: format.StreamBlob(-1, hidden{s.ctx, t, e, low}.open)}
		if err := s.out.Inspect(s.ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// smallest is the number of elements from which a constant tensor is worth a word.
const smallest = 1 << 10

// plural writes a number of bits.
func plural(n int) string {
	if n == 1 {
		return "bit"
	}
	return fmt.Sprintf("%d bits", n)
}

// report names the first tensors of each rule.
func (s *scan) report(rule picket.Rule, t weights.Tensor, summary string) {
	s.count[rule.ID]++
	switch n := s.count[rule.ID]; {
	case n > maxEach:
		return
	case n == maxEach:
		summary += "; more tensors like it are not listed"
	}
	s.out.Report(picket.Finding{Rule: rule, Subject: picket.Printable(t.Name, 120), Location: picket.At("", t.Start),
		Evidence: picket.NewEvidence(summary, ""), Confidence: picket.Possible})
}

// recognise says what the start of a content is, when it is something that numbers are not by chance.
func recognise(head []byte) string {
	for _, k := range []struct{ magic, what string }{
		{"\x7fELF", "a Linux program"}, {"PK\x03\x04", "a zip archive"}, {"\x1f\x8b\x08\x00", "gzip data"}, {"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
		{"\xfd7zXZ\x00", "xz data"}, {"\xcf\xfa\xed\xfe", "a macOS program"}, {"#!/", "a script"}, {"\x80\x04\x95", "a pickle"},
		{"\x80\x05\x95", "a pickle"}, {"\x80\x03c", "a pickle"}, {"\x80\x02c", "a pickle"}, {"%PDF-", "a document"}, {"import ", "Python source"},
	} {
		if strings.HasPrefix(string(head), k.magic) {
			return k.what
		}
	}
	if len(head) > 0x40 && head[0] == 'M' && head[1] == 'Z' {
		if at := int(head[0x3c]) | int(head[0x3d])<<8; at+4 <= len(head) && string(head[at:at+4]) == "PE\x00\x00" {
			return "a Windows program"
		}
	}
	if text(head) {
		return "text"
	}
	return ""
}

// text reports whether a head of at least 256 bytes is words rather than numbers that happen to be printable.
func text(head []byte) bool {
	const enough = 256
	if len(head) < enough {
		return false
	}
	seen := map[byte]bool{}
	spaces := 0
	for _, c := range head[:enough] {
		if c != '\n' && c != '\t' && c != '\r' && (c < ' ' || c > '~') {
			return false
		}
		if c == ' ' || c == '\n' {
			spaces++
		}
		seen[c] = true
	}
	return len(seen) >= 12 && spaces >= enough/16
}
