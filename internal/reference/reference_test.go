package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/report"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// fakeFormat is a format that matches nothing.
type fakeFormat struct{ info format.Info }

func (f fakeFormat) Info() format.Info     { return f.info }
func (fakeFormat) Match(format.Probe) bool { return false }

// fakeDetector is a detector that does nothing.
type fakeDetector struct{ info detect.Info }

func (d fakeDetector) Info() detect.Info                                        { return d.info }
func (fakeDetector) Detect(context.Context, detect.Input, *detect.Output) error { return nil }

// testSet is a small registry.
func testSet(t testing.TB) *detect.Set {
	t.Helper()
	rule := picket.Rule{ID: "model.fake.runs-code", Title: "Loading runs code | at once", Severity: picket.Critical, Class: picket.Execution,
		What: "It means this.", Why: "It matters so.", Remedy: "Do that.", References: []picket.Reference{
			{Kind: "OWASP", ID: "LLM03:2025", URL: "https://genai.owasp.org/llmrisk/llm032025-supply-chain/"},
			{Kind: "CWE", ID: "CWE-502", URL: "https://cwe.mitre.org/data/definitions/502.html"},
			{Kind: "CWE", ID: "CWE-94", URL: "https://cwe.mitre.org/data/definitions/94.html"}}}
	set, err := detect.NewSet(
		[]format.Format{
			fakeFormat{format.Info{Name: "fake", Title: "Fake format", MediaType: "application/x-fake", Extensions: []string{".fk", ".fake"},
				Forward: true, Parsed: true, Spec: "https://example.org/fake"}},
			fakeFormat{format.Info{Name: "fake-zip", Title: "Fake archive", MediaType: "application/x-fake-zip", Refines: "fake", Risk: format.Data}},
		},
		[]detect.Detector{fakeDetector{detect.Info{Name: "fakes", Title: "Fakes", Formats: []string{"fake"}, Rules: []picket.Rule{rule}}}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// testRoot is a small command tree.
func testRoot() *cobra.Command {
	root := &cobra.Command{Use: "picket", Short: "Guards models", Long: "Guards models.\n\nAnd more.", Version: "1.0"}
	scan := &cobra.Command{Use: "scan PATH...", Short: "Scan files | folders", Aliases: []string{"check"},
		Example: "  picket scan model.pt\n  picket scan .", Run: func(*cobra.Command, []string) {}}
	scan.Flags().StringP("format", "f", "table", "`FORMAT` of the report")
	scan.Flags().Bool("trace", false, "show calls")
	scan.Flags().Bool("secret", false, "for tests")
	_ = scan.Flags().MarkHidden("secret")
	docs := &cobra.Command{Use: "docs DIR", Hidden: true, Run: func(*cobra.Command, []string) {}}
	allow := &cobra.Command{Use: "allow", Short: "Review names"}
	allow.AddCommand(&cobra.Command{Use: "suggest FILE", Short: "Print names", Run: func(*cobra.Command, []string) {}})
	root.AddCommand(scan, docs, allow)
	return root
}

func TestGolden(t *testing.T) {
	files, err := Files(testSet(t), nil, testRoot())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Files(testSet(t), nil, testRoot())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, again); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	for _, f := range files {
		if f.Name != "cli.md" && f.Name != "formats.md" && f.Name != "formats/fake.md" { // those hold rules of the engine, which change on their own
			continue
		}
		name := filepath.Join("testdata", strings.ReplaceAll(f.Name, "/", "-")+".golden")
		if *update {
			if err := os.WriteFile(name, f.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.Content)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
	}
}

func TestContent(t *testing.T) {
	files, err := Files(testSet(t), nil, testRoot())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"rules.md": {"| [`model.fake.runs-code`](#modelfakeruns-code) | critical | execution | Loading runs code \\| at once | fakes |",
			"## `model.fake.runs-code`", "| engine |", "**How to fix it.** Do that."},
		"coverage.md": {"## OWASP", "| [LLM03:2025](https://genai.owasp.org/llmrisk/llm032025-supply-chain/) | [`model.fake.runs-code`]" +
			"(rules.md#modelfakeruns-code) |", "[CWE-94]"},
		"scan.schema.json": {`"$id": "` + report.SchemaID + `"`, `"path_base64"`, `"not-applicable"`},
	}
	for _, f := range files {
		for _, text := range want[f.Name] {
			if !strings.Contains(string(f.Content), text) {
				t.Errorf("%s does not say %s", f.Name, text)
			}
		}
		if strings.HasSuffix(f.Name, ".json") && !json.Valid(f.Content) {
			t.Errorf("%s is not JSON", f.Name)
		}
	}
}

// TestLinks: every link inside the pages has a heading to go to.
func TestLinks(t *testing.T) {
	files, err := Files(testSet(t), nil, testRoot())
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile("(?m)^##? `?([^`\n]*)`?$")
	link := regexp.MustCompile(`\]\((?:\.\./)?([a-z]*\.?[a-z]*)#([^)]*)\)`)
	anchors := map[string][]string{}
	for _, f := range files {
		for _, m := range heading.FindAllStringSubmatch(string(f.Content), -1) {
			anchors[f.Name] = append(anchors[f.Name], strings.ReplaceAll(strings.ReplaceAll(m[1], ".", ""), " ", "-"))
		}
	}
	links := 0
	for _, f := range files {
		for _, m := range link.FindAllStringSubmatch(string(f.Content), -1) {
			links++
			page := m[1]
			if page == "" {
				page = f.Name
			}
			if !slices.Contains(anchors[page], m[2]) {
				t.Errorf("%s: no heading #%s in %s: %q", f.Name, m[2], page, anchors[page])
			}
		}
	}
	if links < 8 {
		t.Errorf("only %d links were checked", links)
	}
}

// TestCLIIsStable: that a command line was run before changes nothing.
func TestCLIIsStable(t *testing.T) {
	root := testRoot()
	before := CLI(testRoot())
	root.SetArgs([]string{"allow", "suggest", "x"})
	root.SetOut(&bytes.Buffer{})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(CLI(root))); diff != "" {
		t.Errorf("after a run (-before +after):\n%s", diff)
	}
}

func TestListFormats(t *testing.T) {
	for _, form := range report.Listings() {
		var b bytes.Buffer
		if err := ListFormats(&b, testSet(t), form); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"fake-zip", "Fake archive", "data only", ".fake"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s does not say %q:\n%s", form, want, b.String())
			}
		}
	}
	var list []formatEntry
	var b bytes.Buffer
	if err := ListFormats(&b, testSet(t), "json"); err != nil || json.Unmarshal(b.Bytes(), &list) != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fakes"}, list[0].Detectors); diff != "" || list[1].Refines != "fake" || list[1].Extensions == nil {
		t.Errorf("%+v", list)
	}
	if err := ListFormats(&b, testSet(t), "pdf"); err == nil || !strings.Contains(err.Error(), "table, json, markdown") {
		t.Errorf("the error does not name the choices: %v", err)
	}
	for _, form := range report.Listings() {
		if err := ListFormats(broken{}, testSet(t), form); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// errBroken is what broken returns.
var errBroken = errors.New("broken")

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestByNumber(t *testing.T) {
	list := []string{"CWE-502", "CWE-94", "AML.T0074", "AML.T0011.000", "CWE-1039", "CVE-2025-1889", "CVE-2024-50050"}
	slices.SortFunc(list, byNumber)
	want := []string{"AML.T0011.000", "AML.T0074", "CVE-2024-50050", "CVE-2025-1889", "CWE-94", "CWE-502", "CWE-1039"}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestTerminal(t *testing.T) {
	got := string(Terminal("picket scan a.pkl", []byte("\x1b[1;31mMALICIOUS\x1b[0m a<b>.pkl\n  fine\n"), 80))
	for _, want := range []string{"<title>$ picket scan a.pkl</title>", `<tspan class="s1 s31">MALICIOUS</tspan> a&lt;b&gt;.pkl</text>`, ">  fine</text>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if err := xml.Unmarshal([]byte(got), new(struct{})); err != nil {
		t.Errorf("the picture is not XML: %v", err)
	}
}
