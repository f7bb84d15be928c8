package zip_test

import (
	stdtar "archive/tar"
	stdzip "archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// read reads an archive and fails the test on an error.
func read(t testing.TB, content []byte) *zip.Archive {
	t.Helper()
	a, err := zip.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// kinds lists the anomalies of an archive, each once.
func kinds(a *zip.Archive) []zip.Kind {
	var list []zip.Kind
	for _, an := range a.Anomalies {
		if !slices.Contains(list, an.Kind) {
			list = append(list, an.Kind)
		}
	}
	slices.Sort(list)
	return list
}

// contents reads every view of every member.
func contents(t testing.TB, a *zip.Archive) map[string]string {
	t.Helper()
	all := map[string]string{}
	for i := range a.Entries {
		for _, v := range a.Views(&a.Entries[i]) {
			r, err := a.Content(v).Blob().Open()
			if err != nil {
				all[a.Entries[i].Name()] += "!" + err.Error()
				continue
			}
			b, err := io.ReadAll(r)
			if err != nil {
				b = append(b, "!"+err.Error()...)
			}
			all[a.Entries[i].Name()] += string(b)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	return all
}

// two is an honest archive of two members.
func two() []rawzip.Entry {
	return []rawzip.Entry{{Name: "m/data.pkl", Data: []byte("first content")}, {Name: "m/data/0", Data: []byte("second content"), Method: rawzip.Deflate}}
}

// with is two with an edit of the first member.
func with(edit func(*rawzip.Entry)) []rawzip.Entry {
	m := two()
	edit(&m[0])
	return m
}

func TestAnomalies(t *testing.T) {
	const unicode = "\x75\x70"
	type members = []rawzip.Entry
	m := func(edit func(*rawzip.Entry)) rawzip.Archive { return rawzip.Archive{Entries: with(edit)} }
	tests := map[string]struct {
		archive rawzip.Archive
		want    []zip.Kind
	}{
		"honest":     {rawzip.Archive{Entries: two()}, nil},
		"descriptor": {m(func(m *rawzip.Entry) { m.Descriptor = true }), nil},
		"comment":    {rawzip.Archive{Entries: two(), Comment: []byte("just text")}, nil},
		"no members": {rawzip.Archive{}, nil},
		"other name": {m(func(m *rawzip.Entry) { m.LocalName = "m/else.pkl" }), []zip.Kind{zip.NameMismatch}},
		"other method": {m(func(m *rawzip.Entry) { m.LocalMethod = rawzip.Ptr(uint16(8)) }),
			[]zip.Kind{zip.MethodMismatch}},
		"other size":     {m(func(m *rawzip.Entry) { m.LocalCompressed = rawzip.Ptr(uint64(5)) }), []zip.Kind{zip.SizeMismatch}},
		"size too large": {m(func(m *rawzip.Entry) { m.Compressed = rawzip.Ptr(uint64(1 << 30)) }), []zip.Kind{zip.Overlap, zip.SizeMismatch}},
		"other checksum": {m(func(m *rawzip.Entry) { m.LocalCRC = rawzip.Ptr(uint32(5)) }), []zip.Kind{zip.ChecksumMismatch}},
		"other flags":    {m(func(m *rawzip.Entry) { m.LocalFlags = zip.FlagUTF8 }), []zip.Kind{zip.FlagMismatch}},
		"encrypted":      {m(func(m *rawzip.Entry) { m.CentralFlags = 1 }), []zip.Kind{zip.Encrypted, zip.FlagMismatch}},
		"patched":        {m(func(m *rawzip.Entry) { m.CentralFlags = 0x20 }), []zip.Kind{zip.FlagMismatch, zip.ReservedFlags}},
		"strong":         {m(func(m *rawzip.Entry) { m.CentralFlags = 0x40 }), []zip.Kind{zip.Encrypted, zip.FlagMismatch}},
		"DEFLATE64": {m(func(m *rawzip.Entry) {
			m.Method = 9
		}), []zip.Kind{zip.UnsupportedMethod}},
		"descriptor lie": {m(func(m *rawzip.Entry) { m.Descriptor, m.CentralCRC = true, rawzip.Ptr(uint32(7)) }), []zip.Kind{zip.DescriptorLie}},
		"points nowhere": {m(func(m *rawzip.Entry) { m.Offset = rawzip.Ptr(uint64(3)) }), []zip.Kind{zip.Hidden, zip.NoLocal}},
		"hidden":         {m(func(m *rawzip.Entry) { m.NoCentral = true }), []zip.Kind{zip.Hidden}},
		"hidden, streamed": {m(func(m *rawzip.Entry) { m.NoCentral, m.Descriptor, m.Method = true, true, rawzip.Deflate }),
			[]zip.Kind{zip.Hidden}},
		"zip64 without a field": {m(func(m *rawzip.Entry) { m.Size = rawzip.Ptr(uint64(1<<32 - 1)) }), []zip.Kind{zip.SizeMismatch, zip.Zip64Lie}},
		"climbs":                {m(func(m *rawzip.Entry) { m.Name = "m/../../up" }), []zip.Kind{zip.PathEscape}},
		"absolute":              {m(func(m *rawzip.Entry) { m.Name = "/etc/up" }), []zip.Kind{zip.PathEscape}},
		"drive":                 {m(func(m *rawzip.Entry) { m.Name = "C:up" }), []zip.Kind{zip.PathEscape}},
		"backslash":             {m(func(m *rawzip.Entry) { m.Name = `m\up` }), []zip.Kind{zip.PathEscape}},
		"zero byte":             {m(func(m *rawzip.Entry) { m.Name = "m/up\x00.txt" }), []zip.Kind{zip.PathEscape}},
		"link":                  {m(func(m *rawzip.Entry) { m.External = 0o120777 << 16 }), []zip.Kind{zip.Special}},
		"pipe":                  {m(func(m *rawzip.Entry) { m.External = 0o010644 << 16 }), []zip.Kind{zip.Special}},
		"folder with content":   {m(func(m *rawzip.Entry) { m.Name = "m/folder/" }), []zip.Kind{zip.DirectoryContent}},
		"duplicate":             {m(func(m *rawzip.Entry) { m.Name = "m/data/0" }), []zip.Kind{zip.Duplicate}},
		"near duplicate":        {m(func(m *rawzip.Entry) { m.Name = "M/./Data/0" }), []zip.Kind{zip.NearDuplicate}},
		"prefix":                {rawzip.Archive{Prefix: []byte("#!/bin/" + unicode), Entries: two()}, []zip.Kind{zip.Prefix}},
		"prefix, shifted":       {rawzip.Archive{Prefix: []byte("#!/bin/" + unicode), Entries: two(), Shift: true}, []zip.Kind{zip.Prefix}},
		"suffix":                {rawzip.Archive{Entries: two(), Suffix: []byte("more")}, []zip.Kind{zip.Suffix}},
		"gap":                   {rawzip.Archive{Entries: two(), Gap: []byte("more")}, []zip.Kind{zip.Gap}},
		"padding":               {rawzip.Archive{Entries: two(), Gap: make([]byte, 100)}, nil},
		"binary comment":        {rawzip.Archive{Entries: two(), Comment: []byte("\x80\x04\x01")}, []zip.Kind{zip.Comment}},
		"count":                 {rawzip.Archive{Entries: two(), Count: rawzip.Ptr(uint16(1))}, []zip.Kind{zip.DirectoryLie}},
		"count of millions":     {rawzip.Archive{Entries: two(), Count: rawzip.Ptr(uint16(65534))}, []zip.Kind{zip.DirectoryLie}},
		"no directory there": {rawzip.Archive{Entries: two(), DirectoryOffset: rawzip.Ptr(uint32(1 << 31))},
			[]zip.Kind{zip.DirectoryLie}},
		"overlap": {rawzip.Archive{Entries: members{two()[0], {Name: "again", NoCentral: true},
			{Name: "same", Data: []byte("first content"), Offset: rawzip.Ptr(uint64(0))}}}, []zip.Kind{zip.Hidden, zip.NameMismatch, zip.Overlap}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := read(t, test.archive.Must())
			if diff := cmp.Diff(test.want, kinds(a)); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s%+v", diff, a.Anomalies)
			}
			all := contents(t, a)
			var joined []string
			for _, c := range all {
				joined = append(joined, c)
			}
			if got := strings.Join(joined, " "); len(test.archive.Entries) > 0 && name != "points nowhere" && name != "DEFLATE64" &&
				!strings.Contains(got, "first content") {
				t.Errorf("the first content is not reached: %q", all)
			}
		})
	}
}

func TestTwoDirectories(t *testing.T) {
	// miniz follows the stated offset and Python's zipfile counts back from the end record.
	harmless := rawzip.Archive{Entries: []rawzip.Entry{{Name: "harmless", Data: []byte("quiet")}}}.Must()
	directory := bytes.Index(harmless, []byte("PK\x01\x02"))
	size := len(harmless) - 22 - directory
	other := rawzip.Archive{Entries: []rawzip.Entry{{Name: "harmful!", Data: []byte("loud!")}}}.Must()
	hidden := bytes.Clone(other[:len(other)-22])
	file := append(bytes.Clone(hidden), harmless[:directory]...)
	second := bytes.Clone(harmless[directory : directory+size])
	binary.LittleEndian.PutUint32(second[42:], uint32(len(hidden)))
	file = append(file, second...)
	last := bytes.Clone(harmless[len(harmless)-22:])
	binary.LittleEndian.PutUint32(last[16:], uint32(bytes.Index(other, []byte("PK\x01\x02"))))
	file = append(file, last...)
	a := read(t, file)
	all := contents(t, a)
	if !strings.Contains(all["harmful!"], "loud!") || !slices.Contains(kinds(a), zip.SeveralDirectories) {
		t.Errorf("%q with %v", all, a.Anomalies)
	}
}

func TestNestedStoredArchiveIsNoAnomaly(t *testing.T) {
	inner := rawzip.Archive{Entries: two()}.Must()
	a := read(t, rawzip.Archive{Entries: []rawzip.Entry{{Name: "inner.zip", Data: inner}}}.Must())
	if len(a.Anomalies) > 0 || len(a.Entries) != 1 {
		t.Errorf("%d entries, %v", len(a.Entries), a.Anomalies)
	}
}

func TestBothViewsAreOpened(t *testing.T) {
	m := two()
	m[0] = rawzip.Entry{Name: "m/data.pkl", Data: bytes.Repeat([]byte("quiet "), 99), Method: rawzip.Deflate,
		LocalMethod: rawzip.Ptr(uint16(0))}
	a := read(t, rawzip.Archive{Entries: m}.Must())
	views := a.Views(&a.Entries[0])
	if len(views) < 2 || views[0].Method != zip.Deflated || views[1].Method != zip.Store {
		t.Errorf("views: %+v", views)
	}
}

func TestSeen(t *testing.T) {
	m := []rawzip.Entry{{Name: "lie", Data: []byte("content"), Method: rawzip.Deflate, CentralCRC: rawzip.Ptr(uint32(1))}}
	stream := m[0]
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("short")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stream.Name, stream.Stored = "trailing", append(b.Bytes(), "after the stream"...)
	a := read(t, rawzip.Archive{Entries: append(m, stream)}.Must())
	for i, want := range []struct {
		size, trailing int64
	}{{7, 0}, {5, 16}} {
		c := a.Content(a.Views(&a.Entries[i])[0])
		if c.Seen().Ended {
			t.Error("ended before it was read")
		}
		r, err := c.Blob().Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
		if s := c.Seen(); !s.Ended || s.Size != want.size || s.Trailing != want.trailing || s.CRC32 == c.CRC32 && i == 0 || len(s.Head) != int(want.size) {
			t.Errorf("%d: %+v", i, s)
		}
	}
}

func TestOverlappingBombIsStopped(t *testing.T) {
	// Many members that share one stream, as in Fifield's archive: each is below the ratio, all together are not.
	kernel := rawzip.Entry{Name: "0", Data: make([]byte, 1<<20), Method: rawzip.Deflate}
	members := []rawzip.Entry{kernel}
	for i := range 3000 {
		members = append(members, rawzip.Entry{Name: fmt.Sprint(i + 1), Stored: []byte{}, Data: kernel.Data, Method: rawzip.Deflate,
			Offset: rawzip.Ptr(uint64(0)), Compressed: rawzip.Ptr(uint64(1033))})
	}
	content := rawzip.Archive{Entries: members}.Must()
	a := read(t, content)
	var total int64
	var stopped error
	for i := range a.Entries {
		for _, v := range a.Views(&a.Entries[i]) {
			r, err := a.Content(v).Blob().Open()
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, r)
			total += n
			if errors.Is(err, limits.ErrExceeded) {
				stopped = err
			}
			r.Close()
		}
	}
	if stopped == nil || total > 1101*int64(len(content))+int64(len(a.Entries))*64<<10 {
		t.Errorf("%d bytes from %d: %v", total, len(content), stopped)
	}
	if !slices.Contains(kinds(a), zip.Overlap) {
		t.Error("the overlap is not reported")
	}
}

func TestEntriesAreBounded(t *testing.T) {
	var members []rawzip.Entry
	for i := range 2000 {
		members = append(members, rawzip.Entry{Name: fmt.Sprint(i)})
	}
	l := limits.Default()
	l.Members = 100
	a, err := zip.Read(format.BytesBlob(rawzip.Archive{Entries: members}.Must()), limits.NewBudget(l))
	defer a.Close()
	if !errors.Is(err, limits.ErrExceeded) || len(a.Entries) != 100 {
		t.Errorf("%d entries, %v", len(a.Entries), err)
	}
	l = limits.Default()
	l.Memory = 200 << 10
	budget := limits.NewBudget(l)
	a, err = zip.Read(format.BytesBlob(rawzip.Archive{Entries: members}.Must()), budget)
	if !errors.Is(err, limits.ErrExceeded) || len(a.Entries) == 0 {
		t.Errorf("%d entries, %v", len(a.Entries), err)
	}
	a.Close()
	if _, err := budget.Hold(l.Memory); err != nil {
		t.Errorf("the memory is not given back: %v", err)
	}
}

func TestGoWriter(t *testing.T) {
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for i := range 20 {
		f, err := w.CreateHeader(&stdzip.FileHeader{Name: fmt.Sprintf("d/%d.txt", i), Method: uint16(i%2) * 8})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Repeat([]byte{byte('a' + i)}, i*10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a := read(t, b.Bytes())
	if len(a.Anomalies) > 0 || len(a.Entries) != 20 || contents(t, a)["d/7.txt"] != strings.Repeat("h", 70) {
		t.Errorf("%d entries, %v", len(a.Entries), a.Anomalies)
	}
}

// pythonWriters writes archives with every honest writer at hand; the folder is the argument.
const pythonWriters = `
import sys, zipfile, io, os
d = sys.argv[1]
class Pipe(io.RawIOBase):
    def __init__(s): s.b = io.BytesIO()
    def writable(s): return True
    def write(s, x): return s.b.write(x)
for name, method in [("stored", 0), ("deflated", 8), ("bzip2", 12), ("lzma", 14)]:
    p = Pipe()
    for target in (os.path.join(d, name + ".zip"), p):
        with zipfile.ZipFile(target, "w", method) as z:
            z.writestr("a/b.txt", b"hello " * 100)
            with z.open("big", "w", force_zip64=True) as f: f.write(b"x" * 5000)
            z.comment = b"made by a test"
    open(os.path.join(d, name + "-stream.zip"), "wb").write(p.b.getvalue())
try:
    import numpy as np
    np.savez(os.path.join(d, "plain.npz"), a=np.arange(10), b=np.ones(3))
    np.savez_compressed(os.path.join(d, "small.npz"), a=np.arange(10), b=np.ones(3))
except ImportError: pass
try:
    import torch
    torch.save({"w": torch.ones(3, 4), "b": torch.zeros(7)}, os.path.join(d, "model.pt"))
    torch.jit.script(torch.nn.Linear(2, 2)).save(os.path.join(d, "script.pt"))
except ImportError: pass
`

func TestHonestWriters(t *testing.T) {
	python := "/usr/bin/python3"
	dir := t.TempDir()
	if out, err := exec.Command(python, "-c", pythonWriters, dir).CombinedOutput(); err != nil {
		testkit.Missing(t, "%s cannot write archives: %v %s", python, err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content := readFile(t, file)
			a := read(t, content)
			if len(a.Anomalies) > 0 || len(a.Entries) == 0 {
				t.Errorf("%d entries, %+v", len(a.Entries), a.Anomalies)
			}
			for name, c := range contents(t, a) {
				if strings.Contains(c, "!malformed") || strings.Contains(c, "limit reached") {
					t.Errorf("%s: %q", name, c)
				}
			}
		})
	}
}

func TestMatch(t *testing.T) {
	good := map[string][]byte{
		"honest": rawzip.Archive{Entries: two()}.Must(), "empty": rawzip.Archive{}.Must(),
		"prefix":    rawzip.Archive{Prefix: []byte("#!/bin/sh\n"), Entries: two()}.Must(),
		"shifted":   rawzip.Archive{Prefix: []byte("#!/bin/sh\n"), Entries: two(), Shift: true}.Must(),
		"suffix":    rawzip.Archive{Entries: two(), Suffix: make([]byte, 999)}.Must(),
		"comment":   rawzip.Archive{Entries: two(), Comment: make([]byte, 65535)}.Must(),
		"truncated": rawzip.Archive{Entries: two()}.Must()[:60],
	}
	for name, content := range good {
		if !match(content) {
			t.Errorf("%s is not recognised", name)
		}
	}
	for _, content := range []string{"", "PK", "PK\x03\x04", "PK\x05\x06 and nothing of use after that", strings.Repeat("PK\x05\x06", 99),
		"text with PK\x03\x04 in the middle of it, but no directory"} {
		if match([]byte(content)) {
			t.Errorf("%q is recognised", content)
		}
	}
}

func TestMemberOfTarIsNoArchive(t *testing.T) {
	inner := rawzip.Archive{Entries: two()}.Must()
	var b bytes.Buffer
	w := stdtar.NewWriter(&b)
	for _, name := range []string{"a.pt", "b.pt"} {
		if err := w.WriteHeader(&stdtar.Header{Name: name, Size: int64(len(inner)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(inner); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if match(b.Bytes()) {
		t.Error("a tar archive of zip archives is taken for one")
	}
	if !match(append(b.Bytes(), inner...)) {
		t.Error("a zip archive after a tar archive is not recognised")
	}
	if !match(rawzip.Archive{Prefix: b.Bytes(), Entries: two()}.Must()) {
		t.Error("a zip archive with offsets behind a tar archive is not recognised")
	}
}

// match asks the format about content.
func match(content []byte) bool { return zip.New().Match(probe(content)) }

// probe makes a probe of content in memory.
func probe(content []byte) format.Probe {
	return format.Probe{Head: content[:min(len(content), format.HeadSize)], Tail: content[max(0, len(content)-format.TailSize):],
		Size: int64(len(content)), Blob: format.BytesBlob(content)}
}

func TestNames(t *testing.T) {
	got := zip.Names(probe(rawzip.Archive{Entries: two()}.Must()))
	if diff := cmp.Diff([]string{"m/data.pkl", "m/data/0"}, got); diff != "" {
		t.Error(diff)
	}
	if got := zip.Names(probe([]byte("no archive"))); got != nil {
		t.Error(got)
	}
}

func TestEveryTruncationIsRead(t *testing.T) {
	whole := rawzip.Archive{Entries: append(two(), rawzip.Entry{Name: "d", Descriptor: true, Method: rawzip.Deflate, Data: []byte("third")})}.Must()
	for n := range len(whole) {
		check(t, whole[:n])
	}
}

// check reads content that may be anything and checks what must hold for all content.
func check(t *testing.T, content []byte) {
	t.Helper()
	l := limits.Default()
	l.Output, l.Members, l.Ops = 1<<22, 2000, 1<<24
	describe := func() string {
		budget := limits.NewBudget(l)
		a, err := zip.Read(format.BytesBlob(content), budget)
		defer a.Close()
		var b strings.Builder
		fmt.Fprintf(&b, "%v %+v\n", err, a.Anomalies)
		size := int64(len(content))
		for i := range a.Entries {
			e := &a.Entries[i]
			for _, v := range a.Views(e) {
				if v.Offset < 0 || v.Compressed < 0 || v.Offset+v.Compressed > size {
					t.Fatalf("a view outside of the content: %+v", v)
				}
				r, err := a.Content(v).Blob().Open()
				if err == nil {
					var n int64
					n, err = io.Copy(io.Discard, r)
					r.Close()
					fmt.Fprint(&b, n, " ")
				}
				fmt.Fprintln(&b, e.Name(), v, err)
			}
		}
		for _, an := range a.Anomalies {
			if an.Entry >= len(a.Entries) || an.Offset > size || (an.Offset >= 0 && (an.Length < 0 || an.Offset+an.Length > size)) {
				t.Fatalf("an anomaly outside of %d bytes: %+v", size, an)
			}
		}
		return b.String()
	}
	if diff := cmp.Diff(describe(), describe()); diff != "" {
		t.Fatalf("two runs differ:\n%s", diff)
	}
	_ = match(content)
	_ = zip.Names(probe(content))
}

func BenchmarkRead10kMembers(b *testing.B) {
	var members []rawzip.Entry
	for i := range 10000 {
		members = append(members, rawzip.Entry{Name: fmt.Sprintf("folder/%d.txt", i), Data: []byte("text"), Method: uint16(i%2) * rawzip.Deflate, Descriptor: i%3 == 0})
	}
	content := rawzip.Archive{Entries: members}.Must()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		a, err := zip.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()))
		if err != nil || len(a.Entries) != 10000 {
			b.Fatal(err)
		}
		a.Close()
	}
}

func FuzzRead(f *testing.F) {
	f.Add(rawzip.Archive{Entries: two()}.Must())
	f.Add(rawzip.Archive{Prefix: []byte("prefix"), Shift: true, Entries: two(), Gap: []byte("gap"), Suffix: []byte("suffix")}.Must())
	f.Add(rawzip.Archive{Entries: with(func(m *rawzip.Entry) { m.NoCentral, m.Descriptor = true, true })}.Must())
	f.Fuzz(func(t *testing.T, content []byte) { check(t, content) })
}

// readFile reads a file of the test.
func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestNamed(t *testing.T) {
	content := rawzip.Archive{Entries: []rawzip.Entry{{Name: "a", Data: []byte("first"), Method: rawzip.Deflate}, {Name: "b", Data: []byte("other")},
		{Name: "a", Data: []byte("second")}}}.Must()
	a, err := zip.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var got []string
	for _, c := range a.Named("a") {
		text, release, err := c.Text(100)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(text))
		release()
		if _, _, err := c.Text(3); !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("a text beyond the bound: %v", err)
		}
	}
	if strings.Join(got, " ") != "first second" || len(a.Named("c")) != 0 {
		t.Errorf("read %q", got)
	}
}
