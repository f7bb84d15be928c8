package evidence

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/picketsec/picket/internal/testkit"
)

// newKey makes a key for a test.
func newKey(t testing.TB, c Curve) *PrivateKey {
	t.Helper()
	k, err := GenerateKey(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tree is a file system in memory.
func tree(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

// sample is a small model whose names the specification and the Python tool put in different orders.
func sample() map[string]string {
	return map[string]string{
		"x/a": "one\n", "x-b": "two\n", "x.c": "three\n", "x/b/c": "", "config.json": "{}", ".hidden": "h",
		"ü/ñ name.bin": "unicode",
	}
}

// manifestOf makes the manifest of files in memory.
func manifestOf(t testing.TB, files map[string]string) *Manifest {
	t.Helper()
	m, err := HashTree(context.Background(), tree(files), Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// signed makes the bundle of files in memory.
func signed(t testing.TB, files map[string]string, key *PrivateKey) []byte {
	t.Helper()
	b, err := SignModel(context.Background(), manifestOf(t, files), key)
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, b)
}

func encoded(t testing.TB, b *Bundle) []byte {
	t.Helper()
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// accepted reports whether content passes as what the bundle signed.
func accepted(content Tree, bundle []byte, key *PublicKey, opts Options) (bool, error) {
	sig, err := VerifyModel(bundle, key)
	if err != nil {
		return false, err
	}
	m, err := HashTree(context.Background(), content, sig.Options(opts))
	if err != nil {
		return false, err
	}
	return len(sig.Compare(m)) == 0, nil
}

// write puts files on disk.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// onDisk opens a directory as a tree.
func onDisk(t testing.TB, dir string) Tree {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	content, ok := root.FS().(Tree)
	if !ok {
		t.Fatal("os.Root.FS does not read links")
	}
	return content
}

func TestSignAndVerify(t *testing.T) {
	for _, c := range []Curve{P256, P384, P521} {
		key := newKey(t, c)
		bundle := signed(t, sample(), key)
		if ok, err := accepted(tree(sample()), bundle, key.Public(), Options{}); !ok {
			t.Errorf("%s: our own bundle is refused: %v", c, err)
		}
		if _, err := VerifyModel(bundle, newKey(t, c).Public()); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: another key is accepted: %v", c, err)
		}
	}
}

func TestTamperedContentIsRefused(t *testing.T) {
	key := newKey(t, P256)
	bundle := signed(t, sample(), key)
	edits := map[string]func(m map[string]string){
		"change":            func(m map[string]string) { m["x/a"] = "One\n" },
		"append":            func(m map[string]string) { m["x/a"] += "\x00" },
		"truncate":          func(m map[string]string) { m["x.c"] = "thre" },
		"empty":             func(m map[string]string) { m["x.c"] = "" },
		"fill the empty":    func(m map[string]string) { m["x/b/c"] = " " },
		"add":               func(m map[string]string) { m["evil.pkl"] = "x" },
		"add empty":         func(m map[string]string) { m["__init__.py"] = "" },
		"add hidden":        func(m map[string]string) { m[".z"] = "x" },
		"add deep":          func(m map[string]string) { m["x/b/d/e/f"] = "x" },
		"add git elsewhere": func(m map[string]string) { m["x/.git/hooks/y"] = "x" },
		"add second sig":    func(m map[string]string) { m["x/model.sig"] = "x" },
		"add nested claims": func(m map[string]string) { m["x/claims.jsonl"] = "x" },
		"delete":            func(m map[string]string) { delete(m, "config.json") },
		"delete the empty":  func(m map[string]string) { delete(m, "x/b/c") },
		"rename":            func(m map[string]string) { m["x.d"] = m["x.c"]; delete(m, "x.c") },
		"rename keeping order": func(m map[string]string) {
			m["configs.json"] = m["config.json"]
			delete(m, "config.json")
		},
		"move":       func(m map[string]string) { m["x/b/a"] = m["x/a"]; delete(m, "x/a") },
		"copy":       func(m map[string]string) { m["x/a2"] = m["x/a"] },
		"swap":       func(m map[string]string) { m["x/a"], m["x-b"] = m["x-b"], m["x/a"] },
		"case":       func(m map[string]string) { m["Config.json"] = m["config.json"]; delete(m, "config.json") },
		"unicode":    func(m map[string]string) { m["u\u0308/ñ name.bin"] = m["ü/ñ name.bin"]; delete(m, "ü/ñ name.bin") },
		"sig folder": func(m map[string]string) { m["model.sig/evil.pkl"] = "x" },
		"claims dir": func(m map[string]string) { m["claims.jsonl/evil.pkl"] = "x" },
		"everything": func(m map[string]string) { clear(m) },
	}
	for name, edit := range edits {
		files := sample()
		edit(files)
		if maps.Equal(files, sample()) {
			t.Fatalf("%s changes nothing", name)
		}
		if ok, _ := accepted(tree(files), bundle, key.Public(), Options{}); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestNamesOutsideTheDigest: the claims themselves and git's names at the root may come and go.
func TestNamesOutsideTheDigest(t *testing.T) {
	key := newKey(t, P256)
	bundle := signed(t, sample(), key)
	files := sample()
	for _, name := range []string{"model.sig", "claims.jsonl", ".git/HEAD", ".gitignore", ".gitattributes", ".github/x"} {
		files[name] = "x"
	}
	if ok, err := accepted(tree(files), bundle, key.Public(), Options{}); !ok {
		t.Errorf("refused: %v", err)
	}
	m := manifestOf(t, files)
	if m.Digest() != manifestOf(t, sample()).Digest() {
		t.Error("the digest covers a name that it must not")
	}
	if len(m.Excluded) != 6 {
		t.Errorf("excluded: %q", m.Excluded)
	}
}

func TestFlippedBitsAreRefused(t *testing.T) {
	key := newKey(t, P256)
	files := map[string]string{"a.bin": "model", "b/c": "x"}
	bundle := signed(t, files, key)
	if ok, err := accepted(tree(files), bundle, key.Public(), Options{}); !ok {
		t.Fatalf("the untouched model is refused: %v", err)
	}
	for i := range bundle {
		for bit := range 8 {
			bent := append([]byte(nil), bundle...)
			bent[i] ^= 1 << bit
			if ok, _ := accepted(tree(files), bent, key.Public(), Options{}); ok {
				t.Errorf("bundle byte %d (%q→%q): accepted", i, bundle[i], bent[i])
			}
		}
	}
	for name, text := range files {
		for i := range len(text) {
			for bit := range 8 {
				bent := []byte(text)
				bent[i] ^= 1 << bit
				other := maps.Clone(files)
				other[name] = string(bent)
				if ok, _ := accepted(tree(other), bundle, key.Public(), Options{}); ok {
					t.Errorf("%s byte %d bit %d: accepted", name, i, bit)
				}
			}
		}
	}
}

func TestTruncatedBundlesAreRefused(t *testing.T) {
	key := newKey(t, P256)
	bundle := signed(t, map[string]string{"a": "b"}, key)
	for n := range bundle {
		if _, err := VerifyModel(bundle[:n], key.Public()); err == nil {
			t.Errorf("the first %d bytes are accepted", n)
		}
	}
}

func TestEmptyModelIsRefused(t *testing.T) {
	for _, files := range []map[string]string{{}, {"model.sig": "x", ".git/HEAD": "x"}} {
		if _, err := HashTree(context.Background(), tree(files), Options{}); !errors.Is(err, ErrEmpty) {
			t.Errorf("%v: %v", files, err)
		}
	}
	if _, err := SignModel(context.Background(), &Manifest{}, newKey(t, P256)); !errors.Is(err, ErrEmpty) {
		t.Errorf("sign: %v", err)
	}
}

func TestSymbolicLinks(t *testing.T) {
	cache := t.TempDir()
	blob := "blobs/" + "0123456789012345678901234567890123456789012345678901234567890123"
	write(t, cache, map[string]string{
		blob: "weights", "refs/main": "abc", "outside": "secret",
		"snapshots/abc/config.json": "{}", "snapshots/abc/sub/real": "r",
	})
	repo := onDisk(t, cache)
	content, err := fs.Sub(repo, "snapshots/abc")
	if err != nil {
		t.Fatal(err)
	}
	model := content.(Tree)
	dir := filepath.Join(cache, "snapshots/abc")
	hashed := func(allow bool) (*Manifest, error) {
		return HashTree(context.Background(), model, Options{AllowSymlinks: allow})
	}
	for _, tt := range []struct {
		link, target string
		good         bool
	}{
		{"inside", "config.json", true},
		{"sub/up", "../config.json", true},
		{"model.bin", "../../" + blob, true},
		{"sub/model.bin", "../../../" + blob, true},
		{"escape", "../../outside", false},
		{"refs", "../../refs/main", false},
		{"absolute", filepath.Join(cache, blob), false},
		{"far", "/etc/hostname", false},
		{"broken", "nothing", false},
		{"dir", "sub", false},
		{"loop", "loop", false},
		{"not-a-blob", "../../blobs/../outside", false},
	} {
		p := filepath.Join(dir, tt.link)
		if err := os.Symlink(tt.target, p); err != nil {
			t.Fatal(err)
		}
		if _, err := hashed(false); err == nil {
			t.Errorf("%s: followed without permission", tt.link)
		}
		m, err := hashed(true)
		if (err == nil) != tt.good {
			t.Errorf("%s -> %s: %v", tt.link, tt.target, err)
		}
		if err == nil && (len(m.Resources) != 3 || !m.linked) {
			t.Errorf("%s: %v", tt.link, m.Resources)
		}
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnhashableNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"good": "x"})
	if err := os.WriteFile(filepath.Join(dir, "bad\xff"), nil, 0o644); err != nil {
		testkit.Missing(t, "this file system takes no such name: %v", err)
	}
	if _, err := HashTree(context.Background(), onDisk(t, dir), Options{}); err == nil {
		t.Error("a name that no JSON can hold is accepted")
	}
}

func TestCancelledHashing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := HashTree(ctx, tree(sample()), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
