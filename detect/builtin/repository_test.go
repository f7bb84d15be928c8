package builtin_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// TestHostileRepositoriesAreNeverClean scans the hostile files of model repositories as the binary does.
func TestHostileRepositoriesAreNeverClean(t *testing.T) {
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	engine := detect.NewEngine(set, limits.Default())
	verdicts := map[picket.Verdict]int{}
	for _, s := range hostile.Samples() {
		if !slices.Contains([]string{"remote-code", "redirect", "hydra-json", "component", "template-file", "yaml", "hidden-source"}, s.Group) {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		r, err := engine.Scan(context.Background(), detect.Entry{Name: s.Name, Blob: format.BytesBlob(content),
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
		if r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable || r.Verdict == picket.Unsupported {
			t.Errorf("%s (%s) is %v: formats %v, findings %v", s.Name, s.Technique, r.Verdict, r.Formats, r.Findings)
		}
		for _, f := range r.Findings {
			t.Logf("%s: %v %s %s: %s", s.Name, r.Verdict, f.Rule.Severity, f.Rule.ID, f.Evidence.Summary)
		}
	}
	if len(verdicts) < 3 {
		t.Errorf("verdicts: %v", verdicts)
	}
	t.Logf("verdicts: %v", verdicts)
}
