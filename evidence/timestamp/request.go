package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// timeout bounds one request.
const timeout = 30 * time.Second

// Client requests timestamps from one authority.
type Client struct {
	address string
	http    *http.Client
}

// NewClient makes a Client for the address of an authority, http or https. A nil transport is that of package http. Redirects are
// not followed: the operator named one address.
func NewClient(address string, transport http.RoundTripper) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the address of a timestamp authority is %q; write one that begins with https:// or http://: %w",
			picket.Printable(address, 100), evidence.ErrUnsupported)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{address: address, http: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}}, nil
}

// Request returns the response of the authority (DER) over a signature. It is checked to be about this signature and this
// request; who signed it is for Roots to say.
func (c *Client) Request(ctx context.Context, signature []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("request timestamp: %w", err)
	}
	sum := sha256.Sum256(signature)
	query := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Nonce: nonce, Certificates: true}
	body, err := query.Marshal()
	if err != nil {
		return nil, fmt.Errorf("request timestamp: %w", err)
	}
	response, err := c.post(ctx, body)
	if err != nil {
		return nil, fmt.Errorf("request timestamp: %w", err)
	}
	if err := checkAnswer(response, sum[:], nonce); err != nil {
		return nil, fmt.Errorf("request timestamp: the answer of %s: %w", picket.Printable(c.address, 100), err)
	}
	return response, nil
}

// post sends one query.
func (c *Client) post(ctx context.Context, body []byte) (data []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("%s answered with status %d", picket.Printable(c.address, 100), response.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "application/timestamp-reply" {
		return nil, fmt.Errorf("%s answered with the content type %q, not application/timestamp-reply",
			picket.Printable(c.address, 100), picket.Printable(kind, 60))
	}
	return io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
}

// checkAnswer checks that a response belongs to a request.
func checkAnswer(response, sum []byte, nonce *big.Int) error {
	if err := checkDER(response); err != nil {
		return err
	}
	stamp, err := timestamp.ParseResponse(response)
	switch {
	case err != nil:
		return fmt.Errorf("it holds no timestamp (%s): %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	case stamp.HashAlgorithm != crypto.SHA256 || !bytes.Equal(stamp.HashedMessage, sum):
		return fmt.Errorf("it is over something else: %w", evidence.ErrSignature)
	case stamp.Nonce == nil || stamp.Nonce.Cmp(nonce) != 0:
		return fmt.Errorf("it answers another request: %w", evidence.ErrSignature)
	}
	return nil
}

// Signer is a Signer whose signatures get a timestamp of an authority. It is an evidence.Sealer.
type Signer struct {
	evidence.Signer
	// Client requests the timestamp.
	Client *Client
}

// Seal implements evidence.Sealer.
func (s *Signer) Seal(ctx context.Context, b *evidence.Bundle) error {
	if inner, ok := s.Signer.(evidence.Sealer); ok {
		if err := inner.Seal(ctx, b); err != nil {
			return err
		}
	}
	response, err := s.Client.Request(ctx, b.Signature())
	if err != nil {
		return err
	}
	b.Timestamps = append(b.Timestamps, response)
	return nil
}
