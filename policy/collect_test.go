package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/lineage"
)

// noon is the time of the decisions of this file.
var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

// digest is a digest of its own for each letter.
func digest(letter string) picket.Digest {
	return picket.Digest("sha256:" + strings.Repeat(letter, 64))
}

// counting is a claim that counts, as claim.Gather leaves it.
func counting(kind string, predicate claim.Predicate, signers ...string) *claim.Claim {
	c := &claim.Claim{Source: "claims.jsonl line 1", Bundle: &evidence.Bundle{}, Predicate: predicate, Said: predicate, Made: noon.Add(-48 * time.Hour),
		Subject: digest("a")}
	for _, k := range claim.Kinds() {
		if k.Name == kind {
			c.Kind = k
		}
	}
	for _, name := range signers {
		c.Signers = append(c.Signers, claim.Signer{Name: name, Person: strings.TrimSuffix(name, "-laptop"), Proof: &evidence.Proof{}})
	}
	return c
}

// everyKind is a claim of each kind that is evidence, with the list of facts that it belongs to.
func everyKind() map[string]claim.Predicate {
	yes := true
	return map[string]claim.Predicate{
		"signature":       &evidence.ModelSignature{Unsigned: []string{"README.md"}},
		"scan-result":     &claim.ScanResult{Verdict: picket.Clean, Suppressed: 1, Counts: claim.SeverityCounts{Low: 2}, Findings: []claim.Finding{{Rule: "x"}}},
		"manifest":        &claim.Manifest{Aliases: []claim.Alias{{System: "oci", Value: "v", Verified: true}}},
		"bom":             &claim.BOM{Format: "SPDX", Version: "3.0.1", Components: 7},
		"provenance":      &claim.Provenance{Definition: claim.BuildDefinition{BuildType: "t", Dependencies: []claim.Descriptor{{URI: "u"}}}, Run: claim.RunDetails{Builder: claim.Builder{ID: "b"}}},
		"training-run":    &claim.TrainingRun{Commit: "abc", Privacy: &claim.DifferentialPrivacy{Epsilon: 3}, Inputs: []claim.TrainingInput{{Role: "data", Name: "d", Digest: digest("d")}}},
		"dataset-profile": &claim.DatasetProfile{Rows: 4, Personal: &claim.PersonalData{Outcome: "removed"}},
		"evaluation":      &claim.Evaluation{Type: "fairness", Suite: "s", Metrics: []claim.Metric{{Name: "gap", Passed: &yes}, {Name: "size"}}},
		"vulnerability-status": &claim.VEX{Statements: []claim.VEXStatement{{Status: "fixed", Vulnerability: claim.Vulnerability{Name: "CVE-1"},
			Products: []claim.VEXProduct{{ID: "p", Parts: []claim.VEXPart{{ID: "pkg:pypi/torch"}}}}}}},
		"review":            &claim.Review{Outcome: "approved", Checklist: []claim.CheckPoint{{Done: true}, {}}},
		"approval":          &claim.Approval{Environments: []string{"production"}, Expires: noon.AddDate(0, 1, 0)},
		"exception":         &claim.Exception{Rules: []string{"r"}, Reason: "x", RequestedBy: "ann", Expires: noon.AddDate(0, 1, 0)},
		"vendor-assessment": &claim.VendorAssessment{Vendor: "acme", Result: "accepted", Expires: noon.AddDate(0, 1, 0)},
		"declaration":       &claim.Declaration{Owner: "o", Impact: claim.Impact{Leak: "high", Fraud: "none", Regulator: "a word of later", Disruption: "low"}},
	}
}

