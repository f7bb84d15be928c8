package keyless

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/sigstore"
)

// private is a private Sigstore instance on the loopback address.
type private struct {
	*sigstore.Instance
	url string
}

func newPrivate(t *testing.T) private {
	t.Helper()
	i := sigstore.New(t)
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	return private{i, server.URL}
}

// signing is how to sign at the instance.
func (p private) signing(t *testing.T, version int) Signing {
	t.Helper()
	token, err := ParseToken(p.Token(account, provider, time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	services, err := ParseServices(p.ClientTrustConfig(p.url, version), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return Signing{Token: token, Services: services, Root: parseRoot(t, p.TrustedRoot()), Now: time.Now}
}

func TestSign(t *testing.T) {
	p := newPrivate(t)
	for name, change := range map[string]func(*Signing){
		"Rekor v1":                     func(*Signing) {},
		"Rekor v1, no timestamp":       func(s *Signing) { s.Services.Timestamps = nil },
		"Rekor v1, slash at the end":   func(s *Signing) { s.Services.Fulcio += "/"; s.Services.Rekor += "/" },
		"Rekor v2":                     func(s *Signing) { s.Services.RekorVersion = 2 },
		"left to the verifiers":        func(s *Signing) { s.Root = nil },
		"two timestamps of one source": func(s *Signing) { s.Services.Timestamps = append(s.Services.Timestamps, s.Services.Timestamps[0]) },
	} {
		how := p.signing(t, 1)
		change(&how)
		signer, err := NewSigner(how)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 2 { // a certificate for each signature
			b, err := evidence.Sign(t.Context(), statement(t, "m"), signer)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text, err := b.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := evidence.ParseBundle(text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			proof, err := parseRoot(t, p.TrustedRoot()).Verify(parsed, us())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if m, ok := proof.Earliest(); !ok || time.Since(m.Time) > time.Minute || !bytes.Equal(proof.Payload, statement(t, "m")) {
				t.Errorf("%s: %+v", name, proof)
			}
			if who := Claimed(parsed); who.Subject != account || who.Issuer != provider {
				t.Errorf("%s: claimed by %+v", name, who)
			}
		}
	}
}

// TestMissingPromise: where the root names a certificate transparency log, a certificate without its promise does not count.
func TestMissingPromise(t *testing.T) {
	p, other := newPrivate(t), newPrivate(t)
	how := p.signing(t, 1)
	how.Root = nil
	signer, err := NewSigner(how)
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(t.Context(), statement(t, "m"), signer)
	if err != nil {
		t.Fatal(err)
	}
	// The same root with the certificate transparency log of another instance.
	ours, theirs := string(p.TrustedRoot()), string(other.TrustedRoot())
	cut := func(s string) (before, logs, after string) {
		before, rest, ok := strings.Cut(s, `"ctlogs":[`)
		logs, after, found := strings.Cut(rest, `],`)
		if !ok || !found {
			t.Fatalf("no ctlogs in %s", s)
		}
		return before, logs, after
	}
	before, _, after := cut(ours)
	_, foreign, _ := cut(theirs)
	mixed := before + `"ctlogs":[` + foreign + `],` + after
	if _, err := parseRoot(t, []byte(mixed)).Verify(b, us()); !errors.Is(err, evidence.ErrSignature) || !strings.Contains(err.Error(), "signed certificate timestamp") {
		t.Error(err)
	}
	if _, err := parseRoot(t, []byte(ours)).Verify(b, us()); err != nil {
		t.Error(err)
	}
}

// TestBadServices: what services may do wrong; each gives an error without the token.
func TestBadServices(t *testing.T) {
	p := newPrivate(t)
	other := newPrivate(t)
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", p.url)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, test := range map[string]struct {
		path    string // answered badly
		answer  http.HandlerFunc
		version int
		message string
	}{
		"Fulcio refuses":              {"signingCert", answer(400, "bad\x1b[2J token"), 1, "status 400"},
		"Fulcio sends elsewhere":      {"signingCert", answer(307, ""), 1, "status 307"},
		"Fulcio sends noise":          {"signingCert", answer(200, "noise"), 1, "not the JSON"},
		"Fulcio sends nothing":        {"signingCert", answer(200, "{}"), 1, "no certificate"},
		"Fulcio sends too much":       {"signingCert", answer(200, strings.Repeat(" ", maxAnswer+1)), 1, "longer than"},
		"Fulcio sends no certificate": {"signingCert", answer(200, `{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}`), 1, "holds no certificate"},
		"Fulcio of another instance":  {"signingCert", other.ServeHTTP, 1, "no authority of the Sigstore trust root"},
		"Rekor refuses":               {"log/entries", answer(409, "exists"), 1, "status 409"},
		"Rekor sends nothing":         {"log/entries", answer(201, "{}"), 1, "0 entries"},
		"Rekor sends a bad hash":      {"log/entries", answer(201, `{"a":{"logID":"zz"}}`), 1, "not hexadecimal"},
		"Rekor sends a bad body":      {"log/entries", answer(201, `{"a":{"body":"%"}}`), 1, "not base64"},
		"Rekor sends an empty entry":  {"log/entries", answer(201, `{"a":{}}`), 1, "malformed"},
		"Rekor of another instance":   {"log/entries", other.ServeHTTP, 1, "log"},
		"Rekor v2 sends noise":        {"log/entries", answer(201, `{"logIndex":[]}`), 2, "no entry"},
		"the clock refuses":           {"timestamp", answer(500, ""), 1, "status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, test.path) {
					test.answer(w, r)
					return
				}
				p.ServeHTTP(w, r)
			}))
			defer server.Close()
			how := private{p.Instance, server.URL}.signing(t, test.version)
			signer, err := NewSigner(how)
			if err != nil {
				t.Fatal(err)
			}
			_, err = evidence.Sign(t.Context(), statement(t, "m"), signer)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Fatalf("got %v, want %q", err, test.message)
			}
			if strings.Contains(err.Error(), how.Token.raw) || strings.ContainsAny(err.Error(), "\x1b") {
				t.Errorf("the error shows what it must not: %v", err)
			}
		})
	}
}

