package claim

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// -update-schemas writes docs/reference/NAME-v1.schema.json anew.
var updateSchemas = flag.Bool("update-schemas", false, "write the schemas of docs/reference")

func schemaFile(k Kind) string {
	return filepath.Join("..", "..", "docs", "reference", k.Name+"-v1.schema.json")
}

// TestSchemasArePublished keeps docs/reference in step with the code.
func TestSchemasArePublished(t *testing.T) {
	for _, k := range Kinds() {
		want, err := k.JSONSchema()
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			continue
		}
		if *updateSchemas {
			if err := os.WriteFile(schemaFile(k), want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(schemaFile(k))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the code says (%v); run go test ./evidence/claim -update-schemas", schemaFile(k), err)
		}
	}
}

// verdicts are what the schema and the reader say about a predicate.
func verdicts(t *testing.T, k Kind, schema *jsonschema.Schema, doc any) (bySchema, byReader error) {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	// Not Parse: what contradicts itself is for the reader alone.
	return schema.Validate(tree), strict(text, reflect.New(k.shape).Interface())
}

// TestSchemaAndReaderAgree: what is written validates; without any field that a schema demands, with any field that it does not
// have, and with a value of another type anywhere, both refuse it.
func TestSchemaAndReaderAgree(t *testing.T) {
	for _, typ := range slices.Sorted(maps.Keys(samples())) {
		k, st := written(t, typ)
		if k.shape == nil {
			continue
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		schema, err := compiler.Compile(schemaFile(k))
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(st.Predicate, &doc); err != nil {
			t.Fatal(err)
		}
		if bySchema, byReader := verdicts(t, k, schema, doc); bySchema != nil || byReader != nil {
			t.Fatalf("%s: %v; %v", k.Name, bySchema, byReader)
		}
		changed := 0
		mutate(doc, func(what string) {
			bySchema, byReader := verdicts(t, k, schema, doc)
			if bySchema != nil && byReader == nil || bySchema == nil && byReader != nil {
				t.Errorf("%s, %s: the schema says %v, the reader %v", k.Name, what, bySchema, byReader)
			}
			if bySchema != nil {
				changed++
			}
		})
		if changed < 15 {
			t.Errorf("%s: only %d changes were refused", k.Name, changed)
		}
	}
}

// mutate changes one place of a document at a time, calls visit, and changes it back.
func mutate(v any, visit func(what string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			old := v[name]
			delete(v, name)
			visit("without " + name)
			v[string(name[0]-32)+name[1:]] = old
			visit(name + " in another case")
			delete(v, string(name[0]-32)+name[1:])
			for _, other := range []any{nil, "", "x", 1.0, -1.0, 1e30, true, []any{}, map[string]any{}, "2026-11-21", "2026-02-30T00:00:00Z"} {
				v[name] = other
				visit(name + " of another type")
			}
			v[name] = old
			mutate(old, visit)
		}
		v["extra"] = 1
		visit("with an extra field")
		delete(v, "extra")
	case []any:
		for i, old := range v {
			v[i] = nil
			visit("a null in a list")
			v[i] = old
			mutate(old, visit)
		}
	}
}
