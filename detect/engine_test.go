package detect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

// magic is a format recognised by a prefix.
type magic struct {
	info   format.Info
	prefix string
}

func (m magic) Info() format.Info         { return m.info }
func (m magic) Match(p format.Probe) bool { return bytes.HasPrefix(p.Head, []byte(m.prefix)) }

// worker is a detector made of a function.
type worker struct {
	name, format string
	rules        []picket.Rule
	do           func(ctx context.Context, in detect.Input, out *detect.Output) error
}

func (w worker) Info() detect.Info {
	return detect.Info{Name: w.name, Title: w.name, Formats: []string{w.format}, Rules: w.rules}
}

func (w worker) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	return w.do(ctx, in, out)
}

func rule(id string, s picket.Severity, c picket.Class) picket.Rule {
	return picket.Rule{ID: id, Title: "t", Severity: s, Class: c, What: "w", Why: "y", Remedy: "r",
		References: []picket.Reference{{Kind: "CWE", ID: "CWE-1"}}}
}

func active(name, prefix string, ext ...string) magic {
	return magic{format.Info{Name: name, Title: strings.ToUpper(name), Extensions: ext, Parsed: true}, prefix}
}

// scan runs one entry through an engine of the given parts.
func scan(t *testing.T, l limits.Limits, e detect.Entry, formats []format.Format, detectors ...detect.Detector) picket.Result {
	t.Helper()
	set, err := detect.NewSet(formats, detectors)
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, l).Scan(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func entry(name, content string) detect.Entry {
	return detect.Entry{Name: name, Blob: format.BytesBlob([]byte(content))}
}

// reads is a detector that reads everything and finds nothing.
func reads(formatName string) worker {
	return worker{name: "reads-" + formatName, format: formatName, do: func(_ context.Context, in detect.Input, out *detect.Output) error {
		out.Parsed(in.Blob.Size())
		return nil
	}}
}

func TestVerdicts(t *testing.T) {
	inert := magic{format.Info{Name: "text", Title: "text", Extensions: []string{".txt"}, Risk: format.Inert}, "T"}
	exec := rule("a.b", picket.Critical, picket.Execution)
	formats := []format.Format{active("act", "A", ".act"), active("bare", "B", ".bare"), active("both", "AB"), inert}
	finder := worker{name: "finder", format: "act", rules: []picket.Rule{exec}, do: func(_ context.Context, in detect.Input, out *detect.Output) error {
		b, err := in.Blob.ReadRange(0, in.Blob.Size())
		switch {
		case err != nil:
			return err
		case bytes.Contains(b, []byte("evil")):
			out.Report(picket.Finding{Rule: exec, Location: picket.At("", 1), Evidence: picket.NewEvidence("runs", "")})
		case bytes.Contains(b, []byte("panic")):
			panic("hostile")
		case bytes.Contains(b, []byte("broken")):
			return format.Malformed(3, "broken")
		}
		out.Parsed(in.Blob.Size())
		return nil
	}}
	for _, c := range []struct {
		name, content string
		want          picket.Verdict
		rule          string
		gap           string
	}{
		{"x.act", "A fine", picket.Clean, "", ""},
		{"x.act", "A evil", picket.Malicious, "a.b", ""},
		{"x.act", "A broken", picket.Incomplete, "", "malformed at byte 3"},
		{"x.act", "A panic", picket.Incomplete, "", "internal error"},
		{"x.bare", "B", picket.Unsupported, "", ""},
		{"x", "\x00\x01", picket.Unsupported, "", ""},
		{"x.txt", "Text", picket.NotApplicable, "", ""},
		{"x.act", "Text evil", picket.Malicious, "artifact.name.mismatch", ""},
		{"x.act", "Text broken", picket.Incomplete, "artifact.name.mismatch", "malformed at byte 3"},
		{"x.txt", "A fine", picket.Suspicious, "artifact.name.disguised", ""},
		{"x.bare", "A fine", picket.Clean, "artifact.name.mismatch", ""},
		{"x.act", "AB", picket.Suspicious, "artifact.content.polyglot", ""},
		{"x", "", picket.NotApplicable, "", ""},
	} {
		t.Run(c.name+" "+c.content, func(t *testing.T) {
			r := scan(t, limits.Default(), entry(c.name, c.content), formats, finder, reads("both"))
			if r.Verdict != c.want {
				t.Errorf("verdict %s, want %s: %+v", r.Verdict, c.want, r)
			}
			if got := fmt.Sprint(rules(r)); c.rule != "" && !strings.Contains(got, c.rule) {
				t.Errorf("rules %s, want %s", got, c.rule)
			}
			if got := fmt.Sprint(r.Coverage.Gaps); !strings.Contains(got, c.gap) {
				t.Errorf("gaps %s, want %q", got, c.gap)
			}
		})
	}
}

func rules(r picket.Result) (ids []string) {
	for _, f := range r.Findings {
		ids = append(ids, f.Rule.ID)
	}
	return ids
}

// nester inspects the rest of its content as a part.
func nester(deep func(b []byte) *format.Blob) worker {
	return worker{name: "nest", format: "nest", do: func(ctx context.Context, in detect.Input, out *detect.Output) error {
		b, err := in.Blob.ReadRange(1, in.Blob.Size()-1)
		if err != nil {
			return err
		}
		return out.Inspect(ctx, detect.Part{Name: "in", Blob: deep(b)})
	}}
}

func TestNestingIsBoundedAndReported(t *testing.T) {
	l := limits.Default()
	l.Depth = 3
	r := scan(t, l, entry("x", "NNNNNN"), []format.Format{active("nest", "N")}, nester(format.BytesBlob))
	if r.Verdict != picket.Incomplete || len(r.Coverage.Gaps) != 1 || r.Coverage.Gaps[0].Member != "in!/in!/in!/in" {
		t.Fatalf("got %s %+v", r.Verdict, r.Coverage)
	}
}

func TestMembersAreBounded(t *testing.T) {
	l := limits.Default()
	l.Members = 10
	wide := worker{name: "wide", format: "nest", do: func(ctx context.Context, _ detect.Input, out *detect.Output) error {
		for i := range 20 {
			if err := out.Inspect(ctx, detect.Part{Name: fmt.Sprint(i), Blob: format.BytesBlob([]byte("A"))}); err != nil {
				return err
			}
		}
		return nil
	}}
	r := scan(t, l, entry("x", "N"), []format.Format{active("nest", "N"), active("act", "A")}, wide, reads("act"))
	if len(r.Coverage.Gaps) != 10 || r.Coverage.Parsed != 10 {
		t.Fatalf("got %+v", r.Coverage)
	}
}

// stream is a forward-only blob.
func stream(b []byte) *format.Blob {
	return format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
}

// TestStreamsThatSayAnotherSize holds that what is buffered is the content, whatever it says about its size.
func TestStreamsThatSayAnotherSize(t *testing.T) {
	content := append([]byte("ACT"), bytes.Repeat([]byte("0123456789"), 60_000)...)
	for _, says := range []int64{-1, 0, 3, 100, int64(len(content)) - 1, int64(len(content)), int64(len(content)) + 1, 1 << 40} {
		var got []byte
		reads := worker{name: "reads", format: "act", do: func(_ context.Context, in detect.Input, out *detect.Output) (err error) {
			got, err = in.Blob.ReadRange(0, in.Blob.Size())
			return err
		}}
		set, err := detect.NewSet([]format.Format{active("act", "ACT")}, []detect.Detector{reads})
		if err != nil {
			t.Fatal(err)
		}
		blob := format.StreamBlob(says, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
		r, err := detect.NewEngine(set, limits.Default()).Scan(t.Context(), detect.Entry{Name: "x", Blob: blob})
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("a stream that says it has %d bytes gave %d of %d (%v, %+v)", says, len(got), len(content), err, r.Coverage)
		}
	}
}

func TestStreamsAreBufferedWhenAFormatNeedsIt(t *testing.T) {
	needs := worker{name: "needs", format: "act", do: func(_ context.Context, in detect.Input, out *detect.Output) error {
		if in.Blob.At() == nil {
			return errors.New("no random access")
		}
		out.Parsed(in.Blob.Size())
		return nil
	}}
	forward := active("fwd", "F")
	forward.info.Forward = true
	for _, c := range []struct {
		size   int
		prefix string
		want   picket.Verdict
	}{
		{10, "A", picket.Clean}, {3 << 20, "A", picket.Clean}, {40 << 20, "A", picket.Incomplete},
		{3 << 20, "F", picket.Clean}, {40 << 20, "F", picket.Clean},
	} {
		content := append([]byte("N"+c.prefix), make([]byte, c.size)...)
		counts := worker{name: "counts", format: "fwd", do: func(_ context.Context, in detect.Input, out *detect.Output) error {
			r, err := in.Blob.Open()
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, r)
			out.Parsed(n)
			return err
		}}
		r := scan(t, limits.Default(), detect.Entry{Name: "x", Blob: format.BytesBlob(content)},
			[]format.Format{active("nest", "N"), active("act", "A"), forward}, nester2(content), needs, counts)
		if r.Verdict != c.want {
			t.Errorf("%d bytes of %s: %s, want %s: %+v", c.size, c.prefix, r.Verdict, c.want, r.Coverage)
		}
	}
}

