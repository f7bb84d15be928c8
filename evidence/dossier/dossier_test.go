package dossier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/internal/testkit"
)

var asOf = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// sample is a model whose names need care, and where it lies.
func sample(t *testing.T) (dir string, m *evidence.Manifest) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "model")
	tree := fstest.MapFS{}
	for _, name := range []string{"weights.bin", "a b.txt", `back\slash`, "line\nbreak", "sub/ü"} {
		tree[name] = &fstest.MapFile{Data: []byte("content of " + name), Mode: 0o644}
		full := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, tree[name].Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := evidence.HashTree(context.Background(), tree, evidence.Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// claimed signs a scan result about m at a time.
func claimed(t *testing.T, m *evidence.Manifest, key *evidence.PrivateKey, at time.Time) *claim.Claim {
	t.Helper()
	scan := picket.Scan{Tool: "picket test", Target: "model"}
	for _, r := range m.Resources {
		scan.Results = append(scan.Results, picket.Result{Artifact: picket.Artifact{Name: "model/" + r.Name, Digest: r.Digest}, Verdict: picket.Clean})
	}
	statement, err := claim.NewScanStatement(scan, m, claim.ScanDetails{Time: at, Configuration: picket.SHA256(sha256.Sum256(nil))})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := claim.KindOf(claim.TypeScanResult)
	return &claim.Claim{Source: "claims.jsonl line 1", Bundle: bundle, Signer: "ci", Kind: kind, PredicateType: kind.Type, Subject: m.Digest(),
		Proof: &evidence.Proof{Payload: statement}}
}

// content is a dossier with a claim by a key of each curve, one that is too late, and one that cannot be read.
func content(t *testing.T) (dir string, c Content) {
	t.Helper()
	dir, m := sample(t)
	keys := map[string]*evidence.PublicKey{}
	c = Content{Manifest: m, AsOf: asOf, Tool: "picket test", Beside: map[string][]byte{"policy.yaml": []byte("version: 1\n")},
		Key: func(hint string) (*evidence.PublicKey, bool) { k, ok := keys[hint]; return k, ok }}
	for _, curve := range []evidence.Curve{evidence.P256, evidence.P384, evidence.P521} {
		key, err := evidence.GenerateKey(curve)
		if err != nil {
			t.Fatal(err)
		}
		keys[key.Public().Hint()] = key.Public()
		c.Claims = append(c.Claims, claimed(t, m, key, asOf.Add(-time.Hour)))
		if curve == evidence.P521 {
			c.Claims = append(c.Claims, claimed(t, m, key, asOf.Add(time.Hour)))
		}
	}
	c.Claims = append(c.Claims, claim.Unreadable("claims.jsonl", errors.New("line 5 is damaged\x1b[2J")))
	return dir, c
}

// laid writes a dossier to disk.
func laid(t *testing.T, c Content) (string, map[string][]byte) {
	t.Helper()
	files, err := Files(c)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range files {
		full := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, files
}

// verify runs the auditor's script.
func verify(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	for _, tool := range []string{"openssl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			testkit.Missing(t, "%s is not installed", tool)
		}
	}
	out, err := exec.CommandContext(t.Context(), "sh", append([]string{filepath.Join(dir, "verify.sh")}, args...)...).CombinedOutput()
	return string(out), err
}

func TestAuditorVerifiesWithStockTools(t *testing.T) {
	model, c := content(t)
	dir, files := laid(t, c)
	out, err := verify(t, dir, model)
	if err != nil || strings.Count(out, "signature holds") != 3 || !strings.Contains(out, "files are unchanged") {
		t.Fatalf("%v\n%s", err, out)
	}
	index := string(files["index.json"])
	if strings.Count(index, `"folder"`) != 4 || strings.Contains(index, "line 2") {
		t.Errorf("the index lists what did not exist yet, or too little:\n%s", index)
	}
	readme := string(files["README.txt"])
	for _, want := range []string{"1 later ones are left out", "self-asserted", string(c.Manifest.Digest()), "by nobody in the trust root  (unknown)  did not count: format: line 5 is damaged"} {
		if !strings.Contains(readme, want) {
			t.Errorf("README.txt does not say %q:\n%s", want, readme)
		}
	}
	if bytes.ContainsRune(files["README.txt"], 0x1b) {
		t.Error("README.txt would control the terminal")
	}
	if string(files["context/policy.yaml"]) != "version: 1\n" {
		t.Error("the policy is missing")
	}
}

func TestAuditorSeesChanges(t *testing.T) {
	model, c := content(t)
	for name, change := range map[string]func(dir string) error{
		"a signed byte": func(dir string) error { return flip(filepath.Join(dir, "claims/001-scan-result/signed.bin")) },
		"a signature":   func(dir string) error { return flip(filepath.Join(dir, "claims/002-scan-result/signature.der")) },
		"another key": func(dir string) error {
			other, err := os.ReadFile(filepath.Join(dir, "claims/001-scan-result/key.pem"))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, "claims/003-scan-result/key.pem"), other, 0o600))
		},
		"a missing file": func(string) error {
			return os.Rename(filepath.Join(model, "weights.bin"), filepath.Join(model, "moved"))
		},
	} {
		dir, _ := laid(t, c)
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(t, dir, model); err == nil {
			t.Errorf("%s: not seen:\n%s", name, out)
		}
	}
}

func TestAuditorSeesWhatWasAdded(t *testing.T) {
	model, c := content(t)
	dir, _ := laid(t, c)
	for _, name := range []string{"model.sig", "claims.jsonl", ".gitignore"} { // no digest covers them
		if err := os.WriteFile(filepath.Join(model, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := verify(t, dir, model); err != nil {
		t.Errorf("files that no claim covers: %v\n%s", err, out)
	}
	for _, name := range []string{"evil.py", ".hidden", "two\nlines"} {
		added := filepath.Join(model, name)
		if err := os.WriteFile(added, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(t, dir, model); err == nil || !strings.Contains(out, "FILES WERE ADDED") {
			t.Errorf("%q was added: %v\n%s", name, err, out)
		}
		if err := os.Remove(added); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditorVerifiesOneFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), `odd\name.gguf`)
	if err := os.WriteFile(file, []byte("weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := evidence.HashFile(t.Context(), os.DirFS(filepath.Dir(file)), filepath.Base(file), evidence.Options{Name: filepath.Base(file)})
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := laid(t, Content{Manifest: m, AsOf: asOf})
	if out, err := verify(t, dir, file); err != nil || !strings.Contains(out, "file is unchanged") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify(t, dir, file+".gone"); err == nil {
		t.Errorf("a file that is not there: %s", out)
	}
	if err := flip(file); err != nil {
		t.Fatal(err)
	}
	if out, err := verify(t, dir, file); err == nil || !strings.Contains(out, "FILE DIFFERS") {
		t.Errorf("another file: %v\n%s", err, out)
	}
}

// flip changes the last byte of a file.
func flip(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	data[len(data)-1] ^= 1
	return os.WriteFile(name, data, 0o600)
}

func TestSameContentSameDossier(t *testing.T) {
	_, c := content(t)
	first, err := Files(c)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Files(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range first {
		if !bytes.Equal(data, second[name]) {
			t.Errorf("%s differs", name)
		}
	}
	c.Beside["../policy.yaml"] = nil
	if _, err := Files(c); err == nil {
		t.Error("a file outside of the dossier is accepted")
	}
}
