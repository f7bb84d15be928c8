package builtin_test

import (
	"path"
	"slices"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// undecided are samples that run code by means that honest models use as well, so that they are suspicious and no more.
var undecided = []string{"gadget-unknown-package-p1.joblib", "allowed-generator_ctor.pkl", "allowed-randomstate_ctor.pkl", "allowed-formula.pkl"}

// TestHostileModelsAreNeverClean scans every hostile sample, with the files beside it, as the binary does.
func TestHostileModelsAreNeverClean(t *testing.T) {
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	engine := detect.NewEngine(set, limits.Default())
	verdicts := map[picket.Verdict]int{}
	for _, s := range hostile.Samples() {
		content, err := s.Build()
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		beside := detecttest.Beside(s.Beside)
		r, err := engine.Scan(t.Context(), detect.Entry{Name: s.Name, Blob: format.BytesBlob(slices.Clone(content)),
			Sibling: func(name string) (*format.Blob, error) { return beside(path.Clean(name)) }})
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		verdicts[r.Verdict]++
		if !harsh(s, r.Verdict) {
			t.Errorf("%s (%s) is %v: formats %v, gaps %v, findings %v", s.Name, s.Technique, r.Verdict, r.Formats, r.Coverage.Gaps, r.Findings)
		}
	}
	if verdicts[picket.Malicious] < 1000 {
		t.Errorf("verdicts %v", verdicts)
	}
	t.Logf("verdicts %v", verdicts)
}

// harsh reports whether a verdict is at least what a sample must have.
func harsh(s hostile.Sample, v picket.Verdict) bool {
	switch {
	case s.Executes && !slices.Contains(undecided, s.Name):
		return v == picket.Malicious
	case s.Executes || slices.Contains([]string{"tensorflow", "tflite", "tfjs"}, s.Loader): // judged operation by operation
		return v == picket.Malicious || v == picket.Suspicious
	case slices.Contains([]string{"remote-code", "redirect", "hydra-json", "component", "template-file", "yaml", "hidden-source"}, s.Group): // text
		return v == picket.Malicious || v == picket.Suspicious || v == picket.Incomplete
	}
	return v != picket.Clean && v != picket.NotApplicable
}
