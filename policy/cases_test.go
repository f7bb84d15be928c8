package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

const goodCases = `policy: release.yaml
tests:
  - name: clean and signed
    given:
      artifact: {path: m, kind: tree}
      scans: [{signers: [ci], verdict: clean}]
      signatures: [{signers: [release]}]
      now: 2026-11-21T00:00:00Z
    then: {decision: allow}
  - name: worst wins
    given:
      scans: [{signers: [ci], verdict: clean}, {signers: [ci], verdict: malicious, counts: {critical: 1}}]
    then: {decision: deny, denies: [rule, gate.malicious]}
  - name: nothing is known
    then: {decision: deny, denies: [gate.scan-result, rule]}
`

func TestCases(t *testing.T) {
	c, err := LoadCases(strings.NewReader(goodCases), "x.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, policyWith(`scan.verdict == "clean" && claims.all(c, c.counts)`))
	for _, tt := range c.Tests {
		if err := tt.Check(context.Background(), p); err != nil {
			t.Errorf("%s: %v", tt.Name, err)
		}
	}
	strict := load(t, policyWith("false"))
	if err := c.Tests[0].Check(context.Background(), strict); err == nil || !strings.Contains(err.Error(), "decision deny, want allow") {
		t.Errorf("got %v", err)
	}
	lax := load(t, policyWith("true"))
	if err := c.Tests[1].Check(context.Background(), lax); err == nil || !strings.Contains(err.Error(), `denied by ["gate.malicious"]`) {
		t.Errorf("got %v", err)
	}
}

func TestWrongCasesAreRefused(t *testing.T) {
	for name, edit := range map[string][2]string{
		"unknown key":     {"kind: tree", "kinds: tree"},
		"unknown verdict": {"verdict: malicious", "verdict: bad"},
		"no decision":     {"decision: allow", "denies: []"},
		"no name":         {"name: worst wins", "name: ''"},
		"no policy":       {"policy: release.yaml\n", ""},
		"no tests":        {goodCases[strings.Index(goodCases, "tests:"):], "tests: []\n"},
		"large":           {"policy", strings.Repeat("#", maxPolicyFile) + "\npolicy"},
	} {
		text := strings.Replace(goodCases, edit[0], edit[1], 1)
		if text == goodCases {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := LoadCases(strings.NewReader(text), "x"); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReferenceNamesEveryField(t *testing.T) {
	text := string(Reference())
	for _, typ := range factTypes() {
		for _, f := range reflect.VisibleFields(typ) {
			if !f.Anonymous && (f.Tag.Get("doc") == "" || !strings.Contains(text, "| `"+f.Tag.Get("cel")+"` |")) {
				t.Errorf("%s.%s is not described", typ.Name(), f.Name)
			}
		}
	}
	for _, v := range variables() {
		if v.doc == "" || !strings.Contains(text, "| `"+v.name+"` |") {
			t.Errorf("%s is not described", v.name)
		}
	}
}

// TestShippedPolicies runs the tests of the shipped policies: each allows a model, and each rule denies or warns in one of them.
func TestShippedPolicies(t *testing.T) {
	for _, name := range Shipped() {
		p, err := LoadShipped(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open("testdata/cases/" + name + ".test.yaml")
		if err != nil {
			t.Fatal(err)
		}
		c, err := LoadCases(f, name)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		for _, tt := range c.Tests {
			if err := tt.Check(t.Context(), p); err != nil {
				t.Errorf("%s: %s: %v", name, tt.Name, err)
			}
		}
		if missing := c.Untested(p); len(missing) > 0 {
			t.Errorf("%s: no test in which these rules deny: %q", name, missing)
		}
	}
}

// TestRegulatedHoldsTheReleasePolicy: whoever passes the stricter policy passes the other.
func TestRegulatedHoldsTheReleasePolicy(t *testing.T) {
	release, err := LoadShipped("release")
	if err != nil {
		t.Fatal(err)
	}
	regulated, err := LoadShipped("regulated")
	if err != nil {
		t.Fatal(err)
	}
	strict := map[string]ruleText{}
	for _, r := range regulated.rules {
		strict[r.ID] = r.ruleText
	}
	for _, r := range release.rules {
		want, got := r.ruleText, strict[r.ID]
		switch r.ID {
		case "reviewed-by-two": // there it always applies
			want.When, want.Description = got.When, got.Description
		case "impact-is-declared": // there the rule declared asks for it
			continue
		}
		if got != want {
			t.Errorf("rule %s is not in the regulated policy as it is in the release policy", r.ID)
		}
	}
}

// FuzzLoadCases: any text is refused with an error about the policy, or each of its tests can be checked, twice with the same
// outcome.
func FuzzLoadCases(f *testing.F) {
	f.Add(goodCases)
	for _, name := range Shipped() {
		data, err := os.ReadFile("testdata/cases/" + name + ".test.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("policy: p\ntests:\n  - {name: x, given: &a {scans: [{verdict: clean, age: -9000h, time: 0001-01-01}]}, then: {decision: deny}}\n  - {name: y, given: {<<: *a}, then: {decision: allow}}\n")
	p, err := LoadShipped("regulated")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := LoadCases(strings.NewReader(text), "fuzz")
		if err != nil {
			if !errors.Is(err, ErrPolicy) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		for _, tt := range c.Tests {
			if first, again := tt.Check(t.Context(), p), tt.Check(t.Context(), p); fmt.Sprint(first) != fmt.Sprint(again) {
				t.Errorf("first %v, then %v", first, again)
			}
			for _, claims := range tt.Given.origins() {
				for _, o := range claims {
					if o.Age < 0 || o.Age > unknownAge {
						t.Errorf("age %v", o.Age)
					}
				}
			}
		}
	})
}
