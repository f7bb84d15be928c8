package flatbuf_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/flatbuf"
)

func TestBuild(t *testing.T) {
	content := flatbuf.Build("TEST", flatbuf.Table{0: uint32(7), 1: "text", 3: []flatbuf.Table{{0: uint64(9)}, {}}, 4: []int32{1, -2}, 5: flatbuf.Table{2: int8(-3)}})
	if !flatbuffer.Match(format.Probe{Head: content, Size: int64(len(content))}, "TEST") {
		t.Error("the identifier is not where it belongs")
	}
	b, err := flatbuffer.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	root, err := b.Root()
	if err != nil {
		t.Fatal(err)
	}
	number, _ := root.Uint32(0, 0)
	text, _, _ := root.Text(1, 10)
	tables, _ := root.Offsets(3)
	first, err := tables.Table(0)
	if err != nil {
		t.Fatal(err)
	}
	nine, _ := first.Uint64(0, 0)
	numbers, _ := root.Vector(4, 4)
	second, _ := numbers.Int32(1)
	inner, ok, err := root.Table(5)
	three, _ := inner.Int8(2, 0)
	if number != 7 || text != "text" || tables.Len != 2 || nine != 9 || second != -2 || !ok || err != nil || three != -3 {
		t.Errorf("read %d %q %d %d %d %v %d (%v)", number, text, tables.Len, nine, second, ok, three, err)
	}
}
