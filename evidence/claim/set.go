package claim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Entry is one bundle before it is checked, and where it came from.
type Entry struct {
	// File is the name of the file, for people. Line counts from 1 in a file of claims; 0 in a file that holds one bundle.
	File string
	Line int
	// Leaf is the RFC 6962 hash of the line, see LeafHash; of no meaning when Line is 0.
	Leaf [32]byte
	// Bundle is what was read; nil with Err when it could not be.
	Bundle *evidence.Bundle
	Err    error
}

// Source is where the entry came from, for people.
func (e Entry) Source() string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s line %d", e.File, e.Line)
}

// Set is all claims that were found, checked by themselves and against each other.
type Set struct {
	// Claims are in the order of the entries. Signatures of several people under one statement are one claim.
	Claims []*Claim

	all     []*Claim // each signature
	content picket.Digest
}

// Gather checks entries against the content and against each other:
//
//   - a revocation counts whoever of those who may make it signed, and nothing takes it back: it condemns the content, or
//     takes the claim or the claims of the key that it names;
//   - who signed a training run or provenance of the content does not approve it, review it or let it pass by exception: their
//     signatures there fail with ErrSelfApproval;
//   - what the authority keeps apart, see Duties, one person does not make together, else ErrSeparate;
//   - a review that approves, and an exception, need two different people under the same statement, else ErrAlone;
//   - the heads in a file must be true of the lines before them.
func Gather(entries []Entry, o Options) *Set {
	s := &Set{content: o.digest()}
	for _, e := range entries {
		if e.Err != nil || e.Bundle == nil {
			err := e.Err
			if err == nil {
				err = evidence.ErrMalformed
			}
			s.all = append(s.all, Unreadable(e.Source(), err))
			continue
		}
		s.all = append(s.all, Check(e.Source(), e.Bundle, o))
	}
	s.checkHeads(entries)
	s.revoke()
	s.part()
	s.apart(o.Authority)
	s.group()
	for _, c := range s.Claims {
		if c.Failure == nil && needsTwo(c.Predicate) && len(c.Signers) < 2 {
			c.fail(Signatories, ErrAlone)
		}
	}
	return s
}

// All lists every signature by itself, also those that are grouped in Claims: what lineage is built from.
func (s *Set) All() []*Claim { return s.all }

// fail takes a claim out of what counts.
func (c *Claim) fail(test Test, err error) {
	c.Failure, c.Predicate = failed(test, err), nil
}

// revocations calls visit for every revocation by someone who may make one. A revocation that expired or is about other
// content is visited too, one from the future as well: whoever wants to revoke does not have to have their clock right.
func (s *Set) revocations(visit func(*Claim, *Revocation)) {
	for _, c := range s.all {
		if r, ok := c.Said.(*Revocation); ok {
			visit(c, r)
		}
	}
}

// revoke honours all revocations at once, so that their order in a file does not matter. A revocation is not revoked.
func (s *Set) revoke() {
	type named struct {
		target  string
		subject picket.Digest
	}
	taken := map[named][]*Claim{}
	s.revocations(func(by *Claim, r *Revocation) {
		if r.Target == RevokeContent && by.Subject == s.content && s.content != "" {
			by.condemn(by.revocation(r))
		}
		taken[named{r.Target, by.Subject}] = append(taken[named{r.Target, by.Subject}], by)
	})
	for _, c := range s.all {
		if _, immune := c.Said.(*Revocation); immune || c.Failure != nil {
			continue
		}
		key := picket.Digest("sha256:" + c.Proof.Signatory.Key)
		for _, by := range slices.Concat(taken[named{RevokeClaim, c.Payload}], taken[named{RevokeKey, key}]) {
			if r, _ := by.Said.(*Revocation); r.takes(c) {
				c.fail(Revoked, fmt.Errorf("%w: %s", ErrRevoked, by.revocation(r)))
				break
			}
		}
	}
}

// takes reports whether a revocation takes a claim away that it names, or whose key it names: what a key signed before, as
// a trusted clock saw it, stays.
func (r *Revocation) takes(c *Claim) bool {
	seen, ok := c.Proof.Earliest()
	return r.Target == RevokeClaim || !ok || !seen.Time.Before(r.Effective)
}

// revocation says who revoked what and why, for people.
func (c *Claim) revocation(r *Revocation) string {
	why := r.Reason
	if r.Text != "" {
		why += ", " + text(r.Text)
	}
	return fmt.Sprintf("%s revoked the %s (%s)", c.Signer, r.Target, why)
}

// Inherit condemns the content because something that it descends from was revoked: by is the claim that did, and path says how
// the content descends from it.
func (s *Set) Inherit(by *Claim, path string) {
	r, ok := by.Said.(*Revocation)
	if !ok {
		return
	}
	by.condemn(by.revocation(r) + " that this was made from: " + path)
	if !slices.Contains(s.Claims, by) { // it was grouped with another signature, or comes from elsewhere
		s.Claims = append(s.Claims, by)
	}
}

