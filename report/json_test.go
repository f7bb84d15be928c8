package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/picketsec/picket"
)

// compileSchema compiles the schema of the report.
func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONFollowsItsSchema(t *testing.T) {
	s := compileSchema(t)
	for name, scan := range scans() {
		text := write(t, jsonFormat{}, scan, Options{})
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// What is streamed is what the types describe: nothing more, in the same order.
		var typed document
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&typed); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := marshal(typed, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(again)+"\n", text); diff != "" {
			t.Errorf("%s: the stream and the types differ (-types +stream):\n%s", name, diff)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	good := write(t, jsonFormat{}, mixedScan(), Options{})
	for _, c := range [][2]string{
		{`"verdict": "malicious"`, `"verdict": "fine"`}, {`"severity": "critical"`, `"severity": "invalid"`},
		{SchemaID, "https://example.org"}, {`"digest": "sha256:`, `"digest": "md5:`}, {`"tool"`, `"tol"`},
		{`"artifacts": 7`, `"artifacts": -1`}, {`"class": "execution"`, `"class": ""`}, {`"confidence": "certain"`, `"confidence": ""`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("%s is not in the report", c[0])
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("the schema accepts %s", c[1])
		}
	}
}

// TestJSONKeepsNames: every name can be read back exactly, whatever bytes it holds.
func TestJSONKeepsNames(t *testing.T) {
	scan := nastyScan()
	var doc document
	if err := json.Unmarshal([]byte(write(t, jsonFormat{}, scan, Options{})), &doc); err != nil {
		t.Fatal(err)
	}
	for i, a := range doc.Artifacts {
		name := a.Path
		if a.PathBase64 != "" {
			raw, err := base64.StdEncoding.DecodeString(a.PathBase64)
			if err != nil {
				t.Fatal(err)
			}
			name = string(raw)
		}
		if name != scan.Results[i].Artifact.Name {
			t.Errorf("name %q is read back as %q", scan.Results[i].Artifact.Name, name)
		}
		for j, f := range a.Findings {
			if want := scan.Results[i].Findings[j].Fingerprint(scan.Results[i].Artifact.Name); f.Fingerprint != want {
				t.Errorf("fingerprint %s, want %s", f.Fingerprint, want)
			}
		}
	}
}

func TestJSONSummary(t *testing.T) {
	var doc document
	if err := json.Unmarshal([]byte(write(t, jsonFormat{}, mixedScan(), Options{})), &doc); err != nil {
		t.Fatal(err)
	}
	want := docSummary{Artifacts: 7, Verdicts: docVerdicts{1, 1, 2, 1, 1, 1}, Severities: docSeverities{Critical: 1, High: 9, Medium: 2},
		Bytes: docBytes{Parsed: 88_003_200, Opaque: 3_998_000, Unread: 5034}, Gaps: 3, Suppressed: 2}
	if diff := cmp.Diff(want, doc.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if doc.Verdict != picket.Malicious.String() {
		t.Errorf("verdict %s", doc.Verdict)
	}
}

func FuzzPrintedText(f *testing.F) {
	for _, n := range nasty() {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, name string) {
		text, err := marshal(utf8Text(name), "")
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != utf8Text(name) {
			t.Errorf("%q is read back as %q: %v", name, back, err)
		}
		if bytes.ContainsFunc(text, hidden) {
			t.Errorf("%q hides a character", text)
		}
		if rest := withoutSpans(t, "a "+span(name)+" b"); rest != "a  b" {
			t.Errorf("the code span of %q leaves %q", name, rest)
		}
		if back := unescapeURI(t, uri("x/"+name)); back != "x/"+name {
			t.Errorf("uri(%q) is read back as %q", name, back)
		}
		if q := shellQuote(name); q != "FILE" && (strings.ContainsFunc(q, hidden) || strings.ContainsAny(q, "\n")) {
			t.Errorf("shellQuote(%q) = %q", name, q)
		}
	})
}
