package tarfile_test

import (
	stdtar "archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/artifact/format/torchtar"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	expand "github.com/picketsec/picket/detect/model/compress"
	tarfile "github.com/picketsec/picket/detect/model/tar"
)

// note is a format whose content the tests can recognise; content that starts like a pickle is one too.
type note struct{}

func (note) Info() format.Info {
	return format.Info{Name: "note", Title: "note", Forward: true, Parsed: true, Spec: "-"}
}
func (note) Match(p format.Probe) bool {
	return bytes.HasPrefix(p.Head, []byte("NOTE")) || bytes.HasPrefix(p.Head, []byte("\x80\x02"))
}

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
	out.Trace(string(b[:min(len(b), 60)]))
	return err
}

// run scans content.
func run(t testing.TB, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, append(compress.New(), tar.New(), torchtar.New(), note{}), tarfile.New(), expand.New(), reader{})
}

// write makes an archive; the content of a member is in Uname.
func write(t testing.TB, headers ...stdtar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdtar.NewWriter(&b)
	for _, h := range headers {
		content := h.Uname
		h.Uname, h.Size, h.Mode = "", int64(len(content)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file is a header with content.
func file(name, content string) stdtar.Header { return stdtar.Header{Name: name, Uname: content} }

func TestHostile(t *testing.T) {
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 40)
	for name, test := range map[string]struct {
		archive []byte
		want    string
	}{
		"honest":    {write(t, file("a", "NOTE inside")), ""},
		"climbs":    {write(t, file("../a", "NOTE inside")), "path-escape"},
		"link out":  {write(t, stdtar.Header{Name: "a", Typeflag: '2', Linkname: "/etc"}, file("b", "NOTE inside")), "path-escape"},
		"link":      {write(t, file("b", "NOTE inside"), stdtar.Header{Name: "a", Typeflag: '1', Linkname: "b"}), "link"},
		"device":    {write(t, file("b", "NOTE inside"), stdtar.Header{Name: "a", Typeflag: '3'}), "special-member"},
		"duplicate": {write(t, file("a", "NOTE inside"), file("a", "NOTE again")), "duplicate-name"},
		"program":   {write(t, file("a", "NOTE inside"), file("lib", elf)), "native-program"},
		"script":    {write(t, file("a", "NOTE inside"), file("a.py", "NOTE")), "script"},
		"trailing":  {append(write(t, file("a", "NOTE inside")), "NOTE after"...), "trailing-content"},
		"cut":       {write(t, file("a", "NOTE inside"))[:1024], "no-end"},
	} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(test.archive); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{test.archive, packed.Bytes()} {
			r := run(t, content)
			var got []string
			for _, f := range r.Findings {
				if id := strings.TrimPrefix(f.Rule.ID, "model.tar."); !slices.Contains(got, id) {
					got = append(got, id)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s: %q, want %q: %+v", name, got, test.want, r.Findings)
			}
			if trace := strings.Join(r.Trace, "\n"); !strings.Contains(trace, "NOTE inside") || name == "trailing" && !strings.Contains(trace, "NOTE after") {
				t.Errorf("%s: not all was inspected: %q", name, trace)
			}
		}
	}
}

func TestLargeCompressedArchive(t *testing.T) {
	// Larger than what the engine buffers, so that members are read from the stream.
	var noise strings.Builder
	for i := range 1 << 20 {
		noise.WriteString(string(rune('a' + i*i%23)))
	}
	archive := write(t, file("a", "NOTE one "+noise.String()), file("b", "NOTE two "+strings.Repeat(noise.String(), 3)), file("c", "NOTE three"))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := run(t, packed.Bytes())
	if r.Verdict != picket.Clean || len(r.Trace) != 3 || !strings.Contains(r.Trace[2], "NOTE three") {
		t.Errorf("%v %q %+v", r.Verdict, r.Trace, r.Coverage)
	}
}

func TestTorchTar(t *testing.T) {
	storages := "\x80\x02K\x01." + "\x80\x02K\x05X\x03\x00\x00\x00cpuctorch\nFloatStorage\n\x87." +
		"\x02\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x80\x3f\x00\x00\x00\x40" + "\x80\x02]."
	tensors := "\x80\x02K\x00."
	r := run(t, write(t, file("sys_info", "\x80\x02}."), file("pickle", "\x80\x02N."), file("tensors", tensors), file("storages", storages)))
	if r.Verdict != picket.Clean || len(r.Findings) > 0 || r.Coverage.Opaque != 16 || r.Artifact.Format != torchtar.Name {
		t.Errorf("%v %+v %+v", r.Verdict, r.Findings, r.Coverage)
	}
	if len(r.Trace) != 6 || !strings.Contains(strings.Join(r.Trace, "\n"), "ctorch") {
		t.Errorf("%d pickles: %q", len(r.Trace), r.Trace)
	}
	r = run(t, write(t, file("pickle", "\x80\x02N."), file("storages", storages+"more")))
	if r.Verdict == picket.Clean || len(r.Coverage.Gaps) == 0 {
		t.Errorf("a broken member is %v: %+v", r.Verdict, r.Coverage)
	}
}

func TestTruncationIsNotClean(t *testing.T) {
	whole := write(t, file("a", "NOTE inside"), file("b", strings.Repeat("NOTE", 300)))
	for n := 513; n < len(whole)-1024; n += 7 {
		if r := run(t, whole[:n]); r.Verdict == picket.Clean && !strings.Contains(r.Findings[0].Rule.ID, "no-end") {
			t.Fatalf("the first %d bytes are clean", n)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, tarfile.New(), []format.Format{tar.New()}, map[string][]byte{
		"honest": write(t, file("a", "NOTE inside"), file("b", "NOTE more")),
		"odd":    append(write(t, file("../a", "NOTE"), stdtar.Header{Name: "l", Typeflag: '2', Linkname: "/x"}), "trailing"...),
	})
}