// nester2 inspects the content after the first byte as a forward-only part.
func nester2(content []byte) worker {
	return worker{name: "nest", format: "nest", do: func(ctx context.Context, _ detect.Input, out *detect.Output) error {
		return out.Inspect(ctx, detect.Part{Name: "in", Blob: stream(content[1:])})
	}}
}

func TestAFloodOfFindingsKeepsTheWorst(t *testing.T) {
	low, bad := rule("a.low", picket.Low, picket.Structure), rule("a.bad", picket.Critical, picket.Execution)
	flood := worker{name: "flood", format: "act", rules: []picket.Rule{low, bad}, do: func(_ context.Context, _ detect.Input, out *detect.Output) error {
		for i := range 5000 {
			out.Report(picket.Finding{Rule: low, Location: picket.At("", int64(i))})
		}
		out.Report(picket.Finding{Rule: bad, Location: picket.At("", 9999)})
		return nil
	}}
	r := scan(t, limits.Default(), entry("x", "A"), []format.Format{active("act", "A")}, flood)
	if r.Verdict != picket.Malicious || len(r.Findings) != limits.Default().Findings || r.Findings[0].Rule.ID != "a.bad" {
		t.Fatalf("verdict %s, %d findings, first %v", r.Verdict, len(r.Findings), r.Findings[0])
	}
}

