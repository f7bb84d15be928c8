package main

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
	"github.com/picketsec/picket/evidence/keyless"
	"github.com/picketsec/picket/evidence/timestamp"
)

// verifierFlags say whose signature is accepted.
type verifierFlags struct {
	publicKey string
	roots     []string
	system    bool
	atSigning bool
	clocks    []string
	revoked   []string
	identity  keyless.Identity
	trusted   string
	trust     trustFlags
}

// verdict is what a verifier says about a signature that holds.
type verdict struct {
	proof *evidence.Proof
	name  string // of the signer in the trust root, when there is one
}

// verifier checks the signature of a bundle.
type verifier func(b *evidence.Bundle) (verdict, error)

// add declares the flags.
func (v *verifierFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.publicKey, "public-key", "", "PEM `FILE` with the public key of who must have signed")
	f.StringArrayVar(&v.roots, "certificate-root", nil, "PEM `FILE` with the roots that the signer's certificate must lead to (may be repeated)")
	f.BoolVar(&v.system, "system-roots", false, "accept certificates that lead to the roots of the operating system, too")
	f.BoolVar(&v.atSigning, "at-signing-time", false, "check certificates at the beginning of the signer's, as the Python tool does; expired ones pass")
	f.StringArrayVar(&v.clocks, "timestamp-root", nil, "PEM `FILE` with the roots of timestamp authorities whose time is believed (may be repeated)")
	f.StringArrayVar(&v.revoked, "crl", nil, "`FILE` with a certificate revocation list; then there must be one for every authority (may be repeated)")
	f.StringVar(&v.identity.Subject, "identity", "", "`ACCOUNT` that must have signed keyless: an address of mail, or the URI of a workflow")
	f.StringVar(&v.identity.Issuer, "identity-issuer", "", "`URL` of the identity provider of the account")
	f.BoolVar(&v.identity.Pattern, "identity-pattern", false, "take --identity as a regular expression that must match the whole account")
	f.StringVar(&v.trusted, "trusted-root", "", "`FILE` with the trust root of the Sigstore instance (TrustedRoot or ClientTrustConfig)")
	v.trust.add(cmd)
}

// ways lists who may have signed, of those that the flags name.
func (v *verifierFlags) ways() []string {
	var given []string
	for _, way := range []struct {
		name string
		used bool
	}{
		{"--public-key", v.publicKey != ""}, {"--certificate-root", len(v.roots) > 0 || v.system},
		{"--identity", v.identity.Subject != ""}, {"--trust", v.trust.file != ""},
	} {
		if way.used {
			given = append(given, way.name)
		}
	}
	return given
}

// check refuses flags that do not say whose signature is accepted, or say it twice.
func (v *verifierFlags) check(env Env) error {
	ways := v.ways()
	if len(ways) == 0 && env.Getenv("PICKET_TRUST") != "" {
		ways = []string{"--trust"}
	}
	if len(ways) == 0 {
		return usagef("whose signature is accepted is missing: give --public-key FILE, --certificate-root FILE, --identity ACCOUNT or --trust FILE")
	}
	if len(ways) > 1 {
		return usagef("%s name two signers; give one, or a trust root with both", strings.Join(ways, " and "))
	}
	certificates := ways[0] == "--certificate-root"
	account := ways[0] == "--identity"
	switch {
	case !certificates && (v.atSigning || len(v.revoked) > 0):
		return usagef("--at-signing-time and --crl are for --certificate-root, which is not given")
	case account && (v.identity.Issuer == "" || v.trusted == ""):
		return usagef("--identity needs --identity-issuer URL and --trusted-root FILE: an account means nothing without who vouches for it")
	case !account && (v.identity.Issuer != "" || v.trusted != "" || v.identity.Pattern):
		return usagef("--identity-issuer, --identity-pattern and --trusted-root are for --identity, which is not given")
	case account && len(v.clocks) > 0 || ways[0] == "--trust" && len(v.clocks) > 0:
		return usagef("--timestamp-root is for --public-key and --certificate-root; a trust root names its own clocks")
	}
	return nil
}

