package sevenzip_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/sevenzip"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/rawsevenzip"
)

// contents reads an archive and gives the content of its members by name, and what was not read.
func contents(t testing.TB, b []byte) (files map[string]string, unread []string, a *sevenzip.Archive, err error) {
	t.Helper()
	a, err = sevenzip.Read(format.BytesBlob(b), limits.NewBudget(limits.Default()))
	defer a.Close()
	files = map[string]string{}
	if err != nil {
		return files, nil, a, err
	}
	walked := a.Walk(func(i int, content *format.Blob) error {
		r, err := content.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		files[a.Members[i].Name] = string(text)
		m := a.Members[i]
		if m.HasCRC && int64(len(text)) == m.Size && crc32.ChecksumIEEE(text) != m.CRC32 {
			unread = append(unread, m.Name+": checksum")
		}
		return errors.Join(err, r.Close())
	}, func(f *sevenzip.Folder, members []int, err error) {
		for _, i := range members {
			unread = append(unread, a.Members[i].Name+": "+err.Error())
		}
	})
	return files, unread, a, walked
}

// build writes an archive.
func build(t testing.TB, a rawsevenzip.Archive) []byte {
	t.Helper()
	b, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var two = []rawsevenzip.Member{{Name: "a/first.txt", Data: []byte("the first")}, {Name: "second", Data: []byte("and the second")}}

func TestContent(t *testing.T) {
	for name, archive := range map[string]rawsevenzip.Archive{
		"copied": {Members: two}, "lzma2": {Members: two, Method: "!"}, "packed header": {Members: two, Encode: true},
		"both": {Members: two, Method: "!", Encode: true}, "huge dictionary": {Members: two, Method: "!", Properties: []byte{40}},
	} {
		t.Run(name, func(t *testing.T) {
			files, unread, a, err := contents(t, build(t, archive))
			if err != nil || len(unread) > 0 || len(a.Anomalies) > 0 {
				t.Fatalf("%v %v %v", err, unread, a.Anomalies)
			}
			if files["a/first.txt"] != "the first" || files["second"] != "and the second" {
				t.Errorf("read %q", files)
			}
		})
	}
}

func TestAnomalies(t *testing.T) {
	program := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 64)...)
	link := uint32(0xa1ff)<<16 | 0x8000
	for name, test := range map[string]struct {
		archive rawsevenzip.Archive
		want    sevenzip.Kind
	}{
		"climbs":         {rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "../x", Data: []byte("x")}}}, sevenzip.PathEscape},
		"link":           {rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "x", Data: []byte("/etc"), Attributes: link}}}, sevenzip.Special},
		"twice":          {rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "x", Data: []byte("1")}, {Name: "X", Data: []byte("2")}}}, sevenzip.Duplicate},
		"gap":            {rawsevenzip.Archive{Members: two, Gap: []byte("hidden")}, sevenzip.Unowned},
		"trailing":       {rawsevenzip.Archive{Members: two, Suffix: []byte("hidden")}, sevenzip.Trailing},
		"slack":          {rawsevenzip.Archive{Members: two, Slack: []byte("hidden")}, sevenzip.Unowned},
		"slack of LZMA2": {rawsevenzip.Archive{Members: two, Method: "!", Slack: make([]byte, 9000)}, sevenzip.Unowned},
		"no member":      {rawsevenzip.Archive{Members: two[:1], Header: noMember}, sevenzip.Unowned},
		"in a file":      {rawsevenzip.Archive{Members: two, Prefix: program}, sevenzip.Prefix},
	} {
		files, _, a, err := contents(t, build(t, test.archive))
		if err != nil || len(files) == 0 || len(a.Anomalies) != 1 || a.Anomalies[0].Kind != test.want {
			t.Errorf("%s: %v %v %+v", name, err, files, a.Anomalies)
		}
	}
}

// noMember makes the folder say that none of its content belongs to a member.
func noMember(h []byte) []byte {
	h = bytes.Replace(h, []byte("\x08\x0d\x01"), []byte("\x08\x0d\x00"), 1)
	at := bytes.Index(h, []byte("\x08\x0d\x00")) + 3
	h = append(h[:at:at], h[at+6:]...) // without the checksum of the member
	at = bytes.Index(h[at:], []byte("\x05\x01")) + at
	return append(h[:at+2:at+2], append([]byte("\x0e\x01\x80"), h[at+2:]...)...) // the member is empty
}

func TestWhatIsNotRead(t *testing.T) {
	for name, test := range map[string]struct {
		archive rawsevenzip.Archive
		want    string
	}{
		"ppmd":          {rawsevenzip.Archive{Members: two, Method: "\x03\x04\x01", Properties: []byte{6, 0, 0, 0, 1}}, "PPMd"},
		"unknown":       {rawsevenzip.Archive{Members: two, Method: "\x7f\x01"}, "method 7f01"},
		"encrypted":     {rawsevenzip.Archive{Members: two, Method: "\x06\xf1\x07\x01", Properties: []byte{0x13, 0}}, "encrypted"},
		"no properties": {rawsevenzip.Archive{Members: two, Method: "\x03\x01\x01"}, "properties"},
		"not lzma":      {rawsevenzip.Archive{Members: two, Method: "\x03\x01\x01", Properties: []byte{0x5d, 0, 0, 1, 0}}, "LZMA"},
		"wrong sum":     {rawsevenzip.Archive{Members: two, WrongSum: true}, "checksum"},
	} {
		_, unread, _, err := contents(t, build(t, test.archive))
		if err != nil || len(unread) != 2 || !strings.Contains(unread[0], test.want) {
			t.Errorf("%s: %v %q", name, err, unread)
		}
	}
}