// TestEveryKindIsAFact: a claim of each kind is in its list, with its origin; records and revocations are evidence for nothing.
func TestEveryKindIsAFact(t *testing.T) {
	predicates := everyKind()
	for _, kind := range claim.Kinds() {
		predicate, known := predicates[kind.Name]
		if kind.Record || kind.Name == "revocation" {
			continue
		}
		if !known {
			t.Errorf("policies see nothing of a %s", kind.Title)
			continue
		}
		f := NewFacts("m", &evidence.Manifest{}, []*claim.Claim{counting(kind.Name, predicate, "ann", "ann-laptop", "bob")}, noon)
		origins := f.origins()[kind.Name]
		if len(origins) != 1 || len(f.Claims) != 1 || f.Claims[0].Kind != kind.Name {
			t.Errorf("%s: %d facts, claims %+v", kind.Name, len(origins), f.Claims)
			continue
		}
		want := Origin{Source: "claims.jsonl line 1", Signers: []string{"ann", "ann-laptop", "bob"}, People: []string{"ann", "bob"},
			Time: noon.Add(-48 * time.Hour), Age: 48 * time.Hour}
		if !reflect.DeepEqual(*origins[0], want) {
			t.Errorf("%s: %+v", kind.Name, *origins[0])
		}
		for other, list := range f.origins() {
			if other != kind.Name && len(list) > 0 {
				t.Errorf("a %s is a %s", kind.Name, other)
			}
		}
	}
}

// TestWhatFactsSay spot-checks the fields that are not copied as they are.
func TestWhatFactsSay(t *testing.T) {
	var claims []*claim.Claim
	for kind, predicate := range everyKind() {
		claims = append(claims, counting(kind, predicate, "ann", "bob"))
	}
	f := NewFacts("m", &evidence.Manifest{}, claims, noon)
	for condition, want := range map[string]bool{
		`evaluations[0].passed && evaluations[0].metrics.exists(m, !m.judged && !m.passed)`:  true,
		`vulnerabilities[0].product == "pkg:pypi/torch" && vulnerabilities[0].id == "CVE-1"`: true,
		`reviews[0].open == 1`:                                       true,
		`training[0].private && training[0].epsilon == 3.0`:          true,
		`impact.leak == high && impact.fraud == none`:                true,
		`impact.regulator == high`:                                   true, // a word that is not known is no reason to relax
		`datasets[0].personal == "removed" && datasets[0].rows == 4`: true,
		`provenance[0].inputs[0].name == "u"`:                        true,
		`manifests[0].aliases[0].verified`:                           true,
		`signatures[0].unsigned == ["README.md"]`:                    true,
		`boms[0].components == 7`:                                    true,
		`approvals[0].trusted`:                                       false,
	} {
		if r := load(t, policyWith(condition)).Decide(t.Context(), f); slices.Contains(r.Passed, "rule") != want {
			t.Errorf("%s: %+v", condition, r.Decision)
		}
	}
}

// TestRecordsAreNoEvidence: a decision that allows changes nothing, unless it is damaged.
func TestRecordsAreNoEvidence(t *testing.T) {
	allowed := counting("decision", &claim.Decision{Allowed: true}, "ci")
	head := counting("head", &claim.Head{Count: 1}, "ci")
	f := NewFacts("m", &evidence.Manifest{}, []*claim.Claim{allowed, head}, noon)
	if !reflect.DeepEqual(f.Claims, []Claim{}) {
		t.Errorf("got %+v", f.Claims)
	}
	allowed.Failure, allowed.Broken = evidence.ErrSignature, true
	f = NewFacts("m", &evidence.Manifest{}, []*claim.Claim{allowed}, noon)
	if r := load(t, policyWith("true")).Decide(t.Context(), f); len(f.Claims) != 1 || !slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Rule == "gate.claims" }) {
		t.Errorf("got %+v", r.Blocks)
	}
}

