package orbax_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/orbax"
)

// table makes a table of a manifest.
func table(size uint64, rest int) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{0x0c, 0xdb, 0x3a, 0x2a}, size)
	return append(append(b, 0, 1), make([]byte, rest)...)
}

// names lists the formats that accept a content.
func names(content []byte) string {
	s := ""
	for _, f := range []format.Format{orbax.Format{}, orbax.Zarr{}, orbax.Ocdbt{}} {
		if f.Match(format.Probe{Head: content, Size: int64(len(content)), Blob: format.BytesBlob(content)}) {
			s += f.Info().Name
		}
	}
	return s
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]string{
		`{"tree_metadata":{},"use_ocdbt":true}`: "orbax", `{"item_handlers":"x"}`: "orbax", `{"zarr_format":2,"shape":[1]}`: "zarr", `{"a":{"zarr_format":2}}`: "",
		`["zarr_format"]`: "", string(table(30, 16)): "ocdbt", "\x0c\xdb\x3a\x2b" + string(make([]byte, 20)): "", "\x0c\xdb": "",
	} {
		if got := names([]byte(content)); got != want {
			t.Errorf("%q is %q, want %q", content, got, want)
		}
	}
}

func TestReadTable(t *testing.T) {
	got, err := orbax.ReadTable(format.BytesBlob(table(30, 16)))
	if want := (orbax.Table{Manifest: true, Size: 30, Compressed: true}); got != want || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range [][]byte{table(31, 16), table(1<<63, 16), table(2, 16), table(30, 16)[:13]} {
		if _, err := orbax.ReadTable(format.BytesBlob(bad)); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(table(30, 16))
	f.Fuzz(func(t *testing.T, content []byte) {
		names(content)
		got, err := orbax.ReadTable(format.BytesBlob(content))
		if err == nil && (got.Size < 0 || got.Size > int64(len(content))) {
			t.Fatalf("a table of %d bytes in %d", got.Size, len(content))
		}
	})
}
