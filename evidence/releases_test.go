package evidence

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/internal/testkit"
)

// job is one run of testdata/oms.py.
type job struct {
	Action      string   `json:"action"`
	Model       string   `json:"model"`
	Signature   string   `json:"signature"`
	Key         string   `json:"key"`
	Public      string   `json:"public"`
	Certificate string   `json:"certificate"`
	Chain       []string `json:"chain"`
	Hash        string   `json:"hash"`
	Shard       int64    `json:"shard"`
	Ignore      []string `json:"ignore"`
	Symlinks    bool     `json:"symlinks"`
	Git         bool     `json:"git"`
	Guess       bool     `json:"guess"`
}

// run runs the job in one release of the Python tool and returns whether it was content.
func (j job) run(t *testing.T, release release) (bool, string) {
	t.Helper()
	if j.Hash == "" {
		j.Hash = "sha256"
	}
	if j.Chain == nil {
		j.Chain = []string{}
	}
	if j.Ignore == nil {
		j.Ignore = []string{}
	}
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return runTool(t, release.python(t), filepath.Join("testdata", "oms.py"), string(text))
}

// release is a release of the Python tool model_signing and the virtual environment that holds it.
type release struct{ version, venv string }

// releases are those whose bundles must verify here.
func releases() []release {
	return []release{{"0.2.0", "oms02"}, {"0.3.1", "oms03"}, {"1.0.1", "oms10"}, {"1.1.1", ""}}
}

// modern are those that write and read version 1.0 of the format.
func modern() []release { return releases()[1:] }

// python is the interpreter that has the release.
func (r release) python(t *testing.T) string {
	t.Helper()
	if r.venv == "" {
		return testkit.Venv(t, "python")
	}
	return testkit.Venv(t, filepath.Join("..", r.venv, "bin", "python"))
}

// cut is a model that small shards cut in several ways: exactly, with a rest, not at all, and with nothing in it.
func cut() map[string]string {
	return map[string]string{
		"w.bin": "0123456789abcdefghijk", "exact": "01234567", "small": "x", "x/a": "12345678901", "x-b": "two", "empty": "",
	}
}

// serializations are what the Python tool can make, with the names that it has for the hashes.
func serializations() map[string]job {
	return map[string]job{
		"files sha256":  {Hash: "sha256"},
		"files blake2":  {Hash: "blake2"},
		"files blake3":  {Hash: "blake3"},
		"shards sha256": {Hash: "sha256", Shard: 8},
		"shards blake2": {Hash: "blake2", Shard: 8},
	}
}

// verifyHere checks content against a bundle as picket verify does.
func verifyHere(t *testing.T, dir, bundle string, key *PublicKey, opts Options) (*ModelSignature, []Difference) {
	t.Helper()
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := VerifyModel(data, key)
	if err != nil {
		t.Fatal(err)
	}
	return sig, sig.Compare(hashDisk(t, dir, sig.Options(opts)))
}

func TestEveryReleaseSignsForUs(t *testing.T) {
	for _, r := range releases() {
		for _, c := range []Curve{P256, P384, P521} {
			for name, how := range serializations() {
				if how.Hash == "blake3" && r.version != "1.1.1" || how.Shard > 0 && r.version == "0.2.0" || c != P256 && name != "files sha256" {
					continue // a method that the release does not have, or its old form of shards, or a combination that adds nothing
				}
				key := newKey(t, c)
				dir := t.TempDir()
				write(t, dir, cut())
				how.Action, how.Model, how.Signature = "sign", dir, filepath.Join(t.TempDir(), "model.sig")
				how.Key, _ = keyFiles(t, key)
				if ok, out := how.run(t, r); !ok {
					t.Fatalf("%s, %s, %s: sign: %s", r.version, c, name, out)
				}
				sig, diffs := verifyHere(t, dir, how.Signature, key.Public(), Options{})
				if len(diffs) != 0 || sig.Serialization.ShardSize != how.Shard || !strings.HasPrefix(string(sig.Serialization.Hash), how.Hash) {
					t.Errorf("%s, %s, %s: %v, %v", r.version, c, name, sig.Serialization, diffs)
				}
				write(t, dir, map[string]string{"w.bin": "0123456789abcdefghijK"})
				if _, diffs := verifyHere(t, dir, how.Signature, key.Public(), Options{}); len(diffs) != 1 || diffs[0].Kind != Changed {
					t.Errorf("%s, %s, %s: after a change: %v", r.version, c, name, diffs)
				}
			}
		}
	}
}

