// Package certificate verifies and makes signatures by a certificate that chains to a certificate authority which the operator
// trusts. It is for organisations whose signers have certificates of their own authority.
//
// A chain is built from the certificates in the bundle to the given roots and to nothing else; the roots of the operating
// system count only when the operator says so. The chain must hold at a time that somebody other than the signer vouches for: at a
// timestamp of a trusted authority, else now. Nothing is fetched: revocation is checked against lists that are given.
package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Bounds on certificates.
const (
	maxCertificate = 64 << 10 // bytes of one, DER
	maxFile        = 4 << 20  // bytes of a file of roots, which may be the list of an operating system
)

// Clock verifies the timestamps of a bundle. Package timestamp implements it.
type Clock interface {
	// Verify returns a moment for every timestamp of the bundle, the earliest first.
	Verify(b *evidence.Bundle) ([]evidence.Moment, error)
}

// Options say what an Authority trusts besides its roots. The zero value trusts nothing more, and checks at the present time.
type Options struct {
	// Timestamps verifies when a signature was made. With nil, timestamps in bundles mean nothing.
	Timestamps Clock
	// AtSigningTime checks the chain at the beginning of the signer's certificate, as the Python tool does. It accepts
	// certificates that have expired since, and signatures made after that.
	AtSigningTime bool
	// Revoked are revocation lists. When there is one, every certificate below the root must be covered by a list that is
	// in force, and a certificate in a list is refused whatever the time of the signature.
	Revoked []*x509.RevocationList
	// System trusts the roots of the operating system too.
	System bool
}

// Authority verifies signatures by certificates that chain to its roots.
type Authority struct {
	options Options
	pool    *x509.CertPool
}

// New makes an Authority of the root certificates in text, PEM. Every certificate in it is trusted to issue certificates of
// signers; it must be one that may. Text may be empty when the operating system's roots are trusted.
func New(text []byte, o Options) (*Authority, error) {
	pool := x509.NewCertPool()
	if o.System {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("read the roots of the operating system: %w", err)
		}
		pool = system
	}
	if len(text) == 0 && o.System {
		return &Authority{options: o, pool: pool}, nil
	}
	roots, err := ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("parse root certificates: %w", err)
	}
	for _, root := range roots {
		if !root.BasicConstraintsValid || !root.IsCA {
			return nil, fmt.Errorf("parse root certificates: %s is not the certificate of an authority: %w", Name(root), evidence.ErrUnsupported)
		}
		pool.AddCert(root)
	}
	return &Authority{options: o, pool: pool}, nil
}

// ParsePEM reads the certificates of a PEM text, at least one. Text between the blocks is passed over; any other block, such as a
// private key, is an error that does not quote it.
func ParsePEM(text []byte) ([]*x509.Certificate, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("%d bytes are more than %d: %w", len(text), maxFile, evidence.ErrMalformed)
	}
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return nil, fmt.Errorf("certificates belong here: %w", evidence.ErrPrivateKey)
	}
	var list []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds a %q, not only certificates: %w", picket.Printable(block.Type, 40), evidence.ErrMalformed)
		}
		c, err := parse(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no certificate in PEM form in it: %w", evidence.ErrMalformed)
	}
	return list, nil
}

