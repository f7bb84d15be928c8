package compress_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	streams "github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/compress"
)

// note is a format whose content the tests can recognise.
type note struct{}

func (note) Info() format.Info {
	return format.Info{Name: "note", Title: "note", Forward: true, Parsed: true, Spec: "-"}
}
func (note) Match(p format.Probe) bool { return bytes.HasPrefix(p.Head, []byte("NOTE ")) }

// reader traces notes and the number of their bytes that it read: all of them when full.
type reader struct{ full bool }

func (reader) Info() detect.Info { return detect.Info{Name: "note", Formats: []string{"note"}} }
func (d reader) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	head := make([]byte, 12)
	_, err = io.ReadFull(r, head)
	out.Trace(string(head))
	if d.full && err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return err
}

// pack compresses text.
func pack(t testing.TB, kind, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	switch kind {
	case "zlib":
		w = zlib.NewWriter(&b)
	case "zstd":
		var err error
		if w, err = zstd.NewWriter(&b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContentIsInspected(t *testing.T) {
	var more strings.Builder
	for i := range 1 << 18 {
		fmt.Fprint(&more, " ", i)
	}
	long := "NOTE of size" + more.String()
	for _, full := range []bool{true, false} {
		for _, kind := range []string{"gzip", "zlib", "zstd"} {
			for _, text := range []string{"NOTE of size", long} {
				r := detecttest.Run(t, pack(t, kind, text), append(streams.New(), note{}), compress.New(), reader{full})
				if r.Verdict != picket.Clean || len(r.Findings) > 0 || len(r.Trace) != 1 || !strings.Contains(r.Trace[0], "NOTE of size") {
					t.Errorf("%s: %v %q %+v %+v", kind, r.Verdict, r.Trace, r.Findings, r.Coverage)
				}
				r = detecttest.Run(t, append(pack(t, kind, text), "NOTE follows it, sixteen bytes or more"...), append(streams.New(), note{}), compress.New(), reader{full})
				if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "model.compress.trailing-content" || len(r.Trace) != 2 || !strings.Contains(r.Trace[1], "NOTE follows") {
					t.Errorf("%s with content after it: %q %+v %+v", kind, r.Trace, r.Findings, r.Coverage)
				}
			}
		}
	}
}

func TestNestedStreams(t *testing.T) {
	in := "NOTE of size"
	for range 5 {
		in = string(pack(t, "gzip", string(pack(t, "zstd", in))))
	}
	if r := detecttest.Run(t, []byte(in), append(streams.New(), note{}), compress.New(), reader{}); r.Verdict != picket.Clean || len(r.Trace) != 1 {
		t.Errorf("%v %q %+v", r.Verdict, r.Trace, r.Coverage)
	}
	for range 10 {
		in = string(pack(t, "gzip", in))
	}
	if r := detecttest.Run(t, []byte(in), append(streams.New(), note{}), compress.New(), reader{}); r.Verdict == picket.Clean {
		t.Error("nesting beyond the limit is clean")
	}
}

func TestWrongChecksumAndTruncation(t *testing.T) {
	in := pack(t, "gzip", "NOTE of size")
	in[len(in)-8] ^= 1
	r := detecttest.Run(t, in, append(streams.New(), note{}), compress.New(), reader{})
	if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "model.compress.wrong-checksum" || len(r.Trace) != 1 {
		t.Errorf("%q %+v", r.Trace, r.Findings)
	}
	for n := 10; n < len(in); n++ {
		if r := detecttest.Run(t, in[:n], append(streams.New(), note{}), compress.New(), reader{}); r.Verdict == picket.Clean {
			t.Errorf("the first %d of %d bytes are clean", n, len(in))
		}
	}
}

// A loader that reads as it goes has run what stands before the cut.
func TestContentBeforeTheCut(t *testing.T) {
	for _, kind := range []string{"gzip", "zlib", "zstd"} {
		in := pack(t, kind, "NOTE of size"+strings.Repeat(" padding", 100_000))
		r := detecttest.Run(t, in[:len(in)-4], append(streams.New(), note{}), compress.New(), reader{})
		if len(r.Trace) != 1 || r.Trace[0] != "(expanded): NOTE of size" || len(r.Coverage.Gaps) != 1 || r.Verdict != picket.Incomplete {
			t.Errorf("%s: %v %q %+v", kind, r.Verdict, r.Trace, r.Coverage)
		}
	}
}

func TestAcceptance(t *testing.T) {
	samples := map[string][]byte{}
	for _, kind := range []string{"gzip", "zlib", "zstd"} {
		samples[kind] = append(pack(t, kind, "NOTE of size"), "and more that follows"...)
	}
	detecttest.Accept(t, compress.New(), streams.New(), samples)
}
