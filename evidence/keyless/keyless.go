// Package keyless verifies and makes signatures by short-lived certificates of a Sigstore instance, whose identity is an
// account of an identity provider. It is for signers without keys of their own. Verifying needs no network, only the
// instance's trust root, public or private; signing talks to exactly the services that the caller names, and there are none by
// default.
package keyless

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	own "github.com/picketsec/picket/evidence/certificate"
)

// Bounds on what is read before the verifier of Sigstore sees it.
const (
	maxRoot      = 1 << 20  // bytes of a trust root; the public instance's has 7 KiB
	maxParts     = 64       // authorities and logs of a trust root, of each kind
	maxPattern   = 500      // bytes of a pattern
	maxLeaf      = 64 << 10 // bytes of the signer's certificate
	configPrefix = "application/vnd.dev.sigstore.clienttrustconfig."
)

// Identity is whose signatures are accepted: an account and the identity provider that vouches for it, both exactly. An empty
// field accepts nothing.
type Identity struct {
	// Subject is the account as the certificate names it: an address of mail, or the URI of a workflow or service account.
	Subject string
	// Issuer is the address of the identity provider.
	Issuer string
	// Pattern makes Subject a regular expression (RE2) that must match the whole account. Issuer is always exact.
	Pattern bool
}

// Matches returns nil when a proof is by this identity, else an error that wraps evidence.ErrForeign.
func (i Identity) Matches(who evidence.Signatory) error {
	if i.Subject == "" || i.Issuer == "" {
		return fmt.Errorf("an identity needs both an account and an issuer: %w", evidence.ErrUnsupported)
	}
	if who.Method != evidence.Keyless {
		return fmt.Errorf("it is signed by the method %s: %w", who.Method, evidence.ErrForeign)
	}
	if who.Issuer != i.Issuer {
		return fmt.Errorf("the issuer of the identity is %q, not %q: %w", clip(who.Issuer), clip(i.Issuer), evidence.ErrForeign)
	}
	same := who.Subject == i.Subject
	if i.Pattern {
		expression, err := compile(i.Subject)
		if err != nil {
			return err
		}
		same = expression.MatchString(who.Subject)
	}
	if !same {
		return fmt.Errorf("the identity is %q, not %q: %w", clip(who.Subject), clip(i.Subject), evidence.ErrForeign)
	}
	return nil
}

// Check returns an error for an identity that could never match, such as one with a pattern that is none.
func (i Identity) Check() error {
	if i.Subject == "" || i.Issuer == "" {
		return fmt.Errorf("an identity needs both an account and an issuer: %w", evidence.ErrUnsupported)
	}
	if !i.Pattern {
		return nil
	}
	_, err := compile(i.Subject)
	return err
}