func TestWeSignForEveryRelease(t *testing.T) {
	for _, r := range modern() {
		for name, how := range serializations() {
			if how.Hash == "blake3" && r.version != "1.1.1" {
				continue
			}
			key := newKey(t, P256)
			dir := t.TempDir()
			write(t, dir, cut())
			how.Action, how.Model, how.Signature = "verify", dir, filepath.Join(t.TempDir(), "model.sig")
			_, how.Public = keyFiles(t, key)
			hash, err := ParseHash(how.Hash)
			if err != nil {
				t.Fatal(err)
			}
			form := Form{Serialization: Serialization{hash, how.Shard}, Python: true}
			signForm(t, hashDisk(t, dir, Options{Also: []Serialization{form.Serialization}}), key, how.Signature, form)
			// Told how to hash, and left to find out from the bundle.
			for _, how.Guess = range []bool{false, true} {
				if ok, out := how.run(t, r); !ok {
					t.Errorf("%s, %s, guess %v: %s", r.version, name, how.Guess, out)
				}
			}
			write(t, dir, map[string]string{"w.bin": "0123456789abcdefghijK"})
			if ok, out := how.run(t, r); ok {
				t.Errorf("%s, %s: a changed model passes: %s", r.version, name, out)
			}
		}
	}
}

func TestEveryReleaseSignsSingleFilesForUs(t *testing.T) {
	for _, r := range releases() {
		key := newKey(t, P256)
		dir := t.TempDir()
		write(t, dir, map[string]string{"model.bin": "0123456789"})
		for _, shard := range []int64{0, 4} {
			if shard > 0 && r.version == "0.2.0" {
				continue
			}
			j := job{Action: "sign", Model: filepath.Join(dir, "model.bin"), Signature: filepath.Join(t.TempDir(), "x.sig"), Shard: shard}
			j.Key, j.Public = keyFiles(t, key)
			if ok, out := j.run(t, r); !ok {
				t.Fatalf("%s: %s", r.version, out)
			}
			data, err := os.ReadFile(j.Signature)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := VerifyModel(data, key.Public())
			if err != nil {
				t.Fatal(err)
			}
			m, err := HashFile(context.Background(), os.DirFS(dir), "model.bin", sig.Options(Options{Name: "model.bin"}))
			if err != nil {
				t.Fatal(err)
			}
			if diffs := sig.Compare(m); len(diffs) != 0 {
				t.Errorf("%s, shards of %d: %v", r.version, shard, diffs)
			}
			if r.version == "0.2.0" {
				continue
			}
			signForm(t, m, key, j.Signature, Form{Serialization: sig.Serialization, Python: true})
			j.Action, j.Guess = "verify", true
			if ok, out := j.run(t, r); !ok {
				t.Errorf("%s, shards of %d: %s", r.version, shard, out)
			}
		}
	}
}

func TestIgnoreListsOfEveryRelease(t *testing.T) {
	for _, r := range releases() {
		key := newKey(t, P256)
		dir := t.TempDir()
		write(t, dir, cut())
		write(t, dir, map[string]string{"code/a.py": "x", "code.py": "y"})
		j := job{Action: "sign", Model: dir, Signature: filepath.Join(t.TempDir(), "x.sig"), Ignore: []string{filepath.Join(dir, "code")}}
		j.Key, j.Public = keyFiles(t, key)
		if ok, out := j.run(t, r); !ok {
			t.Fatalf("%s: %s", r.version, out)
		}
		sig, diffs := verifyHere(t, dir, j.Signature, key.Public(), Options{})
		if len(diffs) != 1 || diffs[0].Name != "code/a.py" || strings.Join(sig.Unsigned, " ") != "code/a.py" {
			t.Errorf("%s: differences %v, unsigned %q", r.version, diffs, sig.Unsigned)
		}
		// Recorded since release 1.1 of the tool; before, nobody can tell that the signer chose it.
		if recorded := r.version == "1.1.1"; recorded != (diffs[0].Kind == Unsigned) || recorded != (len(sig.Exempt()) == 1) {
			t.Errorf("%s: differences %v, exempt %q", r.version, diffs, sig.Exempt())
		}
		sig, diffs = verifyHere(t, dir, j.Signature, key.Public(), Options{Ignore: []string{"code"}})
		if len(diffs) != 0 || strings.Join(sig.Unsigned, " ") != "code" {
			t.Errorf("%s: with the operator's word: %v, unsigned %q", r.version, diffs, sig.Unsigned)
		}
	}
}

