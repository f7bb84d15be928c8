package h2omojo_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/internal/limits"
)

// members are the members of models that H2O wrote, by the name of the model and their own.
func members(t testing.TB) map[string]map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.zip")
	if err != nil || len(names) < 3 {
		t.Fatalf("samples: %v, %v", names, err)
	}
	all := map[string]map[string][]byte{}
	for _, name := range names {
		archive, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		one := map[string][]byte{}
		for _, f := range archive.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if one[f.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
			_ = r.Close()
		}
		_ = archive.Close()
		all[filepath.Base(name)] = one
	}
	return all
}

// read reads a description.
func read(text string) (h2omojo.Model, []h2omojo.Text, error) {
	var lines []h2omojo.Text
	m, err := h2omojo.Read(strings.NewReader(text), limits.NewBudget(limits.Default()), func(t h2omojo.Text) error {
		lines = append(lines, t)
		return nil
	})
	return m, lines, err
}

func TestModelsOfH2O(t *testing.T) {
	trees := 0
	for name, files := range members(t) {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !(h2omojo.Format{}).Match(format.Probe{Head: content, Tail: content, Size: int64(len(content)), Blob: format.BytesBlob(content)}) {
			t.Errorf("%s is not recognised", name)
		}
		m, _, err := read(string(files["model.ini"]))
		if err != nil || m.Columns != m.Number("n_columns") || int64(len(m.Domains)) != m.Number("n_domains") || m.Columns == 0 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		for member, content := range files {
			if !h2omojo.Tree(member) {
				continue
			}
			trees++
			if err := h2omojo.CheckTree(content, m.Columns, limits.NewBudget(limits.Default())); err != nil {
				t.Errorf("%s: %s: %v", name, member, err)
			}
			for n := range content {
				if err := h2omojo.CheckTree(content[:n], m.Columns, limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
					t.Fatalf("%s: the first %d bytes of %s look whole: %v", name, n, member, err)
				}
			}
			if err := h2omojo.CheckTree(content, 0, limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s: %s in a model without columns: %v", name, member, err)
			}
		}
	}
	if trees < 6 {
		t.Errorf("only %d trees", trees)
	}
}

func TestDescription(t *testing.T) {
	m, lines, err := read("[info]\nalgo = gbm\nn_columns = 2\nalgo = drf\n\n[columns]\n[domains]\nb=c\r\n[domains]\n1: 3 d000.txt\nx: y\n")
	if err != nil || m.Info["algo"] != "drf" || m.Twice != "algo" || len(lines) < 5 || m.Number("n_columns") != 2 || m.Number("algo") != -1 {
		t.Errorf("%+v, %+v, %v", m, lines, err)
	}
	last := m.Domains[len(m.Domains)-2]
	if last.Column != 1 || last.Count != 3 || last.File != "d000.txt" {
		t.Errorf("domains %+v", m.Domains)
	}
	for _, text := range []string{"", "[info]\n", "x\n", "[info]\nno value\n", "[info]\nalgo = " + strings.Repeat("x", 2<<20)} {
		if _, _, err := read(text); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}

func TestTrees(t *testing.T) {
	one := func(left ...byte) []byte { // a node with two leaves
		b := append([]byte{0x70, 0, 0, 4, 0, 0, 0, 0}, left...)
		return append(b, make([]byte, 8)...)
	}
	deep := bytes.Repeat([]byte{0x30, 0, 0, 1, 0, 0, 0, 0}, 5000)
	for name, c := range map[string]struct {
		content []byte
		fine    bool
	}{
		"one leaf": {[]byte{0, 0xff, 0xff, 0, 0, 0x80, 0x3f}, true}, "two leaves": {one(), true}, "column": {append([]byte{0x70, 9, 0}, one()[3:]...), false},
		"left side": {append([]byte{0x40, 0, 0, 1, 7}, 0, 0xff, 0xff), false}, "long side": {binary.LittleEndian.AppendUint32([]byte{0x43, 0, 0, 1}, 1<<31), false},
		"set": {append([]byte{0x7c, 0, 0, 4, 0, 0, 9, 0, 0, 0, 1, 2}, make([]byte, 8)...), true}, "long set": {append([]byte{0x7c, 0, 0, 4, 0, 0, 0xff, 0xff, 0xff, 0xff}, make([]byte, 8)...), false},
		"deep": {deep, false}, "empty": {nil, false},
	} {
		err := h2omojo.CheckTree(c.content, 2, limits.NewBudget(limits.Default()))
		if (err == nil) != c.fine || err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for name, want := range map[string]bool{"trees/t00_000.bin": true, "trees/t00_000_aux.bin": true, "models/gbm_1/trees/t00_000.bin": true, "eigenvectors_raw": true,
		"model.ini": false, "trees/evil.pkl": false, "x.class": false, "trees/../t00_000.bin": false, "domains/d000.txt": false} {
		if got := h2omojo.Numbers(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, files := range members(f) {
		f.Add(files["model.ini"], files["trees/t00_000.bin"])
	}
	f.Fuzz(func(t *testing.T, description, tree []byte) {
		m, lines, err := read(string(description))
		again, _, err2 := read(string(description))
		if !cmp.Equal(m, again) || (err == nil) != (err2 == nil) {
			t.Fatal("two readings differ")
		}
		for _, l := range lines {
			if l.Offset < 0 || l.Offset >= int64(len(description)) {
				t.Fatalf("%+v in %d bytes", l, len(description))
			}
		}
		if err := h2omojo.CheckTree(tree, 8, limits.NewBudget(limits.Default())); err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Fatal(err)
		}
	})
}
