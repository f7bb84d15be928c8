package paddle_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/paddle"
	"github.com/picketsec/picket/internal/limits"
)

// sample reads a file that PaddlePaddle 3.3.1 wrote.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// types lists the operators of a program.
func types(content []byte, read func(*format.Blob, *limits.Budget, func(paddle.Operator) error) error) (list []string, err error) {
	err = read(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(op paddle.Operator) error {
		if op.Type != "" {
			list = append(list, op.Type)
		}
		return nil
	})
	return list, err
}

func TestFilesOfPaddle(t *testing.T) {
	got, err := types(sample(t, "linear.pdmodel"), paddle.Read)
	if want := []string{"feed", "matmul_v2", "elementwise_add", "relu"}; err != nil || len(got) < 4 || !slices.Equal(got[:4], want) {
		t.Errorf("%v %v", got, err)
	}
	known := paddle.Operators()
	for _, name := range append(got, "if", "yield") {
		if !known[name] {
			t.Errorf("%s is not among the operators", name)
		}
	}
	got, err = types(sample(t, "branch.json"), paddle.ReadPir)
	if err != nil || !slices.Contains(got, "matmul") || !slices.Contains(got, "if") {
		t.Errorf("%v %v", got, err)
	}
	tensors := 0
	end, err := paddle.ReadParams(format.BytesBlob(sample(t, "norm.pdiparams")), limits.NewBudget(limits.Default()), func(paddle.Tensor) { tensors++ })
	if err != nil || tensors != 4 || end != int64(len(sample(t, "norm.pdiparams"))) {
		t.Errorf("%d tensors end at %d: %v", tensors, end, err)
	}
}

func TestMatch(t *testing.T) {
	for name, want := range map[string]string{"linear.pdmodel": "paddle", "branch.json": "paddle-pir", "norm.pdiparams": "paddle-params"} {
		content := sample(t, name)
		var got []string
		for _, f := range []format.Format{paddle.Format{}, paddle.Pir{}, paddle.Params{}} {
			if f.Match(format.Probe{Head: content, Size: int64(len(content))}) {
				got = append(got, f.Info().Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %v", name, got)
		}
	}
}

func TestDangerousOperatorsAreNotAllowed(t *testing.T) {
	known := paddle.Operators()
	for _, name := range []string{"py_func", "load", "load_combine", "save", "save_combine", "read_file", "run_program", "", "picket"} {
		if known[name] {
			t.Errorf("%q is allowed", name)
		}
	}
	if len(known) < 500 {
		t.Errorf("%d operators", len(known))
	}
}

func TestTruncationsAreMalformed(t *testing.T) {
	program, params := sample(t, "linear.pdmodel"), sample(t, "norm.pdiparams")
	for n := 20; n < 4000; n += 37 {
		if _, err := types(program[:n], paddle.Read); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
	for n := 1; n < 50; n++ {
		if _, err := paddle.ReadParams(format.BytesBlob(params[:n]), limits.NewBudget(limits.Default()), func(paddle.Tensor) {}); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes of tensors: %v", n, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"linear.pdmodel", "branch.json", "norm.pdiparams"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, read := range []func(*format.Blob, *limits.Budget, func(paddle.Operator) error) error{paddle.Read, paddle.ReadPir} {
			first, err := types(content, read)
			if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
				t.Fatalf("unexpected error %v", err)
			}
			if second, _ := types(content, read); !slices.Equal(first, second) {
				t.Fatal("two readings differ")
			}
		}
		end, err := paddle.ReadParams(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(x paddle.Tensor) {
			if x.Start < 0 || x.Size < 0 || x.Start+x.Size > int64(len(content)) {
				t.Fatalf("%+v lies outside of %d bytes", x, len(content))
			}
		})
		if end > int64(len(content)) {
			t.Fatalf("%d of %d: %v", end, len(content), err)
		}
	})
}