func TestBatchKeepsOrderAndReportsFailures(t *testing.T) {
	set, err := detect.NewSet([]format.Format{active("act", "A")}, []detect.Detector{reads("act")})
	if err != nil {
		t.Fatal(err)
	}
	var items []detect.Item
	for i := range 50 {
		items = append(items, detect.Item{Name: fmt.Sprint(i), Size: 1, Open: func() (*detect.Opened, error) {
			switch i {
			case 7:
				return nil, errors.New("permission denied")
			case 8:
				return &detect.Opened{Blob: format.BytesBlob([]byte("A")), Close: ok, Settled: func() error { return errors.New("changed") }}, nil
			}
			return &detect.Opened{Blob: format.BytesBlob([]byte("A")), Close: ok, Settled: ok}, nil
		}})
	}
	b := detect.Batch{Engine: detect.NewEngine(set, limits.Default()), Workers: 4, Digest: true}
	results, err := b.Scan(context.Background(), items)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		want := picket.Clean
		if i == 7 || i == 8 {
			want = picket.Incomplete
		}
		if r.Artifact.Name != fmt.Sprint(i) || r.Verdict != want {
			t.Errorf("%d: %s %s %+v", i, r.Artifact.Name, r.Verdict, r.Coverage)
		}
	}
	if got := results[0].Artifact.Digest; got != "sha256:559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd" {
		t.Errorf("digest of A: %s", got)
	}
	if results[8].Artifact.Digest != "" {
		t.Error("a file that changed has a digest")
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Scan(stopped, items); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled scan returns %v", err)
	}
}

func ok() error { return nil }
