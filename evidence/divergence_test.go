package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The Python tool, the specification and other implementations differ in these points. Each test says what holds here; the
// tests of releases_test.go show the same with the real tool.

// formed signs content in a form and returns the verified signature and the names in the order in which they are signed.
func formed(t *testing.T, files map[string]string, form Form) (*ModelSignature, []string, *Manifest) {
	t.Helper()
	m, err := HashTree(context.Background(), tree(files), Options{Name: "model", Also: []Serialization{form.Serialization}})
	if err != nil {
		t.Fatal(err)
	}
	statement, err := ModelStatement(m, form)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := ModelPayload(statement)
	if err != nil {
		t.Fatalf("%v in %s", err, statement)
	}
	var names []string
	for _, r := range sig.Resources {
		names = append(names, r.Name)
	}
	return sig, names, m
}

func TestDivergence1Order(t *testing.T) {
	files := map[string]string{"a/b": "1", "a-b": "2", "a.c": "3"}
	spec, names, m := formed(t, files, Form{})
	if !slices.Equal(names, []string{"a-b", "a.c", "a/b"}) || spec.Root != m.Digest() {
		t.Errorf("specification: %q, root %s", names, spec.Root)
	}
	python, names, m := formed(t, files, Form{Python: true})
	if !slices.Equal(names, []string{"a/b", "a-b", "a.c"}) || python.Root != m.PythonDigest() || python.Root == spec.Root {
		t.Errorf("Python: %q, root %s", names, python.Root)
	}
	for _, sig := range []*ModelSignature{spec, python} {
		if diffs := sig.Compare(m); len(diffs) != 0 {
			t.Errorf("an order is refused: %v", diffs)
		}
	}
}

func TestDivergence2OrderOfShards(t *testing.T) {
	files := map[string]string{"w": "0123456789abcdefghijklmno"}
	s := Serialization{Hash: HashSHA256, ShardSize: 5}
	spec, names, m := formed(t, files, Form{Serialization: s})
	if !slices.Equal(names, []string{"w:0:5", "w:10:15", "w:15:20", "w:20:25", "w:5:10"}) {
		t.Errorf("specification: %q", names)
	}
	python, names, _ := formed(t, files, Form{Serialization: s, Python: true})
	if !slices.Equal(names, []string{"w:0:5", "w:5:10", "w:10:15", "w:15:20", "w:20:25"}) || python.Root == spec.Root {
		t.Errorf("Python: %q", names)
	}
	if a, b := spec.Compare(m), python.Compare(m); len(a)+len(b) != 0 {
		t.Errorf("an order is refused: %v, %v", a, b)
	}
}

func TestDivergence3SingleFile(t *testing.T) {
	for _, s := range []Serialization{{}, {Hash: HashBLAKE3}, {ShardSize: 4}} {
		m, err := HashFile(context.Background(), tree(map[string]string{"m.bin": "weights"}), "m.bin", Options{Name: "m.bin", Also: []Serialization{s}})
		if err != nil {
			t.Fatal(err)
		}
		for python, want := range map[bool]string{false: "m.bin", true: "."} {
			statement, err := ModelStatement(m, Form{Serialization: s, Python: python})
			if err != nil {
				t.Fatal(err)
			}
			sig, err := ModelPayload(statement)
			if err != nil {
				t.Fatal(err)
			}
			if path, _, _, _ := s.splitName(sig.Resources[0].Name); path != want {
				t.Errorf("%s: %q, want %q", s, path, want)
			}
			if diffs := sig.Compare(m); len(diffs) != 0 || len(sig.Unsigned) != 0 {
				t.Errorf("%s: %v, unsigned %q", s, diffs, sig.Unsigned)
			}
			// The file under that name in a folder is other content.
			folder, err := HashTree(context.Background(), tree(map[string]string{"m.bin": "weights", "x": ""}), Options{Also: []Serialization{s}})
			if err != nil {
				t.Fatal(err)
			}
			if diffs := sig.Compare(folder); s.ShardSize == 0 && len(diffs) == 0 {
				t.Errorf("%s: a folder passes as the file", s)
			}
		}
	}
}

