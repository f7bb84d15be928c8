package exception

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/picketsec/picket"
)

// maxBaseline bounds a baseline file, in bytes.
const maxBaseline = 512 << 20

// Baseline is the set of findings that were known at an earlier scan.
type Baseline struct{ known map[string]bool }

// LoadBaseline reads the JSON report of an earlier scan. Only the fingerprints of its findings are used.
func LoadBaseline(r io.Reader, name string) (Baseline, error) {
	var doc struct {
		Schema    string `json:"schema"`
		Artifacts []struct {
			Findings []struct {
				Fingerprint string `json:"fingerprint"`
			} `json:"findings"`
		} `json:"artifacts"`
	}
	if err := json.NewDecoder(io.LimitReader(r, maxBaseline)).Decode(&doc); err != nil {
		return Baseline{}, fmt.Errorf("read baseline %s: %w: %w", name, ErrConfig, err)
	}
	if doc.Schema == "" {
		return Baseline{}, fmt.Errorf("read baseline %s: %w: not a report of picket scan --format json", name, ErrConfig)
	}
	b := Baseline{known: map[string]bool{}}
	for _, a := range doc.Artifacts {
		for _, f := range a.Findings {
			b.known[f.Fingerprint] = true
		}
	}
	return b, nil
}

// Apply removes known findings from a scan and judges the artifacts anew. Execution findings of critical severity stay.
func (b Baseline) Apply(scan *picket.Scan) {
	for i := range scan.Results {
		r := &scan.Results[i]
		kept := r.Findings[:0:0]
		for _, f := range r.Findings {
			if b.known[f.Fingerprint(r.Artifact.Name)] && !critical(f) {
				scan.Suppressed++
				continue
			}
			kept = append(kept, f)
		}
		r.Findings = kept
		r.Verdict = picket.Judge(r.Findings, r.Coverage)
	}
}
