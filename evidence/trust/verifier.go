package trust

import (
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
	"github.com/picketsec/picket/evidence/keyless"
	"github.com/picketsec/picket/evidence/timestamp"
)

// clocks are the timestamp authorities of a root. They are what package certificate asks, too.
type clocks []clock

// clock is one timestamp authority.
type clock struct {
	name  string
	roots *timestamp.Roots
}

// addClocks reads the timestamp authorities of a definition.
func (t *Root) addClocks(list []Authority) error {
	if len(list) > maxLists {
		return fmt.Errorf("timestamps: more than %d authorities: %w", maxLists, evidence.ErrMalformed)
	}
	for _, a := range list {
		if err := checkName(a.Name); err != nil {
			return fmt.Errorf("timestamps: %w", err)
		}
		if slices.ContainsFunc(t.clocks, func(c clock) bool { return c.name == a.Name }) {
			return fmt.Errorf("timestamps: %q is there twice: %w", a.Name, evidence.ErrMalformed)
		}
		roots, err := timestamp.ParseRoots([]byte(strings.Join(a.Roots, "\n")))
		if err != nil {
			return fmt.Errorf("timestamps: %s: %w", a.Name, err)
		}
		t.clocks = append(t.clocks, clock{a.Name, roots})
	}
	return nil
}

// Verify returns the moments at which authorities of the root saw the signature, the earliest first. A timestamp of somebody
// else proves nothing and is passed over; one that a known authority is said to have made, and that does not hold, is an
// error.
func (cs clocks) Verify(b *evidence.Bundle) ([]evidence.Moment, error) {
	var all []evidence.Moment
	for n, response := range b.Timestamps {
		var damage error
		for _, c := range cs {
			m, err := c.roots.VerifyResponse(response, b.Signature())
			if err == nil {
				all, damage = append(all, evidence.Moment{Time: m.Time, Source: "timestamp authority " + c.name}), nil
				break
			}
			if !errors.Is(err, evidence.ErrForeign) {
				damage = errors.Join(damage, fmt.Errorf("timestamp %d, by %s: %w", n+1, c.name, err))
			}
		}
		if damage != nil {
			return nil, damage
		}
	}
	slices.SortStableFunc(all, func(a, b evidence.Moment) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Source, b.Source))
	})
	return all, nil
}

// certified is an identity with a certificate.
type certified struct {
	subject   string
	authority *certificate.Authority
	now       func() time.Time
}

// newCertified reads the certificates of an identity.
func newCertified(c *Certificate, t *Root) (verifier, error) {
	if c.Subject == "" || len(c.Subject) > maxAddress || len(c.Roots) == 0 || len(c.Roots) > maxLists {
		return nil, fmt.Errorf("certificate: it takes a subject and 1 to %d roots: %w", maxLists, evidence.ErrMalformed)
	}
	authority, err := certificate.New([]byte(strings.Join(c.Roots, "\n")), certificate.Options{Timestamps: t.clocks})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &certified{subject: c.Subject, authority: authority, now: t.time}, nil
}

// Verify implements verifier. A certificate names its holder by its whole subject, or by an alternative name of the kind that
// the identity is written as.
func (c *certified) Verify(b *evidence.Bundle) (*evidence.Proof, error) {
	if len(b.Chain) == 0 {
		return nil, fmt.Errorf("it has no certificate: %w", evidence.ErrForeign)
	}
	leaf, err := x509.ParseCertificate(b.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("its certificate is damaged: %w", evidence.ErrMalformed)
	}
	if !slices.Contains(namesLike(leaf, c.subject), c.subject) {
		return nil, fmt.Errorf("the certificate is that of %s: %w", certificate.Name(leaf), evidence.ErrForeign)
	}
	return c.authority.Verify(b, c.now())
}

// namesLike are the names in a certificate of the kind that a subject is written as. An authority that may certify addresses
// of one domain only may certify any host name; so an address of mail that stands there as a host name is no address.
func namesLike(leaf *x509.Certificate, subject string) []string {
	at := strings.IndexAny(subject, "=:@/")
	switch {
	case at >= 0 && subject[at] == '=': // CN=release,O=Acme
		if repeated(leaf.Subject) {
			return nil
		}
		return []string{leaf.Subject.String()}
	case strings.Contains(subject, ":"): // spiffe://acme/ci
		var names []string
		for _, u := range leaf.URIs {
			names = append(names, u.String())
		}
		return names
	case strings.Contains(subject, "@"):
		return leaf.EmailAddresses
	}
	return leaf.DNSNames
}

// repeated reports whether a name has several common names or serial numbers, of which its text form shows only the last.
func repeated(name pkix.Name) bool {
	seen := map[string]int{}
	for _, a := range name.Names {
		seen[a.Type.String()]++
	}
	const commonName, serialNumber = "2.5.4.3", "2.5.4.5"
	return seen[commonName] > 1 || seen[serialNumber] > 1
}

// account is an identity without a key of its own.
type account struct {
	identity keyless.Identity
	instance *keyless.Root
}

// newAccount reads the trust root of a Sigstore instance.
func newAccount(k *Keyless, _ *Root) (verifier, error) {
	identity := keyless.Identity{Subject: k.Identity, Issuer: k.Issuer, Pattern: k.Pattern}
	if len(k.Identity) > maxAddress || len(k.Issuer) > maxAddress {
		return nil, fmt.Errorf("keyless: issuer and identity have at most %d bytes: %w", maxAddress, evidence.ErrMalformed)
	}
	if err := identity.Check(); err != nil {
		return nil, fmt.Errorf("keyless: %w", err)
	}
	instance, err := keyless.ParseRoot(k.Sigstore)
	if err != nil {
		return nil, fmt.Errorf("keyless: %w", err)
	}
	return &account{identity: identity, instance: instance}, nil
}

// Verify implements verifier.
func (a *account) Verify(b *evidence.Bundle) (*evidence.Proof, error) {
	return a.instance.Verify(b, a.identity)
}
