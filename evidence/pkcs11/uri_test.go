package pkcs11

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/evidence"
)

func TestParseURI(t *testing.T) {
	slot := uint(7)
	for text, want := range map[string]*URI{
		"pkcs11:object=signing": {Object: "signing"},
		"pkcs11:token=a%20b;manufacturer=m;model=n;serial=1;object=k%3b;id=%00%01;slot-id=7;type=private?module-name=softhsm2&pin-source=file:/run/pin": {
			Token: "a b", Manufacturer: "m", Model: "n", Serial: "1", Object: "k;", ID: []byte{0, 1}, Slot: &slot, ModuleName: "softhsm2", PINSource: "/run/pin"},
		"pkcs11:id=a+b?module-path=/usr/lib/x.so&pin-source=/run/../run/pin": {ID: []byte("a+b"), ModulePath: "/usr/lib/x.so", PINSource: "/run/pin"},
	} {
		got, err := ParseURI(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for text, want := range map[string]error{
		"":                                              evidence.ErrMalformed,
		"pkcs11:":                                       evidence.ErrMalformed,
		"PKCS11:object=a":                               evidence.ErrMalformed,
		"pkcs11:token=a":                                evidence.ErrMalformed,
		"pkcs11:object=a;object=b":                      evidence.ErrMalformed,
		"pkcs11:object":                                 evidence.ErrMalformed,
		"pkcs11:object=%zz":                             evidence.ErrMalformed,
		"pkcs11:object=a%00b":                           evidence.ErrMalformed,
		"pkcs11:object=a;":                              evidence.ErrMalformed,
		"pkcs11:object=a;slot-id=x":                     evidence.ErrMalformed,
		"pkcs11:object=a;type=cert":                     evidence.ErrUnsupported,
		"pkcs11:object=a;x-vendor=1":                    evidence.ErrUnsupported,
		"pkcs11:object=a?pin-value=1234":                evidence.ErrUnsupported,
		"pkcs11:object=a?pin-source=|cat":               evidence.ErrUnsupported,
		"pkcs11:object=a?pin-source=file:pin":           evidence.ErrUnsupported,
		"pkcs11:object=a?module-path=x.so":              evidence.ErrUnsupported,
		"pkcs11:object=a?module-name=../x":              evidence.ErrMalformed,
		"pkcs11:object=a?unknown=1":                     evidence.ErrUnsupported,
		"pkcs11:object=" + string(make([]byte, maxURI)): evidence.ErrMalformed,
	} {
		_, err := ParseURI(text)
		if !errors.Is(err, want) {
			t.Errorf("%.60q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "1234") {
			t.Errorf("%.60q: the error shows the PIN: %v", text, err)
		}
	}
}

func TestPIN(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	getenv := func(name string) string { return map[string]string{PINVariable: "from env"}[name] }
	for name, test := range map[string]struct {
		source, want string
		good         bool
	}{
		"of the environment": {"", "from env", true},
		"of a file":          {file("good", "12 34\r\n"), "12 34", true},
		"of an empty file":   {file("empty", "\n"), "", false},
		"of two lines":       {file("two", "12\n34\n"), "", false},
		"too long":           {file("long", strings.Repeat("1", maxPIN+1)), "", false},
		"of no file":         {filepath.Join(dir, "none"), "", false},
	} {
		u := &URI{PINSource: test.source}
		if got, err := u.pin(getenv); got != test.want || (err == nil) != test.good {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	long := func(string) string { return strings.Repeat("1", maxPIN+1) }
	if _, err := (&URI{}).pin(long); !errors.Is(err, evidence.ErrMalformed) {
		t.Error(err)
	}
}

// TestEncode: r and s of any value come out as the DER that verifiers accept, with a sign byte and without leading zeros.
func TestEncode(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		size := (curve.Params().BitSize + 7) / 8
		digest := bytes.Repeat([]byte{7}, 32)
		for range 100 {
			r, s, err := ecdsa.Sign(rand.Reader, key, digest)
			if err != nil {
				t.Fatal(err)
			}
			raw := append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
			der, err := encode(raw)
			if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest, der) {
				t.Fatalf("%s: %x, %v", curve.Params().Name, der, err)
			}
		}
	}
	for _, n := range []int{0, 1, 63, 134} {
		if _, err := encode(make([]byte, n)); !errors.Is(err, evidence.ErrMalformed) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestPublicKey(t *testing.T) {
	for range 2000 { // one bare point in 256 looks like an octet string
		checkPublicKey(t)
	}
}

func checkPublicKey(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := asn1.Marshal(point)
	if err != nil {
		t.Fatal(err)
	}
	params, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string][]byte{"wrapped": wrapped, "bare": point} {
		if _, err := publicKey(params, p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, p := range map[string][]byte{"nothing": nil, "off the curve": append([]byte{4}, make([]byte, 64)...)} {
		if _, err := publicKey(params, p); err == nil {
			t.Errorf("%s is a key", name)
		}
	}
	if _, err := publicKey([]byte{0xff}, point); err == nil {
		t.Error("without a curve it is a key")
	}
}

// FuzzParseURI: an address that is accepted names a key, and never carries a PIN.
func FuzzParseURI(f *testing.F) {
	f.Add("pkcs11:token=a;object=b?module-path=/x.so&pin-source=/p")
	f.Add("pkcs11:id=%00?pin-value=1")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURI(text)
		if err != nil {
			return
		}
		if u.Object == "" && len(u.ID) == 0 || u.ModulePath != "" && !filepath.IsAbs(u.ModulePath) || u.PINSource != "" && !filepath.IsAbs(u.PINSource) {
			t.Fatalf("%q: %+v", text, u)
		}
	})
}
