package pickle_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/torchlegacy"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/pickle"
	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// harmless is a pickle with nothing in it to report.
func harmless() []byte { return asm.Encode(4, asm.List(s("a"), s("b"), asm.Num(7))) }

// wrapper is joblib's wrapper of an array of n elements of a dtype; the array follows it.
func wrapper(dtype string, n int64) asm.Value {
	return asm.Built(asm.NewObject(g("joblib.numpy_pickle", "NumpyArrayWrapper")), asm.Dict(
		s("subclass"), g("numpy", "ndarray"), s("shape"), asm.Tuple(asm.Num(n)), s("order"), s("C"),
		s("dtype"), call(g("numpy", "dtype"), s(dtype), asm.Bool(false), asm.Bool(true)), s("allow_mmap"), asm.Bool(true)))
}

// inline writes an array after its wrapper, and another value.
func inline(dtype string, n int64, array []byte, then asm.Value) []byte {
	return asm.New(4).Put(wrapper(dtype, n)).Raw(array...).Raw(asm.Pop).Put(then).Bytes()
}

// legacy is an old torch file with one storage of n floats, of which the file holds the given number.
func legacy(n, held int64) []byte {
	content := slices.Concat(torchlegacy.Magic(), asm.Encode(2, asm.Num(1001)), asm.Encode(2, asm.Dict()),
		asm.Encode(2, asm.List(tensor(n, n), s("x"))), asm.Encode(2, asm.List(s("0"))))
	content = binary.LittleEndian.AppendUint64(content, uint64(held))
	return append(content, make([]byte, 4*held)...)
}

func TestStreams(t *testing.T) {
	shadow := asm.New(2).Put(g("collections", "OrderedDict")).Raw(asm.BinPut, 0, asm.Pop).
		Put(g("os", "system")).Raw(asm.BinPut, 0, asm.Pop, asm.BinGet, 0).Put(asm.Tuple(s("echo"))).Raw(asm.Reduce).Bytes()
	for _, test := range []struct {
		name    string
		content []byte
		want    string
		verdict picket.Verdict
	}{
		{"one stream", harmless(), "", picket.Clean},
		{"two streams", slices.Concat(harmless(), harmless()), "", picket.Clean},
		{"attack in the second", slices.Concat(harmless(), asm.Encode(4, system())), "code-execution os.system", picket.Malicious},
		{"zero padding", append(harmless(), make([]byte, 100)...), "", picket.Clean},
		{"trailing bytes", append(harmless(), "\xff\xfe other data"...), "trailing-data", picket.Unsupported},
		{"cut", harmless()[:len(harmless())-2], "", picket.Incomplete},
		{"attack, then broken", append(asm.New(2).Put(system()).Open(), 0xff), "code-execution os.system", picket.Malicious},
		{"import, then broken", append(asm.New(2).Put(g("os", "system")).Open(), 0xff), "dangerous-import os.system", picket.Suspicious},
		{"extension", asm.New(2).Raw(asm.Ext1, 240).Bytes(), "extension", picket.Suspicious},
		{"memo shadow", shadow, "code-execution os.system, irregular memo-overwrite, memo-shadow", picket.Malicious},
		{"second PROTO", asm.New(2).Put(asm.None).Raw(asm.Pop, asm.Proto, 4).Put(asm.List(s("a"), s("b"))).Bytes(),
			"divergence proto-repeated", picket.Suspicious},
		{"values left", asm.New(2).Put(asm.None, asm.None, asm.List(s("a"))).Bytes(), "divergence stack-left", picket.Suspicious},

		{"joblib array", inline("f8", 3, make([]byte, 24), s("end")), "", picket.Clean},
		{"joblib text array", inline("U2", 3, make([]byte, 24), s("end")), "", picket.Clean},
		{"joblib, attack after the array", inline("f8", 3, make([]byte, 24), system()), "code-execution os.system", picket.Malicious},
		{"joblib objects", inline("O8", 3, harmless(), s("end")), "", picket.Clean},
		{"joblib, attack in the objects", inline("O8", 3, asm.Encode(4, system()), s("end")), "code-execution os.system", picket.Malicious},
		{"joblib, array cut off", inline("f8", 1<<40, nil, s("end")), "", picket.Incomplete},
		{"joblib, size overflows", inline("f8", 1<<62, nil, s("end")), "", picket.Incomplete},
		{"joblib, opcodes in the array", inline("i1", 40, []byte("cos\nsystem\n(X\x04\x00\x00\x00echotR0K\x01.0123456789abcdef")[:40], s("end")),
			"code-execution os.system", picket.Malicious},

		{"torch legacy", legacy(4, 4), "", picket.Clean},
		{"torch legacy, then zeros", append(legacy(4, 4), 0, 0), "", picket.Clean},
		{"torch legacy, another size", legacy(4, 5), "tensor-bounds", picket.Suspicious},
		{"torch legacy, attack after the storages", append(legacy(4, 4), asm.Encode(2, system())...), "code-execution os.system", picket.Malicious},
		{"torch legacy, storage cut off", legacy(4, 4)[:len(legacy(4, 4))-1], "", picket.Incomplete},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := scan(t, test.content)
			if fired := rules(r); fired != test.want || r.Verdict != test.verdict {
				t.Errorf("%v with rules %q, want %v with %q (%s)", r.Verdict, fired, test.verdict, test.want, why(r))
			}
		})
	}
}