func TestHostileHeaders(t *testing.T) {
	replace := func(old, new string) func([]byte) []byte {
		return func(h []byte) []byte { return bytes.Replace(h, []byte(old), []byte(new), 1) }
	}
	for name, archive := range map[string]rawsevenzip.Archive{
		"members":  {Members: two, Count: 1 << 40},
		"folders":  {Members: two, Header: replace("\x07\x0b\x01", "\x07\x0b\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
		"streams":  {Members: two, Header: replace("\x08\x0d\x02", "\x08\x0d\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
		"coders":   {Members: two, Header: replace("\x07\x0b\x01\x00\x01", "\x07\x0b\x01\x00\x21")},
		"position": {Members: two, Header: replace("\x06\x00\x01\x09", "\x06\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x09")},
		"names":    {Members: two, Header: replace("\x11", "\x11\x7f")},
	} {
		_, _, a, err := contents(t, build(t, archive))
		if !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("%s: %v %+v", name, err, a.Members)
		}
	}
	_, _, a, err := contents(t, build(t, rawsevenzip.Archive{Members: two, Encode: true, EncodeBy: "\x06\xf1\x07\x01"}))
	if err != nil || !a.Encrypted {
		t.Errorf("an encrypted header: %v %v", err, a.Encrypted)
	}
}

func TestTruncation(t *testing.T) {
	whole := build(t, rawsevenzip.Archive{Members: two, Method: "!", Encode: true})
	for n := range whole {
		if files, unread, _, err := contents(t, whole[:n]); err == nil && len(unread) == 0 {
			t.Errorf("the first %d bytes give %q", n, files)
		}
	}
}

func TestBombStops(t *testing.T) {
	l := limits.Default()
	l.Output = 1 << 20
	b := build(t, rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "x", Data: make([]byte, 8<<20)}}, Method: "!"})
	a, err := sevenzip.Read(format.BytesBlob(b), limits.NewBudget(l))
	defer a.Close()
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.Open(a.Folders[0])
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, in)
	if !errors.Is(err, limits.ErrExceeded) || n > 1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestArchivesOf7Zip reads what 7-Zip itself writes with every method that is read.
func TestArchivesOf7Zip(t *testing.T) {
	tool, err := exec.LookPath("7z")
	if err != nil {
		testkit.Missing(t, "7z is not there: archives of its own writer are not read in this run")
	}
	folder := t.TempDir()
	want := map[string]string{}
	for i := range 20 {
		want[fmt.Sprintf("f%d", i)] = strings.Repeat(fmt.Sprintf("content %d \xe8\x00\x01\x02\x03\xe9", i), i*40)
	}
	var large strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&large, "line %x of a member that is not held in memory\n", i*i)
	}
	want["large"] = large.String()
	for name, content := range want {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, args := range [][]string{{}, {"-m0=lzma"}, {"-m0=copy"}, {"-m0=bzip2"}, {"-m0=deflate"}, {"-m0=bcj2", "-m1=lzma:d20"},
		{"-m0=bcj", "-m1=lzma2"}, {"-m0=delta:4", "-m1=lzma2"}, {"-ms=off"}, {"-mhc=off"}, {"-m0=arm", "-m1=lzma"}, {"-mx=9"}, {"-m0=bcj2", "-m1=lzma2"}} {
		if i == 1 { // the large member is the same by every method
			delete(want, "large")
			if err := os.Remove(filepath.Join(folder, "large")); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.7z", i))
		if out, err := exec.Command(tool, append([]string{"a", "-bd", path, folder + "/."}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files, unread, a, err := contents(t, b)
		if err != nil || len(unread) > 0 || len(a.Anomalies) > 0 {
			t.Fatalf("%v: %v %q %+v", args, err, unread, a.Anomalies)
		}
		for name, content := range want {
			if got := files[name]; got != content {
				t.Errorf("%v: %s has %d bytes, want %d", args, name, len(got), len(content))
			}
		}
	}
}

func TestMatch(t *testing.T) {
	b := build(t, rawsevenzip.Archive{Members: two})
	program := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 64)...)
	match := func(b []byte) bool {
		return sevenzip.Format{}.Match(format.Probe{Head: b, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)})
	}
	if !match(b) || !match(slices.Concat(program, b)) || match(slices.Concat([]byte("text "), b)) || match(program) || match(nil) {
		t.Error("the wrong content is recognised")
	}
}

func FuzzRead(f *testing.F) {
	for _, a := range []rawsevenzip.Archive{{Members: two}, {Members: two, Method: "!"}, {Members: two, Encode: true}, {Members: two, Method: "\x03\x03\x01\x1b"}} {
		f.Add(build(f, a))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := limits.Default()
		l.Output, l.Memory = 16<<20, 16<<20
		a, err := sevenzip.Read(format.BytesBlob(b), limits.NewBudget(l))
		defer a.Close()
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, m := range a.Members {
			if m.Folder >= len(a.Folders) || m.Folder >= 0 && (m.Offset < 0 || m.Offset+m.Size > a.Folders[m.Folder].Size) {
				t.Errorf("%+v is outside of its folder", m)
			}
		}
		_ = a.Walk(func(i int, content *format.Blob) error {
			r, err := content.Open()
			if err != nil {
				return nil
			}
			n, _ := io.Copy(io.Discard, r)
			if n > a.Members[i].Size {
				t.Errorf("%d bytes of a member of %d", n, a.Members[i].Size)
			}
			return r.Close()
		}, func(*sevenzip.Folder, []int, error) {})
	})
}
