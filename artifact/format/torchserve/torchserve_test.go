package torchserve_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchserve"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

const manifest = `{"runtime":"python","model":{"modelName":"m","serializedFile":"m.pt","handler":"h.py:run","extraFiles":"a.json, b.txt","requirementsFile":"r.txt"}}`

func TestRead(t *testing.T) {
	m, err := torchserve.Read(format.BytesBlob([]byte(manifest)), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range m.Files {
		files = append(files, f.Field+" "+f.Path)
	}
	want := []string{"serializedFile m.pt", "extraFiles a.json", "extraFiles b.txt", "requirementsFile r.txt", "handler h.py"}
	if diff := cmp.Diff(want, files); diff != "" || m.Handler != "h.py:run" || m.Runtime != "python" || m.Requirements != "r.txt" || len(m.Texts) != 6 {
		t.Errorf("%+v: %s", m, diff)
	}
	for n := range manifest {
		if _, err := torchserve.Read(format.BytesBlob([]byte(manifest[:n])), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	m, err = torchserve.Read(format.BytesBlob([]byte(`{"model":{"handler":"a","handler":"b"}}`)), limits.NewBudget(limits.Default()))
	if err != nil || m.Repeated != "handler" {
		t.Errorf("%+v %v", m, err)
	}
}

func TestMatch(t *testing.T) {
	for name, want := range map[string]bool{torchserve.ManifestName: true, "MANIFEST.json": false, "x/MAR-INF/MANIFEST.json": false} {
		b := rawzip.Archive{Entries: []rawzip.Entry{{Name: name, Data: []byte(manifest)}}}.Must()
		if got := (torchserve.Format{}).Match(format.Probe{Head: b, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)}); got != want {
			t.Errorf("an archive with %s: %v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(manifest))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := torchserve.Read(format.BytesBlob(b), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, file := range m.Files {
			if file.Path == "" || file.Offset < 0 || file.Offset >= int64(len(b)) {
				t.Errorf("%+v is outside of the manifest", file)
			}
		}
	})
}
