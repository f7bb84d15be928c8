package evidence_test

import (
	"testing"
	"testing/fstest"

	"github.com/picketsec/picket/evidence"
)

// TestDirHash follows the definition by hand: the SHA-256 of the sorted list that sha256sum prints.
func TestDirHash(t *testing.T) {
	for _, tt := range []struct{ name, other, want string }{
		{"b", "a/c", "313096fedb62a20fb131238803b33f3987f5d6f48795027b9e903c4d04b1994f"},
		{"a\nb", "c", ""}, // has none by its definition
	} {
		tree := fstest.MapFS{tt.name: {Data: []byte("two\n"), Mode: 0o644}, tt.other: {Data: []byte("one\n"), Mode: 0o644}}
		m, err := evidence.HashTree(t.Context(), tree, evidence.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.DirHash(); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
	}
	file := &evidence.Manifest{File: true, Resources: []evidence.Resource{{Name: "."}}}
	if file.DirHash() != "" {
		t.Error("a single file has a directory digest")
	}
}
