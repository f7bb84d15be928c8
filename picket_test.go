package picket_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

func TestJudge(t *testing.T) {
	f := func(s picket.Severity, c picket.Class) []picket.Finding {
		return []picket.Finding{{Rule: picket.Rule{Severity: s, Class: c}}}
	}
	read := picket.Coverage{Checked: true, Executable: true}
	gap := read
	gap.Gaps = []picket.Gap{{Reason: "encrypted"}}
	odd := read
	odd.Unsupported = []string{"x"}
	both := gap
	both.Unsupported = []string{"x"}
	for name, c := range map[string]struct {
		findings []picket.Finding
		coverage picket.Coverage
		want     picket.Verdict
	}{
		"nothing there":        {nil, picket.Coverage{}, picket.NotApplicable},
		"read to the end":      {nil, read, picket.Clean},
		"a gap":                {nil, gap, picket.Incomplete},
		"a gap in inert":       {nil, picket.Coverage{Gaps: gap.Gaps}, picket.Incomplete},
		"unsupported":          {nil, odd, picket.Unsupported},
		"gap and unsupported":  {nil, both, picket.Incomplete},
		"medium stays clean":   {f(picket.Medium, picket.Execution), read, picket.Clean},
		"high":                 {f(picket.High, picket.Structure), gap, picket.Suspicious},
		"critical structure":   {f(picket.Critical, picket.Structure), read, picket.Suspicious},
		"critical execution":   {f(picket.Critical, picket.Execution), gap, picket.Malicious},
		"worst of two":         {append(f(picket.High, picket.Content), f(picket.Critical, picket.Execution)...), read, picket.Malicious},
		"execution of no file": {f(picket.Critical, picket.Execution), picket.Coverage{}, picket.Malicious},
	} {
		if got := picket.Judge(c.findings, c.coverage); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestZeroValuesAreSafe(t *testing.T) {
	var v picket.Verdict
	var d picket.Decision
	var s picket.Severity
	if v == picket.Clean || v == picket.NotApplicable || d.Allow {
		t.Error("a zero value lets something pass")
	}
	if _, err := json.Marshal(s); !errors.Is(err, picket.ErrSeverity) {
		t.Errorf("the zero severity marshals: %v", err)
	}
}

func TestTextRoundTrips(t *testing.T) {
	for _, s := range picket.Severities() {
		var back picket.Severity
		b, err := json.Marshal(s)
		if err != nil || json.Unmarshal(b, &back) != nil || back != s {
			t.Errorf("severity %s: %s %v", s, b, err)
		}
	}
	for i, v := range picket.Verdicts() {
		var back picket.Verdict
		b, err := json.Marshal(v)
		if err != nil || json.Unmarshal(b, &back) != nil || back != v {
			t.Errorf("verdict %s: %s %v", v, b, err)
		}
		for j, other := range picket.Verdicts() {
			if v.Worse(other) != (i < j) {
				t.Errorf("%s worse than %s: %v", v, other, v.Worse(other))
			}
		}
	}
	var v picket.Verdict
	if err := v.UnmarshalText([]byte("fine")); !errors.Is(err, picket.ErrVerdict) {
		t.Errorf("unknown verdict: %v", err)
	}
}

func TestParseDigest(t *testing.T) {
	good := "sha256:" + strings.Repeat("0a", 32)
	if d, err := picket.ParseDigest(good); err != nil || string(d) != good || d.Hex() != good[7:] {
		t.Errorf("%v %v", d, err)
	}
	for _, bad := range []string{"", "sha256:", good[7:], strings.ToUpper(good), good + "0", "sha512:" + good[7:], good[:70] + "g"} {
		if _, err := picket.ParseDigest(bad); !errors.Is(err, picket.ErrDigest) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRuleValidate(t *testing.T) {
	whole := picket.Rule{ID: "a.b", Title: "t", Severity: picket.Low, Class: picket.Content, What: "w", Why: "y", Remedy: "r",
		References: []picket.Reference{{Kind: "CWE", ID: "1"}}}
	if err := whole.Validate(); err != nil {
		t.Error(err)
	}
	for name, broken := range map[string]func(*picket.Rule){
		"no id": func(r *picket.Rule) { r.ID = "" }, "upper case": func(r *picket.Rule) { r.ID = "A.b" }, "flat": func(r *picket.Rule) { r.ID = "ab" },
		"title": func(r *picket.Rule) { r.Title = "" }, "severity": func(r *picket.Rule) { r.Severity = 0 }, "class": func(r *picket.Rule) { r.Class = "" },
		"what": func(r *picket.Rule) { r.What = "" }, "why": func(r *picket.Rule) { r.Why = "" }, "remedy": func(r *picket.Rule) { r.Remedy = "" },
		"references": func(r *picket.Rule) { r.References = nil },
	} {
		r := whole
		broken(&r)
		if r.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFingerprintTellsFindingsApart(t *testing.T) {
	base := picket.Finding{Rule: picket.Rule{ID: "a.b"}, Location: picket.At("m", 1), Subject: "s", Evidence: picket.NewEvidence("e", "x")}
	seen := map[string]string{base.Fingerprint("f"): "base"}
	for name, change := range map[string]func(*picket.Finding){
		"rule": func(f *picket.Finding) { f.Rule.ID = "a.c" }, "member": func(f *picket.Finding) { f.Location.Member = "n" },
		"offset": func(f *picket.Finding) { f.Location.Offset = 2 }, "line": func(f *picket.Finding) { f.Location.Line = 1 },
		"subject": func(f *picket.Finding) { f.Subject = "t" }, "summary": func(f *picket.Finding) { f.Evidence.Summary = "d" },
	} {
		f := base
		change(&f)
		if other, dup := seen[f.Fingerprint("f")]; dup {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[f.Fingerprint("f")] = name
	}
	if _, dup := seen[base.Fingerprint("g")]; dup {
		t.Error("the artifact is not part of the fingerprint")
	}
	if base.Fingerprint("f") != base.Fingerprint("f") || len(base.Fingerprint("f")) != 32 {
		t.Error("the fingerprint is not stable")
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\n\u202e\xff", 10)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(0, min(limit, 1000))
		got := picket.Printable(s, limit)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\n\r\t\x00\u202e\u200b") {
			t.Errorf("%q is not safe to print", got)
		}
		if len(got) > limit+16 {
			t.Errorf("%d bytes, limit %d", len(got), limit)
		}
	})
}

func TestRef(t *testing.T) {
	for id, want := range map[string]picket.Reference{
		"CWE-502":       {Kind: "CWE", ID: "CWE-502", URL: "https://cwe.mitre.org/data/definitions/502.html"},
		"CVE-2025-1889": {Kind: "CVE", ID: "CVE-2025-1889", URL: "https://nvd.nist.gov/vuln/detail/CVE-2025-1889"},
		"AML.T0010":     {Kind: "ATLAS", ID: "AML.T0010", URL: "https://atlas.mitre.org/techniques/AML.T0010"},
		"GHSA-a-b-c":    {Kind: "GHSA", ID: "GHSA-a-b-c", URL: "https://github.com/advisories/GHSA-a-b-c"},
		"PAIT-1":        {Kind: "URL", ID: "PAIT-1"},
	} {
		if got := picket.Ref(id); got != want {
			t.Errorf("%s: %+v", id, got)
		}
	}
}
