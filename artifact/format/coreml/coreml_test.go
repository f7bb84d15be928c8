package coreml_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/coreml"
	"github.com/picketsec/picket/internal/limits"
)

// msg makes a field that is a message or a text.
func msg(number protowire.Number, parts ...string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), strings.Join(parts, "")))
}

// num makes a field that is a number.
func num(number protowire.Number, v uint64) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v))
}

// model makes a model of one kind.
func model(kind protowire.Number, parts ...string) string {
	return num(1, 8) + msg(2, msg(1, msg(1, "x")), msg(100, msg(3, "me"), msg(100, msg(1, "k"), msg(2, "v")))) + num(10, 1) + msg(kind, parts...)
}

// read lists what a visitor sees.
func read(content []byte) (list []string, h coreml.Header, err error) {
	add := func(form string, args ...any) { list = append(list, fmt.Sprintf(form, args...)) }
	h, err = coreml.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), coreml.Visitor{
		Class: func(c coreml.Class) { add("class %s %v", c.Name, c.Model) },
		Link:  func(l coreml.Link) { add("link %s in %s", l.File, l.Search) },
		Blob:  func(b coreml.Blob) { add("blob %s %d", b.File, b.Start) },
		Text:  func(x coreml.Text) { add("%s=%s", x.Key, x.Value) },
		Payload: func(p coreml.Payload) {
			add("payload %s %s %v", p.Name, content[p.Offset:p.Offset+p.Size], p.Framework)
		},
		Unknown: func(u coreml.Unknown) { add("unknown %s %s", u.Kind, u.Name) },
	})
	return list, h, err
}

func layer(parts ...string) string { return msg(1, append([]string{msg(1, "name")}, parts...)...) }

func program(operations string) string {
	return model(502, num(1, 1), msg(2, msg(1, "main"), msg(2, msg(2, "CoreML7"), msg(3, msg(1, "CoreML7"), msg(2, operations)))))
}

func samples() map[string]struct {
	content string
	want    string
} {
	value := msg(5, msg(1, "@model_path/weights/weight.bin"), num(2, 64))
	return map[string]struct{ content, want string }{
		"linear":     {model(300, msg(1, "numbers")), ""},
		"kind":       {model(777, ""), "unknown model kind 777"},
		"custom":     {model(555, msg(10, "Evil"), msg(30, msg(1, "p"), msg(2, msg(20, "text"))), msg(30, msg(1, "q"), msg(2, msg(60, "raw")))), "p=text|payload parameter q raw false|class Evil true"},
		"linked":     {model(556, msg(1, msg(1, msg(1, "m.mlmodelc")), msg(2, msg(1, "../:x")))), "link m.mlmodelc in ../:x"},
		"network":    {model(500, layer(msg(100, "w")), layer(msg(500, msg(10, "L")))), "class L false"},
		"branch":     {model(403, layer(msg(605, msg(1, layer(msg(500, msg(10, "A")))), msg(2, layer(msg(999, "x")))))), "class A false|unknown layer kind 999"},
		"loop":       {model(303, layer(msg(615, num(1, 3), msg(3, layer(msg(500, msg(10, "A")))), msg(4, layer(msg(500, msg(10, "B"))))))), "class A false|class B false"},
		"pipeline":   {model(202, msg(1, model(555, msg(10, "In")))), "author=me|k=v|class In true"},
		"pipeline 2": {model(200, msg(1, msg(1, model(300, "")))), "author=me|k=v"},
		"program": {program(msg(3, msg(1, "relu"), msg(2, msg(1, "x"), msg(2, msg(1, msg(2, value))))) + msg(3, msg(1, "evil")) +
			msg(3, msg(1, "cond"), msg(4, msg(3, msg(1, "const"), msg(5, msg(1, "val"), msg(2, msg(3, msg(1, msg(4, msg(1, "text")))))))))),
			"blob @model_path/weights/weight.bin 64|unknown operation evil|constant=text"},
		"dictionary": {program(msg(3, msg(1, "const"), msg(5, msg(2, msg(3, msg(4, msg(1, msg(1, msg(5, msg(1, "a"))), msg(2, msg(3, msg(3, msg(1, msg(5, msg(1, "b"))))))))))))), "blob a 0|blob b 0"},
		"serialized": {model(3000, msg(1, "com.example.X"), msg(2, "bytes")), "payload com.example.X bytes true"},
		"words":      {model(2005, num(1, 1), msg(100, "table")), "payload word embedding table false"},
	}
}

