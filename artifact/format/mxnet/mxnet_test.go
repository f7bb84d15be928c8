package mxnet_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/mxnet"
	"github.com/picketsec/picket/internal/limits"
)

// sample reads a file that MXNet 1.9.1 wrote.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// read lists the names of a file of parameters.
func read(content []byte) (names []string, p mxnet.Params, err error) {
	p, err = mxnet.ReadParams(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(mxnet.Array) {}, func(name string, _ int64) { names = append(names, name) })
	return names, p, err
}

func TestFilesOfMXNet(t *testing.T) {
	for name, want := range map[string]struct {
		names string
		data  int64
	}{"mlp-0000.params": {"arg:fc1_weight arg:fc1_bias aux:x", 4*8*4 + 16 + 4}, "sparse.params": {"a", 4*8 + 5*8 + 4*8}} {
		content := sample(t, name)
		names, p, err := read(content)
		if err != nil || strings.Join(names, " ") != want.names || p.Data != want.data || p.End != int64(len(content)) {
			t.Errorf("%s: %v %+v of %d bytes (%v)", name, names, p, len(content), err)
		}
		for n := range content {
			if _, _, err := read(content[:n]); !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	for name, want := range map[string]string{"mlp-0000.params": "mxnet", "mlp-symbol.json": "mxnet-symbol", "cond-symbol.json": "mxnet-symbol"} {
		content := sample(t, name)
		got := ""
		for _, f := range []format.Format{mxnet.Format{}, mxnet.Symbol{}} {
			if f.Match(format.Probe{Head: content, Size: int64(len(content))}) {
				got += f.Info().Name
			}
		}
		if got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, doc := range []string{`{"nodes":[],"edges":[]}`, `{"heads":[],"node":[]}`, `{"a":1}`} {
		if (mxnet.Symbol{}).Match(format.Probe{Head: []byte(doc), Size: int64(len(doc))}) {
			t.Errorf("%s is taken for a symbol", doc)
		}
	}
}

func TestMalformed(t *testing.T) {
	whole := sample(t, "mlp-0000.params")
	for at, v := range map[int]uint32{20: 1 << 30, 24: 0x12345678, 28: 9, 32: 1000, 36: 1 << 31} {
		b := slices.Clone(whole)
		binary.LittleEndian.PutUint32(b[at:], v)
		if _, _, err := read(b); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%d at byte %d: %v", v, at, err)
		}
	}
}

func TestOperators(t *testing.T) {
	known := mxnet.Operators()
	for name, want := range map[string]bool{"FullyConnected": true, "Convolution": true, "null": true, "_cond": true, "Custom": false, "_Native": false, "_NDArray": false, "": false} {
		if known[name] != want {
			t.Errorf("%q: %v", name, known[name])
		}
	}
}

func FuzzReadParams(f *testing.F) {
	f.Add(sample(f, "mlp-0000.params"))
	f.Add(sample(f, "sparse.params"))
	f.Fuzz(func(t *testing.T, content []byte) {
		names, p, err := read(content)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if again, q, _ := read(content); !slices.Equal(names, again) || p != q {
			t.Fatal("two readings differ")
		}
		if err == nil && (p.End > int64(len(content)) || p.Data < 0 || p.Data > p.End) {
			t.Fatalf("impossible %+v of %d bytes", p, len(content))
		}
	})
}
