package zipfile_test

import (
	stdzip "archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	zipfile "github.com/picketsec/picket/detect/model/zip"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// note is a format whose content the tests can recognise in any member.
type note struct{}

func (note) Info() format.Info {
	return format.Info{Name: "note", Title: "note", MediaType: "text/x-note", Forward: true, Parsed: true, Spec: "-"}
}
func (note) Match(p format.Probe) bool { return bytes.HasPrefix(p.Head, []byte("NOTE ")) }

// reader traces the notes that it is given.
type reader struct{}

func (reader) Info() detect.Info { return detect.Info{Name: "note", Formats: []string{"note"}} }
func (reader) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	out.Trace(string(b[:min(len(b), 40)]))
	out.Parsed(int64(len(b)))
	return err
}

// formats are those that the tests need.
func formats() []format.Format {
	return append(append(compress.New(), executable.New()...), zip.New(), torchzip.New(), note{})
}

// run scans an archive.
func run(t testing.TB, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, formats(), zipfile.New(), reader{})
}

// fired lists the rules of a result, without the engine's, each once.
func fired(r picket.Result) string {
	var ids []string
	for _, f := range r.Findings {
		if id, own := strings.CutPrefix(f.Rule.ID, "model.zip."); own && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// member is one with a note in it.
func member(edit func(*rawzip.Entry)) []rawzip.Entry {
	m := rawzip.Entry{Name: "m/data.pkl", Data: []byte("NOTE for the reader")}
	edit(&m)
	return []rawzip.Entry{{Name: "m/version", Data: []byte("NOTE 3")}, m, {Name: "m/data/0", Data: []byte("\x01\x02\x03\x04 raw tensor")}}
}

func TestHostile(t *testing.T) {
	m := func(edit func(*rawzip.Entry)) rawzip.Archive { return rawzip.Archive{Entries: member(edit)} }
	elf := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 40))
	for name, test := range map[string]struct {
		archive   rawzip.Archive
		want      string
		technique string
	}{
		"other name":     {m(func(m *rawzip.Entry) { m.LocalName = "m/readme.md" }), "views-differ", "CVE-2025-1944"},
		"flag trick":     {m(func(m *rawzip.Entry) { m.Flags = 1 }), "flag-trick", "CVE-2025-1945"},
		"patched":        {m(func(m *rawzip.Entry) { m.CentralFlags = 0x20 }), "flag-trick malformed-record", "CVE-2025-1945"},
		"strong":         {m(func(m *rawzip.Entry) { m.Flags = 0x40 }), "flag-trick", "CVE-2025-1945"},
		"wrong checksum": {m(func(m *rawzip.Entry) { m.CRC = rawzip.Ptr(uint32(7)) }), "wrong-checksum", "CVE-2025-10156"},
		"wrong checksum, deflated": {m(func(m *rawzip.Entry) {
			m.Method, m.CRC = rawzip.Deflate, rawzip.Ptr(uint32(7))
		}), "wrong-checksum", "CVE-2025-10156"},
		"wrong size": {m(func(m *rawzip.Entry) {
			m.Method, m.Size, m.LocalSize = rawzip.Deflate, rawzip.Ptr(uint64(7)), rawzip.Ptr(uint64(7))
		}), "wrong-checksum", ""},
		"hidden":    {m(func(m *rawzip.Entry) { m.NoCentral = true }), "hidden-member", ""},
		"escape":    {m(func(m *rawzip.Entry) { m.Name = "../m/data.pkl" }), "path-escape", "zip slip"},
		"backslash": {m(func(m *rawzip.Entry) { m.Name = `m\data.pkl` }), "unusual-name", ""},
		"link":      {m(func(m *rawzip.Entry) { m.External = 0o120777 << 16 }), "special-member", ""},
		"duplicate": {m(func(m *rawzip.Entry) { m.Name = "m/version" }), "duplicate-name", ""},
		"program":   {rawzip.Archive{Entries: append(member(func(*rawzip.Entry) {}), rawzip.Entry{Name: "m/extra", Data: elf})}, "native-program", ""},
		"program, deflated": {rawzip.Archive{Entries: append(member(func(*rawzip.Entry) {}), rawzip.Entry{Name: "m/extra", Data: elf, Method: rawzip.Deflate})},
			"native-program", ""},
		"foreign-script": {rawzip.Archive{Entries: append(member(func(*rawzip.Entry) {}), rawzip.Entry{Name: "m/setup.py", Data: []byte("NOTE")})}, "foreign-script", ""},
		"prefix":         {rawzip.Archive{Prefix: []byte("NOTE before"), Entries: member(func(*rawzip.Entry) {})}, "unowned-content", ""},
		"suffix":         {rawzip.Archive{Suffix: []byte("NOTE after"), Entries: member(func(*rawzip.Entry) {})}, "unowned-content", ""},
		"gap":            {rawzip.Archive{Gap: []byte("NOTE between"), Entries: member(func(*rawzip.Entry) {})}, "unowned-content", ""},
		"comment":        {rawzip.Archive{Comment: []byte("NOTE \x00 in a comment"), Entries: member(func(*rawzip.Entry) {})}, "unowned-content", ""},
		"count":          {rawzip.Archive{Count: rawzip.Ptr(uint16(9)), Entries: member(func(*rawzip.Entry) {})}, "malformed-record", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, test.archive.Must())
			if got := fired(r); got != test.want {
				t.Errorf("rules %q, want %q: %+v", got, test.want, r.Findings)
			}
			if trace := strings.Join(r.Trace, "\n"); !strings.Contains(trace, "NOTE for the reader") {
				t.Errorf("the member was not inspected: %q", trace)
			}
			named := func(f picket.Finding) bool { return f.Technique == test.technique }
			if !slices.ContainsFunc(r.Findings, named) {
				t.Errorf("no finding names %q", test.technique)
			}
		})
	}
	for name, a := range map[string]rawzip.Archive{
		"prefix": {Prefix: []byte("NOTE unowned")}, "suffix": {Suffix: []byte("NOTE unowned")},
		"gap": {Gap: []byte("NOTE unowned")}, "comment": {Comment: []byte("NOTE unowned\x00")},
	} {
		a.Entries = member(func(*rawzip.Entry) {})
		if r := run(t, a.Must()); !strings.Contains(strings.Join(r.Trace, "\n"), "NOTE unowned") {
			t.Errorf("the %s was not inspected: %q", name, r.Trace)
		}
	}
}