// part fails the signatures of who made the content under what would clear it.
func (s *Set) part() {
	var makers []Signer
	for _, c := range s.all {
		if c.Proof != nil && s.made(c) {
			makers = append(makers, c.Signers[0])
		}
	}
	for _, c := range s.all {
		if c.Failure != nil || !clears(c.Predicate) {
			continue
		}
		for _, maker := range makers {
			if same(maker, c.Signers[0]) {
				c.fail(Independence, fmt.Errorf("%w: %s signed that %s made it (%s)", ErrSelfApproval, maker.Name, maker.Name, maker.Source))
				break
			}
		}
	}
}

// made reports whether a claim says how the content was made. One that fails a later check still says so.
func (s *Set) made(c *Claim) bool {
	if c.Kind.Type != TypeTrainingRun && c.Kind.Type != TypeProvenance {
		return false
	}
	if run, ok := c.Said.(*TrainingRun); ok {
		for _, out := range run.Outputs {
			if out.Digest == s.content && s.content != "" {
				return true
			}
		}
	}
	return c.Subject == s.content
}

// clears reports whether a claim lets content pass on the word of a person. A review that objects clears nothing.
func clears(p Predicate) bool {
	switch p.(type) {
	case *Approval, *Review, *Exception:
		return !objects(p)
	}
	return false
}

// objects reports whether a claim is a review that does not approve: anyone who may review may say no, also to what they made.
func objects(p Predicate) bool {
	r, ok := p.(*Review)
	return ok && r.Outcome != "approved"
}

// needsTwo reports whether a claim needs two people. A review that objects stands by itself.
func needsTwo(p Predicate) bool {
	switch p.(type) {
	case *Review, *Exception:
		return !objects(p)
	}
	return false
}

// same reports whether two signatures are of one person: by the name in the trust root, by who holds it, by the key,
// or by the account.
func same(a, b Signer) bool {
	x, y := a.Proof.Signatory, b.Proof.Signatory
	return a.Name == b.Name || a.Person != "" && a.Person == b.Person || x.Key != "" && x.Key == y.Key ||
		x.Subject != "" && x.Subject == y.Subject && x.Issuer == y.Issuer
}

// group makes one claim of all signatures that hold under one statement.
func (s *Set) group() {
	first := map[picket.Digest]*Claim{}
	for _, c := range s.all {
		one := first[c.Payload]
		if c.Failure != nil || one == nil {
			s.Claims = append(s.Claims, c)
			if c.Failure == nil {
				first[c.Payload] = c
			}
			continue
		}
		one.countersigned(c.Signers[0])
		if c.Condemns {
			one.condemn(c.Condemnation)
		}
	}
}

// countersigned adds a signer, once.
func (c *Claim) countersigned(by Signer) {
	for _, s := range c.Signers {
		if same(s, by) {
			return
		}
	}
	c.Signers = append(c.Signers, by)
}

// checkHeads compares every head in a file with the lines before it.
func (s *Set) checkHeads(entries []Entry) {
	trees := map[string]*prefix{}
	for i, e := range entries {
		if e.Line == 0 {
			continue
		}
		tree := trees[e.File]
		if tree == nil {
			tree = newPrefix()
			trees[e.File] = tree
		}
		if h, ok := s.all[i].Predicate.(*Head); ok {
			if err := tree.check(h); err != nil {
				s.all[i].fail(HeadOfClaims, err)
				s.all[i].Broken = true
			}
		}
		if e.Err == nil {
			tree.add(e.Leaf)
		}
	}
}

// CheckHead compares the claims of one file with a head that is known from elsewhere. The error wraps ErrRemoved or ErrEdited.
func CheckHead(entries []Entry, head *Head) error {
	tree := newPrefix()
	for _, e := range entries {
		if e.Line > 0 && e.Err == nil {
			tree.add(e.Leaf)
		}
	}
	return tree.check(head)
}

// errNoHead is for a head of a file without claims.
var errNoHead = errors.New("there are no claims")

// NewHead makes the head of the claims of one file. The time is filled in by the caller.
func NewHead(entries []Entry) (*Head, error) {
	tree := newPrefix()
	for _, e := range entries {
		if e.Err != nil {
			return nil, fmt.Errorf("make head: %s: %w", e.Source(), e.Err)
		}
		if e.Line > 0 {
			tree.add(e.Leaf)
		}
	}
	if len(tree.roots) == 0 {
		return nil, fmt.Errorf("make head: %w", errNoHead)
	}
	return &Head{Count: int64(len(tree.roots)), Root: tree.roots[len(tree.roots)-1]}, nil
}

// NewSet is a set of claims that were checked by themselves, for who has them already; Gather does more.
func NewSet(claims ...*Claim) *Set { return &Set{Claims: claims, all: claims} }
