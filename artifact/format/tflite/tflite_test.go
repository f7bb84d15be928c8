package tflite_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tflite"
	"github.com/picketsec/picket/internal/limits"
	lite "github.com/picketsec/picket/internal/testkit/rawtflite"
)

// read writes what a model holds as text.
func read(content []byte) (string, *tflite.Model, error) {
	var out []string
	m, err := tflite.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), tflite.Visitor{
		Tensor: func(_ *tflite.Model, t tflite.Tensor) error {
			out = append(out, fmt.Sprint("tensor ", t.Subgraph, t.Index, t.Name, t.Type, t.Dims, t.Buffer, t.Sparse))
			return nil
		},
		Operator: func(m *tflite.Model, o tflite.Operator) error {
			out = append(out, fmt.Sprint("operator ", o.Subgraph, o.Code, o.Inputs, o.Outputs, o.Calls, o.Options.Size))
			return nil
		},
	})
	defer m.Release()
	for _, c := range m.Codes {
		out = append(out, fmt.Sprint("code ", c.Builtin, c.Custom))
	}
	for _, g := range m.Subgraphs {
		out = append(out, fmt.Sprint("graph ", g.Name, g.Tensors, g.Inputs, g.Outputs, g.Shared))
	}
	for _, x := range m.Metadata {
		out = append(out, fmt.Sprint("metadata ", x.Name, x.Buffer))
	}
	return strings.Join(append(out, fmt.Sprint(m.Version, m.Texts, m.Buffers)), "|"), m, err
}

func TestRead(t *testing.T) {
	got, m, err := read(lite.Build(lite.Model()))
	want := "tensor 0 0a0 [3] 0 false|tensor 0 1b0 [3] 0 false|tensor 0 2c0 [3] 0 false|operator 0 0 [0 1] [2] [] 0|code 0|" +
		"graph main3 [0 1] [2] false|3 [a model] [{0 0}]"
	if got != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	if content := lite.Build(lite.Model()); m.End != int64(len(content)) {
		t.Errorf("the model ends at %d of %d", m.End, len(content))
	}
	model := lite.Operator(lite.Model(), "Mine", []byte("options"))
	model[4] = []lite.Table{{}, {0: []byte("weights")}, {1: uint64(40), 2: uint64(5)}}
	model[6] = []lite.Table{{0: "note", 1: uint32(1)}}
	model[7] = []lite.Table{{2: "serve"}}
	got, _, err = read(lite.Build(model))
	for _, part := range []string{"code 32Mine", "[0 1] [2] [] 7", "metadata note1", "[a model serve]", " 7} {40 5}]"} {
		if !strings.Contains(got, part) || err != nil {
			t.Errorf("read %q (%v), want %q in it", got, err, part)
		}
	}
}

func TestCalls(t *testing.T) {
	for kind, c := range map[string]struct {
		operator lite.Table
		want     string
	}{
		"if":      {lite.Table{3: uint8(92), 4: lite.Table{0: int32(1), 1: int32(2)}}, "[1 2]"},
		"while":   {lite.Table{3: uint8(93), 4: lite.Table{0: int32(3), 1: int32(4)}}, "[3 4]"},
		"once":    {lite.Table{3: uint8(103), 4: lite.Table{0: int32(5)}}, "[5]"},
		"reduce":  {lite.Table{11: uint8(6), 12: lite.Table{1: int32(6)}}, "[6]"},
		"whole":   {lite.Table{11: uint8(21), 12: lite.Table{1: int32(7)}}, "[7]"},
		"case":    {lite.Table{11: uint8(23), 12: lite.Table{0: []int32{8, 9}}}, "[8 9]"},
		"another": {lite.Table{3: uint8(11), 4: lite.Table{0: int32(1)}}, "[]"},
	} {
		model := lite.Model()
		lite.Graph(model)[3] = []lite.Table{c.operator}
		if got, _, err := read(lite.Build(model)); !strings.Contains(got, "operator 0 0 [] [] "+c.want) || err != nil {
			t.Errorf("%s: read %q (%v), want %s", kind, got, err, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	whole := lite.Build(lite.Model())
	for n := range whole {
		if _, m, err := read(whole[:n]); !errors.Is(err, format.ErrMalformed) || m == nil {
			t.Errorf("the first %d bytes: the error is %v", n, err)
		}
	}
	outside := lite.Model()
	outside[4] = []lite.Table{{1: uint64(1 << 40), 2: uint64(5)}}
	if _, m, err := read(lite.Build(outside)); err != nil || len(m.Outside) != 1 || m.Buffers[0] != (tflite.Range{}) {
		t.Errorf("a buffer outside: %+v (%v)", m, err)
	}
	options := lite.Operator(lite.Model(), "Mine", nil)
	lite.Graph(options)[3].([]lite.Table)[0][9] = uint64(1 << 63)
	if _, _, err := read(lite.Build(options)); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("options outside: the error is %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(lite.Build(lite.Model()))
	f.Add(lite.Build(lite.Operator(lite.Model(), "FlexAdd", []byte("x"))))
	f.Fuzz(func(t *testing.T, content []byte) {
		first, m, err := read(content)
		if second, _, _ := read(content); first != second {
			t.Errorf("two readings differ: %q and %q", first, second)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, b := range m.Buffers {
			if b.Offset < 0 || b.Size < 0 || b.Offset > int64(len(content))-b.Size {
				t.Errorf("a buffer of %d bytes at %d of %d", b.Size, b.Offset, len(content))
			}
		}
	})
}
