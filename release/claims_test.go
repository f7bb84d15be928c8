package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
)

// TestClaimsOfAReleaseCount: a gate that trusts the key of the release counts every claim, about the folder, about an archive
// that was downloaded alone, and about the program that was unpacked from it.
func TestClaimsOfAReleaseCount(t *testing.T) {
	private, public := keys(t)
	dir := newRelease(t, tiny(t), "--private-key", private)
	const stem = "picket_v1.2.3_linux_amd64"
	program := filepath.Join(t.TempDir(), "picket")
	if err := os.WriteFile(program, untar(t, filepath.Join(dir, stem+".tar.gz"))[stem+"/picket"], 0o755); err != nil {
		t.Fatal(err)
	}
	root := &trust.Root{}
	if err := root.Add("release", readPublic(t, public)); err != nil {
		t.Fatal(err)
	}
	folder, err := hashRelease(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		content *evidence.Manifest
		file    string
		kinds   []string
	}{
		"the folder":  {folder, evidence.ClaimsFile, []string{"provenance"}},
		"an archive":  {hashOne(t, filepath.Join(dir, stem+".tar.gz")), stem + ".tar.gz." + evidence.ClaimsFile, []string{"provenance"}},
		"the program": {hashOne(t, program), stem + "." + evidence.ClaimsFile, []string{"bom", "provenance"}},
	} {
		set := claim.Gather(claimstore.Entries(filepath.Join(dir, tt.file), tt.file), claim.Options{Authority: root, Content: tt.content, Now: time.Now()})
		var kinds []string
		for _, c := range set.Claims {
			if !c.Counts() {
				t.Errorf("%s: %s does not count: %v", name, c.Source, c.Failure)
			}
			kinds = append(kinds, c.Kind.Name)
		}
		if !slices.Equal(kinds, tt.kinds) {
			t.Errorf("%s has claims of the kinds %q, want %q", name, kinds, tt.kinds)
		}
	}
}

// hashOne hashes a single file.
func hashOne(t *testing.T, name string) *evidence.Manifest {
	t.Helper()
	m, err := evidence.HashFile(t.Context(), os.DirFS(filepath.Dir(name)), filepath.Base(name), evidence.Options{Name: filepath.Base(name)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// readPublic reads a public key.
func readPublic(t *testing.T, name string) *evidence.PublicKey {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	key, err := evidence.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
