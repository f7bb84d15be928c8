package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"

	"github.com/picketsec/picket"
)

// policyWith is a policy with one rule.
func policyWith(require string) string {
	return "version: 1\nname: test\nmode: enforce\nrules:\n  - id: rule\n    severity: high\n    require: |-\n      " + require +
		"\n    message: it does not hold\n    owner: somebody\n    remedy: picket scan {path}\n"
}

func load(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Load(strings.NewReader(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cleared are facts about a model that is signed and was scanned clean.
func cleared() Facts {
	ci := Origin{Source: "claims.jsonl line 1", Signers: []string{"ci"}, People: []string{"ci"}, Time: time.Unix(1_799_000_000, 0).UTC(),
		Age: 1_000_000 * time.Second}
	release := Origin{Source: "model.sig", Signers: []string{"release"}, People: []string{"release"}}
	scan := Scan{Origin: ci, Verdict: "clean", Files: []Scanned{{Name: "a", Format: "safetensors", Verdict: "clean"}}}
	return Facts{
		Artifact:   Artifact{Path: "dir/model", Name: "model", Digest: "sha256:0", Kind: "tree", Files: []File{{Name: "a", Size: 3}}},
		Scan:       &scan,
		Scans:      []Scan{scan},
		Signatures: []Signature{{Origin: release}},
		Claims:     []Claim{{Origin: release, Kind: "signature", Counts: true}, {Origin: ci, Kind: "scan-result", Counts: true}},
		Now:        time.Unix(1_800_000_000, 0).UTC(),
	}
}

func TestConditions(t *testing.T) {
	for require, want := range map[string]bool{
		`true`:                          true,
		`false`:                         false,
		`scan.verdict == "clean"`:       true,
		`scan.verdict in ["malicious"]`: false,
		`scan.counts.critical + scan.counts.high == 0`:                            true,
		`signatures.exists(s, "release" in s.signers)`:                            true,
		`signatures.exists(s, "other" in s.signers)`:                              false,
		`scans.all(s, s.signers == ["ci"])`:                                       true,
		`artifact.files.all(f, !f.name.endsWith(".pkl"))`:                         true,
		`artifact.kind == "tree" && size(artifact.files) == 1`:                    true,
		`artifact.files[0].size < 4`:                                              true,
		`now - scan.time < duration("1h")`:                                        false,
		`claims.all(c, c.counts)`:                                                 true,
		`scan.files.exists(f, f.format == "safetensors" && f.verdict == "clean")`: true,
		`size(artifact.excluded) == 0`:                                            true,
	} {
		r := load(t, policyWith(require)).Decide(context.Background(), cleared())
		if r.Decision.Allow != want || r.Allowed() != want || len(r.Decision.Errors) != 0 || len(r.Decision.Reasons) == 0 {
			t.Errorf("%s: %+v", require, r)
		}
	}
}

func TestEveryErrorDenies(t *testing.T) {
	many := cleared()
	for i := range 3000 {
		many.Artifact.Files = append(many.Artifact.Files, File{Name: fmt.Sprint(i)})
	}
	noScan := cleared()
	noScan.Scan, noScan.Scans = nil, nil
	for name, tt := range map[string]struct {
		require string
		facts   Facts
	}{
		"division":     {`1 / size(artifact.excluded) == 1`, cleared()},
		"no such item": {`artifact.files[7].size == 0`, cleared()},
		"bad pattern":  {`artifact.name.matches(artifact.path + "(")`, cleared()},
		"too costly":   {`artifact.files.all(a, artifact.files.all(b, a.name == b.name || true))`, many},
		"no scan":      {`scan.verdict == "clean"`, noScan},
		"bad duration": {`duration(artifact.name) < duration("1h")`, cleared()},
	} {
		r := load(t, policyWith(tt.require)).Decide(context.Background(), tt.facts)
		if r.Decision.Allow || r.Allowed() || len(r.Decision.Errors) != 1 || !strings.Contains(r.Decision.Errors[0], "rule") {
			t.Errorf("%s: %+v", name, r.Decision)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	costly := load(t, policyWith(`artifact.files.all(a, artifact.files.all(b, a.name != b.name + "x"))`))
	many.Artifact.Files = many.Artifact.Files[:1000]
	if r := costly.Decide(ctx, many); r.Decision.Allow || len(r.Decision.Errors) != 1 {
		t.Errorf("cancelled: %+v", r.Decision)
	}
	if (Report{}).Allowed() {
		t.Error("the zero report allows")
	}
}

func TestBuiltInConditions(t *testing.T) {
	noScan := cleared()
	noScan.Scan, noScan.Scans = nil, nil
	noScan.Claims = []Claim{{Origin: Origin{Source: "claims.jsonl line 1"}, Failure: "it is not signed by a key of the trust root"}}
	malicious := cleared()
	malicious.Claims = append(malicious.Claims, Claim{Origin: Origin{Source: "claims.jsonl line 9", Signers: []string{"ci"}}, Counts: true, Condemns: true})
	broken := cleared()
	broken.Claims = append(broken.Claims, Claim{Origin: Origin{Source: "claims.jsonl"}, Failure: "line 2", Broken: true})
	unread := cleared()
	unread.Failure = "a symbolic link"
	for id, facts := range map[string]Facts{"gate.content": unread, "gate.scan-result": noScan, "gate.malicious": malicious, "gate.claims": broken} {
		r := load(t, policyWith("true")).Decide(context.Background(), facts)
		if r.Decision.Allow || len(r.Blocks) != 1 || r.Blocks[0].Rule != id || r.Blocks[0].Owner == "" || r.Blocks[0].Remedy == "" {
			t.Errorf("%s: %+v", id, r)
		}
		if slices.Contains(r.Passed, id) || !slices.Contains(r.Passed, "rule") {
			t.Errorf("%s: passed %q", id, r.Passed)
		}
	}
}

func TestDetailsOfReasons(t *testing.T) {
	for detail, want := range map[string]string{
		`"verdict " + scan.verdict`: "verdict clean",
		`artifact.files[5].name`:    "no detail: index out of bounds: 5",
		`"a\nb"`:                    `a\nb`,
	} {
		text := strings.Replace(policyWith("false"), "    owner", "    detail: |-\n      "+detail+"\n    owner", 1)
		r := load(t, text).Decide(context.Background(), cleared())
		if len(r.Blocks) != 1 || r.Blocks[0].Detail != want || r.Blocks[0].Error || r.Decision.Allow {
			t.Errorf("%s: %+v", detail, r.Blocks)
		}
	}
}

func TestAuditSaysSoAndPasses(t *testing.T) {
	p := load(t, strings.Replace(policyWith("false"), "enforce", "audit", 1))
	r := p.Decide(context.Background(), cleared())
	if r.Decision.Allow || !r.Allowed() || len(r.Blocks) != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestEveryReasonIsGiven(t *testing.T) {
	text := policyWith("false") + "  - id: second\n    require: scan.suppressed > 0\n    message: two\n    remedy: do it\n"
	r := load(t, text).Decide(context.Background(), Facts{Artifact: Artifact{Path: "a b"}})
	var ids []string
	for _, b := range r.Blocks {
		ids = append(ids, b.Rule)
	}
	if !slices.Equal(ids, []string{"gate.scan-result", "rule", "second"}) || len(r.Decision.Reasons) != 3 {
		t.Errorf("blocks %q", ids)
	}
	if r.Blocks[1].Remedy != "picket scan 'a b'" || r.Blocks[1].Owner != "somebody" || !r.Blocks[2].Error ||
		r.Blocks[2].Remedy != "picket scan 'a b' --attest --private-key KEY.pem" || r.Blocks[2].Owner != scanOwner {
		t.Errorf("got %+v", r.Blocks)
	}
}

func TestWrongPoliciesAreRefused(t *testing.T) {
	good := policyWith("true")
	load(t, good)
	for name, edit := range map[string][2]string{
		"version":               {"version: 1", "version: 2"},
		"no version":            {"version: 1\n", ""},
		"mode":                  {"enforce", "warn"},
		"no mode":               {"mode: enforce\n", ""},
		"no name":               {"name: test", "name: ''"},
		"unknown key":           {"name: test", "name: test\nallow: true"},
		"unknown key in a rule": {"severity: high", "severity: high\n    skip: true"},
		"severity":              {"severity: high", "severity: terrible"},
		"id":                    {"id: rule", "id: Rule 1"},
		"reserved id":           {"id: rule", "id: gate.malicious"},
		"no message":            {"message: it does not hold", "message: ''"},
		"no remedy":             {"remedy: picket scan {path}", "remedy: ''"},
		"unknown placeholder":   {"{path}", "{digest}"},
		"syntax":                {"      true", "      scan.verdict =="},
		"unknown variable":      {"      true", "      scam.verdict == 'clean'"},
		"unknown field":         {"      true", "      scan.verdikt == 'clean'"},
		"unknown field in list": {"      true", "      signatures.exists(s, s.kee == 'x')"},
		"unknown nested field":  {"      true", "      scan.counts.fatal == 0"},
		"wrong type":            {"      true", "      scan.verdict == 7"},
		"not a bool":            {"      true", "      scan.verdict"},
		"detail not a text":     {"    owner", "    detail: '7'\n    owner"},
		"detail unknown field":  {"    owner", "    detail: scan.nothing\n    owner"},
		"unknown function":      {"      true", "      readFile('/etc/passwd') == ''"},
		"no rules":              {good[strings.Index(good, "rules:"):], "rules: []\n"},
		"twice":                 {"rules:\n", "rules:\n  - {id: rule, require: 'true', message: m, remedy: r}\n"},
		"two documents":         {"version: 1\n", "version: 1\n---\nversion: 1\n"},
		"not YAML":              {"version", "\t: ["},
		"huge":                  {"version", strings.Repeat("#", maxPolicyFile) + "\nversion"},
	} {
		text := strings.Replace(good, edit[0], edit[1], 1)
		if text == good {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := Load(strings.NewReader(text), "test.yaml"); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDefaultPolicies: they only audit until somebody decides otherwise, are called like their files, and say for every
// reason who can fix it and how.
func TestDefaultPolicies(t *testing.T) {
	files, err := fs.Glob(Defaults(), "*.yaml")
	if err != nil || len(files) != len(Shipped()) {
		t.Fatalf("found %q, %v", files, err)
	}
	for _, name := range Shipped() {
		p, err := LoadShipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Mode != Audit || p.Name != name || p.Digest == "" {
			t.Errorf("%s: mode %s, name %s, digest %s", name, p.Mode, p.Name, p.Digest)
		}
		for _, b := range p.Decide(context.Background(), Facts{Artifact: Artifact{Path: "m"}}).Blocks {
			if b.Owner == "" || b.Remedy == "" || b.Message == "" {
				t.Errorf("%s: %+v", name, b)
			}
		}
		for _, x := range p.Explain() {
			if x.Description == "" || x.Severity == "" || x.Owner == "" || len(x.Reads) == 0 {
				t.Errorf("%s: rule %s does not explain itself: %+v", name, x.ID, x)
			}
		}
	}
	if _, err := LoadShipped("../policy"); !errors.Is(err, ErrPolicy) {
		t.Errorf("got %v", err)
	}
}

// TestDecidingScan: a malicious result decides whatever came later; among the others the newest one or the last one does,
// whichever is worse, so that no order of lines and no time helps.
func TestDecidingScan(t *testing.T) {
	bundle := &evidence.Bundle{}
	said := func(v picket.Verdict, at int64) *claim.Claim {
		return &claim.Claim{Source: v.String(), Bundle: bundle, Signer: "ci", Signers: []claim.Signer{{Name: "ci"}},
			Predicate: &claim.ScanResult{Verdict: v, Time: time.Unix(at, 0)}, Made: time.Unix(at, 0)}
	}
	failed := said(picket.Malicious, 9)
	failed.Failure = evidence.ErrForeign
	m := &evidence.Manifest{}
	for _, c := range []struct {
		claims []*claim.Claim
		want   string
	}{
		{[]*claim.Claim{said(picket.Suspicious, 1), said(picket.Clean, 2), failed}, "clean"},
		{[]*claim.Claim{failed, said(picket.Clean, 2), said(picket.Suspicious, 1)}, "suspicious"},
		{[]*claim.Claim{said(picket.Suspicious, 2), said(picket.Clean, 1)}, "suspicious"},
		{[]*claim.Claim{said(picket.Suspicious, 2), said(picket.Clean, 2)}, "suspicious"},
		{[]*claim.Claim{said(picket.Clean, 2), said(picket.Incomplete, 2)}, "incomplete"},
		{[]*claim.Claim{said(picket.Malicious, 1), said(picket.Clean, 2)}, "malicious"},
		{[]*claim.Claim{said(picket.Clean, 2), said(picket.Malicious, 1), said(picket.Clean, 3)}, "malicious"},
	} {
		f := NewFacts("m", m, c.claims, time.Now())
		if f.Scan == nil || f.Scan.Verdict != c.want || len(f.Claims) != len(c.claims) {
			t.Errorf("got %+v, want %s", f, c.want)
		}
	}
	if f := NewFacts("m", m, []*claim.Claim{failed}, time.Now()); f.Scan != nil {
		t.Errorf("a claim that does not count is used: %+v", f.Scan)
	}
}

func TestShellQuote(t *testing.T) {
	for path, want := range map[string]string{
		"a/b.c":    "a/b.c",
		"":         "''",
		"-x":       "./-x",
		"a b":      "'a b'",
		"it's":     `'it'\''s'`,
		"$(x)":     "'$(x)'",
		"a\nb":     `$'a\x0ab'`,
		"\x1b[2J'": `$'\x1b[2J\x27'`,
		"ü":        "'ü'",
	} {
		if got := shellQuote(path); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}

// FuzzLoad: any text is refused with an error about the policy, or gives a decision that follows from its blocks.
func FuzzLoad(f *testing.F) {
	f.Add(policyWith(`scan.verdict == "clean"`))
	f.Add(policyWith(`signatures.exists(s, "x" in s.signers) || artifact.files.all(f, f.size > 0)`))
	f.Add(ruleWith("    when: impact.leak >= high\n    warn: scan.age > days(3)\n    detail: string(size(claims))\n"))
	facts := full()
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Load(strings.NewReader(text), "fuzz")
		if err != nil {
			if !errors.Is(err, ErrPolicy) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		r := p.Decide(context.Background(), facts)
		if r.Decision.Allow != (len(r.Blocks) == 0) || r.Decision.Allow && len(r.Decision.Errors) > 0 || len(r.Decision.Reasons) == 0 {
			t.Errorf("%q: %+v", text, r)
		}
		if len(p.Explain()) != len(p.Rules()) || len(r.Passed)+len(r.Skipped)+len(r.Blocks)+len(r.Excepted) < len(p.Rules()) {
			t.Errorf("%q: a rule is lost: %+v", text, r)
		}
	})
}
