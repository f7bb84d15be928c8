package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/internal/testkit"
)

// fixedSigner signs by RFC 6979 with a key that follows from its name: every run makes the same bytes.
type fixedSigner struct {
	key    *ecdsa.PrivateKey
	public *evidence.PublicKey
	hash   crypto.Hash
}

// Public implements evidence.Signer.
func (f *fixedSigner) Public() *evidence.PublicKey { return f.public }

// Sign implements evidence.Signer.
func (f *fixedSigner) Sign(_ context.Context, message []byte) ([]byte, error) {
	h := f.hash.New()
	h.Write(message)
	return f.key.Sign(nil, h.Sum(nil), f.hash)
}

func newFixedSigner(t testing.TB, curve elliptic.Curve, hash crypto.Hash, name string) *fixedSigner {
	t.Helper()
	size := (curve.Params().BitSize + 7) / 8
	scalar := make([]byte, size)
	sum := sha256.Sum256([]byte("tampers: " + name))
	copy(scalar[size-min(size, len(sum)):], sum[:])
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := evidence.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return &fixedSigner{key, public, hash}
}

// pem is the public key, as files hold it.
func (f *fixedSigner) pem(t testing.TB) []byte {
	t.Helper()
	text, err := f.public.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// secrets are the forms in which a private key could show up in an output.
func (f *fixedSigner) secrets(t testing.TB) []string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(f.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(der)
	return []string{text[40:80], hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw)[:40]}
}

// specimen is a small model with everything that the release policy asks for.
type specimen struct {
	base     string
	signers  map[string]*fixedSigner
	secrets  []string
	manifest *evidence.Manifest
	files    map[string]string
	sig      []byte   // model.sig
	lines    [][]byte // of claims.jsonl: facts, and a head of them in the last line
	head     []byte   // the same head, kept elsewhere
}

// Names that one file system holds apart and another may not: the same letters in two Unicode forms, and in two cases.
const (
	composed   = "docs/caf\u00e9.txt"
	decomposed = "docs/cafe\u0301.txt"
)

// specimenFiles are less than 200 bytes in all.
func specimenFiles() map[string]string {
	return map[string]string{
		"config.json": `{"layers":2}`, "Config.json": `{"layers":3}`, composed: "one form\n", decomposed: "another\n",
		"weights/a-b.bin": "\x00\x01\x02\x03weights", "weights/a/part.bin": "\xff\xfe shard", "weights/z.bin": "last",
	}
}

// specimenTrust says who may do what. Stranger is not in it.
const specimenTrust = `version: 2
project: specimen
identities:
  - {name: release, key: {file: release.pub}, may: [signature, manifest]}
  - {name: scanner, key: {file: scanner.pub}, may: [scan-result, bom, vulnerability-status]}
  - {name: trainer, key: {file: trainer.pub}, may: [training-run, evaluation]}
  - {name: ada, key: {file: ada.pub}, may: [review]}
  - {name: bob, key: {file: bob.pub}, may: [review]}
  - {name: carol, key: {file: carol.pub}, may: [approval]}
  - {name: clerk, key: {file: clerk.pub}, may: [head, declaration]}
  - {name: guest, key: {file: guest.pub}, may: [dataset-profile]}
  - {name: ended, key: {file: ended.pub}, may: [all], until: 2026-06-01}
  - {name: later, key: {file: later.pub}, may: [all], from: 2026-06-02}
  - {name: leaked, key: {file: leaked.pub}, may: [all], revoked: {at: 2026-05-01, reason: compromised}}
`

// unfit are those whose word counts for nothing, whatever they sign.
func unfit() []string { return []string{"guest", "ended", "later", "leaked", "stranger"} }

func specimenSigners() []string {
	return append([]string{"release", "scanner", "trainer", "ada", "bob", "carol", "clerk"}, unfit()...)
}

// newSpecimen makes it, with the same bytes every time.
func newSpecimen(t testing.TB) *specimen {
	t.Helper()
	sp := &specimen{base: t.TempDir(), signers: map[string]*fixedSigner{}, files: specimenFiles()}
	for _, name := range specimenSigners() {
		sp.signers[name] = newFixedSigner(t, elliptic.P256(), crypto.SHA256, name)
		sp.secrets = append(sp.secrets, sp.signers[name].secrets(t)...)
		write(t, filepath.Join(sp.base, name+".pub"), sp.signers[name].pem(t))
	}
	write(t, filepath.Join(sp.base, "trust.yaml"), []byte(specimenTrust))
	model := filepath.Join(sp.base, "model")
	for name, text := range sp.files {
		write(t, filepath.Join(model, filepath.FromSlash(name)), []byte(text))
	}
	sp.manifest = manifestOf(t, model)
	if got := len(sp.manifest.Resources); got != len(sp.files) {
		testkit.Missing(t, "this file system does not tell names apart by case and Unicode form: %d of %d files are left", got, len(sp.files))
	}
	sp.sig, sp.lines = sp.signature(t, sp.manifest), sp.facts(t, sp.manifest)
	sp.head = sp.headOf(t, sp.lines, "clerk", nil)
	sp.lines = append(sp.lines, sp.head)
	write(t, filepath.Join(model, evidence.SignatureFile), sp.sig)
	write(t, filepath.Join(model, evidence.ClaimsFile), joined(sp.lines))
	write(t, filepath.Join(sp.base, "head.json"), sp.head)
	return sp
}

