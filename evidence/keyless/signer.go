package keyless

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/picketsec/picket/evidence"
	own "github.com/picketsec/picket/evidence/certificate"
	"github.com/picketsec/picket/evidence/timestamp"
)

// maxToken bounds an identity token, in bytes.
const maxToken = 16 << 10

// Token is an identity token (OpenID Connect), which is a secret as long as it is valid. It prints as the account that it names.
type Token struct {
	raw     string
	subject string // what the certificate authority wants signed as proof of the key
	expires time.Time
}

// ParseToken reads an identity token. Its signature is for the certificate authority to check. No error quotes it.
func ParseToken(text string) (*Token, error) {
	text = strings.TrimSpace(text)
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxToken {
		return nil, fmt.Errorf("the identity token is not a JSON Web Token: %w", evidence.ErrMalformed)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("the identity token is not a JSON Web Token: %w", evidence.ErrMalformed)
	}
	var claims struct {
		Subject  string `json:"sub"`
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some providers write a string
		Expires  int64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, fmt.Errorf("the claims of the identity token are damaged: %w", evidence.ErrMalformed)
	}
	t := &Token{raw: text, subject: claims.Subject, expires: time.Unix(claims.Expires, 0)}
	if claims.Email != "" {
		if claims.Verified != true && claims.Verified != "true" {
			return nil, fmt.Errorf("the provider has not verified the address of the account %q: %w", clip(claims.Email), evidence.ErrUnsupported)
		}
		t.subject = claims.Email
	}
	if t.subject == "" {
		return nil, fmt.Errorf("the identity token names no account: %w", evidence.ErrMalformed)
	}
	return t, nil
}

// check returns an error for a token that has expired.
func (t *Token) check(now time.Time) error {
	if now.After(t.expires) {
		return fmt.Errorf("the identity token expired at %s; get a new one: %w", t.expires.UTC().Format(time.RFC3339), evidence.ErrCertificate)
	}
	return nil
}

// String names the account.
func (t *Token) String() string { return "identity token of " + clip(t.subject) }

// GoString keeps %#v from printing the secret.
func (t *Token) GoString() string { return t.String() }

// Format keeps every other verb from printing the secret.
func (t *Token) Format(s fmt.State, _ rune) { fmt.Fprint(s, t.String()) }

// LogValue keeps logs from printing the secret.
func (t *Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Signing says how to sign keyless.
type Signing struct {
	Token    *Token
	Services Services
	// Root verifies the result before it is used; nil leaves that to the verifiers.
	Root *Root
	// Transport is nil for that of package http.
	Transport http.RoundTripper
	Now       func() time.Time
}

// Signer signs with a key that lives as long as the Signer, for which the instance issues a certificate for each signature. It is
// an evidence.Sealer.
type Signer struct {
	*evidence.PrivateKey
	how    Signing
	client *client
	clocks []*timestamp.Client
}

// NewSigner makes a Signer. It talks to nobody before something is signed.
func NewSigner(how Signing) (*Signer, error) {
	if err := how.Services.check(); err != nil {
		return nil, err
	}
	if err := how.Token.check(how.Now()); err != nil {
		return nil, err
	}
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		return nil, err
	}
	s := &Signer{PrivateKey: key, how: how, client: newClient(how.Transport)}
	for _, address := range how.Services.Timestamps {
		clock, err := timestamp.NewClient(address, how.Transport)
		if err != nil {
			return nil, err
		}
		s.clocks = append(s.clocks, clock)
	}
	return s, nil
}

// Seal implements evidence.Sealer: it gets the certificate, the timestamps, and the entry in the log.
func (s *Signer) Seal(ctx context.Context, b *evidence.Bundle) error {
	leaf, err := s.certify(ctx)
	if err != nil {
		return fmt.Errorf("get certificate: %w", err)
	}
	b.Hint, b.Certificate = "", leaf.Raw
	for _, clock := range s.clocks {
		stamp, err := clock.Request(ctx, b.Signature())
		if err != nil {
			return err
		}
		b.Timestamps = append(b.Timestamps, stamp)
	}
	entry, err := s.enter(ctx, b)
	if err != nil {
		return fmt.Errorf("enter the signature in the log: %w", err)
	}
	b.LogEntries = append(b.LogEntries, entry)
	return s.confirm(b, leaf)
}

// confirm verifies the finished bundle as others will.
func (s *Signer) confirm(b *evidence.Bundle, leaf *x509.Certificate) error {
	who, _, err := signatory(leaf)
	if err != nil {
		return err
	}
	if s.how.Root == nil {
		return nil
	}
	if _, err := s.how.Root.Verify(b, Identity{Subject: who.Subject, Issuer: who.Issuer}); err != nil {
		return fmt.Errorf("the signature just made does not verify by the Sigstore trust root: %w", err)
	}
	return nil
}

// certify asks for a certificate for the key.
func (s *Signer) certify(ctx context.Context) (*x509.Certificate, error) {
	proof, err := s.Sign(ctx, []byte(s.how.Token.subject))
	if err != nil {
		return nil, err
	}
	public, err := s.Public().PEM()
	if err != nil {
		return nil, err
	}
	text, err := s.client.certificate(ctx, s.how.Services.Fulcio, s.how.Token.raw, public, proof)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(block.Bytes) > maxLeaf {
		return nil, fmt.Errorf("the answer of the certificate authority holds no certificate: %w", evidence.ErrMalformed)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the certificate authority is damaged: %w", errors.Join(evidence.ErrMalformed))
	}
	key, err := own.Key(leaf)
	if err != nil {
		return nil, err
	}
	if key.Hint() != s.Public().Hint() {
		return nil, fmt.Errorf("the certificate authority certified another key: %w", evidence.ErrCertificate)
	}
	return leaf, nil
}
