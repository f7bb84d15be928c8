package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

// oms is a workshop for cases of the kind that the conformance suite of OpenSSF Model Signing has.
type oms struct {
	t     *testing.T
	dir   string // of keys and bundles
	model string
	now   time.Time
	err   bytes.Buffer
}

// newOMS makes keys, certificates and a model.
func newOMS(t *testing.T, files map[string]string) *oms {
	t.Helper()
	o := &oms{t: t, now: time.Now(), dir: t.TempDir(), model: filepath.Join(t.TempDir(), "model")}
	o.write(files)
	for _, c := range []evidence.Curve{evidence.P256, evidence.P384, evidence.P521} {
		o.key(string(c), c)
	}
	o.key("other", evidence.P256)
	o.certificates("", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	o.certificates("expired-", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC))
	return o
}

// path is a file of the workshop.
func (o *oms) path(name string) string { return filepath.Join(o.dir, name) }

// write puts files into the model.
func (o *oms) write(files map[string]string) {
	o.t.Helper()
	for name, text := range files {
		p := filepath.Join(o.model, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
}

// key makes NAME.pem and NAME.pub.
func (o *oms) key(name string, c evidence.Curve) {
	o.t.Helper()
	k, err := evidence.GenerateKey(c)
	if err != nil {
		o.t.Fatal(err)
	}
	secret, err := k.PEM()
	if err != nil {
		o.t.Fatal(err)
	}
	public, err := k.Public().PEM()
	if err != nil {
		o.t.Fatal(err)
	}
	for file, text := range map[string][]byte{name + ".pem": secret, name + ".pub": public} {
		if err := os.WriteFile(o.path(file), text, 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
}

// certificates makes root, intermediate and leaf for the p256 key, and a root that vouches for nothing.
func (o *oms) certificates(prefix string, from, until time.Time) {
	o.t.Helper()
	secret := func(name string) crypto.Signer {
		text, err := os.ReadFile(o.path(name + ".pem"))
		if err != nil {
			o.t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			o.t.Fatal(err)
		}
		return key.(crypto.Signer)
	}
	template := func(serial int64, name string, ca bool) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
			BasicConstraintsValid: true, IsCA: ca, KeyUsage: x509.KeyUsageDigitalSignature}
		if ca {
			c.KeyUsage, c.NotAfter = x509.KeyUsageCertSign, time.Now().Add(time.Hour)
		} else {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		return c
	}
	root, middle, leaf, wrong := template(1, "root", true), template(2, "middle", true), template(3, "leaf", false), template(4, "wrong", true)
	o.issue(prefix+"root.crt", root, root, secret("p384"), secret("p384"))
	o.issue(prefix+"middle.crt", middle, root, secret("p521"), secret("p384"))
	o.issue(prefix+"leaf.crt", leaf, middle, secret("p256"), secret("p521"))
	o.issue(prefix+"wrong.crt", wrong, wrong, secret("other"), secret("other"))
}

// issue writes a certificate.
func (o *oms) issue(name string, c, parent *x509.Certificate, key, signer crypto.Signer) {
	o.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		o.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(o.path(name), text, 0o644); err != nil {
		o.t.Fatal(err)
	}
}

// run runs the adapter and reports whether it exits with 0.
func (o *oms) run(args ...string) bool {
	o.t.Helper()
	o.err.Reset()
	env := Env{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &o.err, Now: func() time.Time { return o.now }, Getenv: func(string) string { return "" }}
	return Execute(context.Background(), env, append([]string{"oms"}, args...)) == exitOK
}

// sign signs the model; verify checks it with the counterparts of the same method.
func (o *oms) sign(args ...string) bool {
	o.t.Helper()
	return o.run(append([]string{"sign-model", "--model-path", o.model, "--output-bundle", o.path("model.sig")}, args...)...)
}

func (o *oms) verify(args ...string) bool {
	o.t.Helper()
	return o.run(append([]string{"verify-model", "--model-path", o.model, "--bundle", o.path("model.sig")}, args...)...)
}

// byKey and byCertificate are the arguments of the two methods.
func (o *oms) byKey(name string) (sign, verify []string) {
	return []string{"--method", "key", "--private-key", o.path(name + ".pem")}, []string{"--method", "key", "--public-key", o.path(name + ".pub")}
}

func (o *oms) byCertificate(prefix string) (sign, verify []string) {
	return []string{"--method", "certificate", "--private-key", o.path("p256.pem"), "--signing-cert", o.path(prefix + "leaf.crt"), "--cert-chain", o.path(prefix + "middle.crt")},
		[]string{"--method", "certificate", "--cert-chain", o.path(prefix + "root.crt")}
}

// files are the names that the bundle lists.
func (o *oms) files() []string {
	o.t.Helper()
	var bundle struct {
		Envelope struct {
			Payload []byte `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	data, err := os.ReadFile(o.path("model.sig"))
	if err == nil {
		err = json.Unmarshal(data, &bundle)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	sig, err := evidence.ModelPayload(bundle.Envelope.Payload)
	if err != nil {
		o.t.Fatal(err)
	}
	var names []string
	for _, r := range sig.Resources {
		names = append(names, r.Name)
	}
	return names
}
