package builtin_test

import (
	"context"
	"errors"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// TestHostileTensorFlowIsFound scans every hostile model of TensorFlow, with the files beside it, by the whole set.
func TestHostileTensorFlowIsFound(t *testing.T) {
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	engine := detect.NewEngine(set, limits.Default())
	counts := map[picket.Verdict]int{}
	for _, s := range hostile.Samples() {
		if s.Loader != "tensorflow" && s.Loader != "tflite" && s.Loader != "tfjs" {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		r, err := engine.Scan(context.Background(), detect.Entry{Name: s.Name, Blob: format.BytesBlob(content),
			Sibling: func(name string) (*format.Blob, error) {
				if b, ok := s.Beside[name]; ok {
					return format.BytesBlob(b), nil
				}
				return nil, errors.New("no such file")
			}})
		if err != nil {
			t.Fatal(err)
		}
		counts[r.Verdict]++
		if r.Verdict != picket.Malicious && r.Verdict != picket.Suspicious {
			t.Errorf("%s (%s) is %s: %v %v %v", s.Name, s.Technique, r.Verdict, r.Formats, r.Coverage, r.Findings)
		}
	}
	if counts[picket.Malicious] < 60 {
		t.Errorf("verdicts %v", counts)
	}
	t.Logf("verdicts %v", counts)
}
