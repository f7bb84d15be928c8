package certificate

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// python runs the reference tool and returns whether it was content.
func python(t *testing.T, tool string, args ...string) (bool, string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return err == nil, out.String()
}

// put writes a file and returns its name.
func put(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// model makes a folder with two files and hashes it.
func model(t *testing.T) (string, *evidence.Manifest) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "config.json", []byte("{}"))
	put(t, dir, "weights.bin", []byte("weights"))
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	tree, ok := root.FS().(evidence.Tree)
	if !ok {
		t.Fatal("os.Root.FS does not read links")
	}
	m, err := evidence.HashTree(t.Context(), tree, evidence.Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func TestPythonVerifiesOurCertificates(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	dir, m := model(t)
	a := newAuthorities(t)
	signer, err := NewSigner(keyOf(t, a.leaf), a.leaf.PEM(), a.middle.PEM(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.SignModel(t.Context(), m, signer)
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sig := put(t, t.TempDir(), "model.sig", text)
	verify := func(root *pki.Holder) (bool, string) {
		return python(t, tool, "verify", "certificate", dir, "--signature", sig, "--certificate_chain", put(t, t.TempDir(), "root.pem", root.PEM()))
	}
	if ok, out := verify(a.root); !ok {
		t.Errorf("the Python tool does not verify our bundle: %s", out)
	}
	if ok, out := verify(newAuthorities(t).root); ok {
		t.Errorf("the Python tool verifies it under another root: %s", out)
	}
}

func TestWeVerifyPythonCertificates(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	dir, m := model(t)
	now := time.Now()
	past := pki.Valid(now.Add(-30*time.Minute), now.Add(-10*time.Minute))
	for name, test := range map[string]struct {
		changes []pki.Change
		o       Options
		root    bool // the Python tool is given the root for the chain too
		good    bool
	}{
		"a chain":                   {good: true},
		"a chain with its root":     {root: true, good: true},
		"expired":                   {changes: []pki.Change{past}},
		"expired, at signing time":  {changes: []pki.Change{past}, o: Options{AtSigningTime: true}, good: true},
		"in force, at signing time": {o: Options{AtSigningTime: true}, good: true},
	} {
		a := newAuthorities(t, test.changes...)
		keys := t.TempDir()
		args := []string{"sign", "certificate", dir, "--signature", filepath.Join(keys, "out.sig"),
			"--private_key", put(t, keys, "k.pem", a.leaf.KeyPEM(t)), "--signing_certificate", put(t, keys, "leaf.pem", a.leaf.PEM()),
			"--certificate_chain", put(t, keys, "middle.pem", a.middle.PEM())}
		if test.root {
			args = append(args, "--certificate_chain", put(t, keys, "root.pem", a.root.PEM()))
		}
		if ok, out := python(t, tool, args...); !ok {
			t.Fatalf("%s: sign: %s", name, out)
		}
		text, err := os.ReadFile(filepath.Join(keys, "out.sig"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := evidence.ParseBundle(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		proof, err := newAuthority(t, test.o, a.root).Verify(b, now)
		if (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		s, err := evidence.ParseStatement(proof.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if s.Subject != m.PythonDigest() {
			t.Errorf("%s: subject %s, want %s", name, s.Subject, m.PythonDigest())
		}
	}
}
