package evidence

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// The constants of the formats, by their specifications' names.
const (
	bundleMediaType  = "application/vnd.dev.sigstore.bundle.v0.3+json"
	inTotoMediaType  = "application/vnd.in-toto+json"
	statementTypeURI = "https://in-toto.io/Statement/v1"
)

// Bundle is a Sigstore bundle v0.3 around a DSSE envelope with one signature. Whether the signature holds, and what its
// certificates and timestamps are worth, is not known before it is verified.
type Bundle struct {
	// Hint is the fingerprint of the key that is said to have signed; empty in bundles of Python tools before 1.1, and for
	// signatures by certificate.
	Hint string
	// Chain are the certificates of a signature by certificate, DER, the signer's first. They are never trusted by themselves.
	Chain [][]byte
	// Certificate is the short-lived certificate of a keyless signature, DER.
	Certificate []byte
	// Timestamps are RFC 3161 responses over the signature, DER.
	Timestamps [][]byte
	// LogEntries are entries of transparency logs as JSON. Only the verifier of keyless signatures looks into them.
	LogEntries []json.RawMessage

	embedded  *PublicKey // the key inside bundles of Python tools before 1.1; never trusted, only compared
	payload   []byte     // the exact bytes that were signed
	signature []byte     // ASN.1 DER
	raw       []byte     // the bundle as it was read, on one line; nil for one that was made here
}

// Method is how the signer wants to be known.
func (b *Bundle) Method() Method {
	switch {
	case b.Certificate != nil:
		return Keyless
	case b.Chain != nil:
		return ByCertificate
	}
	return ByKey
}

// KeyHint is the fingerprint of the key that is said to have signed, also where a bundle holds the key itself; empty when
// none is named.
func (b *Bundle) KeyHint() string {
	if b.Hint == "" && b.embedded != nil {
		return b.embedded.Hint()
	}
	return b.Hint
}

// Payload are the bytes of the statement. Nobody has verified them: use them to find out whom to ask, never to decide.
func (b *Bundle) Payload() []byte { return b.payload }

// Signature is the ASN.1 DER form of the signature over SignedBytes.
func (b *Bundle) Signature() []byte { return b.signature }

// SignedBytes are the bytes that a signature is over: the pre-authentication encoding of the payload.
func (b *Bundle) SignedBytes() []byte { return pae(inTotoMediaType, b.payload) }

// pae is the pre-authentication encoding of DSSE 1.0: what is signed is the payload with its type and lengths.
func pae(payloadType string, payload []byte) []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
	return append([]byte(head), payload...)
}

