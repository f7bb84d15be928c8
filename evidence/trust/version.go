package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// TypeRoot is the predicate type of a signed trust root, and Schema the version of its predicate. Its JSON Schema is
// docs/reference/trust-root-v1.schema.json.
const (
	TypeRoot = "https://picketsec.dev/trust-root/v1"
	Schema   = "picket.trust-root/1"
)

// predicate is one version of a trust root. Its digest, which is the subject of the statement, is the SHA-256 of its bytes.
type predicate struct {
	Schema string `json:"schema"`
	// Number is 1 for the first version, and one more for each that follows.
	Number int `json:"number"`
	// Previous is the digest of the version before; empty for the first.
	Previous picket.Digest `json:"previous"`
	Definition
}

// Signed is what a signed trust root says about itself.
type Signed struct {
	Number    int           `json:"number"`
	Digest    picket.Digest `json:"digest"`
	First     picket.Digest `json:"first"` // of version 1, which all others lead back to
	Signers   []string      `json:"signers"`
	Threshold int           `json:"threshold"`
	Expires   time.Time     `json:"expires"`
}

// version is one version with everybody who signed it.
type version struct {
	predicate
	digest  picket.Digest
	payload []byte // of the statement that every signature is over
	root    *Root
	bundles []line
}

// line is one signature and its place, counted from 1.
type line struct {
	number int
	bundle *evidence.Bundle
}

// encode writes JSON on one line: the only form of a predicate that is read back.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode trust root: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// statement makes the statement of a version. The same version gives the same bytes.
func (p *predicate) statement() ([]byte, error) {
	body, err := encode(p)
	if err != nil {
		return nil, err
	}
	if len(body) > maxTrustFile {
		return nil, fmt.Errorf("make trust root: %d bytes are more than %d: %w", len(body), maxTrustFile, evidence.ErrMalformed)
	}
	return evidence.NewStatement(p.Project, digestOf(body), TypeRoot, json.RawMessage(body))
}

// digestOf is the SHA-256 of bytes.
func digestOf(data []byte) picket.Digest { return picket.SHA256(sha256.Sum256(data)) }

// parseVersion reads the statement in a payload that nobody has verified yet: who must have signed it stands in it and in
// the version before.
func parseVersion(payload []byte, now func() time.Time) (*version, error) {
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		return nil, err
	}
	if st.PredicateType != TypeRoot {
		return nil, fmt.Errorf("it is a statement of the type %q, not a trust root: %w", clip(st.PredicateType), evidence.ErrUnsupported)
	}
	if len(st.Predicate) > maxTrustFile {
		return nil, fmt.Errorf("%d bytes are more than %d: %w", len(st.Predicate), maxTrustFile, evidence.ErrMalformed)
	}
	v := &version{payload: payload, digest: digestOf(st.Predicate)}
	if st.Subject != v.digest {
		return nil, fmt.Errorf("the digest of the root is %s, and the statement is about %s: it was edited: %w", v.digest, st.Subject, evidence.ErrMalformed)
	}
	if err := v.decode(st.Predicate); err != nil {
		return nil, err
	}
	if st.Name != v.Project {
		return nil, fmt.Errorf("the statement is about the project %q, the root about %q: %w", clip(st.Name), v.Project, evidence.ErrMalformed)
	}
	v.root, err = v.build(now)
	return v, err
}

// decode reads a predicate. It must be exactly what writing it again gives: then no other program can read other fields in
// it than this one does.
func (v *version) decode(raw json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v.predicate); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if v.predicate.Schema != Schema {
		return fmt.Errorf("schema %q: %w; only %s is", clip(v.predicate.Schema), evidence.ErrUnsupported, Schema)
	}
	again, err := encode(&v.predicate)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, raw) {
		return fmt.Errorf("its fields are not in the one form that a trust root has: %w", evidence.ErrMalformed)
	}
	switch {
	case v.Number < 1:
		return fmt.Errorf("number %d is less than 1: %w", v.Number, evidence.ErrMalformed)
	case (v.Number == 1) != (v.Previous == ""):
		return fmt.Errorf("version %d names the version before as %q: %w", v.Number, v.Previous, evidence.ErrMalformed)
	case v.Signing == nil:
		return fmt.Errorf("it does not say who signs it: %w", evidence.ErrMalformed)
	}
	for _, i := range v.Identities {
		if spelled, err := expand(i.May); err != nil || !slices.Equal(spelled, i.May) {
			return fmt.Errorf("identity %q: may is no list of kinds, each by its name and in order: %w", clip(i.Name), evidence.ErrMalformed)
		}
	}
	return nil
}

// normal is the definition in the form that is signed: groups are spelled out, so that what joins one later is not signed
// by accident.
func (d *Definition) normal() (*Definition, error) {
	if d.Signing == nil {
		return nil, errors.New("there is no signing: in it: say who signs the trust root (signers, threshold, expires)")
	}
	t, err := d.build(nil)
	if err != nil {
		return nil, err
	}
	out := *d
	out.Identities = slices.Clone(d.Identities)
	for n := range out.Identities {
		out.Identities[n].May = append([]string{}, t.identities[n].May...)
	}
	out.Separate = append([][]string{}, t.separate...)
	return &out, nil
}
