package protomsg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// walk writes every field of a content as text.
func walk(content []byte) (string, error) {
	m, err := protomsg.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		return "", err
	}
	var out []string
	err = m.Fields(func(f protomsg.Field) error {
		text, err := f.Body.Text(8)
		out = append(out, fmt.Sprintf("%d:%d@%d=%d%q", f.Number, f.Wire, f.Offset, f.Value, text))
		return err
	})
	return strings.Join(out, " "), err
}

func TestFields(t *testing.T) {
	content := []byte{0x08, 0x96, 0x01, 0x12, 0x03, 'a', 'b', 'c', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0}
	got, err := walk(content)
	if want := `1:0@0=150"" 2:2@3=0"abc" 3:5@8=1"" 4:1@13=2""`; got != want || err != nil {
		t.Errorf("walked %s (%v), want %s", got, err, want)
	}
}

func TestGroupsArePassed(t *testing.T) {
	content := []byte{0x08, 0x01, 0x13, 0x08, 0x05, 0x1b, 0x0a, 0x01, 'x', 0x1c, 0x14, 0x18, 0x02}
	got, err := walk(content)
	if want := `1:0@0=1"" 2:3@2=0"\b\x05\x1b\n\x01x\x1c" 3:0@11=2""`; got != want || err != nil {
		t.Errorf("walked %s (%v), want %s", got, err, want)
	}
}

func TestNestedFieldsAcrossWindows(t *testing.T) {
	var inner []byte
	for i := range 10000 {
		inner = append(binary.AppendUvarint(append(inner, 0x08), uint64(i)), 0x12, 0x02, 'h', 'i')
	}
	content := binary.AppendUvarint([]byte{0x0a}, uint64(len(inner)))
	content = append(append(content, inner...), 0x10, 0x07)
	m, err := protomsg.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	n, last := 0, uint64(0)
	err = m.Fields(func(f protomsg.Field) error {
		last = f.Value
		return f.Body.Fields(func(f protomsg.Field) error {
			if f.Number == 1 && f.Value != uint64(n) {
				t.Fatalf("field %d has the value %d", n, f.Value)
			}
			if f.Number == 2 {
				n++
			}
			return nil
		})
	})
	if err != nil || n != 10000 || last != 7 {
		t.Errorf("walked %d pairs, then %d (%v)", n, last, err)
	}
	b, cut, err := m.Read(1 << 20)
	if err != nil || cut || !bytes.Equal(b, content) {
		t.Errorf("read %d bytes of %d, cut %v (%v)", len(b), len(content), cut, err)
	}
}

func TestMalformed(t *testing.T) {
	for name, content := range map[string][]byte{
		"number does not end": bytes.Repeat([]byte{0xff}, 11),
		"longer than content": {0x0a, 0x05, 'a'},
		"length of 2^63":      {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"field zero":          {0x00, 0x01},
		"group without end":   {0x0b, 0x08, 0x01},
		"end without group":   {0x0c},
		"end of another":      {0x0b, 0x14},
		"deep groups":         bytes.Repeat([]byte{0x0b}, 200),
		"fixed cut":           {0x0d, 1, 2},
		"value missing":       {0x08},
	} {
		if _, err := walk(content); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add([]byte{0x08, 0x96, 0x01, 0x12, 0x03, 'a', 'b', 'c'})
	f.Fuzz(func(t *testing.T, content []byte) {
		first, err := walk(content)
		if second, _ := walk(content); first != second {
			t.Errorf("two walks differ: %s and %s", first, second)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
	})
}

func TestView(t *testing.T) {
	content := append([]byte{0x0a, 0x85, 0x80, 0x04}, bytes.Repeat([]byte("abcde"), 13107)...) // 65,535 bytes
	content[1], content[2], content[3] = 0xff, 0xff, 0x03
	m, err := protomsg.New(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	err = m.Fields(func(f protomsg.Field) error {
		for most, want := range map[int64]int{0: 0, 3: 3, 1 << 20: 32 << 10} {
			if b, err := f.Body.View(most); err != nil || len(b) != want || !bytes.HasPrefix(content[4:], b) {
				t.Errorf("a view of at most %d bytes has %d (%v)", most, len(b), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// scout writes every field that a scout passes as text.
func scout(content []byte, head int) string {
	p := format.Probe{Head: content[:min(len(content), head)], Size: int64(len(content)), Blob: format.BytesBlob(content)}
	s := protomsg.NewScout(p)
	var out []string
	end := s.Fields(0, s.Size(), func(f protomsg.Hop) bool {
		out = append(out, fmt.Sprintf("%d:%d=%d@%d-%d", f.Number, f.Wire, f.Value, f.From, f.To))
		return true
	})
	return strings.Join(append(out, fmt.Sprint(end, s.Exhausted())), " ")
}

func TestScout(t *testing.T) {
	far := append(append([]byte{0x7a, 0x80, 0x80, 0x08}, make([]byte, 1<<17)...), 0x08, 0x01)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"fields":       {[]byte{0x08, 0x96, 0x01, 0x12, 0x01, 'a', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0}, "1:0=150@0-0 2:2=1@5-6 3:5=0@0-0 4:1=0@0-0 20 false"},
		"group":        {[]byte{0x08, 0x01, 0x13, 0x08, 0x05, 0x14, 0x18, 0x02}, "1:0=1@0-0 3:0=2@0-0 8 false"},
		"far":          {far, "15:2=131072@4-131076 1:0=1@0-0 131078 false"},
		"behind":       {[]byte{0x0a, 0x7f, 'a'}, "1:2=127@2-129 129 false"},
		"no field":     {[]byte{0x08, 0x01, 0x00}, "1:0=1@0-0 -1 false"},
		"end of group": {[]byte{0x14}, "-1 false"},
		"empty":        {nil, "0 false"},
	} {
		for _, head := range []int{format.HeadSize, 4} {
			if got := scout(c.content, head); got != c.want {
				t.Errorf("%s with %d bytes at hand: passed %s, want %s", name, head, got, c.want)
			}
		}
	}
}

// endless is content of empty fields.
type endless struct{}

// ReadAt implements io.ReaderAt.
func (endless) ReadAt(b []byte, at int64) (int, error) {
	for i := range b {
		b[i] = 0x7a * byte((at+int64(i)+1)%2)
	}
	return len(b), nil
}

func TestScoutGivesUp(t *testing.T) {
	for size, want := range map[int64]bool{1 << 23: false, format.WholeSize + 2: true} {
		s := protomsg.NewScout(format.Probe{Size: size, Blob: format.NewBlob(endless{}, size)})
		end := s.Fields(0, size, func(protomsg.Hop) bool { return true })
		if end != -1 || s.Exhausted() != want {
			t.Errorf("%d bytes: ended at %d, exhausted is %v", size, end, s.Exhausted())
		}
	}
}

func FuzzScout(f *testing.F) {
	f.Add([]byte{0x08, 0x96, 0x01, 0x12, 0x03, 'a', 'b', 'c'}, 2)
	f.Fuzz(func(t *testing.T, content []byte, head int) {
		whole, part := scout(content, len(content)), scout(content, max(0, min(head, len(content))))
		if whole != part {
			t.Errorf("passed %s, and %s with less at hand", whole, part)
		}
	})
}
