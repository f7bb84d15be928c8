package oci_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/oci"
	"github.com/picketsec/picket/internal/limits"
)

var hex = strings.Repeat("0a", 32)

var manifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"c","digest":"sha256:` + hex + `","size":2},
"layers":[{"mediaType":"l","digest":"sha512:x","size":1.5,"annotations":{"k":"v"},"urls":["u"],"data":"ZA=="}]}`

// read reads a document.
func read(content string) (oci.Document, error) {
	return oci.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
}

func TestRead(t *testing.T) {
	d, err := read(manifest)
	if err != nil || len(d.Descriptors) != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	if algorithm, digits, ok := d.Descriptors[0].Hex(); !ok || algorithm != "sha256" || digits != hex || d.Descriptors[0].Size != 2 {
		t.Errorf("%+v", d.Descriptors[0])
	}
	l := d.Descriptors[1]
	if _, _, ok := l.Hex(); ok || l.Size != -1 || l.Role != "layers" || l.Annotations[0].Value != "v" || l.URLs[0] != "u" || l.Data != "ZA==" {
		t.Errorf("%+v", l)
	}
	if d, err := read(`{"schemaVersion":2,"layers":[{"digest":"a","digest":"b"}]}`); err != nil || d.Repeated != "digest" {
		t.Errorf("%+v %v", d, err)
	}
	for n := range manifest {
		if _, err := read(manifest[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestHex(t *testing.T) {
	for digest, want := range map[string]bool{"sha256:" + hex: true, "sha512:" + hex + hex: true, "sha256:" + strings.ToUpper(hex): false,
		"sha256:../" + hex: false, "sha256-" + hex: false, "": false, "md5:" + hex[:32]: false} {
		if _, _, ok := (oci.Descriptor{Digest: digest}).Hex(); ok != want {
			t.Errorf("%q: %v", digest, ok)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{manifest: true, `{"schemaVersion":2,"manifests":[]}`: true, `{"layers":[]}`: false,
		`{"schemaVersion":2}`: false, `[]`: false, `{"a":{"schemaVersion":2,"layers":[]}}`: false} {
		if got := (oci.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%.50q: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(manifest)
	f.Fuzz(func(t *testing.T, content string) {
		d, err := read(content)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, e := range d.Descriptors {
			if e.Offset < 0 || e.Offset >= int64(len(content)) || e.Size < -1 {
				t.Errorf("%+v is outside of the document", e)
			}
		}
	})
}