func TestParseToken(t *testing.T) {
	p := newPrivate(t)
	good := p.Token(account, provider, time.Now().Add(time.Hour))
	token, err := ParseToken(good + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token, token, token), token.LogValue().String()} {
		if strings.Contains(text, strings.Split(good, ".")[2]) || !strings.Contains(text, account) {
			t.Errorf("a token prints as %q", text)
		}
	}
	expired, err := ParseToken(p.Token(account, provider, time.Now().Add(-time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	how := p.signing(t, 1)
	how.Token = expired
	if _, err := NewSigner(how); !errors.Is(err, evidence.ErrCertificate) || !strings.Contains(err.Error(), "expired at") {
		t.Errorf("expired: %v", err)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"nothing":             {"", evidence.ErrMalformed},
		"two parts":           {"a.b", evidence.ErrMalformed},
		"not base64":          {"a.%.c", evidence.ErrMalformed},
		"not JSON":            {"a.YQ.c", evidence.ErrMalformed},
		"no account":          {"a.e30.c", evidence.ErrMalformed},
		"too long":            {strings.Repeat("a", maxToken) + ".e30.c", evidence.ErrMalformed},
		"unverified address":  {"a.eyJlbWFpbCI6ImFAYi5jIn0.c", evidence.ErrUnsupported}, // {"email":"a@b.c"}
		"address by its text": {"a.eyJlbWFpbCI6ImFAYi5jIiwiZW1haWxfdmVyaWZpZWQiOiJ0cnVlIn0.c", nil},
	} {
		if _, err := ParseToken(test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseServices(t *testing.T) {
	p := newPrivate(t)
	good := string(p.ClientTrustConfig("http://127.0.0.1:1", 2))
	s, err := ParseServices([]byte(good), time.Now())
	want := Services{Fulcio: "http://127.0.0.1:1", Rekor: "http://127.0.0.1:1", RekorVersion: 2, Timestamps: []string{"http://127.0.0.1:1/api/v1/timestamp"}}
	if err != nil || fmt.Sprint(s) != fmt.Sprint(want) {
		t.Errorf("%+v, %v", s, err)
	}
	for name, test := range map[string]struct {
		text string
		now  time.Time
		want error
	}{
		"not in force yet":     {good, time.Now().Add(-48 * time.Hour), evidence.ErrUnsupported},
		"nothing":              {"", time.Now(), evidence.ErrMalformed},
		"no services":          {`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}`, time.Now(), evidence.ErrUnsupported},
		"another media type":   {`{"mediaType":"x"}`, time.Now(), evidence.ErrUnsupported},
		"another scheme":       {strings.ReplaceAll(good, "http:", "file:"), time.Now(), evidence.ErrUnsupported},
		"another version":      {strings.ReplaceAll(good, `"majorApiVersion":2`, `"majorApiVersion":9`), time.Now(), evidence.ErrUnsupported},
		"no clock for a v2":    {strings.ReplaceAll(good, `"tsaUrls"`, `"future"`), time.Now(), evidence.ErrUnsupported},
		"more than is allowed": {strings.Repeat(" ", maxRoot+1), time.Now(), evidence.ErrMalformed},
	} {
		if _, err := ParseServices([]byte(test.text), test.now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
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

// TestPythonBothWays signs here and verifies there, and the other way round, at a private instance.
func TestPythonBothWays(t *testing.T) {
	tool := testkit.Venv(t, "model_signing")
	p := newPrivate(t)
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("Rekor v%d", version), func(t *testing.T) {
			files, model := t.TempDir(), t.TempDir()
			put(t, model, "weights.bin", []byte("weights"))
			config := put(t, files, "config.json", p.ClientTrustConfig(p.url, version))
			root, err := os.OpenRoot(model)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close() //nolint:errcheck // opened for reading only
			m, err := evidence.HashTree(t.Context(), root.FS().(evidence.Tree), evidence.Options{Name: "model"})
			if err != nil {
				t.Fatal(err)
			}
			signer, err := NewSigner(p.signing(t, version))
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
			run := func(args ...string) error {
				out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
				if err != nil {
					return fmt.Errorf("%w: %s", err, out)
				}
				return nil
			}
			sig := put(t, files, "ours.sig", text)
			verify := func(identity string) error {
				return run("verify", "sigstore", model, "--signature", sig, "--identity", identity, "--identity_provider", provider, "--trust_config", config)
			}
			if err := verify(account); err != nil {
				t.Errorf("the Python tool does not verify our bundle: %v", err)
			}
			if verify("eve@example.com") == nil {
				t.Error("the Python tool verifies our bundle for another account")
			}
			theirs := filepath.Join(files, "theirs.sig")
			if err := run("sign", "sigstore", model, "--signature", theirs, "--trust_config", config,
				"--identity_token", p.Token(account, provider, time.Now().Add(time.Hour))); err != nil {
				t.Fatalf("the Python tool does not sign: %v", err)
			}
			if text, err = os.ReadFile(theirs); err != nil {
				t.Fatal(err)
			}
			parsed, err := evidence.ParseBundle(text)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := parseRoot(t, p.TrustedRoot()).Verify(parsed, us())
			if err != nil {
				t.Fatal(err)
			}
			if s, err := evidence.ParseStatement(proof.Payload); err != nil || s.Subject != m.PythonDigest() {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}
