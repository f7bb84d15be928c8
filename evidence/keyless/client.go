package keyless

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Bounds on one exchange with a service.
const (
	maxAnswer = 1 << 20 // bytes
	timeout   = 30 * time.Second
)

// client talks to the services of an instance. It follows no redirect: the operator named the addresses.
type client struct{ http *http.Client }

func newClient(transport http.RoundTripper) *client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{&http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}}
}

// post sends a question as JSON and reads the answer into v. The token goes into the header and into no message.
func (c *client) post(ctx context.Context, address, token string, question, v any) (err error) {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", clip(address), err)
	case response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated:
		// A service may repeat what it was sent, and one of the things that it was sent is the identity token.
		return fmt.Errorf("%s answered with status %d: %s", clip(address), response.StatusCode, picket.Printable(withoutTokens(string(data)), 200))
	case len(data) > maxAnswer:
		return fmt.Errorf("the answer of %s is longer than %d bytes: %w", clip(address), maxAnswer, evidence.ErrMalformed)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("the answer of %s is not the JSON that was expected: %w", clip(address), evidence.ErrMalformed)
	}
	return nil
}

// certificate asks Fulcio (version 2 of its interface) for a certificate, PEM. The proof is a signature over the account.
func (c *client) certificate(ctx context.Context, service, token string, public, proof []byte) (string, error) {
	type publicKey struct {
		Algorithm string `json:"algorithm"`
		Content   string `json:"content"`
	}
	type keyRequest struct {
		PublicKey publicKey `json:"publicKey"`
		Proof     []byte    `json:"proofOfPossession"`
	}
	question := struct {
		Request keyRequest `json:"publicKeyRequest"`
	}{keyRequest{publicKey{"ECDSA", string(public)}, proof}}
	type certified struct {
		Chain struct {
			Certificates []string `json:"certificates"`
		} `json:"chain"`
	}
	var answer struct {
		Embedded certified `json:"signedCertificateEmbeddedSct"`
		Detached certified `json:"signedCertificateDetachedSct"`
	}
	if err := c.post(ctx, under(service, "/api/v2/signingCert"), token, question, &answer); err != nil {
		return "", err
	}
	for _, a := range []certified{answer.Embedded, answer.Detached} {
		if len(a.Chain.Certificates) > 0 {
			return a.Chain.Certificates[0], nil
		}
	}
	return "", fmt.Errorf("the certificate authority sent no certificate: %w", evidence.ErrMalformed)
}

// enter enters the signature of a bundle in the log and returns the entry in the form that bundles have.
func (s *Signer) enter(ctx context.Context, b *evidence.Bundle) (json.RawMessage, error) {
	if s.how.Services.RekorVersion == 2 {
		return s.enterHash(ctx, b)
	}
	envelope, err := envelopeOf(b)
	if err != nil {
		return nil, err
	}
	type content struct {
		Envelope  string   `json:"envelope"`
		Verifiers [][]byte `json:"verifiers"`
	}
	type spec struct {
		Content content `json:"proposedContent"`
	}
	question := struct {
		Version string `json:"apiVersion"`
		Kind    string `json:"kind"`
		Spec    spec   `json:"spec"`
	}{"0.0.1", "dsse", spec{content{string(envelope), [][]byte{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Certificate})}}}}
	var answer map[string]logEntry
	if err := s.client.post(ctx, under(s.how.Services.Rekor, "/api/v1/log/entries"), "", question, &answer); err != nil {
		return nil, err
	}
	if len(answer) != 1 {
		return nil, fmt.Errorf("the log answered with %d entries, not one: %w", len(answer), evidence.ErrMalformed)
	}
	for _, entry := range answer {
		return entry.inBundle()
	}
	return nil, nil
}

