package pickle_test

import (
	"bytes"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// TestHostile scans every hostile sample that is a bare pickle: none is clean, and of those that execute code at least 95 in
// 100 are malicious with the technique named.
func TestHostile(t *testing.T) {
	executing, named := 0, 0
	for _, sample := range hostile.Samples() {
		content, err := sample.Build()
		if err != nil {
			t.Fatalf("%s: %v", sample.Name, err)
		}
		switch sample.Loader {
		case "pickle", "pickle-stream", "pickle-python", "joblib", "dill", "torch":
		default:
			continue
		}
		if bytes.HasPrefix(content, []byte("PK")) {
			continue
		}
		r := scan(t, content)
		if len(r.Formats) == 0 {
			continue // compressed or in a container: other detectors open it
		}
		if r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Errorf("%s is %v: %s", sample.Name, r.Verdict, sample.Technique)
		}
		if !sample.Executes {
			continue
		}
		executing++
		if r.Verdict == picket.Malicious && r.Findings[0].Technique != "" {
			named++
		} else {
			t.Logf("%s is %v: %s (%s)", sample.Name, r.Verdict, sample.Technique, why(r))
		}
	}
	t.Logf("%d of %d executing samples are malicious with the technique named", named, executing)
	if executing < 300 || named*100 < executing*95 {
		t.Errorf("%d of %d executing samples are malicious with the technique named, want 95 in 100 of at least 300", named, executing)
	}
}

// TestPaddingOfAnything: joblib skips padding before an array for every alignment that is not None, and the attack stands behind it.
func TestPaddingOfAnything(t *testing.T) {
	found := 0
	for _, sample := range hostile.Samples() {
		if sample.Group != "joblib-size" {
			continue
		}
		content, err := sample.Build()
		if err != nil {
			t.Fatalf("%s: %v", sample.Name, err)
		}
		found++
		if r := scan(t, content); r.Verdict != picket.Malicious {
			t.Errorf("%s is %v, want malicious: %s", sample.Name, r.Verdict, why(r))
		}
	}
	if found < 5 {
		t.Errorf("%d samples of sizes of joblib, want 5 or more", found)
	}
}
