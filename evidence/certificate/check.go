package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/picketsec/picket/evidence"
)

// parseChain reads the certificates of a bundle, the signer's first. None may appear twice.
func parseChain(list [][]byte) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, 0, len(list))
	for i, der := range list {
		c, err := parse(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the bundle: %w", i+1, err)
		}
		if slices.ContainsFunc(chain, c.Equal) {
			return nil, fmt.Errorf("the certificate %s is in the bundle twice: %w", Name(c), evidence.ErrMalformed)
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// checkSigner checks that a certificate is one of a signer: not of an authority, not self-signed, with an EC key, and for
// signing code or data.
func checkSigner(leaf *x509.Certificate) error {
	switch {
	case leaf.IsCA:
		return fmt.Errorf("the signer's certificate %s is that of an authority (CA:true): %w", Name(leaf), evidence.ErrCertificate)
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return fmt.Errorf("the signer's certificate %s is self-signed, so no root vouches for it; verify by its public key: %w",
			Name(leaf), evidence.ErrForeign)
	}
	if _, err := Key(leaf); err != nil {
		return err
	}
	return checkPurpose(leaf)
}

// checkPurpose demands extended key usage codeSigning; where there is none at all, key usage digitalSignature.
func checkPurpose(leaf *x509.Certificate) error {
	extended := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0
	switch {
	case slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageCodeSigning), slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny):
		return nil
	case extended:
		return fmt.Errorf("the extended key usage of %s does not name codeSigning: %w", Name(leaf), evidence.ErrCertificate)
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return fmt.Errorf("the key usage of %s names neither digitalSignature nor codeSigning: %w", Name(leaf), evidence.ErrCertificate)
	}
	return nil
}

// checkOrder demands that every certificate of a bundle was issued by the next one, with a hash that holds.
func checkOrder(chain []*x509.Certificate) error {
	for i, c := range chain {
		switch c.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			return fmt.Errorf("the certificate %s is signed with %s, which can be forged: %w", Name(c), c.SignatureAlgorithm, evidence.ErrCertificate)
		}
		if i+1 == len(chain) {
			break
		}
		issuer := chain[i+1]
		if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
			return fmt.Errorf("certificate %d of the bundle, %s, did not issue certificate %d, %s; each must be followed by its issuer: %w",
				i+2, Name(issuer), i+1, Name(c), evidence.ErrCertificate)
		}
		if err := c.CheckSignatureFrom(issuer); err != nil {
			return fmt.Errorf("the signature of %s in the certificate %s does not verify: %w", Name(issuer), Name(c), evidence.ErrSignature)
		}
	}
	return nil
}

// checkTime demands that a certificate is in force at a time.
func checkTime(c *x509.Certificate, at time.Time) error {
	const form = time.RFC3339
	switch {
	case at.Before(c.NotBefore):
		return fmt.Errorf("the certificate %s is not valid before %s (checked at %s): %w",
			Name(c), c.NotBefore.UTC().Format(form), at.UTC().Format(form), evidence.ErrCertificate)
	case at.After(c.NotAfter):
		return fmt.Errorf("the certificate %s expired at %s (checked at %s); a timestamp made before that would prove its time: %w",
			Name(c), c.NotAfter.UTC().Format(form), at.UTC().Format(form), evidence.ErrCertificate)
	}
	return nil
}
