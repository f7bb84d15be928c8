package torch

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/internal/limits"
	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// storageID writes a persistent ID.
func storageID(parts ...asm.Value) asm.Value {
	return func(a *asm.Asm) { a.Put(asm.Tuple(parts...)).Raw(asm.BinPersID) }
}

// honest is the ID of a storage as torch.save writes it.
func honest(key string, n int64) asm.Value {
	return storageID(asm.Str("storage"), asm.Global("torch", "FloatStorage"), asm.Str(key), asm.Str("cpu"), asm.Num(n))
}

func TestStorages(t *testing.T) {
	for _, test := range []struct {
		name string
		ids  []asm.Value
		want []Storage
	}{
		{"one", []asm.Value{honest("0", 4)}, []Storage{{"0", "torch.FloatStorage", "cpu", 4}}},
		{"each key once", []asm.Value{honest("0", 4), honest("1", 2), honest("0", 4)},
			[]Storage{{"0", "torch.FloatStorage", "cpu", 4}, {"1", "torch.FloatStorage", "cpu", 2}}},
		{"two sizes for one key", []asm.Value{honest("0", 4), honest("0", 5)},
			[]Storage{{"0", "torch.FloatStorage", "cpu", 4}, {"0", "torch.FloatStorage", "cpu", 5}}},
		{"negative size", []asm.Value{honest("0", -1)}, nil},
		{"no storage class", []asm.Value{storageID(asm.Str("storage"), asm.Global("os", "system"), asm.Str("0"), asm.Str("cpu"),
			asm.Num(1))}, nil},
		{"too short", []asm.Value{storageID(asm.Str("storage"), asm.Global("torch", "FloatStorage"))}, nil},
		{"another word", []asm.Value{storageID(asm.Str("module"), asm.Global("torch", "FloatStorage"), asm.Str("0"), asm.Str("cpu"),
			asm.Num(1))}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			content := asm.New(2).Put(asm.List(test.ids...)).Bytes()
			got, err := Storages(context.Background(), format.BytesBlob(content), limits.NewBudget(limits.Default()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("storages (-want +got):\n%s", diff)
			}
			for n := range content {
				_, err := Storages(context.Background(), format.BytesBlob(content[:n]), limits.NewBudget(limits.Default()))
				if !errors.Is(err, format.ErrMalformed) {
					t.Errorf("first %d bytes: error %v, want one that wraps ErrMalformed", n, err)
				}
			}
		})
	}
}

func TestItemSize(t *testing.T) {
	for class, want := range map[string]int64{
		"torch.FloatStorage": 4, "torch.cuda.HalfStorage": 2, "torch.storage.UntypedStorage": 1, "torch.storage._UntypedStorage": 1,
		"torch.ComplexDoubleStorage": 16, "torch.LongStorage": 8, "torch.StrangeStorage": 0, "": 0,
	} {
		if got := (Storage{Class: class}).ItemSize(); got != want {
			t.Errorf("ItemSize of %q = %d, want %d", class, got, want)
		}
	}
}

func TestExtent(t *testing.T) {
	n := func(numbers ...int64) asm.Value {
		var values []asm.Value
		for _, number := range numbers {
			values = append(values, asm.Num(number))
		}
		return asm.Tuple(values...)
	}
	for _, test := range []struct {
		name           string
		sizes, strides asm.Value
		want           int64
		ok             bool
	}{
		{"matrix", n(2, 3), n(3, 1), 6, true},
		{"transposed", n(3, 2), n(1, 3), 6, true},
		{"expanded", n(1000, 2), n(0, 1), 2, true},
		{"scalar", n(), n(), 1, true},
		{"empty", n(0, 5), n(5, 1), 0, true},
		{"torch.Size", asm.Call(asm.Global("torch", "Size"), n(2)), n(1), 2, true},
		{"negative", n(-1), n(1), 0, false},
		{"overflow", n(1<<40, 1<<40), n(1<<40, 1), 0, false},
		{"lengths differ", n(2), n(1, 1), 0, false},
		{"no tuple", asm.Str("x"), n(), 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := pickle.NewReader(format.BytesBlob(asm.New(2).Put(asm.Tuple(test.sizes, test.strides)).Bytes()), 0)
			if err != nil {
				t.Fatal(err)
			}
			m := pickle.NewMachine(limits.NewBudget(limits.Default()), pickle.HandlerFunc(func(*pickle.Machine, *pickle.Effect) error { return nil }))
			defer m.Close()
			s, err := m.Run(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			pair, _ := m.Elements(s.Result)
			got, ok := Extent(m, pair[0], pair[1])
			if got != test.want || ok != test.ok {
				t.Errorf("Extent = %d, %v, want %d, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func FuzzStorages(f *testing.F) {
	f.Add(asm.New(2).Put(asm.List(honest("0", 4))).Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		found, _ := Storages(context.Background(), format.BytesBlob(content), limits.NewBudget(limits.Default()))
		for _, s := range found {
			if s.Elements < 0 || s.Class == "" || s.ItemSize() < 0 {
				t.Errorf("storage %+v is not possible", s)
			}
		}
	})
}
