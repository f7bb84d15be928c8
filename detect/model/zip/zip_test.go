package zipfile_test

import (
	stdzip "archive/zip"
	"bytes"
	"context"
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
	"github.com/picketsec/picket/internal/testkit/ziptest"
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
func member(edit func(*ziptest.Member)) []ziptest.Member {
	m := ziptest.Member{Name: "m/data.pkl", Content: []byte("NOTE for the reader")}
	edit(&m)
	return []ziptest.Member{{Name: "m/version", Content: []byte("NOTE 3")}, m, {Name: "m/data/0", Content: []byte("\x01\x02\x03\x04 raw tensor")}}
}

func TestHostile(t *testing.T) {
	m := func(edit func(*ziptest.Member)) ziptest.Archive { return ziptest.Archive{Members: member(edit)} }
	elf := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 40))
	both := func(central, local func([]byte)) func(*ziptest.Member) {
		return func(m *ziptest.Member) { m.Central, m.Local = central, local }
	}
	for name, test := range map[string]struct {
		archive   ziptest.Archive
		want      string
		technique string
	}{
		"other name":     {m(func(m *ziptest.Member) { m.LocalName = "m/readme.md" }), "views-differ", "CVE-2025-1944"},
		"flag trick":     {m(both(ziptest.Put16(ziptest.CentralFlags, 1), ziptest.Put16(ziptest.LocalFlags, 1))), "flag-trick", "CVE-2025-1945"},
		"patched":        {m(both(ziptest.Put16(ziptest.CentralFlags, 0x20), nil)), "flag-trick malformed-record", "CVE-2025-1945"},
		"strong":         {m(both(ziptest.Put16(ziptest.CentralFlags, 0x40), ziptest.Put16(ziptest.LocalFlags, 0x40))), "flag-trick", "CVE-2025-1945"},
		"wrong checksum": {m(both(ziptest.Put32(ziptest.CentralCRC, 7), ziptest.Put32(ziptest.LocalCRC, 7))), "wrong-checksum", "CVE-2025-10156"},
		"wrong checksum, deflated": {m(func(m *ziptest.Member) {
			m.Deflate, m.Central, m.Local = true, ziptest.Put32(ziptest.CentralCRC, 7), ziptest.Put32(ziptest.LocalCRC, 7)
		}), "wrong-checksum", "CVE-2025-10156"},
		"wrong size": {m(func(m *ziptest.Member) {
			m.Deflate, m.Central, m.Local = true, ziptest.Put32(ziptest.CentralSize, 7), ziptest.Put32(ziptest.LocalSize, 7)
		}), "wrong-checksum", ""},
		"hidden":    {m(func(m *ziptest.Member) { m.Omit = true }), "hidden-member", ""},
		"escape":    {m(func(m *ziptest.Member) { m.Name = "../m/data.pkl" }), "path-escape", "zip slip"},
		"backslash": {m(func(m *ziptest.Member) { m.Name = `m\data.pkl` }), "unusual-name", ""},
		"link":      {m(func(m *ziptest.Member) { m.Central = ziptest.Put32(ziptest.CentralMode, 0o120777<<16) }), "special-member", ""},
		"duplicate": {m(func(m *ziptest.Member) { m.Name = "m/version" }), "duplicate-name", ""},
		"program":   {ziptest.Archive{Members: append(member(func(*ziptest.Member) {}), ziptest.Member{Name: "m/extra", Content: elf})}, "native-program", ""},
		"program, deflated": {ziptest.Archive{Members: append(member(func(*ziptest.Member) {}), ziptest.Member{Name: "m/extra", Content: elf, Deflate: true})},
			"native-program", ""},
		"foreign-script": {ziptest.Archive{Members: append(member(func(*ziptest.Member) {}), ziptest.Member{Name: "m/setup.py", Content: []byte("NOTE")})}, "foreign-script", ""},
		"prefix":         {ziptest.Archive{Prefix: []byte("NOTE before"), Members: member(func(*ziptest.Member) {})}, "unowned-content", ""},
		"suffix":         {ziptest.Archive{Suffix: []byte("NOTE after"), Members: member(func(*ziptest.Member) {})}, "unowned-content", ""},
		"gap":            {ziptest.Archive{After: []byte("NOTE between"), Members: member(func(*ziptest.Member) {})}, "unowned-content", ""},
		"comment":        {ziptest.Archive{Comment: []byte("NOTE \x00 in a comment"), Members: member(func(*ziptest.Member) {})}, "unowned-content", ""},
		"count":          {ziptest.Archive{End: ziptest.Put16(ziptest.EndCount, 9), Members: member(func(*ziptest.Member) {})}, "malformed-record", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, test.archive.Bytes())
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
	for name, a := range map[string]ziptest.Archive{
		"prefix": {Prefix: []byte("NOTE unowned")}, "suffix": {Suffix: []byte("NOTE unowned")},
		"gap": {After: []byte("NOTE unowned")}, "comment": {Comment: []byte("NOTE unowned\x00")},
	} {
		a.Members = member(func(*ziptest.Member) {})
		if r := run(t, a.Bytes()); !strings.Contains(strings.Join(r.Trace, "\n"), "NOTE unowned") {
			t.Errorf("the %s was not inspected: %q", name, r.Trace)
		}
	}
}

