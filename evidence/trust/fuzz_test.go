package trust

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/picketsec/picket/evidence"
)

// FuzzFile: a YAML trust root of any content is refused, or keeps its promises; it never shows a private key.
func FuzzFile(f *testing.F) {
	p := newProject(f, "a", "b")
	f.Add([]byte(commented))
	f.Add([]byte("version: 1\nkeys: [{name: a, file: keys/a.pub}]\n"))
	f.Add([]byte(identities("  - {name: a, key: {file: keys/a.pub}, may: [all], from: 2026-01-01, replaces: b}", "  - {name: b, key: {file: keys/b.pub}, may: []}") +
		"people: {x: [a, b]}\nseparate: [[approval, review]]\nsigning: {signers: [a, b], threshold: 1, expires: 2027-01-01}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		files := fstest.MapFS{"trust.yaml": {Data: text}, "keys/a.pub": p.files["keys/a.pub"], "keys/b.pub": p.files["keys/b.pub"]}
		root, err := Load(files, "trust.yaml", today)
		if err != nil {
			if strings.Contains(err.Error(), "PRIVATE KEY-----") {
				t.Errorf("the error shows a key: %v", err)
			}
			return
		}
		checkPromises(t, root)
		if d, err := ParseDefinition(files, "trust.yaml", text); err == nil && d.Signing != nil {
			var none *History
			if _, err := none.Next(d); err != nil {
				t.Errorf("a root that is accepted cannot be signed: %v", err)
			}
		}
	})
}

// checkPromises: nobody may what they were not given, and names stand for one signer each.
func checkPromises(t *testing.T, root *Root) {
	t.Helper()
	if root.Len() == 0 {
		t.Error("a root that trusts nobody is accepted")
	}
	seen := map[string]bool{}
	for _, s := range root.Standings() {
		if seen[s.Name] || s.Name == "" {
			t.Errorf("the name %q stands for two", s.Name)
		}
		seen[s.Name] = true
		if s.Person == "" {
			t.Errorf("%q is nobody", s.Name)
		}
		for _, kind := range kinds() {
			if root.May(s.Name, kind, nil) == nil && (!slices.Contains(s.May, kind) || s.Revoked != nil) {
				t.Errorf("%q makes %s", s.Name, kind)
			}
		}
	}
	for _, list := range root.Separate() {
		if len(list) < 2 {
			t.Errorf("%v is apart from nothing", list)
		}
	}
}

// FuzzSigned: a payload of any content is refused, or is exactly what writing it again gives.
func FuzzSigned(f *testing.F) {
	m, one, two, last := three(f)
	for _, b := range join(one, two, last) {
		f.Add(b.Payload())
	}
	_, d := everything(f)
	var none *History
	draft, err := none.Next(d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(draft.Payload())
	f.Fuzz(func(t *testing.T, payload []byte) {
		v, err := parseVersion(payload, today)
		if err != nil {
			return
		}
		st, err := evidence.ParseStatement(payload)
		if err != nil {
			t.Fatal(err)
		}
		again, err := encode(&v.predicate)
		if err != nil || string(again) != string(st.Predicate) {
			t.Errorf("it is read as something else: %v\n%s\n%s", err, again, st.Predicate)
		}
		checkPromises(t, v.root)
		// Without the keys of its signers nobody makes it a root.
		if _, err := Open((&team{t, m.keys}).signed(payload, "mallory"), Anchor{Digest: v.digest}, today); err == nil {
			t.Error("a stranger makes a root")
		}
	})
}
