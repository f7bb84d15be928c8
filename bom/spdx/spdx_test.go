package spdx_test

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
	"regexp"
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
	"github.com/picketsec/picket/bom/spdx"
	"github.com/picketsec/picket/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// encode writes a bill that must be writable.
func encode(t testing.TB, b *bom.Bill) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := spdx.Encode(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decode reads a document that must be readable.
func decode(t testing.TB, doc []byte) *bom.Bill {
	t.Helper()
	b, err := spdx.Decode(bytes.NewReader(doc))
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
	hostile.Digest = "sha256:no"
	return map[string]*bom.Bill{
		"empty": {}, "model": documenttest.Full(bom.ModelKind), "dataset": documenttest.Full(bom.DatasetKind),
		"program": documenttest.Full(bom.ProgramKind), "folder": documenttest.Full(bom.FolderKind), "many": many, "hostile": hostile,
	}
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"empty", "model", "dataset", "program"} {
		got := encode(t, bills()[name])
		path := filepath.Join("testdata", name+".spdx.json")
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

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for name, b := range bills() {
		doc := encode(t, b)
		if again := encode(t, b); !bytes.Equal(doc, again) {
			t.Errorf("%s: two writings differ", name)
		}
		got := decode(t, doc)
		want, err := document.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := same(want, got); d != "" {
			t.Errorf("%s: %.3000s", name, d)
		}
		if got.Format != "SPDX" || got.FormatVersion != "3.0.1" {
			t.Errorf("%s: read as %s %s", name, got.Format, got.FormatVersion)
		}
		if again := encode(t, got); !bytes.Equal(doc, again) {
			t.Errorf("%s: written again it differs", name)
		}
	}
}

func TestRandomBillsAreReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	valid := schema(t)
	for i := range 300 {
		b := documenttest.Random(random)
		doc := encode(t, b)
		want, err := document.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := same(want, decode(t, doc)); d != "" {
			t.Fatalf("%s\n%s", d, doc)
		}
		if i%20 != 0 {
			continue // the schema takes a tenth of a second
		}
		if err := validate(valid, doc); err != nil {
			t.Fatalf("%.2000s\n%s", err, doc)
		}
	}
}

