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
	"github.com/picketsec/picket/internal/testkit/ziptest"
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
func two() []ziptest.Member {
	return []ziptest.Member{{Name: "m/data.pkl", Content: []byte("first content")}, {Name: "m/data/0", Content: []byte("second content"), Deflate: true}}
}

// with is two with an edit of the first member.
func with(edit func(*ziptest.Member)) []ziptest.Member {
	m := two()
	edit(&m[0])
	return m
}

func TestAnomalies(t *testing.T) {
	const unicode = "\x75\x70"
	type members = []ziptest.Member
	m := func(edit func(*ziptest.Member)) ziptest.Archive { return ziptest.Archive{Members: with(edit)} }
	tests := map[string]struct {
		archive ziptest.Archive
		want    []zip.Kind
	}{
		"honest":     {ziptest.Archive{Members: two()}, nil},
		"descriptor": {m(func(m *ziptest.Member) { m.Descriptor = true }), nil},
		"comment":    {ziptest.Archive{Members: two(), Comment: []byte("just text")}, nil},
		"no members": {ziptest.Archive{}, nil},
		"other name": {m(func(m *ziptest.Member) { m.LocalName = "m/else.pkl" }), []zip.Kind{zip.NameMismatch}},
		"other method": {m(func(m *ziptest.Member) { m.Local = ziptest.Put16(ziptest.LocalMethod, 8) }),
			[]zip.Kind{zip.MethodMismatch}},
		"other size":     {m(func(m *ziptest.Member) { m.Local = ziptest.Put32(ziptest.LocalCompressed, 5) }), []zip.Kind{zip.SizeMismatch}},
		"size too large": {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralCompressed, 1<<30) }), []zip.Kind{zip.Overlap, zip.SizeMismatch}},
		"other checksum": {m(func(m *ziptest.Member) { m.Local = ziptest.Put32(ziptest.LocalCRC, 5) }), []zip.Kind{zip.ChecksumMismatch}},
		"other flags":    {m(func(m *ziptest.Member) { m.Local = ziptest.Put16(ziptest.LocalFlags, zip.FlagUTF8) }), []zip.Kind{zip.FlagMismatch}},
		"encrypted":      {m(func(m *ziptest.Member) { m.Central = ziptest.Put16(ziptest.CentralFlags, 1) }), []zip.Kind{zip.Encrypted, zip.FlagMismatch}},
		"patched":        {m(func(m *ziptest.Member) { m.Central = ziptest.Put16(ziptest.CentralFlags, 0x20) }), []zip.Kind{zip.FlagMismatch, zip.ReservedFlags}},
		"strong":         {m(func(m *ziptest.Member) { m.Central = ziptest.Put16(ziptest.CentralFlags, 0x40) }), []zip.Kind{zip.Encrypted, zip.FlagMismatch}},
		"DEFLATE64": {m(func(m *ziptest.Member) {
			m.Central, m.Local = ziptest.Put16(ziptest.CentralMethod, 9), ziptest.Put16(ziptest.LocalMethod, 9)
		}), []zip.Kind{zip.UnsupportedMethod}},
		"descriptor lie": {m(func(m *ziptest.Member) { m.Descriptor, m.Central = true, ziptest.Put32(ziptest.CentralCRC, 7) }), []zip.Kind{zip.DescriptorLie}},
		"points nowhere": {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralOffset, 3) }), []zip.Kind{zip.Hidden, zip.NoLocal}},
		"hidden":         {m(func(m *ziptest.Member) { m.Omit = true }), []zip.Kind{zip.Hidden}},
		"hidden, streamed": {m(func(m *ziptest.Member) { m.Omit, m.Descriptor, m.Deflate = true, true, true }),
			[]zip.Kind{zip.Hidden}},
		"zip64 without a field": {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralSize, 1<<32-1) }), []zip.Kind{zip.SizeMismatch, zip.Zip64Lie}},
		"climbs":                {m(func(m *ziptest.Member) { m.Name = "m/../../up" }), []zip.Kind{zip.PathEscape}},
		"absolute":              {m(func(m *ziptest.Member) { m.Name = "/etc/up" }), []zip.Kind{zip.PathEscape}},
		"drive":                 {m(func(m *ziptest.Member) { m.Name = "C:up" }), []zip.Kind{zip.PathEscape}},
		"backslash":             {m(func(m *ziptest.Member) { m.Name = `m\up` }), []zip.Kind{zip.PathEscape}},
		"zero byte":             {m(func(m *ziptest.Member) { m.Name = "m/up\x00.txt" }), []zip.Kind{zip.PathEscape}},
		"link":                  {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralMode, 0o120777<<16) }), []zip.Kind{zip.Special}},
		"pipe":                  {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralMode, 0o010644<<16) }), []zip.Kind{zip.Special}},
		"folder with content":   {m(func(m *ziptest.Member) { m.Name = "m/folder/" }), []zip.Kind{zip.DirectoryContent}},
		"duplicate":             {m(func(m *ziptest.Member) { m.Name = "m/data/0" }), []zip.Kind{zip.Duplicate}},
		"near duplicate":        {m(func(m *ziptest.Member) { m.Name = "M/./Data/0" }), []zip.Kind{zip.NearDuplicate}},
		"prefix":                {ziptest.Archive{Prefix: []byte("#!/bin/" + unicode), Members: two()}, []zip.Kind{zip.Prefix}},
		"prefix, shifted":       {ziptest.Archive{Prefix: []byte("#!/bin/" + unicode), Members: two(), Shift: true}, []zip.Kind{zip.Prefix}},
		"suffix":                {ziptest.Archive{Members: two(), Suffix: []byte("more")}, []zip.Kind{zip.Suffix}},
		"gap":                   {ziptest.Archive{Members: two(), After: []byte("more")}, []zip.Kind{zip.Gap}},
		"padding":               {ziptest.Archive{Members: two(), After: make([]byte, 100)}, nil},
		"binary comment":        {ziptest.Archive{Members: two(), Comment: []byte("\x80\x04\x01")}, []zip.Kind{zip.Comment}},
		"count":                 {ziptest.Archive{Members: two(), End: ziptest.Put16(ziptest.EndCount, 1)}, []zip.Kind{zip.DirectoryLie}},
		"count of millions":     {ziptest.Archive{Members: two(), End: ziptest.Put16(ziptest.EndCount, 65534)}, []zip.Kind{zip.DirectoryLie}},
		"no directory there": {ziptest.Archive{Members: two(), End: ziptest.Put32(ziptest.EndStart, 1<<31)},
			[]zip.Kind{zip.DirectoryLie}},
		"overlap": {ziptest.Archive{Members: members{two()[0], {Name: "again", Omit: true},
			{Name: "same", Content: []byte("first content"), Central: ziptest.Put32(ziptest.CentralOffset, 0)}}}, []zip.Kind{zip.Hidden, zip.NameMismatch, zip.Overlap}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := read(t, test.archive.Bytes())
			if diff := cmp.Diff(test.want, kinds(a)); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s%+v", diff, a.Anomalies)
			}
			all := contents(t, a)
			var joined []string
			for _, c := range all {
				joined = append(joined, c)
			}
			if got := strings.Join(joined, " "); len(test.archive.Members) > 0 && name != "points nowhere" && name != "DEFLATE64" &&
				!strings.Contains(got, "first content") {
				t.Errorf("the first content is not reached: %q", all)
			}
		})
	}
}

