// Package timestamp proves when a signature was made: it verifies and requests RFC 3161 timestamps. It is for signers whose
// certificates expire before their signatures do, and for claims that must not be older than they say.
//
// A timestamp counts when it is over the signature and its authority chains to a certificate that the operator gave. A request
// carries the hash of a signature and nothing about the content, and goes to the one address that the caller names.
package timestamp

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/sigstore/timestamp-authority/v2/pkg/verification"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
)

// Bounds on a response, before anything else reads it.
const (
	maxResponse = 64 << 10 // bytes; responses with a whole chain have 10 KiB
	maxDepth    = 40       // of nested ASN.1 values
)

// Roots are the timestamp authorities that an operator trusts.
type Roots struct {
	authorities []*x509.Certificate
	signers     []*x509.Certificate // for responses that leave out their signer
}

// ParseRoots reads the certificates of timestamp authorities, PEM. Those of authorities (CA:true) are the roots of trust; others
// are signers, for responses that do not carry theirs.
func ParseRoots(text []byte) (*Roots, error) {
	list, err := certificate.ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("parse timestamp roots: %w", err)
	}
	r := &Roots{}
	for _, c := range list {
		if c.IsCA {
			r.authorities = append(r.authorities, c)
		} else {
			r.signers = append(r.signers, c)
		}
	}
	if len(r.authorities) == 0 {
		return nil, fmt.Errorf("parse timestamp roots: no certificate in it is that of an authority (CA:true): %w", evidence.ErrUnsupported)
	}
	return r, nil
}

// Verify returns a moment for every timestamp of the bundle, the earliest first; none when it has none. One that does not hold is an
// error that wraps evidence.ErrSignature, one of another authority an error that wraps evidence.ErrForeign: a bundle that
// carries a time which nobody can confirm is not passed over.
func (r *Roots) Verify(b *evidence.Bundle) ([]evidence.Moment, error) {
	moments := make([]evidence.Moment, 0, len(b.Timestamps))
	for i, response := range b.Timestamps {
		m, err := r.VerifyResponse(response, b.Signature())
		if err != nil {
			return nil, fmt.Errorf("timestamp %d: %w", i+1, err)
		}
		moments = append(moments, m)
	}
	slices.SortFunc(moments, func(a, b evidence.Moment) int { return a.Time.Compare(b.Time) })
	return moments, nil
}

// VerifyResponse checks that a response (TimeStampResp of RFC 3161, DER) is over a signature and comes from one of the roots.
func (r *Roots) VerifyResponse(response, signature []byte) (evidence.Moment, error) {
	if err := checkDER(response); err != nil {
		return evidence.Moment{}, err
	}
	// The library looks for the signer in the response, or takes the one that it is given.
	var failures []error
	for _, signer := range append([]*x509.Certificate{nil}, r.signers...) {
		stamp, err := verification.VerifyTimestampResponse(response, bytes.NewReader(signature),
			verification.VerifyOpts{Roots: r.authorities, TSACertificate: signer})
		if err == nil {
			name := ""
			if signer != nil {
				name = certificate.Name(signer)
			} else if len(stamp.Certificates) > 0 {
				name = certificate.Name(stamp.Certificates[0])
			}
			return evidence.Moment{Time: stamp.Time.UTC(), Source: "timestamp authority " + name}, nil
		}
		failures = append(failures, err)
	}
	return evidence.Moment{}, explain(failures)
}

// explain turns the failures of one response into one error.
func explain(failures []error) error {
	kind := evidence.ErrSignature
	for _, err := range failures {
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
			kind = evidence.ErrForeign
		}
	}
	return fmt.Errorf("it does not verify (%s): %w", picket.Printable(failures[len(failures)-1].Error(), 300), kind)
}

// checkDER demands that data is one DER value which is not nested too deep. The library behind it accepts BER, whose
// indefinite lengths let few bytes mean much work.
func checkDER(data []byte) error {
	if len(data) > maxResponse {
		return fmt.Errorf("%d bytes are more than %d: %w", len(data), maxResponse, evidence.ErrMalformed)
	}
	rest := cryptobyte.String(data)
	if !walk(&rest, 0) || !rest.Empty() {
		return fmt.Errorf("it is not one value in DER form: %w", evidence.ErrMalformed)
	}
	return nil
}

// walk reads one value and those in it.
func walk(s *cryptobyte.String, depth int) bool {
	var inner cryptobyte.String
	var tag asn1.Tag
	if depth > maxDepth || !s.ReadAnyASN1(&inner, &tag) {
		return false
	}
	const constructed = 0x20
	for tag&constructed != 0 && !inner.Empty() {
		if !walk(&inner, depth+1) {
			return false
		}
	}
	return true
}
