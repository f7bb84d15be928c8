package rdata_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/rdata"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// read lists the events of an object, one a line.
func read(content []byte) (events []rdata.Event, o rdata.Object, err error) {
	o, err = rdata.Read(bytes.NewReader(content), limits.NewBudget(limits.Default()), func(e rdata.Event) error {
		events = append(events, e)
		return nil
	})
	return events, o, err
}

// samples are objects that R wrote.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	return testkit.Samples(t, "testdata/*.rd[as]", 12)
}

func TestObjectsOfR(t *testing.T) {
	for name, content := range samples(t) {
		events, o, err := read(content)
		if err != nil || o.End < int64(len(content))-1 || o.Saved != strings.HasSuffix(name, ".rda") || o.ASCII != strings.Contains(name, "ascii") {
			t.Errorf("%s: error %v, %+v of %d bytes", name, err, o, len(content))
		}
		if !(rdata.Format{}).Match(format.Probe{Head: content}) {
			t.Errorf("%s is not recognised", name)
		}
		for _, e := range events {
			t.Logf("%s: %d %q frame %v forced %v %+v", name, e.Kind, e.Name, e.InFrame, e.Forced, e.Code)
		}
	}
}

// find is the code of the first event of a kind.
func find(t *testing.T, name string, kind rdata.Kind) rdata.Event {
	t.Helper()
	events, _, err := read(samples(t)[name])
	i := slices.IndexFunc(events, func(e rdata.Event) bool { return e.Kind == kind })
	if err != nil || i < 0 {
		t.Fatalf("%s: no event of kind %d, %v", name, kind, err)
	}
	return events[i]
}

func TestCode(t *testing.T) {
	for _, c := range []struct {
		sample        string
		kind          rdata.Kind
		name, text    string
		frame, forced bool
	}{
		{"lm.rds", rdata.Call, "", "lm(formula = mpg ~ wt, data = mtcars)", false, false},
		{"late.rds", rdata.Promise, "x", `system("echo picket-hostile-sample")`, true, false},
		{"late.rds", rdata.ActiveBinding, "active", `function(…) system("echo picket-hostile-sample")`, true, false},
		{"values.rds", rdata.Call, "", "f(x, y = <number>)", false, false},
		{"values-ascii.rds", rdata.Call, "", "f(x, y = <number>)", false, false},
		{"values-native.rds", rdata.Builtin, "sum", "", false, false},
		{"saved.rda", rdata.Variable, "small", "", false, false},
	} {
		events, _, err := read(samples(t)[c.sample])
		if err != nil || !slices.ContainsFunc(events, func(e rdata.Event) bool {
			return e.Kind == c.kind && e.Name == c.name && e.InFrame == c.frame && e.Forced == c.forced && (c.text == "" || e.Code.Text == c.text)
		}) {
			t.Errorf("%s: no event %+v, error %v", c.sample, c, err)
		}
	}
	compiled := find(t, "compiled.rds", rdata.Closure).Code
	if !slices.Contains(compiled.Symbols[:compiled.Calls], "sprintf") || !slices.Contains(compiled.Strings, "%s") {
		t.Errorf("the compiled function is %+v", compiled)
	}
}

func TestEncodingsAgree(t *testing.T) {
	show := func(name string) string {
		events, _, err := read(samples(t)[name])
		var b strings.Builder
		for _, e := range events {
			e.Offset = 0
			fmt.Fprintf(&b, "%+v %+v\n", e, e.Code)
			_ = err
		}
		return pointers(b.String())
	}
	want := show("values.rds")
	for _, name := range []string{"values-native.rds", "values-ascii.rds"} {
		if got := show(name); got != want {
			t.Errorf("%s: events\n%s\nwant\n%s", name, got, want)
		}
	}
}

// pointers removes addresses from a text.
func pointers(s string) string {
	fields := strings.Fields(s)
	return strings.Join(slices.DeleteFunc(fields, func(f string) bool { return strings.Contains(f, "0x") }), " ")
}

func TestMalformed(t *testing.T) {
	x := func(s string) []byte { return []byte("X\n\x00\x00\x00\x02\x00\x04\x02\x02\x00\x02\x03\x00" + s) }
	for name, content := range map[string][]byte{
		"nothing": {}, "encoding": []byte("Q\n\x00\x00\x00\x02"), "version": []byte("X\n\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00"),
		"type": x("\x00\x00\x00\x63"), "reference": x("\x00\x00\x05\xff"), "no reference": x("\x00\x00\x00\xff\xff\xff\xff\xff"),
		"length": x("\x00\x00\x00\x0d\xff\xff\xff\xf0"), "long": x("\x00\x00\x00\x0d\x7f\xff\xff\xff"), "longer": x("\x00\x00\x00\x0e\xff\xff\xff\xff\x00\x00\x10\x00\x00\x00\x00\x00"),
		"too long": x("\x00\x00\x00\x0e\xff\xff\xff\xff\x7f\x00\x10\x00\x00\x00\x00\x00"), "string": x("\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x0d"),
		"deep": x(strings.Repeat("\x00\x00\x00\x13\x00\x00\x00\x01", 6000)), "deep call": x(strings.Repeat("\x00\x00\x00\x06", 6000)),
		"many": x(strings.Repeat("\x00\x00\x00\x13\x7f\xff\xff\xff", 9)), "builtin": x("\x00\x00\x00\x08\x7f\xff\xff\xff"),
		"text": []byte("A\n2\n132096\n131840\nx\n"),
	} {
		if _, _, err := read(content); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: got %v, want a malformed error", name, err)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		_, whole, _ := read(content)
		for n := 0; n < int(whole.End)-2; n += 1 + n/200 {
			if _, o, err := read(content[:n]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes look whole: %+v", name, n, len(content), o)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content[:min(len(content), 4<<10)])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		events, o, err := read(content)
		again, o2, err2 := read(content)
		if len(events) != len(again) || o != o2 || (err == nil) != (err2 == nil) || o.End > int64(len(content)) {
			t.Fatalf("two readings differ: %v %v, %v %v", o, err, o2, err2)
		}
		for _, e := range events {
			if e.Offset < 0 || e.Offset > int64(len(content)) || e.Code != nil && e.Code.Calls > len(e.Code.Symbols) {
				t.Fatalf("%+v in %d bytes", e, len(content))
			}
		}
	})
}
