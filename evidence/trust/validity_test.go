package trust

import (
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

// at is a time of a day.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestWhatCountsWhen(t *testing.T) {
	p := newProject(t, "a", "b", "old", "plain")
	when := func(fields string) string {
		return identities("  - {name: a, key: {file: keys/a.pub}, may: [scan-result, bom], " + fields + "}")
	}
	seen := func(day string) *evidence.Proof { return seenAt(at(t, day)) }
	const rotated, lost = "revoked: {at: 2026-05-01T10:00:00Z, reason: 'rotation: new laptop'}", "revoked: {at: 2026-05-01T10:00:00Z, reason: laptop lost}"
	for name, tt := range map[string]struct {
		text  string
		kind  string
		proof *evidence.Proof
		ok    bool
		why   string
	}{
		"always":                                    {when(""), "bom", nil, true, "is a, may make bom, valid without an end"},
		"another kind":                              {when(""), "approval", nil, false, "is a, which may not make approval, only bom, scan-result"},
		"within its time":                           {when("from: 2026-01-01, until: 2027-01-01"), "bom", nil, true, "valid from 2026-01-01 until 2027-01-01"},
		"before its time":                           {when("from: 2026-06-02"), "bom", nil, false, "valid only from 2026-06-02: no trusted clock proves when it signed, and now it is 2026-06-01T12:00:00Z"},
		"after its time":                            {when("until: 2026-06-01"), "bom", nil, false, "valid only until 2026-06-01: no trusted clock"},
		"after its time, proven within":             {when("until: 2026-06-01"), "bom", seen("2026-05-31"), true, "signed by 2026-05-31T00:00:00Z as timestamp authority tsa proves"},
		"after its time, proven at its end":         {when("until: 2026-06-01"), "bom", seen("2026-06-01"), false, "valid only until 2026-06-01: signed at 2026-06-01T00:00:00Z"},
		"within its time, proven before":            {when("from: 2026-06-01"), "bom", seen("2026-05-31"), false, "valid only from 2026-06-01: signed at 2026-05-31T00:00:00Z"},
		"from its first second":                     {when("from: 2026-05-31"), "bom", seen("2026-05-31"), true, "valid from 2026-05-31"},
		"a proof without a time":                    {when("until: 2026-06-01"), "bom", &evidence.Proof{}, false, "no trusted clock"},
		"rotated, no time":                          {when(rotated), "bom", nil, false, "revoked at 2026-05-01T10:00:00Z (rotation: new laptop), and no trusted clock proves that it signed before"},
		"rotated, proven before":                    {when(rotated), "bom", seen("2026-05-01"), true, "which leaves what it signed before"},
		"rotated, proven after":                     {when(rotated), "bom", seen("2026-05-02"), false, "before it signed at 2026-05-02"},
		"lost, proven before":                       {when(lost), "bom", seen("2026-04-01"), false, "revoked at 2026-05-01T10:00:00Z (laptop lost): nothing that it signed counts"},
		"compromised, by a word in the middle":      {when("revoked: {at: 2026-05-01, reason: after a rotation}"), "bom", seen("2026-04-01"), false, "nothing that it signed counts"},
		"rotated because it was stolen":             {when("revoked: {at: 2026-05-01, reason: rotation of a stolen key}"), "bom", seen("2026-04-01"), false, "nothing that it signed counts"},
		"superseded, proven before":                 {when("revoked: {at: 2026-05-01, reason: Superseded}"), "bom", seen("2026-04-01"), true, "may make bom"},
		"retired, proven before, but after its end": {when("until: 2026-03-01, revoked: {at: 2026-05-01, reason: retired}"), "bom", seen("2026-04-01"), false, "valid only until 2026-03-01"},
		"revoked from tomorrow on":                  {when("revoked: {at: 2026-06-02, reason: rotation}"), "bom", nil, false, "no trusted clock proves"},
	} {
		t.Run(name, func(t *testing.T) {
			root := p.must(t, tt.text)
			err := root.May("a", tt.kind, tt.proof)
			why := root.Explain("a", tt.kind, tt.proof)
			if (err == nil) != tt.ok || !strings.Contains(why, tt.why) {
				t.Errorf("%v\n%s\nwant %q", err, why, tt.why)
			}
			if err != nil && err.Error() != why {
				t.Errorf("the failure and the explanation differ: %v\n%s", err, why)
			}
			if !strings.HasPrefix(why, "key "+p.keys["a"].Public().Hint()[:12]) {
				t.Errorf("it does not name the key: %s", why)
			}
		})
	}
}

func TestExplainTheUnusual(t *testing.T) {
	p := newProject(t, "a", "owner")
	root := p.must(t, identities("  - {name: a, key: {file: keys/a.pub}, may: [bom]}", "  - {name: owner, key: {file: keys/owner.pub}, may: []}")+
		"signing: {signers: [owner], threshold: 1, expires: 2027-01-01}\n")
	if why := root.Explain("owner", "bom", nil); !strings.Contains(why, "it only signs trust roots") {
		t.Error(why)
	}
	if why := root.Explain("z\x1b[0m", "bom", nil); why != `"z\\x1b[0m" is no identity of the trust root` {
		t.Error(why)
	}
	plain, err := Load(p.files, "keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{
		"bom":      "may make bom (a key without may makes every kind but review, approval, exception, vendor-assessment)",
		"approval": "which may not make approval: write version: 2",
	} {
		if why := plain.Explain("a", kind, nil); !strings.Contains(why, want) {
			t.Error(why)
		}
	}
	clockless, err := Load(p.files, "trust.yaml", nil)
	if err != nil || clockless.May("a", "bom", nil) != nil {
		t.Errorf("an identity without an end needs no clock: %v", err)
	}
	p.must(t, identities("  - {name: a, key: {file: keys/a.pub}, may: [bom], until: 2030-01-01}"))
	clockless, err = Load(p.files, "trust.yaml", nil)
	if err != nil || clockless.May("a", "bom", nil) == nil {
		t.Errorf("an identity with an end counts without a clock: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	p := newProject(t, "a", "b", "c", "d", "e", "f")
	root := p.must(t, identities(
		"  - {name: a, key: {file: keys/a.pub}, may: [bom], until: 2026-06-20}",
		"  - {name: b, key: {file: keys/b.pub}, may: [bom], until: 2026-05-01}",
		"  - {name: c, key: {file: keys/c.pub}, may: [bom], until: 2026-08-01}",
		"  - {name: d, key: {file: keys/d.pub}, may: [bom]}",
		"  - {name: e, key: {file: keys/e.pub}, may: [bom], replaces: d, until: 2026-06-02T11:00:00Z}",
		"  - {name: f, key: {file: keys/f.pub}, may: [bom], until: 2026-06-02, revoked: {at: 2026-01-01, reason: lost}}",
	))
	want := []string{
		"a ends on 2026-06-20, in 18 days: replace it before",
		"b ended on 2026-05-01: only what it provably signed before counts",
		"d is replaced by e and has no end: give it until, or revoked with the reason rotation",
		"e ends on 2026-06-02T11:00:00Z, in less than a day: replace it before",
	}
	if got := strings.Join(root.Warnings(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
	standings := root.Standings()
	if len(standings) != 6 || standings[0].Now != "" || !strings.Contains(standings[1].Now, "valid only until 2026-05-01") ||
		standings[3].ReplacedBy != "e" || standings[3].Person != "e" || standings[5].Revoked == nil {
		t.Errorf("%+v", standings)
	}
}
