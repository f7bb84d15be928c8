package claim

import (
	"errors"
	"fmt"
	"slices"
)

// ErrSeparate says that the trust root keeps this apart from something else that the same person signed.
var ErrSeparate = errors.New("one person does not do both")

// Duties is what an Authority may know besides; a trust root does.
type Duties interface {
	// Person is who holds an identity. Two identities of one person are one signer.
	Person(name string) string
	// Separate lists kinds of claims, by name, that one person does not make together about the same content.
	Separate() [][]string
}

// personOf is who holds an identity, as far as the authority knows.
func personOf(a Authority, name string) string {
	if d, ok := a.(Duties); ok {
		return d.Person(name)
	}
	return name
}

// apart fails claims about the content that one person made although the authority keeps them apart. What decides yields to
// what it decides on; of two alike neither stays. Which line came first does not matter: lines can be reordered.
//
// An objection is kept apart from nothing: it must not vanish because of who made it.
func (s *Set) apart(a Authority) {
	d, ok := a.(Duties)
	if !ok {
		return
	}
	for _, kinds := range d.Separate() {
		var made []*Claim
		for _, c := range s.all {
			if c.Said != nil && !objects(c.Said) && c.Subject == s.content && slices.Contains(kinds, c.Kind.Name) {
				made = append(made, c)
			}
		}
		failures := map[*Claim]*Claim{}
		for _, c := range made {
			for _, other := range made {
				yields := clears(c.Said) || !clears(other.Said)
				if yields && c.Kind.Name != other.Kind.Name && same(c.Signers[0], other.Signers[0]) && failures[c] == nil {
					failures[c] = other
				}
			}
		}
		for c, other := range failures {
			if c.Failure == nil {
				c.fail(Independence, fmt.Errorf("%w: %s signed the %s, and the %s (%s)", ErrSeparate, c.Signer, c.Kind.Title, other.Kind.Title, other.Source))
			}
		}
	}
}
