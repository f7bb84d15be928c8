package trust

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// everything is a root with every field that there is.
func everything(t testing.TB) (*project, *Definition) {
	t.Helper()
	vs, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t, "a", "b", "old")
	p.files["ca.pem"] = &fstest.MapFile{Data: pki.NewRoot(t, "ca").PEM()}
	p.files["trusted_root.json"] = &fstest.MapFile{Data: instance(t, vs)}
	p.must(t, identities(
		"  - {name: a, key: {file: keys/a.pub}, may: [all, transfer], from: 2026-01-01, until: 2027-01-01, replaces: old}",
		"  - {name: old, key: {file: keys/old.pub}, may: [bom], revoked: {at: 2026-01-02T03:04:05Z, reason: 'rotation: <b> & \"c\"'}}",
		"  - {name: b, key: {file: keys/b.pub}, may: []}",
		"  - {name: c, certificate: {roots: [ca.pem], subject: 'CN=c,O=Test'}, may: [approval]}",
		"  - {name: d, keyless: {issuer: 'https://i.example', identity: 'd-.*', pattern: true, sigstore: trusted_root.json}, may: [provenance]}",
	)+"timestamps: [{name: tsa, roots: [ca.pem]}]\npeople: {ann: [a, old], ben: [b]}\nseparate: [[approval, training-run], [decisions]]\n"+
		"signing: {signers: [a, b], threshold: 2, expires: 2027-06-01}\n")
	d, err := LoadDefinition(p.files, "trust.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return p, d
}

// TestStatementMatchesItsSchema keeps docs/reference in step with what is written, and writing in step with reading.
func TestStatementMatchesItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "reference", "trust-root-v1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	p, d := everything(t)
	m := &team{t, p.keys}
	var none *History
	draft, err := none.Next(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := draft.Add(m.sign(draft.Payload(), name)); err != nil {
			t.Fatal(err)
		}
	}
	history, err := draft.Finish(today)
	if err != nil {
		t.Fatal(err)
	}
	root, err := history.Root()
	if err != nil {
		t.Fatal(err)
	}
	plain := p.must(t, string(p.files["trust.yaml"].Data))
	for _, kind := range append(kinds(), KindTransfer) { // what was signed means what was written
		for _, name := range []string{"a", "old", "b", "c", "d"} {
			if got, want := root.Explain(name, kind, nil), plain.Explain(name, kind, nil); got != want {
				t.Errorf("%s\n%s", got, want)
			}
		}
	}
	if root.Person("old") != "ann" || root.Person("c") != "c" || len(root.Separate()) != 4 || len(root.clocks) != 1 {
		t.Error("something is lost by signing")
	}

	st, err := evidence.ParseStatement(draft.Payload())
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	if err := check(string(st.Predicate)); err != nil {
		t.Error(err)
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(st.Predicate, &doc); err != nil {
		t.Fatal(err)
	}
	for name, value := range doc {
		if name == "timestamps" || name == "people" {
			continue
		}
		delete(doc, name)
		if text, err := json.Marshal(doc); err != nil || check(string(text)) == nil {
			t.Errorf("the schema accepts a root without %s (%v)", name, err)
		}
		doc[name] = value
	}
	for _, change := range [][2]string{{`"number":1`, `"number":1,"extra":1`}, {`"number":1`, `"number":0`}, {`["approval"]`, `["all"]`}, {`"threshold":2`, `"threshold":0`}} {
		text := strings.Replace(string(st.Predicate), change[0], change[1], 1)
		if text == string(st.Predicate) || check(text) == nil {
			t.Errorf("the schema accepts %s", change[1])
		}
	}
}
