package claim

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

// authority trusts keys by their fingerprints, and lets them say what is not denied.
type authority struct {
	names map[string]string // by fingerprint
	keys  map[string]*evidence.PublicKey
	deny  map[[2]string]bool // name and kind
	at    map[string]time.Time
}

var errMayNot = errors.New("it may not")

// trusting makes an authority of keys that are called key-a, key-b and so on.
func trusting(t testing.TB, keys ...*evidence.PrivateKey) *authority {
	t.Helper()
	a := &authority{names: map[string]string{}, keys: map[string]*evidence.PublicKey{}, deny: map[[2]string]bool{}, at: map[string]time.Time{}}
	for i, k := range keys {
		hint := k.Public().Hint()
		a.names[hint], a.keys[hint] = "key-"+string(rune('a'+i)), k.Public()
	}
	return a
}

func (a *authority) Verify(b *evidence.Bundle) (string, *evidence.Proof, error) {
	key, ok := a.keys[b.KeyHint()]
	if !ok {
		return "", nil, fmt.Errorf("key: %w", evidence.ErrForeign)
	}
	payload, err := b.Verify(key)
	if err != nil {
		return "", nil, err
	}
	p := &evidence.Proof{Payload: payload, Signatory: evidence.Signatory{Method: evidence.ByKey, Key: key.Hint()}}
	if at, ok := a.at[a.names[key.Hint()]]; ok {
		p.Moments = []evidence.Moment{{Time: at, Source: "timestamp authority test"}}
	}
	return a.names[key.Hint()], p, nil
}

func (a *authority) May(name, kind string, _ *evidence.Proof) error {
	if a.deny[[2]string{name, kind}] {
		return errMayNot
	}
	return nil
}