// envelopeOf is the DSSE envelope of a bundle, as the log wants to see it.
func envelopeOf(b *evidence.Bundle) ([]byte, error) {
	type signature struct {
		Sig   []byte `json:"sig"`
		KeyID string `json:"keyid"`
	}
	return json.Marshal(struct {
		Payload     []byte      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{b.Payload(), "application/vnd.in-toto+json", []signature{{Sig: b.Signature()}}})
}

// logEntry is an entry as Rekor (version 1 of its interface) answers.
type logEntry struct {
	Body           string `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		Proof struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
		Promise []byte `json:"signedEntryTimestamp"`
	} `json:"verification"`
}

// inBundle is the entry as bundles hold it. Nothing in it is checked here; verifiers do.
func (e logEntry) inBundle() (json.RawMessage, error) {
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return nil, fmt.Errorf("the body of the entry is not base64: %w", evidence.ErrMalformed)
	}
	proof := e.Verification.Proof
	id, errID := hex.DecodeString(e.LogID)
	rootHash, errRoot := hex.DecodeString(proof.RootHash)
	hashes := make([][]byte, 0, len(proof.Hashes))
	var errHash error
	for _, text := range proof.Hashes {
		hash, err := hex.DecodeString(text)
		errHash = errors.Join(errHash, err)
		hashes = append(hashes, hash)
	}
	if errors.Join(errID, errRoot, errHash) != nil {
		return nil, fmt.Errorf("a hash of the entry is not hexadecimal: %w", evidence.ErrMalformed)
	}
	return encodeEntry(&protorekor.TransparencyLogEntry{
		LogIndex: e.LogIndex, LogId: &protocommon.LogId{KeyId: id}, IntegratedTime: e.IntegratedTime, CanonicalizedBody: body,
		KindVersion:      &protorekor.KindVersion{Kind: "dsse", Version: "0.0.1"},
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: e.Verification.Promise},
		InclusionProof: &protorekor.InclusionProof{LogIndex: proof.LogIndex, RootHash: rootHash, TreeSize: proof.TreeSize, Hashes: hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: proof.Checkpoint}},
	})
}

// enterHash is enter for a log of version 2, which takes the hash of what was signed.
func (s *Signer) enterHash(ctx context.Context, b *evidence.Bundle) (json.RawMessage, error) {
	type rawBytes struct {
		RawBytes []byte `json:"rawBytes"`
	}
	type verifier struct {
		Certificate rawBytes `json:"x509Certificate"`
		Details     string   `json:"keyDetails"`
	}
	type signature struct {
		Content  []byte   `json:"content"`
		Verifier verifier `json:"verifier"`
	}
	type request struct {
		Digest    []byte    `json:"digest"`
		Signature signature `json:"signature"`
	}
	_, digest := s.Public().Digest(b.SignedBytes())
	question := struct {
		Request request `json:"hashedRekordRequestV002"`
	}{request{digest, signature{b.Signature(), verifier{rawBytes{b.Certificate}, "PKIX_ECDSA_P256_SHA_256"}}}}
	var answer json.RawMessage
	if err := s.client.post(ctx, under(s.how.Services.Rekor, "/api/v2/log/entries"), "", question, &answer); err != nil {
		return nil, err
	}
	entry := &protorekor.TransparencyLogEntry{}
	if err := decoder().Unmarshal(answer, entry); err != nil {
		return nil, fmt.Errorf("the answer of the log is no entry: %w", evidence.ErrMalformed)
	}
	return encodeEntry(entry)
}

// encodeEntry encodes an entry the same way every time, which protojson alone does not.
func encodeEntry(entry *protorekor.TransparencyLogEntry) (json.RawMessage, error) {
	// Readers in other languages demand the fields even where they are zero or empty, as in the first entry of a log.
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("encode the entry of the log: %w", err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return nil, fmt.Errorf("encode the entry of the log: %w", err)
	}
	return line.Bytes(), nil
}

// withoutTokens replaces everything that looks like a JSON web token.
func withoutTokens(s string) string {
	return regexp.MustCompile(`[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`).ReplaceAllString(s, "[token]")
}
