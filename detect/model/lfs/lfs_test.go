package lfs_test

import (
	"context"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/lfs"
	"github.com/picketsec/picket/internal/limits"
)

const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n"

func TestPointer(t *testing.T) {
	r := detecttest.Run(t, []byte(pointer), known.Formats(), lfs.Detector{})
	if r.Verdict != picket.Incomplete || len(r.Findings) != 1 || r.Findings[0].Evidence.Summary != "the content is elsewhere, under sha256:aa" {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
	r = detecttest.Run(t, []byte("about version https://git-lfs.github.com/spec/v1\n"), known.Formats(), lfs.Detector{})
	if r.Verdict != picket.NotApplicable {
		t.Errorf("text about pointers: %s", r.Verdict)
	}
}

func TestPointerMayHaveAnyName(t *testing.T) {
	set, err := detect.NewSet(append(known.Formats(), safetensors.Format{}), []detect.Detector{lfs.Detector{}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(),
		detect.Entry{Name: "model.safetensors", Blob: format.BytesBlob([]byte(pointer))})
	if err != nil || len(r.Findings) != 1 || r.Findings[0].Rule.ID != "artifact.content.lfs-pointer" {
		t.Errorf("a pointer in place of a model: %v %+v", err, r.Findings)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, lfs.Detector{}, known.Formats(), map[string][]byte{"pointer": []byte(pointer)})
}
