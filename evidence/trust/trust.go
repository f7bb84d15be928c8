// Package trust says whose signatures count, and for what. It is for every command and server that verifies or decides.
//
// A trust root belongs to one project. It names identities (a key, the holder of a certificate, an account of an identity
// provider), the kinds of claims that each may make, from when until when, which were revoked and why, which belong to one
// person, and which clocks are believed. It comes from the operator, never from the content that is verified. What cannot
// be understood in a root is an error, and who is not named may nothing. A root can itself be signed and numbered, see
// History; then an older one is refused by whoever remembers the newer, see Memory.
//
// The package opens no file but through the fs.FS that it is given, never goes to the network, and knows no time but the
// clock that it is given.
package trust

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Root is a set of identities whose claims count. The zero value trusts nobody. It is safe for concurrent use once it is
// made.
type Root struct {
	project    string
	now        func() time.Time
	identities []*identity          // in the order of the file
	byName     map[string]*identity // the same
	byKey      map[string]*identity // those with a key, by its fingerprint
	clocks     clocks
	people     map[string]string // name of an identity to the person who holds it
	separate   [][]string
	signed     *Signed
}

// identity is one signer.
type identity struct {
	Identity
	key      *evidence.PublicKey // for the method key
	verifier verifier            // for the other methods
	method   evidence.Method
	title    string // for people: "key ab12…", "certificate of release@acme.example"
	plain    bool   // from a root of version 1, where nobody chose what the key may do
	heir     string // the identity that replaces it
}

// verifier checks that one identity made the signature of a bundle. The error wraps evidence.ErrForeign when it was someone
// else, and evidence.ErrSignature when the bundle names this identity and the signature is not its own.
type verifier interface {
	Verify(b *evidence.Bundle) (*evidence.Proof, error)
}

// Lookup returns the key with a fingerprint and the name of its identity.
func (t *Root) Lookup(hint string) (name string, key *evidence.PublicKey, ok bool) {
	i, ok := t.byKey[hint]
	if !ok {
		return "", nil, false
	}
	return i.Name, i.key, true
}

// Len is the number of identities.
func (t *Root) Len() int { return len(t.identities) }

// Project is the project that the root belongs to; empty for a folder of keys and for version 1.
func (t *Root) Project() string { return t.project }

// Signed is what a signed root says about itself; nil for one that is not signed.
func (t *Root) Signed() *Signed { return t.signed }

// Verify checks the signature of a bundle and returns the name of its signer. The error wraps evidence.ErrForeign when no
// identity of the root signed, evidence.ErrSignature when the bundle names one that did not.
func (t *Root) Verify(b *evidence.Bundle) (string, *evidence.Proof, error) {
	if b.Method() != evidence.ByKey {
		return t.verifyCertified(b)
	}
	hint := b.KeyHint()
	if hint == "" {
		return "", nil, fmt.Errorf("it names no key: %w", evidence.ErrForeign)
	}
	i, ok := t.byKey[hint]
	if !ok {
		return "", nil, fmt.Errorf("key %q: %w", clip(hint), evidence.ErrForeign)
	}
	payload, err := b.Verify(i.key)
	if err != nil {
		return "", nil, err
	}
	moments, err := t.clocks.Verify(b)
	if err != nil {
		return "", nil, err
	}
	who := evidence.Signatory{Method: evidence.ByKey, Key: i.key.Hint()}
	return i.Name, &evidence.Proof{Payload: payload, Signatory: who, Moments: moments}, nil
}

// verifyCertified asks the identities with certificates, in the order of the root. Where several fit, such as an account and a
// pattern that it matches, one that was revoked decides. A failure that is damage outweighs one that only says that someone else
// signed.
func (t *Root) verifyCertified(b *evidence.Bundle) (string, *evidence.Proof, error) {
	var foreign, damage error
	var name string
	var held *evidence.Proof
	for _, i := range t.identities {
		if i.method != b.Method() {
			continue
		}
		proof, err := i.verifier.Verify(b)
		switch {
		case err == nil && i.Revoked != nil:
			return i.Name, proof, nil
		case err == nil && held != nil: // the first in the root speaks for the signer
		case err == nil:
			name, held = i.Name, proof
		case errors.Is(err, evidence.ErrForeign):
			foreign = errors.Join(foreign, fmt.Errorf("not by %s: %w", i.Name, err))
		default:
			damage = errors.Join(damage, fmt.Errorf("%s: %w", i.Name, err))
		}
	}
	switch {
	case held != nil:
		return name, held, nil
	case damage != nil:
		return "", nil, damage
	case foreign != nil:
		return "", nil, foreign
	}
	return "", nil, fmt.Errorf("it is signed by certificate (%s), and no identity is known by one: %w", b.Method(), evidence.ErrForeign)
}

// Add adds a key under a name that may make the given kinds of claims, or groups of kinds; with none, those that a root of
// version 1 lets every key make. A name and a key each appear once.
func (t *Root) Add(name string, key *evidence.PublicKey, may ...string) error {
	i := &identity{Identity: Identity{Name: name, May: may}, key: key, method: evidence.ByKey}
	if i.plain = len(may) == 0; i.plain {
		i.May = []string{GroupEvidence}
	}
	kinds, err := expand(i.May)
	if err != nil {
		return fmt.Errorf("trust key %q: %w", clip(name), err)
	}
	i.May = kinds
	return t.add(i)
}

// add adds an identity whose parts are complete.
func (t *Root) add(i *identity) error {
	if err := checkName(i.Name); err != nil {
		return fmt.Errorf("trust key: %w", err)
	}
	if other, ok := t.byName[i.Name]; ok {
		return fmt.Errorf("trust key %q: the name is there already, for %s: %w", clip(i.Name), other.title, evidence.ErrMalformed)
	}
	if t.byName == nil {
		t.byName, t.byKey = map[string]*identity{}, map[string]*identity{}
	}
	if i.method == evidence.ByKey {
		hint := i.key.Hint()
		if other, ok := t.byKey[hint]; ok {
			return fmt.Errorf("trust key %q: the key is there already, as %q: %w", clip(i.Name), other.Name, evidence.ErrMalformed)
		}
		i.title = "key " + hint[:12] + "…"
		t.byKey[hint] = i
	}
	for _, other := range t.identities {
		if i.method != evidence.ByKey && other.title == i.title {
			return fmt.Errorf("trust key %q: %s is there already, as %q: %w", clip(i.Name), i.title, other.Name, evidence.ErrMalformed)
		}
	}
	t.byName[i.Name] = i
	t.identities = append(t.identities, i)
	return nil
}

// maxName is the length of a name in bytes.
const maxName = 100

// checkName refuses names that could not be told apart or not be printed.
func checkName(name string) error {
	if name == "" || len(name) > maxName || strings.TrimSpace(name) != name || picket.Printable(name, 4*maxName) != name {
		return fmt.Errorf("%q is not a name of 1 to %d printable characters: %w", clip(name), maxName, evidence.ErrMalformed)
	}
	return nil
}

// clip bounds text from the outside for use in a message.
func clip(s string) string { return picket.Printable(s, 80) }
