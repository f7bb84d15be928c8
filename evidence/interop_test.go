package evidence

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/testkit"
)

// runTool runs the reference tool and returns whether it was content.
func runTool(t *testing.T, tool string, args ...string) (bool, string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return err == nil, out.String()
}

// keyFiles writes a key pair as the tools expect it.
func keyFiles(t *testing.T, key *PrivateKey) (private, public string) {
	t.Helper()
	dir := t.TempDir()
	private, public = filepath.Join(dir, "k.pem"), filepath.Join(dir, "k.pub")
	secret, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{private: secret, public: text} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return private, public
}

// signFile signs what m lists and writes the bundle.
func signFile(t *testing.T, m *Manifest, key *PrivateKey, name string) {
	t.Helper()
	signForm(t, m, key, name, Form{})
}

// signForm is signFile for any form.
func signForm(t *testing.T, m *Manifest, key *PrivateKey, name string, form Form) {
	t.Helper()
	statement, err := ModelStatement(m, form)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Sign(context.Background(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, encoded(t, b), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hashDisk(t *testing.T, dir string, opts Options) *Manifest {
	t.Helper()
	opts.Name = filepath.Base(dir)
	m, err := HashTree(context.Background(), onDisk(t, dir), opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPythonVerifiesOurBundles(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	for _, c := range []Curve{P256, P384, P521} {
		key := newKey(t, c)
		_, public := keyFiles(t, key)
		dir := t.TempDir()
		write(t, dir, sample())
		write(t, dir, map[string]string{".git/HEAD": "x", ".gitattributes": "x", "claims.jsonl": "x"})
		sig := filepath.Join(dir, SignatureFile)
		signFile(t, hashDisk(t, dir, Options{}), key, sig)
		verify := []string{"verify", "key", dir, "--signature", sig, "--public_key", public}
		if ok, out := runTool(t, tool, verify...); !ok {
			t.Errorf("%s: %s", c, out)
		}
		write(t, dir, map[string]string{"x/a": "One\n"})
		if ok, out := runTool(t, tool, verify...); ok {
			t.Errorf("%s: a changed model passes: %s", c, out)
		}
	}
}

func TestPythonVerifiesOurSingleFiles(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	key := newKey(t, P256)
	_, public := keyFiles(t, key)
	dir := t.TempDir()
	write(t, dir, map[string]string{"model.bin": "weights"})
	m, err := HashFile(context.Background(), os.DirFS(dir), "model.bin", Options{Name: "model.bin"})
	if err != nil {
		t.Fatal(err)
	}
	sig := filepath.Join(t.TempDir(), "file.sig")
	for _, python := range []bool{true, false} {
		signForm(t, m, key, sig, Form{Python: python})
		// The specification names a single file; the Python tool looks for ".".
		if ok, out := runTool(t, tool, "verify", "key", filepath.Join(dir, "model.bin"), "--signature", sig, "--public_key", public); ok != python {
			t.Errorf("for Python %v: %s", python, out)
		}
	}
}

func TestWeVerifyPythonBundles(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	key := newKey(t, P256)
	private, _ := keyFiles(t, key)
	dir := t.TempDir()
	write(t, dir, sample())
	write(t, dir, map[string]string{".git/HEAD": "x", ".gitattributes": "signed too"})
	outside := filepath.Join(t.TempDir(), "out.sig")
	for name, args := range map[string][]string{
		"in the tree":     {"--signature", filepath.Join(dir, SignatureFile)},
		"beside the tree": {"--signature", outside},
		"git names too":   {"--signature", outside, "--no-ignore-git-paths"},
	} {
		if ok, out := runTool(t, tool, append([]string{"sign", "key", dir, "--private_key", private}, args...)...); !ok {
			t.Fatalf("%s: sign: %s", name, out)
		}
		bundle, err := os.ReadFile(args[1])
		if err != nil {
			t.Fatal(err)
		}
		sig, err := VerifyModel(bundle, key.Public())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m := hashDisk(t, dir, sig.Options(Options{}))
		if diffs := sig.Compare(m); len(diffs) != 0 {
			t.Errorf("%s: %v", name, diffs)
		}
		if sig.Root != m.PythonDigest() || sig.Root == m.Digest() {
			t.Errorf("%s: root %s, python order %s, specification order %s", name, sig.Root, m.PythonDigest(), m.Digest())
		}
		write(t, dir, map[string]string{"x-b": "TWO\n"})
		if diffs := sig.Compare(hashDisk(t, dir, sig.Options(Options{}))); len(diffs) != 1 || !strings.Contains(diffs[0].String(), "x-b was changed") {
			t.Errorf("%s: after a change: %v", name, diffs)
		}
		write(t, dir, sample())
	}
}

func TestWeVerifyPythonSingleFiles(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	key := newKey(t, P384)
	private, _ := keyFiles(t, key)
	dir := t.TempDir()
	write(t, dir, map[string]string{"model.bin": "weights"})
	out := filepath.Join(t.TempDir(), "out.sig")
	if ok, text := runTool(t, tool, "sign", "key", filepath.Join(dir, "model.bin"), "--private_key", private, "--signature", out); !ok {
		t.Fatal(text)
	}
	bundle, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := VerifyModel(bundle, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	m, err := HashFile(context.Background(), os.DirFS(dir), "model.bin", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diffs := sig.Compare(m); len(diffs) != 0 {
		t.Errorf("differences: %v", diffs)
	}
}

// TestSymbolicLinksInBothTools: links to files are hashed by what they point to, under their own names.
func TestSymbolicLinksInBothTools(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	key := newKey(t, P256)
	private, public := keyFiles(t, key)
	dir := t.TempDir()
	write(t, dir, sample())
	if err := os.Symlink("x-b", filepath.Join(dir, "link")); err != nil {
		testkit.Missing(t, "links cannot be made here: %v", err)
	}
	sig := filepath.Join(t.TempDir(), "out.sig")
	opts := Options{AllowSymlinks: true}
	signFile(t, hashDisk(t, dir, opts), key, sig)
	if ok, out := runTool(t, tool, "verify", "key", dir, "--signature", sig, "--public_key", public, "--allow_symlinks"); !ok {
		t.Error(out)
	}
	if ok, out := runTool(t, tool, "sign", "key", dir, "--private_key", private, "--signature", sig, "--allow_symlinks"); !ok {
		t.Fatal(out)
	}
	bundle, err := os.ReadFile(sig)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := VerifyModel(bundle, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if diffs := parsed.Compare(hashDisk(t, dir, parsed.Options(opts))); !parsed.AllowSymlinks || len(diffs) != 0 {
		t.Errorf("links allowed %v, differences %v", parsed.AllowSymlinks, diffs)
	}
	if _, err := HashTree(context.Background(), onDisk(t, dir), parsed.Options(Options{})); err == nil {
		t.Error("the signature alone made us follow a link")
	}
}

// TestPythonIgnoreListNeedsTheOperator: what the Python tool left out at the signer's wish is not passed over here.
func TestPythonIgnoreListNeedsTheOperator(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	key := newKey(t, P256)
	private, _ := keyFiles(t, key)
	dir := t.TempDir()
	write(t, dir, sample())
	sig := filepath.Join(t.TempDir(), "out.sig")
	if ok, out := runTool(t, tool, "sign", "key", dir, "--private_key", private, "--signature", sig, "--ignore-paths", filepath.Join(dir, "x")); !ok {
		t.Fatal(out)
	}
	bundle, err := os.ReadFile(sig)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := VerifyModel(bundle, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	diffs := parsed.Compare(hashDisk(t, dir, parsed.Options(Options{})))
	if len(diffs) != 2 || diffs[0].Kind != Unsigned || diffs[1].Kind != Unsigned {
		t.Errorf("differences %v", diffs)
	}
	if diffs := parsed.Compare(hashDisk(t, dir, parsed.Options(Options{Ignore: []string{"x"}}))); len(diffs) != 0 {
		t.Errorf("with the operator's word: %v", diffs)
	}
}
