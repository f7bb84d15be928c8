package trust

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// team is people with keys, and the definition of a root that they sign.
type team struct {
	t    testing.TB
	keys map[string]*evidence.PrivateKey
}

func newTeam(t testing.TB, names ...string) *team {
	t.Helper()
	return &team{t, newProject(t, names...).keys}
}

// definition is a root of everybody whom who names, signed by threshold of signers.
func (m *team) definition(who []string, threshold int, signers ...string) *Definition {
	d := &Definition{Project: "acme", Separate: [][]string{}, Signing: &Signing{Signers: signers, Threshold: threshold, Expires: today().AddDate(1, 0, 0)}}
	for _, name := range who {
		d.Identities = append(d.Identities, Identity{Name: name, Key: publicPEM(m.t, m.keys[name]), May: []string{"bom", "scan-result"}})
	}
	return d
}

// sign signs a payload with a key of the team.
func (m *team) sign(payload []byte, name string) *evidence.Bundle {
	m.t.Helper()
	b, err := evidence.Sign(m.t.Context(), payload, m.keys[name])
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

// version is a version made by hand, with whatever it says about itself, signed by whom it says.
func (m *team) version(number int, previous picket.Digest, d *Definition, signers ...string) []*evidence.Bundle {
	m.t.Helper()
	payload, err := (&predicate{Schema: Schema, Number: number, Previous: previous, Definition: *d}).statement()
	if err != nil {
		m.t.Fatal(err)
	}
	return m.signed(payload, signers...)
}

// signed are the signatures over a payload.
func (m *team) signed(payload []byte, signers ...string) []*evidence.Bundle {
	var all []*evidence.Bundle
	for _, name := range signers {
		all = append(all, m.sign(payload, name))
	}
	return all
}

// rootDigest is the digest of the root in a bundle.
func rootDigest(t testing.TB, b *evidence.Bundle) picket.Digest {
	t.Helper()
	v, err := parseVersion(b.Payload(), today)
	if err != nil {
		t.Fatal(err)
	}
	return v.digest
}

// three are a history: alice and bob, two of three with carol, and carol and dave after bob has gone.
func three(t testing.TB) (m *team, one, two, last []*evidence.Bundle) {
	t.Helper()
	m = newTeam(t, "alice", "bob", "carol", "dave", "mallory", "alice-2")
	one = m.version(1, "", m.definition([]string{"alice", "bob"}, 2, "alice", "bob"), "alice", "bob")
	two = m.version(2, rootDigest(t, one[0]), m.definition([]string{"alice", "bob", "carol"}, 2, "alice", "bob", "carol"), "alice", "bob")
	last = m.version(3, rootDigest(t, two[0]), m.definition([]string{"carol", "dave", "alice"}, 2, "carol", "dave"), "carol", "dave", "alice")
	return m, one, two, last
}

// join puts versions one after the other.
func join(versions ...[]*evidence.Bundle) []*evidence.Bundle { return slices.Concat(versions...) }

func TestHistory(t *testing.T) {
	m, one, two, last := three(t)
	first := rootDigest(t, one[0])
	for name, anchor := range map[string]Anchor{
		"by its digest":           {Digest: first},
		"by a key":                {Key: m.keys["bob"].Public()},
		"by both":                 {Digest: first, Key: m.keys["alice"].Public()},
		"by memory of the first":  {Memory: &Memory{"acme", 1, first}},
		"by memory of the second": {Memory: &Memory{"acme", 2, rootDigest(t, two[0])}},
		"by memory of the last":   {Digest: first, Memory: &Memory{"acme", 3, rootDigest(t, last[0])}},
	} {
		root, err := Open(join(one, two, last), anchor, today)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := root.Signed(); s.Number != 3 || s.First != first || s.Digest != rootDigest(t, last[0]) || root.Project() != "acme" || root.Len() != 3 {
			t.Errorf("%s: %+v", name, s)
		}
		if who, _, err := root.Verify(claimBy(t, m.keys["dave"])); err != nil || who != "dave" || root.May(who, "bom", nil) != nil {
			t.Errorf("%s: %q %v", name, who, err)
		}
		if _, _, err := root.Verify(claimBy(t, m.keys["bob"])); !errors.Is(err, evidence.ErrForeign) {
			t.Errorf("%s: bob is gone: %v", name, err)
		}
	}
	if project, err := ProjectOf(one); err != nil || project != "acme" {
		t.Errorf("%q %v", project, err)
	}
	short := m.definition([]string{"alice"}, 1, "alice")
	short.Signing.Expires = today().AddDate(0, 0, 10)
	root, err := Open(m.version(1, "", short, "alice"), Anchor{Key: m.keys["alice"].Public()}, today)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(root.Warnings(), "\n"); got != "version 1 of the trust root expires on 2026-06-11T12:00:00Z, in 10 days: sign a new one before" {
		t.Error(got)
	}
}

// edit changes the payload of a statement; the digest in it follows when the forger is careful.
func edit(t testing.TB, b *evidence.Bundle, careful bool, old, next string) []byte {
	t.Helper()
	st, err := evidence.ParseStatement(b.Payload())
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Replace(st.Predicate, []byte(old), []byte(next), 1)
	if bytes.Equal(body, st.Predicate) {
		t.Fatalf("there is no %q in the root", old)
	}
	subject := st.Subject
	if careful {
		subject = digestOf(body)
	}
	payload, err := evidence.NewStatement(st.Name, subject, st.PredicateType, json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(payload, b.Payload()) {
		t.Fatal("nothing was edited")
	}
	return payload
}

// reseal keeps a signature and puts another payload under it.
func reseal(t testing.TB, b *evidence.Bundle, payload []byte) *evidence.Bundle {
	t.Helper()
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	code := base64.StdEncoding.EncodeToString
	other, err := evidence.ParseBundle(bytes.Replace(text, []byte(code(b.Payload())), []byte(code(payload)), 1))
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// TestForgedRoots: every way to forge or roll back a root is refused, with the reason.
func TestForgedRoots(t *testing.T) {
	m, one, two, last := three(t)
	first, second, third := rootDigest(t, one[0]), rootDigest(t, two[0]), rootDigest(t, last[0])
	pinned := Anchor{Digest: first}
	known := func(number int, digest picket.Digest) Anchor {
		return Anchor{Digest: first, Memory: &Memory{"acme", number, digest}}
	}
	evil := m.definition([]string{"mallory", "alice"}, 1, "mallory")
	people := m.definition([]string{"alice", "alice-2", "bob"}, 2, "alice", "alice-2", "bob")
	people.People = map[string][]string{"alice": {"alice", "alice-2"}}
	byPeople := m.version(1, "", people, "alice", "bob")
	expired := m.definition([]string{"alice", "bob"}, 2, "alice", "bob")
	expired.Signing.Expires = today()
	renamed := m.definition([]string{"alice", "bob"}, 2, "alice", "bob")
	renamed.Project = "other"
	unsigned := m.definition([]string{"alice", "bob"}, 2, "alice", "bob")
	unsigned.Signing = nil
	hint := m.sign(two[0].Payload(), "mallory")
	hint.Hint = m.keys["carol"].Public().Hint()
	for name, tt := range map[string]struct {
		bundles []*evidence.Bundle
		anchor  Anchor
		want    error
		why     string
	}{
		"nothing":                             {nil, pinned, evidence.ErrMalformed, "no version"},
		"no pin and no memory":                {join(one, two), Anchor{}, ErrUnpinned, "first version is the right one"},
		"another first version":               {m.version(1, "", evil, "mallory"), pinned, ErrRollback, "not the pinned"},
		"a first version by another key":      {m.version(1, "", evil, "mallory"), Anchor{Key: m.keys["alice"].Public()}, ErrRollback, "not signed by the pinned key"},
		"the pinned key is no signer":         {m.version(1, "", evil, "mallory", "alice"), Anchor{Key: m.keys["alice"].Public()}, evidence.ErrForeign, "alice is no signer"},
		"rolled back to the first":            {one, known(2, second), ErrRollback, "ends at version 1, and version 2 was accepted"},
		"rolled back by one":                  {join(one, two), known(3, third), ErrRollback, "ends at version 2, and version 3 was accepted"},
		"a fork of what was accepted":         {join(one, two), known(2, digestOf([]byte("x"))), ErrRollback, "a fork"},
		"a fork below what was accepted":      {join(one, two, last), known(2, digestOf([]byte("x"))), ErrRollback, "a fork"},
		"of another project than remembered":  {one, Anchor{Digest: first, Memory: &Memory{"other", 1, first}}, ErrRollback, `of "other"`},
		"a gap":                               {join(one, last), pinned, evidence.ErrMalformed, "a gap"},
		"no first version":                    {join(two, last), pinned, evidence.ErrMalformed, "a gap"},
		"in the wrong order":                  {join(two, one), pinned, evidence.ErrMalformed, "a gap"},
		"backwards":                           {join(one, two, one), pinned, evidence.ErrMalformed, "version 1 comes after version 2"},
		"the same number twice":               {join(one, two, m.version(2, first, m.definition([]string{"alice", "bob"}, 2, "alice", "bob"), "alice", "bob")), pinned, evidence.ErrMalformed, "version 2 is there twice"},
		"a number that is skipped":            {join(one, m.version(3, first, m.definition([]string{"alice", "bob"}, 2, "alice", "bob"), "alice", "bob")), pinned, evidence.ErrMalformed, "a gap"},
		"number 0":                            {m.version(0, "", evil, "mallory"), pinned, evidence.ErrMalformed, "number 0"},
		"a negative number":                   {m.version(-1, "", evil, "mallory"), pinned, evidence.ErrMalformed, "number -1"},
		"a first version with a past":         {m.version(1, first, evil, "mallory"), pinned, evidence.ErrMalformed, "names the version before"},
		"a second version without":            {join(one, m.version(2, "", m.definition([]string{"alice", "bob"}, 2, "alice", "bob"), "alice", "bob")), pinned, evidence.ErrMalformed, "names the version before"},
		"a link to another past":              {join(one, m.version(2, third, m.definition([]string{"alice", "bob"}, 2, "alice", "bob"), "alice", "bob")), pinned, evidence.ErrMalformed, "a fork"},
		"too few of the version before":       {join(one, m.version(2, first, m.definition([]string{"alice", "carol"}, 2, "alice", "carol"), "alice", "carol")), pinned, ErrSigners, "version 1 names (alice, bob; identities of one person count once) alice signed, and 2 must"},
		"too few of its own":                  {join(one, two, last[:1], last[2:]), pinned, ErrSigners, "version 3 names"},
		"one signature where two must":        {join(one[:1]), pinned, ErrSigners, "alice signed, and 2 must"},
		"the new signers alone":               {join(one, m.version(2, first, evil, "mallory")), pinned, ErrSigners, "nobody signed, and 2 must"},
		"one signer twice":                    {join(one, m.signed(two[0].Payload(), "alice", "alice")), pinned, ErrSigners, "alice has signed it already, in line 3"},
		"the very same line twice":            {join(one, two[:1], two[:1]), pinned, ErrSigners, "alice has signed it already"},
		"two keys of one person":              {m.signed(byPeople[0].Payload(), "alice", "alice-2"), Anchor{Key: m.keys["alice"].Public()}, ErrSigners, "alice signed, and 2 must"},
		"a stranger signs too":                {join(one, two, m.signed(two[0].Payload(), "mallory")), pinned, evidence.ErrForeign, "line 5"},
		"an identity signs that is no signer": {join(one, two, m.version(3, second, m.definition([]string{"alice", "bob", "carol", "dave"}, 2, "alice", "bob"), "alice", "bob", "dave")), pinned, evidence.ErrForeign, "dave is no signer of version 3"},
		"a stranger with a signer's name":     {join(one, two, []*evidence.Bundle{hint}), pinned, evidence.ErrSignature, "line 5"},
		"an edited root under old signatures": {join(one, []*evidence.Bundle{reseal(t, two[0], edit(t, two[0], true, `"threshold":2`, `"threshold":1`))}), pinned, evidence.ErrSignature, "line 3"},
		"an edited root with its old digest":  {join(one, m.signed(edit(t, two[0], false, `"threshold":2`, `"threshold":1`), "alice", "bob")), pinned, evidence.ErrMalformed, "it was edited"},
		"an edited first version":             {join(m.signed(edit(t, one[0], true, "bom", "head"), "alice", "bob"), two), pinned, evidence.ErrMalformed, "a fork"},
		"an expired root":                     {m.version(1, "", expired, "alice", "bob"), Anchor{Key: m.keys["alice"].Public()}, ErrExpired, "version 1 expired on"},
		"an expired newest root":              {join(one, m.version(2, first, expired, "alice", "bob")), pinned, ErrExpired, "version 2 expired on"},
		"another project":                     {join(one, m.version(2, first, renamed, "alice", "bob")), pinned, evidence.ErrMalformed, `of the project "other"`},
		"a root that names no signers":        {m.version(1, "", unsigned, "alice", "bob"), pinned, evidence.ErrMalformed, "does not say who signs"},
		"another kind of statement":           {[]*evidence.Bundle{claimBy(t, m.keys["alice"])}, pinned, evidence.ErrUnsupported, "not a trust root"},
		"a newer schema":                      {m.signed(edit(t, one[0], true, Schema, "picket.trust-root/2"), "alice", "bob"), pinned, evidence.ErrUnsupported, "schema"},
		"an unknown field":                    {m.signed(edit(t, one[0], true, `"number":1`, `"number":1,"allowAll":true`), "alice", "bob"), pinned, evidence.ErrMalformed, "unknown field"},
		"a field in another case":             {m.signed(edit(t, one[0], true, `"number"`, `"Number"`), "alice", "bob"), pinned, evidence.ErrMalformed, "the one form"},
		"fields in another order":             {m.signed(edit(t, one[0], true, `"number":1,"previous":""`, `"previous":"","number":1`), "alice", "bob"), pinned, evidence.ErrMalformed, "the one form"},
		"a group instead of kinds":            {m.signed(edit(t, one[0], true, `["bom","scan-result"]`, `["all"]`), "alice", "bob"), pinned, evidence.ErrMalformed, "no list of kinds"},
		"a threshold of none":                 {m.signed(edit(t, one[0], true, `"threshold":2`, `"threshold":0`), "mallory"), pinned, evidence.ErrMalformed, "threshold of 0"},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := Open(tt.bundles, tt.anchor, today)
			if err == nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("%v\nwant %q (%v)", err, tt.why, tt.want)
			}
			if root != nil {
				t.Error("there is a root beside the error")
			}
			if !IsRefusal(err) && !errors.Is(err, ErrUnpinned) {
				t.Errorf("not taken for a refusal: %v", err)
			}
		})
	}
	if _, err := Open(byPeople, Anchor{Key: m.keys["alice"].Public()}, today); err != nil {
		t.Errorf("two people: %v", err)
	}
	if _, err := Open(join(one, two, last), pinned, nil); err == nil {
		t.Error("without a clock nobody can tell that the root has not expired")
	}
}

