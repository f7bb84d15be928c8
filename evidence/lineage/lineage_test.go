package lineage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

func id(n int) picket.Digest { return picket.SHA256([32]byte{byte(n), byte(n >> 8), 1}) }

// say is what someone says who may say it.
func say(by string, about picket.Digest, name string, p claim.Predicate) *claim.Claim {
	proof := &evidence.Proof{Signatory: evidence.Signatory{Method: evidence.ByKey, Key: "key of " + by}}
	return &claim.Claim{Source: name + " claims", Signer: by, Proof: proof, Subject: about, Name: name, Said: p,
		Signers: []claim.Signer{{Name: by, Proof: proof}}}
}

// run is a training run from inputs.
func run(inputs ...claim.TrainingInput) *claim.TrainingRun { return &claim.TrainingRun{Inputs: inputs} }

func from(role, name string, d picket.Digest) claim.TrainingInput {
	return claim.TrainingInput{Role: role, Name: name, Digest: d}
}

const (
	data = iota + 1
	base
	model
	adapter
	file
	alias
)

// story is data → base → model → adapter, told by four kinds of claims.
func story() []*claim.Claim {
	return []*claim.Claim{
		say("data-team", id(data), "train.csv", &claim.DatasetProfile{}),
		say("trainer", id(base), "bert", run(from(claim.RoleData, "train.csv", id(data)), from(claim.RoleConfiguration, "config", ""))),
		say("trainer", id(model), "scorer", &claim.BOM{Inputs: []claim.TrainingInput{from(claim.RoleBase, "bert", id(base))}}),
		say("trainer", id(model), "scorer", &claim.Manifest{Resources: []claim.ManifestEntry{{Name: "weights.bin", Digest: id(file)}},
			Aliases: []claim.Alias{{System: claim.AliasPython, Value: string(id(alias))}}}),
		say("ci", id(adapter), "lora", &claim.Provenance{Definition: claim.BuildDefinition{Dependencies: []claim.Descriptor{
			{Name: "scorer", Digest: map[string]string{"sha256": id(alias).Hex()}},
			{URI: "git+https://git.example/x", Digest: map[string]string{"gitCommit": "abc"}}}}}),
	}
}

