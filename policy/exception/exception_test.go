package exception_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/policy/exception"
)

func finding(id string, s picket.Severity, c picket.Class) picket.Finding {
	return picket.Finding{Rule: picket.Rule{ID: id, Severity: s, Class: c}, Location: picket.Whole("")}
}

// sample is a scan with an ignorable and a critical finding in one artifact.
func sample() picket.Scan {
	return picket.Scan{Results: []picket.Result{{
		Artifact: picket.Artifact{Name: "m/a.pkl", Digest: picket.Digest("sha256:" + strings.Repeat("a", 64))},
		Coverage: picket.Coverage{Checked: true, Executable: true},
		Findings: []picket.Finding{finding("x.crit", picket.Critical, picket.Execution), finding("x.high", picket.High, picket.Execution)},
	}}}
}

func left(s picket.Scan) (ids []string) {
	for _, f := range s.Results[0].Findings {
		ids = append(ids, f.Rule.ID)
	}
	for _, f := range s.Findings {
		ids = append(ids, f.Rule.ID)
	}
	return ids
}

func TestApply(t *testing.T) {
	today := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		ignore exception.Ignore
		want   []string
	}{
		"by path":            {exception.Ignore{Rule: "x.high", Path: "m/a.pkl", Reason: "r", Expires: "2026-11-21"}, []string{"x.crit"}},
		"by pattern":         {exception.Ignore{Rule: "x.high", Path: "m/*.pkl", Reason: "r", Expires: "2026-11-21"}, []string{"x.crit"}},
		"pattern of a level": {exception.Ignore{Rule: "x.high", Path: "*", Reason: "r", Expires: "2026-11-21"}, []string{"x.crit", "x.high"}},
		"by digest":          {exception.Ignore{Rule: "x.high", Digest: "sha256:" + strings.Repeat("a", 64), Reason: "r", Expires: "2027-01-01"}, []string{"x.crit"}},
		"other digest":       {exception.Ignore{Rule: "x.high", Digest: "sha256:" + strings.Repeat("b", 64), Reason: "r", Expires: "2027-01-01"}, []string{"x.crit", "x.high"}},
		"expired yesterday":  {exception.Ignore{Rule: "x.high", Path: "m/a.pkl", Reason: "r", Expires: "2026-11-20"}, []string{"x.crit", "x.high", "scan.exception.expired"}},
		"critical execution": {exception.Ignore{Rule: "x.crit", Path: "m/a.pkl", Reason: "r", Expires: "2027-01-01"}, []string{"x.crit", "x.high", "scan.exception.refused"}},
		"rule prefix":        {exception.Ignore{Rule: "x", Path: "m/a.pkl", Reason: "r", Expires: "2027-01-01"}, []string{"x.crit", "x.high"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample()
			exception.Config{Ignore: []exception.Ignore{c.ignore}}.Apply(&s, today)
			if diff := cmp.Diff(c.want, left(s)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if s.Results[0].Verdict != picket.Malicious {
				t.Errorf("verdict %s: an execution finding was lowered", s.Results[0].Verdict)
			}
		})
	}
}

func TestApplyJudgesAnew(t *testing.T) {
	s := sample()
	s.Results[0].Findings = s.Results[0].Findings[1:]
	exception.Config{Ignore: []exception.Ignore{{Rule: "x.high", Path: "m/a.pkl", Reason: "r", Expires: "2099-01-01"}}}.Apply(&s, time.Unix(0, 0))
	if s.Results[0].Verdict != picket.Clean || s.Suppressed != 1 {
		t.Errorf("verdict %s, suppressed %d", s.Results[0].Verdict, s.Suppressed)
	}
}

func TestLoadIsStrict(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"good":         {"allow:\n  globals: [acme.models.Net, __main__.F, a.b.<locals>.C]\nignore:\n- {rule: a.b, path: x, reason: r, expires: 2027-01-31}\n", ""},
		"empty":        {"", ""},
		"unknown key":  {"allows: {}\n", "line 1"},
		"wildcard":     {"allow: {globals: ['os.*']}\n", "not an exact name"},
		"bare name":    {"allow: {globals: [os]}\n", "not an exact name"},
		"no reason":    {"ignore: [{rule: a.b, path: x, expires: 2027-01-31}]\n", "reason is missing"},
		"no expiry":    {"ignore: [{rule: a.b, path: x, reason: r}]\n", "is not a day"},
		"bad day":      {"ignore: [{rule: a.b, path: x, reason: r, expires: 31.1.2027}]\n", "is not a day"},
		"both":         {"ignore: [{rule: a.b, path: x, digest: y, reason: r, expires: 2027-01-31}]\n", "either path or digest"},
		"neither":      {"ignore: [{rule: a.b, reason: r, expires: 2027-01-31}]\n", "either path or digest"},
		"bad digest":   {"ignore: [{rule: a.b, digest: md5:1, reason: r, expires: 2027-01-31}]\n", "not a digest"},
		"bad pattern":  {"ignore: [{rule: a.b, path: '[', reason: r, expires: 2027-01-31}]\n", "not a valid pattern"},
		"not yaml":     {"\t{", "configuration is not valid"},
		"line in list": {"ignore:\n- rule: a.b\n  until: x\n", "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exception.Load(strings.NewReader(c.text), "f.yaml")
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, exception.ErrConfig) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestBaselineHidesWhatIsKnownAndNeverExecution(t *testing.T) {
	s := sample()
	var prints []string
	for _, f := range s.Results[0].Findings {
		prints = append(prints, `{"fingerprint":"`+f.Fingerprint("m/a.pkl")+`"}`)
	}
	b, err := exception.LoadBaseline(strings.NewReader(`{"schema":"s","artifacts":[{"findings":[`+strings.Join(prints, ",")+`]}]}`), "b.json")
	if err != nil {
		t.Fatal(err)
	}
	b.Apply(&s)
	if diff := cmp.Diff([]string{"x.crit"}, left(s)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "[]", "{}", `{"artifacts":[]}`} {
		if _, err := exception.LoadBaseline(strings.NewReader(bad), "b.json"); !errors.Is(err, exception.ErrConfig) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRulesAreValid(t *testing.T) {
	for _, r := range exception.Rules() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("allow:\n  globals: [a.b]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := exception.Load(strings.NewReader(text), "f")
		if err == nil && c.Validate() != nil {
			t.Error("a loaded configuration is not valid")
		}
	})
}
