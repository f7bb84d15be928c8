package command

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// TestMain lets the test binary be a signer: with PICKET_TEST_SIGNER it behaves as the word after it says.
func TestMain(m *testing.M) {
	if how := os.Getenv("PICKET_TEST_SIGNER"); how != "" {
		act(how)
		return
	}
	os.Exit(m.Run())
}

// act is a signer that behaves well or badly.
func act(how string) {
	var r request
	if err := json.NewDecoder(os.Stdin).Decode(&r); err != nil {
		panic(err)
	}
	key, err := evidence.ParsePrivateKey([]byte(os.Getenv("PICKET_TEST_KEY")))
	if err != nil {
		panic(err)
	}
	public, err := key.Public().PEM()
	if err != nil {
		panic(err)
	}
	reply := map[string]string{"public_key_pem": string(public)}
	if r.Operation == "sign" {
		// A signature over a digest cannot be made with an evidence.PrivateKey; sign what the test says was hashed.
		signature, err := key.Sign(context.Background(), []byte(os.Getenv("PICKET_TEST_MESSAGE")))
		if err != nil {
			panic(err)
		}
		reply = map[string]string{"signature_der_base64": base64.StdEncoding.EncodeToString(signature)}
	}
	switch how {
	case "fail":
		fmt.Fprint(os.Stderr, "no\x1b[2Jtoken\n", strings.Repeat("x", 1<<20))
		os.Exit(3)
	case "fail on sign", "noise on sign", "other key on sign":
		misbehave(how, r, reply)
	case "flood":
		for range 1 << 10 {
			fmt.Println(strings.Repeat("x", 1<<10))
		}
	case "hang":
		select {}
	}
	text, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	answers := map[string]string{"noise": "hello", "two": string(text) + string(text), "unknown": `{"public_key":"x"}`, "empty": "{}",
		"silent": "", "refuse": `{"error":"the token\u001b[2J is locked"}`, "private": `{"public_key_pem":` + quoted(os.Getenv("PICKET_TEST_KEY")) + `}`}
	if other, ok := answers[how]; ok {
		text = []byte(other)
	}
	if _, err := os.Stdout.Write(text); err != nil {
		os.Exit(1)
	}
}