// TestTrustedTime: a trusted clock proves that a claim is at least as old as it saw, and never makes it younger.
func TestTrustedTime(t *testing.T) {
	hour := func(h int) time.Time { return noon.Add(-time.Duration(h) * time.Hour) }
	for name, tt := range map[string]struct {
		made    time.Time
		moments []time.Time
		want    time.Duration
		trusted bool
	}{
		"the word of the signer":       {hour(5), nil, 5 * time.Hour, false},
		"seen later":                   {hour(5), []time.Time{hour(3)}, 5 * time.Hour, true},
		"seen, and nothing said":       {time.Time{}, []time.Time{hour(3)}, 3 * time.Hour, true},
		"seen before it says":          {hour(3), []time.Time{hour(5)}, 5 * time.Hour, true},
		"nobody knows":                 {time.Time{}, nil, unknownAge, false},
		"from the future":              {hour(-1), nil, unknownAge, false},
		"a clock that is a bit ahead":  {noon.Add(time.Minute), nil, 0, false},
		"from before there was a time": {time.Unix(-1<<40, 0), nil, unknownAge, false},
	} {
		c := counting("approval", &claim.Approval{}, "ann")
		c.Made = tt.made
		for _, m := range tt.moments {
			c.Signers[0].Proof.Moments = append(c.Signers[0].Proof.Moments, evidence.Moment{Time: m, Source: "tsa"})
		}
		if o := newOrigin(c, noon); o.Age != tt.want || o.Trusted != tt.trusted {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestRevocationsOfContent deny as such, not as a malicious scan.
func TestRevocationsOfContent(t *testing.T) {
	c := counting("revocation", &claim.Revocation{Target: claim.RevokeContent, Reason: "poisoned"}, "security")
	c.Condemns, c.Condemnation = true, "security revoked the content (poisoned)"
	elsewhere := counting("revocation", &claim.Revocation{Target: claim.RevokeKey}, "security")
	f := NewFacts("m", &evidence.Manifest{}, []*claim.Claim{c, elsewhere}, noon)
	r := load(t, policyWith("true")).Decide(t.Context(), f)
	if len(f.Revocations) != 1 || !slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Rule == "gate.revoked" && strings.Contains(b.Detail, "poisoned") }) ||
		slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Rule == "gate.malicious" }) {
		t.Errorf("got %+v", r.Blocks)
	}
}

// TestLineage: ancestors with what is told about them, gaps, and what was revoked far away.
func TestLineage(t *testing.T) {
	about := func(kind string, subject picket.Digest, p claim.Predicate, by ...string) *claim.Claim {
		c := counting(kind, p, by...)
		if c.Subject = subject; subject != digest("a") {
			c.Failure, c.Predicate = claim.ErrSubject, nil
		}
		return c
	}
	claims := []*claim.Claim{
		about("training-run", digest("a"), &claim.TrainingRun{Inputs: []claim.TrainingInput{{Role: "data", Name: "train.csv", Digest: digest("d")},
			{Role: "base", Name: "llm", Digest: digest("b")}, {Role: "data", Name: "web"}, {Role: "code", Name: "train.py", Digest: digest("c")}}}, "tom"),
		about("dataset-profile", digest("d"), &claim.DatasetProfile{Rows: 9}, "ann"),
		about("vendor-assessment", digest("b"), &claim.VendorAssessment{Vendor: "acme", Result: "accepted", Expires: noon.AddDate(0, 0, 1)}, "buyer"),
		about("vendor-assessment", digest("b"), &claim.VendorAssessment{Vendor: "old", Result: "accepted", Expires: noon}, "buyer"),
		about("training-run", digest("b"), &claim.TrainingRun{Inputs: []claim.TrainingInput{{Role: "data", Name: "crawl", Digest: digest("e")}}}, "vendor"),
		about("revocation", digest("d"), &claim.Revocation{Target: claim.RevokeContent, Reason: "superseded"}, "ann"),
		about("revocation", digest("e"), &claim.Revocation{Target: claim.RevokeContent, Reason: "privacy", Cascade: true}, "privacy"),
	}
	early := about("dataset-profile", digest("c"), &claim.DatasetProfile{}, "ann") // nobody made it yet
	early.Made = noon.Add(time.Hour)
	claims = append(claims, early)
	g, err := lineage.New(claims)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFacts("m", &evidence.Manifest{}, claims, noon)
	f.Artifact.Digest = string(digest("a"))
	f.AddLineage(g, claims)
	got := map[string]Ancestor{}
	for _, a := range f.Lineage.Ancestors {
		name, _, _ := strings.Cut(a.Name, " ")
		a.Name = ""
		got[name] = a
	}
	want := map[string]Ancestor{
		"train.csv": {Digest: string(digest("d")), Role: "data", Resolved: true, Kinds: []string{"dataset-profile", "revocation"}, Withdrawn: true},
		"llm":       {Digest: string(digest("b")), Role: "base", Resolved: true, Kinds: []string{"training-run", "vendor-assessment"}, Revoked: true},
		"web":       {Role: "data", Kinds: []string{}},
		"train.py":  {Digest: string(digest("c")), Role: "code", Kinds: []string{}},
		"crawl":     {Digest: string(digest("e")), Role: "data", Resolved: true, Kinds: []string{"revocation"}, Revoked: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(f.Lineage.Missing) != 2 || len(f.Datasets) != 1 || f.Datasets[0].Subject != string(digest("d")) {
		t.Errorf("missing %q, datasets %+v", f.Lineage.Missing, f.Datasets)
	}
	if len(f.Assessments) != 1 || f.Assessments[0].Vendor != "acme" || f.Assessments[0].Subject != string(digest("b")) {
		t.Errorf("assessments %+v", f.Assessments)
	}
	if r := load(t, policyWith("true")).Decide(t.Context(), f); !slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Rule == "gate.revoked" }) {
		t.Errorf("what was made from something revoked is allowed: %+v", r)
	}
}