func TestEncryptedIsIncomplete(t *testing.T) {
	m := ziptest.Member{Name: "secret.pkl", Content: []byte("plain"), Raw: []byte("\xee\x11 what a cipher made of it, twelve bytes more"),
		Central: ziptest.Put16(ziptest.CentralFlags, 1), Local: ziptest.Put16(ziptest.LocalFlags, 1)}
	r := run(t, ziptest.Archive{Members: []ziptest.Member{m}}.Bytes())
	if fired(r) != "encrypted-member" || r.Verdict != picket.Incomplete {
		t.Errorf("%v with %q", r.Verdict, fired(r))
	}
}

func TestBothMethodsAreInspected(t *testing.T) {
	// The directory says stored and the local header says deflated: the stored view is the note.
	m := ziptest.Member{Name: "a.pkl", Content: []byte("NOTE as stored"), Local: ziptest.Put16(ziptest.LocalMethod, 8)}
	r := run(t, ziptest.Archive{Members: []ziptest.Member{m}}.Bytes())
	if !strings.Contains(strings.Join(r.Trace, "\n"), "NOTE as stored") || fired(r) != "views-differ" || len(r.Coverage.Gaps) == 0 {
		t.Errorf("%q %q %+v", r.Trace, fired(r), r.Coverage)
	}
}

func TestTruncatedArchiveIsNotClean(t *testing.T) {
	content := ziptest.Archive{Members: member(func(*ziptest.Member) {})}.Bytes()
	for n := 40; n < len(content)-1; n++ {
		if r := run(t, content[:n]); r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Fatalf("the first %d of %d bytes are %v", n, len(content), r.Verdict)
		}
	}
}

func TestNestedBombStops(t *testing.T) {
	bomb := ziptest.Archive{Members: []ziptest.Member{{Name: "z", Content: make([]byte, 8<<20), Deflate: true}}}.Bytes()
	for i := range 20 {
		bomb = ziptest.Archive{Members: []ziptest.Member{{Name: fmt.Sprint(i), Content: bomb, Deflate: true}, {Name: "again", Content: bomb, Deflate: true}}}.Bytes()
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
	members := []ziptest.Member{{Name: "m/data.pkl", Content: []byte("NOTE 1")}, {Name: "m/version", Content: []byte("NOTE 2")},
		{Name: "m/data/0", Content: []byte("x"), Central: func(r []byte) {
			ziptest.Put32(ziptest.CentralCompressed, hole+1)(r)
			ziptest.Put32(ziptest.CentralSize, hole+1)(r)
		}, Local: func(r []byte) {
			ziptest.Put32(ziptest.LocalCompressed, hole+1)(r)
			ziptest.Put32(ziptest.LocalSize, hole+1)(r)
		}}}
	content := ziptest.Archive{Members: members}.Bytes()
	cut := bytes.Index(content, []byte("PK\x01\x02"))
	end := content[len(content)-22:]
	ziptest.Put32(ziptest.EndStart, uint32(cut+hole))(end)
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
		"honest": ziptest.Archive{Members: member(func(*ziptest.Member) {})}.Bytes(),
		"odd": ziptest.Archive{Prefix: []byte("prefix"), After: []byte("gap"), Suffix: []byte("suffix"),
			Members: member(func(m *ziptest.Member) { m.LocalName, m.Deflate, m.Descriptor = "other", true, true })}.Bytes(),
	})
}

func BenchmarkManyMembers(b *testing.B) {
	var members []ziptest.Member
	for i := range 10000 {
		members = append(members, ziptest.Member{Name: fmt.Sprintf("d/%d", i), Content: []byte("NOTE for the reader"), Deflate: true})
	}
	content := ziptest.Archive{Members: members}.Bytes()
	for b.Loop() {
		if r := run(b, content); r.Verdict != picket.Clean {
			b.Fatal(r.Verdict, r.Coverage.Gaps)
		}
	}
}