// parse reads one certificate.
func parse(der []byte) (*x509.Certificate, error) {
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("a certificate of %d bytes is more than %d: %w", len(der), maxCertificate, evidence.ErrMalformed)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("a certificate is damaged (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	return c, nil
}

// Verify checks that a signer whom the authority certified signed the bundle. The error wraps evidence.ErrForeign when the
// chain leads to no root, evidence.ErrCertificate when a certificate does not allow the signature, evidence.ErrSignature when
// the signature or a timestamp does not hold, and evidence.ErrMalformed.
func (a *Authority) Verify(b *evidence.Bundle, now time.Time) (*evidence.Proof, error) {
	if b.Method() != evidence.ByCertificate {
		return nil, fmt.Errorf("the bundle is not signed by certificate but by the method %s: %w", b.Method(), evidence.ErrForeign)
	}
	chain, err := parseChain(b.Chain)
	if err != nil {
		return nil, err
	}
	leaf := chain[0]
	if err := checkSigner(leaf); err != nil {
		return nil, err
	}
	if err := checkOrder(chain); err != nil {
		return nil, err
	}
	at, moments, err := a.time(b, leaf, now)
	if err != nil {
		return nil, err
	}
	path, err := a.build(chain, at)
	if err != nil {
		return nil, err
	}
	if err := a.checkRevoked(path, now); err != nil {
		return nil, err
	}
	key, err := Key(leaf)
	if err != nil {
		return nil, err
	}
	if err := b.CheckSignature(key); err != nil {
		return nil, fmt.Errorf("check the key of the certificate %s: %w", Name(leaf), err)
	}
	who := evidence.Signatory{Method: evidence.ByCertificate, Key: key.Hint(), Subject: Name(leaf), Issuer: leaf.Issuer.String()}
	return &evidence.Proof{Payload: b.Payload(), Signatory: who, Moments: moments}, nil
}

// time is when the chain must hold, with the moments that prove it.
func (a *Authority) time(b *evidence.Bundle, leaf *x509.Certificate, now time.Time) (time.Time, []evidence.Moment, error) {
	if a.options.AtSigningTime {
		now = leaf.NotBefore
	}
	if a.options.Timestamps == nil || len(b.Timestamps) == 0 {
		return now, nil, nil
	}
	moments, err := a.options.Timestamps.Verify(b)
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("check the time of the signature: %w", err)
	}
	if a.options.AtSigningTime || len(moments) == 0 {
		return now, moments, nil
	}
	return moments[0].Time, moments, nil
}

// build finds a path from the signer to a root in which every certificate holds at a time.
func (a *Authority) build(chain []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	for _, c := range chain {
		if err := checkTime(c, at); err != nil {
			return nil, err
		}
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{
		Roots: a.pool, Intermediates: intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return nil, fmt.Errorf("the certificate %s leads to no root that is trusted: %w", Name(chain[0]), evidence.ErrForeign)
	}
	if err != nil {
		return nil, fmt.Errorf("check the chain of %s (%s): %w", Name(chain[0]), picket.Printable(err.Error(), 300), evidence.ErrCertificate)
	}
	return paths[0], nil
}

// Claimed is who made a bundle by its certificate, which nobody has verified. It is for messages.
func Claimed(b *evidence.Bundle) evidence.Signatory {
	who := evidence.Signatory{Method: evidence.ByCertificate, Subject: "an unreadable certificate", Issuer: "nobody"}
	if len(b.Chain) == 0 {
		return who
	}
	if leaf, err := parse(b.Chain[0]); err == nil {
		who.Subject, who.Issuer = Name(leaf), leaf.Issuer.String()
	}
	return who
}

// Name is the name in a certificate, or the first of its alternative names when it has none.
func Name(c *x509.Certificate) string {
	name := c.Subject.String()
	if name == "" {
		alternatives := slices.Concat(c.EmailAddresses, c.DNSNames)
		for _, u := range c.URIs {
			alternatives = append(alternatives, u.String())
		}
		if len(alternatives) == 0 {
			return "without a name"
		}
		name = alternatives[0]
	}
	return picket.Printable(name, 200)
}

// Key is the public key of a certificate. The error wraps evidence.ErrUnsupported for anything but EC keys on P-256, P-384
// and P-521.
func Key(c *x509.Certificate) (*evidence.PublicKey, error) {
	if _, ok := c.PublicKey.(*ecdsa.PublicKey); !ok {
		return nil, fmt.Errorf("the certificate %s has a key of type %s, not EC: %w", Name(c), c.PublicKeyAlgorithm, evidence.ErrUnsupported)
	}
	key, err := evidence.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: c.RawSubjectPublicKeyInfo}))
	if err != nil {
		return nil, fmt.Errorf("the certificate %s: %w", Name(c), err)
	}
	return key, nil
}