// write makes a file and its folders.
func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// joined is a file of lines.
func joined(lines [][]byte) []byte {
	var b bytes.Buffer
	for _, line := range lines {
		b.Write(append(slices.Clone(line), '\n'))
	}
	return b.Bytes()
}

// manifestOf hashes a folder.
func manifestOf(t testing.TB, dir string) *evidence.Manifest {
	t.Helper()
	c, err := findContent(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.hash(t.Context(), evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sealed signs a statement.
func (sp *specimen) sealed(t testing.TB, payload []byte, who string) []byte {
	t.Helper()
	return signedBy(t, payload, sp.signers[who])
}

func signedBy(t testing.TB, payload []byte, signer evidence.Signer) []byte {
	t.Helper()
	b, err := evidence.Sign(t.Context(), payload, signer)
	if err != nil {
		t.Fatal(err)
	}
	line, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// signature signs a model.
func (sp *specimen) signature(t testing.TB, m *evidence.Manifest) []byte {
	t.Helper()
	payload, err := evidence.ModelStatement(m, evidence.Form{})
	if err != nil {
		t.Fatal(err)
	}
	return sp.sealed(t, payload, "release")
}

// facts are the claims about a model, each by who may make it.
func (sp *specimen) facts(t testing.TB, m *evidence.Manifest) [][]byte {
	t.Helper()
	made, yes := tamperNow().Add(-time.Hour), true
	lines := [][]byte{sp.sealed(t, scanOf(t, m, picket.Clean, made), "scanner")}
	say := func(who string, p claim.Predicate) {
		payload, err := claim.About(m, p)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, sp.sealed(t, payload, who))
	}
	review := &claim.Review{Time: made, Reviewer: "Ada", Outcome: "approved"}
	say("scanner", &claim.BOM{Format: "CycloneDX", Document: bill(t, m)})
	say("release", claim.NewManifest(m, made))
	say("trainer", &claim.TrainingRun{Time: made, Inputs: []claim.TrainingInput{{Role: claim.RoleData, Name: "train.csv", Digest: picket.SHA256([32]byte{1})}}})
	for _, kind := range []string{claim.Performance, claim.Robustness, claim.Fairness} {
		say("trainer", &claim.Evaluation{Time: made, Suite: "suite", Type: kind, Metrics: []claim.Metric{{Name: "accuracy", Value: 0.9, Passed: &yes}}})
	}
	say("clerk", &claim.Declaration{Time: made, Owner: "risk", Use: "scoring", Impact: claim.Impact{Leak: "low", Fraud: "high", Regulator: "low", Disruption: "low"}})
	say("carol", &claim.Approval{Time: made, Environments: []string{"staging"}, Expires: tamperNow().AddDate(1, 0, 0)})
	say("carol", &claim.Approval{Time: made, Environments: []string{"production"}, Expires: tamperNow().AddDate(1, 0, 0)})
	say("ada", review)
	say("bob", review)
	return lines
}

// scanOf is the statement of a scan of every file.
func scanOf(t testing.TB, m *evidence.Manifest, verdict picket.Verdict, at time.Time) []byte {
	t.Helper()
	scan := picket.Scan{Tool: "picket test", Target: "m"}
	for _, r := range m.Resources {
		scan.Results = append(scan.Results, picket.Result{Artifact: picket.Artifact{Name: "m/" + r.Name, Digest: r.Digest}, Verdict: verdict})
	}
	payload, err := claim.NewScanStatement(scan, m, claim.ScanDetails{Time: at, Configuration: picket.SHA256([32]byte{})})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// bill lists every file.
func bill(t testing.TB, m *evidence.Manifest) json.RawMessage {
	t.Helper()
	components := []any{}
	for _, r := range m.Resources {
		components = append(components, map[string]any{"type": "file", "name": r.Name,
			"hashes": []any{map[string]any{"alg": "SHA-256", "content": r.Digest.Hex()}}})
	}
	text, err := json.Marshal(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// entriesOf reads lines as a file of claims is read.
func entriesOf(t testing.TB, lines [][]byte) []claim.Entry {
	t.Helper()
	read, err := claimstore.Read(bytes.NewReader(joined(lines)))
	if err != nil {
		t.Fatal(err)
	}
	var entries []claim.Entry
	for _, e := range read {
		entries = append(entries, claim.Entry{File: evidence.ClaimsFile, Line: e.Line, Leaf: e.Leaf, Bundle: e.Bundle})
	}
	return entries
}

// headOf signs the head of lines, after a change to it.
func (sp *specimen) headOf(t testing.TB, lines [][]byte, who string, change func(*claim.Head)) []byte {
	t.Helper()
	head, err := claim.NewHead(entriesOf(t, lines))
	if err != nil {
		t.Fatal(err)
	}
	head.Time = tamperNow().Add(-time.Minute)
	if change != nil {
		change(head)
	}
	payload, err := claim.NewStatement("model", head.Root, head)
	if err != nil {
		t.Fatal(err)
	}
	return sp.sealed(t, payload, who)
}

// names are the files in order.
func (sp *specimen) names() []string { return slices.Sorted(maps.Keys(sp.files)) }