func build(t testing.TB, claims ...*claim.Claim) *Graph {
	t.Helper()
	g, err := New(claims)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWalks(t *testing.T) {
	g := build(t, story()...)
	if diff := cmp.Diff([]picket.Digest{id(model), id(base), id(file), id(data)}, g.Ancestors(id(adapter))); diff != "" {
		t.Errorf("ancestors: %s", diff)
	}
	if diff := cmp.Diff([]picket.Digest{id(base), id(model), id(adapter)}, g.Descendants(id(data))); diff != "" {
		t.Errorf("descendants: %s", diff)
	}
	path := g.Explain(g.Path(id(data), id(adapter)))
	for _, part := range []string{"train.csv sha256:", ", data of bert ", ", base of scorer ", ", material of lora "} {
		if !strings.Contains(path, part) {
			t.Errorf("%q is not in %s", part, path)
		}
	}
	if g.Path(id(adapter), id(data)) != nil || g.Path(id(99), id(data)) != nil || g.Explain(nil) != "" {
		t.Error("a path that is none")
	}
	if got := g.Unresolved(id(base)); len(got) != 1 || got[0].Name != "config" {
		t.Errorf("got %+v", got)
	}
	// The alias is somebody's word: what was made by it is found, and the link is not taken for known.
	if got := g.Unresolved(id(adapter)); len(got) != 2 || got[0].Name != string(id(alias)) || got[1].URI != "git+https://git.example/x" {
		t.Errorf("got %+v", got)
	}
	if len(g.Cycles()) != 0 || len(g.Parents(id(model))) != 1 {
		t.Errorf("cycles %v, parents %v", g.Cycles(), g.Parents(id(model)))
	}
}

func TestMissingLinks(t *testing.T) {
	claims := story()
	if got := build(t, claims...).Missing(id(adapter)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff([]picket.Digest{id(data)}, build(t, claims[1:]...).Missing(id(adapter))); diff != "" {
		t.Error(diff)
	}
}

// TestOrderDoesNotMatter: the same claims in any order reach the same.
func TestOrderDoesNotMatter(t *testing.T) {
	claims := story()
	want := build(t, claims...).Descendants(id(data))
	slices.Sort(want)
	slices.Reverse(claims)
	got := build(t, claims...).Descendants(id(data))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func revoke(d picket.Digest, cascade bool) *claim.Claim {
	return say("security", d, "", &claim.Revocation{Target: claim.RevokeContent, Reason: "poisoned", Cascade: cascade})
}

func TestRevocationDescends(t *testing.T) {
	for name, tt := range map[string]struct {
		revoked picket.Digest
		cascade bool
		about   picket.Digest
		length  int // of the path; -1 for not revoked
	}{
		"itself":                         {id(model), false, id(model), 0},
		"itself, by an alias":            {id(alias), false, id(model), 0},
		"the data":                       {id(data), true, id(adapter), 3},
		"the data, without a cascade":    {id(data), false, id(adapter), -1},
		"a file in it":                   {id(file), false, id(model), 1},
		"a file of what it is made from": {id(file), true, id(adapter), 2},
		"the same, without a cascade":    {id(file), false, id(adapter), -1},
		"a descendant":                   {id(adapter), true, id(model), -1},
		"something else":                 {id(77), true, id(model), -1},
	} {
		got := build(t, append(story(), revoke(tt.revoked, tt.cascade))...).Revoked(tt.about)
		switch {
		case tt.length < 0 && len(got) > 0:
			t.Errorf("%s: revoked by %v", name, got[0].Path)
		case tt.length >= 0 && (len(got) != 1 || len(got[0].Path) != tt.length):
			t.Errorf("%s: got %+v", name, got)
		}
	}
	key := say("security", id(data), "", &claim.Revocation{Target: claim.RevokeKey, Cascade: true})
	if got := build(t, append(story(), key)...).Revoked(id(data)); len(got) != 0 {
		t.Error("a revoked key was taken for content")
	}
}

func TestBlast(t *testing.T) {
	g := build(t, story()...)
	for what, want := range map[string][]picket.Digest{
		string(id(base)):    {id(base), id(model), id(adapter)},
		id(base).Hex():      {id(base), id(model), id(adapter)},
		string(id(alias)):   {id(model), id(adapter)},
		"train.csv":         {id(data), id(base), id(model), id(adapter)},
		"data-team":         {id(data), id(base), id(model), id(adapter)},
		"key of data-team":  {id(data), id(base), id(model), id(adapter)},
		"trainer":           {id(base), id(model), id(adapter)},
		"nobody":            nil,
		"":                  nil,
		string(id(99)):      nil,
		string(id(adapter)): {id(adapter)},
	} {
		var got []picket.Digest
		for _, r := range g.Blast(what) {
			got = append(got, r.Digest)
			if len(r.Sources) == 0 {
				t.Errorf("%q reaches %s, and nobody says where that is", what, r.Digest)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", what, diff)
		}
	}
}

func TestCirclesAreReported(t *testing.T) {
	claims := append(story(), say("liar", id(data), "train.csv", run(from(claim.RoleBase, "lora", id(adapter)))))
	g := build(t, claims...)
	cycles := g.Cycles()
	if len(cycles) != 1 || len(cycles[0]) != 4 {
		t.Fatalf("got %v", cycles)
	}
	if len(g.Ancestors(id(data))) != 4 || g.Path(id(data), id(data)) == nil {
		t.Errorf("ancestors %v", g.Ancestors(id(data)))
	}
	self := build(t, say("liar", id(1), "x", run(from(claim.RoleBase, "x", id(1)))))
	if cycles := self.Cycles(); len(cycles) != 1 || len(cycles[0]) != 1 {
		t.Errorf("got %v", cycles)
	}
}

func TestBounds(t *testing.T) {
	var entries []claim.ManifestEntry
	for i := range 60_000 {
		entries = append(entries, claim.ManifestEntry{Name: fmt.Sprint(i), Digest: id(i)})
	}
	var claims []*claim.Claim
	for i := range 20 {
		claims = append(claims, say("x", picket.SHA256([32]byte{byte(i), 9, 9}), "m", &claim.Manifest{Resources: entries}))
	}
	if _, err := New(claims); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	long := make([]*claim.Claim, 0, 50_000)
	for i := range 50_000 {
		long = append(long, say("x", id(i+1), "", run(from(claim.RoleBase, "b", id(i)))))
	}
	if g := build(t, long...); len(g.Path(id(0), id(50_000))) != 50_000 {
		t.Error("a long line is not walked to its end")
	}
}

// TestEnforce: a revocation of what the content was made from condemns the content, as does one of a file on disk that no claim names.
func TestEnforce(t *testing.T) {
	m := &evidence.Manifest{Name: "scorer", Resources: []evidence.Resource{{Name: "a-", Digest: id(50)}, {Name: "a/b", Digest: id(51)}}}
	if m.PythonDigest() == m.Digest() {
		t.Fatal("the Python tool was meant to have another order")
	}
	for name, tt := range map[string]struct {
		claims []*claim.Claim
		want   string
	}{
		"nothing": {[]*claim.Claim{say("t", m.Digest(), "scorer", run(from(claim.RoleData, "d", id(data))))}, ""},
		"its data": {[]*claim.Claim{say("t", m.Digest(), "scorer", run(from(claim.RoleData, "d", id(data)))), revoke(id(data), true)},
			"security revoked the content (poisoned) that this was made from: d sha256:"},
		"a file in it":                  {[]*claim.Claim{revoke(id(51), false)}, "b sha256:"},
		"what the Python tool calls it": {[]*claim.Claim{revoke(m.PythonDigest(), false)}, "the digest of the Python tool"},
	} {
		set := claim.NewSet(tt.claims...)
		if err := Enforce(set, claim.Options{Content: m}); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range set.Claims {
			if c.Condemns {
				got += c.Condemnation
			}
		}
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// FuzzGraph: any claims make a graph whose walks end and agree with each other.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{1, 2, 0, 2, 3, 1, 3, 1, 2})
	f.Add([]byte{1, 1, 3, 1, 2, 4, 2, 1, 5})
	f.Fuzz(func(t *testing.T, links []byte) {
		var claims []*claim.Claim
		for i := 0; i+2 < len(links) && i < 300; i += 3 {
			a, b := id(int(links[i]%16)), id(int(links[i+1]%16))
			p := []claim.Predicate{run(from(claim.RoleBase, "n", a)), run(from(claim.RoleData, "n", "")),
				&claim.Manifest{Resources: []claim.ManifestEntry{{Name: "f", Digest: a}}},
				&claim.Manifest{Aliases: []claim.Alias{{System: claim.AliasOCI, Value: string(a)}}},
				&claim.TrainingRun{Inputs: []claim.TrainingInput{from(claim.RoleBase, "n", a)}, Outputs: []claim.Reference{{Name: "o", Digest: a}}},
				&claim.Revocation{Target: claim.RevokeContent, Cascade: links[i+2]&128 != 0}}[links[i+2]%6]
			claims = append(claims, say("x", b, "n", p))
		}
		g, err := New(claims)
		if err != nil {
			t.Fatal(err)
		}
		for _, circle := range g.Cycles() {
			if circle[0].From != circle[len(circle)-1].To {
				t.Errorf("not a circle: %v", circle)
			}
		}
		for n := range 16 {
			for _, d := range g.Descendants(id(n)) {
				path := g.Path(id(n), d)
				if len(path) == 0 || !slices.Contains(append(g.Ancestors(d), g.canonical(d)), g.canonical(id(n))) {
					t.Errorf("%s descends from %s, without a path or without being an ancestor", d, id(n))
				}
			}
			for _, r := range g.Revoked(id(n)) {
				if len(r.Path) > 0 && r.Path[len(r.Path)-1].To != g.canonical(id(n)) {
					t.Errorf("the path ends elsewhere: %v", r.Path)
				}
			}
			g.Missing(id(n))
		}
		g.Blast("n")
	})
}

// TestAliasThatTheListProves: the digest of the Python tool follows from the files of a manifest, and resolves a link.
func TestAliasThatTheListProves(t *testing.T) {
	m := &evidence.Manifest{Resources: []evidence.Resource{{Name: "x-b", Digest: id(1)}, {Name: "x/a", Digest: id(2)}}}
	if m.Digest() == m.PythonDigest() {
		t.Fatal("the orders were meant to differ")
	}
	list := claim.NewManifest(m, time.Time{}, claim.Alias{System: claim.AliasOCI, Value: string(id(7))})
	g := build(t, say("builder", m.Digest(), "base", list),
		say("trainer", id(8), "by proof", run(from(claim.RoleBase, "base", m.PythonDigest()))),
		say("trainer", id(9), "by word", run(from(claim.RoleBase, "base", id(7)))))
	if got := g.Unresolved(id(8)); len(got) != 0 || len(g.Ancestors(id(8))) == 0 {
		t.Errorf("a proven alias does not resolve: %+v", got)
	}
	if got := g.Unresolved(id(9)); len(got) != 1 || got[0].Name != string(id(7)) {
		t.Errorf("a declared alias resolves: %+v", got)
	}
}
