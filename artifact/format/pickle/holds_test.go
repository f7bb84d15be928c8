package pickle

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// atStop runs a stream and calls f at STOP.
func atStop(t *testing.T, stream string, f func(m *Machine, v Value)) {
	t.Helper()
	r, err := NewReader(format.BytesBlob([]byte(stream)), 0)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(m *Machine, e *Effect) error {
		if e.Kind == Stop {
			f(m, e.Result)
		}
		return nil
	}))
	defer m.Close()
	if _, err := m.Run(context.Background(), r); err != nil {
		t.Fatalf("%.60q: %v", stream, err)
	}
}

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		name, stream      string
		callable, unknown bool
	}{
		{"plain", "\x80\x02(K\x01NX\x01\x00\x00\x00a]}t.", false, false},
		{"global", "\x80\x02ca\nb\n.", true, false},
		{"in a tuple in a dict", "\x80\x02}K\x01ca\nb\n\x85s.", true, false},
		{"unset memo", "\x80\x02]h\x05a.", true, true},
		{"extension", "\x80\x02]\x82\x01a.", true, false},
		{"result of a call", "\x80\x02ca\nb\n)R.", false, false},
		{"argument of a call", "\x80\x02ca\nb\ncc\nd\n\x85R.", true, false},
		{"keyword", "\x80\x04ca\nb\n)}X\x01\x00\x00\x00kcc\nd\ns\x92.", true, false},
		{"state", "\x80\x02ca\nb\n)\x81}K\x01cc\nd\nsb.", true, false},
		{"result of a result", "\x80\x02ca\nb\n)R)R.", false, true},
		{"persistent", "\x80\x02cc\nd\n\x85Q.", false, false},
		{"state of a persistent", "\x80\x02K\x01Qca\nb\n\x85b.", true, false},
		{"computed import", "\x80\x04K\x01K\x02\x93.", true, true},
		{"changed through the memo", "\x80\x02]q\x00\x85q\x01h\x00ca\nb\na0.", true, false},
		{"changed deep below", "\x80\x02]q\x00\x85\x85\x85\x85q\x01h\x00ca\nb\na0.", true, false},
		{"changed in an instance", "\x80\x02cc\nd\n]q\x00\x85Rq\x01h\x00ca\nb\na0.", true, false},
		{"changed in a state", "\x80\x02cc\nd\n)R]q\x00b]h\x00ca\nb\na00h\x00ca\nb\na0.", true, false},
		{"changed elsewhere", "\x80\x02](]q\x00\x85q\x01h\x00ca\nb\na00]K\x01a.", false, false},
		{"a cycle", "\x80\x02]q\x00h\x00\x85a]q\x01h\x00ah\x01\x86.", false, false},
		{"a cycle that is changed", "\x80\x02]q\x00h\x00\x85ah\x00ca\nb\na.", true, false},
		{"build on a list", "\x80\x02]ca\nb\nb.", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			atStop(t, c.stream, func(m *Machine, v Value) {
				if m.HoldsCallable(v) != c.callable || m.HoldsUnknown(v) != c.unknown {
					t.Errorf("%s: callable %v, unknown %v", m.Repr(v, 200), m.HoldsCallable(v), m.HoldsUnknown(v))
				}
			})
		})
	}
}

// TestManyObjects checks that identity and flags outlive the details of objects.
func TestManyObjects(t *testing.T) {
	filler := "(" + strings.Repeat("]K\x01a", 300_000) + "10"
	for _, c := range []struct {
		name, stream string
		callable     bool
	}{
		{"clean", "\x80\x02]q\x00N" + filler + "h\x00.", false},
		{"before", "\x80\x02]q\x00ca\nb\naN" + filler + "h\x00.", true},
		{"after", "\x80\x02]q\x00N" + filler + "h\x00ca\nb\na.", true},
		{"below, after", "\x80\x02]q\x00\x85q\x01N" + filler + "h\x00ca\nb\na0h\x01.", true},
	} {
		atStop(t, strings.ReplaceAll(c.stream, "10h", "1h"), func(m *Machine, v Value) {
			if m.HoldsCallable(v) != c.callable {
				t.Errorf("%s: callable %v", c.name, m.HoldsCallable(v))
			}
			if _, ok := m.Elements(v); ok {
				t.Errorf("%s: elements are kept for longer than there is room", c.name)
			}
		})
	}
	stream := "\x80\x02ca\nb\n)Rq\x00N" + strings.ReplaceAll(filler, "10", "1") + "h\x00."
	atStop(t, stream, func(m *Machine, v Value) {
		callee, _, ok := m.Call(v)
		if module, name, known := m.Global(callee); !ok || !known || module != "a" || name != "b" {
			t.Errorf("an old instance has forgotten what made it: %v %v %v", module, name, ok)
		}
	})
	over := "\x80\x02(" + strings.Repeat("]", maxObjects+10) + "1](]ca\nb\nae."
	atStop(t, over, func(m *Machine, v Value) {
		if !m.HoldsCallable(v) {
			t.Error("objects beyond the limit look known")
		}
	})
}

func TestVouch(t *testing.T) {
	r, err := NewReader(format.BytesBlob([]byte("\x80\x02ca\nb\ncc\nd\n\x85Rq\x00}b\x85h\x00cc\nd\nb.")), 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(m *Machine, e *Effect) error {
		switch e.Kind {
		case Call:
			got = append(got, fmt.Sprint("called ", m.HoldsCallable(e.Result)))
			m.Vouch(e.Result)
			got = append(got, fmt.Sprint("vouched ", m.HoldsCallable(e.Result)))
		case Build:
			got = append(got, fmt.Sprint("built ", m.HoldsCallable(e.Target)))
			m.Vouch(e.Target)
		}
		return nil
	}))
	defer m.Close()
	if _, err := m.Run(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if want := "called true|vouched false|built true|built true"; strings.Join(got, "|") != want {
		t.Errorf("got %s", strings.Join(got, "|"))
	}
}

