package dvc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/dvc"
	"github.com/picketsec/picket/internal/limits"
)

const (
	pointer  = "outs:\n- md5: 3f786850e387550fdab836ed7e6dc881\n  size: 2\n  path: model.pkl\n"
	pipeline = "stages:\n  train:\n    wdir: src\n    cmd: python train.py\n    deps:\n    - data\n    outs:\n    - model.pkl\n"
)

// read lists what a document holds.
func read(content string) (string, error) {
	list, err := dvc.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
	var parts []string
	for _, e := range list {
		parts = append(parts, e.Kind+"="+e.Value)
	}
	return strings.Join(parts, " "), err
}

func TestRead(t *testing.T) {
	for content, want := range map[string]string{pointer: "outs=model.pkl", pipeline: "wdir=src cmd=python train.py deps=data outs=model.pkl",
		"stages:\n  a:\n    cmd:\n    - x\n    - y\n": "cmd=x cmd=y"} {
		if got, err := read(content); got != want || err != nil {
			t.Errorf("%q: %q %v", content, got, err)
		}
	}
	if _, err := read("a: ["); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a broken document: %v", err)
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{pointer: true, pipeline: true, "outs:\n- path: x\n": false, "stages:\n- build\n": false, "": false} {
		if got := (dvc.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pointer)
	f.Add(pipeline)
	f.Fuzz(func(t *testing.T, content string) {
		if _, err := read(content); err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
