package pickle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// dense is a pickle of protocol 2 with many small opcodes: a list of dicts of numbers, texts and tuples.
func dense(records int) string {
	var b strings.Builder
	b.WriteString("\x80\x02]q\x00(")
	for i := range records {
		key := func() string {
			k := i + 1
			return string([]byte{'r', byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)})
		}
		fmt.Fprintf(&b, "}%s(U\x01aK\x01U\x01bM\x00\x02U\x04nameU\x06w%05dX\x01\x00\x00\x00cK\x01K\x02\x86K\x03NK\x04\x88u", key(), i%100000)
	}
	b.WriteString("e.")
	return b.String()
}

func bench(b *testing.B, content string) {
	blob := format.BytesBlob([]byte(content))
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(blob, 0)
		if err != nil {
			b.Fatal(err)
		}
		m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(*Machine, *Effect) error { return nil }))
		if _, err := m.Run(context.Background(), r); err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}

func BenchmarkDense(b *testing.B) { bench(b, dense(100_000)) }

func BenchmarkSmallInts(b *testing.B) {
	bench(b, "\x80\x02]("+strings.Repeat("K\x01NM\x01\x02", 1_000_000)+"e.")
}

func BenchmarkMemo(b *testing.B) {
	bench(b, "\x80\x04]("+strings.Repeat("\x8c\x03abc\x94h\x05", 400_000)+"e.")
}

func BenchmarkBlob(b *testing.B) {
	bench(b, "\x80\x03](B\x00\x00\x00\x08"+strings.Repeat("\x00", 128<<20)+"e.")
}
