package lineage

import (
	"errors"
	"fmt"
	"testing"

	"github.com/picketsec/picket/evidence/claim"
)

// square is a training run with so many inputs and as many outputs.
func square(n int, digests bool) *claim.Claim {
	r := &claim.TrainingRun{}
	for i := range n {
		in := from(claim.RoleData, fmt.Sprint("in ", i), "")
		if digests {
			in.Digest = id(100_000 + i)
		}
		r.Inputs = append(r.Inputs, in)
		r.Outputs = append(r.Outputs, claim.Reference{Name: fmt.Sprint("out ", i), Digest: id(200_000 + i)})
	}
	return say("trainer", id(model), "m", r)
}

// TestManyOutputs: what one claim of two megabytes says is not multiplied in memory.
func TestManyOutputs(t *testing.T) {
	for _, digests := range []bool{true, false} {
		if _, err := New([]*claim.Claim{square(10_000, digests)}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("digests %v: got %v", digests, err)
		}
		if _, err := New([]*claim.Claim{square(100, digests)}); err != nil {
			t.Errorf("digests %v: %v", digests, err)
		}
	}
}

// chain makes each digest from the one before, up to n.
func chain(n int) []*claim.Claim {
	var claims []*claim.Claim
	for i := range n {
		claims = append(claims, say("trainer", id(i+1), "m", run(from(claim.RoleBase, "m", id(i)))))
	}
	return claims
}

// TestLongChains: every digest is reached once, and its path is bounded.
func TestLongChains(t *testing.T) {
	const n = 3000
	claims := chain(n)
	for i := range n {
		claims = append(claims, revoke(id(i), i%2 == 0))
	}
	g := build(t, claims...)
	reached := g.Blast("m")
	if len(reached) != n+1 || reached[n].Digest != id(n) || len(reached[n].Path) != maxPath || reached[n].Path[maxPath-1].To != id(n) {
		t.Errorf("%d reached", len(reached))
	}
	if got := g.Revoked(id(n)); len(got) != n/2 || len(got[0].Path) != maxPath || got[0].Path[0].From != id(0) {
		t.Errorf("%d revocations", len(got))
	}
	for i := range n {
		if cascade, alone := g.Spoilt(id(i)); !cascade || alone != (i%2 == 1) {
			t.Fatalf("%d: cascade %v, alone %v", i, cascade, alone)
		}
	}
}