// Sign signs the bytes of an in-toto statement.
func Sign(ctx context.Context, statement []byte, signer Signer) (*Bundle, error) {
	message := pae(inTotoMediaType, statement)
	sig, err := signer.Sign(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	// A signer outside of this process may hold another key than it says.
	if err := signer.Public().Verify(message, sig); err != nil {
		return nil, fmt.Errorf("check the signature just made: %w", err)
	}
	b := &Bundle{Hint: signer.Public().Hint(), payload: statement, signature: sig}
	if sealer, ok := signer.(Sealer); ok {
		if err := sealer.Seal(ctx, b); err != nil {
			return nil, fmt.Errorf("sign statement: %w", err)
		}
	}
	return b, nil
}

// Verify checks that key signed the bundle and returns the bytes of the statement. The error wraps ErrSignature when the
// bundle names another key or the signature does not hold.
func (b *Bundle) Verify(key *PublicKey) ([]byte, error) {
	if b.Method() != ByKey {
		return nil, fmt.Errorf("the bundle is signed by certificate (%s), not by a key: %w", b.Method(), ErrForeign)
	}
	if b.Hint != "" && b.Hint != key.Hint() {
		return nil, fmt.Errorf("the bundle names key %q, not %s: %w", clip(b.Hint), key, ErrSignature)
	}
	if b.embedded != nil && b.embedded.Hint() != key.Hint() {
		return nil, fmt.Errorf("the bundle holds %s, not %s: %w", b.embedded, key, ErrSignature)
	}
	if err := b.CheckSignature(key); err != nil {
		return nil, err
	}
	return b.payload, nil
}

// Marshal is the bundle as one line of JSON without a newline. A bundle that was read stays what it was; the fields of one
// that was made here are those that the Python tool writes.
func (b *Bundle) Marshal() ([]byte, error) {
	if b.raw != nil {
		return b.raw, nil
	}
	type signature struct {
		Sig   []byte `json:"sig"`
		KeyID string `json:"keyid"`
	}
	var doc struct {
		MediaType            string   `json:"mediaType"`
		VerificationMaterial material `json:"verificationMaterial"`
		DSSEEnvelope         struct {
			Payload     []byte      `json:"payload"`
			PayloadType string      `json:"payloadType"`
			Signatures  []signature `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	doc.MediaType = bundleMediaType
	doc.VerificationMaterial = b.material()
	doc.DSSEEnvelope.Payload = b.payload
	doc.DSSEEnvelope.PayloadType = inTotoMediaType
	doc.DSSEEnvelope.Signatures = []signature{{Sig: b.signature}}
	return marshal(doc)
}

// ParseBundle reads a bundle. Errors wrap ErrMalformed, or ErrUnsupported for kinds of bundles that nothing here verifies.
func ParseBundle(data []byte) (*Bundle, error) {
	b, err := parseBundle(data)
	if err != nil {
		return nil, fmt.Errorf("parse bundle: %w", err)
	}
	return b, nil
}

func parseBundle(data []byte) (*Bundle, error) {
	if err := document(data); err != nil {
		return nil, err
	}
	top, err := parseObject("bundle", data)
	if err != nil {
		return nil, err
	}
	var mediaType string
	if err := top.take("mediaType", &mediaType); err != nil {
		return nil, err
	}
	if mediaType != bundleMediaType {
		return nil, fmt.Errorf("media type %q: %w; only %s is", clip(mediaType), ErrUnsupported, bundleMediaType)
	}
	b := &Bundle{}
	material, err := top.object("verificationMaterial")
	if err != nil {
		return nil, err
	}
	if err := b.readMaterial(material); err != nil {
		return nil, err
	}
	envelope, err := top.object("dsseEnvelope")
	if err != nil {
		return nil, err
	}
	if err := b.readEnvelope(envelope); err != nil {
		return nil, err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, data); err != nil {
		return nil, fmt.Errorf("compact bundle: %w: %w", err, ErrMalformed)
	}
	b.raw = line.Bytes()
	return b, top.end()
}

// readEnvelope reads the DSSE envelope. Sigstore bundles have exactly one signature.
func (b *Bundle) readEnvelope(o *object) error {
	var payload, payloadType, sig, keyID string
	if err := o.take("payload", &payload); err != nil {
		return err
	}
	if err := o.take("payloadType", &payloadType); err != nil {
		return err
	}
	if payloadType != inTotoMediaType {
		return fmt.Errorf("payload type %q: %w; only %s is", clip(payloadType), ErrUnsupported, inTotoMediaType)
	}
	signatures, err := o.objects("signatures", 1)
	if err != nil {
		return err
	}
	if len(signatures) != 1 {
		return fmt.Errorf("there is no signature: %w", ErrMalformed)
	}
	if err := signatures[0].take("sig", &sig); err != nil {
		return err
	}
	if err := signatures[0].maybe("keyid", &keyID); err != nil {
		return err
	}
	if err := signatures[0].end(); err != nil {
		return err
	}
	if b.payload, err = decodeBase64("payload", payload); err != nil {
		return err
	}
	if b.signature, err = decodeBase64("sig", sig); err != nil {
		return err
	}
	return o.end()
}

// decodeBase64 accepts the one encoding of some bytes: with padding, without line breaks or stray trailing bits, so that a
// changed character is always seen.
func decodeBase64(name, text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%s has line breaks in its base64: %w", name, ErrMalformed)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("%s is not base64: %w", name, ErrMalformed)
	}
	return raw, nil
}