func TestTexts(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for stream, want := range map[string]string{
		"X\x03\x00\x00\x00abc.":          "abc",
		"U\x00.":                         "",
		"X\x01\x01\x00\x00" + long + ".": "?",
		"V\\u00e9\\U0001f600\n.":         "é😀",
		"V\xe9\n.":                       "é",
		"S'\\'\\n\\0\\101'\n.":           "'\n\x00A",
		"X\x02\x00\x00\x00osq\x00(" + words(0) + "1.":                                         "os",
		"(" + words(0) + "1X\x02\x00\x00\x00os.":                                              "os",
		"(" + words(0) + "1X\x02\x00\x00\x00osq\x00(" + words(1) + "1.":                       "?",
		"(" + words(0) + "1X\x02\x00\x00\x00osq\x000h\x00N\x93" + "0(" + words(1) + "1h\x00.": "os",
	} {
		atStop(t, "\x80\x04"+stream, func(m *Machine, v Value) {
			got, ok := m.Text(v)
			if !ok {
				got = "?"
			}
			if got != want || m.Kind(v) != String {
				t.Errorf("%.40q: %s %q, want %q", stream, m.Kind(v), got, want)
			}
		})
	}
}

// words are more different texts than are kept for good.
func words(n int) string {
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, "\x8c\x0dword-%d-%06d", n, i)
	}
	return b.String()
}

// TestInline checks that a handler can take raw data and a nested stream out after BUILD, as joblib's loader does.
func TestInline(t *testing.T) {
	stream := "\x80\x02ca\nb\n)\x81}b\x03RAWinner\x80\x02N.K\x01\x86."
	for _, b := range []*format.Blob{format.BytesBlob([]byte(stream)), forward(stream, -1)} {
		r, err := NewReader(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		var nested Summary
		m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(m *Machine, e *Effect) error {
			if e.Kind != Build {
				return nil
			}
			head, err := m.Reader().Peek(1)
			if err != nil || len(head) != 1 {
				return fmt.Errorf("peek: %d bytes, %w", len(head), err)
			}
			if err := m.Reader().Skip(1 + int64(head[0]) + 5); err != nil {
				return err
			}
			inner := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(*Machine, *Effect) error { return nil }))
			defer inner.Close()
			nested, err = inner.Run(context.Background(), m.Reader())
			return err
		}))
		s, err := m.Run(context.Background(), r)
		if err != nil || !s.Stopped || s.End != int64(len(stream)) || nested.Start != 20 || nested.End != 24 {
			t.Errorf("%+v with %+v inside: %v", s, nested, err)
		}
		if got := m.Repr(s.Result, 100); got != "(a.b(), 1)" {
			t.Errorf("result %s", got)
		}
		m.Close()
	}
}

func TestStreams(t *testing.T) {
	first, second := "\x80\x02ca\nb\nq\x05.", "\x80\x02h\x05."
	for _, keep := range []bool{false, true} {
		r, err := NewReader(format.BytesBlob([]byte("junk"+first+second+"tail")), 4)
		if err != nil {
			t.Fatal(err)
		}
		l := &log{}
		m := NewMachine(limits.NewBudget(limits.Default()), l)
		a, err := m.Run(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		m.KeepMemo = keep
		b, err := m.Run(context.Background(), r)
		if err != nil || a.Start != 4 || a.End != b.Start || b.End != int64(4+len(first+second)) || r.Offset() != b.End {
			t.Errorf("%+v %+v %v", a, b, err)
		}
		if got := strings.Join(l.lines, "|"); strings.Contains(got, "memo-unset") == keep {
			t.Errorf("keep %v: %s", keep, got)
		}
		if rest, err := r.Peek(100); err != nil || string(rest) != "tail" {
			t.Errorf("rest %q %v", rest, err)
		}
		m.Close()
	}
}

// TestBody reads bodies in part: what is left is skipped, and Bytes stays as it is while Body is read.
func TestBody(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 20_000)
	n := len(content)
	stream := "\x80\x03B" + string([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0}) + content + "ca\nb\n\x86."
	for _, b := range []*format.Blob{format.BytesBlob([]byte(stream)), forward(stream, -1), forward(stream, int64(len(stream)))} {
		for _, take := range []int64{0, 10, MaxHead, MaxHead + 10, 3 * MaxHead, int64(n)} {
			r, err := NewReader(b, 0)
			if err != nil {
				t.Fatal(err)
			}
			m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(_ *Machine, e *Effect) error {
				if e.Kind != Payload {
					return nil
				}
				got, err := io.ReadAll(io.LimitReader(e.Body, take))
				if err != nil || string(got) != content[:take] || string(e.Bytes) != content[:MaxHead] || e.Whole ||
					e.Data != (Span{7, int64(n)}) {
					t.Errorf("take %d: got %d bytes, head of %d, %+v, %v", take, len(got), len(e.Bytes), e.Data, err)
				}
				return nil
			}))
			s, err := m.Run(context.Background(), r)
			if err != nil || m.Repr(s.Result, 40) != "(bytes(…), a.b)" {
				t.Errorf("take %d: %s, %v", take, m.Repr(s.Result, 40), err)
			}
			m.Close()
		}
	}
}
