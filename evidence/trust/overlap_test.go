package trust

import (
	"testing"

	"github.com/picketsec/picket/evidence"
)

// accepting is a verifier that knows every signer.
type accepting struct{}

func (accepting) Verify(*evidence.Bundle) (*evidence.Proof, error) { return &evidence.Proof{}, nil }

// TestRevokedIdentityDecides: whoever is revoked by name stays so, whatever pattern before or behind also fits.
func TestRevokedIdentityDecides(t *testing.T) {
	known := func(name string, revoked *Revocation) *identity {
		return &identity{Identity: Identity{Name: name, Revoked: revoked}, method: evidence.ByCertificate, verifier: accepting{}}
	}
	lost := known("lost", &Revocation{Reason: "lost"})
	for _, tt := range []struct {
		identities []*identity
		want       string
	}{
		{[]*identity{known("pattern", nil), lost}, "lost"},
		{[]*identity{lost, known("pattern", nil)}, "lost"},
		{[]*identity{known("first", nil), known("second", nil)}, "first"},
	} {
		got, _, err := (&Root{identities: tt.identities}).Verify(&evidence.Bundle{Chain: [][]byte{{}}})
		if err != nil || got != tt.want {
			t.Errorf("got %q %v, want %q", got, err, tt.want)
		}
	}
}
