package claim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// bench is a small world: content, people with keys, and a file of claims about it.
type bench struct {
	t       testing.TB
	m       *evidence.Manifest
	people  map[string]*evidence.PrivateKey
	trust   *authority
	entries []Entry
}

// newBench knows key-a to key-d.
func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, m: hash(t, sample()), people: map[string]*evidence.PrivateKey{}}
	var keys []*evidence.PrivateKey
	for i := range 4 {
		k := newKey(t, evidence.P256)
		keys = append(keys, k)
		b.people["key-"+string(rune('a'+i))] = k
	}
	b.people["stranger"] = newKey(t, evidence.P256)
	b.trust = trusting(t, keys...)
	return b
}

// payload is the statement of a predicate about a digest.
func (b *bench) payload(about picket.Digest, p Predicate) []byte {
	b.t.Helper()
	payload, err := NewStatement("model", about, p)
	if about == b.m.Digest() {
		payload, err = About(b.m, p)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return payload
}

// add appends a claim, signed by everyone named.
func (b *bench) add(about picket.Digest, p Predicate, people ...string) *bench {
	b.t.Helper()
	payload := b.payload(about, p)
	for _, who := range people {
		b.sign(payload, who)
	}
	return b
}

// sign appends one signed statement as the next line.
func (b *bench) sign(payload []byte, who string) {
	b.t.Helper()
	bundle, err := evidence.Sign(context.Background(), payload, b.people[who])
	if err != nil {
		b.t.Fatal(err)
	}
	line, err := bundle.Marshal()
	if err != nil {
		b.t.Fatal(err)
	}
	b.entries = append(b.entries, Entry{File: "claims.jsonl", Line: len(b.entries) + 1, Leaf: LeafHash(line), Bundle: bundle})
}

// about is the content that the claims are about.
func (b *bench) about() picket.Digest { return b.m.Digest() }

func (b *bench) gather() *Set {
	return Gather(b.entries, Options{b.trust, b.m, when.Add(time.Hour)})
}

// kinds lists the claims of a set by kind, with their signers, and the test that those which fail failed.
func kinds(s *Set) []string {
	var list []string
	for _, c := range s.Claims {
		line := c.Kind.Name
		for _, signer := range c.Signers {
			line += " " + strings.TrimPrefix(signer.Name, "key-")
		}
		if f, ok := errors.AsType[*Failure](c.Failure); ok {
			line += " !" + string(f.Test)
		}
		if c.Condemns {
			line += " condemns"
		}
		list = append(list, line)
	}
	return list
}

func (b *bench) expect(want ...string) {
	b.t.Helper()
	if got := kinds(b.gather()); !slices.Equal(got, want) {
		b.t.Errorf("got %q, want %q", got, want)
	}
}

func of(typ string) Predicate { return samples()[typ] }

func TestTwoPeople(t *testing.T) {
	b := newBench(t)
	b.add(b.about(), of(TypeReview), "key-a", "key-b").expect("review a b")
	b = newBench(t)
	b.add(b.about(), of(TypeReview), "key-a").expect("review a !signers")
	b = newBench(t)
	b.add(b.about(), of(TypeReview), "key-a", "key-a").expect("review a !signers")
	b = newBench(t)
	b.add(b.about(), of(TypeReview), "key-a", "stranger").expect("review a !signers", " !signature")
	b = newBench(t)
	b.trust.deny[[2]string{"key-b", "review"}] = true
	b.add(b.about(), of(TypeReview), "key-a", "key-b").expect("review a !signers", "review b !permission")
	b = newBench(t)
	b.add(b.about(), &Review{Time: when, Reviewer: "x", Outcome: "rejected"}, "key-a").expect("review a")
	b = newBench(t)
	b.add(b.about(), of(TypeException), "key-a").add(b.about(), of(TypeException), "key-b").expect("exception a b")
	b = newBench(t)
	other := *of(TypeException).(*Exception)
	other.Rules = []string{"everything"}
	b.add(b.about(), of(TypeException), "key-a").add(b.about(), &other, "key-b").expect("exception a !signers", "exception b !signers")
}

// TestSamePersonUnderTwoNames: neither a key with two names nor an account with two certificates is a second person.
func TestSamePersonUnderTwoNames(t *testing.T) {
	key := func(name, key, subject string) Signer {
		return Signer{Name: name, Proof: &evidence.Proof{Signatory: evidence.Signatory{Key: key, Subject: subject, Issuer: "i"}}}
	}
	for _, tt := range []struct {
		a, b Signer
		want bool
	}{
		{key("a", "1", ""), key("b", "2", ""), false},
		{key("a", "1", ""), key("a", "2", ""), true},
		{key("a", "1", ""), key("b", "1", ""), true},
		{key("a", "", "x@y"), key("b", "", "x@y"), true},
		{key("a", "1", "x@y"), key("b", "2", "z@y"), false},
		{key("a", "", ""), key("b", "", ""), false},
	} {
		if same(tt.a, tt.b) != tt.want || same(tt.b, tt.a) != tt.want {
			t.Errorf("%+v and %+v: want %v", tt.a, tt.b, tt.want)
		}
	}
}

func TestNobodyApprovesTheirOwnRun(t *testing.T) {
	for _, made := range []string{TypeTrainingRun, TypeProvenance} {
		b := newBench(t)
		name := map[string]string{TypeTrainingRun: "training-run", TypeProvenance: "provenance"}[made]
		p := of(made)
		if v, ok := p.(*Provenance); ok {
			v.Run.Metadata.Finished = when
		}
		b.add(b.about(), of(TypeApproval), "key-a").add(b.about(), p, "key-a").
			expect("approval a !independence", name+" a")
		set := b.gather()
		if !errors.Is(set.Claims[0].Failure, ErrSelfApproval) || set.Claims[0].Counts() || set.Claims[0].Predicate != nil {
			t.Errorf("got %v", set.Claims[0].Failure)
		}
		b.add(b.about(), of(TypeApproval), "key-b").expect("approval a !independence", name+" a", "approval b")
		b.add(b.about(), of(TypeReview), "key-a", "key-b").
			expect("approval a !independence", name+" a", "approval b", "review a !independence", "review b !signers")
	}
	// A run of other content that names this as an output, and one that its maker may not sign, are runs all the same.
	b := newBench(t)
	run := *of(TypeTrainingRun).(*TrainingRun)
	run.Outputs = []Reference{{Name: "m", Digest: b.about()}}
	b.add(digestOf(99), &run, "key-a").add(b.about(), of(TypeApproval), "key-a").expect("training-run a !digest", "approval a !independence")
	b = newBench(t)
	b.trust.deny[[2]string{"key-a", "training-run"}] = true
	b.add(b.about(), of(TypeTrainingRun), "key-a").add(b.about(), of(TypeApproval), "key-a").
		expect("training-run a !permission", "approval a !independence")
}

func TestRevocations(t *testing.T) {
	b := newBench(t)
	b.add(b.about(), of(TypeRevocation), "key-a").expect("revocation a condemns")
	b.add(b.about(), of(TypeApproval), "key-b").add(b.about(), of(TypeRevocation), "stranger").
		expect("revocation a condemns", "approval b", " !signature")
	b = newBench(t)
	b.trust.deny[[2]string{"key-a", "revocation"}] = true
	b.add(b.about(), of(TypeRevocation), "key-a").expect("revocation a !permission")
	b = newBench(t)
	b.add(digestOf(99), of(TypeRevocation), "key-a").expect("revocation a !digest")

	// A claim is taken by the digest of its statement, and a revocation is taken by nothing.
	claim := func(b *bench, target string, subject picket.Digest) *bench {
		return b.add(subject, &Revocation{Time: when, Target: target, Reason: "other", Effective: when}, "key-c")
	}
	b = newBench(t).add(digestOf(1), of(TypeApproval))
	b.add(b.about(), of(TypeApproval), "key-a", "key-b").add(b.about(), of(TypeRevocation), "key-a")
	approval, revocation := b.gather().All()[0].Payload, b.gather().All()[2].Payload
	claim(b, RevokeClaim, approval)
	claim(b, RevokeClaim, revocation)
	b.expect("approval a !revocation", "approval b !revocation", "revocation a condemns", "revocation c", "revocation c")
}

// TestRevokedKey: what a revoked key signed does not count, except what a trusted clock saw before, and revocations.
func TestRevokedKey(t *testing.T) {
	b := newBench(t)
	hint := picket.Digest("sha256:" + b.people["key-a"].Public().Hint())
	revoke := &Revocation{Time: when, Target: RevokeKey, Reason: "compromised", Effective: when}
	b.add(b.about(), of(TypeApproval), "key-a").add(b.about(), of(TypeRevocation), "key-a").add(hint, revoke, "key-b").
		expect("approval a !revocation", "revocation a condemns", "revocation b")
	if c := b.gather().Claims[0]; !errors.Is(c.Failure, ErrRevoked) || !strings.Contains(c.Failure.Error(), "key-b revoked the key (compromised)") {
		t.Errorf("got %v", c.Failure)
	}
	b.trust.at["key-a"] = when.Add(-time.Minute)
	b.expect("approval a", "revocation a condemns", "revocation b")
	b.trust.at["key-a"] = when.Truncate(time.Second) // when the revocation takes effect
	b.expect("approval a !revocation", "revocation a condemns", "revocation b")
}

// TestClaimsAndTheClock: the future and the past do not count, on either side of the five minutes that clocks may differ.
func TestClaimsAndTheClock(t *testing.T) {
	b := newBench(t)
	b.add(b.about(), of(TypeApproval), "key-a")
	for name, tt := range map[string]struct {
		now  time.Time
		want error
	}{
		"then":             {when, nil},
		"a slow clock":     {when.Add(-5 * time.Minute), nil},
		"before it":        {when.Add(-5*time.Minute - 2*time.Second), ErrFuture},
		"no clock":         {time.Time{}, ErrFuture},
		"just before":      {when.AddDate(0, 3, 0).Add(-2 * time.Second), nil},
		"when it ends":     {when.Truncate(time.Second).AddDate(0, 3, 0), ErrExpired},
		"long after":       {when.AddDate(9, 0, 0), ErrExpired},
		"another timezone": {when.In(time.FixedZone("x", 5*3600)), nil},
	} {
		set := Gather(b.entries, Options{b.trust, b.m, tt.now})
		if c := set.Claims[0]; !errors.Is(c.Failure, tt.want) || c.Counts() != (tt.want == nil) || c.Broken {
			t.Errorf("%s: %v", name, c.Failure)
		}
	}
	b.trust.at["key-a"] = when.Add(-time.Hour) // seen before it says that it was made
	b.expect("approval a !time")
}

// TestRecordsNeverCount: a decision to allow, and a head, are shown and are no evidence.
func TestRecordsNeverCount(t *testing.T) {
	b := newBench(t)
	b.add(b.about(), of(TypeDecision), "key-a")
	c := b.gather().Claims[0]
	if c.Counts() || !c.Holds() || c.Failure != nil || c.Predicate == nil {
		t.Errorf("counts %v, holds %v: %v", c.Counts(), c.Holds(), c.Failure)
	}
}

func TestCoverageOfLists(t *testing.T) {
	b := newBench(t)
	whole := NewManifest(b.m, when, Alias{System: AliasGit, Value: "abc"})
	fewer := NewManifest(b.m, when)
	fewer.Resources = fewer.Resources[1:]
	wrong := NewManifest(b.m, when)
	wrong.Aliases[0].Value = string(digestOf(9))
	b.add(b.about(), whole, "key-a").add(b.about(), fewer, "key-a").add(b.about(), wrong, "key-a").
		expect("manifest a", "manifest a !coverage", "manifest a !digest")
	aliases := b.gather().Claims[0].Predicate.(*Manifest).Aliases
	if !aliases[0].Verified || aliases[1].Verified {
		t.Errorf("got %+v", aliases)
	}
	files := ""
	for _, r := range b.m.Resources {
		files += fmt.Sprintf(`,{"type":"file","name":%q,"hashes":[{"alg":"SHA-256","content":"%s"}]}`, r.Name, r.Digest.Hex())
	}
	bill := func(components string) *BOM {
		return &BOM{Format: "CycloneDX", Document: []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.TrimPrefix(components, ",") + `]}`)}
	}
	b = newBench(t)
	_, rest, _ := strings.Cut(files[1:], "},{")
	b.add(b.about(), bill(files), "key-a").add(b.about(), bill("{"+rest), "key-a").
		add(b.about(), bill(`{"type":"library","name":"torch"}`), "key-a").
		add(b.about(), bill(strings.Replace(files, b.m.Resources[0].Digest.Hex(), digestOf(9).Hex(), 1)), "key-a").
		add(b.about(), bill(strings.ReplaceAll(files, b.m.Resources[0].Digest.Hex(), digestOf(9).Hex())+files), "key-a").
		expect("bom a", "bom a !coverage", "bom a", "bom a !coverage", "bom a !coverage")
}