func TestRead(t *testing.T) {
	for name, c := range samples() {
		got, h, err := read([]byte(c.content))
		want := strings.TrimSuffix("author=me|k=v|"+c.want, "|")
		if strings.Join(got, "|") != want || err != nil || h.Version != 8 || !h.Updatable {
			t.Errorf("%s: error %v, header %+v\ngot  %s\nwant %s", name, err, h, strings.Join(got, "|"), want)
		}
		p := format.Probe{Head: []byte(c.content), Size: int64(len(c.content))}
		if name != "kind" && !(coreml.Format{}).Match(p) {
			t.Errorf("%s is not recognised", name)
		}
	}
}

func TestMatchNeedsAModel(t *testing.T) {
	for _, content := range []string{"", "\x08\x05", num(1, 5) + msg(2, "x"), num(1, 5) + msg(2, "x") + num(10, 1), num(1, 90) + msg(2, "") + msg(300, ""),
		num(1, 5) + msg(2, "x") + msg(7, "x"), num(1, 5) + msg(3, "x") + msg(300, "")} {
		if (coreml.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}) {
			t.Errorf("%q is taken for a model", content)
		}
	}
	long := num(1, 5) + msg(2, strings.Repeat("x", 2*format.HeadSize)) + msg(300, "x")
	p := format.Probe{Head: []byte(long)[:format.HeadSize], Size: int64(len(long)), Blob: format.BytesBlob([]byte(long))}
	if !(coreml.Format{}).Match(p) {
		t.Error("a model with a long description is not recognised")
	}
}

func TestDepthIsBounded(t *testing.T) {
	content := model(300, "")
	for range 100 {
		content = model(202, msg(1, content))
	}
	if _, _, err := read([]byte(content)); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("100 pipelines in each other: %v", err)
	}
}

func TestPackage(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"fileFormatVersion":"1.0.0","itemInfoEntries":{},"rootModelIdentifier":"x"}`: true, `{"itemInfoEntries":{}}`: false, `{"a":1}`: false, `[]`: false,
	} {
		if got := (coreml.Package{}).Match(format.Probe{Head: []byte(doc), Size: int64(len(doc))}); got != want {
			t.Errorf("Match(%s) is %v", doc, got)
		}
	}
}

// weights makes a file of weights with tensors of given sizes.
func weights(sizes ...int) []byte {
	b := make([]byte, 64)
	binary.LittleEndian.PutUint32(b, uint32(len(sizes)))
	binary.LittleEndian.PutUint32(b[4:], 2)
	for _, n := range sizes {
		record := make([]byte, 64)
		binary.LittleEndian.PutUint32(record, 0xdeadbeef)
		binary.LittleEndian.PutUint64(record[8:], uint64(n))
		binary.LittleEndian.PutUint64(record[16:], uint64(len(b)+64))
		b = append(append(b, record...), make([]byte, (n+63)/64*64)...)
	}
	return b
}

func TestReadWeights(t *testing.T) {
	content := weights(10, 64, 100)
	var got []int64
	end, err := coreml.ReadWeights(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(x coreml.Tensor) { got = append(got, x.Start, x.Size) })
	if diff := cmp.Diff([]int64{128, 10, 256, 64, 384, 100}, got); diff != "" || err != nil || end != int64(len(content)) {
		t.Errorf("end %d of %d, error %v, tensors (-want +got):\n%s", end, len(content), err, diff)
	}
	if !(coreml.Weights{}).Match(format.Probe{Head: content, Size: int64(len(content))}) {
		t.Error("the file of weights is not recognised")
	}
	for n := range 384 {
		if _, err := coreml.ReadWeights(format.BytesBlob(content[:n]), limits.NewBudget(limits.Default()), func(coreml.Tensor) {}); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range samples() {
		f.Add([]byte(c.content))
	}
	f.Add(weights(1, 2))
	f.Fuzz(func(t *testing.T, content []byte) {
		first, h, err := read(content)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if second, again, _ := read(content); !cmp.Equal(first, second) || h != again {
			t.Fatal("two readings differ")
		}
		if err == nil && (h.Opaque < 0 || h.Opaque > int64(len(content))) {
			t.Fatalf("%d opaque bytes of %d", h.Opaque, len(content))
		}
		end, err := coreml.ReadWeights(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(x coreml.Tensor) {
			if x.Start < 0 || x.Size < 0 || x.Start+x.Size > int64(len(content)) {
				t.Fatalf("a tensor outside of the content: %+v", x)
			}
		})
		if err == nil && end > int64(len(content)) {
			t.Fatalf("the tensors end at %d of %d", end, len(content))
		}
	})
}
