package trust_test

import (
	"slices"
	"testing"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
)

// A root is an authority for claims, and knows who is one person.
var (
	_ claim.Authority = (*trust.Root)(nil)
	_ claim.Duties    = (*trust.Root)(nil)
)

// TestEveryKindIsInAGroup: whoever adds a kind of claim says whether programs may make it.
func TestEveryKindIsInAGroup(t *testing.T) {
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range claim.Kinds() {
		names = append(names, k.Name)
		root := &trust.Root{}
		if err := root.Add("a", key.Public(), k.Name); err != nil {
			t.Errorf("%s stands in no group: %v", k.Name, err)
		}
	}
	all := &trust.Root{}
	if err := all.Add("a", key.Public(), trust.GroupAll); err != nil {
		t.Fatal(err)
	}
	for _, kind := range all.Standings()[0].May {
		if !slices.Contains(names, kind) {
			t.Errorf("%s stands in a group and is no kind of claim", kind)
		}
	}
	if all.May("a", trust.KindTransfer, nil) == nil {
		t.Error("a key that may make all claims may install things too")
	}
	carrier := &trust.Root{}
	if err := carrier.Add("a", key.Public(), trust.KindTransfer); err != nil || carrier.May("a", trust.KindTransfer, nil) != nil {
		t.Errorf("nobody can be given the right to install things: %v", err)
	}
	plain := &trust.Root{}
	if err := plain.Add("a", key.Public()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"review", "approval", "exception", "vendor-assessment"} {
		if plain.May("a", kind, nil) == nil {
			t.Errorf("a key for which nobody chose makes %s", kind)
		}
		if err := all.May("a", kind, nil); err != nil {
			t.Errorf("a key that may make all does not make %s: %v", kind, err)
		}
	}
}