func TestTwoDirectories(t *testing.T) {
	// miniz follows the stated offset and Python's zipfile counts back from the end record.
	harmless := ziptest.Archive{Members: []ziptest.Member{{Name: "harmless", Content: []byte("quiet")}}}.Bytes()
	directory := bytes.Index(harmless, []byte("PK\x01\x02"))
	size := len(harmless) - 22 - directory
	other := ziptest.Archive{Members: []ziptest.Member{{Name: "harmful!", Content: []byte("loud!")}}}.Bytes()
	hidden := bytes.Clone(other[:len(other)-22])
	file := append(bytes.Clone(hidden), harmless[:directory]...)
	second := bytes.Clone(harmless[directory : directory+size])
	binary.LittleEndian.PutUint32(second[ziptest.CentralOffset:], uint32(len(hidden)))
	file = append(file, second...)
	last := bytes.Clone(harmless[len(harmless)-22:])
	binary.LittleEndian.PutUint32(last[ziptest.EndStart:], uint32(bytes.Index(other, []byte("PK\x01\x02"))))
	file = append(file, last...)
	a := read(t, file)
	all := contents(t, a)
	if !strings.Contains(all["harmful!"], "loud!") || !slices.Contains(kinds(a), zip.SeveralDirectories) {
		t.Errorf("%q with %v", all, a.Anomalies)
	}
}

func TestNestedStoredArchiveIsNoAnomaly(t *testing.T) {
	inner := ziptest.Archive{Members: two()}.Bytes()
	a := read(t, ziptest.Archive{Members: []ziptest.Member{{Name: "inner.zip", Content: inner}}}.Bytes())
	if len(a.Anomalies) > 0 || len(a.Entries) != 1 {
		t.Errorf("%d entries, %v", len(a.Entries), a.Anomalies)
	}
}

