package kitfile_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/kitfile"
	"github.com/picketsec/picket/internal/limits"
)

const sample = "manifestVersion: 1.0.0\npackage:\n  name: x\nmodel:\n  path: ./m.gguf\n  parts:\n  - path: a.txt\ncode:\n- path: src\n"

func TestRead(t *testing.T) {
	got, err := kitfile.Read(format.BytesBlob([]byte(sample)), limits.NewBudget(limits.Default()))
	want := []kitfile.Path{{"model", "./m.gguf", 51}, {"model", "a.txt", 79}, {"code", "src", 99}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := kitfile.Read(format.BytesBlob([]byte("a: [")), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a broken document: %v", err)
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{sample: true, "manifestVersion: 1\n": false, "model:\n  path: x\n": false, " manifestVersion: 1\n model: x": false} {
		if got := (kitfile.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, content string) {
		list, err := kitfile.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, p := range list {
			if p.Value == "" || p.Offset < 0 {
				t.Errorf("%+v is no path", p)
			}
		}
	})
}
