package builtin_test

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// TestHostileClassicModelsAreNeverClean scans the hostile models of classic machine learning as the binary does.
func TestHostileClassicModelsAreNeverClean(t *testing.T) {
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	engine := detect.NewEngine(set, limits.Default())
	verdicts := map[picket.Verdict]int{}
	for _, s := range hostile.Samples() {
		family, _, _ := strings.Cut(s.Group, "-")
		switch family {
		case "xgboost", "lightgbm", "catboost", "mojo", "skops", "rdata":
		default:
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		r, err := engine.Scan(context.Background(), detect.Entry{Name: s.Name, Blob: format.BytesBlob(bytes.Clone(content)),
			Sibling: func(name string) (*format.Blob, error) {
				if b, ok := s.Beside[path.Clean(name)]; ok {
					return format.BytesBlob(b), nil
				}
				return nil, fmt.Errorf("no file %s", name)
			}})
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		verdicts[r.Verdict]++
		if r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Errorf("%s (%s) is %v: formats %v, findings %v", s.Name, s.Technique, r.Verdict, r.Formats, r.Findings)
		}
		if s.Executes && r.Verdict != picket.Malicious {
			t.Errorf("%s (%s) runs code and is %v: gaps %v", s.Name, s.Technique, r.Verdict, r.Coverage.Gaps)
		}
		if testing.Verbose() {
			for _, f := range r.Findings {
				t.Logf("%s: %v %s %s: %s", s.Name, r.Verdict, f.Rule.Severity, f.Rule.ID, f.Evidence.Summary)
			}
			t.Logf("%s: %v gaps %v", s.Name, r.Verdict, r.Coverage.Gaps)
		}
	}
	if len(verdicts) == 0 {
		t.Fatal("there are no samples")
	}
	t.Logf("verdicts: %v", verdicts)
}
