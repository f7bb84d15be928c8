// Package claim holds the kinds of statements that are made about content, and decides which of them count. It is for the
// commands that make claims and for the gates that decide on them.
//
// A claim counts when its bundle is well-formed, someone in the trust root signed it who may make claims of its kind, its
// predicate follows the schema of its kind, its subject is the digest of the content, it is neither from the future nor
// expired, and it covers every file. Some kinds need two people, or people who did not make the content; see Gather. One that
// fails any check is kept with the name of the check and the reason, and never counts. The package holds no keys, reads no
// files and knows no time but the one that it is given.
package claim

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

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

// Options are what claims are checked against.
type Options struct {
	Authority Authority
	// Content is what the claims should be about; nil when only signatures and schemas are of interest, and then no claim
	// about content counts.
	Content *evidence.Manifest
	// Now is the time of the check. With the zero time every claim is from the future.
	Now time.Time
}

// digest identifies the content; empty when there is none.
func (o Options) digest() picket.Digest {
	if o.Content == nil {
		return ""
	}
	return o.Content.Digest()
}

// Claim is one statement after every check that decides whether it counts.
type Claim struct {
	// Source says where the bundle came from, for people: "model.sig", "claims.jsonl line 3".
	Source string
	// Bundle is what was read; nil when it could not be.
	Bundle *evidence.Bundle
	// Failure is why the claim does not count; nil when it does. It is a *Failure, which names the check.
	Failure error
	// Signer is the name that the trust root has for who signed; empty when nobody there did. Proof is what the signature
	// proves; nil when it does not hold.
	Signer string
	Proof  *evidence.Proof
	// Signers are all who signed the same statement, Signer first. One person appears once.
	Signers []Signer
	// Kind, PredicateType, Subject and Payload are known only when the signature holds. Kind.Name is empty for an unknown
	// type. Payload is the SHA-256 of the statement, which identifies the claim whoever signs it.
	Kind          Kind
	PredicateType string
	Subject       picket.Digest
	Payload       picket.Digest
	// Name is what the statement calls its subject, for people.
	Name string
	// Made is when the statement was made, as its signer says; zero when it does not say.
	Made time.Time
	// Broken is true when the claim is no honest claim about something else: it is unreadable, it names a key of the trust
	// root that did not sign it, or a trusted claim about this content makes no sense. A gate treats it as damage.
	Broken bool
	// Condemns is true when someone trusted says that this very content is malicious, or revoked it or what it was made from.
	// It holds even when the claim does not count because it does not cover every file. Condemnation says why, for people.
	Condemns     bool
	Condemnation string
	// Predicate is what a claim that counts says, or a record that holds; nil for any other.
	Predicate Predicate
	// Said is what someone says who may say it, also about other content or when it is expired: what lineage is built from.
	Said Predicate
}

// Signer is one signature under a statement.
type Signer struct {
	Name   string
	Person string // who holds the identity, see Duties
	Proof  *evidence.Proof
	Source string // where the bundle came from
}

// Holds reports whether the claim passed every check.
func (c *Claim) Holds() bool { return c.Failure == nil && c.Bundle != nil }

// Counts reports whether the claim passed every check and can be evidence. Records, such as decisions, never are.
func (c *Claim) Counts() bool { return c.Holds() && !c.Kind.Record }

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

// Check decides whether one claim counts by itself. What other claims have to do with it is decided by Gather.
func Check(source string, bundle *evidence.Bundle, o Options) *Claim {
	c := &Claim{Source: source, Bundle: bundle}
	predicate, failure := c.check(o)
	if failure != nil {
		c.Failure = failure
	} else {
		c.Predicate = predicate
	}
	c.Broken = c.Broken || errors.Is(c.Failure, evidence.ErrSignature)
	return c
}

// Unreadable is the claim for something that is not a bundle. It never counts.
func Unreadable(source string, err error) *Claim {
	return &Claim{Source: source, Failure: failed(Format, err), Broken: true}
}

