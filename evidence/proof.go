package evidence

import "time"

// Method is how a signer is known.
type Method string

// The methods of OpenSSF Model Signing.
const (
	ByKey         Method = "key"         // a public key that the verifier has
	ByCertificate Method = "certificate" // a certificate that chains to a root that the verifier has
	Keyless       Method = "keyless"     // an account of an identity provider, by a short-lived certificate of Sigstore
)

// Signatory is who made a signature, as the signature itself proves it.
type Signatory struct {
	Method Method
	// Key is the fingerprint of the public key that verified the signature, see PublicKey.Hint.
	Key string
	// Subject and Issuer are the name in the certificate and who vouches for it; for a keyless signature the account and
	// the address of its identity provider. Empty for a key.
	Subject, Issuer string
}

// Moment is a time at which a signature is proven to have existed.
type Moment struct {
	Time   time.Time
	Source string // the clock: "timestamp authority NAME", "transparency log NAME"
}

// Proof is what a verified signature proves.
type Proof struct {
	// Payload are the exact bytes that were signed.
	Payload   []byte
	Signatory Signatory
	// Moments come from clocks that the verifier trusts, the earliest first. With none, a time is the signer's word.
	Moments []Moment
}

// Earliest is the first moment at which the signature is proven to have existed.
func (p *Proof) Earliest() (Moment, bool) {
	if len(p.Moments) == 0 {
		return Moment{}, false
	}
	return p.Moments[0], true
}
