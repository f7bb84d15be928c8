package evidence

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestKeysRoundTrip(t *testing.T) {
	for _, c := range []Curve{P256, P384, P521} {
		key := newKey(t, c)
		private, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		public, err := key.Public().PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParsePublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(public)
		if want := hex.EncodeToString(sum[:]); parsed.Hint() != want || again.Public().Hint() != want {
			t.Errorf("%s: hints %s and %s, want %s", c, parsed.Hint(), again.Public().Hint(), want)
		}
		sig, err := again.Sign(context.Background(), []byte("message"))
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.Verify([]byte("message"), sig); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		if err := parsed.Verify([]byte("massage"), sig); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", c, err)
		}
	}
}

func TestOpenSSLKeyForms(t *testing.T) {
	key := newKey(t, P256)
	der, err := x509.MarshalECPrivateKey(key.key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), block("EC PRIVATE KEY", der)...)
	parsed, err := ParsePrivateKey(text)
	if err != nil || parsed.Public().Hint() != key.Public().Hint() {
		t.Errorf("got %v, %v", parsed, err)
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	key := newKey(t, P256)
	private, _ := key.PEM()
	public, _ := key.Public().PEM()
	sec1, _ := x509.MarshalECPrivateKey(key.key)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224DER, _ := x509.MarshalPKIXPublicKey(&p224.PublicKey)
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublicDER, _ := x509.MarshalPKIXPublicKey(edPublic)
	edPrivateDER, _ := x509.MarshalPKCS8PrivateKey(edPrivate)
	for name, tt := range map[string]struct {
		text []byte
		want error
	}{
		"PKCS#8":           {private, ErrPrivateKey},
		"SEC 1":            {block("EC PRIVATE KEY", sec1), ErrPrivateKey},
		"encrypted":        {block("ENCRYPTED PRIVATE KEY", sec1), ErrPrivateKey},
		"both":             {append(bytes.Clone(public), private...), ErrPrivateKey},
		"two keys":         {append(bytes.Clone(public), public...), ErrMalformed},
		"text after it":    {append(bytes.Clone(public), "x"...), ErrMalformed},
		"empty":            {nil, ErrMalformed},
		"a certificate":    {block("CERTIFICATE", []byte("x")), ErrMalformed},
		"damaged":          {block("PUBLIC KEY", []byte("x")), ErrMalformed},
		"P-224":            {block("PUBLIC KEY", p224DER), ErrUnsupported},
		"Ed25519":          {block("PUBLIC KEY", edPublicDER), ErrUnsupported},
		"with PEM headers": {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: map[string]string{"a": "b"}}), ErrUnsupported},
	} {
		if _, err := ParsePublicKey(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("public, %s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		text []byte
		want error
	}{
		"a public key": {public, ErrMalformed},
		"encrypted":    {block("ENCRYPTED PRIVATE KEY", sec1), ErrUnsupported},
		"Ed25519":      {block("PRIVATE KEY", edPrivateDER), ErrUnsupported},
		"damaged":      {block("PRIVATE KEY", []byte("x")), ErrMalformed},
	} {
		if _, err := ParsePrivateKey(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("private, %s: %v", name, err)
		}
	}
}

func TestPrivateKeysDoNotPrint(t *testing.T) {
	key := newKey(t, P256)
	secret, err := key.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key)
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%+v %#v %s %d %x %q", key, key, key, key, key, key), log.String()} {
		if strings.Contains(text, hex.EncodeToString(secret)) || strings.Contains(text, "big.Int") || !strings.Contains(text, key.Public().Hint()) {
			t.Errorf("printed %q", text)
		}
	}
}
