package trust

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

func TestMemory(t *testing.T) {
	digest, other := digestOf([]byte("a")), digestOf([]byte("b"))
	m := Memory{"acme", 7, digest}
	text, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseMemory(text); err != nil || again != m {
		t.Errorf("%+v %v", again, err)
	}
	for name, bad := range map[string]string{
		"empty": "", "cut": string(text[:20]), "null": "null", "list": "[]", "schema": strings.Replace(string(text), "state/1", "state/2", 1),
		"number": strings.Replace(string(text), "7", "0", 1), "project": strings.Replace(string(text), "acme", "../acme", 1),
		"digest": strings.Replace(string(text), "sha256:", "sha1:", 1),
	} {
		if _, err := ParseMemory([]byte(bad)); !errors.Is(err, evidence.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		next Memory
		ok   bool
	}{
		"the same": {m, true}, "newer": {Memory{"acme", 8, other}, true}, "older": {Memory{"acme", 6, digest}, false},
		"a fork": {Memory{"acme", 7, other}, false}, "another project": {Memory{"x", 9, digest}, false},
	} {
		got, err := m.Advance(tt.next)
		if (err == nil) != tt.ok || tt.ok && got != tt.next || !tt.ok && (got != m || !errors.Is(err, ErrRollback)) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestDrafts(t *testing.T) {
	m := newTeam(t, "alice", "bob", "carol", "mallory")
	var none *History
	first, err := none.Next(m.definition([]string{"alice", "bob"}, 2, "alice", "bob"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Finish(today); !errors.Is(err, ErrSigners) {
		t.Errorf("an unsigned version is finished: %v", err)
	}
	if err := first.Add(m.sign(first.Payload(), "mallory")); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("a stranger signs: %v", err)
	}
	if err := first.Add(claimBy(t, m.keys["alice"])); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("a signature over something else: %v", err)
	}
	if err := first.Add(m.sign(first.Payload(), "alice")); err != nil {
		t.Fatal(err)
	}
	if err := first.Add(m.sign(first.Payload(), "alice")); !errors.Is(err, ErrSigners) {
		t.Errorf("alice signs twice: %v", err)
	}
	if missing, err := first.Missing(); err != nil || len(missing) != 1 || !strings.Contains(missing[0], "alice signed, and 2 must") {
		t.Errorf("%v %v", missing, err)
	}
	resumed, err := none.Resume(first.Bundles()) // bob has the file from alice
	if err != nil {
		t.Fatal(err)
	}
	if err := resumed.Add(m.sign(resumed.Payload(), "bob")); err != nil {
		t.Fatal(err)
	}
	history, err := resumed.Finish(today)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(history.Bundles(), Anchor{Digest: resumed.Digest()}, today); err != nil {
		t.Error(err)
	}
	if history.Memory() != (Memory{"acme", 1, resumed.Digest()}) {
		t.Errorf("%+v", history.Memory())
	}

	next := m.definition([]string{"alice", "carol"}, 1, "carol")
	next.Identities[0].May = []string{GroupEvidence}
	second, err := history.Next(next)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"changes alice, what it may", "adds carol, " + second.version.root.byName["carol"].title, "removes bob",
		"changes who signs the trust root, or until when it holds"}
	if got := second.Changes(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	again, err := history.Next(next)
	if err != nil || !bytes.Equal(again.Payload(), second.Payload()) {
		t.Errorf("the same definition gives other bytes: %v", err)
	}
	for _, name := range []string{"alice", "bob"} {
		if err := second.Add(m.sign(second.Payload(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := second.Missing(); err != nil || len(missing) != 1 || !strings.Contains(missing[0], "version 2 names (carol") {
		t.Errorf("%v %v", missing, err)
	}
	if _, err := none.Resume(second.Bundles()); err == nil {
		t.Error("a second version is resumed as the first")
	}
	if _, err := history.Resume(nil); err == nil {
		t.Error("nothing is resumed")
	}
	late, err := history.Next(func() *Definition {
		d := m.definition([]string{"alice", "bob"}, 1, "alice", "bob")
		d.Signing.Expires = today().Add(-time.Hour)
		return d
	}())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alice", "bob"} {
		if err := late.Add(m.sign(late.Payload(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := late.Finish(today); !errors.Is(err, ErrExpired) {
		t.Errorf("a version is made that has expired: %v", err)
	}
	unsigned := m.definition([]string{"alice"}, 1, "alice")
	unsigned.Signing = nil
	if _, err := history.Next(unsigned); err == nil || !strings.Contains(err.Error(), "say who signs the trust root") {
		t.Errorf("got %v", err)
	}
}
