package flatbuffer_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// sample is a root table with a number (0), a text (1), a list of two tables (2), a list of numbers (3), and no field 4. Every
// offset is written by hand.
func sample() []byte {
	b := make([]byte, 160)
	u16 := func(at int, values ...uint16) {
		for i, v := range values {
			binary.LittleEndian.PutUint16(b[at+2*i:], v)
		}
	}
	u32 := func(at int, values ...uint32) {
		for i, v := range values {
			binary.LittleEndian.PutUint32(b[at+4*i:], v)
		}
	}
	u32(0, 32)
	copy(b[4:], "TEST")
	u16(12, 14, 20, 4, 8, 12, 16, 0) // the vtable of the root
	u32(32, 20, 7, 20, 36, 76)       // the root, at 32: back to 12; 7; text at 60, tables at 80, numbers at 124
	u32(60, 5)
	copy(b[64:], "hello\x00")
	u32(80, 2, 16, 24)             // tables at 100 and 112
	u16(92, 6, 8, 4)               // their vtable
	u32(100, 8, 11)                // back to 92
	u32(112, 20, 0xfffffffe, 0, 3) // back to 92; then three numbers at 124
	u32(128, 1, 2, 0xffffffff)
	return b[:140]
}

// open makes the root of a content.
func open(t testing.TB, content []byte) (*flatbuffer.Buffer, flatbuffer.Table) {
	t.Helper()
	b, err := flatbuffer.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	root, err := b.Root()
	if err != nil {
		t.Fatal(err)
	}
	return b, root
}

// dump walks the sample's schema and writes what it finds.
func dump(content []byte) (string, error) {
	b, err := flatbuffer.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		return "", err
	}
	root, err := b.Root()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	n, err := root.Uint32(0, 1)
	if err != nil {
		return "", err
	}
	text, ok, err := root.Text(1, 100)
	if err != nil {
		return "", err
	}
	fmt.Fprint(&out, n, " ", text, ok)
	tables, err := root.Offsets(2)
	if err != nil {
		return "", err
	}
	err = tables.Tables(func(i int64, t flatbuffer.Table) error {
		v, err := t.Int32(0, 0)
		fmt.Fprint(&out, " ", i, "=", v)
		return err
	})
	if err != nil {
		return "", err
	}
	numbers, err := root.Vector(3, 4)
	if err != nil {
		return "", err
	}
	for i := range numbers.Len {
		v, err := numbers.Int32(i)
		if err != nil {
			return "", err
		}
		fmt.Fprint(&out, " ", v)
	}
	absent, err := root.Int64(4, -9)
	fmt.Fprint(&out, " ", absent, " ", b.Reached())
	return out.String(), err
}

func TestWalk(t *testing.T) {
	got, err := dump(sample())
	if want := "7 hellotrue 0=11 1=-2 1 2 -1 -9 140"; got != want || err != nil {
		t.Errorf("walked %q (%v), want %q", got, err, want)
	}
	_, root := open(t, sample())
	if root.Fields() != 5 {
		t.Errorf("the root has %d fields, want 5", root.Fields())
	}
	for id, want := range map[int]bool{0: true, 3: true, 4: false, 5: false, 1000: false} {
		if has, err := root.Has(id); has != want || err != nil {
			t.Errorf("field %d: %v (%v)", id, has, err)
		}
	}
	if text, ok, err := root.Text(1, 3); text != "hel" || !ok || err != nil {
		t.Errorf("the text is cut to %q, %v (%v)", text, ok, err)
	}
	if _, ok, err := root.Table(9); ok || err != nil {
		t.Errorf("there is a table 9 (%v)", err)
	}
	if v, err := (flatbuffer.Table{}).Uint8(0, 3); v != 3 || err != nil {
		t.Errorf("the zero table has the field %d (%v)", v, err)
	}
}

