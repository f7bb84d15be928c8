package gguf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// build writes GGUF files, broken ones too.
type build struct {
	bytes.Buffer
	order   order
	version uint32
}

// start begins a file.
func start(o order, version uint32, tensors, pairs uint64) *build {
	b := &build{order: o, version: version}
	b.WriteString("GGUF")
	b.u32(version)
	return b.count(tensors).count(pairs)
}

func (b *build) u32(n uint32) *build { b.Write(b.order.AppendUint32(nil, n)); return b }
func (b *build) u64(n uint64) *build { b.Write(b.order.AppendUint64(nil, n)); return b }

func (b *build) count(n uint64) *build {
	if b.version == 1 {
		return b.u32(uint32(n))
	}
	return b.u64(n)
}

func (b *build) text(s string) *build { b.count(uint64(len(s))).WriteString(s); return b }

// str adds a string pair.
func (b *build) str(key, value string) *build { return b.text(key).u32(8).text(value) }

// num adds a pair of type uint32.
func (b *build) num(key string, n uint32) *build { return b.text(key).u32(4).u32(n) }

// tensor adds a tensor.
func (b *build) tensor(name string, t uint32, offset uint64, dims ...uint64) *build {
	b.text(name).u32(uint32(len(dims)))
	for _, d := range dims {
		b.count(d)
	}
	return b.u32(t).u64(offset)
}

// data pads to the alignment and adds n bytes.
func (b *build) data(n int) []byte {
	for b.Len()%32 != 0 {
		b.WriteByte(0)
	}
	b.Write(make([]byte, n))
	return b.Bytes()
}

// order is a byte order that can append.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var little = binary.LittleEndian

// kinds lists the problems of content.
func kinds(content []byte) (list []gguf.Kind, h gguf.Header, err error) {
	h, err = gguf.Read(bytes.NewReader(content), int64(len(content)), limits.NewBudget(limits.Default()),
		gguf.Visitor{Problem: func(p gguf.Problem) { list = append(list, p.Kind) }})
	return list, h, err
}

// samples are the files that the reference writer wrote.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	return testkit.Samples(t, "testdata/*.gguf", 5)
}

func TestFilesOfTheReferenceWriter(t *testing.T) {
	for name, content := range samples(t) {
		problems, h, err := kinds(content)
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: problems %v, error %v", name, problems, err)
		}
		if rest := int64(len(content)) - h.DataEnd; rest < 0 || rest >= h.Alignment {
			t.Errorf("%s: %d bytes after the data, header %+v", name, rest, h)
		}
		if !(gguf.Format{}).Match(format.Probe{Head: content}) {
			t.Errorf("%s is not recognised", name)
		}
		if h.BigEndian != (name == "big.gguf") || h.Version != 3 {
			t.Errorf("%s: header %+v", name, h)
		}
	}
}

