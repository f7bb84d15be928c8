package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/picketsec/picket/internal/testkit/hostile"
)

// The committed examples must be what the generator makes, or their description is of something else.
func TestCommittedExamplesAreTheGeneratorsSamples(t *testing.T) {
	samples := map[string]hostile.Sample{}
	for _, s := range hostile.Samples() {
		samples[s.Name] = s
	}
	for name, sample := range exampleSamples {
		s, ok := samples[sample]
		if !ok {
			t.Errorf("%s: there is no sample %s", name, sample)
			continue
		}
		want, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "examples", "models", filepath.FromSlash(name)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs from %s (%v); go run ./bench/corpus --examples examples/models writes it anew", name, sample, err)
		}
	}
}

func TestHostileCorpusHasAManifestOfItsFiles(t *testing.T) {
	out := t.TempDir()
	if err := generate(t.Context(), out, "hostile", "no-such-environment"); err != nil {
		t.Fatal(err)
	}
	entries, err := readManifest(filepath.Join(out, "manifest.jsonl"))
	if err != nil || len(entries) != len(hostile.Samples()) {
		t.Fatalf("the manifest has %d lines, %v; want one for each of the %d samples", len(entries), err, len(hostile.Samples()))
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(e.Path)))
		if err != nil || sum(content) != e.SHA256 || e.Kind != "hostile" || e.Group == "" {
			t.Errorf("%s is not what the manifest says (%v)", e.Path, err)
		}
	}
	kept, err := keep(out, "benign")
	if err != nil || len(kept) != len(entries) {
		t.Errorf("writing the benign part keeps %d lines of the hostile one, %v; want %d", len(kept), err, len(entries))
	}
}