func TestDivergence4ShardSizeIsANumber(t *testing.T) {
	m, err := HashTree(context.Background(), tree(cut()), Options{Also: []Serialization{{ShardSize: 8}}})
	if err != nil {
		t.Fatal(err)
	}
	statement, err := ModelStatement(m, Form{Serialization: Serialization{ShardSize: 8}, Python: true})
	if err != nil || !bytes.Contains(statement, []byte(`"shard_size":8,`)) {
		t.Fatalf("%v in %s", err, statement)
	}
	for text, want := range map[string]bool{
		"8": true, "8.0": true, "8e0": true, "0.8e1": true, "8.5": false, "0": false, "-8": false, "1e99": false, "null": false, `"x"`: false,
		"9": false, // the signed ranges are not of that size
	} {
		sig, err := ModelPayload(bytes.Replace(statement, []byte(`"shard_size":8,`), []byte(`"shard_size":`+text+`,`), 1))
		if (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil && len(sig.Compare(m)) != 0 {
			t.Errorf("%s: %v", text, sig.Compare(m))
		}
	}
}

func TestDivergence5NamesOfBLAKE2(t *testing.T) {
	form := Form{Serialization: Serialization{Hash: HashBLAKE2b}}
	_, _, m := formed(t, cut(), form)
	for python, want := range map[bool]string{false: `"hash_type":"blake2b"`, true: `"hash_type":"blake2"`} {
		form.Python = python
		statement, err := ModelStatement(m, form)
		if err != nil || !bytes.Contains(statement, []byte(want)) || !bytes.Contains(statement, []byte(`"algorithm":"blake2b"`)) {
			t.Errorf("%v in %s", err, statement)
		}
		sig, err := ModelPayload(statement)
		if err != nil || len(sig.Compare(m)) != 0 {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestDivergence6EmptyModel(t *testing.T) {
	m, err := HashTree(context.Background(), tree(map[string]string{"__init__.py": ""}), Options{Also: []Serialization{{ShardSize: 8}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ModelStatement(m, Form{Serialization: Serialization{ShardSize: 8}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("shards of nothing but empty files: %v", err)
	}
	statement, err := ModelStatement(m, Form{})
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(statement, []byte(`"resources":[`)) + len(`"resources":[`)
	if _, err := ModelPayload(append(slices.Clone(statement[:i]), "]}}"...)); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty list: %v", err)
	}
}

func TestDivergence7Colons(t *testing.T) {
	files := map[string]string{"a:b": "0123456789", "a:1:2": "x", ":": "y"}
	form := Form{Serialization: Serialization{ShardSize: 8}}
	sig, names, m := formed(t, files, form)
	if want := []string{":" + ":0:1", "a:1:2:0:1", "a:b:0:8", "a:b:8:10"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if diffs := sig.Compare(m); len(diffs) != 0 || sig.Files() != 3 {
		t.Errorf("%v in %d files", diffs, sig.Files())
	}
	form.Python = true
	if _, err := ModelStatement(m, form); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "colon") {
		t.Errorf("for the Python tool, which cannot read it: %v", err)
	}
}

// TestDivergence8NothingLeaks: what one signature leaves out is not left out for the next one.
func TestDivergence8NothingLeaks(t *testing.T) {
	key := newKey(t, P256)
	payload := payloadOf(t, signed(t, map[string]string{"w": "1"}, key))
	lax, err := ModelPayload([]byte(strings.Replace(payload, `"ignore_paths":[`, `"ignore_paths":["planted.py",`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	strict, err := ModelPayload([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Ignore: []string{"w2"}, GitNames: true}
	before, err := json.Marshal([]any{opts.Ignore, opts.GitNames, len(opts.Also)})
	if err != nil {
		t.Fatal(err)
	}
	lax.Options(opts)
	if after, err := json.Marshal([]any{opts.Ignore, opts.GitNames, len(opts.Also)}); err != nil || string(after) != string(before) {
		t.Errorf("options changed from %s to %s: %v", before, after, err)
	}
	planted := manifestOf(t, map[string]string{"w": "1", "planted.py": "x"})
	if diffs := lax.Compare(planted); len(diffs) != 1 || diffs[0].Kind != Unsigned {
		t.Errorf("its own signature: %v", diffs)
	}
	if diffs := strict.Compare(planted); len(diffs) != 1 || diffs[0].Kind != Extra {
		t.Errorf("another signature: %v", diffs)
	}
}

func TestDivergence9SignedIgnoreLists(t *testing.T) {
	m, err := HashTree(context.Background(), tree(map[string]string{"w.bin": "1", "code/a.py": "x"}), Options{Ignore: []string{"code", "later.py"}})
	if err != nil {
		t.Fatal(err)
	}
	statement, err := ModelStatement(m, Form{})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := ModelPayload(statement)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"code", "later.py"}; !slices.Equal(sig.Exempt(), want) {
		t.Errorf("exempt %q, want %q", sig.Exempt(), want)
	}
	found := manifestOf(t, map[string]string{"w.bin": "1", "code/a.py": "y", "later.py": "z"})
	if diffs := sig.Compare(found); len(diffs) != 2 || diffs[0].Kind != Unsigned || diffs[1].Kind != Unsigned {
		t.Errorf("differences: %v", diffs)
	}
	if want := []string{"code/a.py", "later.py"}; !slices.Equal(sig.Unsigned, want) || KindOfName(sig.Unsigned[0]) != "code" {
		t.Errorf("unsigned %q, want %q", sig.Unsigned, want)
	}
}

func TestDivergence10LinksNeedTheVerifier(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"real": "x", "folder/a": "y"})
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	m := hashDisk(t, dir, Options{AllowSymlinks: true})
	statement, err := ModelStatement(m, Form{})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := ModelPayload(statement)
	if err != nil || !sig.AllowSymlinks {
		t.Fatalf("links allowed %v: %v", sig.AllowSymlinks, err)
	}
	if _, err := HashTree(context.Background(), onDisk(t, dir), sig.Options(Options{})); err == nil || !strings.Contains(err.Error(), "--allow-symlinks") {
		t.Errorf("the signature made us follow a link: %v", err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for _, opts := range []Options{{AllowSymlinks: true}, {AllowSymlinks: true, SkipLinkedFolders: true}} {
		if _, err := HashTree(context.Background(), onDisk(t, dir), opts); err == nil || !strings.Contains(err.Error(), "outside of the tree") {
			t.Errorf("a link out of the root: %v", err)
		}
	}
}
