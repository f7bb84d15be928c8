package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"time"
)

// at is a time with a fraction and a zone, which no archive may show.
var at = time.Date(2026, 3, 4, 5, 6, 7, 890, time.FixedZone("elsewhere", 3600))

// files are given in the wrong order.
func files() []File {
	return []File{
		{Name: "b/picket", Mode: 0o755, Data: bytes.Repeat([]byte("binary"), 1000)},
		{Name: "b/LICENSE", Mode: 0o644, Data: []byte("free")},
		{Name: "a", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
	}
}

func TestArchivesDependOnContentAlone(t *testing.T) {
	for name, write := range map[string]func(io.Writer, []File, time.Time) error{"tar": Tar, "tar.gz": TarGz, "zip": Zip} {
		t.Run(name, func(t *testing.T) {
			var first, turned, other, changed bytes.Buffer
			reversed := files()
			slices.Reverse(reversed)
			edited := files()
			edited[1].Data = []byte("fred")
			if err := errors.Join(write(&first, files(), at), write(&turned, reversed, at.UTC().Truncate(time.Second)),
				write(&other, files(), at.Add(2*time.Second)), write(&changed, edited, at)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), turned.Bytes()) {
				t.Error("another order of the same files gives other bytes")
			}
			if bytes.Equal(first.Bytes(), other.Bytes()) {
				t.Error("the time is not in the archive")
			}
			if bytes.Equal(first.Bytes(), changed.Bytes()) {
				t.Error("other content gives the same bytes")
			}
		})
	}
}

func TestTarGzReadsBack(t *testing.T) {
	var b bytes.Buffer
	if err := TarGz(&b, files(), at); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if z.Name != "" || !z.ModTime.IsZero() || z.OS != 255 {
		t.Errorf("the gzip header names %q, %v, system %d", z.Name, z.ModTime, z.OS)
	}
	archive := tar.NewReader(z)
	var got []string
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || len(h.PAXRecords) != 0 {
			t.Errorf("%s has an owner or extensions: %+v", h.Name, h)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %s %d", h.Name, h.Mode, h.ModTime.UTC().Format(time.RFC3339Nano), len(data)))
	}
	want := []string{"a/ 1777 2026-03-04T04:06:07Z 0", "b/LICENSE 644 2026-03-04T04:06:07Z 4", "b/picket 755 2026-03-04T04:06:07Z 6000"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestZipReadsBack(t *testing.T) {
	var b bytes.Buffer
	if err := Zip(&b, files()[:2], at); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		got = append(got, fmt.Sprintf("%s %v %s %d", f.Name, f.Mode(), f.Modified.UTC().Format(time.RFC3339Nano), f.UncompressedSize64))
	}
	want := []string{"b/LICENSE -rw-r--r-- 2026-03-04T04:06:07Z 4", "b/picket -rwxr-xr-x 2026-03-04T04:06:07Z 6000"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestFolderForgetsTheMachine: the modes of files here are not in an archive.
func TestFolderForgetsTheMachine(t *testing.T) {
	strict := fstest.MapFS{"x/y": {Data: []byte("1"), Mode: 0o600}, "z": {Data: []byte("2"), Mode: 0o640}}
	loose := fstest.MapFS{"x/y": {Data: []byte("1"), Mode: 0o666}, "z": {Data: []byte("2"), Mode: 0o755}}
	var archives [2]bytes.Buffer
	for i, fsys := range []fs.FS{strict, loose} {
		list, err := Folder(fsys)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 3 || list[0].Name != "x" || !list[0].Mode.IsDir() {
			t.Fatalf("the folder lists %+v", list)
		}
		if err := Tar(&archives[i], list, at); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0].Bytes(), archives[1].Bytes()) {
		t.Error("modes of this machine change the archive")
	}
}

// TestNamesThatTarCannotHold: a name that needs an extension is an error, not another kind of archive.
func TestNamesThatTarCannotHold(t *testing.T) {
	long := []File{{Name: string(bytes.Repeat([]byte("n"), 300)), Mode: 0o644}}
	if err := Tar(io.Discard, long, at); err == nil {
		t.Error("a name of 300 bytes was written")
	}
}