// TestCoverage checks that the bytes of arrays and storages are counted as data, and the rest as read.
func TestCoverage(t *testing.T) {
	content := inline("f8", 3, make([]byte, 24), s("end"))
	got := scan(t, content).Coverage
	want := picket.Coverage{Parsed: int64(len(content)) - 24, Opaque: 24, Checked: true, Executable: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
}

// TestFlood checks that a file cannot make the detector keep names without end.
func TestFlood(t *testing.T) {
	var b strings.Builder
	b.WriteString("\x80\x02")
	for i := range 40000 {
		b.WriteString("cm" + strings.Repeat("x", i%7) + "\nn")
		for n := i; n > 0; n /= 26 {
			b.WriteByte('a' + byte(n%26))
		}
		b.WriteString("\n0")
	}
	r := scan(t, []byte(b.String()+"N."))
	if r.Verdict != picket.Suspicious || len(r.Coverage.Gaps) == 0 {
		t.Errorf("verdict %v with %d gaps, want suspicious with a gap for what was not read", r.Verdict, len(r.Coverage.Gaps))
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, pickle.New(pickle.Config{}), formats()[:1], map[string][]byte{
		"attack": asm.Encode(4, system()), "attack in protocol 0": asm.Encode(0, system()), "harmless": harmless(),
		"estimator": asm.Encode(4, estimator(s("C"), asm.Real(1))), "joblib": inline("f8", 3, make([]byte, 24), system()),
		"torch": legacy(4, 4), "nested": asm.Encode(4, asm.Bytes(asm.Encode(4, system()))),
	})
}

// FuzzDetect checks that no content makes the detector fail, differ from itself, or call content clean that it did not read.
func FuzzDetect(f *testing.F) {
	for _, seed := range [][]byte{asm.Encode(4, system()), asm.Encode(0, system()), inline("f8", 3, make([]byte, 24), s("end")), legacy(4, 4),
		asm.Encode(2, estimator(s("C"), asm.Real(1))), asm.Encode(4, asm.Bytes(asm.Encode(4, system())))} {
		f.Add(seed)
	}
	d := pickle.New(pickle.Config{})
	f.Fuzz(func(t *testing.T, content []byte) {
		r := detecttest.Run(t, content, formats(), d)
		if diff := cmp.Diff(r, detecttest.Run(t, content, formats(), d)); diff != "" {
			t.Fatalf("two runs differ (-first +second):\n%s", diff)
		}
		if r.Verdict == picket.Clean && len(r.Coverage.Gaps) > 0 {
			t.Errorf("clean with gaps %v", r.Coverage.Gaps)
		}
		for _, finding := range r.Findings {
			if finding.Location.Offset > int64(len(content)) {
				t.Errorf("%s is at %d, past the %d bytes of the content", finding.Rule.ID, finding.Location.Offset, len(content))
			}
		}
		for _, gap := range r.Coverage.Gaps {
			if strings.Contains(gap.Reason, "internal error") {
				t.Errorf("the detector panicked: %s", gap.Reason)
			}
		}
	})
}