// TestStatementOfAnotherProject: what the statement is about and what the root says are the same.
func TestStatementOfAnotherProject(t *testing.T) {
	m, one, _, _ := three(t)
	st, err := evidence.ParseStatement(one[0].Payload())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := evidence.NewStatement("other", st.Subject, st.PredicateType, st.Predicate)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(m.signed(payload, "alice", "bob"), Anchor{Digest: st.Subject}, today); !errors.Is(err, evidence.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// TestEveryBitOfARootCounts flips bits of the payload and of the signature of a root.
func TestEveryBitOfARootCounts(t *testing.T) {
	m, one, two, _ := three(t)
	anchor := Anchor{Key: m.keys["alice"].Public()}
	text, err := two[1].Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for bit := 0; bit < 8*len(text); bit += 5 {
		bad := slices.Clone(text)
		bad[bit/8] ^= 1 << (bit % 8)
		b, err := evidence.ParseBundle(bad)
		if err != nil {
			continue
		}
		// What does not belong to what is verified may change: the identifier of the key in the envelope, which nothing reads.
		if bytes.Equal(b.Payload(), two[1].Payload()) && bytes.Equal(b.Signature(), two[1].Signature()) && b.Hint == two[1].Hint {
			continue
		}
		if _, err := Open(join(one, two[:1], []*evidence.Bundle{b}), anchor, today); err == nil {
			t.Fatalf("bit %d may be flipped", bit)
		}
	}
}
