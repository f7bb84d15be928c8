package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/evidence"
)

// TestManyFolders: more folders than are held open, and links out of their folder, hash to what they are.
func TestManyFolders(t *testing.T) {
	c := newCached(t)
	for i := range maxOpenFolders + 50 {
		c.write(fmt.Sprintf("d%03d/f", i), fmt.Sprint(i))
	}
	for link, target := range map[string]string{"d000/up": "../a.bin", "d001/across": "../d299/f", "top": "b/c.bin"} {
		if err := os.Symlink(target, filepath.Join(c.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := c.hash(cacheFlags{}, true)
	plain, ok := os.DirFS(c.dir).(evidence.Tree)
	if !ok {
		t.Fatal("os.DirFS tells no links")
	}
	want, err := evidence.HashTree(t.Context(), plain, evidence.Options{AllowSymlinks: true})
	if err != nil {
		t.Fatal(err)
	}
	if got != want.Digest() || len(want.Resources) != maxOpenFolders+55 {
		t.Errorf("%s, want %s of %d files", got, want.Digest(), len(want.Resources))
	}
}

// TestOpenFoldersStayInside: a name that leads out of the folder opens nothing, whatever was opened before.
func TestOpenFoldersStayInside(t *testing.T) {
	c := newCached(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(c.dir), "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"b/out": "../../secret", "b/absolute": "/etc/hostname", "folder": ".."} {
		if err := os.Symlink(target, filepath.Join(c.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tree := newFolderTree(root.FS().(evidence.Tree), root, ".")
	defer tree.Close()
	if _, err := tree.Open("b/c.bin"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b/out", "b/absolute", "folder/secret", "b/../../secret", "../secret", "/etc/hostname"} {
		if f, err := tree.Open(name); err == nil {
			t.Errorf("%s: opened %v", name, f)
		} else if strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%s: no message", name)
		}
	}
}
