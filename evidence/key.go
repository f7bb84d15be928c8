package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
)

// Signer signs messages with one key. PrivateKey implements it; a key in hardware or a key service can too.
type Signer interface {
	// Public is the key that verifies what Sign makes.
	Public() *PublicKey
	// Sign returns the ASN.1 DER form of an ECDSA signature over message, hashed as the curve demands.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// Sealer is a Signer whose signatures are known by more than a key. Sign lets it complete the bundle: with certificates,
// timestamps, or entries of a transparency log, which are made over the signature.
type Sealer interface {
	Signer
	Seal(ctx context.Context, b *Bundle) error
}

// Curve names an elliptic curve of the OpenSSF Model Signing specification.
type Curve string

// The curves. P256 is what the specification's tools use unless told otherwise.
const (
	P256 Curve = "p256"
	P384 Curve = "p384"
	P521 Curve = "p521"
)

// PrivateKey is an EC private key. It prints as its fingerprint, never as its secret.
type PrivateKey struct {
	key    *ecdsa.PrivateKey
	public *PublicKey
}

// PublicKey is an EC public key.
type PublicKey struct {
	key  *ecdsa.PublicKey
	hint string
}

// GenerateKey makes a new private key.
func GenerateKey(c Curve) (*PrivateKey, error) {
	curves := map[Curve]elliptic.Curve{P256: elliptic.P256(), P384: elliptic.P384(), P521: elliptic.P521()}
	curve, ok := curves[c]
	if !ok {
		return nil, fmt.Errorf("generate key: curve %q is not one of p256, p384, p521", c)
	}
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return newPrivateKey(key)
}

// newPrivateKey wraps a key of a supported curve.
func newPrivateKey(key *ecdsa.PrivateKey) (*PrivateKey, error) {
	public, err := newPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key: key, public: public}, nil
}

// ParsePrivateKey reads one PEM block with a private key in PKCS#8 ("PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY") form. The
// "EC PARAMETERS" block that openssl puts in front is passed over. The error never quotes the input.
func ParsePrivateKey(text []byte) (*PrivateKey, error) {
	block, err := onlyBlock(text)
	if err != nil {
		return nil, fmt.Errorf("parse private key: %w", err)
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("parse private key: a key with a passphrase: %w; decrypt it with openssl pkcs8 -in FILE", ErrUnsupported)
	default:
		return nil, fmt.Errorf("parse private key: the file holds a %q, not a private key: %w", clip(block.Type), ErrMalformed)
	}
	if err != nil {
		return nil, fmt.Errorf("parse private key: the block is damaged: %w", ErrMalformed)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("parse private key: only EC keys on P-256, P-384 and P-521 sign models: %w", ErrUnsupported)
	}
	return newPrivateKey(key)
}

// PEM is the PKCS#8 form of the key. Write it to a file with mode 0600 and nowhere else.
func (k *PrivateKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// Public implements Signer.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Sign implements Signer.
func (k *PrivateKey) Sign(_ context.Context, message []byte) ([]byte, error) {
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, k.public.sum(message))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

// String names the key by its fingerprint.
func (k *PrivateKey) String() string { return "private key of " + k.public.hint }

// GoString keeps %#v from printing the secret.
func (k *PrivateKey) GoString() string { return k.String() }

// Format keeps every other verb from printing the secret.
func (k *PrivateKey) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) }

// LogValue keeps logs from printing the secret.
func (k *PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// newPublicKey wraps a key of a supported curve.
func newPublicKey(key *ecdsa.PublicKey) (*PublicKey, error) {
	switch key.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return nil, fmt.Errorf("curve %s: %w; use P-256, P-384 or P-521", key.Curve.Params().Name, ErrUnsupported)
	}
	p := &PublicKey{key: key}
	text, err := p.PEM()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	p.hint = hex.EncodeToString(sum[:])
	return p, nil
}

// ParsePublicKey reads one PEM block with a public key in PKIX form ("PUBLIC KEY"). For a private key the error wraps
// ErrPrivateKey: whoever verifies must not need the secret.
func ParsePublicKey(text []byte) (*PublicKey, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return nil, fmt.Errorf("parse public key: %w", ErrPrivateKey)
	}
	block, err := onlyBlock(text)
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	if block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("parse public key: the file holds a %q, not a public key: %w", clip(block.Type), ErrMalformed)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse public key: the block is damaged: %w", ErrMalformed)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("parse public key: only EC keys on P-256, P-384 and P-521 verify models: %w", ErrUnsupported)
	}
	return newPublicKey(key)
}

// PEM is the PKIX form of the key, the bytes that its fingerprint is computed over.
func (p *PublicKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(p.key)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Hint is the fingerprint of the key as OpenSSF Model Signing writes it: the SHA-256 of the PEM form, 64 lower-case
// hexadecimal digits.
func (p *PublicKey) Hint() string { return p.hint }

// String names the key by its fingerprint.
func (p *PublicKey) String() string { return "key " + p.hint }

// Verify checks an ASN.1 DER signature over message. The hash follows from the curve of the key, never from what the
// message says. The error wraps ErrSignature.
func (p *PublicKey) Verify(message, sig []byte) error {
	if !p.verifyHash(p.hash(), message, sig) {
		return fmt.Errorf("verify with %s: %w", p, ErrSignature)
	}
	return nil
}

// verifyHash checks a signature over message that was hashed in some way.
func (p *PublicKey) verifyHash(hash crypto.Hash, message, sig []byte) bool {
	return ecdsa.VerifyASN1(p.key, sum(hash, message), sig)
}

// hash is the one hash that goes with the curve.
func (p *PublicKey) hash() crypto.Hash {
	switch p.key.Curve {
	case elliptic.P384():
		return crypto.SHA384
	case elliptic.P521():
		return crypto.SHA512
	}
	return crypto.SHA256
}

// Digest hashes a message as signatures by this key demand: algorithm is sha256, sha384 or sha512. It is for signers that are
// given a digest, such as a key in hardware.
func (p *PublicKey) Digest(message []byte) (algorithm string, sum []byte) {
	names := map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}
	return names[p.hash()], p.sum(message)
}

// sum hashes a message for the curve.
func (p *PublicKey) sum(message []byte) []byte { return sum(p.hash(), message) }

func sum(hash crypto.Hash, message []byte) []byte {
	switch hash {
	case crypto.SHA384:
		s := sha512.Sum384(message)
		return s[:]
	case crypto.SHA512:
		s := sha512.Sum512(message)
		return s[:]
	}
	s := sha256.Sum256(message)
	return s[:]
}

// onlyBlock returns the one PEM block of text. More than one is refused, because which one would be used is not obvious.
func onlyBlock(text []byte) (*pem.Block, error) {
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, fmt.Errorf("there is no PEM block in it: %w", ErrMalformed)
	case len(bytes.TrimSpace(rest)) != 0:
		return nil, fmt.Errorf("more than one key, or text after the key: %w", ErrMalformed)
	case len(block.Headers) != 0:
		return nil, fmt.Errorf("a PEM block with headers (a key with a passphrase?): %w", ErrUnsupported)
	}
	return block, nil
}

// clip bounds text from the outside for use in a message; %q makes it printable.
func clip(s string) string {
	const limit = 80
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "…"
}