// open reads what the flags name, before any work is done.
func (v *verifierFlags) open(env Env) (verifier, error) {
	if err := v.check(env); err != nil {
		return nil, err
	}
	switch {
	case v.publicKey != "":
		return v.byKey()
	case len(v.roots) > 0 || v.system:
		return v.byCertificate(env)
	case v.identity.Subject != "":
		return v.byAccount()
	}
	return v.byTrust(env)
}

// clock reads the timestamp authorities that are believed; nil when there is none.
func (v *verifierFlags) clock() (*timestamp.Roots, error) {
	if len(v.clocks) == 0 {
		return nil, nil
	}
	text, err := readAll("--timestamp-root", v.clocks)
	if err != nil {
		return nil, err
	}
	clock, err := timestamp.ParseRoots(text)
	if err != nil {
		return nil, usagef("--timestamp-root: %w", err)
	}
	return clock, nil
}

// byKey accepts one key.
func (v *verifierFlags) byKey() (verifier, error) {
	key, err := readPublicKey(v.publicKey)
	if err != nil {
		return nil, err
	}
	clock, err := v.clock()
	if err != nil {
		return nil, err
	}
	return func(b *evidence.Bundle) (verdict, error) {
		payload, err := b.Verify(key)
		if err != nil {
			return verdict{}, err
		}
		proof := &evidence.Proof{Payload: payload, Signatory: evidence.Signatory{Method: evidence.ByKey, Key: key.Hint()}}
		if clock != nil {
			proof.Moments, err = clock.Verify(b)
		}
		return verdict{proof: proof}, err
	}, nil
}

// byCertificate accepts the holders of certificates.
func (v *verifierFlags) byCertificate(env Env) (verifier, error) {
	text, err := readAll("--certificate-root", v.roots)
	if err != nil {
		return nil, err
	}
	options := certificate.Options{AtSigningTime: v.atSigning, System: v.system}
	clock, err := v.clock()
	if err != nil {
		return nil, err
	}
	if clock != nil {
		options.Timestamps = clock
	}
	if options.Revoked, err = readRevoked(v.revoked); err != nil {
		return nil, err
	}
	authority, err := certificate.New(text, options)
	if err != nil {
		return nil, usagef("--certificate-root: %w", err)
	}
	return func(b *evidence.Bundle) (verdict, error) {
		proof, err := authority.Verify(b, env.Now())
		return verdict{proof: proof}, err
	}, nil
}

// readRevoked reads revocation lists.
func readRevoked(names []string) ([]*x509.RevocationList, error) {
	var lists []*x509.RevocationList
	for _, name := range names {
		data, err := readSmall(name, certificate.MaxList)
		if err != nil {
			return nil, usagef("--crl: %w", err)
		}
		list, err := certificate.ParseRevocationList(data)
		if err != nil {
			return nil, usagef("--crl %s: %w", name, err)
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// byAccount accepts one account of a Sigstore instance.
func (v *verifierFlags) byAccount() (verifier, error) {
	if err := v.identity.Check(); err != nil {
		return nil, usagef("--identity: %w", err)
	}
	data, err := readSmall(v.trusted, maxRootFile)
	if err != nil {
		return nil, usagef("--trusted-root: %w", err)
	}
	root, err := keyless.ParseRoot(data)
	if err != nil {
		return nil, usagef("--trusted-root %s: %w", v.trusted, err)
	}
	return func(b *evidence.Bundle) (verdict, error) {
		proof, err := root.Verify(b, v.identity)
		return verdict{proof: proof}, err
	}, nil
}

// byTrust accepts whoever the trust root lets sign models.
func (v *verifierFlags) byTrust(env Env) (verifier, error) {
	root, _, err := v.trust.read(env)
	if err != nil {
		return nil, err
	}
	return func(b *evidence.Bundle) (verdict, error) {
		name, proof, err := root.Verify(b)
		if err == nil {
			err = root.May(name, "signature", proof)
		}
		if err != nil {
			return verdict{}, fmt.Errorf("trust root: %w", err)
		}
		return verdict{proof, name}, nil
	}, nil
}
