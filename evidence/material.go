package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Bounds on what a bundle says about its signer.
const (
	maxChain      = 10      // certificates
	maxTimestamps = 16      // RFC 3161 responses
	maxLogEntries = 16      // of transparency logs
	maxEvidence   = 1 << 20 // bytes of any one of them
)

// material is the JSON form of who signed.
type material struct {
	PublicKey   *publicKey        `json:"publicKey,omitempty"`
	Chain       *certificateChain `json:"x509CertificateChain,omitempty"`
	Certificate *rawBytes         `json:"certificate,omitempty"`
	LogEntries  []json.RawMessage `json:"tlogEntries"`
	Timestamps  *timestampData    `json:"timestampVerificationData,omitempty"`
}

// The parts of material, by the names that the format has for them.
type (
	publicKey struct {
		Hint string `json:"hint"`
	}
	certificateChain struct {
		Certificates []rawBytes `json:"certificates"`
	}
	rawBytes struct {
		RawBytes []byte `json:"rawBytes"`
	}
	timestampData struct {
		Timestamps []signedTimestamp `json:"rfc3161Timestamps"`
	}
	signedTimestamp struct {
		Timestamp []byte `json:"signedTimestamp"`
	}
)

// material encodes who signed. An empty list of log entries is written, because the Python tool writes it too.
func (b *Bundle) material() material {
	m := material{LogEntries: append([]json.RawMessage{}, b.LogEntries...)}
	switch b.Method() {
	case Keyless:
		m.Certificate = &rawBytes{b.Certificate}
	case ByCertificate:
		m.Chain = &certificateChain{}
		for _, der := range b.Chain {
			m.Chain.Certificates = append(m.Chain.Certificates, rawBytes{der})
		}
	default:
		m.PublicKey = &publicKey{Hint: b.Hint}
	}
	if len(b.Timestamps) > 0 {
		m.Timestamps = &timestampData{}
		for _, der := range b.Timestamps {
			m.Timestamps.Timestamps = append(m.Timestamps.Timestamps, signedTimestamp{der})
		}
	}
	return m
}

// readMaterial reads who is said to have signed: exactly one of a key, a chain of certificates, a keyless certificate.
func (b *Bundle) readMaterial(o *object) error {
	methods := 0
	for _, reader := range []struct {
		name string
		read func(*object) error
	}{{"publicKey", b.readKey}, {"x509CertificateChain", b.readChain}, {"certificate", b.readCertificate}} {
		if _, ok := o.fields[reader.name]; !ok {
			continue
		}
		methods++
		part, err := o.object(reader.name)
		if err != nil {
			return err
		}
		if err := reader.read(part); err != nil {
			return err
		}
		if err := part.end(); err != nil {
			return err
		}
	}
	if methods != 1 {
		return fmt.Errorf("it names %d of publicKey, x509CertificateChain and certificate, not one: %w", methods, ErrMalformed)
	}
	if err := b.readTimestamps(o); err != nil {
		return err
	}
	// Entries of a transparency log are verified for keyless signatures, whose verifier reads them from the bundle itself.
	// To a signature by a key or a chain they add nothing, and nothing is concluded from them.
	var entries json.RawMessage
	if err := o.maybe("tlogEntries", &entries); err != nil {
		return err
	}
	if entries != nil {
		if err := elements(o.path+".tlogEntries", entries, maxLogEntries, func(_ int, entry json.RawMessage) error {
			b.LogEntries = append(b.LogEntries, entry)
			return nil
		}); err != nil {
			return err
		}
	}
	return o.end()
}

// readKey reads a signature by a key.
func (b *Bundle) readKey(key *object) error {
	var raw, details string
	if err := key.maybe("hint", &b.Hint); err != nil {
		return err
	}
	if err := key.maybe("rawBytes", &raw); err != nil {
		return err
	}
	if err := key.maybe("keyDetails", &details); err != nil || raw == "" {
		return err
	}
	text, err := decodeBase64("rawBytes", raw)
	if err != nil {
		return err
	}
	if b.embedded, err = ParsePublicKey(text); err != nil {
		return err
	}
	if want, err := b.embedded.PEM(); err != nil || string(text) != string(want) {
		return fmt.Errorf("%s.rawBytes is not the PEM form of a key: %w", key.path, ErrMalformed)
	}
	// Release 0.2 named P-256 whatever the key; nothing follows from the name.
	if details != "" && !slices.Contains(keyDetails(), details) {
		return fmt.Errorf("%s.keyDetails %q: %w", key.path, clip(details), ErrUnsupported)
	}
	return nil
}

// keyDetails are the kinds of keys that sign models, by the names of the format.
func keyDetails() []string {
	return []string{"PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P521_SHA_512"}
}

// readChain reads a signature by a chain of certificates.
func (b *Bundle) readChain(o *object) error {
	certificates, err := o.objects("certificates", maxChain)
	if err != nil {
		return err
	}
	if len(certificates) == 0 {
		return fmt.Errorf("the chain has no certificate: %w", ErrMalformed)
	}
	for _, c := range certificates {
		der, err := c.bytes("rawBytes")
		if err != nil {
			return err
		}
		b.Chain = append(b.Chain, der)
		if err := c.end(); err != nil {
			return err
		}
	}
	return nil
}

// readCertificate reads the certificate of a keyless signature.
func (b *Bundle) readCertificate(o *object) (err error) {
	b.Certificate, err = o.bytes("rawBytes")
	return err
}

// readTimestamps reads RFC 3161 responses.
func (b *Bundle) readTimestamps(o *object) error {
	if _, ok := o.fields["timestampVerificationData"]; !ok || string(o.fields["timestampVerificationData"]) == "null" {
		delete(o.fields, "timestampVerificationData")
		return nil
	}
	data, err := o.object("timestampVerificationData")
	if err != nil {
		return err
	}
	if _, ok := data.fields["rfc3161Timestamps"]; !ok {
		return data.end()
	}
	stamps, err := data.objects("rfc3161Timestamps", maxTimestamps)
	if err != nil {
		return err
	}
	for _, s := range stamps {
		der, err := s.bytes("signedTimestamp")
		if err != nil {
			return err
		}
		b.Timestamps = append(b.Timestamps, der)
		if err := s.end(); err != nil {
			return err
		}
	}
	return data.end()
}

// bytes takes a mandatory field of base64.
func (o *object) bytes(name string) ([]byte, error) {
	var text string
	if err := o.take(name, &text); err != nil {
		return nil, err
	}
	if len(text) > maxEvidence {
		return nil, fmt.Errorf("%s.%s is %d bytes long: %w", o.path, name, len(text), ErrMalformed)
	}
	return decodeBase64(o.path+"."+name, text)
}
