package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// gateModel is a signed model with a claim, and what is needed to decide about it.
type gateModel struct {
	dir, claims, policy string
	key                 *evidence.PrivateKey
}

const gatePolicy = `version: 1
name: release
mode: enforce
rules:
  - id: signed
    require: signatures.exists(s, "release" in s.signers)
    message: not signed
    remedy: picket sign {path}
  - id: verdict
    require: scan.verdict == "clean"
    message: not clean
    remedy: picket scan {path}
`

// newGateModel makes a model that the gate allows.
func newGateModel(t *testing.T) *gateModel {
	t.Helper()
	base := t.TempDir()
	g := &gateModel{dir: filepath.Join(base, "model"), policy: filepath.Join(base, "policy.yaml")}
	g.claims = filepath.Join(g.dir, evidence.ClaimsFile)
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(base, "keys")
	if err := os.Mkdir(keys, 0o755); err != nil {
		t.Fatal(err)
	}
	g.key = g.newKey(t)
	text, err := g.key.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{filepath.Join(g.dir, "a.bin"): []byte("weights"), filepath.Join(g.dir, "b.json"): []byte("{}"),
		g.policy: []byte(gatePolicy), filepath.Join(keys, "release.pub"): text} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bundle, err := evidence.SignModel(t.Context(), g.manifest(t), g.key)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bundle.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, evidence.SignatureFile), line, 0o644); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gateModel) newKey(t *testing.T) *evidence.PrivateKey {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (g *gateModel) manifest(t *testing.T) *evidence.Manifest {
	t.Helper()
	c, err := findContent(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.hash(t.Context(), evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// claim appends a scan result about the model as it is now.
func (g *gateModel) claim(t *testing.T, key *evidence.PrivateKey, verdict picket.Verdict, at time.Time) {
	t.Helper()
	m := g.manifest(t)
	scan := picket.Scan{Tool: "picket test", Target: "m"}
	for _, r := range m.Resources {
		scan.Results = append(scan.Results, picket.Result{Artifact: picket.Artifact{Name: "m/" + r.Name, Digest: r.Digest}, Verdict: verdict})
	}
	statement, err := claim.NewScanStatement(scan, m, claim.ScanDetails{Time: at, Configuration: picket.SHA256([32]byte{})})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := evidence.Sign(t.Context(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := claimstore.Append(g.claims, bundle); err != nil {
		t.Fatal(err)
	}
}

// gate runs the command and returns its exit code and decision.
func (g *gateModel) gate(t *testing.T) (int, gateDocument) {
	t.Helper()
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }}
	code := Execute(context.Background(), env, []string{"gate", g.dir, "--policy", g.policy,
		"--trust", filepath.Join(filepath.Dir(g.policy), "keys"), "--format", "json"})
	var doc gateDocument
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("exit code %d: %v\n%s%s", code, err, out.String(), errs.String())
	}
	return code, doc
}

// TestGateDenies: each way to weaken the chain makes the gate deny, with the reason.
func TestGateDenies(t *testing.T) {
	now := time.Now()
	flip := func(t *testing.T, name string, at int) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data[at] ^= 1
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		weaken func(t *testing.T, g *gateModel)
		rule   string
	}{
		"one changed byte":         {func(t *testing.T, g *gateModel) { flip(t, filepath.Join(g.dir, "a.bin"), 0) }, "gate.scan-result"},
		"one removed claim line":   {func(t *testing.T, g *gateModel) { os.Remove(g.claims) }, "gate.scan-result"},
		"the signature removed":    {func(t *testing.T, g *gateModel) { os.Remove(filepath.Join(g.dir, evidence.SignatureFile)) }, "signed"},
		"a flipped bit in a claim": {func(t *testing.T, g *gateModel) { flip(t, g.claims, 900) }, "gate.claims"},
		"one foreign key": {func(t *testing.T, g *gateModel) {
			os.Remove(g.claims)
			g.claim(t, g.newKey(t), picket.Clean, now)
		}, "gate.scan-result"},
		"one older malicious result": {func(t *testing.T, g *gateModel) {
			g.claim(t, g.key, picket.Malicious, now.AddDate(-5, 0, 0))
			g.claim(t, g.key, picket.Clean, now)
		}, "gate.malicious"},
		"one older suspicious result": {func(t *testing.T, g *gateModel) { g.claim(t, g.key, picket.Suspicious, now.AddDate(-5, 0, 0)) }, "verdict"},
		"one incomplete result":       {func(t *testing.T, g *gateModel) { g.claim(t, g.key, picket.Incomplete, now) }, "verdict"},
		"one added file": {func(t *testing.T, g *gateModel) {
			if err := os.WriteFile(filepath.Join(g.dir, "c.py"), []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "gate.scan-result"},
		"one renamed file": {func(t *testing.T, g *gateModel) {
			if err := os.Rename(filepath.Join(g.dir, "a.bin"), filepath.Join(g.dir, "a.pkl")); err != nil {
				t.Fatal(err)
			}
		}, "gate.scan-result"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateModel(t)
			g.claim(t, g.key, picket.Clean, now)
			if code, doc := g.gate(t); code != exitOK || !doc.Allow {
				t.Fatalf("before: exit code %d, %v", code, doc.Reasons)
			}
			tt.weaken(t, g)
			code, doc := g.gate(t)
			if code != exitFinding || doc.Allow || doc.Allowed {
				t.Errorf("exit code %d, %+v", code, doc)
			}
			for _, b := range doc.Blocks {
				if b.Rule == tt.rule && b.Owner != "" && b.Remedy != "" {
					return
				}
			}
			t.Errorf("no reason %s in %+v", tt.rule, doc.Blocks)
		})
	}
}

// TestForeignClaimsDoNotCount: a stranger's claim neither clears nor condemns.
func TestForeignClaimsDoNotCount(t *testing.T) {
	g := newGateModel(t)
	g.claim(t, g.key, picket.Clean, time.Now())
	g.claim(t, g.newKey(t), picket.Malicious, time.Now())
	code, doc := g.gate(t)
	if code != exitOK || len(doc.Claims) != 3 || doc.Claims[2].Counts || doc.Claims[2].Failure == "" {
		t.Errorf("exit code %d, claims %+v", code, doc.Claims)
	}
}
