package weights_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/nativecode"
	detectpickle "github.com/picketsec/picket/detect/model/pickle"
	"github.com/picketsec/picket/detect/model/weights"
	"github.com/picketsec/picket/internal/testkit/pickleasm"
)

// file writes one tensor as a safetensors file.
func file(kind string, width int, data []byte) []byte {
	header := fmt.Sprintf(`{"w":{"dtype":"%s","shape":[%d],"data_offsets":[0,%d]}}`, kind, len(data)/width, len(data))
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

// normal makes numbers as training leaves them.
func normal(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(r.NormFloat64() * 0.02)
	}
	return list
}

// encode writes numbers as F32.
func encode(list []float32) []byte {
	var b []byte
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// hide replaces the n lowest bits of each number by a payload.
func hide(payload []byte, n int) []byte {
	data := encode(normal(max(2048, 8*len(payload)/n+8)))
	bit := func(i int) uint32 {
		if i/8 >= len(payload) {
			return 0
		}
		return uint32(payload[i/8]>>(7-i%8)) & 1
	}
	for i := range len(data) / 4 {
		v := binary.LittleEndian.Uint32(data[4*i:]) &^ (1<<n - 1)
		if n%8 == 0 {
			for b := range n / 8 {
				if at := i*n/8 + b; at < len(payload) {
					v |= uint32(payload[at]) << (8 * b)
				}
			}
		} else {
			for b := range n {
				v |= bit(i*n+b) << (n - 1 - b)
			}
		}
		binary.LittleEndian.PutUint32(data[4*i:], v)
	}
	return file("F32", 4, data)
}

// run scans with the detectors that hidden content needs.
func run(t testing.TB, content []byte) picket.Result {
	t.Helper()
	formats := append([]format.Format{safetensors.Format{}, pickle.Format{}}, executable.New()...)
	return detecttest.Run(t, content, formats, weights.Detector{}, nativecode.Detector{}, detectpickle.New(detectpickle.Config{}))
}

// ids lists the rules that fired.
func ids(r picket.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Rule.ID)
	}
	return strings.Join(list, " ")
}

func TestLowBits(t *testing.T) {
	attack := pickleasm.Encode(4, pickleasm.Call(pickleasm.Global("posix", "system"), pickleasm.Str("echo picket-hostile-sample")))
	for _, n := range []int{1, 2, 4, 8, 16} {
		got := run(t, hide(append(attack, make([]byte, 64)...), n))
		if want := "model.pickle.code-execution"; !strings.Contains(ids(got), want) || !strings.Contains(ids(got), "model.weights.low-bit-payload") {
			t.Errorf("a pickle in the lowest %d bits gives %s %v", n, ids(got), got.Coverage.Gaps)
		}
	}
	words := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog.\n"), 20)
	if got := ids(run(t, hide(words, 8))); got != "model.weights.low-bit-payload" {
		t.Errorf("text in the lowest byte gives %q", got)
	}
}

func TestOrdinaryWeightsAreQuiet(t *testing.T) {
	numbers := normal(1 << 16)
	rounded := encode(numbers)
	for i := 0; i < len(rounded); i += 4 {
		rounded[i], rounded[i+1] = 0, 0 // as a conversion from bfloat16 leaves it
	}
	random := make([]byte, 1<<16)
	rand.NewChaCha8([32]byte{1}).Read(random) //nolint:errcheck // it never fails
	for name, content := range map[string][]byte{
		"trained": file("F32", 4, encode(numbers)), "rounded": file("F32", 4, rounded), "bytes": file("U8", 1, random),
		"short": file("F32", 4, encode(numbers[:3])), "empty": file("F32", 4, nil),
	} {
		if got := ids(run(t, content)); got != "" {
			t.Errorf("%s weights give %s", name, got)
		}
	}
}

func TestValues(t *testing.T) {
	with := func(v float32) []float32 {
		list := normal(2000)
		list[1234] = v
		return list
	}
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"not a number": {file("F32", 4, encode(with(float32(math.NaN())))), "model.weights.non-finite"},
		"infinite":     {file("F32", 4, encode(with(float32(math.Inf(-1))))), "model.weights.non-finite"},
		"largest":      {file("F32", 4, encode(with(math.MaxFloat32))), ""},
		"half":         {file("F16", 2, bytes.Repeat([]byte{0x00, 0x7c, 0x01, 0x3c}, 600)), "model.weights.non-finite"},
		"constant":     {file("F32", 4, encode(make([]float32, 1024))), "model.weights.constant"},
		"small":        {file("F32", 4, encode(make([]float32, 1023))), ""},
	} {
		if got := ids(run(t, test.content)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, weights.Detector{}, []format.Format{safetensors.Format{}},
		map[string][]byte{"hidden": hide([]byte("\x7fELF"+strings.Repeat("x", 100)), 8), "plain": file("F32", 4, encode(normal(100)))})
}

func BenchmarkDetect(b *testing.B) {
	content := file("F32", 4, encode(normal(1<<24)))
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if got := run(b, content); len(got.Findings) != 0 {
			b.Fatal(ids(got))
		}
	}
}
