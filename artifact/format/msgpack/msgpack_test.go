package msgpack_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/msgpack"
	"github.com/picketsec/picket/internal/limits"
)

// text and the others write values.
func text(s string) string { return string([]byte{0xd9, byte(len(s))}) + s }

func pairs(kv ...string) string {
	return string([]byte{0xde, 0, byte(len(kv) / 2)}) + strings.Join(kv, "")
}

func ext(t byte, s string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0xc9}, uint32(len(s)))) + string([]byte{t}) + s
}

func array(dtype string, shape, data string) string {
	return ext(1, "\x93"+shape+text(dtype)+string([]byte{0xc4, byte(len(data))})+data)
}

// read lists what a content holds.
func read(content []byte) (list []string, end int64, err error) {
	add := func(form string, args ...any) error { list = append(list, fmt.Sprintf(form, args...)); return nil }
	end, err = msgpack.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), msgpack.Visitor{
		Key:   func(k msgpack.Text) error { return add("key %s", k.Value) },
		Text:  func(k msgpack.Text) error { return add("text %s", k.Value) },
		Bytes: func(s msgpack.Span) error { return add("bytes %s", content[s.Start:s.Start+s.Size]) },
		Array: func(a msgpack.Array) error {
			n, ok := a.Size()
			return add("%s%v %d of %d %v", a.Type, a.Shape, a.Data.Size, n, ok)
		},
		Extension: func(e msgpack.Extension) error { return add("extension %d of %d", e.Type, e.Data.Size) },
		Repeated:  func(k msgpack.Text) error { return add("again %s", k.Value) },
	})
	return list, end, err
}

func sample() string {
	return pairs(text("w"), array("float32", "\x92\x01\xcc\x02", "12345678"), text("n"), "\x05", text("s"), text("hello"), text("b"), "\xc4\x02ab",
		text("l"), "\x93\xc0\xc3\xcb12345678", text("w"), ext(2, "\x92\xcb12345678\xcb12345678"), text("e"), "\xd4\x7fx", text("m"), "\x81\x07\x81\xa1a\xff")
}

func TestRead(t *testing.T) {
	got, end, err := read([]byte(sample() + "tail"))
	want := []string{"key w", "float32[1 2] 8 of 8 true", "key n", "key s", "text hello", "key b", "bytes ab", "key l", "again w", "key w",
		"key e", "extension 127 of 1", "key m", "key a"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || end != int64(len(sample())) {
		t.Errorf("end %d, error %v (-want +got):\n%s", end, err, diff)
	}
}

func TestMalformed(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "no such type": "\xc1", "text too long": "\xdb\xff\xff\xff\xffx", "list too long": "\xdd\xff\xff\xff\xff", "map too long": "\xdf\xff\xff\xff\xff",
		"bytes too long": "\xc6\xff\xff\xff\xff", "extension too long": "\xc9\xff\xff\xff\xff\x01", "key is a list": "\x81\x90\x01", "deep": strings.Repeat("\x91", 600),
		"array without data": ext(1, "\x93\x90"+text("float32")), "array of two": ext(1, "\x92\x90"+text("x")), "negative dimension": ext(1, "\x93\x91\xff"+text("int8")+"\xc4\x00"),
		"behind the data": ext(1, "\x93\x90"+text("int8")+"\xc4\x01xyz"), "data too long": ext(1, "\x93\x90"+text("int8")+"\xc4\x09x"), "huge dimension": ext(1, "\x93\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff"+text("int8")+"\xc4\x00"),
	} {
		if _, _, err := read([]byte(content)); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range len(sample()) {
		if _, _, err := read([]byte(sample()[:n])); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{
		sample(): true, "\x81\xa6params\x80": true, pairs(text("a"), "\x01", text("b"), "\x02"): true, "\x81\xa1a\xc1": false, "\x81\xa6params\x81\xa1w\xc1": true, "\x82\xa1a\x01": false, "hello": false,
		"\x80\x04K\x01.": false, "\x81\xa2\x00\x01\x01\x01": false, "\x90": false, "": false,
	} {
		p := format.Probe{Head: []byte(content), Size: int64(len(content)), Blob: format.BytesBlob([]byte(content))}
		if got := (msgpack.Format{}).Match(p); got != want {
			t.Errorf("Match(%q) is %v", content, got)
		}
	}
}

// TestFileOfFlax reads what flax.serialization wrote.
func TestFileOfFlax(t *testing.T) {
	content, err := os.ReadFile("testdata/flax.msgpack")
	if err != nil {
		t.Fatal(err)
	}
	list, end, err := read(content)
	if err != nil || end != int64(len(content)) || !strings.Contains(strings.Join(list, "|"), "float32[") {
		t.Errorf("%q, end %d of %d: %v", list, end, len(content), err)
	}
	if !(msgpack.Format{}).Match(format.Probe{Head: content, Size: int64(len(content)), Blob: format.BytesBlob(content)}) {
		t.Error("it is not recognised")
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		a    msgpack.Array
		want int64
		ok   bool
	}{
		{msgpack.Array{Type: "bfloat16", Shape: []int64{3, 4}}, 24, true}, {msgpack.Array{Type: "float64"}, 8, true}, {msgpack.Array{Type: "int8", Shape: []int64{0, 9}}, 0, true},
		{msgpack.Array{Type: "object", Shape: []int64{1}}, 0, false}, {msgpack.Array{Type: "int8", Shape: []int64{1 << 40, 1 << 40}}, 0, false},
	} {
		if n, ok := c.a.Size(); n != c.want || ok != c.ok {
			t.Errorf("%+v: %d %v", c.a, n, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample()))
	f.Add([]byte("\x81\xa6params\x81\xa1w\xc7\x0c\x01\x93\x91\x01\xa4int8\xc4\x01x"))
	f.Fuzz(func(t *testing.T, content []byte) {
		first, end, err := read(content) // panics when a range lies outside
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if second, again, _ := read(content); !cmp.Equal(first, second) || end != again {
			t.Fatal("two readings differ")
		}
		if end > int64(len(content)) {
			t.Fatalf("the value ends at %d of %d", end, len(content))
		}
		(msgpack.Format{}).Match(format.Probe{Head: content, Size: int64(len(content)), Blob: format.BytesBlob(content)})
	})
}
