package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// addEvidence takes a claim that a program can make: what was signed, measured, built or scanned.
func (f *Facts) addEvidence(c *claim.Claim, o Origin) {
	switch p := c.Predicate.(type) {
	case *evidence.ModelSignature:
		f.Signatures = append(f.Signatures, newSignature(p, c.Proof, o))
	case *claim.ScanResult:
		f.Scans = append(f.Scans, newScan(p, o))
	case *claim.Manifest:
		f.Manifests = append(f.Manifests, newManifest(p, o))
	case *claim.BOM:
		f.Boms = append(f.Boms, Bom{Origin: o, Format: p.Format, Version: p.Version, Components: int64(p.Components)})
	case *claim.Provenance:
		f.Provenance = append(f.Provenance, newProvenance(p, o))
	case *claim.TrainingRun:
		f.Training = append(f.Training, newTraining(p, o))
	case *claim.DatasetProfile:
		f.Datasets = append(f.Datasets, newDataset(p, o, string(c.Subject)))
	case *claim.Evaluation:
		f.Evaluations = append(f.Evaluations, newEvaluation(p, o))
	case *claim.VEX:
		f.Vulnerabilities = append(f.Vulnerabilities, newVulnerabilities(p, o)...)
	}
}

func newSignature(p *evidence.ModelSignature, proof *evidence.Proof, o Origin) Signature {
	s := Signature{Origin: o, Unsigned: p.Unsigned}
	if proof != nil {
		s.Method = string(proof.Signatory.Method)
	}
	return s
}

func newScan(r *claim.ScanResult, o Origin) Scan {
	s := Scan{
		Origin: o, Tool: r.Tool, Verdict: r.Verdict.String(),
		Configuration: string(r.Configuration), Suppressed: int64(r.Suppressed), Omitted: int64(r.Omitted),
		Counts: Counts{Critical: int64(r.Counts.Critical), High: int64(r.Counts.High), Medium: int64(r.Counts.Medium),
			Low: int64(r.Counts.Low), Info: int64(r.Counts.Info)},
		Gaps: int64(r.Coverage.Gaps), Unsupported: int64(r.Coverage.Unsupported),
	}
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, Finding{Rule: f.Rule, Severity: f.Severity.String(), Class: string(f.Class),
			File: f.Artifact, Subject: f.Subject, Technique: f.Technique, Fingerprint: f.Fingerprint})
	}
	for _, x := range r.Resources {
		s.Files = append(s.Files, Scanned{Name: x.Name, Digest: string(x.Digest), Format: x.Format, Verdict: x.Verdict.String()})
	}
	return s
}

func newManifest(p *claim.Manifest, o Origin) Manifest {
	m := Manifest{Origin: o}
	for _, a := range p.Aliases {
		m.Aliases = append(m.Aliases, Alias{System: a.System, Value: a.Value, Verified: a.Verified})
	}
	return m
}

func newProvenance(p *claim.Provenance, o Origin) Provenance {
	f := Provenance{Origin: o, Builder: p.Run.Builder.ID, BuildType: p.Definition.BuildType}
	for _, d := range p.Definition.Dependencies {
		f.Inputs = append(f.Inputs, Material{Name: cmp.Or(d.Name, d.URI), Digest: string(d.SHA256())})
	}
	return f
}

func newTraining(p *claim.TrainingRun, o Origin) Training {
	t := Training{Origin: o, Commit: p.Commit}
	if p.Privacy != nil {
		t.Private, t.Epsilon, t.Delta = true, p.Privacy.Epsilon, p.Privacy.Delta
	}
	for _, in := range p.Inputs {
		t.Inputs = append(t.Inputs, Material{Role: in.Role, Name: in.Name, Digest: string(in.Digest)})
	}
	return t
}

func newDataset(p *claim.DatasetProfile, o Origin, subject string) Dataset {
	d := Dataset{Origin: o, Subject: subject, Rows: p.Rows, Sensitivity: p.Sensitivity, Licence: p.Licence}
	if p.Personal != nil {
		d.Personal = p.Personal.Outcome
	}
	return d
}

func newEvaluation(p *claim.Evaluation, o Origin) Evaluation {
	e := Evaluation{Origin: o, Type: p.Type, Suite: p.Suite}
	judged := 0
	for _, m := range p.Metrics {
		metric := Metric{Name: m.Name, Slice: m.Slice, Value: m.Value}
		if metric.Passed, metric.Judged = m.Verdict(); metric.Judged {
			judged++
		}
		e.Metrics = append(e.Metrics, metric)
	}
	e.Passed = judged > 0 && p.Failed() == 0
	return e
}

// newVulnerabilities lists what a document says, one for each product and its parts. A statement without a product is about
// the content.
func newVulnerabilities(p *claim.VEX, o Origin) []Vulnerability {
	var all []Vulnerability
	for _, s := range p.Statements {
		products := []string{""}
		if len(s.Products) > 0 {
			products = products[:0]
		}
		for _, product := range s.Products {
			for _, part := range product.Parts {
				products = append(products, identity(part.ID, part.Identifiers, part.Hashes))
			}
			if len(product.Parts) == 0 {
				products = append(products, identity(product.ID, product.Identifiers, product.Hashes))
			}
		}
		for _, product := range products {
			all = append(all, Vulnerability{Origin: o, ID: s.Vulnerability.Name, Product: product, Status: s.Status, Justification: s.Justification})
		}
	}
	return all
}

// identity is what a document calls a product or a part: its name, else all that tells it from others. Two that only differ
// there are not one, or the status of the second would hide that of the first.
func identity(id string, identifiers, hashes map[string]string) string {
	if id != "" {
		return id
	}
	var parts []string
	for _, known := range []map[string]string{identifiers, hashes} {
		for _, kind := range slices.Sorted(maps.Keys(known)) {
			parts = append(parts, kind+":"+known[kind])
		}
	}
	return strings.Join(parts, " ")
}