// schema compiles the official schema.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	path := filepath.Join(filepath.Dir(testkit.Venv(t, "../bom/bin/python")), "..", "spdx-schema-v3.0.1.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		testkit.Missing(t, "the schema of SPDX 3.0.1 is not in the virtual environment (make setup puts it there)")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(pattern)
	if err := c.AddResource("spdx.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lookahead is a pattern with a negative lookahead at its start, which package regexp has not.
type lookahead struct{ not, then *regexp.Regexp }

func (l lookahead) MatchString(s string) bool { return !l.not.MatchString(s) && l.then.MatchString(s) }
func (l lookahead) String() string            { return l.then.String() }

// pattern compiles a pattern of the schema.
func pattern(s string) (jsonschema.Regexp, error) {
	rest, ok := strings.CutPrefix(s, "^(?!")
	if !ok {
		return regexp.Compile(s)
	}
	not, then, _ := strings.Cut(rest, ")")
	a, err := regexp.Compile("^" + not)
	if err != nil {
		return nil, err
	}
	b, err := regexp.Compile("^" + then)
	return lookahead{a, b}, err
}

// validate holds a document against the schema.
func validate(s *jsonschema.Schema, doc []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

func TestOfficialSchema(t *testing.T) {
	valid := schema(t)
	for name, b := range bills() {
		if err := validate(valid, encode(t, b)); err != nil {
			t.Errorf("%s: %.2000s", name, err)
		}
	}
	broken := bytes.Replace(encode(t, bills()["model"]), []byte(`"trainedOn"`), []byte(`"dreamtOf"`), 1)
	if validate(valid, broken) == nil {
		t.Error("the schema accepts a relationship dreamtOf, so it checks nothing")
	}
}

// bindings is a program for the SHACL bindings of the SPDX project: it reads documents and looks for links that lead nowhere.
const bindings = `
import sys
from spdx_python_model import v3_0_1 as spdx3
for path in sys.argv[1:]:
    found = spdx3.SHACLObjectSet()
    with open(path, "rb") as f:
        spdx3.JSONLDDeserializer().read(f, found)
    missing = found.link()
    missing = {m for m in missing if not str(m).startswith("https://spdx.org/")}
    if missing:
        sys.exit(f"{path}: missing {sorted(map(str, missing))[:5]}")
    kinds = {t: len(list(found.foreach_type(t))) for t in ("ai_AIPackage", "dataset_DatasetPackage", "software_File", "Relationship", "Annotation")}
    for kind in ("ai_AIPackage", "dataset_DatasetPackage"):
        for p in found.foreach_type(kind):
            for must in ("releaseTime", "suppliedBy", "software_downloadLocation", "software_packageVersion", "software_primaryPurpose", "name"):
                assert getattr(p, must) is not None, (path, kind, must)
    print(path.rsplit("/", 1)[-1], kinds["ai_AIPackage"], kinds["dataset_DatasetPackage"], kinds["software_File"])
print("read", len(sys.argv) - 1)
`

func TestSecondTool(t *testing.T) {
	python := testkit.Venv(t, "../bom/bin/python")
	dir := t.TempDir()
	args := []string{"-c", bindings}
	for name, b := range bills() {
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path, encode(t, b), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	for _, want := range []string{fmt.Sprintf("read %d", len(bills())), "model.json 3 2 2", "many.json 1 0 1000", "dataset.json 2 2 2"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("spdx-python-model: %v, want %q in\n%.4000s", err, want, out)
		}
	}
}

func TestWhatIsNotKnownIsNotMadeUp(t *testing.T) {
	doc := string(encode(t, &bom.Bill{Kind: bom.ModelKind, Name: "m"}))
	for _, want := range []string{`"releaseTime": "1970-01-01T00:00:00Z"`, `"software_downloadLocation": "NOASSERTION"`, `"software_packageVersion": "NOASSERTION"`,
		`"name": "NOASSERTION"`, `"software_primaryPurpose": "model"`, `"created": "1970-01-01T00:00:00Z"`} {
		if !strings.Contains(doc, want) {
			t.Errorf("%s is not in\n%s", want, doc)
		}
	}
	b := decode(t, []byte(doc))
	for name, f := range map[string]bom.Field{"version": b.Model.Version, "location": b.Model.Location, "producer": b.Model.Producer, "timestamp": b.Model.Timestamp} {
		if f != (bom.Field{Confidence: bom.Unresolved}) {
			t.Errorf("%s was read as %+v", name, f)
		}
	}
	if !b.Time.IsZero() || len(b.Kept) != 0 {
		t.Errorf("time %v, kept %v", b.Time, b.Kept)
	}
}

func TestOtherFormatsAreRefused(t *testing.T) {
	for _, doc := range []string{`{"spdxVersion":"SPDX-2.3"}`, `{"@graph":[]}`, `{"@context":"https://example.org","@graph":[]}`,
		`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":{}}`, `{}`} {
		if _, err := spdx.Decode(strings.NewReader(doc)); !errors.Is(err, spdx.ErrFormat) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	for _, doc := range []string{``, `[]`, `{"@graph":[],"@graph":[]}`, `{} {}`} {
		if _, err := spdx.Decode(strings.NewReader(doc)); err == nil {
			t.Errorf("%s was read", doc)
		}
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	doc := bytes.TrimSpace(encode(t, &bom.Bill{Kind: bom.ModelKind, Name: "x"}))
	for i := range doc {
		if _, err := spdx.Decode(bytes.NewReader(doc[:i])); err == nil {
			t.Fatalf("the first %d bytes of %d were read", i, len(doc))
		}
	}
}

func TestErrorsOfTheWriterArrive(t *testing.T) {
	if err := spdx.Encode(failing{}, bills()["model"]); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

var errDisk = errors.New("disk full")

// failing is a writer that never writes.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errDisk }

// tree reads a document as a tree in which the order of elements and of members says nothing.
func tree(t testing.TB, doc []byte) *document.Node {
	t.Helper()
	n, err := document.Read(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	byName(n)
	slices.SortFunc(n.Get("@graph").Children, func(a, b *document.Node) int { return bytes.Compare(document.Raw(a), document.Raw(b)) })
	return n
}

// byName puts the members of objects into the order of their names.
func byName(n *document.Node) {
	for _, c := range n.Children {
		byName(c)
	}
	slices.SortStableFunc(n.Children, func(a, b *document.Node) int { return strings.Compare(a.Key, b.Key) })
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
	valid := schema(t)
	for name, doc := range testkit.Samples(t, "testdata/foreign-*.json", 2) {
		if err := validate(valid, doc); err != nil {
			t.Errorf("%s is no good sample: %.2000s", name, err)
		}
		b := decode(t, doc)
		if len(b.Kept) == 0 {
			t.Errorf("%s: nothing is kept", name)
		}
		out := encode(t, b)
		if d := cmp.Diff(indent(tree(t, doc)), indent(tree(t, out))); d != "" {
			t.Errorf("%s: written again it became other content:\n%s", name, d)
		}
		if d := cmp.Diff(b, decode(t, out)); d != "" {
			t.Errorf("%s: read again:\n%s", name, d)
		}
	}
}

func TestForeignBillIsUnderstood(t *testing.T) {
	doc, err := os.ReadFile("testdata/foreign-ai.json")
	if err != nil {
		t.Fatal(err)
	}
	b := decode(t, doc)
	got := strings.TrimSpace(fmt.Sprintln(string(b.Kind), b.Name, b.Model.Task.Value, b.Model.Architecture.Value, b.Model.Producer.Value, b.Model.Licences[0].Value, b.Datasets[0].Name.Value,
		b.Datasets[0].Use, b.Software[0].Name.Value, b.Files[0].Name, b.Files[0].Role, b.Lineage[0].Name.Value, b.Model.Energy[0].Value, b.Tool))
	const want = "model classifier vision transformer Example MIT pictures train torch w.bin weights parent training: 3.50 kWh generator"
	if got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	b.Model.Task.Value = "changed"
	b.Software = slices.Insert(b.Software, 0, bom.Software{Name: bom.Field{Value: "new", Confidence: bom.Declared}})
	again := decode(t, encode(t, b))
	if again.Model.Task.Value != "changed" || len(again.Software) != 2 || !bytes.Contains(encode(t, b), []byte(`"https://example.org/x#torch"`)) {
		t.Errorf("a change was lost: %+v", again)
	}
	b.Software = nil
	out := encode(t, b)
	if !bytes.Contains(out, []byte("picket:kept:spdx#/@graph/=https:~1~1example.org~1x#torch/software_homePage")) {
		t.Errorf("a part without a place was lost:\n%s", out)
	}
}

func TestPartsOfOtherFormsTravel(t *testing.T) {
	b, err := cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"application","name":"x"}},
		"services":[{"name":"s"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, encode(t, b))
	if d := cmp.Diff(b.Kept, got.Kept, cmp.Transformer("text", func(m json.RawMessage) string { return string(m) })); d != "" || len(b.Kept) == 0 {
		t.Errorf("kept: %s", d)
	}
	var back bytes.Buffer
	if err := cyclonedx.Encode(&back, got, cyclonedx.V1_6); err != nil || !strings.Contains(back.String(), `"services": [`) {
		t.Errorf("%v\n%s", err, back.String())
	}
}

func TestBillsOfRepositories(t *testing.T) {
	valid := schema(t)
	for name, raw := range testkit.Samples(t, "../testdata/*.json", 9) {
		b, err := bom.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		want, err := document.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		doc := encode(t, b)
		if d := same(want, decode(t, doc)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if err := validate(valid, doc); err != nil {
			t.Errorf("%s: %.2000s", name, err)
		}
	}
}