func (c *Claim) check(o Options) (Predicate, error) {
	name, proof, err := o.Authority.Verify(c.Bundle) // before anything in the payload is looked at
	if err != nil {
		return nil, failed(Signature, err)
	}
	c.Signer, c.Proof = name, proof
	c.Signers = []Signer{{Name: name, Person: personOf(o.Authority, name), Proof: proof, Source: c.Source}}
	c.Payload = picket.SHA256(sha256.Sum256(proof.Payload))
	statement, err := evidence.ParseStatement(proof.Payload)
	if err != nil {
		return nil, failed(Schema, err)
	}
	c.PredicateType, c.Subject, c.Name = statement.PredicateType, statement.Subject, statement.Name
	kind, ok := KindOf(statement.PredicateType)
	if !ok {
		return nil, failed(Schema, fmt.Errorf("predicate type %q: %w", text(statement.PredicateType), evidence.ErrUnsupported))
	}
	c.Kind = kind
	if err := o.Authority.May(c.Signer, kind.Name, c.Proof); err != nil {
		return nil, failed(Permission, err)
	}
	return c.read(statement, o)
}

// read checks what the claim says against the content and the clock.
func (c *Claim) read(st *evidence.Statement, o Options) (Predicate, error) {
	predicate, err := c.Kind.parse(st)
	if err == nil {
		c.Said, c.Made = predicate, madeAt(predicate)
	} else if c.Kind.Type == TypeRevocation {
		// Nobody knows what it takes away, and by lineage it may reach this content whatever its subject is.
		c.Broken = true
		return nil, failed(Schema, fmt.Errorf("read %s: %w", c.Kind.Title, err))
	}
	if other := c.about(predicate, o); other != nil {
		return nil, failed(Digest, other)
	}
	if other := c.named(st, o); other != nil {
		return nil, failed(Digest, other)
	}
	if err != nil {
		// By someone trusted, about this content, and perhaps it says no. A model signature may be of a form of others.
		c.Broken = c.Kind.Type != evidence.PredicateModelSignature
		return nil, failed(Schema, fmt.Errorf("read %s: %w", c.Kind.Title, err))
	}
	if s, ok := predicate.(*ScanResult); ok && s.Verdict == picket.Malicious {
		c.condemn(fmt.Sprintf("%s signed a scan that calls it malicious", c.Signer))
	}
	if err := c.intime(predicate, o.Now); err != nil {
		return nil, failed(Time, err)
	}
	if err := covered(predicate, o.Content); err != nil {
		check := Coverage
		if errors.Is(err, ErrSubject) {
			check = Digest
		}
		return nil, failed(check, err)
	}
	return predicate, nil
}

// about reports a subject that is something else. A model signature is about what it lists, in the order of its signer; a head
// is about the claims; and a revocation of a key or a claim names that.
func (c *Claim) about(p Predicate, o Options) error {
	if r, ok := p.(*Revocation); ok && r.Target != RevokeContent {
		return nil
	}
	if h, ok := p.(*Head); ok && c.Subject == h.Root || c.Kind.Type == evidence.PredicateModelSignature && o.Content != nil {
		return nil
	}
	if digest := o.digest(); c.Subject != digest || digest == "" {
		return fmt.Errorf("%w: %s, not %s", ErrSubject, c.Subject, digest)
	}
	return nil
}

// named checks the names of files against the directory digest of the subject. The digest of a folder covers contents and their
// order alone: the same contents under other names have the same one, and so has a file that holds the digests of its files.
func (c *Claim) named(st *evidence.Statement, o Options) error {
	if o.Content == nil || c.Subject != o.digest() {
		return nil
	}
	switch is := o.Content.DirHash(); {
	case st.DirHash == is:
		return nil
	case st.DirHash != "":
		return fmt.Errorf("%w: the same contents under other names of files (dirHash %s)", ErrSubject, st.DirHash)
	case c.Kind.Names():
		return fmt.Errorf("%w: it does not cover the names of the files (its subject has no dirHash)", ErrSubject)
	}
	return nil
}

// covered reports whether a claim that lists files lists all of them, as they are.
func covered(p Predicate, m *evidence.Manifest) error {
	switch p := p.(type) {
	case *evidence.ModelSignature:
		if diffs := p.Compare(m); len(diffs) > 0 {
			return fmt.Errorf("%w: %s%s", ErrSubject, diffs[0], more(len(diffs)-1))
		}
	case *ScanResult:
		return covers(p.covered(), m)
	case *Manifest:
		if err := covers(p.covered(), m); err != nil {
			return err
		}
		return p.verify(m)
	case *BOM:
		return p.lists(m)
	}
	return nil
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

// condemn notes that the claim says no.
func (c *Claim) condemn(why string) {
	c.Condemns = true
	if c.Condemnation == "" {
		c.Condemnation = why
	}
}
