package bom_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/evidence"
)

var update = flag.Bool("update", false, "write the golden bills anew")

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// build makes the bill of a folder in memory.
func build(t testing.TB, fsys fstest.MapFS) *bom.Bill {
	t.Helper()
	return buildFrom(t, fsys, "")
}

// located makes the bill of a repository that was taken from somewhere.
func located(t testing.TB, r repository, location string) *bom.Bill {
	t.Helper()
	return buildFrom(t, r.tree(), location)
}

func buildFrom(t testing.TB, fsys fstest.MapFS, location string) *bom.Bill {
	t.Helper()
	m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bom.Build(t.Context(), bom.Input{Content: fsys, Manifest: m, Location: location, Tool: "picket", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGolden compares the bill of each kind of repository with the one that was read and found right.
func TestGolden(t *testing.T) {
	for name, r := range repositories(t) {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := bom.Encode(&got, build(t, r.tree())); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got; -update writes it anew):\n%s", diff)
			}
			back, err := bom.Decode(&got)
			if err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := bom.Encode(&again, back); err != nil || again.String() != string(want) {
				t.Errorf("what was read and written again differs: %v", err)
			}
		})
	}
}