func TestNumbers(t *testing.T) {
	b := make([]byte, 40)
	binary.LittleEndian.PutUint32(b, 16)
	binary.LittleEndian.PutUint16(b[8:], 8)
	binary.LittleEndian.PutUint16(b[10:], 20)
	binary.LittleEndian.PutUint16(b[12:], 4)
	binary.LittleEndian.PutUint16(b[14:], 12)
	binary.LittleEndian.PutUint32(b[16:], 8)
	binary.LittleEndian.PutUint64(b[20:], 0xff)
	binary.LittleEndian.PutUint64(b[28:], 0x3fc00000)
	_, root := open(t, b)
	u8, _ := root.Uint8(0, 0)
	i8, _ := root.Int8(0, 0)
	yes, _ := root.Bool(0)
	u64, _ := root.Uint64(0, 0)
	f32, _ := root.Float32(1, 0)
	if u8 != 255 || i8 != -1 || !yes || u64 != 255 || f32 != 1.5 {
		t.Errorf("read %d %d %v %d %v", u8, i8, yes, u64, f32)
	}
	if v, _ := root.Int8(7, -4); v != -4 {
		t.Errorf("the default of Int8 is %d", v)
	}
	if v, _ := root.Float32(7, 2.5); v != 2.5 {
		t.Errorf("the default of Float32 is %v", v)
	}
}

func TestMalformed(t *testing.T) {
	change := func(at int, v uint32) []byte {
		b := sample()
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	for name, content := range map[string][]byte{
		"empty":                  {},
		"root outside":           change(0, 1<<31),
		"root at itself":         change(0, 0),
		"vtable before content":  change(32, 1<<20),
		"vtable behind content":  change(32, 1<<31),
		"vtable too small":       change(12, 20<<16|2),
		"vtable odd":             change(12, 20<<16|13),
		"vtable too large":       change(12, 20<<16|0xfffe),
		"table too large":        change(12, 0xffff<<16|14),
		"field outside of table": change(16, 18<<16|4),
		"field in the header":    change(16, 2<<16|4),
		"text outside":           change(40, 1<<30),
		"text too long":          change(60, 1<<31),
		"list too long":          change(124, 1<<30),
		"list outside":           change(48, 0xffffffff),
		"list at itself":         change(44, 0),
		"element outside":        change(84, 0xfffffff0),
	} {
		if got, err := dump(content); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: walked %q, the error is %v", name, got, err)
		}
	}
	for n := range len(sample()) {
		if _, err := dump(sample()[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: the error is %v", n, err)
		}
	}
}

func TestForwardOnlyAndBudget(t *testing.T) {
	if _, err := flatbuffer.New(format.StreamBlob(9, nil), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("forward-only content: %v", err)
	}
	few := limits.Default()
	few.Ops = 2
	b, err := flatbuffer.New(format.BytesBlob(sample()), limits.NewBudget(few))
	if err != nil {
		t.Fatal(err)
	}
	root, err := b.Root()
	if err != nil {
		t.Fatal(err)
	}
	list, err := root.Offsets(2)
	if err != nil {
		t.Fatal(err)
	}
	err = list.Tables(func(int64, flatbuffer.Table) error { return nil })
	if !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("three tables for two steps: %v", err)
	}
	if _, err := list.Table(2); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("an element behind the list: %v", err)
	}
}

func TestMatch(t *testing.T) {
	for id, want := range map[string]bool{"TEST": true, "TFL3": false} {
		if got := flatbuffer.Match(format.Probe{Head: sample(), Size: 140}, id); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
	if flatbuffer.Match(format.Probe{Head: sample()[:15], Size: 15}, "TEST") || flatbuffer.Match(format.Probe{Head: sample(), Size: 33}, "TEST") {
		t.Error("content whose root lies outside is matched")
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, content []byte) {
		first, err := dump(content)
		second, _ := dump(content)
		if first != second {
			t.Errorf("two walks differ: %q and %q", first, second)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
