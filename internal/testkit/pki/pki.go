// Package pki makes certificate authorities, certificates, revocation lists and timestamps for tests. It is for tests only: its
// keys live as long as the test, and nothing trusts them.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
)

// Holder is a certificate with its private key, and who issued it.
type Holder struct {
	Certificate *x509.Certificate
	Key         *ecdsa.PrivateKey
	Issuer      *Holder // nil for a root
}

// Change alters a certificate before it is signed.
type Change func(*x509.Certificate)

// NewRoot makes an authority that vouches for itself, in force from an hour ago for ten years.
func NewRoot(t testing.TB, name string, changes ...Change) *Holder {
	t.Helper()
	return issue(t, nil, elliptic.P256(), name, append([]Change{authority}, changes...))
}

// authority makes a template one of an authority.
func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c.NotAfter = c.NotBefore.AddDate(10, 0, 0)
}

// NewIntermediate makes an authority below this one.
func (h *Holder) NewIntermediate(t testing.TB, name string, changes ...Change) *Holder {
	t.Helper()
	return issue(t, h, elliptic.P256(), name, append([]Change{authority}, changes...))
}

// NewSigner makes a certificate that signs code, in force from an hour ago for a day.
func (h *Holder) NewSigner(t testing.TB, name string, changes ...Change) *Holder {
	t.Helper()
	return h.NewSignerOn(t, elliptic.P256(), name, changes...)
}

// NewSignerOn is NewSigner with a key on a curve.
func (h *Holder) NewSignerOn(t testing.TB, curve elliptic.Curve, name string, changes ...Change) *Holder {
	t.Helper()
	purpose := func(c *x509.Certificate) {
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	return issue(t, h, curve, name, append([]Change{purpose}, changes...))
}

// NewClock makes the certificate of a timestamp authority.
func (h *Holder) NewClock(t testing.TB, name string, changes ...Change) *Holder {
	t.Helper()
	purpose := func(c *x509.Certificate) {
		value, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
		if err != nil {
			t.Fatal(err)
		}
		c.KeyUsage = x509.KeyUsageDigitalSignature
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value})
	}
	return issue(t, h, elliptic.P256(), name, append([]Change{purpose}, changes...))
}

// issue makes one certificate.
func issue(t testing.TB, issuer *Holder, curve elliptic.Curve, name string, changes []Change) *Holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Test"}},
		NotBefore: begin, NotAfter: begin.Add(24 * time.Hour)}
	for _, change := range changes {
		change(template)
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Holder{Certificate: c, Key: key, Issuer: issuer}
}

// Valid makes a certificate be in force for a span.
func Valid(from, until time.Time) Change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, until }
}

// PEM is the certificate, as files hold it.
func (h *Holder) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate.Raw})
}

// KeyPEM is the private key, PKCS#8.
func (h *Holder) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(h.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// RevocationList is the list of an authority, PEM, with the certificates of some holders in it.
func (h *Holder) RevocationList(t testing.TB, from, until time.Time, revoked ...*Holder) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(from.Unix()), ThisUpdate: from, NextUpdate: until}
	for _, r := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: r.Certificate.SerialNumber, RevocationTime: from})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, h.Certificate, h.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// Stamp answers a query (TimeStampReq of RFC 3161) at a time, as the timestamp authority whose certificate h is. The answer
// carries the certificate when the query asks for it.
func (h *Holder) Stamp(query []byte, at time.Time) ([]byte, error) {
	request, err := timestamp.ParseRequest(query)
	if err != nil {
		return nil, err
	}
	stamp := timestamp.Timestamp{HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Nonce: request.Nonce,
		Time: at, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: request.Certificates}
	for issuer := h.Issuer; issuer != nil && request.Certificates && issuer.Issuer != nil; issuer = issuer.Issuer {
		stamp.Certificates = append(stamp.Certificates, issuer.Certificate)
	}
	return stamp.CreateResponseWithOpts(h.Certificate, h.Key, crypto.SHA256)
}