func TestEncryptedIsIncomplete(t *testing.T) {
	m := rawzip.Entry{Name: "secret.pkl", Data: []byte("plain"), Stored: []byte("\xee\x11 what a cipher made of it, twelve bytes more"),
		Method: rawzip.Deflate, Flags: 1}
	r := run(t, rawzip.Archive{Entries: []rawzip.Entry{m}}.Must())
	if fired(r) != "encrypted-member" || r.Verdict != picket.Incomplete {
		t.Errorf("%v with %q", r.Verdict, fired(r))
	}
}

func TestBothMethodsAreInspected(t *testing.T) {
	// The directory says stored and the local header says deflated: the stored view is the note.
	m := rawzip.Entry{Name: "a.pkl", Data: []byte("NOTE as stored"), LocalMethod: rawzip.Ptr(uint16(8))}
	r := run(t, rawzip.Archive{Entries: []rawzip.Entry{m}}.Must())
	if !strings.Contains(strings.Join(r.Trace, "\n"), "NOTE as stored") || fired(r) != "views-differ" || len(r.Coverage.Gaps) == 0 {
		t.Errorf("%q %q %+v", r.Trace, fired(r), r.Coverage)
	}
}

func TestTruncatedArchiveIsNotClean(t *testing.T) {
	content := rawzip.Archive{Entries: member(func(*rawzip.Entry) {})}.Must()
	for n := 40; n < len(content)-1; n++ {
		if r := run(t, content[:n]); r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Fatalf("the first %d of %d bytes are %v", n, len(content), r.Verdict)
		}
	}
}

