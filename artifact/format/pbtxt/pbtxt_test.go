package pbtxt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pbtxt"
)

// show writes a document in one form.
func show(f *pbtxt.Field) string {
	var parts []string
	for _, c := range f.Fields {
		switch c.Kind {
		case pbtxt.Message:
			parts = append(parts, c.Name+"{"+show(c)+"}")
		case pbtxt.String:
			parts = append(parts, c.Name+"="+"'"+c.Text+"'")
		default:
			parts = append(parts, c.Name+"="+c.Text)
		}
	}
	return strings.Join(parts, " ")
}

func TestParse(t *testing.T) {
	for src, want := range map[string]string{
		"": "", "# only a comment": "", `name: "m"`: "name='m'", "a: 1, b: -2; c: FP32": "a=1 b=-2 c=FP32",
		"x { y: 1 } x < y: 2 >":           "x{y=1} x{y=2}",
		"x: { y: 'a' \"b\"\n'c' }":        "x{y='abc'}",
		"dims: [1, -1,3] e: []":           "dims=1 dims=-1 dims=3",
		"s: \"\\n\\101\\x42\\u00e9\\\"\"": "s='\nABé\"'",
		"[a.b.ext] { v: 1 }":              "a.b.ext{v=1}",
		"a: 1.5e+3 # c\nb: - 2":           "a=1.5e+3 b=-2",
		"f: [ { a: 1 }, { a: 2 } ]":       "f{a=1} f{a=2}",
	} {
		got, err := pbtxt.Parse(src)
		if err != nil || show(got) != want {
			t.Errorf("%q: %q %v", src, show(got), err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, src := range []string{"name", "name:", "a: \"x", "a: \"\n\"", "a {", "a: [1", "1: 2", "{", "a: \"\\q\"", "a: \"\\", strings.Repeat("a{", 200),
		"[x", "a: 1 }", "a\x00", "key = value", "a: @"} {
		if _, err := pbtxt.Parse(src); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: %v", src, err)
		}
	}
	if f, err := pbtxt.Parse(`a: "1" a: "2" b {`); err == nil || f.Get("a").String() != "2" || len(f.All("a")) != 2 || f.Get("c").String() != "" {
		t.Errorf("what stands before a mistake: %q %v", show(f), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a: 1 b { c: 'x' } d: [1, 2] # e")
	f.Fuzz(func(t *testing.T, src string) {
		root, err := pbtxt.Parse(src)
		if err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Errorf("unexpected error %v", err)
		}
		var check func(f *pbtxt.Field)
		check = func(f *pbtxt.Field) {
			for _, c := range f.Fields {
				if c.Offset < f.Offset || c.Offset >= int64(len(src)) {
					t.Errorf("%s at %d of %d bytes", c.Name, c.Offset, len(src))
				}
				check(c)
			}
		}
		check(root)
	})
}
