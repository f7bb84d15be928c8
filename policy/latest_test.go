package policy

import (
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// vex is an OpenVEX claim of some hours ago.
func vex(source string, hours int, statements ...claim.VEXStatement) *claim.Claim {
	c := counting("vulnerability-status", &claim.VEX{Statements: statements}, "ci")
	c.Source, c.Made = source, noon.Add(-time.Duration(hours)*time.Hour)
	return c
}

// about is one statement of it.
func about(status string, products ...claim.VEXProduct) claim.VEXStatement {
	return claim.VEXStatement{Status: status, Vulnerability: claim.Vulnerability{Name: "CVE-1"}, Products: products}
}

// TestLatestStatus: no order of lines closes a vulnerability, nor does the status of another product.
func TestLatestStatus(t *testing.T) {
	torch := claim.VEXProduct{Identifiers: map[string]string{"purl": "pkg:pypi/torch@2.0.0"}}
	numpy := claim.VEXProduct{Identifiers: map[string]string{"purl": "pkg:pypi/numpy@1.0.0"}}
	within := func(part claim.VEXProduct) claim.VEXProduct {
		return claim.VEXProduct{ID: "model", Parts: []claim.VEXPart{{Identifiers: part.Identifiers}}}
	}
	for name, c := range map[string]struct {
		claims []*claim.Claim
		open   int
	}{
		"fixed later":                       {[]*claim.Claim{vex("a", 2, about(claim.Affected)), vex("b", 1, about(claim.Fixed))}, 0},
		"fixed later, in an earlier line":   {[]*claim.Claim{vex("b", 1, about(claim.Fixed)), vex("a", 2, about(claim.Affected))}, 0},
		"open again, in an earlier line":    {[]*claim.Claim{vex("b", 1, about(claim.Affected)), vex("a", 2, about(claim.Fixed))}, 1},
		"equally old":                       {[]*claim.Claim{vex("a", 1, about(claim.Affected)), vex("b", 1, about(claim.Fixed))}, 1},
		"equally old, the other way around": {[]*claim.Claim{vex("b", 1, about(claim.Fixed)), vex("a", 1, about(claim.Affected))}, 1},
		"a history in one document":         {[]*claim.Claim{vex("a", 1, about(claim.UnderInvestigation), about(claim.Fixed))}, 0},
		"another product without an @id":    {[]*claim.Claim{vex("a", 2, about(claim.Affected, torch)), vex("b", 1, about(claim.Fixed, numpy))}, 1},
		"another part without an @id":       {[]*claim.Claim{vex("a", 2, about(claim.Affected, within(torch))), vex("b", 1, about(claim.Fixed, within(numpy)))}, 1},
		"the same product without an @id":   {[]*claim.Claim{vex("a", 2, about(claim.Affected, torch)), vex("b", 1, about(claim.Fixed, torch))}, 0},
	} {
		open := 0
		for _, v := range NewFacts("m", &evidence.Manifest{}, c.claims, noon).Vulnerabilities {
			if v.open() {
				open++
			}
		}
		if open != c.open {
			t.Errorf("%s: %d open, want %d", name, open, c.open)
		}
	}
}

// TestUnspokenOutcome: a metric below its threshold fails an evaluation whose author leaves out that it failed.
func TestUnspokenOutcome(t *testing.T) {
	yes, threshold := true, 0.9
	good := claim.Metric{Name: "speed", Value: 1, Passed: &yes}
	for name, c := range map[string]struct {
		metric claim.Metric
		want   bool
	}{
		"below":                   {claim.Metric{Name: "accuracy", Value: 0.1, Threshold: &threshold, Better: "higher"}, false},
		"above":                   {claim.Metric{Name: "accuracy", Value: 0.95, Threshold: &threshold, Better: "higher"}, true},
		"above what is to be low": {claim.Metric{Name: "gap", Value: 0.95, Threshold: &threshold, Better: "lower"}, false},
		"no threshold":            {claim.Metric{Name: "loss", Value: 3}, true},
	} {
		f := NewFacts("m", &evidence.Manifest{}, []*claim.Claim{counting("evaluation",
			&claim.Evaluation{Type: "performance", Suite: "s", Metrics: []claim.Metric{good, c.metric}}, "ci")}, noon)
		if got := f.Evaluations[0].Passed; got != c.want {
			t.Errorf("%s: passed %v, want %v", name, got, c.want)
		}
	}
}
