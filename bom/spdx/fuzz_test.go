package spdx_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/spdx"
	"github.com/picketsec/picket/internal/testkit"
)

// FuzzDecode holds that what is read can be written, that reading that again gives the same bill, and that neither the bill nor
// the document is much larger than what was read.
func FuzzDecode(f *testing.F) {
	for _, raw := range testkit.Samples(f, "testdata/foreign-*.json", 2) {
		var small bytes.Buffer // the engine is slow on large inputs
		if err := json.Compact(&small, raw); err != nil {
			f.Fatal(err)
		}
		f.Add(small.Bytes())
	}
	f.Add(encode(f, &bom.Bill{}))
	f.Add(encode(f, &bom.Bill{Kind: bom.DatasetKind, Datasets: make([]bom.Dataset, 2), Files: make([]bom.File, 1), Lineage: make([]bom.Ancestor, 1)}))
	f.Add([]byte(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"spdxId":"a:b","type":"SpdxDocument"},{"spdxId":"a:c","type":"Annotation",
		"subject":"a:b","statement":"{\"picket:value:files[0].size\":\"1\",\"picket:kept:spdx#/x\":\"1\",\"picket:kept:y\":\"1\",\"picket:length:files\":\"0\"}"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := spdx.Decode(bytes.NewReader(doc))
		if err != nil {
			return
		}
		held := 0
		for place, part := range b.Kept {
			held += len(place) + len(part)
		}
		if held > 400*len(doc)+1<<16 {
			t.Fatalf("%d bytes are kept of %d", held, len(doc))
		}
		out := encode(t, b)
		if !json.Valid(out) || len(out) > 400*len(doc)+1<<16 {
			t.Fatalf("%d bytes became %d:\n%s", len(doc), len(out), out)
		}
		if d := cmp.Diff(b, decode(t, out)); d != "" {
			t.Fatalf("%s\nof %s\nbecame %s", d, doc, out)
		}
		if _, err := spdx.Decode(bytes.NewReader(out)); err != nil {
			t.Fatal(err)
		}
	})
}
