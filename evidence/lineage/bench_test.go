package lineage

import (
	"testing"

	"github.com/picketsec/picket/evidence/claim"
)

// BenchmarkRevoked builds the graph of 10,000 training runs in a line and finds a revocation at its beginning from its end.
func BenchmarkRevoked(b *testing.B) {
	claims := []*claim.Claim{revoke(id(0), true)}
	for i := range 10_000 {
		claims = append(claims, say("x", id(i+1), "m", run(from(claim.RoleBase, "b", id(i)))))
	}
	for b.Loop() {
		g, err := New(claims)
		if err != nil || len(g.Revoked(id(10_000))) != 1 {
			b.Fatal(err)
		}
	}
}
