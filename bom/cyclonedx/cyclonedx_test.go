package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/cyclonedx"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/bom/internal/document/documenttest"
	"github.com/picketsec/picket/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// versions are those that are written.
func versions() []cyclonedx.Version { return []cyclonedx.Version{cyclonedx.V1_6, cyclonedx.V1_7} }

// encode writes a bill that must be writable.
func encode(t testing.TB, b *bom.Bill, v cyclonedx.Version) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := cyclonedx.Encode(&out, b, v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decode reads a document that must be readable.
func decode(t testing.TB, doc []byte) *bom.Bill {
	t.Helper()
	b, err := cyclonedx.Decode(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same compares bills as far as they are about content: where one was written down is another matter.
func same(a, b *bom.Bill) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(bom.Bill{}, "Format", "FormatVersion", "Revision"))
}

// bills are those that every test of writing uses.
func bills() map[string]*bom.Bill {
	many := &bom.Bill{Kind: bom.ModelKind, Name: "many files", Digest: picket.Digest("sha256:" + strings.Repeat("ab", 32))}
	for i := range 1000 {
		many.Files = append(many.Files, bom.File{
			Name: fmt.Sprintf("weights/%04d.safetensors", i), Size: int64(i), Format: "safetensors", Role: "weights",
			Digest: picket.Digest(fmt.Sprintf("sha256:%064x", i)),
		})
	}
	hostile := documenttest.Full(bom.ModelKind)
	hostile.Name = "\x00\x1b[2J\"\\\u202e\u2028<script>\xff\xfe" + strings.Repeat("A", 1<<20)
	hostile.Model.Task.Value = hostile.Name
	hostile.Software[0].PURL = "pkg:\"\n"
	hostile.Files[0].Name = "../../etc/\x7f passwd?#:%"
	hostile.Model.Location.Value = "javascript:alert(1)//\x00"
	hostile.Model.Licences[0].Value = "MIT AND"
	hostile.Model.Identifiers[0].Value = "pkg:\xff"
	hostile.Digest = "sha256:no"
	return map[string]*bom.Bill{
		"empty": {}, "model": documenttest.Full(bom.ModelKind), "dataset": documenttest.Full(bom.DatasetKind),
		"program": documenttest.Full(bom.ProgramKind), "folder": documenttest.Full(bom.FolderKind), "many": many, "hostile": hostile,
	}
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"empty", "model", "dataset", "program"} {
		for _, v := range versions() {
			got := encode(t, bills()[name], v)
			path := filepath.Join("testdata", name+"-"+string(v)+".cdx.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("%s (-update rewrites it):\n%s", path, d)
			}
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for name, b := range bills() {
		for _, v := range versions() {
			doc := encode(t, b, v)
			if again := encode(t, b, v); !bytes.Equal(doc, again) {
				t.Errorf("%s %s: two writings differ", name, v)
			}
			got := decode(t, doc)
			want, err := document.Clean(b)
			if err != nil {
				t.Fatal(err)
			}
			if d := same(want, got); d != "" {
				t.Errorf("%s %s: %.3000s", name, v, d)
			}
			if got.Format != "CycloneDX" || got.FormatVersion != string(v) || got.Revision < 1 {
				t.Errorf("%s: read as %s %s, revision %d", name, got.Format, got.FormatVersion, got.Revision)
			}
			if again := encode(t, got, v); !bytes.Equal(doc, again) {
				t.Errorf("%s %s: written again it differs", name, v)
			}
		}
	}
}

func TestRandomBillsAreReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	valid := schemas(t)
	for range 300 {
		b := documenttest.Random(random)
		v := versions()[random.IntN(2)]
		doc := encode(t, b, v)
		want, err := document.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := same(want, decode(t, doc)); d != "" {
			t.Fatalf("%s\n%s", d, doc)
		}
		if err := validate(valid[v], doc); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
	}
}

// schemas compiles the official schemas.
func schemas(t testing.TB) map[cyclonedx.Version]*jsonschema.Schema {
	t.Helper()
	python := testkit.Venv(t, "../bom/bin/python")
	found, err := filepath.Glob(filepath.Join(filepath.Dir(python), "..", "lib", "python3*", "site-packages", "cyclonedx", "schema", "_res", "*.schema.json"))
	if err != nil || len(found) < 8 {
		testkit.Missing(t, "the schemas of CycloneDX are not in the virtual environment (make setup puts them there)")
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, path := range found {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		id := "http://cyclonedx.org/schema/" + filepath.Base(path)
		if err := c.AddResource(id, doc); err != nil {
			t.Fatal(err)
		}
	}
	all := map[cyclonedx.Version]*jsonschema.Schema{}
	for _, v := range []cyclonedx.Version{"1.4", "1.5", cyclonedx.V1_6, cyclonedx.V1_7} {
		s, err := c.Compile("http://cyclonedx.org/schema/bom-" + string(v) + ".SNAPSHOT.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		all[v] = s
	}
	return all
}

// validate holds a document against a schema.
func validate(s *jsonschema.Schema, doc []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

func TestOfficialSchema(t *testing.T) {
	valid := schemas(t)
	for name, b := range bills() {
		for _, v := range versions() {
			if err := validate(valid[v], encode(t, b, v)); err != nil {
				t.Errorf("%s %s: %v", name, v, err)
			}
		}
	}
	broken := bytes.Replace(encode(t, bills()["model"], cyclonedx.V1_6), []byte(`"machine-learning-model"`), []byte(`"robot"`), 1)
	if validate(valid[cyclonedx.V1_6], broken) == nil {
		t.Error("the schema accepts a component of type robot, so it checks nothing")
	}
}

// strict is a program for the validator of cyclonedx-python-lib, which also reads the document into its own model.
const strict = `
import json, sys, warnings
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
warnings.simplefilter("ignore")
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    doc = json.loads(text)
    version = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}[doc["specVersion"]]
    error = JsonStrictValidator(version).validate_str(text)
    if error:
        sys.exit(f"{path}: {str(error)[:2000]}")
    if "hostile" not in path:
        bom = Bom.from_json(doc)
        bom.validate()
        assert len(bom.components) == len(doc.get("components", [])), path
print("valid", len(sys.argv) - 1)
`

func TestSecondTool(t *testing.T) {
	python := testkit.Venv(t, "../bom/bin/python")
	dir := t.TempDir()
	args := []string{"-c", strict}
	for name, b := range bills() {
		for _, v := range versions() {
			path := filepath.Join(dir, name+string(v)+".json")
			if err := os.WriteFile(path, encode(t, b, v), 0o644); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("valid %d", 2*len(bills()))) {
		t.Errorf("cyclonedx-python-lib: %v\n%.4000s", err, out)
	}
}

func TestSourceAndConfidenceStandBesideTheValue(t *testing.T) {
	b := &bom.Bill{Kind: bom.ModelKind, Model: bom.Model{
		Task:    bom.Field{Value: "text-generation", Confidence: bom.Verified, Source: "config.json#architectures[0]"},
		Version: bom.Field{Confidence: bom.Unresolved},
	}}
	doc := string(encode(t, b, cyclonedx.V1_6))
	for _, want := range []string{`"task": "text-generation"`, `"picket:confidence:task"`, `"verified"`, `"picket:source:task"`, `"config.json#architectures[0]"`} {
		if strings.Count(doc, want) != 1 {
			t.Errorf("%s stands %d times in\n%s", want, strings.Count(doc, want), doc)
		}
	}
	if strings.Contains(doc, "picket:value") || strings.Contains(doc, ":version\"") {
		t.Errorf("properties say what the document already says:\n%s", doc)
	}
}

func TestVersionsThatAreNotWrittenOrRead(t *testing.T) {
	for _, v := range []cyclonedx.Version{"", "1.5", "2.0"} {
		if err := cyclonedx.Encode(&bytes.Buffer{}, &bom.Bill{}, v); !errors.Is(err, cyclonedx.ErrVersion) {
			t.Errorf("version %q: %v", v, err)
		}
	}
	for _, doc := range []string{`{"bomFormat":"CycloneDX","specVersion":"1.3"}`, `{"bomFormat":"CycloneDX","specVersion":1.6}`} {
		if _, err := cyclonedx.Decode(strings.NewReader(doc)); !errors.Is(err, cyclonedx.ErrVersion) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	for _, doc := range []string{``, `[]`, `{}`, `{"bomFormat":"SPDX","specVersion":"1.6"}`, `{"bomFormat":"CycloneDX","specVersion":"1.6"}x`,
		`{"bomFormat":"CycloneDX","specVersion":"1.6","specVersion":"1.6"}`} {
		if _, err := cyclonedx.Decode(strings.NewReader(doc)); err == nil {
			t.Errorf("%s was read", doc)
		}
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	doc := encode(t, &bom.Bill{Kind: bom.ModelKind, Name: "x"}, cyclonedx.V1_6)
	doc = bytes.TrimSpace(doc)
	for i := range doc {
		if _, err := cyclonedx.Decode(bytes.NewReader(doc[:i])); err == nil {
			t.Fatalf("the first %d bytes of %d were read", i, len(doc))
		}
	}
}

// TestWorkIsInProportion reads the documents that cost most for their size, and one that has more components than any bill.
func TestWorkIsInProportion(t *testing.T) {
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	repeat := func(text string, n int) string { return strings.TrimSuffix(strings.Repeat(text, n), ",") }
	for name, doc := range map[string]string{
		"components":   head + `"components":[` + repeat(`{"type":"library"},`, 8000) + `]}`,
		"dependencies": head + `"components":[` + repeat(`{"type":"file","name":"n"},`, 4000) + `],"dependencies":[` + repeat(`{"ref":"x"},`, 8000) + `]}`,
		"properties":   head + `"metadata":{"properties":[` + repeat(`{"name":"picket:value:files[0].name","value":"1"},`, 8000) + `]}}`,
		"values":       head + `"x":[` + repeat(`0,`, 100000) + `]}`,
		"licences":     head + `"components":[{"type":"library","licenses":[` + repeat(`{"expression":"a"},`, 20000) + `]}]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b := decode(t, []byte(doc))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(1000*len(doc)) {
			t.Errorf("%s: %d bytes took %d bytes of memory in all", name, len(doc), used)
		}
		if out := encode(t, b, cyclonedx.V1_6); len(out) > 50*len(doc) {
			t.Errorf("%s: %d bytes became %d", name, len(doc), len(out))
		}
	}
	many := head + `"components":[` + repeat(`{"type":"file"},`, document.MaxElements+1) + `]}`
	if _, err := cyclonedx.Decode(strings.NewReader(many)); !errors.Is(err, document.ErrTooLarge) {
		t.Errorf("%d components: %v", document.MaxElements+1, err)
	}
}

func TestErrorsOfTheWriterArrive(t *testing.T) {
	if err := cyclonedx.Encode(failing{}, bills()["model"], cyclonedx.V1_6); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

var errDisk = errors.New("disk full")

// failing is a writer that never writes.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errDisk }

// tree reads a document as a tree in which the order of components says nothing.
func tree(t testing.TB, doc []byte) *document.Node {
	t.Helper()
	n, err := document.Read(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	byName(n)
	if c := n.Get("components"); c != nil {
		slices.SortFunc(c.Children, func(a, b *document.Node) int { return bytes.Compare(document.Raw(a), document.Raw(b)) })
	}
	for i, c := range n.Children {
		if c.Key == "specVersion" || c.Key == "$schema" {
			n.Children[i] = &document.Node{Key: c.Key}
		}
	}
	return n
}

// byName puts the members of objects into the order of their names.
func byName(n *document.Node) {
	for _, c := range n.Children {
		byName(c)
	}
	slices.SortStableFunc(n.Children, func(a, b *document.Node) int { return strings.Compare(a.Key, b.Key) })
}

// checkKept reads a document, writes it in its own version or the nearest and compares.
func checkKept(t *testing.T, name string, doc []byte) *bom.Bill {
	t.Helper()
	b := decode(t, doc)
	for _, v := range versions() {
		if b.FormatVersion == "1.7" && v != cyclonedx.V1_7 {
			continue
		}
		out := encode(t, b, v)
		want, got := tree(t, doc), tree(t, out)
		if want.Get("$schema") == nil {
			want.Children = slices.Insert(want.Children, 0, &document.Node{Key: "$schema"})
		}
		if !document.Equal(want, got) {
			t.Errorf("%s: written as %s it became other content:\n%s", name, v, cmp.Diff(indent(want), indent(got)))
		}
		again := decode(t, out)
		again.FormatVersion = b.FormatVersion
		if d := cmp.Diff(b, again); d != "" && b.FormatVersion != "1.7" {
			t.Errorf("%s: read again:\n%s", name, d)
		}
	}
	return b
}

// indent writes a tree for people.
func indent(n *document.Node) string {
	var b strings.Builder
	if err := document.Write(&b, n); err != nil {
		return err.Error()
	}
	return b.String()
}

func TestForeignPartsAreKept(t *testing.T) {
	for name, doc := range testkit.Samples(t, "testdata/foreign-*.json", 4) {
		b := checkKept(t, name, doc)
		if len(b.Kept) == 0 {
			t.Errorf("%s: nothing is kept", name)
		}
	}
}

// TestForeignPartsStayValid holds that what is kept stands where the schema wants it.
func TestForeignPartsStayValid(t *testing.T) {
	valid := schemas(t)
	for name, doc := range testkit.Samples(t, "testdata/foreign-*.json", 4) {
		b := decode(t, doc)
		if err := validate(valid[cyclonedx.Version(b.FormatVersion)], doc); err != nil {
			t.Errorf("%s is no good sample: %v", name, err)
		}
		for _, v := range versions() {
			if v < cyclonedx.Version(b.FormatVersion) {
				continue
			}
			if err := validate(valid[v], encode(t, b, v)); err != nil {
				t.Errorf("%s as %s: %v", name, v, err)
			}
		}
	}
}

func TestBillsOfOtherToolsAreKept(t *testing.T) {
	tool := testkit.Venv(t, "../bom/bin/cyclonedx-py")
	out, err := exec.CommandContext(t.Context(), tool, "environment", "--sv", "1.6", "--output-format", "JSON", filepath.Dir(tool)+"/python").Output()
	if err != nil {
		t.Fatalf("cyclonedx-py: %v", err)
	}
	b := checkKept(t, "cyclonedx-py", out)
	names := map[string]string{}
	for _, s := range b.Software {
		names[s.Name.Value] = s.Version.Value + " " + s.PURL
	}
	if names["cyclonedx-python-lib"] != "11.12.0 pkg:pypi/cyclonedx-python-lib@11.12.0" || len(names) < 10 {
		t.Errorf("read %d libraries: %v", len(names), names)
	}
}

func TestAChangeDoesNotMoveWhatIsKept(t *testing.T) {
	b := decode(t, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":3,"components":[
		{"type":"library","name":"a","version":"1","author":"kept a"},{"type":"container","name":"c"},{"type":"library","name":"b","author":"kept b"}]}`))
	b.Software[0].Version.Value = "2"
	b.Software = slices.Insert(b.Software, 1, bom.Software{Name: bom.Field{Value: "new", Confidence: bom.Declared}})
	b.Files = append(b.Files, bom.File{Name: "f"})
	got := decode(t, encode(t, b, cyclonedx.V1_6))
	if len(got.Software) != 3 || got.Software[0].Version.Value != "2" || len(got.Files) != 1 || got.Revision != 3 {
		t.Errorf("read back: %+v", got)
	}
	doc := string(encode(t, b, cyclonedx.V1_6))
	var parsed struct {
		Components []struct{ Name, Author, Type string }
	}
	if err := json.Unmarshal([]byte(doc), &parsed); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(parsed.Components) != "[{a kept a library} {new  library} {b kept b library} {f  file} {c  container}]" {
		t.Errorf("components: %v", parsed.Components)
	}
	b.Software = nil
	if doc := string(encode(t, b, cyclonedx.V1_6)); !strings.Contains(doc, `picket:kept:cyclonedx#/components/=a/author`) || !strings.Contains(doc, "kept a") {
		t.Errorf("a part without a place was lost:\n%s", doc)
	}
}

func TestPartsOfOtherFormsTravel(t *testing.T) {
	b := &bom.Bill{Name: "x", Kept: map[string]json.RawMessage{"spdx#/@graph/7": json.RawMessage(`{"type":"Sbom"}`)}}
	got := decode(t, encode(t, b, cyclonedx.V1_7))
	if string(got.Kept["spdx#/@graph/7"]) != `{"type":"Sbom"}` || len(got.Kept) != 1 {
		t.Errorf("kept: %v", got.Kept)
	}
}

func TestModelBesideItsProgramIsFound(t *testing.T) {
	b := decode(t, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"application","name":"generator"}},
		"components":[{"type":"machine-learning-model","name":"org/model","modelCard":{"modelParameters":{"task":"text-generation"}},"licenses":[{"license":{"id":"MIT"}}]}]}`))
	if b.Kind != bom.ModelKind || b.Name != "org/model" || b.Model.Task.Value != "text-generation" || b.Model.Licences[0].Value != "MIT" {
		t.Errorf("read %+v", b)
	}
	if b.Model.Task.Confidence != bom.Declared || b.Model.Task.Source != "cyclonedx#modelCard.modelParameters.task" || b.Model.Family.Confidence != bom.Unresolved {
		t.Errorf("task %+v, family %+v", b.Model.Task, b.Model.Family)
	}
}

// built are bills that were made from repositories of many kinds, the golden files of package bom.
func built(t testing.TB) map[string]*bom.Bill {
	t.Helper()
	all := map[string]*bom.Bill{}
	for name, raw := range testkit.Samples(t, "../testdata/*.json", 9) {
		b, err := bom.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(name, ".json")] = b
	}
	return all
}

func TestBillsOfRepositories(t *testing.T) {
	valid := schemas(t)
	for name, b := range built(t) {
		want, err := document.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions() {
			doc := encode(t, b, v)
			if d := same(want, decode(t, doc)); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if err := validate(valid[v], doc); err != nil {
				t.Errorf("%s %s: %v", name, v, err)
			}
		}
	}
}
