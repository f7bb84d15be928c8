//go:build pkcs11

package pkcs11

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

const pin = "73159284"

// token is a token of SoftHSM with one key on each curve, named after it.
type token struct {
	library string
	keys    map[evidence.Curve]*evidence.PrivateKey
}

func newToken(t *testing.T) token {
	t.Helper()
	library := ""
	for _, name := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"} {
		if _, err := os.Stat(name); err == nil {
			library = name
			break
		}
	}
	if library == "" {
		testkit.Missing(t, "SoftHSM is not installed (make setup installs it)")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	write(t, conf, fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir))
	t.Setenv("SOFTHSM2_CONF", conf)
	run(t, "--init-token", "--free", "--label", "release token", "--pin", pin, "--so-pin", "99999999")
	made := token{library, map[evidence.Curve]*evidence.PrivateKey{}}
	for i, curve := range []evidence.Curve{evidence.P256, evidence.P384, evidence.P521} {
		key, err := evidence.GenerateKey(curve)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, string(curve)+".pem")
		write(t, file, string(secret))
		run(t, "--import", file, "--token", "release token", "--label", string(curve), "--id", fmt.Sprintf("%02x", i+1), "--pin", pin)
		made.keys[curve] = key
	}
	return made
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "softhsm2-util", args...).CombinedOutput(); err != nil {
		t.Fatalf("softhsm2-util: %v: %s", err, out)
	}
}

// open opens a key of the token by the end of its address.
func (k token) open(t *testing.T, address, secret string) (*Signer, error) {
	t.Helper()
	u, err := ParseURI("pkcs11:" + address + "?module-path=" + k.library)
	if err != nil {
		t.Fatal(err)
	}
	return Open(u, func(string) string { return secret })
}

func TestSoftHSM(t *testing.T) {
	k := newToken(t)
	for i, curve := range []evidence.Curve{evidence.P256, evidence.P384, evidence.P521} {
		for _, address := range []string{"object=" + string(curve), fmt.Sprintf("token=release%%20token;id=%%%02x", i+1)} {
			s, err := k.open(t, address, pin)
			if err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			if s.Public().Hint() != k.keys[curve].Public().Hint() {
				t.Errorf("%s: another key", address)
			}
			for range 20 {
				statement, err := evidence.NewStatement("m", picket.SHA256([32]byte{1}), "https://example.com/test", 1)
				if err != nil {
					t.Fatal(err)
				}
				b, err := evidence.Sign(t.Context(), statement, s)
				if err != nil {
					t.Fatalf("%s: %v", address, err)
				}
				if _, err := b.Verify(k.keys[curve].Public()); err != nil {
					t.Errorf("%s: %v", address, err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSoftHSMRefusals(t *testing.T) {
	k := newToken(t)
	for name, test := range map[string]struct{ address, pin, message string }{
		"a wrong PIN":     {"object=p256", "00000000", "log in"},
		"no PIN":          {"object=p256", "", "give pin-source"},
		"another token":   {"token=other;object=p256", pin, "tokens match the address, not one"},
		"an unknown key":  {"object=p224", pin, "no EC private key"},
		"an unknown slot": {"object=p256;slot-id=4294967295", pin, "tokens match the address, not one"},
		"more than one":   {"id=%01;object=p384", pin, "no EC private key"},
	} {
		s, err := k.open(t, test.address, test.pin)
		if err == nil {
			t.Errorf("%s: it opens", name)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), test.message) || strings.Contains(err.Error(), pin) || strings.Contains(err.Error(), "00000000") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{"/nowhere.so", os.Args[0]} {
		if _, err := Open(&URI{Object: "a", ModulePath: path}, os.Getenv); !errors.Is(err, evidence.ErrUnsupported) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Open(&URI{Object: "a"}, os.Getenv); !errors.Is(err, evidence.ErrMalformed) {
		t.Errorf("no library: %v", err)
	}
	s, err := Open(&URI{Object: "p256", ModuleName: "softhsm2"}, func(string) string { return pin })
	if err != nil {
		t.Fatalf("by the name of the library: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPythonVerifiesTheToken: a bundle by a key in a token is one by a key.
func TestPythonVerifiesTheToken(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	k := newToken(t)
	s, err := k.open(t, "object=p384", pin)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // what is tested is the signature
	dir := t.TempDir()
	write(t, filepath.Join(dir, "weights.bin"), "weights")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // opened for reading only
	m, err := evidence.HashTree(t.Context(), root.FS().(evidence.Tree), evidence.Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.SignModel(t.Context(), m, s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	public, err := s.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	keys := t.TempDir()
	write(t, filepath.Join(keys, "model.sig"), string(text))
	write(t, filepath.Join(keys, "k.pub"), string(public))
	out, err := exec.CommandContext(t.Context(), tool, "verify", "key", dir, "--signature", filepath.Join(keys, "model.sig"),
		"--public_key", filepath.Join(keys, "k.pub")).CombinedOutput()
	if err != nil {
		t.Errorf("the Python tool: %v: %s", err, out)
	}
}
