// Package detecttest is the acceptance suite that every detector passes, and the helper with which a detector's own tests
// run it on content. It is for tests only.
package detecttest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
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
	return Scan(t, detect.Entry{Name: "sample", Blob: format.BytesBlob(content)}, formats, detectors...)
}

// Scan is Run for a file with a name of its own, and with others beside it.
func Scan(t testing.TB, entry detect.Entry, formats []format.Format, detectors ...detect.Detector) picket.Result {
	t.Helper()
	set, err := detect.NewSet(formats, detectors)
	if err != nil {
		t.Fatalf("make set: %v", err)
	}
	result, err := detect.NewEngine(set, limits.Default()).Scan(t.Context(), entry)
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	return result
}

// Beside makes the files of a folder siblings of an entry, by their names.
func Beside[T string | []byte](files map[string]T) func(string) (*format.Blob, error) {
	return func(name string) (*format.Blob, error) {
		if content, ok := files[name]; ok {
			return format.BytesBlob([]byte(content)), nil
		}
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
}

// Fired lists the rules of a result, each once and sorted, with a space between them. A prefix that all rules of the detector
// share may be left out of their IDs; the engine's own remark that a name does not fit the content is not listed.
func Fired(r picket.Result, prefix string) string {
	var ids []string
	for _, f := range r.Findings {
		if f.Rule.ID != "artifact.name.mismatch" {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, prefix))
		}
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " ")
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