// TestRevokedClaimsAboutAncestors tell nothing: neither one that was revoked itself, nor one by a key that was, unless a trusted
// clock saw it before.
func TestRevokedClaimsAboutAncestors(t *testing.T) {
	early := []evidence.Moment{{Time: noon.AddDate(0, -2, 0), Source: "tsa"}}
	for name, tt := range map[string]struct {
		target   string
		subject  picket.Digest
		moments  []evidence.Moment
		resolved bool
	}{
		"another claim":        {claim.RevokeClaim, digest("8"), nil, true},
		"the claim":            {claim.RevokeClaim, digest("9"), early, false},
		"the key":              {claim.RevokeKey, digest("f"), nil, false},
		"the key, but earlier": {claim.RevokeKey, digest("f"), early, true},
		"another key":          {claim.RevokeKey, digest("e"), nil, true},
	} {
		run := counting("training-run", &claim.TrainingRun{Inputs: []claim.TrainingInput{{Role: "data", Name: "d", Digest: digest("d")}}}, "tom")
		profile := counting("dataset-profile", &claim.DatasetProfile{}, "ann")
		profile.Subject, profile.Payload, profile.Predicate, profile.Failure = digest("d"), digest("9"), nil, claim.ErrSubject
		profile.Signers[0].Proof = &evidence.Proof{Signatory: evidence.Signatory{Key: strings.Repeat("f", 64)}, Moments: tt.moments}
		revocation := counting("revocation", &claim.Revocation{Target: tt.target, Effective: noon.AddDate(0, -1, 0)}, "security")
		revocation.Subject = tt.subject
		claims := []*claim.Claim{run, profile, revocation}
		g, err := lineage.New(claims)
		if err != nil {
			t.Fatal(err)
		}
		f := NewFacts("m", &evidence.Manifest{}, claims, noon)
		f.Artifact.Digest = string(digest("a"))
		f.AddLineage(g, claims)
		if len(f.Lineage.Ancestors) != 1 || f.Lineage.Ancestors[0].Resolved != tt.resolved || len(f.Datasets) == 1 != tt.resolved {
			t.Errorf("%s: %+v, %+v", name, f.Lineage, f.Datasets)
		}
	}
}

// TestFactsHaveADigest: the same facts the same, others another.
func TestFactsHaveADigest(t *testing.T) {
	a, b := full(), full()
	first, err := a.Digest()
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Digest()
	if err != nil || first != again {
		t.Errorf("%s, %s, %v", first, again, err)
	}
	b.Head.State = HeadDiffers
	if other, err := b.Digest(); err != nil || other == first {
		t.Errorf("%s, %v", other, err)
	}
}
