package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// fortyRules are rules over the kinds of claims that a model in regulated use has, each looking at every claim of its kind or at all
// claims.
func fortyRules(b *testing.B) *Policy {
	b.Helper()
	conditions := []string{
		`evaluations.all(e, e.passed)`,
		`evaluations.exists(e, e.type == "fairness" && e.age <= days(90))`,
		`evaluations.all(e, e.metrics.all(m, !m.judged || m.passed))`,
		`scans.all(s, s.suppressed == 0 && s.counts.critical == 0)`,
		`scans.exists(s, s.trusted || s.age < days(30))`,
		`reviews.all(r, r.outcome == "approved")`,
		`approvals.exists(a, "production" in a.environments && a.expires > now)`,
		`claims.all(c, !c.broken)`,
	}
	var text strings.Builder
	text.WriteString("version: 1\nname: bench\nmode: enforce\nrules:\n")
	for i := range 40 {
		fmt.Fprintf(&text, "  - {id: r%d, require: '%s', message: m, remedy: r}\n", i, conditions[i%len(conditions)])
	}
	return load(b, text.String())
}

// thousandClaims are claims of the kinds that the rules look at, as they come out of claim.Check.
func thousandClaims() []*claim.Claim {
	bundle, yes := &evidence.Bundle{}, true
	when := time.Unix(1_799_000_000, 0)
	var claims []*claim.Claim
	for i := range 1000 {
		c := &claim.Claim{Source: fmt.Sprintf("claims.jsonl line %d", i+1), Bundle: bundle, Made: when,
			Signers: []claim.Signer{{Name: fmt.Sprintf("signer %d", i%7), Proof: &evidence.Proof{}}}}
		switch i % 4 {
		case 0:
			c.Kind.Name, c.Predicate = "scan-result", &claim.ScanResult{Verdict: picket.Clean, Time: when}
		case 1:
			c.Kind.Name = "evaluation"
			c.Predicate = &claim.Evaluation{Type: claim.Fairness, Time: when, Metrics: []claim.Metric{{Name: "gap", Passed: &yes}, {Name: "ratio", Passed: &yes}}}
		case 2:
			c.Kind.Name, c.Predicate = "review", &claim.Review{Outcome: "approved", Time: when}
		default:
			c.Kind.Name, c.Predicate = "approval", &claim.Approval{Environments: []string{"production"}, Time: when, Expires: when.AddDate(1, 0, 0)}
		}
		claims = append(claims, c)
	}
	return claims
}

// BenchmarkDecide40x1000 is the bar for a gate in an admission path: 40 rules on 1,000 claims that were checked, at most 5 ms with
// the facts made anew for every decision.
func BenchmarkDecide40x1000(b *testing.B) {
	p, claims, m, now := fortyRules(b), thousandClaims(), &evidence.Manifest{}, time.Unix(1_800_000_000, 0)
	b.Run("facts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if f := NewFacts("m", m, claims, now); len(f.Claims) != 1000 {
				b.Fatal(len(f.Claims))
			}
		}
	})
	facts := NewFacts("m", m, claims, now)
	b.Run("decide", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r := p.Decide(b.Context(), facts); !r.Decision.Allow {
				b.Fatal(r.Decision)
			}
		}
	})
	b.Run("both", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r := p.Decide(b.Context(), NewFacts("m", m, claims, now)); !r.Decision.Allow {
				b.Fatal(r.Decision)
			}
		}
	})
}

// BenchmarkDecideEveryClaim is the worst case: each of the 40 rules looks at all of 1,000 claims.
func BenchmarkDecideEveryClaim(b *testing.B) {
	var text strings.Builder
	text.WriteString("version: 1\nname: bench\nmode: enforce\nrules:\n")
	for i := range 40 {
		fmt.Fprintf(&text, "  - {id: r%d, require: '!claims.exists(c, c.failure == \"%d\")', message: m, remedy: r}\n", i, i)
	}
	p, facts := load(b, text.String()), NewFacts("m", &evidence.Manifest{}, thousandClaims(), time.Unix(1_800_000_000, 0))
	b.ReportAllocs()
	for b.Loop() {
		if r := p.Decide(b.Context(), facts); !r.Decision.Allow {
			b.Fatal(r.Decision)
		}
	}
}
