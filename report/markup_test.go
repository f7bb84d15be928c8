package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
)

// withoutSpans removes the code spans of a Markdown line as CommonMark (6.1) finds them.
func withoutSpans(t testing.TB, line string) string {
	t.Helper()
	ticks := regexp.MustCompile("`+")
	var out strings.Builder
	for {
		open := ticks.FindStringIndex(line)
		if open == nil {
			return out.String() + line
		}
		out.WriteString(line[:open[0]])
		rest, n := line[open[1]:], open[1]-open[0]
		end := -1
		for _, c := range ticks.FindAllStringIndex(rest, -1) {
			if c[1]-c[0] == n {
				end = c[1]
				break
			}
		}
		if end < 0 {
			t.Errorf("a run of %d backticks is not closed in %q", n, line)
			return out.String()
		}
		line = rest[end:]
	}
}

// TestMarkdownInjection: nothing from the content stands outside a code span.
func TestMarkdownInjection(t *testing.T) {
	hostile := regexp.MustCompile(`evil|script|@|<|>|!\[|img|\{0\}|touch|error::|rf\b|\x60|excerpt`)
	link := regexp.MustCompile(`\]\(([^)]*)\)`)
	for line := range strings.Lines(write(t, markdown{}, nastyScan(), Options{Trace: true})) {
		rest := withoutSpans(t, line)
		if hostile.MatchString(rest) {
			t.Errorf("outside code spans: %q", rest)
		}
		for _, m := range link.FindAllStringSubmatch(rest, -1) {
			if !strings.HasPrefix(m[1], "https://cwe.mitre.org/") && !strings.HasPrefix(m[1], "https://atlas.mitre.org/") {
				t.Errorf("a link to %q", m[1])
			}
		}
	}
}

// TestHTMLInjection: the page holds the elements and attributes of its template only, whatever the names.
func TestHTMLInjection(t *testing.T) {
	elements := strings.Fields("html head meta title style body header h1 h2 h3 code p strong span main ul ol li section article " +
		"table caption thead tbody tr th td details summary dl dt dd a br")
	attributes := strings.Fields("lang charset http-equiv content name class id aria-labelledby aria-label scope href rel open")
	for name, scan := range scans() {
		text := write(t, page{}, scan, Options{})
		d := xml.NewDecoder(strings.NewReader(text))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !slices.Contains(elements, start.Name.Local) {
				t.Errorf("%s: element %s", name, start.Name.Local)
			}
			for _, a := range start.Attr {
				if !slices.Contains(attributes, a.Name.Local) || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "https://cwe.mitre.org/") &&
					!strings.HasPrefix(a.Value, "https://atlas.mitre.org/") || a.Name.Local == "http-equiv" && a.Value != "Content-Security-Policy" {
					t.Errorf("%s: attribute %s=%q of %s", name, a.Name.Local, a.Value, start.Name.Local)
				}
			}
		}
	}
}

// TestHTMLPolicy: the policy forbids everything but the one style that the page has.
func TestHTMLPolicy(t *testing.T) {
	text := write(t, page{}, mixedScan(), Options{})
	_, rest, _ := strings.Cut(text, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	escaped := strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(policy)
	if !ok || !strings.Contains(text, `content="`+escaped+`"`) {
		t.Errorf("the policy is not %s", policy)
	}
	for _, bad := range []string{"<script", " style=", "@import", "url(", "src="} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

// TestJUnit reads the XML back and counts.
func TestJUnit(t *testing.T) {
	type suite struct {
		Tests, Failures, Errors, Skipped int
		Cases                            []junitCase
	}
	var doc struct {
		Suites []struct {
			Name     string      `xml:"name,attr"`
			Tests    int         `xml:"tests,attr"`
			Failures int         `xml:"failures,attr"`
			Errors   int         `xml:"errors,attr"`
			Skipped  int         `xml:"skipped,attr"`
			Cases    []junitCase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	for name, want := range map[string]suite{
		"empty": {}, "clean": {Tests: 12}, "inert": {Tests: 2, Skipped: 1},
		"mixed": {Tests: 8, Failures: 2, Errors: 3, Skipped: 1}, "nasty": {Tests: 2*len(nasty()) + 1, Failures: len(nasty())},
	} {
		doc.Suites = nil
		if err := xml.Unmarshal([]byte(write(t, junit{}, scans()[name], Options{})), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(doc.Suites) != 1 {
			t.Fatalf("%s: %d suites", name, len(doc.Suites))
		}
		s := doc.Suites[0]
		if s.Tests != want.Tests || s.Failures != want.Failures || s.Errors != want.Errors || s.Skipped != want.Skipped || len(s.Cases) != s.Tests {
			t.Errorf("%s: %d tests, %d failures, %d errors, %d skipped, %d cases", name, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases))
		}
		for _, c := range s.Cases {
			if c.Failure != nil && (c.Failure.Message == "" || c.Failure.Type == "" || c.Failure.Text == "") {
				t.Errorf("%s: a failure says nothing: %+v", name, c.Failure)
			}
		}
	}
}

func TestJUnitFailOn(t *testing.T) {
	text := write(t, junit{}, mixedScan(), Options{FailOn: picket.Medium})
	if !strings.Contains(text, `tests="8" failures="3"`) {
		t.Errorf("a medium finding about the run does not fail:\n%s", text[:300])
	}
}
