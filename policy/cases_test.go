package policy

import (
	"context"
	"errors"
	"strings"
	"testing"
)

const goodCases = `policy: release.yaml
tests:
  - name: clean and signed
    given:
      artifact: {path: m, kind: tree}
      scans: [{key: ci, verdict: clean}]
      signatures: [{key: release}]
      now: 2026-11-21T00:00:00Z
    then: {decision: allow}
  - name: worst wins
    given:
      scans: [{key: ci, verdict: clean}, {key: ci, verdict: malicious, counts: {critical: 1}}]
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
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Tag.Get("doc") == "" || !strings.Contains(text, "| `"+f.Tag.Get("cel")+"` |") {
				t.Errorf("%s.%s is not described", typ.Name(), f.Name)
			}
		}
	}
}
