package trust

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

// commented is a root as people write one.
const commented = `# Ours.
version: 2
project: acme
# Who.
identities:
    # The scanner.
    - name: ci   # in the cloud
      key: {file: keys/a.pub}
      may:
        - bom
        - scan-result

    - key: {file: keys/b.pub}
      may: [approval]
      name: "the boss"
# The end.`

func TestEdits(t *testing.T) {
	p := newProject(t, "a", "b", "c")
	until, at := at(t, "2027-01-01"), time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	key := publicPEM(t, p.keys["c"])
	text := []byte(commented)
	for _, step := range []func([]byte) ([]byte, error){
		func(text []byte) ([]byte, error) { return End(text, "ci", until) },
		func(text []byte) ([]byte, error) {
			return Revoke(text, "the boss", Revocation{At: at, Reason: "lost: \"x\"\n# y"})
		},
		func(text []byte) ([]byte, error) {
			return AddKey(text, Identity{Name: "ci: 2", Key: key, May: []string{"bom", GroupDecisions}, From: until, Until: until.AddDate(1, 0, 0), Replaces: "ci"})
		},
	} {
		next, err := step(text)
		if err != nil {
			t.Fatal(err)
		}
		text = next
	}
	root := p.must(t, string(text))
	s := root.Standings()
	if len(s) != 3 || s[0].Name != "ci: 2" || !s[0].From.Equal(until) || s[1].ReplacedBy != "ci: 2" || !s[1].Until.Equal(until) ||
		s[2].Revoked == nil || s[2].Revoked.Reason != "lost: \"x\"\n# y" || !s[2].Revoked.At.Equal(at) || len(s[0].May) != 5 {
		t.Errorf("%+v\n%s", s, text)
	}
	rest := string(text)
	for line := range strings.Lines(commented) { // what was there stands there still, in its order
		_, after, ok := strings.Cut(rest, strings.TrimSuffix(line, "\n"))
		if !ok {
			t.Errorf("%q is gone", line)
		}
		rest = after
	}
	if may, err := PowersOf(text, "ci"); err != nil || strings.Join(may, " ") != "bom scan-result" {
		t.Errorf("%v %v", may, err)
	}
}

func TestEditsThatCannotBe(t *testing.T) {
	r := Revocation{At: today(), Reason: "x"}
	revoke := func(text, name string) error { _, err := Revoke([]byte(text), name, r); return err }
	add := func(text string) error {
		_, err := AddKey([]byte(text), Identity{Name: "x", Key: "k", May: []string{"bom"}})
		return err
	}
	flow := identities("  - {name: a, key: {file: keys/a.pub}, may: [bom]}")
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"nobody of that name":       {revoke(commented, "cio"), `there is no "cio"; there are ci, the boss`},
		"on one line":               {revoke(flow, "a"), "change the file by hand"},
		"revoked already":           {revoke(strings.Replace(commented, "      may: [approval]", "      may: [approval]\n      revoked: {at: 2026-01-01, reason: x}", 1), "the boss"), "has revoked already"},
		"version 1":                 {revoke("version: 1\n", "a"), "write version: 2"},
		"not YAML":                  {revoke("\t", "a"), "malformed"},
		"no list":                   {add("version: 2\n"), "no list of identities"},
		"a list on one line":        {add("version: 2\nidentities: [{name: a}]\n"), "no list of identities"},
		"a list of nothing":         {add("version: 2\nidentities: []\n"), "no list of identities"},
		"a private key in the file": {add("version: 2\n# -----BEGIN PRIVATE KEY-----\n"), "private key"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	if err := add(flow); err != nil {
		t.Errorf("identities in braces, one a line: %v", err)
	}
	if _, err := PowersOf([]byte(commented), "x"); !errors.Is(err, evidence.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// TestRevokeOfNameOnTwoLines: the line that revokes would become a part of the name, and the identity would stay.
func TestRevokeOfNameOnTwoLines(t *testing.T) {
	text := []byte("version: 2\nproject: p\nidentities:\n  - name: \"al\n      ice\"\n    may: [bom]\n")
	next, err := Revoke(text, "al ice", Revocation{At: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Reason: "rotation"})
	if err == nil || next != nil {
		t.Errorf("%v\n%s", err, next)
	}
}