func TestTexts(t *testing.T) {
	for _, version := range []uint32{1, 2, 3} {
		for _, o := range []order{binary.LittleEndian, binary.BigEndian} {
			b := start(o, version, 0, 3).str("general.name", "n")
			b.text("tokens").u32(9).u32(8).count(2).text("a").text("b")
			b.text("tokenizer.chat_templates").u32(9).u32(8).count(1).text("rag")
			var got []string
			h, err := gguf.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), limits.NewBudget(limits.Default()), gguf.Visitor{
				Array: func(key string) bool { return strings.Contains(key, "chat_template") },
				Text: func(x gguf.Text) {
					if string(b.Bytes()[x.Offset:x.Offset+x.Length]) != x.Value {
						t.Errorf("the text at %d is not %q", x.Offset, x.Value)
					}
					got = append(got, x.Key+"="+x.Value)
				},
			})
			want := []string{"general.name=n", "tokenizer.chat_templates=rag"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("version %d, %v: error %v, texts (-want +got):\n%s", version, o, err, diff)
			}
			if h.Version != version || h.BigEndian != (o == order(binary.BigEndian)) || h.HeaderEnd != int64(b.Len()) {
				t.Errorf("header %+v", h)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	one := func() *build { return start(little, 3, 1, 0) }
	two := func() *build { return start(little, 3, 2, 0) }
	for name, c := range map[string]struct {
		content []byte
		want    []gguf.Kind
	}{
		"fine":                {two().tensor("a", 0, 0, 8).tensor("b", 2, 32, 32, 2).data(68), nil},
		"overlap":             {two().tensor("a", 0, 0, 16).tensor("b", 0, 32, 16).data(96), []gguf.Kind{"overlap"}},
		"hole":                {two().tensor("a", 0, 0, 8).tensor("b", 0, 96, 8).data(128), []gguf.Kind{"hole"}},
		"misaligned":          {one().tensor("a", 0, 4, 8).data(36), []gguf.Kind{"alignment", "hole"}},
		"tensor twice":        {two().tensor("a", 0, 0, 8).tensor("a", 0, 32, 8).data(64), []gguf.Kind{"duplicate-key"}},
		"key twice":           {start(little, 3, 0, 2).num("a", 1).num("a", 2).data(0), []gguf.Kind{"duplicate-key"}},
		"alignment 0":         {start(little, 3, 0, 1).num("general.alignment", 0).data(0), []gguf.Kind{"alignment"}},
		"alignment 48":        {start(little, 3, 0, 1).num("general.alignment", 48).data(0), []gguf.Kind{"alignment"}},
		"alignment is text":   {start(little, 3, 0, 1).text("general.alignment").u32(0).data(9), []gguf.Kind{"alignment"}},
		"unknown type":        {one().tensor("a", 4, 0, 8).data(32), []gguf.Kind{"unknown-type"}},
		"type out of range":   {one().tensor("a", 1<<31, 0, 8).data(32), []gguf.Kind{"unknown-type"}},
		"blocks not filled":   {one().tensor("a", 2, 0, 33).data(64), []gguf.Kind{"shape"}},
		"dims overflow":       {one().tensor("a", 0, 0, 1<<40, 1<<40).data(32), []gguf.Kind{"shape"}},
		"dims wrap to small":  {one().tensor("a", 0, 0, 1<<32, 1<<32, 4).data(32), []gguf.Kind{"shape"}},
		"negative dim":        {one().tensor("a", 0, 0, 1<<63).data(32), []gguf.Kind{"shape"}},
		"size overflows":      {one().tensor("a", 28, 0, 1<<61).data(32), []gguf.Kind{"shape"}},
		"long name":           {one().tensor(strings.Repeat("n", 64), 0, 0, 8).data(32), []gguf.Kind{"name-length"}},
		"bad boolean":         {append(start(little, 3, 0, 1).text("x").u32(7).Bytes(), 2), []gguf.Kind{"invalid-value"}},
		"nested array":        {start(little, 3, 0, 1).text("x").u32(9).u32(9).u64(1).u32(8).u64(1).text("s").data(0), []gguf.Kind{"nested-array"}},
		"alignment is a bomb": {start(little, 3, 1, 1).num("general.alignment", 1<<30).tensor("a", 0, 0, 8).data(64), []gguf.Kind{"hole"}},
	} {
		got, _, err := kinds(c.content)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, problems (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestMalformed(t *testing.T) {
	deep := start(little, 3, 0, 1).text("x").u32(9)
	for range 100 {
		deep.u32(9).u64(1)
	}
	for name, content := range map[string][]byte{
		"version 0":          start(little, 0, 0, 0).Bytes(),
		"version 4":          start(little, 4, 0, 0).Bytes(),
		"many tensors":       start(little, 3, 1<<60, 0).data(64),
		"many pairs":         start(little, 3, 0, 1<<63).data(64),
		"long key":           start(little, 3, 0, 1).u64(1 << 40).data(64),
		"negative length":    start(little, 3, 0, 1).u64(1<<64 - 1).data(64),
		"huge array":         start(little, 3, 0, 1).text("x").u32(9).u32(10).u64(1 << 61).data(64),
		"array wraps":        start(little, 3, 0, 1).text("x").u32(9).u32(10).u64(1<<61 + 1).data(64),
		"unknown value":      start(little, 3, 0, 1).text("x").u32(13).data(64),
		"unknown elements":   start(little, 3, 0, 1).text("x").u32(9).u32(99).u64(1).data(64),
		"strings in nowhere": start(little, 3, 0, 1).text("x").u32(9).u32(8).u64(1 << 50).data(64),
		"five dimensions":    start(little, 3, 1, 0).tensor("a", 0, 0, 1, 1, 1, 1, 1).data(64),
		"offset wraps":       start(little, 3, 1, 0).tensor("a", 0, 1<<64-32, 8).data(64),
		"deep":               deep.data(64),
	} {
		if _, _, err := kinds(content); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: got %v, want a malformed error", name, err)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		_, whole, _ := kinds(content)
		for n := range int(whole.DataEnd) {
			if _, h, err := kinds(content[:n]); err == nil && h.DataEnd <= int64(n) {
				t.Fatalf("%s: the first %d bytes look whole: %+v", name, n, h)
			}
		}
	}
}

func TestEveryTypeHasASize(t *testing.T) {
	withdrawn := map[uint32]bool{4: true, 5: true}
	for id := range uint32(44) {
		got, h, err := kinds(start(little, 3, 1, 0).tensor("a", id, 0, 256).data(4096))
		known := err == nil && len(got) == 0 && h.DataEnd > h.DataStart
		if want := id < 42 && !withdrawn[id]; known != want {
			t.Errorf("type %d: known %v, want %v (%v, %v)", id, known, want, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Add(start(little, 3, 2, 1).num("general.alignment", 64).tensor("a", 0, 0, 8).tensor("b", 2, 64, 32).data(128))
	f.Add(start(binary.BigEndian, 2, 0, 1).text("x").u32(9).u32(9).u64(1).u32(8).u64(1).text("s").data(0))
	f.Fuzz(func(t *testing.T, content []byte) {
		known, h1, err1 := kinds(content)
		var stream []gguf.Kind
		h2, err2 := gguf.Read(bytes.NewReader(content), -1, limits.NewBudget(limits.Default()),
			gguf.Visitor{Problem: func(p gguf.Problem) { stream = append(stream, p.Kind) }})
		if err1 == nil && (err2 != nil || h1 != h2 || !cmp.Equal(known, stream)) {
			t.Fatalf("size known: %+v %v; not known: %+v %v %v", h1, known, h2, stream, err2)
		}
		if err1 == nil && (h1.HeaderEnd > int64(len(content)) || h1.DataStart < h1.HeaderEnd || h1.DataEnd < h1.DataStart) {
			t.Fatalf("impossible header %s of %d bytes", fmt.Sprintf("%+v", h1), len(content))
		}
	})
}

// TestNumbersAndLengths: numbers are handed on as text whatever their width and byte order, and arrays by their length.
func TestNumbersAndLengths(t *testing.T) {
	for _, o := range []order{binary.LittleEndian, binary.BigEndian} {
		b := start(o, 3, 0, 7)
		b.num("a", 4096).text("b").u32(10).u64(1 << 40).text("c").u32(7).WriteByte(1)
		b.text("d").u32(1).WriteByte(0xfe)
		b.text("e").u32(6).u32(math.Float32bits(1.5)).text("f").u32(12).u64(math.Float64bits(-2))
		b.text("g").u32(9).u32(4).u64(2).u32(7).u32(8)
		got := map[string]string{}
		_, err := gguf.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), limits.NewBudget(limits.Default()), gguf.Visitor{
			Number: func(key, value string) { got[key] = value },
			Length: func(key string, n int64) { got[key] = fmt.Sprint("array of ", n) },
		})
		want := map[string]string{"a": "4096", "b": "1099511627776", "c": "true", "d": "-2", "e": "1.5", "f": "-2", "g": "array of 2"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", o, err, diff)
		}
	}
}
