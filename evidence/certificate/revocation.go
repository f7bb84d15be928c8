package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// MaxList bounds a revocation list, in bytes.
const MaxList = 16 << 20

// ParseRevocationList reads one revocation list (RFC 5280), PEM or DER.
func ParseRevocationList(data []byte) (*x509.RevocationList, error) {
	if len(data) > MaxList {
		return nil, fmt.Errorf("parse revocation list: %d bytes are more than %d: %w", len(data), MaxList, evidence.ErrMalformed)
	}
	if block, rest := pem.Decode(data); block != nil {
		if block.Type != "X509 CRL" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("parse revocation list: the file holds something else than one X509 CRL: %w", evidence.ErrMalformed)
		}
		data = block.Bytes
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, fmt.Errorf("parse revocation list: %s: %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	return list, nil
}

// checkRevoked looks up every certificate of a path but its root, whose issuer follows it.
func (a *Authority) checkRevoked(path []*x509.Certificate, now time.Time) error {
	if len(a.options.Revoked) == 0 {
		return nil
	}
	for i, c := range path[:len(path)-1] {
		list := a.listOf(path[i+1])
		if list == nil {
			return fmt.Errorf("no revocation list that was given is signed by %s, so nobody can tell whether %s was revoked: %w",
				Name(path[i+1]), Name(c), evidence.ErrCertificate)
		}
		if err := checkList(list, c, now); err != nil {
			return err
		}
	}
	return nil
}

// listOf returns the newest list that an issuer signed.
func (a *Authority) listOf(issuer *x509.Certificate) *x509.RevocationList {
	var best *x509.RevocationList
	for _, list := range a.options.Revoked {
		if !bytes.Equal(list.RawIssuer, issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if best == nil || list.ThisUpdate.After(best.ThisUpdate) {
			best = list
		}
	}
	return best
}

// checkList looks up one certificate in a list that must be in force.
func checkList(list *x509.RevocationList, c *x509.Certificate, now time.Time) error {
	const form = time.RFC3339
	if now.Before(list.ThisUpdate) {
		return fmt.Errorf("the revocation list for %s is from the future, %s: %w", Name(c), list.ThisUpdate.UTC().Format(form), evidence.ErrCertificate)
	}
	if !list.NextUpdate.IsZero() && now.After(list.NextUpdate) {
		return fmt.Errorf("the revocation list for %s is out of date since %s; give a newer one: %w",
			Name(c), list.NextUpdate.UTC().Format(form), evidence.ErrCertificate)
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return fmt.Errorf("the certificate %s was revoked at %s: %w", Name(c), entry.RevocationTime.UTC().Format(form), evidence.ErrCertificate)
		}
	}
	for _, extension := range list.Extensions {
		if extension.Critical {
			return fmt.Errorf("the revocation list for %s has a critical extension %s, so it may be incomplete: %w",
				Name(c), extension.Id, evidence.ErrCertificate)
		}
	}
	return nil
}
