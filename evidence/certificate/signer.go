package certificate

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/picketsec/picket/evidence"
)

// Signer signs with a key that a certificate names, and puts the certificate and its chain into the bundle. It is an
// evidence.Sealer.
type Signer struct {
	evidence.Signer
	chain []*x509.Certificate
}

// NewSigner makes a Signer from a key, the certificate of that key, and the certificates that lead from it to the root, in
// this order, PEM; the chain may be empty. Whatever a verifier would refuse is refused here.
func NewSigner(key evidence.Signer, signing, chain []byte, now time.Time) (*Signer, error) {
	own, err := ParsePEM(signing)
	if err != nil {
		return nil, fmt.Errorf("parse signing certificate: %w", err)
	}
	certificates := own
	if len(chain) > 0 {
		rest, err := ParsePEM(chain)
		if err != nil {
			return nil, fmt.Errorf("parse certificate chain: %w", err)
		}
		certificates = append(certificates, rest...)
	}
	const most = 10 // what readers of bundles accept
	if len(certificates) > most {
		return nil, fmt.Errorf("%d certificates are more than %d: %w", len(certificates), most, evidence.ErrUnsupported)
	}
	leaf := certificates[0]
	if err := checkSigner(leaf); err != nil {
		return nil, err
	}
	public, err := Key(leaf)
	if err != nil {
		return nil, err
	}
	if public.Hint() != key.Public().Hint() {
		return nil, fmt.Errorf("the certificate %s is for another key: it names %s, the signer has %s: %w",
			Name(leaf), public, key.Public(), evidence.ErrCertificate)
	}
	if err := checkOrder(certificates); err != nil {
		return nil, err
	}
	if err := checkTime(leaf, now); err != nil {
		return nil, err
	}
	return &Signer{Signer: key, chain: certificates}, nil
}

// Subject is the name in the certificate.
func (s *Signer) Subject() string { return Name(s.chain[0]) }

// Seal implements evidence.Sealer.
func (s *Signer) Seal(_ context.Context, b *evidence.Bundle) error {
	b.Hint = ""
	for _, c := range s.chain {
		b.Chain = append(b.Chain, c.Raw)
	}
	return nil
}
