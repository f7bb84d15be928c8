package keras_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// probe is what the engine shows of content.
func probe(content []byte) format.Probe {
	head, tail := content[:min(len(content), format.HeadSize)], content[max(0, len(content)-format.TailSize):]
	return format.Probe{Head: head, Tail: tail, Size: int64(len(content)), Blob: format.BytesBlob(content)}
}

// archive writes a zip archive of members without content.
func archive(t testing.TB, names ...string) []byte {
	t.Helper()
	var entries []rawzip.Entry
	for _, n := range names {
		entries = append(entries, rawzip.Entry{Name: n, Data: []byte("{}")})
	}
	b, err := rawzip.Archive{Entries: entries}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// models are files of the last Keras 2, by extension.
func models(t testing.TB, extension string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../../detect/model/keras/testdata/*" + extension)
	if err != nil || len(names) < 4 {
		t.Fatalf("%d models: %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, n := range names {
		if all[n], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestModelsAreRecognised(t *testing.T) {
	for extension, want := range map[string]format.Format{".keras": keras.Archive{}, ".h5": keras.H5{}, ".json": keras.Config{}} {
		for name, content := range models(t, extension) {
			for _, f := range []format.Format{keras.Archive{}, keras.H5{}, keras.Config{}} {
				if got := f.Match(probe(content)); got != (f == want) {
					t.Errorf("%s is %s: %v", name, f.Info().Name, got)
				}
			}
		}
	}
}

func TestOthersAreNot(t *testing.T) {
	plain, err := os.ReadFile("../hdf5/testdata/small-latest-0.h5")
	if err != nil {
		t.Fatal(err)
	}
	long := `{"config": {"x": "` + strings.Repeat("y", format.HeadSize) + `"}`
	many := strings.Repeat(`"word": 1,`, 10_000)
	for name, c := range map[string]struct {
		content []byte
		format  format.Format
		want    bool
	}{
		"a file of h5py":                   {plain, keras.H5{}, false},
		"an archive with a configuration":  {archive(t, "config.json", "data.txt"), keras.Archive{}, false},
		"an archive of a configuration":    {archive(t, "config.json"), keras.Archive{}, true},
		"an archive with metadata":         {archive(t, "metadata.json", "config.json"), keras.Archive{}, true},
		"an archive with weights in parts": {archive(t, "model.weights.json", "config.json"), keras.Archive{}, true},
		"an archive in a folder":           {archive(t, "a/metadata.json", "a/config.json"), keras.Archive{}, false},
		"a configuration of another kind":  {[]byte(`{"model_type": "llama", "config": {}}`), keras.Config{}, false},
		"a class":                          {[]byte(`{"class_name": "Dense", "config": {}}`), keras.Config{}, true},
		"a class behind the head":          {[]byte(long + `, "class_name": "Dense"}`), keras.Config{}, true},
		"a class in front of the head":     {[]byte(`{"class_name": "Dense", ` + long[1:] + `}`), keras.Config{}, true},
		"a class behind many members":      {[]byte(`{` + many + `"class_name": "Dense", "config": {}}`), keras.Config{}, true},
		"a class in escapes":               {[]byte(`{"\u0063lass_name": "Dense", "\u0063onfig": {}}`), keras.Config{}, true},
		"a class in UTF-16":                {[]byte("{\x00" + strings.Join(strings.Split(`"class_name":"Dense","config":1}`, ""), "\x00") + "\x00"), keras.Config{}, true},
		"UTF-16 of another kind":           {[]byte("{\x00}\x00"), keras.Config{}, false},
		"a list":                           {[]byte(`[{"class_name": "Dense", "config": {}}]`), keras.Config{}, false},
	} {
		if got := c.format.Match(probe(c.content)); got != c.want {
			t.Errorf("%s is %s: %v", name, c.format.Info().Name, got)
		}
	}
}

func TestMembers(t *testing.T) {
	for name, want := range map[string]bool{"config.json": true, "metadata.json": true, "model.weights.h5": true, "model.weights_00001.h5": true,
		"assets/layers/text/vocabulary.txt": true, "data.pkl": false, "weights.h5": false, "src/layer.py": false, "": false} {
		if got := keras.Member(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// FuzzMatch: what is recognised is of the format that it refines, and twice the same.
func FuzzMatch(f *testing.F) {
	for _, extension := range []string{".keras", ".h5", ".json"} {
		for _, content := range models(f, extension) {
			f.Add(content)
		}
	}
	f.Add(archive(f, "config.json"))
	base := map[string]format.Format{zip.Name: zip.New(), hdf5.Name: hdf5.Format{}, json.Name: json.Format{}}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, format := range []format.Format{keras.Archive{}, keras.H5{}, keras.Config{}} {
			matched := format.Match(probe(content))
			if matched != format.Match(probe(bytes.Clone(content))) {
				t.Fatalf("%s: two answers", format.Info().Name)
			}
			if matched && !base[format.Info().Refines].Match(probe(content)) {
				t.Fatalf("%s and not %s", format.Info().Name, format.Info().Refines)
			}
		}
	})
}