// TestInputsOfSPDX: data that a document only points at is an input without a digest, however the pointer is written.
func TestInputsOfSPDX(t *testing.T) {
	for to, want := range map[string]int{`["urn:d"]`: 1, `"urn:d"`: 1, `["urn:d","urn:elsewhere"]`: 2, `"urn:elsewhere"`: 1,
		`["https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"]`: 0, `7`: 0} {
		p, err := parseSPDX(&evidence.Statement{Predicate: []byte(`{"@context":"x","@graph":[{"type":"CreationInfo","specVersion":"3.0.1"},` +
			`{"type":"dataset_DatasetPackage","spdxId":"urn:d","name":"data"},` +
			`{"type":"Relationship","spdxId":"urn:r","from":"urn:m","to":` + to + `,"relationshipType":"trainedOn"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		bill, ok := p.(*BOM)
		if !ok || len(bill.Inputs) != want {
			t.Errorf("%s: %+v", to, bill)
		}
	}
}

// TestManyClaims keeps the checks among claims from growing with the square of their number in any way that hurts.
func TestManyClaims(t *testing.T) {
	b := newBench(t)
	b.add(b.about(), of(TypeApproval), "key-a", "key-b", "key-c")
	one := b.entries[0]
	for range 3000 {
		one.Line++
		b.entries = append(b.entries, one)
	}
	if got := b.gather(); len(got.Claims) != 1 || len(got.Claims[0].Signers) != 3 || len(got.All()) != 3003 {
		t.Errorf("%d claims", len(got.Claims))
	}
}

// TestNamesOfFiles: what people say about a folder does not count for the same contents under other names, for a file that
// holds the digests of its files, or when it does not say about which names it is.
func TestNamesOfFiles(t *testing.T) {
	b := newBench(t)
	files := sample()
	files["settings.json"] = files["config.json"]
	delete(files, "config.json")
	renamed := hash(t, files)
	if renamed.Digest() != b.m.Digest() || renamed.DirHash() == b.m.DirHash() {
		t.Fatal("the renamed model was meant to have the same digest and another directory digest")
	}
	approval := samples()[TypeApproval]
	check := func(payload []byte, m *evidence.Manifest) error {
		bundle, err := evidence.Sign(t.Context(), payload, b.people["key-b"])
		if err != nil {
			t.Fatal(err)
		}
		return Check("here", bundle, Options{Authority: b.trust, Content: m, Now: when.Add(time.Hour)}).Failure
	}
	plain, err := NewStatement("model", b.m.Digest(), approval)
	if err != nil {
		t.Fatal(err)
	}
	named := b.payload(b.m.Digest(), approval)
	file := &evidence.Manifest{Name: "digests", File: true, Resources: []evidence.Resource{{Name: ".", Digest: b.m.Digest()}}}
	if err := check(named, b.m); err != nil {
		t.Errorf("the same names: %v", err)
	}
	for name, err := range map[string]error{
		"other names":                   check(named, renamed),
		"no names":                      check(plain, b.m),
		"a file of the digests":         check(named, file),
		"a folder of a file's contents": check(b.aboutFile(file, approval), b.m),
	} {
		if failure, ok := errors.AsType[*Failure](err); !ok || failure.Test != Digest {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := &evidence.Manifest{Name: "m", Resources: []evidence.Resource{{Name: "a\nb", Digest: digestOf(1)}}}
	if _, err := About(broken, approval); err == nil {
		t.Error("a statement was made about names that it cannot cover")
	}
}

// aboutFile is a statement about a single file.
func (b *bench) aboutFile(m *evidence.Manifest, p Predicate) []byte {
	b.t.Helper()
	payload, err := About(m, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return payload
}
