package report

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
)

// unescapeURI reads a URI reference back.
func unescapeURI(t testing.TB, s string) string {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.Host != "" {
		t.Fatalf("%q is not a plain URI reference: %v", s, err)
	}
	return u.Path
}

// sarifLog is what the tests read back of a log, with the names that the specification gives.
type sarifLog struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		Tool        sarifTool
		Invocations []sarifInvocation
		Artifacts   []sarifArtifact
		Results     []sarifResult
		ColumnKind  string
	}
}

// readSARIF parses a log strictly as JSON.
func readSARIF(t testing.TB, scan picket.Scan, opt Options) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, sarif{}, scan, opt)), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestSARIFStructure checks the rules of SARIF 2.1.0 that the report could break.
func TestSARIFStructure(t *testing.T) {
	fragment := regexp.MustCompile(`\]\(|(^|[^{]){[^{]|}[^}]$`)
	for name, scan := range scans() {
		log := readSARIF(t, scan, Options{})
		if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-schema-2.1.0.json") || len(log.Runs) != 1 {
			t.Fatalf("%s: not one run of SARIF 2.1.0", name)
		}
		run := log.Runs[0]
		if len(run.Artifacts) != len(scan.Results) {
			t.Errorf("%s: %d artifacts of %d", name, len(run.Artifacts), len(scan.Results))
		}
		for i, a := range run.Artifacts {
			if got := unescapeURI(t, a.Location.URI); got != scan.Results[i].Artifact.Name {
				t.Errorf("%s: the URI of %q is read back as %q", name, scan.Results[i].Artifact.Name, got)
			}
		}
		for _, r := range run.Results {
			if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
				t.Fatalf("%s: rule %s is not at index %d", name, r.RuleID, r.RuleIndex)
			}
			if !slices.Contains([]string{"error", "warning", "note"}, r.Level) || r.Message.Text == "" || len(r.Locations) == 0 ||
				r.PartialFingerprints["picket/v1"] == "" || r.Locations[0].Physical.Region.StartLine < 1 {
				t.Errorf("%s: incomplete result %+v", name, r)
			}
			if fragment.MatchString(strings.NewReplacer("{{", "", "}}", "").Replace(r.Message.Text)) {
				t.Errorf("%s: the message %q holds a link or a placeholder", name, r.Message.Text)
			}
		}
		for _, r := range run.Tool.Driver.Rules {
			if r.Help.Text == "" || r.Help.Markdown == "" || r.ShortDescription.Text == "" || r.Properties["security-severity"] == nil {
				t.Errorf("%s: incomplete rule %+v", name, r)
			}
		}
	}
}

func TestSARIFPlaces(t *testing.T) {
	run := readSARIF(t, mixedScan(), Options{ExitCode: new(3)}).Runs[0]
	inMember := run.Results[slices.IndexFunc(run.Results, func(r sarifResult) bool { return r.RuleID == "model.pickle.code-execution" })]
	l := inMember.Locations[0]
	if l.Physical.Region.ByteOffset != nil || l.Logical[0].FullyQualifiedName != "archive/data.pkl" || l.Properties["memberOffset"] != 34.0 {
		t.Errorf("a finding in a member must not point into the file: %+v", l)
	}
	inFile := run.Results[slices.IndexFunc(run.Results, func(r sarifResult) bool { return strings.Contains(r.Message.Text, "somelib") })]
	if at := inFile.Locations[0].Physical.Region.ByteOffset; at == nil || *at != 77 {
		t.Errorf("a finding in the file is at %v", at)
	}
	inv := run.Invocations[0]
	if inv.ExecutionSuccessful || *inv.ExitCode != 3 || !strings.Contains(inv.ExitCodeDescription, "high") || len(inv.Notifications) != 5 {
		t.Errorf("what was not read must be said: %+v", inv)
	}
	clean := readSARIF(t, cleanScan(2), Options{}).Runs[0].Invocations[0]
	if !clean.ExecutionSuccessful || clean.ExitCode != nil || len(clean.Notifications) != 0 {
		t.Errorf("a clean run: %+v", clean)
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		severity     picket.Severity
		level, score string
	}{
		{picket.Critical, "error", "9.5"}, {picket.High, "error", "8.0"}, {picket.Medium, "warning", "5.5"},
		{picket.Low, "note", "2.0"}, {picket.Info, "note", ""},
	} {
		if l, s := sarifLevel(c.severity), securitySeverity(c.severity); l != c.level || s != c.score {
			t.Errorf("%v: %s %s, want %s %s", c.severity, l, s, c.level, c.score)
		}
	}
	for code, want := range map[int]string{0: "clean", 1: "error", 2: "wrong usage", 4: "something that may execute was not read", 9: ""} {
		if got := exitMeaning(code, picket.High); got != want {
			t.Errorf("exit code %d means %q, want %q", code, got, want)
		}
	}
}

func TestURI(t *testing.T) {
	for name, want := range map[string]string{"": ".", "a b/c#d?e": "a%20b/c%23d%3Fe", "/abs/x": "file:///abs/x", "c:/x": "c%3A/x",
		"//host/x": "file:///host/x", "\xff": "%FF", "javascript:alert(1)": "javascript%3Aalert%281%29"} {
		if got := uri(name); got != want {
			t.Errorf("uri(%q) = %q, want %q", name, got, want)
		}
	}
}
