package evidence

import (
	"errors"
	"fmt"

	"github.com/picketsec/picket"
)

// Claim is one bundle after every check that decides whether it counts.
type Claim struct {
	// Source says where the bundle came from, for people: "model.sig", "claims.jsonl line 3".
	Source string
	// Bundle is what was read; nil when it could not be.
	Bundle *Bundle
	// Failure is why the claim does not count; nil when it does.
	Failure error
	// Key is the name of the key in the trust root; empty when none there signed it.
	Key string
	// PredicateType and Subject are known only when the signature holds.
	PredicateType string
	Subject       picket.Digest
	// Broken is true when the claim is no honest claim about something else: it is unreadable, it names a key of the trust
	// root that did not sign it, or a trusted scan result about this content makes no sense. A gate treats it as damage.
	Broken bool
	// Condemns is true when a trusted key says that this very content is malicious. It holds even when the claim does not
	// count because it does not cover every file.
	Condemns bool
	// Scan and Model hold the predicate of a claim that counts; the one that fits its type is set.
	Scan  *ScanResult
	Model *ModelSignature
}

// Counts reports whether the claim passed every check.
func (c *Claim) Counts() bool { return c.Failure == nil && c.Bundle != nil }

// Reasons why a claim does not count, wrapped by Claim.Failure.
var (
	// ErrForeignKey: no key of the trust root signed it.
	ErrForeignKey = errors.New("it is not signed by a key of the trust root")
	// ErrSubject: it is about other content.
	ErrSubject = errors.New("it is about other content")
	// ErrCoverage: it does not cover every file of the content.
	ErrCoverage = errors.New("it does not cover every file")
)

// Check decides whether a claim counts for the content of m. A claim counts when its bundle is well-formed, a key of the
// trust root signed it, its subject is the digest of the content, its predicate is of a known type and schema, and it
// covers every entry of the manifest with the digest that the entry has now.
func Check(source string, bundle *Bundle, trust *Trust, m *Manifest) *Claim {
	c := &Claim{Source: source, Bundle: bundle}
	c.Failure = c.check(trust, m)
	if c.Failure != nil {
		c.Scan, c.Model = nil, nil // nobody may use them by mistake
	}
	c.Broken = c.Broken || errors.Is(c.Failure, ErrSignature)
	return c
}

// Unreadable is the claim for something that is not a bundle. It never counts.
func Unreadable(source string, err error) *Claim {
	return &Claim{Source: source, Failure: err, Broken: true}
}

func (c *Claim) check(trust *Trust, m *Manifest) error {
	statement, err := c.authenticate(trust)
	if err != nil {
		return err
	}
	c.PredicateType, c.Subject = statement.PredicateType, statement.Subject
	switch statement.PredicateType {
	case PredicateScanResult:
		return c.checkScan(statement, m)
	case PredicateModelSignature:
		return c.checkModel(statement, m)
	}
	return fmt.Errorf("predicate type %q: %w", clip(statement.PredicateType), ErrUnsupported)
}

// authenticate checks the signature before anything in the payload is looked at.
func (c *Claim) authenticate(trust *Trust) (*Statement, error) {
	name, key, err := trust.signerOf(c.Bundle)
	if err != nil {
		return nil, err
	}
	payload, err := c.Bundle.Verify(key)
	if err != nil {
		return nil, err
	}
	c.Key = name
	return ParseStatement(payload)
}

// signerOf finds the key that a bundle names.
func (t *Trust) signerOf(b *Bundle) (string, *PublicKey, error) {
	hint := b.Hint
	if hint == "" && b.embedded != nil {
		hint = b.embedded.Hint()
	}
	name, key, ok := t.Lookup(hint)
	switch {
	case ok:
		return name, key, nil
	case hint == "":
		return "", nil, fmt.Errorf("it names no key: %w", ErrForeignKey)
	}
	return "", nil, fmt.Errorf("key %q: %w", clip(hint), ErrForeignKey)
}

// checkScan checks a scan result against the content.
func (c *Claim) checkScan(st *Statement, m *Manifest) error {
	if digest := m.Digest(); st.Subject != digest || digest == "" {
		return fmt.Errorf("%w: %s, not %s", ErrSubject, st.Subject, digest)
	}
	scan, err := ParseScanResult(st)
	if err != nil {
		c.Broken = true // by a trusted key, about this content, and perhaps it says no
		return err
	}
	c.Condemns = scan.Verdict == picket.Malicious
	if err := covers(scan.covered(), m); err != nil {
		return err
	}
	c.Scan = scan
	return nil
}

// checkModel checks a model signature against the content.
func (c *Claim) checkModel(st *Statement, m *Manifest) error {
	sig, err := parseModelSignature(st)
	if err != nil {
		return err
	}
	diffs := sig.Compare(m)
	if len(diffs) > 0 {
		return fmt.Errorf("%w: %s%s", ErrSubject, diffs[0], more(len(diffs)-1))
	}
	c.Model = sig
	return nil
}

// covers reports whether resources are exactly those of the manifest, by name and digest.
func covers(resources []Resource, m *Manifest) error {
	diffs := Diff(resources, m.Resources)
	if len(diffs) == 0 {
		return nil
	}
	d := diffs[0]
	if d.Kind == Extra {
		return fmt.Errorf("%w: %q was not inspected%s", ErrCoverage, clip(d.Name), more(len(diffs)-1))
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
