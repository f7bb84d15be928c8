package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// ruleWith is a policy with one rule of the given keys.
func ruleWith(keys string) string {
	return "version: 1\nname: test\nmode: enforce\nrules:\n  - id: rule\n    message: it does not hold\n    remedy: picket scan {path}\n" + keys
}

func TestWhenAndWarn(t *testing.T) {
	for name, tt := range map[string]struct {
		keys                                string
		allow, passed, skipped, warned, err bool
	}{
		"applies and holds":     {"    when: 'true'\n    require: 'true'\n", true, true, false, false, false},
		"applies and does not":  {"    when: 'true'\n    require: 'false'\n", false, false, false, false, false},
		"does not apply":        {"    when: 'false'\n    require: 'false'\n", true, false, true, false, false},
		"nobody knows if":       {"    when: artifact.files[9].size > 0\n    require: 'true'\n", false, false, false, false, true},
		"warns":                 {"    require: 'true'\n    warn: scan.age > days(1)\n", true, true, false, true, false},
		"does not warn":         {"    require: 'true'\n    warn: scan.age > days(100)\n", true, true, false, false, false},
		"denies and warns not":  {"    require: 'false'\n    warn: 'true'\n", false, false, false, false, false},
		"only warns":            {"    warn: 'true'\n", true, true, false, true, false},
		"nobody knows if warn":  {"    warn: artifact.files[9].size > 0\n", false, false, false, false, true},
		"warns where it counts": {"    when: 'false'\n    warn: 'true'\n", true, false, true, false, false},
	} {
		r := load(t, ruleWith(tt.keys)).Decide(t.Context(), cleared())
		passed, skipped := slices.Contains(r.Passed, "rule"), slices.Contains(r.Skipped, "rule")
		if r.Decision.Allow != tt.allow || passed != tt.passed || skipped != tt.skipped || (len(r.Warnings) > 0) != tt.warned || (len(r.Decision.Errors) > 0) != tt.err {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := load(t, ruleWith("    warn: 'true'\n    warning: soon\n    detail: '\"it is \" + scan.verdict'\n")).Decide(t.Context(), cleared())
	if want := "rule: soon (it is clean)"; len(r.Warnings) != 1 || r.Warnings[0].String() != want || r.Warnings[0].Remedy != "picket scan dir/model" {
		t.Errorf("got %+v", r.Warnings)
	}
}

// TestImpact: what nobody declared is not none, the highest declaration counts, and an operator only raises.
func TestImpact(t *testing.T) {
	for condition, want := range map[string]bool{
		`impact.leak == undeclared && impact.highest == undeclared && undeclared < none`: false,
		`impact.leak == moderate && impact.fraud == low`:                                 true,
		`impact.highest == high && impact.regulator >= moderate`:                         true,
		`impact.disruption == none`:                                                      true,
	} {
		f := cleared()
		f.Declarations = []Declaration{
			{Leak: int64(Low), Fraud: int64(Low), Regulator: int64(None), Disruption: int64(None)},
			{Leak: int64(Moderate), Fraud: int64(None), Regulator: int64(None), Disruption: int64(None)},
		}
		f.settle()
		if !f.Impact.Raise("regulator", High) || !f.Impact.Raise("leak", Low) || f.Impact.Raise("weather", High) {
			t.Fatal("parts of the impact")
		}
		if r := load(t, policyWith(condition)).Decide(t.Context(), f); r.Decision.Allow != want {
			t.Errorf("%s: %+v", condition, r.Decision)
		}
	}
	if r := load(t, policyWith(`impact.highest == undeclared`)).Decide(t.Context(), cleared()); !r.Decision.Allow {
		t.Errorf("got %+v", r.Decision)
	}
	for word, want := range map[string]Level{"none": None, "low": Low, "moderate": Moderate, "high": High} {
		if got, err := ParseLevel(word); err != nil || got != want || got.String() != word {
			t.Errorf("%s: %v, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "undeclared", "High", "severe"} {
		if got, err := ParseLevel(word); err == nil {
			t.Errorf("%q is %v", word, got)
		}
	}
}

func TestExceptions(t *testing.T) {
	good := Exception{Origin: Origin{Source: "claims.jsonl line 4", Signers: []string{"a", "b"}, People: []string{"ann", "bob"}},
		Rules: []string{"rule"}, Reason: "a false alarm", Requested: "ann", Expires: time.Unix(1_900_000_000, 0)}
	for name, tt := range map[string]struct {
		edit func(*Exception)
		why  string // empty when it lifts the rule
	}{
		"two people":      {func(*Exception) {}, ""},
		"three people":    {func(x *Exception) { x.People = append(x.People, "eve") }, ""},
		"one person":      {func(x *Exception) { x.People = []string{"ann"} }, "two different people"},
		"two keys of one": {func(x *Exception) { x.People = []string{"ann", "ann"} }, "two different people"},
		"a nameless one":  {func(x *Exception) { x.People = []string{"ann", " "} }, "two different people"},
		"nobody":          {func(x *Exception) { x.People = nil }, "two different people"},
		"expired":         {func(x *Exception) { x.Expires = time.Unix(1_800_000_000, 0) }, "it expired on 2027-01-15"},
		"for ever":        {func(x *Exception) { x.Expires = time.Time{} }, "it never expires"},
		"no reason":       {func(x *Exception) { x.Reason = " " }, "it gives no reason"},
		"another rule":    {func(x *Exception) { x.Rules = []string{"rules"} }, "the policy has no rule rules"},
		"a pattern":       {func(x *Exception) { x.Rules = []string{"*"} }, "the policy has no rule *"},
		"built in":        {func(x *Exception) { x.Rules = []string{"gate.scan-result"} }, "gate.scan-result cannot be lifted by anyone"},
	} {
		f, x := cleared(), good
		tt.edit(&x)
		f.Exceptions = []Exception{x}
		r := load(t, policyWith(`scan.verdict != "clean"`)).Decide(t.Context(), f)
		switch {
		case r.Decision.Allow != (tt.why == ""), len(r.Excepted) == 1 != (tt.why == ""), (len(r.Refused) == 1) != (tt.why != ""):
			t.Errorf("%s: %+v", name, r)
		case tt.why != "" && !strings.Contains(r.Refused[0].String(), tt.why):
			t.Errorf("%s: refused because %s", name, r.Refused[0])
		case tt.why == "" && (r.Excepted[0].Rule != "rule" || len(r.Decision.Reasons) != 2 || !strings.Contains(r.Decision.Reasons[1], "ann and bob")):
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestExceptionsLiftNoErrors: nobody can accept what nobody knows.
func TestExceptionsLiftNoErrors(t *testing.T) {
	f := cleared()
	f.Exceptions = []Exception{{Origin: Origin{People: []string{"ann", "bob"}}, Rules: []string{"rule", "gate.malicious"}, Reason: "x", Expires: time.Unix(1_900_000_000, 0)}}
	if r := load(t, policyWith(`artifact.files[9].size > 0`)).Decide(t.Context(), f); r.Decision.Allow || len(r.Excepted) > 0 || len(r.Decision.Errors) != 1 {
		t.Errorf("got %+v", r)
	}
	f.Claims = append(f.Claims, Claim{Kind: "scan-result", Counts: true, Condemns: true}, Claim{Origin: Origin{Source: "line 9"}, Kind: "exception", Failure: "signers: it needs a second signer"})
	r := load(t, policyWith(`false`)).Decide(t.Context(), f)
	if r.Decision.Allow || len(r.Blocks) != 1 || r.Blocks[0].Rule != "gate.malicious" || len(r.Excepted) != 1 {
		t.Errorf("got %+v", r)
	}
	if last := r.Refused[len(r.Refused)-1]; last.Source != "line 9" || last.Why != "signers: it needs a second signer" {
		t.Errorf("got %+v", r.Refused)
	}
}

// TestExpiryIsAnnounced: 14 days before, and not when it is over or far away.
func TestExpiryIsAnnounced(t *testing.T) {
	for days, want := range map[int]int{-1: 0, 0: 3, 13: 3, 14: 3, 15: 0} {
		f := cleared()
		end := f.Now.AddDate(0, 0, days)
		f.Approvals = []Approval{{Expires: end}, {}}
		f.Assessments = []Assessment{{Expires: end, Vendor: "acme"}}
		f.Exceptions = []Exception{{Expires: end, Origin: Origin{People: []string{"a", "b"}}, Reason: "x", Rules: []string{"rule"}}}
		r := load(t, policyWith("true")).Decide(t.Context(), f)
		if len(r.Warnings) != want || !r.Decision.Allow {
			t.Errorf("%d days: %+v", days, r.Warnings)
		}
		for _, w := range r.Warnings {
			if w.Rule != "gate.expiry" || !strings.Contains(w.Message, "stops to count on") || w.Remedy == "" {
				t.Errorf("got %+v", w)
			}
		}
	}
	f := cleared()
	f.Notices = []string{"ci ends on 2027-01-20"}
	if r := load(t, policyWith("true")).Decide(t.Context(), f); len(r.Warnings) != 1 || r.Warnings[0].Rule != "gate.trust" {
		t.Errorf("got %+v", r.Warnings)
	}
}

// TestReads: what an explanation says a condition looks at.
func TestReads(t *testing.T) {
	for condition, want := range map[string]string{
		`scan.verdict == "clean" && scan.counts.high == 0`:                            "scan.counts.high scan.verdict",
		`size(signatures) > 0`:                                                        "signatures",
		`evaluations.exists(e, e.passed && e.age <= days(3))`:                         "evaluations.age evaluations.passed",
		`artifact.files[0].name == "x"`:                                               "artifact.files.name",
		`approvals.exists(a, a.people.exists(p, !training.exists(t, p in t.people)))`: "approvals.people training.people",
		`impact.leak >= moderate`:                                                     "impact.leak",
		`claims.filter(c, c.counts)[0].source == "x"`:                                 "claims.counts",
		`[scan.gaps, 1].all(x, x == 0)`:                                               "scan.gaps",
		`true`:                                                                        "",
	} {
		p := load(t, policyWith(condition))
		if got := strings.Join(p.Explain()[0].Reads, " "); got != want {
			t.Errorf("%s reads %q, want %q", condition, got, want)
		}
	}
}