func TestBothViewsAreOpened(t *testing.T) {
	m := two()
	m[0] = ziptest.Member{Name: "m/data.pkl", Content: bytes.Repeat([]byte("quiet "), 99), Deflate: true,
		Local: ziptest.Put16(ziptest.LocalMethod, 0)}
	a := read(t, ziptest.Archive{Members: m}.Bytes())
	views := a.Views(&a.Entries[0])
	if len(views) < 2 || views[0].Method != zip.Deflated || views[1].Method != zip.Store {
		t.Errorf("views: %+v", views)
	}
}

func TestSeen(t *testing.T) {
	m := []ziptest.Member{{Name: "lie", Content: []byte("content"), Deflate: true, Central: ziptest.Put32(ziptest.CentralCRC, 1)}}
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
	stream.Name, stream.Raw = "trailing", append(b.Bytes(), "after the stream"...)
	a := read(t, ziptest.Archive{Members: append(m, stream)}.Bytes())
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
	kernel := ziptest.Member{Name: "0", Content: make([]byte, 1<<20), Deflate: true}
	members := []ziptest.Member{kernel}
	for i := range 3000 {
		members = append(members, ziptest.Member{Name: fmt.Sprint(i + 1), Raw: []byte{}, Content: kernel.Content,
			Central: func(r []byte) {
				ziptest.Put32(ziptest.CentralOffset, 0)(r)
				ziptest.Put32(ziptest.CentralCompressed, 1033)(r)
			}})
	}
	content := ziptest.Archive{Members: members}.Bytes()
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
	var members []ziptest.Member
	for i := range 2000 {
		members = append(members, ziptest.Member{Name: fmt.Sprint(i)})
	}
	l := limits.Default()
	l.Members = 100
	a, err := zip.Read(format.BytesBlob(ziptest.Archive{Members: members}.Bytes()), limits.NewBudget(l))
	defer a.Close()
	if !errors.Is(err, limits.ErrExceeded) || len(a.Entries) != 100 {
		t.Errorf("%d entries, %v", len(a.Entries), err)
	}
	l = limits.Default()
	l.Memory = 200 << 10
	budget := limits.NewBudget(l)
	a, err = zip.Read(format.BytesBlob(ziptest.Archive{Members: members}.Bytes()), budget)
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
		"honest": ziptest.Archive{Members: two()}.Bytes(), "empty": ziptest.Archive{}.Bytes(),
		"prefix":    ziptest.Archive{Prefix: []byte("#!/bin/sh\n"), Members: two()}.Bytes(),
		"shifted":   ziptest.Archive{Prefix: []byte("#!/bin/sh\n"), Members: two(), Shift: true}.Bytes(),
		"suffix":    ziptest.Archive{Members: two(), Suffix: make([]byte, 999)}.Bytes(),
		"comment":   ziptest.Archive{Members: two(), Comment: make([]byte, 65535)}.Bytes(),
		"truncated": ziptest.Archive{Members: two()}.Bytes()[:60],
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
	inner := ziptest.Archive{Members: two()}.Bytes()
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
	if !match(ziptest.Archive{Prefix: b.Bytes(), Members: two()}.Bytes()) {
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
	got := zip.Names(probe(ziptest.Archive{Members: two()}.Bytes()))
	if diff := cmp.Diff([]string{"m/data.pkl", "m/data/0"}, got); diff != "" {
		t.Error(diff)
	}
	if got := zip.Names(probe([]byte("no archive"))); got != nil {
		t.Error(got)
	}
}

func TestEveryTruncationIsRead(t *testing.T) {
	whole := ziptest.Archive{Members: append(two(), ziptest.Member{Name: "d", Descriptor: true, Deflate: true, Content: []byte("third")})}.Bytes()
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
	var members []ziptest.Member
	for i := range 10000 {
		members = append(members, ziptest.Member{Name: fmt.Sprintf("folder/%d.txt", i), Content: []byte("text"), Deflate: i%2 == 0, Descriptor: i%3 == 0})
	}
	content := ziptest.Archive{Members: members}.Bytes()
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
	f.Add(ziptest.Archive{Members: two()}.Bytes())
	f.Add(ziptest.Archive{Prefix: []byte("prefix"), Shift: true, Members: two(), After: []byte("gap"), Suffix: []byte("suffix")}.Bytes())
	f.Add(ziptest.Archive{Members: with(func(m *ziptest.Member) { m.Omit, m.Descriptor = true, true })}.Bytes())
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
	content := ziptest.Archive{Members: []ziptest.Member{{Name: "a", Content: []byte("first"), Deflate: true}, {Name: "b", Content: []byte("other")},
		{Name: "a", Content: []byte("second")}}}.Bytes()
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