// compile anchors a pattern at both ends.
func compile(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("the pattern of an identity has more than %d bytes: %w", maxPattern, evidence.ErrUnsupported)
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("the pattern %q of an identity is no regular expression: %w", clip(pattern), evidence.ErrMalformed)
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

// Root is what an operator trusts of a Sigstore instance: its certificate authorities, logs and timestamp authorities.
type Root struct {
	material root.TrustedMaterial
	verifier *verify.Verifier
}

// ParseRoot reads a TrustedRoot, or the ClientTrustConfig that holds one, in the JSON form of Sigstore's protobuf-specs.
// A root demands of a signature
//   - an entry in one of its transparency logs when it has one,
//   - a time from a log (Rekor v1) or a timestamp authority (always for Rekor v2, whose entries have no time),
//   - a signed certificate timestamp when it names a certificate transparency log.
func ParseRoot(data []byte) (*Root, error) {
	message, err := readRoot(data)
	if err != nil {
		return nil, fmt.Errorf("parse Sigstore trust root: %w", err)
	}
	material, err := root.NewTrustedRootFromProtobuf(message)
	if err != nil {
		return nil, fmt.Errorf("parse Sigstore trust root (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	return newRoot(material)
}

// readRoot decodes and bounds a trust root.
func readRoot(data []byte) (*v1.TrustedRoot, error) {
	if len(data) > maxRoot {
		return nil, fmt.Errorf("%d bytes are more than %d: %w", len(data), maxRoot, evidence.ErrMalformed)
	}
	var head struct {
		MediaType string `json:"mediaType"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", evidence.ErrMalformed)
	}
	message := &v1.TrustedRoot{}
	var err error
	if bytes.HasPrefix([]byte(head.MediaType), []byte(configPrefix)) {
		config := &v1.ClientTrustConfig{}
		err = decoder().Unmarshal(data, config)
		message = config.GetTrustedRoot()
	} else {
		err = decoder().Unmarshal(data, message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	parts := max(len(message.GetTlogs()), len(message.GetCtlogs()), len(message.GetCertificateAuthorities()), len(message.GetTimestampAuthorities()))
	if parts > maxParts {
		return nil, fmt.Errorf("it names %d authorities or logs of one kind, more than %d: %w", parts, maxParts, evidence.ErrMalformed)
	}
	return message, nil
}

// decoder passes over fields that later versions of the formats have: they add kinds of services and take back nothing.
func decoder() protojson.UnmarshalOptions {
	return protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 32}
}

// newRoot decides what the root demands of a signature.
func newRoot(material root.TrustedMaterial) (*Root, error) {
	if len(material.FulcioCertificateAuthorities()) == 0 {
		return nil, fmt.Errorf("parse Sigstore trust root: it has no certificate authority: %w", evidence.ErrUnsupported)
	}
	options := []verify.VerifierOption{verify.WithoutStatementPredicate(), verify.WithObserverTimestamps(1)}
	switch {
	case len(material.RekorLogs()) > 0:
		options = append(options, verify.WithTransparencyLog(1))
	case len(material.TimestampingAuthorities()) == 0:
		return nil, fmt.Errorf("parse Sigstore trust root: it has neither a transparency log nor a timestamp authority, so nothing would "+
			"tell the time of a signature: %w", evidence.ErrUnsupported)
	}
	if len(material.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	verifier, err := verify.NewVerifier(material, options...)
	if err != nil {
		return nil, fmt.Errorf("use Sigstore trust root: %w", err)
	}
	return &Root{material: material, verifier: verifier}, nil
}

// Verify checks that one of the identities signed the bundle by a certificate of the instance. The error wraps
// evidence.ErrForeign when another instance or another identity signed, evidence.ErrSignature when something in the bundle does
// not hold, and evidence.ErrMalformed.
func (r *Root) Verify(b *evidence.Bundle, accepted ...Identity) (*evidence.Proof, error) {
	if b.Method() != evidence.Keyless {
		return nil, fmt.Errorf("the bundle is not signed keyless but by the method %s: %w", b.Method(), evidence.ErrForeign)
	}
	if len(accepted) == 0 {
		return nil, fmt.Errorf("no identity was named whose signature is accepted: %w", evidence.ErrForeign)
	}
	leaf, err := r.leaf(b)
	if err != nil {
		return nil, err
	}
	who, key, err := signatory(leaf)
	if err != nil {
		return nil, err
	}
	if err := matches(who, accepted); err != nil {
		return nil, err
	}
	moments, err := r.check(b)
	if err != nil {
		return nil, err
	}
	// The verifier has checked the signature; that it was over these bytes by this key is checked again, by what reads them.
	if err := key.Verify(b.SignedBytes(), b.Signature()); err != nil {
		return nil, err
	}
	return &evidence.Proof{Payload: b.Payload(), Signatory: who, Moments: moments}, nil
}

// leaf reads the signer's certificate. One that no authority of the root issued is another instance's.
func (r *Root) leaf(b *evidence.Bundle) (*x509.Certificate, error) {
	if len(b.Certificate) > maxLeaf {
		return nil, fmt.Errorf("a certificate of %d bytes is more than %d: %w", len(b.Certificate), maxLeaf, evidence.ErrMalformed)
	}
	leaf, err := x509.ParseCertificate(b.Certificate)
	if err != nil {
		return nil, fmt.Errorf("the certificate is damaged (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	known := false
	for _, authority := range r.material.FulcioCertificateAuthorities() {
		// Whether the certificate held at the time of the signature is for the verifier to say; here the name is enough.
		if a, ok := authority.(*root.FulcioCertificateAuthority); ok {
			known = known || slices.ContainsFunc(append([]*x509.Certificate{a.Root}, a.Intermediates...), func(c *x509.Certificate) bool {
				return bytes.Equal(c.RawSubject, leaf.RawIssuer) && leaf.CheckSignatureFrom(c) == nil
			})
		}
	}
	if !known {
		return nil, fmt.Errorf("no authority of the Sigstore trust root issued the certificate: %w", evidence.ErrForeign)
	}
	return leaf, nil
}

// Claimed is who made a bundle by its certificate, which nobody has verified. It is for messages.
func Claimed(b *evidence.Bundle) evidence.Signatory {
	who := evidence.Signatory{Method: evidence.Keyless, Subject: "in an unreadable certificate", Issuer: "nobody"}
	leaf, err := x509.ParseCertificate(b.Certificate)
	if err != nil {
		return who
	}
	if named, _, err := signatory(leaf); err == nil {
		return named
	}
	return who
}

// signatory reads the one account that a certificate names.
func signatory(leaf *x509.Certificate) (evidence.Signatory, *evidence.PublicKey, error) {
	key, err := own.Key(leaf)
	if err != nil {
		return evidence.Signatory{}, nil, err
	}
	if names := len(leaf.URIs) + len(leaf.EmailAddresses) + len(leaf.DNSNames) + len(leaf.IPAddresses); names > 1 {
		return evidence.Signatory{}, nil, fmt.Errorf("the certificate names %d accounts, not one: %w", names, evidence.ErrCertificate)
	}
	summary, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return evidence.Signatory{}, nil, fmt.Errorf("the certificate names no account (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrCertificate)
	}
	return evidence.Signatory{Method: evidence.Keyless, Key: key.Hint(), Subject: summary.SubjectAlternativeName, Issuer: summary.Issuer}, key, nil
}

// matches demands that one of the identities signed.
func matches(who evidence.Signatory, accepted []Identity) error {
	var failures []error
	for _, identity := range accepted {
		err := identity.Matches(who)
		if err == nil {
			return nil
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// check lets the verifier of Sigstore judge the whole bundle and returns the times that it confirmed.
func (r *Root) check(b *evidence.Bundle) ([]evidence.Moment, error) {
	text, err := b.Marshal()
	if err != nil {
		return nil, err
	}
	entity := &bundle.Bundle{}
	if err := entity.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("read the bundle as Sigstore's (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	if err := sameContent(entity, b); err != nil {
		return nil, err
	}
	result, err := r.verifier.Verify(entity, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return nil, fmt.Errorf("the verifier of Sigstore: %s: %w", picket.Printable(err.Error(), 300), evidence.ErrSignature)
	}
	moments := make([]evidence.Moment, 0, len(result.VerifiedTimestamps))
	for _, t := range result.VerifiedTimestamps {
		source := "timestamp authority"
		if t.Type == "Tlog" {
			source = "transparency log"
		}
		moments = append(moments, evidence.Moment{Time: t.Timestamp.UTC(), Source: source + " " + picket.Printable(t.URI, 200)})
	}
	slices.SortFunc(moments, func(a, b evidence.Moment) int { return a.Time.Compare(b.Time) })
	return moments, nil
}

// sameContent demands that the two readers of the bundle saw the same payload, signature and certificate.
func sameContent(entity *bundle.Bundle, b *evidence.Bundle) error {
	envelope := entity.GetDsseEnvelope()
	signatures := envelope.GetSignatures()
	if len(signatures) != 1 || !bytes.Equal(envelope.GetPayload(), b.Payload()) || !bytes.Equal(signatures[0].GetSig(), b.Signature()) ||
		!bytes.Equal(entity.GetVerificationMaterial().GetCertificate().GetRawBytes(), b.Certificate) {
		return fmt.Errorf("two readers of the bundle see different content: %w", evidence.ErrMalformed)
	}
	return nil
}

// clip bounds text from the outside for use in a message.
func clip(s string) string { return picket.Printable(s, 200) }