func TestLinksOfEveryRelease(t *testing.T) {
	for _, r := range releases() {
		key := newKey(t, P256)
		dir := t.TempDir()
		write(t, dir, cut())
		for link, target := range map[string]string{"link": "w.bin", "folder": "x"} {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				testkit.Missing(t, "links cannot be made here: %v", err)
			}
		}
		j := job{Action: "sign", Model: dir, Signature: filepath.Join(t.TempDir(), "x.sig"), Symlinks: true}
		j.Key, j.Public = keyFiles(t, key)
		if ok, out := j.run(t, r); !ok {
			t.Fatalf("%s: %s", r.version, out)
		}
		// The tool passes over links to folders; that takes the operator's word here.
		if _, err := HashTree(context.Background(), onDisk(t, dir), Options{AllowSymlinks: true}); err == nil || !strings.Contains(err.Error(), `"folder" is a symbolic link to a directory`) {
			t.Errorf("%s: %v", r.version, err)
		}
		sig, diffs := verifyHere(t, dir, j.Signature, key.Public(), Options{AllowSymlinks: true, SkipLinkedFolders: true})
		if len(diffs) != 0 || strings.Join(sig.Unsigned, " ") != "folder" {
			t.Errorf("%s: %v, unsigned %q", r.version, diffs, sig.Unsigned)
		}
	}
}

// TestCertificatesOfEveryRelease reads what each release signed by a certificate. Whether a certificate is to be trusted is
// up to package certificate.
func TestCertificatesOfEveryRelease(t *testing.T) {
	for _, r := range releases() {
		for _, c := range []Curve{P256, P384} {
			key := newKey(t, c)
			root := newKey(t, P256)
			dir := t.TempDir()
			write(t, dir, cut())
			j := job{Action: "sign", Model: dir, Signature: filepath.Join(t.TempDir(), "x.sig")}
			j.Key, _ = keyFiles(t, key)
			j.Certificate, j.Chain = certificateFiles(t, key, root)
			if ok, out := j.run(t, r); !ok {
				t.Fatalf("%s: %s", r.version, out)
			}
			data, err := os.ReadFile(j.Signature)
			if err != nil {
				t.Fatal(err)
			}
			b, err := ParseBundle(data)
			if err != nil {
				t.Fatalf("%s: %v", r.version, err)
			}
			if b.Method() != ByCertificate || len(b.Chain) != 2 {
				t.Errorf("%s: %s with %d certificates", r.version, b.Method(), len(b.Chain))
			}
			if err := b.CheckSignature(key.Public()); err != nil {
				t.Errorf("%s, %s: %v", r.version, c, err)
			}
			if err := b.CheckSignature(root.Public()); !errors.Is(err, ErrSignature) {
				t.Errorf("%s, %s: another key: %v", r.version, c, err)
			}
			if _, err := b.Verify(key.Public()); !errors.Is(err, ErrForeign) {
				t.Errorf("%s, %s: taken for a signature by key: %v", r.version, c, err)
			}
			sig, err := ModelPayload(b.Payload())
			if err != nil {
				t.Fatalf("%s: %v", r.version, err)
			}
			if diffs := sig.Compare(hashDisk(t, dir, sig.Options(Options{}))); len(diffs) != 0 {
				t.Errorf("%s: %v", r.version, diffs)
			}
		}
	}
}

// certificateFiles writes a certificate of key that root vouches for, and that of root.
func certificateFiles(t *testing.T, key, root *PrivateKey) (leaf string, chain []string) {
	t.Helper()
	now := time.Now().Add(-time.Hour)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: now,
		NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	signer := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "signer"}, NotBefore: now,
		NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	dir := t.TempDir()
	var names []string
	for _, c := range []struct {
		of  *x509.Certificate
		key *PrivateKey
	}{{signer, key}, {authority, root}} {
		der, err := x509.CreateCertificate(rand.Reader, c.of, authority, c.key.public.key, root.key)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, c.of.Subject.CommonName+".pem")
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names[0], names[1:]
}
