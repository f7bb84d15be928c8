// Package claim holds the kinds of statements that are made about content, and decides which of them count. It is for the
// commands that make claims and for the gates that decide on them.
//
// A claim counts when its bundle is well-formed, someone in the trust root signed it who may make claims of its kind, its
// subject is the digest of the content, its predicate follows the schema of its kind, and it covers every file. One that
// fails any check is kept with the reason, and never counts. The package holds no keys, reads no files and knows no time
// but the one that it is given.
package claim

import (
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Authority decides who made a signature and what they may say; a trust root is one.
type Authority interface {
	// Verify checks the signature of a bundle and returns the name that the authority has for the signer. The error wraps
	// evidence.ErrForeign when nobody whom it knows signed, and evidence.ErrSignature when the bundle names someone whom it
	// knows and the signature is not theirs.
	Verify(b *evidence.Bundle) (name string, proof *evidence.Proof, err error)
	// May returns nil when the signer may make claims of a kind, see Kind.Name, and else why not.
	May(name, kind string, proof *evidence.Proof) error
}

// Claim is one bundle after every check that decides whether it counts.
type Claim struct {
	// Source says where the bundle came from, for people: "model.sig", "claims.jsonl line 3".
	Source string
	// Bundle is what was read; nil when it could not be.
	Bundle *evidence.Bundle
	// Failure is why the claim does not count; nil when it does.
	Failure error
	// Signer is the name that the trust root has for who signed; empty when nobody there did. Proof is what the signature
	// proves; nil when it does not hold.
	Signer string
	Proof  *evidence.Proof
	// Kind, PredicateType and Subject are known only when the signature holds. Kind.Name is empty for an unknown type.
	Kind          Kind
	PredicateType string
	Subject       picket.Digest
	// Broken is true when the claim is no honest claim about something else: it is unreadable, it names a key of the trust
	// root that did not sign it, or a trusted claim about this content makes no sense. A gate treats it as damage.
	Broken bool
	// Condemns is true when a trusted key says that this very content is malicious. It holds even when the claim does not
	// count because it does not cover every file.
	Condemns bool
	// Predicate is what a claim that counts says; nil for any other.
	Predicate Predicate
}

// Counts reports whether the claim passed every check.
func (c *Claim) Counts() bool { return c.Failure == nil && c.Bundle != nil }

// Scan is the predicate of a scan result that counts, else nil.
func (c *Claim) Scan() *ScanResult {
	s, _ := c.Predicate.(*ScanResult)
	return s
}

// Model is the predicate of a model signature that counts, else nil.
func (c *Claim) Model() *evidence.ModelSignature {
	s, _ := c.Predicate.(*evidence.ModelSignature)
	return s
}

// Reasons why a claim does not count, wrapped by Claim.Failure.
var (
	// ErrSubject: it is about other content.
	ErrSubject = errors.New("it is about other content")
	// ErrCoverage: it does not cover every file of the content.
	ErrCoverage = errors.New("it does not cover every file")
)

// Check decides whether a claim counts for the content of m.
func Check(source string, bundle *evidence.Bundle, authority Authority, m *evidence.Manifest) *Claim {
	c := &Claim{Source: source, Bundle: bundle}
	predicate, err := c.check(authority, m)
	if c.Failure = err; err == nil {
		c.Predicate = predicate
	}
	c.Broken = c.Broken || errors.Is(err, evidence.ErrSignature)
	return c
}

// Unreadable is the claim for something that is not a bundle. It never counts.
func Unreadable(source string, err error) *Claim {
	return &Claim{Source: source, Failure: err, Broken: true}
}

func (c *Claim) check(authority Authority, m *evidence.Manifest) (Predicate, error) {
	statement, err := c.authenticate(authority)
	if err != nil {
		return nil, err
	}
	c.PredicateType, c.Subject = statement.PredicateType, statement.Subject
	kind, ok := KindOf(statement.PredicateType)
	if !ok {
		return nil, fmt.Errorf("predicate type %q: %w", text(statement.PredicateType), evidence.ErrUnsupported)
	}
	c.Kind = kind
	if err := authority.May(c.Signer, kind.Name, c.Proof); err != nil {
		return nil, err
	}
	return c.read(statement, m)
}

// authenticate checks the signature before anything in the payload is looked at.
func (c *Claim) authenticate(authority Authority) (*evidence.Statement, error) {
	name, proof, err := authority.Verify(c.Bundle)
	if err != nil {
		return nil, err
	}
	c.Signer, c.Proof = name, proof
	return evidence.ParseStatement(proof.Payload)
}

// read checks what the claim says against the content.
func (c *Claim) read(st *evidence.Statement, m *evidence.Manifest) (Predicate, error) {
	// A model signature is about what it lists, in the order of its signer; every other claim is about the digest.
	signature := c.Kind.Type == evidence.PredicateModelSignature
	if digest := m.Digest(); !signature && (st.Subject != digest || digest == "") {
		return nil, fmt.Errorf("%w: %s, not %s", ErrSubject, st.Subject, digest)
	}
	predicate, err := c.Kind.parse(st)
	if err != nil {
		c.Broken = !signature // by someone trusted, about this content, and perhaps it says no
		return nil, fmt.Errorf("read %s: %w", c.Kind.Title, err)
	}
	switch p := predicate.(type) {
	case *evidence.ModelSignature:
		if diffs := p.Compare(m); len(diffs) > 0 {
			return nil, fmt.Errorf("%w: %s%s", ErrSubject, diffs[0], more(len(diffs)-1))
		}
	case *ScanResult:
		c.Condemns = p.Verdict == picket.Malicious
		if err := covers(p.covered(), m); err != nil {
			return nil, err
		}
	}
	return predicate, nil
}

// covers reports whether resources are exactly those of the manifest, by name and digest.
func covers(resources []evidence.Resource, m *evidence.Manifest) error {
	diffs := evidence.Diff(resources, m.Resources)
	if len(diffs) == 0 {
		return nil
	}
	d := diffs[0]
	if d.Kind == evidence.Extra {
		return fmt.Errorf("%w: %q was not inspected%s", ErrCoverage, text(d.Name), more(len(diffs)-1))
	}
	return fmt.Errorf("%w: %s%s", ErrCoverage, d, more(len(diffs)-1))
}

// more counts what is not listed.
func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}
