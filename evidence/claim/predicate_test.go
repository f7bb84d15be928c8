package claim

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

func digestOf(n byte) picket.Digest { return picket.SHA256([32]byte{n}) }

func ptr[T any](v T) *T { return &v }

// samples holds one predicate of every kind with every field that it may have, by the type of the statement.
func samples() map[string]Predicate {
	later := when.AddDate(0, 3, 0)
	return map[string]Predicate{
		TypeManifest: &Manifest{Time: when, Resources: []ManifestEntry{{Name: "a", Digest: digestOf(1), Size: 3}},
			Aliases: []Alias{{System: AliasOCI, Value: "sha256:12", Where: "registry.example/m"}}},
		TypeTrainingRun: &TrainingRun{Time: when, Run: "r1", Tool: "trainer 1.0",
			Inputs: []TrainingInput{{Role: RoleData, Name: "train.csv", Digest: digestOf(2), URI: "s3://b/train.csv"},
				{Role: RoleBase, Name: "bert"}},
			Outputs:         []Reference{{Name: "checkpoint", Digest: digestOf(3)}},
			Hyperparameters: map[string]string{"lr": "3e-4"}, Privacy: &DifferentialPrivacy{Epsilon: 3.5, Delta: 1e-5, Mechanism: "DP-SGD"},
			Seeds: map[string]string{"numpy": "-7"}, Repository: "https://git.example/m", Commit: "abc123",
			Environment: map[string]string{"torch": "2.6.0"}, Started: when, Finished: later},
		TypeDatasetProfile: &DatasetProfile{Time: when, Tool: "picket 1", Rows: 10,
			Columns:    []Column{{Name: "age", Type: "int64", Missing: 1, Distinct: 8, Statistics: []Statistic{{"mean", 41.5}}}},
			Statistics: []Statistic{{"duplicates", 0}}, Personal: &PersonalData{Outcome: "found", Tool: "p", Kinds: []KindOfData{{"email", 3}}},
			Sensitivity: "confidential", Licence: "CC-BY-4.0", Source: "s3://b", Collected: when,
			Splits: map[string]int64{"train": 8}, Properties: map[string]string{"language": "de"}},
		TypeEvaluation: &Evaluation{Time: when, Suite: "glue", Type: Fairness, Tool: "fairlearn 0.12", Run: "r", Dataset: &Reference{Name: "d"},
			Metrics: []Metric{{Name: "accuracy", Value: 0.9, Threshold: ptr(0.8), Better: "higher", Passed: ptr(true), Slice: "age=65+",
				Confidence: &Confidence{Level: 0.95, Lower: 0.85, Upper: 0.95}, Samples: 100}}},
		TypeReview: &Review{Time: when, Reviewer: "Ada", Outcome: "approved", Checklist: []CheckPoint{{"licence read", true, "MIT"}}, Comments: "fine"},
		TypeApproval: &Approval{Time: when, Environments: []string{"production"}, Use: "triage", Conditions: []string{"a person decides"},
			Expires: later},
		TypeException: &Exception{Time: when, Rules: []string{"scanned"}, Reason: "vendor is late", RequestedBy: "ops", Expires: later},
		TypeVendorAssessment: &VendorAssessment{Time: when, Vendor: "Acme", Scope: "hosting", Result: "conditional",
			Conditions: []string{"a test every year"}, Assessor: "Ada", Report: digestOf(9), Assessed: when, Expires: later},
		TypeDeclaration: &Declaration{Time: when, Owner: "risk", Use: "scoring", Misuse: []string{"hiring"},
			Impact: Impact{Leak: "low", Fraud: "high", Regulator: "moderate", Disruption: "none"}},
		TypeRevocation: &Revocation{Time: when, Target: RevokeContent, Reason: "poisoned", Text: "label flips", Effective: when, Cascade: true},
		TypeDecision: &Decision{Time: when, Tool: "picket 1", Policy: PolicyReference{"release", digestOf(4)}, Mode: "enforce", Allowed: true,
			Reasons: []string{"all rules hold"}, Errors: []string{"x"}, Facts: digestOf(5),
			Claims: []Considered{{Kind: "scan-result", Payload: digestOf(6), Signers: []string{"ci"}, Counted: true}}},
		TypeHead: &Head{Time: when, Count: 3, Root: digestOf(7), Previous: &Previous{Count: 2, Root: digestOf(8)}},
		TypeProvenance: &Provenance{
			Definition: BuildDefinition{BuildType: "https://example.com/train@v1", External: json.RawMessage(`{"script":"train.py"}`),
				Internal: json.RawMessage(`{}`), Dependencies: []Descriptor{{Name: "data", URI: "git+https://x", Digest: map[string]string{"sha256": digestOf(2).Hex()}}}},
			Run: RunDetails{Builder: Builder{ID: "https://ci.example", Version: map[string]string{"ci": "1"}},
				Metadata: &BuildMetadata{Invocation: "7", Started: when.Truncate(time.Second), Finished: later.Truncate(time.Second)}}},
		TypeVEX: &VEX{Context: "https://openvex.dev/ns/v0.2.0", ID: "https://example.com/vex/1", Author: "sec", Timestamp: when, Version: 1,
			Statements: []VEXStatement{{Vulnerability: Vulnerability{Name: "CVE-2025-32434"}, Status: NotAffected,
				Justification: "vulnerable_code_not_in_execute_path", Products: []VEXProduct{{ID: "pkg:pypi/torch@2.5.0"}}}}},
		TypeCycloneDX: &BOM{Format: "CycloneDX", Document: json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":
			{"type":"machine-learning-model","name":"m","pedigree":{"ancestors":[{"type":"machine-learning-model","name":"base","hashes":
			[{"alg":"SHA-256","content":"` + digestOf(1).Hex() + `"}]}]}}},"components":[{"type":"file","name":"x/a","hashes":[{"alg":"SHA-256",
			"content":"` + digestOf(2).Hex() + `"}]},{"type":"data","name":"d","hashes":[{"alg":"SHA-256","content":"` + digestOf(3).Hex() + `"}]}],"unknown":1}`)},
		TypeSPDX: &BOM{Format: "SPDX", Document: json.RawMessage(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
			{"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1"},
			{"type":"ai_AIPackage","spdxId":"urn:m","name":"m"},
			{"type":"dataset_DatasetPackage","spdxId":"urn:d","name":"d","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + digestOf(3).Hex() + `"}]},
			{"type":"software_File","spdxId":"urn:f","name":"./x/a","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + digestOf(2).Hex() + `"}]},
			{"type":"Relationship","spdxId":"urn:r","from":"urn:m","to":["urn:d"],"relationshipType":"trainedOn"}]}`)},
	}
}

// written is the statement of a sample, and its kind.
func written(t testing.TB, typ string) (Kind, *evidence.Statement) {
	t.Helper()
	payload, err := NewStatement("model", digestOf(1), samples()[typ])
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := KindOf(st.PredicateType)
	if !ok || k.Type != typ {
		t.Fatalf("%s: the type is %q", typ, st.PredicateType)
	}
	return k, st
}

func TestEveryKindHasASample(t *testing.T) {
	for _, k := range Kinds() {
		if _, ok := samples()[k.Type]; !ok && k.Name != "signature" && k.Name != "scan-result" {
			t.Errorf("%s has no sample", k.Type)
		}
		if again, ok := KindNamed(k.Name); !ok || again.Name != k.Name || k.Title == "" {
			t.Errorf("%s is not found by its name", k.Name)
		}
	}
}

// TestRoundTrip: what is parsed and written again parses to the same, for every kind.
func TestRoundTrip(t *testing.T) {
	for _, typ := range slices.Sorted(maps.Keys(samples())) {
		k, st := written(t, typ)
		first, err := k.Parse(st)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := NewStatement("model", digestOf(1), first)
		if err != nil {
			t.Fatal(err)
		}
		st, err = evidence.ParseStatement(payload)
		if err != nil {
			t.Fatal(err)
		}
		second, err := k.Parse(st)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: %s", k.Name, diff)
		}
	}
}

// TestBillsAreUnderstood: files and inputs are found in both formats.
func TestBillsAreUnderstood(t *testing.T) {
	for typ, inputs := range map[string]int{TypeCycloneDX: 2, TypeSPDX: 1} {
		k, st := written(t, typ)
		p, err := k.Parse(st)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := p.(*BOM)
		if len(b.Files) != 1 || b.Files[0].Name != "x/a" || b.Files[0].Digest != digestOf(2) || len(b.Inputs) != inputs || b.Version == "" {
			t.Errorf("%s: got %d files, inputs %+v, version %q", typ, len(b.Files), b.Inputs, b.Version)
		}
	}
}

// TestWhatMakesNoSenseIsNotWritten: nobody is asked to sign what no reader accepts.
func TestWhatMakesNoSenseIsNotWritten(t *testing.T) {
	later := when.AddDate(0, 1, 0)
	for name, p := range map[string]Predicate{
		"no environment":            &Approval{Time: when},
		"an empty environment":      &Approval{Time: when, Environments: []string{""}},
		"no expiry":                 &Exception{Time: when, Rules: []string{"x"}, Reason: "r", RequestedBy: "me"},
		"no reason":                 &Exception{Time: when, Rules: []string{"x"}, RequestedBy: "me", Expires: later},
		"an unknown outcome":        &Review{Time: when, Reviewer: "me", Outcome: "fine"},
		"an unknown impact":         &Declaration{Time: when, Owner: "me", Use: "x", Impact: Impact{Leak: "some"}},
		"ends before it starts":     &TrainingRun{Time: when, Started: later, Finished: when},
		"a commit that is none":     &TrainingRun{Time: when, Commit: "main"},
		"a negative epsilon":        &TrainingRun{Time: when, Privacy: &DifferentialPrivacy{Epsilon: -1, Mechanism: "x"}},
		"more missing than rows":    &DatasetProfile{Time: when, Rows: 1, Columns: []Column{{Name: "a", Type: "b", Missing: 2}}},
		"a failed pass":             &Evaluation{Time: when, Suite: "s", Type: Privacy, Metrics: []Metric{{Name: "a", Value: 1, Threshold: ptr(2.0), Better: "higher", Passed: ptr(true)}}},
		"a metric twice":            &Evaluation{Time: when, Suite: "s", Type: Privacy, Metrics: []Metric{{Name: "a"}, {Name: "a", Value: 1}}},
		"an interval of no numbers": &Evaluation{Time: when, Suite: "s", Type: Privacy, Metrics: []Metric{{Name: "a", Confidence: &Confidence{Lower: 2, Upper: 1}}}},
		"a head after itself":       &Head{Time: when, Count: 1, Root: digestOf(1), Previous: &Previous{Count: 2, Root: digestOf(1)}},
		"a file out of the tree":    &Manifest{Time: when, Resources: []ManifestEntry{{Name: "../x", Digest: digestOf(1)}}},
		"affected without an action": &VEX{Context: "https://openvex.dev/ns/v0.2.0", ID: "x", Author: "a", Timestamp: when, Version: 1,
			Statements: []VEXStatement{{Vulnerability: Vulnerability{Name: "CVE-1"}, Status: Affected}}},
		"a context of something else": &VEX{Context: "https://example.com", ID: "x", Author: "a", Timestamp: when, Version: 1,
			Statements: []VEXStatement{{Vulnerability: Vulnerability{Name: "CVE-1"}, Status: Fixed}}},
		"no time":        &Declaration{Owner: "me", Use: "x", Impact: Impact{"low", "low", "low", "low"}},
		"another format": &BOM{Format: "CycloneDX", Document: json.RawMessage(`{"bomFormat":"SPDX","specVersion":"1"}`)},
	} {
		if _, err := NewStatement("m", digestOf(1), p); !errors.Is(err, evidence.ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := NewStatement("m", "", samples()[TypeReview]); err == nil {
		t.Error("made a statement about nothing")
	}
	if _, err := NewStatement("m", digestOf(1), &struct{}{}); err == nil {
		t.Error("made a statement of no kind")
	}
}

// TestWhatIsWrittenIsShared: making a statement changes nothing that the caller holds.
func TestWhatIsWrittenIsShared(t *testing.T) {
	p := samples()[TypeTrainingRun]
	if _, err := NewStatement("m", digestOf(1), p); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(samples()[TypeTrainingRun], p); diff != "" {
		t.Error(diff)
	}
}

// FuzzPredicate: whatever is accepted is written and read back as the same, in every kind.
func FuzzPredicate(f *testing.F) {
	for typ := range samples() {
		_, st := written(f, typ)
		f.Add(typ, []byte(st.Predicate))
		f.Add(typ, []byte(strings.Replace(string(st.Predicate), `"time"`, `"Time"`, 1)))
	}
	f.Fuzz(func(t *testing.T, typ string, predicate []byte) {
		k, ok := KindOf(typ)
		if !ok || typ == evidence.PredicateModelSignature || typ == TypeScanResult {
			return
		}
		payload, err := evidence.NewStatement("m", digestOf(1), typ, json.RawMessage(predicate))
		if err != nil {
			return
		}
		st, err := evidence.ParseStatement(payload)
		if err != nil {
			return
		}
		first, err := k.Parse(st)
		if err != nil {
			if !errors.Is(err, evidence.ErrMalformed) && !errors.Is(err, evidence.ErrUnsupported) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		payload, err = evidence.NewStatement("m", digestOf(1), typ, first)
		if err != nil {
			t.Fatalf("write again: %v", err)
		}
		if st, err = evidence.ParseStatement(payload); err != nil {
			t.Fatalf("read again: %v", err)
		}
		second, err := k.Parse(st)
		if err != nil {
			t.Fatalf("parse again: %v", err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
	})
}
