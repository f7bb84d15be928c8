package compress_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/internal/limits"
)

// hello is what the samples made by Python contain.
const hello = "hello hello hello hello\n"

// fromPython are samples whose writers Go does not have: bz2.compress, and lzma.compress with the settings that joblib uses.
func fromPython(t testing.TB, kind compress.Kind) []byte {
	t.Helper()
	sample := map[compress.Kind]string{
		compress.Bzip2: "425a68393141592653596f4f10f3000005d100001040000244a00030c002a834710dad870f1772453850906f4f10f3",
		compress.LZMA:  "5d00008000ffffffffffffffff00341949ee8de9560ac1b620b7ffffba340000",
		compress.XZ:    "fd377a585a000004e6d6b4460200210116000000742fe5a3e00017000c5d00341949ee8de9560ac121b000006c14ed1b3b68bb9100012818d783b76e1fb6f37d010000000004595a",
	}[kind]
	b, err := hex.DecodeString(sample)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write compresses content.
func write(t testing.TB, kind compress.Kind, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case compress.Gzip:
		w = gzip.NewWriter(&b)
	case compress.Zlib:
		w = zlib.NewWriter(&b)
	case compress.Deflate:
		w, err = flate.NewWriter(&b, 6)
	case compress.ZF:
		fmt.Fprintf(&b, "ZF%-19s", fmt.Sprintf("0x%x", len(content)))
		w = zlib.NewWriter(&b)
	case compress.XZ:
		w, err = xz.NewWriter(&b)
	case compress.LZMA:
		w, err = lzma.NewWriter(&b)
	case compress.LZ4:
		w = lz4.NewWriter(&b)
	case compress.Zstd:
		w, err = zstd.NewWriter(&b)
	default:
		t.Fatalf("no writer for %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// written are the kinds that write can make.
func written() []compress.Kind {
	return []compress.Kind{compress.Gzip, compress.Zlib, compress.Deflate, compress.ZF, compress.XZ, compress.LZMA,
		compress.LZ4, compress.Zstd}
}

// expand reads a stream to its end.
func expand(kind compress.Kind, in []byte, l limits.Limits) ([]byte, compress.End, error) {
	s, err := compress.Open(kind, bytes.NewReader(in), limits.NewBudget(l))
	if err != nil {
		return nil, compress.End{}, err
	}
	defer s.Close()
	out, err := io.ReadAll(s)
	return out, s.End(), err
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range written() {
		for _, n := range []int{0, 1, 100, 1 << 20} {
			content := bytes.Repeat([]byte("tensor "), n/7+1)[:n]
			in := write(t, kind, content)
			out, end, err := expand(kind, in, limits.Default())
			if err != nil || !bytes.Equal(out, content) {
				t.Errorf("%s of %d bytes: got %d bytes, %v", kind, n, len(out), err)
			}
			if end.Trailing != -1 || end.Checksum || end.Length || end.Consumed != int64(len(in)) {
				t.Errorf("%s of %d bytes: end %+v of %d", kind, n, end, len(in))
			}
		}
	}
}

func TestPythonSamples(t *testing.T) {
	for _, kind := range []compress.Kind{compress.Bzip2, compress.LZMA, compress.XZ} {
		in := fromPython(t, kind)
		out, end, err := expand(kind, in, limits.Default())
		if err != nil || string(out) != hello || end.Trailing != -1 || end.Checksum {
			t.Errorf("%s: %q, %+v, %v", kind, out, end, err)
		}
		if got := matches(in); got != string(kind) {
			t.Errorf("%s: recognised as %q", kind, got)
		}
	}
}

// all returns one small sample of every kind.
func all(t testing.TB) map[compress.Kind][]byte {
	samples := map[compress.Kind][]byte{compress.Bzip2: fromPython(t, compress.Bzip2)}
	for _, kind := range written() {
		samples[kind] = write(t, kind, []byte(hello))
	}
	return samples
}

func TestTruncationIsAnError(t *testing.T) {
	for kind, in := range all(t) {
		for n := range len(in) {
			out, _, err := expand(kind, in[:n], limits.Default())
			if err == nil {
				t.Errorf("%s: the first %d of %d bytes expand to %q without an error", kind, n, len(in), out)
			} else if !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s: the first %d bytes: %v is not ErrMalformed", kind, n, err)
			}
		}
	}
}

func TestMembersAndTrailing(t *testing.T) {
	continues := map[compress.Kind]bool{compress.Gzip: true, compress.Bzip2: true, compress.XZ: true, compress.LZMA: true,
		compress.LZ4: true, compress.Zstd: true}
	for kind, in := range all(t) {
		out, end, err := expand(kind, append(bytes.Clone(in), in...), limits.Default())
		want, trailing := hello, int64(len(in))
		if continues[kind] {
			want, trailing = hello+hello, -1
		}
		if err != nil || string(out) != want || end.Trailing != trailing {
			t.Errorf("%s twice: %q, %+v, %v", kind, out, end, err)
		}
		out, end, err = expand(kind, append(bytes.Clone(in), "not a stream, more than sixteen bytes"...), limits.Default())
		if err != nil || string(out) != hello || end.Trailing != int64(len(in)) || end.Consumed != int64(len(in)) {
			t.Errorf("%s with trailing text: %q, %+v of %d, %v", kind, out, end, len(in), err)
		}
	}
}

func TestPaddingIsNotTrailing(t *testing.T) {
	for _, kind := range []compress.Kind{compress.Gzip, compress.XZ} {
		in := append(write(t, kind, []byte(hello)), make([]byte, 512)...)
		if out, end, err := expand(kind, in, limits.Default()); err != nil || string(out) != hello || end.Trailing != -1 {
			t.Errorf("%s: %q, %+v, %v", kind, out, end, err)
		}
	}
}

func TestWrongChecksumStillDelivers(t *testing.T) {
	at := map[compress.Kind]int{compress.Gzip: -8, compress.Zlib: -1}
	for kind, from := range at {
		in := write(t, kind, []byte(hello))
		in[len(in)+from] ^= 1
		if out, end, err := expand(kind, in, limits.Default()); err != nil || string(out) != hello || !end.Checksum {
			t.Errorf("%s: %q, %+v, %v", kind, out, end, err)
		}
	}
	in := write(t, compress.XZ, []byte(hello))
	for i := range in { // one of these bytes is in the checksum of the block
		broken := bytes.Clone(in)
		broken[i] ^= 1
		if out, end, err := expand(compress.XZ, broken, limits.Default()); err == nil && end.Checksum && string(out) == hello {
			return
		}
	}
	t.Error("xz: no changed byte gives a wrong checksum")
}

func TestZFLengthLie(t *testing.T) {
	in := write(t, compress.ZF, []byte(hello))
	copy(in, "ZF0x1 ")
	if out, end, err := expand(compress.ZF, in, limits.Default()); err != nil || string(out) != hello || !end.Length {
		t.Errorf("%q, %+v, %v", out, end, err)
	}
}

func TestBombsStopBeforeTheyAreProduced(t *testing.T) {
	zeros := make([]byte, 64<<20)
	for _, kind := range written() {
		in := write(t, kind, zeros)
		small := limits.Default()
		small.Output = 5 << 20
		if out, _, err := expand(kind, in, small); !errors.Is(err, limits.ErrExceeded) || int64(len(out)) > small.Output {
			t.Errorf("%s: %d bytes of output, %v", kind, len(out), err)
		}
		steep := limits.Default()
		steep.Ratio = 50
		if out, _, err := expand(kind, in, steep); !errors.Is(err, limits.ErrExceeded) || len(out) > 50*(len(in)+8192)+2<<20 {
			t.Errorf("%s: %d bytes from %d, %v", kind, len(out), len(in), err)
		}
	}
}

func TestDictionaryIsCheckedBeforeItIsAllocated(t *testing.T) {
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 64 << 20}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(func() error { _, err := w.Write([]byte(hello)); return err }(), w.Close()); err != nil {
		t.Fatal(err)
	}
	alone := fromPython(t, compress.LZMA)
	binary.LittleEndian.PutUint32(alone[1:], 1<<31)
	var z bytes.Buffer
	zw, err := zstd.NewWriter(&z, zstd.WithWindowSize(128<<20))
	if err != nil {
		t.Fatal(err)
	}
	for range 33 {
		if _, err := zw.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	for kind, in := range map[compress.Kind][]byte{compress.XZ: b.Bytes(), compress.LZMA: alone, compress.Zstd: z.Bytes()} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, got := expand(kind, in, limits.Default())
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; !errors.Is(got, limits.ErrExceeded) || allocated > 4<<20 {
			t.Errorf("%s: %v after %d bytes", kind, got, allocated)
		}
	}
}

func TestMemoryIsGivenBack(t *testing.T) {
	for kind, in := range all(t) {
		budget := limits.NewBudget(limits.Default())
		for _, sample := range [][]byte{in, in[:len(in)/2], append(bytes.Clone(in), 'x')} {
			s, err := compress.Open(kind, bytes.NewReader(sample), budget)
			if err != nil {
				continue
			}
			_, _ = io.Copy(io.Discard, s)
			s.Close()
		}
		if release, err := budget.Hold(budget.Limits().Memory); err != nil {
			t.Errorf("%s: %v", kind, err)
		} else {
			release()
		}
	}
}

// matches lists the formats that accept content.
func matches(content []byte) string {
	var names []string
	head := content[:min(len(content), format.HeadSize)]
	for _, f := range compress.New() {
		if f.Match(format.Probe{Head: head, Tail: head, Size: int64(len(content)), Blob: format.BytesBlob(content)}) {
			names = append(names, f.Info().Name)
		}
	}
	return strings.Join(names, " ")
}

func TestMatch(t *testing.T) {
	for kind, in := range all(t) {
		want := string(kind)
		if kind == compress.Deflate {
			want = "" // has nothing to be recognised by
		}
		if got := matches(in); got != want {
			t.Errorf("%s: recognised as %q", kind, got)
		}
		skippable := append([]byte{0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'}, in...)
		if got := matches(skippable); (kind == compress.LZ4 || kind == compress.Zstd) != (got == want && got != "") {
			t.Errorf("%s after a skippable frame: recognised as %q", kind, got)
		}
	}
	for _, other := range []string{"", "x", "x\x9c", "x\x9cnot a stream at all", "BZh9 is how it starts", "\x1f\x8b is not enough",
		"ZF0xzz", "]\x00\x00\x80\x00 is LZMA's first five", "\x80\x04K\x01.", "{\"json\": true}"} {
		if got := matches([]byte(other)); got != "" {
			t.Errorf("%q: recognised as %q", other, got)
		}
	}
	large := write(t, compress.Zlib, bytes.Repeat([]byte("a tensor, once more\n"), 1<<20))
	if got := matches(large); got != "zlib" {
		t.Errorf("a large zlib stream is recognised as %q", got)
	}
}

func FuzzExpand(f *testing.F) {
	for kind, in := range all(f) {
		f.Add(string(kind), in)
	}
	f.Fuzz(func(t *testing.T, kind string, in []byte) {
		l := limits.Default()
		l.Output, l.Ops = 1<<20, 1<<20
		out, end, err := expand(compress.Kind(kind), in, l)
		again, endAgain, errAgain := expand(compress.Kind(kind), in, l)
		if !bytes.Equal(out, again) || end != endAgain || (err == nil) != (errAgain == nil) {
			t.Fatalf("two runs differ: %v and %v", err, errAgain)
		}
		if int64(len(out)) > l.Output {
			t.Fatalf("%d bytes of output", len(out))
		}
		if end.Trailing > int64(len(in)) || end.Consumed > int64(len(in)) || end.Consumed < 0 {
			t.Fatalf("offsets outside of %d bytes: %+v", len(in), end)
		}
		_ = matches(in)
	})
}
