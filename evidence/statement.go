package evidence

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
)

// PredicateModelSignature is the predicate type of a manifest of OpenSSF Model Signing v1.0.
const PredicateModelSignature = "https://model_signing/signature/v1.0"

// Statement is an in-toto statement v1 about one subject. The manifests of release 0.2 of the Python tool, which are about
// many, appear as the manifest of version 1.0 that says the same.
type Statement struct {
	Name    string        // of the subject; tells people what was meant, decides nothing
	Subject picket.Digest // what the statement is about
	// DirHash covers the names of files as well as their contents, see Manifest.DirHash; empty when the statement does not say.
	DirHash       string
	PredicateType string
	// Predicate is one JSON value without duplicate names; what it means follows from the type.
	Predicate json.RawMessage
}

// ParseStatement reads the payload of a verified bundle. Errors wrap ErrMalformed.
func ParseStatement(payload []byte) (*Statement, error) {
	s, err := parseStatement(payload)
	if err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	return s, nil
}

func parseStatement(payload []byte) (*Statement, error) {
	if err := document(payload); err != nil {
		return nil, err
	}
	top, err := parseObject("statement", payload)
	if err != nil {
		return nil, err
	}
	var kind string
	if err := top.take("_type", &kind); err != nil {
		return nil, err
	}
	if kind != statementTypeURI {
		return nil, fmt.Errorf("statement type %q: %w; only %s is", clip(kind), ErrUnsupported, statementTypeURI)
	}
	s := &Statement{}
	if err := top.take("predicateType", &s.PredicateType); err != nil {
		return nil, err
	}
	if len(s.PredicateType) > maxText {
		return nil, fmt.Errorf("the predicate type is %d bytes long: %w", len(s.PredicateType), ErrMalformed)
	}
	if err := top.take("predicate", &s.Predicate); err != nil {
		return nil, err
	}
	if s.PredicateType == predicateLegacy {
		return s, s.readLegacy(top)
	}
	subjects, err := top.objects("subject", 1)
	if err != nil {
		return nil, err
	}
	if len(subjects) != 1 {
		return nil, fmt.Errorf("the statement has no subject: %w", ErrMalformed)
	}
	// in-toto demands that unknown fields of a statement are passed over; they are signed and mean nothing here.
	return s, s.readSubject(subjects[0])
}

// readSubject takes the name and the SHA-256 of the subject.
func (s *Statement) readSubject(o *object) error {
	if err := o.maybe("name", &s.Name); err != nil {
		return err
	}
	if len(s.Name) > maxText {
		return fmt.Errorf("the name of the subject is %d bytes long: %w", len(s.Name), ErrMalformed)
	}
	digests, err := o.object("digest")
	if err != nil {
		return err
	}
	var hex string
	if err := digests.take("sha256", &hex); err != nil {
		return err
	}
	if s.Subject, err = picket.ParseDigest("sha256:" + hex); err != nil {
		return fmt.Errorf("%w: %w", err, ErrMalformed)
	}
	if err := digests.maybe("dirHash", &s.DirHash); err != nil || s.DirHash == "" {
		return err
	}
	if _, err := picket.ParseDigest("sha256:" + s.DirHash); err != nil {
		return fmt.Errorf("dirHash: %w: %w", err, ErrMalformed)
	}
	return nil
}

// NewStatement encodes a statement about one digest, with any predicate that encodes as JSON. The same arguments give the
// same bytes.
func NewStatement(name string, subject picket.Digest, predicateType string, predicate any) ([]byte, error) {
	return newStatement(name, subject, "", predicateType, predicate)
}

// NewStatementAbout is NewStatement about content whose files are known: it covers their names too.
func NewStatementAbout(m *Manifest, predicateType string, predicate any) ([]byte, error) {
	return newStatement(m.Name, m.Digest(), m.DirHash(), predicateType, predicate)
}

func newStatement(name string, subject picket.Digest, dirHash, predicateType string, predicate any) ([]byte, error) {
	type digest struct {
		SHA256  string `json:"sha256"`
		DirHash string `json:"dirHash,omitempty"`
	}
	type resource struct {
		Name   string `json:"name"`
		Digest digest `json:"digest"`
	}
	body, err := marshal(struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     any        `json:"predicate"`
	}{statementTypeURI, []resource{{strings.ToValidUTF8(name, "\uFFFD"), digest{subject.Hex(), dirHash}}}, predicateType, predicate})
	if err != nil {
		return nil, fmt.Errorf("make statement: %w", err)
	}
	if len(body) > maxStatement {
		return nil, fmt.Errorf("make statement: %d bytes are more than %d, which nobody would read back", len(body), maxStatement)
	}
	return body, nil
}

// maxStatement leaves room for the base64 and the envelope around it within MaxBundle.
const maxStatement = (MaxBundle - 4096) / 4 * 3
