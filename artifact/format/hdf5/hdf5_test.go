package hdf5_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// description is what testdata/describe.py, and describe below, say about a file: sorted lines.
type description struct{ Links, Attributes, Datasets []string }

// line writes a row as JSON.
func line(row ...any) string {
	b, err := json.Marshal(row)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// describe reads a file as the script does.
func describe(t testing.TB, content []byte) description {
	t.Helper()
	f, err := hdf5.Open(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var d description
	err = f.Walk(context.Background(), hdf5.Visitor{
		Link: func(l hdf5.Link) error {
			kind := map[hdf5.LinkKind]string{hdf5.Hard: "HardLink", hdf5.Soft: "SoftLink", hdf5.External: "ExternalLink"}[l.Kind]
			d.Links = append(d.Links, line(l.Object, l.Name, kind, l.Target, l.File))
			return nil
		},
		Attribute: func(a hdf5.Attribute) error {
			d.Attributes = append(d.Attributes, line(a.Object, a.Name, elements(t, f, a)))
			return nil
		},
		Dataset: func(s *hdf5.Dataset) error {
			d.Datasets = append(d.Datasets, dataset(t, f, s))
			return nil
		},
		Broken: func(path string, err error) error { t.Errorf("%s: %v", path, err); return nil },
	})
	if err != nil {
		t.Error(err)
	}
	d.sort()
	return d
}

// sort puts the lines in order.
func (d *description) sort() {
	for _, list := range [][]string{d.Links, d.Attributes, d.Datasets} {
		slices.Sort(list)
	}
}

// elements are the elements of an attribute in hexadecimal digits; nil for what the script leaves out.
func elements(t testing.TB, f *hdf5.File, a hdf5.Attribute) []string {
	if a.Space.Null || a.Type.Class == hdf5.Variable && !a.Type.Text || a.Type.Class == hdf5.Compound || a.Type.Class == hdf5.Reference {
		return nil
	}
	n, _ := a.Space.Elements()
	list := make([]string, 0, n)
	if a.Type.Class == hdf5.Variable {
		list = make([]string, n)
	}
	_, err := a.Values(f, 1<<20, func(v hdf5.Value) error {
		b, err := v.Blob.ReadRange(0, v.Blob.Size())
		if a.Type.Class == hdf5.Variable {
			list[slices.Index(list, "")] = hex.EncodeToString(b)
		} else {
			list = append(list, hex.EncodeToString(b))
		}
		return err
	})
	if err != nil {
		t.Errorf("%s@%s: %v", a.Owner, a.Name, err)
	}
	return list[:n]
}

// dataset is the line for a dataset.
func dataset(t testing.TB, f *hdf5.File, d *hdf5.Dataset) string {
	stored := int64(0)
	if err := f.Pieces(d, func(p hdf5.Piece) error { stored += p.Length; return nil }); err != nil {
		t.Errorf("%s: %v", d.Path, err)
	}
	files, mappings, filters, dims := []string{}, [][]string{}, []uint16{}, append([]uint64{}, d.Space.Dims...)
	for _, e := range d.External {
		files = append(files, e.Name)
	}
	for _, m := range d.Mappings {
		mappings = append(mappings, []string{m.File, m.Dataset})
	}
	for _, filter := range d.Filters {
		filters = append(filters, filter.ID)
	}
	if len(files)+len(mappings) > 0 {
		stored = -1
	}
	size := d.Type.Size
	if d.Type.Class == hdf5.Variable || d.Type.Class == hdf5.Compound || d.Type.Class == hdf5.String {
		size = 0
	}
	return line(d.Object, dims, size, d.Storage, filters, files, mappings, stored)
}

// described reads a line of the script.
func described(t testing.TB, out []byte) description {
	t.Helper()
	var rows struct{ Links, Attributes, Datasets [][]any }
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber()
	if err := dec.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	var want description
	for _, r := range rows.Links {
		want.Links = append(want.Links, line(r...))
	}
	for _, r := range rows.Attributes {
		want.Attributes = append(want.Attributes, line(r...))
	}
	for _, r := range rows.Datasets {
		want.Datasets = append(want.Datasets, line(r...))
	}
	want.sort()
	return want
}

// samples are the files of the folder that real writers made.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.h5")
	if err != nil || len(names) < 3 {
		t.Fatalf("%d samples: %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = content
	}
	return all
}

// generate writes larger files than the folder has.
func generate(t testing.TB, python string) map[string][]byte {
	t.Helper()
	folder, all := t.TempDir(), map[string][]byte{}
	for _, writer := range []string{python, "/usr/bin/python3"} {
		if out, err := exec.CommandContext(t.Context(), writer, "testdata/generate.py", folder, strconv.Itoa(len(writer)), "full").CombinedOutput(); err != nil {
			testkit.Missing(t, "%s cannot write HDF5 files (make setup installs h5py): %s", writer, out)
		}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.h5"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// compare holds what is read of files against what the reference library reads.
func compare(t *testing.T, python string, contents map[string][]byte) {
	t.Helper()
	folder, names, paths := t.TempDir(), slices.Sorted(maps.Keys(contents)), []string{"testdata/describe.py"}
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, contents[name], 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	out, err := exec.CommandContext(t.Context(), python, paths...).CombinedOutput()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err != nil || len(lines) != len(names) {
		t.Fatalf("%d files: %v: %s", len(names), err, out[max(0, len(out)-2000):])
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(described(t, lines[i]), describe(t, contents[name])); diff != "" {
				t.Errorf("(-h5py +picket):\n%s", diff)
			}
		})
	}
}

func TestAgreesWithTheReferenceLibrary(t *testing.T) {
	python := testkit.Venv(t, filepath.Join("..", "tensorflow", "bin", "python"))
	all := samples(t)
	maps.Copy(all, generate(t, python))
	compare(t, python, all)
}

func TestHostileFilesAreAcceptedByTheReferenceLibrary(t *testing.T) {
	python := testkit.Venv(t, filepath.Join("..", "tensorflow", "bin", "python"))
	refused := []string{"hdf5-broken-before.h5", "hdf5-chunk-bomb.h5", "hdf5-continues.h5", "hdf5-cut.h5", "hdf5-header-length.h5",
		"hdf5-link-name-length.h5", "hdf5-plugin-link.h5", "hdf5-root-outside.h5", "hdf5-superblock-unknown.h5", "hdf5-virtual-unknown.h5",
		"hdf5-deep.h5", "hdf5-shared-index.h5"} // the last two are refused here only
	contents := map[string][]byte{}
	for _, s := range hostile.Samples() {
		model := strings.HasPrefix(s.Group, "keras") && strings.HasSuffix(s.Name, ".h5")
		if !strings.HasPrefix(s.Group, "hdf5") && !model || slices.Contains(refused, s.Name) {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		contents[s.Name] = content
	}
	if len(contents) < 35 {
		t.Errorf("%d samples", len(contents))
	}
	compare(t, python, contents)
}