// misbehave goes wrong only when it is asked to sign.
func misbehave(how string, r request, reply map[string]string) {
	if r.Operation != "sign" {
		return
	}
	switch how {
	case "fail on sign":
		os.Exit(1)
	case "noise on sign":
		reply["signature_der_base64"] = "%%%"
	case "other key on sign":
		other, err := evidence.GenerateKey(evidence.P256)
		if err != nil {
			panic(err)
		}
		signature, err := other.Sign(context.Background(), []byte(os.Getenv("PICKET_TEST_MESSAGE")))
		if err != nil {
			panic(err)
		}
		reply["signature_der_base64"] = base64.StdEncoding.EncodeToString(signature)
	}
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const message = "what is signed"

// self makes this binary a signer that behaves in one way.
func self(t *testing.T, how string) (argv []string, secret []byte) {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	if secret, err = key.PEM(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PICKET_TEST_SIGNER", how)
	t.Setenv("PICKET_TEST_KEY", string(secret))
	t.Setenv("PICKET_TEST_MESSAGE", message)
	return []string{os.Args[0], "--pin", "1234567"}, secret
}

func TestSign(t *testing.T) {
	argv, _ := self(t, "well")
	s, err := New(t.Context(), argv)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.Sign(t.Context(), []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Public().Verify([]byte(message), signature); err != nil {
		t.Error(err)
	}
	// The program signs its own message whatever the digest is: a signature over something else is never used.
	if _, err := s.Sign(t.Context(), []byte("something else")); !errors.Is(err, evidence.ErrSignature) {
		t.Error(err)
	}
}

// TestBadPrograms: each gives one line that says what is wrong, without secrets and without control characters.
func TestBadPrograms(t *testing.T) {
	for how, want := range map[string]string{
		"fail":              `it ended with exit status 3: it says`,
		"flood":             "longer than 65536 bytes",
		"noise":             "is not one JSON object",
		"two":               "more after its answer",
		"unknown":           "is not one JSON object",
		"empty":             "no public_key_pem",
		"silent":            "is not one JSON object",
		"refuse":            "it refuses: the token",
		"private":           "this is a private key",
		"fail on sign":      "exit status 1",
		"noise on sign":     "is not base64",
		"other key on sign": "no signature by its public key",
	} {
		t.Run(how, func(t *testing.T) {
			argv, secret := self(t, how)
			s, err := New(t.Context(), argv)
			if err == nil {
				_, err = s.Sign(t.Context(), []byte(message))
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %q", err, want)
			}
			text := err.Error()
			if strings.Contains(text, "1234567") || strings.ContainsAny(text, "\x1b\n") || strings.Contains(text, "PRIVATE") ||
				strings.Contains(text, strings.Split(string(secret), "\n")[1]) || len(text) > 1000 {
				t.Errorf("the error shows what it must not: %q", text)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	argv, _ := self(t, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(ctx, argv); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for name, argv := range map[string][]string{"unknown": {"picket-no-such-program"}, "no program": {t.TempDir()}} {
		if _, err := New(t.Context(), argv); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"signer":                      {"signer"},
		"  ./sign.sh  --key a ":       {"./sign.sh", "--key", "a"},
		`["sign.sh","two words",""]`:  {"sign.sh", "two words", ""},
		` ["sh","-c","exec sign $1"]`: {"sh", "-c", "exec sign $1"},
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	for line, want := range map[string]error{
		"": evidence.ErrMalformed, " ": evidence.ErrMalformed, "[]": evidence.ErrMalformed, `[""]`: evidence.ErrMalformed, `[1]`: evidence.ErrMalformed,
		"[": evidence.ErrMalformed, `sign "a b"`: evidence.ErrUnsupported, "sign $KEY": evidence.ErrUnsupported, "a | b": evidence.ErrUnsupported,
		"a\x00b": evidence.ErrMalformed, strings.Repeat("a ", 200): evidence.ErrMalformed,
	} {
		if _, err := Split(line); !errors.Is(err, want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// TestExample: the signer in examples works with keys on every curve, and its bundles verify.
func TestExample(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		testkit.Missing(t, "openssl is not there: %v", err)
	}
	script, err := filepath.Abs(filepath.Join("..", "..", "examples", "signer", "openssl.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, curve := range []evidence.Curve{evidence.P256, evidence.P384, evidence.P521} {
		key, err := evidence.GenerateKey(curve)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "my key.pem")
		if err := os.WriteFile(name, secret, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(t.Context(), []string{"sh", script, name})
		if err != nil {
			t.Fatal(err)
		}
		statement, err := evidence.NewStatement("m", picket.SHA256([32]byte{1}), "https://example.com/test", 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := evidence.Sign(t.Context(), statement, s)
		if err != nil {
			t.Fatalf("%s: %v", curve, err)
		}
		if _, err := b.Verify(key.Public()); err != nil {
			t.Errorf("%s: %v", curve, err)
		}
	}
}

// FuzzAnswer reads answers that no signer wrote: what is accepted is an object with the known names.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"public_key_pem":"-----BEGIN PUBLIC KEY-----\n"}`))
	f.Add([]byte(`{"signature_der_base64":"MAA="}`))
	f.Add([]byte(`{"error":"x"} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parse(data)
		if err == nil && !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && string(bytes.TrimSpace(data)) != "null" {
			t.Fatalf("%q is an answer: %+v", data, a)
		}
	})
}

// FuzzSplit: a line that is accepted names a program.
func FuzzSplit(f *testing.F) {
	f.Add("sign a b")
	f.Add(`["sign","a b"]`)
	f.Fuzz(func(t *testing.T, line string) {
		if argv, err := Split(line); err == nil && (len(argv) == 0 || argv[0] == "" || len(argv) > maxArguments) {
			t.Fatalf("%q: %q", line, argv)
		}
	})
}
