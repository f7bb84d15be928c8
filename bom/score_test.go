package bom_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/evidence"
)

// statuses lists the elements of a standard that have a status.
func statuses(s bom.Standard, want bom.Status) []string {
	var list []string
	for _, e := range s.Elements {
		if e.Status == want {
			list = append(list, e.ID)
		}
	}
	return list
}

// TestScoreOfAWellDescribedModel: what a good card, configuration and weights say fills at least 35 of the 50 elements, and every
// other one says how to add it.
func TestScoreOfAWellDescribedModel(t *testing.T) {
	r := bom.Score(build(t, llama().tree()))
	g7 := r.Standards[0]
	if len(g7.Elements) != 50 || g7.Total.Elements != 50 || len(g7.Clusters) != 7 {
		t.Fatalf("%d elements in %d clusters, want 50 in 7", len(g7.Elements), len(g7.Clusters))
	}
	if g7.Total.Filled < 35 {
		t.Errorf("%d of 50 elements are filled, want 35; missing: %q", g7.Total.Filled, statuses(g7, bom.Missing))
	}
	want := []string{"sbom-author", "sbom-author-signature", "sbom-timestamp", "dataset-hash", "dataset-statistical-properties",
		"dataset-sensitivity", "dataset-license", "vulnerability-referencing", "security-metrics"}
	if diff := cmp.Diff(want, statuses(g7, bom.Missing)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	sizes := map[string]int{}
	for _, c := range g7.Clusters {
		sizes[c.Name] = c.Total.Elements
	}
	if diff := cmp.Diff(map[string]int{"Metadata": 10, "System level properties": 9, "Models": 13, "Dataset properties": 10, "Infrastructure": 2,
		"Security properties": 4, "Key performance indicators": 2}, sizes); diff != "" {
		t.Error(diff)
	}
	for _, s := range r.Standards {
		for _, e := range s.Elements {
			missing := e.Status == bom.Missing
			if missing != (e.Path == "") || missing != (e.Remedy != "") || missing != (e.Value == "") {
				t.Errorf("%s: status %s, path %q, value %q, remedy %q", e.ID, e.Status, e.Path, e.Value, e.Remedy)
			}
		}
	}
}

// TestScoreWithClaims: what is signed, and what the operator says, fills the rest.
func TestScoreWithClaims(t *testing.T) {
	fsys := llama().tree()
	m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: "ledger"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bom.Build(t.Context(), bom.Input{Content: fsys, Manifest: m, Tool: "picket", Version: "test", Author: "Example Org",
		Location: "hf://example-org/ledger@0123456789abcdef0123456789abcdef01234567", Time: time.Unix(1780000000, 0),
		Claims: []bom.Claim{{Kind: "bom", Signer: "ci", Source: "claims.jsonl line 1"}, {Kind: "scan-result", Signer: "ci", Summary: "clean", Source: "claims.jsonl line 2"},
			{Kind: "vulnerability-status", Signer: "ci", Source: "claims.jsonl line 3", Summary: "no known ones"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := bom.Score(b)
	if diff := cmp.Diff([]string{"dataset-hash", "dataset-statistical-properties", "dataset-sensitivity", "dataset-license"},
		statuses(r.Standards[0], bom.Missing)); diff != "" {
		t.Errorf("G7: missing (-want +got):\n%s", diff)
	}
	if got := statuses(r.Standards[1], bom.Missing); len(got) != 0 || len(r.Standards[1].Elements) != 7 {
		t.Errorf("NTIA: %q missing of %d", got, len(r.Standards[1].Elements))
	}
	if want := "pkg:huggingface/example-org/ledger@0123456789abcdef0123456789abcdef01234567"; !hasValue(b.Model.Identifiers, want) {
		t.Errorf("identifiers %v lack %s", b.Model.Identifiers, want)
	}
}

func hasValue(list []bom.Field, want string) bool {
	for _, f := range list {
		if f.Value == want {
			return true
		}
	}
	return false
}

// TestScoreOfEveryKind: every element has an answer for every kind of bill, an empty one included.
func TestScoreOfEveryKind(t *testing.T) {
	bills := map[string]*bom.Bill{"empty": {}}
	for name, r := range repositories(t) {
		bills[name] = build(t, r.tree())
	}
	for name, b := range bills {
		g7 := bom.Score(b).Standards[0]
		if len(g7.Elements) != 50 || g7.Total.Filled+g7.Total.Missing+g7.Total.NotApplicable != 50 {
			t.Errorf("%s: totals do not add up: %+v", name, g7.Total)
		}
		t.Logf("%s: %+v", name, g7.Total)
	}
	if empty := bom.Score(bills["empty"]).Standards[0].Total; empty.Filled != 0 || empty.Missing != 50 {
		t.Errorf("an empty bill has %+v", empty)
	}
	if data := bom.Score(bills["dataset"]).Standards[0]; data.Total.NotApplicable != 13 {
		t.Errorf("of a dataset %d elements do not apply, want the 13 of models", data.Total.NotApplicable)
	}
}

// TestDeclaredIsNotPresent: a value that somebody wrote down and nothing backs has a status of its own.
func TestDeclaredIsNotPresent(t *testing.T) {
	b := &bom.Bill{Kind: bom.ModelKind, Model: bom.Model{Producer: bom.Field{Value: "Someone", Confidence: bom.Declared, Source: "README.md"}}}
	element := func() bom.Element {
		for _, e := range bom.Score(b).Standards[0].Elements {
			if e.ID == "model-producer" {
				return e
			}
		}
		t.Fatal("no such element")
		return bom.Element{}
	}
	if e := element(); e.Status != bom.DeclaredOnly || e.Path != "model.producer" || e.Value != "Someone" {
		t.Errorf("declared: %+v", e)
	}
	b.Model.Producer.Confidence = bom.Verified
	if e := element(); e.Status != bom.Present {
		t.Errorf("verified: %+v", e)
	}
	b.Model.Producer = bom.Field{Value: "looked for it: there is no README.md", Confidence: bom.Unresolved, Source: "README.md"}
	if e := element(); e.Status != bom.Missing || !strings.Contains(e.Reason, "no README.md") || e.Remedy == "" {
		t.Errorf("unresolved: %+v", e)
	}
}

func TestWriteScore(t *testing.T) {
	var short, long bytes.Buffer
	r := bom.Score(build(t, llama().tree()))
	if err := bom.WriteScore(&short, r, false); err != nil {
		t.Fatal(err)
	}
	if err := bom.WriteScore(&long, r, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"41 of 50 filled", "Metadata                      7 of 10", "missing        SBOM author", "to add it: picket bom gen PATH --author NAME"} {
		if !strings.Contains(short.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, short.String())
		}
	}
	if !strings.Contains(long.String(), "declared-only  Model producer") || strings.Contains(short.String(), "Model producer") {
		t.Errorf("only the long text lists what is there:\n%s", long.String())
	}
}
