package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

var updatePolicies = flag.Bool("update-policies", false, "rewrite testdata/policy/*.golden")

// goldenPolicy has a rule for each outcome.
const goldenPolicy = `version: 1
name: golden
mode: enforce
rules:
  - {id: holds, require: 'scan.verdict == "clean"', message: m, remedy: r}
  - {id: denies, severity: high, require: "false", message: it is never good enough, detail: '"facts of " + artifact.name', owner: somebody, remedy: 'picket scan {path}'}
  - {id: lifted, require: "false", message: it is lifted, remedy: wait}
  - {id: warns, warn: "true", message: m, warning: soon it is over, remedy: hurry}
  - {id: skipped, when: impact.leak >= high, require: "false", message: m, remedy: r}
  - {id: fails, require: 'artifact.files[7].size > 0', message: m, remedy: r}
`

// goldenDecision is a decision with everything in it, and hostile text in every place that others fill in.
func goldenDecision(t *testing.T) *gateDocument {
	t.Helper()
	p, err := policy.Load(strings.NewReader(goldenPolicy), "golden.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	scan := policy.Scan{Origin: policy.Origin{Source: "claims.jsonl line 1", Signers: []string{"ci"}}, Verdict: "clean"}
	signed := policy.Origin{Source: "claims.jsonl line 3", Signers: []string{"a", "b"}, People: []string{"ann", "b\x1b[31mob"}}
	facts := gathered{
		Facts: policy.Facts{
			Artifact: policy.Artifact{Path: "mo del", Name: "mo\ndel", Digest: "sha256:0"}, Now: at, Scan: &scan, Scans: []policy.Scan{scan},
			Head: policy.Head{State: policy.HeadNone},
			Exceptions: []policy.Exception{
				{Origin: signed, Rules: []string{"lifted", "gate.head"}, Reason: "a\x1b]0;reason", Requested: "ann", Expires: at.AddDate(0, 0, 9)},
				{Origin: policy.Origin{Source: "claims.jsonl line 4", People: []string{"ann"}}, Rules: []string{"denies"}, Reason: "x", Expires: at.AddDate(1, 0, 0)},
			},
		},
		claims: []*claim.Claim{
			{Source: "claims.jsonl line 1", Bundle: &evidence.Bundle{}, Kind: claim.Kinds()[1], Made: at.Add(-time.Hour),
				Signers: []claim.Signer{{Name: "ci", Proof: &evidence.Proof{Moments: []evidence.Moment{{Time: at.Add(-30 * time.Minute), Source: "tsa"}}}}}},
			{Source: "claims.jsonl line 2", Failure: claim.ErrSubject},
		},
	}
	doc, err := newGateDocument("mo del", facts, p.Decide(t.Context(), facts.Facts), &trust.Root{})
	if err != nil {
		t.Fatal(err)
	}
	doc.note([]string{"a note\x07"})
	return doc
}

// TestGoldenPolicies pins what people and programs read of decisions, reports and explanations.
func TestGoldenPolicies(t *testing.T) {
	decision := goldenDecision(t)
	report := &reportDocument{Schema: "picket.policy-report/1", Policy: "golden", Mode: policy.Enforce, Models: []modelReport{}, Rules: []ruleReport{}, Notes: []string{}}
	report.add(decision)
	report.add(&gateDocument{Path: "good", Digest: "sha256:1", Allow: true})
	report.add(&gateDocument{Path: "alone", Digest: "sha256:2", Blocks: []policy.Block{{Rule: "denies"}, {Rule: "denies"}}})
	release, err := policy.LoadShipped("release")
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"gate": decision.writeDecision, "why": decision.writeReasons, "report": report.write, "explain": newPolicyDocument(release).write,
		"gate.json":   func(w io.Writer) error { return indented(w, decision) },
		"report.json": func(w io.Writer) error { return indented(w, report) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		for _, c := range got.Bytes() {
			if c < ' ' && c != '\n' || c == 0x7f {
				t.Errorf("%s holds the control character %#x", name, c)
			}
		}
		file := filepath.Join("testdata", "policy", name+".golden")
		if *updatePolicies {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got), -update-policies rewrites it:\n%s", name, diff)
		}
	}
}

func indented(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// TestDecisionsCanBeRecorded: every decision makes a claim that is read back, also one with more reasons than a claim holds.
func TestDecisionsCanBeRecorded(t *testing.T) {
	doc := goldenDecision(t)
	for range 2 * maxRecordedReasons {
		doc.Reasons = append(doc.Reasons, "a reason")
		doc.Errors = append(doc.Errors, "an error")
	}
	subject := "sha256:" + strings.Repeat("0", 64)
	doc.Claims[0].Payload = doc.Facts
	payload, err := claim.NewStatement("model", doc.Facts, doc.claim(time.Unix(1_800_000_000, 0)))
	if err != nil {
		t.Fatal(err)
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil || string(st.Subject) == subject {
		t.Fatal(st, err)
	}
	kind, ok := claim.KindOf(st.PredicateType)
	if !ok || !kind.Record {
		t.Fatalf("kind %+v", kind)
	}
	said, err := kind.Parse(st)
	if err != nil {
		t.Fatal(err)
	}
	if d, ok := said.(*claim.Decision); !ok || d.Allowed || d.Policy.Digest == "" || d.Facts != doc.Facts || len(d.Claims) != 1 || len(d.Reasons) != maxRecordedReasons {
		t.Errorf("got %+v", said)
	}
}

// TestShippedPoliciesAreNamed: a shipped policy that is named is enforced, whatever lies in the folder; a file needs a path.
func TestShippedPoliciesAreNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("release", []byte("version: 1\nname: mine\nmode: audit\nrules: [{id: x, require: 'true', message: m, remedy: r}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"release": "release enforce", "./release": "mine audit", "": "development enforce"} {
		p, err := readPolicy(name)
		if err != nil || p.Name+" "+string(p.Mode) != want {
			t.Errorf("%q: %v, %v", name, p, err)
		}
	}
}

// TestGateStopsWithItsContext: a decision that was interrupted is none.
func TestGateStopsWithItsContext(t *testing.T) {
	g := newGateModel(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var flags gateFlags
	flags.policy, flags.trust.file = g.policy, filepath.Join(filepath.Dir(g.policy), "keys")
	env := Env{Stdout: io.Discard, Stderr: io.Discard, Now: time.Now, Getenv: func(string) string { return "" }}
	if doc, err := flags.decide(ctx, env, g.dir); err == nil {
		t.Errorf("got %+v", doc)
	}
}
