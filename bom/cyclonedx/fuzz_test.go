package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom/cyclonedx"
)

// FuzzDecode holds that what is read can be written, that reading that again gives the same bill, and that neither the bill nor
// the document is much larger than what was read.
func FuzzDecode(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.json")
	if err != nil || len(seeds) < 8 {
		f.Fatalf("%d seeds (%v)", len(seeds), err)
	}
	for _, name := range seeds {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var small bytes.Buffer // the engine is slow on large inputs
		if err := json.Compact(&small, raw); err != nil {
			f.Fatal(err)
		}
		if small.Len() < 6<<10 {
			f.Add(small.Bytes())
		}
	}
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"properties":[{"name":"picket:value:files[0].size","value":"1"},
		{"name":"picket:kept:cyclonedx#/x","value":"1"},{"name":"picket:kept:spdx#/x","value":"1"},{"name":"picket:length:files","value":"0"}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := cyclonedx.Decode(bytes.NewReader(doc))
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
		v := cyclonedx.V1_6
		if b.FormatVersion == "1.7" {
			v = cyclonedx.V1_7
		}
		out := encode(t, b, v)
		if !json.Valid(out) || len(out) > 400*len(doc)+1<<16 {
			t.Fatalf("%d bytes became %d:\n%s", len(doc), len(out), out)
		}
		again := decode(t, out)
		again.FormatVersion = b.FormatVersion
		if d := cmp.Diff(b, again); d != "" {
			t.Fatalf("%s\nof %s\nbecame %s", d, doc, out)
		}
	})
}
