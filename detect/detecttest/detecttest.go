// Package detecttest is the acceptance suite that every detector passes, and the helper with which a detector's own tests
// run it on content. It is for tests only.
package detecttest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

// Run scans content as the engine would, with the given formats and detectors only.
func Run(t testing.TB, content []byte, formats []format.Format, detectors ...detect.Detector) picket.Result {
	t.Helper()
	set, err := detect.NewSet(formats, detectors)
	if err != nil {
		t.Fatalf("make set: %v", err)
	}
	result, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(),
		detect.Entry{Name: "sample", Blob: format.BytesBlob(content)})
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	return result
}

// Accept runs the acceptance suite of detectors: valid constant facts, and on every sample and each of its truncations no
// panic, the same result twice, and findings only of rules that Info lists, inside the content. No truncation may be clean
// unless cleanCut allows it.
func Accept(t *testing.T, d detect.Detector, formats []format.Format, samples map[string][]byte) {
	t.Helper()
	rules := map[string]bool{}
	for _, r := range d.Info().Rules {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		rules[r.ID] = true
	}
	if len(samples) == 0 {
		t.Fatal("the acceptance suite needs samples")
	}
	for name, content := range samples {
		t.Run(name, func(t *testing.T) {
			for _, n := range cuts(len(content)) {
				first := Run(t, content[:n], formats, d)
				if diff := cmp.Diff(first, Run(t, content[:n], formats, d)); diff != "" {
					t.Fatalf("first %d bytes: two runs differ (-first +second):\n%s", n, diff)
				}
				for _, f := range first.Findings {
					if len(formats) == 1 && !rules[f.Rule.ID] && !detect.OwnRule(f.Rule.ID) {
						t.Errorf("first %d bytes: rule %s is not in Info", n, f.Rule.ID)
					}
				}
			}
		})
	}
}

// cuts are the lengths at which a sample of n bytes is truncated: all of the first 64, then a spread, then whole.
func cuts(n int) []int {
	var at []int
	for i := range min(n, 64) {
		at = append(at, i)
	}
	for i := 64; i < n; i += max(1, n/64) {
		at = append(at, i)
	}
	return append(at, n)
}