func TestNestedBombStops(t *testing.T) {
	bomb := rawzip.Archive{Entries: []rawzip.Entry{{Name: "z", Data: make([]byte, 8<<20), Method: rawzip.Deflate}}}.Must()
	for i := range 20 {
		bomb = rawzip.Archive{Entries: []rawzip.Entry{{Name: fmt.Sprint(i), Data: bomb, Method: rawzip.Deflate}, {Name: "again", Data: bomb, Method: rawzip.Deflate}}}.Must()
	}
	l := limits.Default()
	l.Output, l.Members = 64<<20, 5000
	set, err := detect.NewSet(formats(), []detect.Detector{zipfile.New()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, l).Scan(context.Background(), detect.Entry{Name: "bomb", Blob: format.BytesBlob(bomb)})
	if err != nil || r.Verdict == picket.Clean || len(r.Coverage.Gaps) == 0 {
		t.Errorf("%v %v %+v", r.Verdict, err, r.Coverage)
	}
}

// sparse is an archive with one huge run of tensor data, of which it counts what is read.
type sparse struct {
	head, tail []byte
	hole, read int64
}

// ReadAt implements io.ReaderAt.
func (s *sparse) ReadAt(p []byte, at int64) (int, error) {
	s.read += int64(len(p))
	for i := range p {
		switch pos := at + int64(i); {
		case pos < int64(len(s.head)):
			p[i] = s.head[pos]
		case pos < int64(len(s.head))+s.hole:
			p[i] = 0
		case pos < int64(len(s.head))+s.hole+int64(len(s.tail)):
			p[i] = s.tail[pos-int64(len(s.head))-s.hole]
		default:
			return i, io.EOF
		}
	}
	return len(p), nil
}

func TestTensorDataIsNotRead(t *testing.T) {
	const hole = 500 << 20
	members := []rawzip.Entry{{Name: "m/data.pkl", Data: []byte("NOTE 1")}, {Name: "m/version", Data: []byte("NOTE 2")},
		{Name: "m/data/0", Data: []byte("x"), Compressed: rawzip.Ptr(uint64(hole + 1)), Size: rawzip.Ptr(uint64(hole + 1)),
			LocalCompressed: rawzip.Ptr(uint64(hole + 1)), LocalSize: rawzip.Ptr(uint64(hole + 1))}}
	content := rawzip.Archive{Entries: members}.Must()
	cut := bytes.Index(content, []byte("PK\x01\x02"))
	end := content[len(content)-22:]
	binary.LittleEndian.PutUint32(end[16:], uint32(cut+hole))
	s := &sparse{head: content[:cut], tail: content[cut:], hole: hole}
	set, err := detect.NewSet(formats(), []detect.Detector{zipfile.New(), reader{}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(),
		detect.Entry{Name: "m.pt", Blob: format.NewBlob(s, int64(len(content))+hole)})
	if err != nil || r.Verdict != picket.Clean || r.Coverage.Opaque != hole+1 {
		t.Errorf("%v %v %+v %+v", r.Verdict, err, r.Coverage, r.Findings)
	}
	if s.read > 4<<20 {
		t.Errorf("%d bytes were read", s.read)
	}
}

// honest writes archives with Go's and, when it is there, with Python's writers.
func honest(t *testing.T) map[string][]byte {
	files := map[string][]byte{}
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for i := range 50 {
		f, err := w.Create(fmt.Sprintf("d/%d", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Repeat([]byte("NOTE "), i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files["go.zip"] = b.Bytes()
	dir := t.TempDir()
	const script = `
import sys, os, zipfile
d = sys.argv[1]
import torch, numpy as np
torch.save({"w": torch.ones(300, 40)}, os.path.join(d, "model.pt"))
torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())).save(os.path.join(d, "script.pt"))
np.savez(os.path.join(d, "a.npz"), a=np.arange(10), b=np.ones(3))
np.savez_compressed(os.path.join(d, "b.npz"), a=np.arange(10), b=np.ones(3))
with zipfile.ZipFile(os.path.join(d, "c.zip"), "w", 8) as z:
    z.mkdir("x") if hasattr(z, "mkdir") else None
    z.writestr("x/weights.h5", b"NOTE")
`
	if out, err := exec.Command("/usr/bin/python3", "-c", script, dir).CombinedOutput(); err != nil {
		t.Logf("SKIPPED: archives of torch and numpy: %v %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestHonestWritersPass(t *testing.T) {
	for name, content := range honest(t) {
		for _, f := range run(t, content).Findings {
			if f.Rule.Severity >= picket.Medium {
				t.Errorf("%s: %s at %+v: %s", name, f.Rule.ID, f.Location, f.Evidence.Summary)
			}
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, zipfile.New(), []format.Format{zip.New()}, map[string][]byte{
		"honest": rawzip.Archive{Entries: member(func(*rawzip.Entry) {})}.Must(),
		"odd": rawzip.Archive{Prefix: []byte("prefix"), Gap: []byte("gap"), Suffix: []byte("suffix"),
			Entries: member(func(m *rawzip.Entry) { m.LocalName, m.Method, m.Descriptor = "other", rawzip.Deflate, true })}.Must(),
	})
}

func BenchmarkManyMembers(b *testing.B) {
	var members []rawzip.Entry
	for i := range 10000 {
		members = append(members, rawzip.Entry{Name: fmt.Sprintf("d/%d", i), Data: []byte("NOTE for the reader"), Method: rawzip.Deflate})
	}
	content := rawzip.Archive{Entries: members}.Must()
	for b.Loop() {
		if r := run(b, content); r.Verdict != picket.Clean {
			b.Fatal(r.Verdict, r.Coverage.Gaps)
		}
	}
}
