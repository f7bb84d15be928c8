package rawzip_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// An honest archive must be one that the standard library reads back, or the dishonest ones prove nothing.
func TestHonestArchivesAreReadable(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 100)
	for name, archive := range map[string]rawzip.Archive{
		"stored":   {Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content}}},
		"deflated": {Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content, Method: rawzip.Deflate}}},
		"aligned":  {Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content, Align: 64}}},
		"streamed": {Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content, Method: rawzip.Deflate, Descriptor: true}}},
		"prefixed": {Prefix: []byte("#!/bin/sh\n"), Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content}}},
		"shifted":  {Prefix: []byte("#!/bin/sh\n"), Shift: true, Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content}}},
		"zip64": {Zip64: true, Comment: []byte("note"),
			Entries: []rawzip.Entry{{Name: "a/b.pkl", Data: content, Zip64: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := archive.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			member, err := r.Open("a/b.pkl")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(member)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("read %d bytes, %v; want the %d bytes that were written", len(got), err, len(content))
			}
		})
	}
}

func TestAlignedDataStartAtAMultiple(t *testing.T) {
	file, err := rawzip.Archive{Entries: []rawzip.Entry{{Name: "x", Data: []byte("MARKER"), Align: 64}}}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.Index(file, []byte("MARKER")); at%64 != 0 {
		t.Errorf("data start at %d, want a multiple of 64", at)
	}
}
