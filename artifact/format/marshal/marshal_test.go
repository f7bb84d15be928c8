package marshal

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// samples has one module compiled and marshalled by each Python: see the names and constants in TestVersions.
//
//go:embed testdata
var samples embed.FS

func sample(t testing.TB, version string) []byte {
	t.Helper()
	b, err := samples.ReadFile("testdata/code-" + version + ".marshal")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(b []byte) (*Document, error) {
	doc, release, err := Decode(b, limits.NewBudget(limits.Default()))
	release()
	return doc, err
}

func TestVersions(t *testing.T) {
	for version, layout := range map[string]Layout{"2.7": Python27, "3.6": Python36, "3.7": Python36, "3.8": Python38,
		"3.9": Python38, "3.10": Python38, "3.11": Python311, "3.12": Python311, "3.13": Python311} {
		t.Run(version, func(t *testing.T) {
			b := sample(t, version)
			doc, err := decode(append(slices.Clone(b), "trailing"...))
			if err != nil {
				t.Fatal(err)
			}
			if doc.Layout != layout || doc.End != len(b) {
				t.Errorf("layout %v, ends at %d of %d", doc.Layout, doc.End, len(b))
			}
			var names []string
			for _, c := range doc.Codes() {
				names = append(names, c.Name)
				if c.Filename != "sample.py" || len(c.Bytecode) == 0 || c.FirstLine == 0 {
					t.Errorf("%s: file %q, %d bytes of bytecode, line %d", c.Name, c.Filename, len(c.Bytecode), c.FirstLine)
				}
			}
			for _, want := range []string{"<module>", "K", "method", "inner", "<lambda>"} {
				if !slices.Contains(names, want) {
					t.Errorf("no code object %q in %q", want, names)
				}
			}
			for name, want := range map[string]string{"<module>": "subprocess", "inner": "system"} {
				if i := slices.Index(names, name); !slices.Contains(doc.Codes()[i].Names, want) {
					t.Errorf("%s does not use %s: %q", name, want, doc.Codes()[i].Names)
				}
			}
			checkConstants(t, doc)
		})
	}
}

// checkConstants looks for constants of every kind that the sample has.
func checkConstants(t *testing.T, doc *Document) {
	t.Helper()
	var seen []string
	doc.Root.Walk(func(v *Value) bool {
		switch {
		case v.Kind == Int && v.Wide, v.Kind == Float, v.Kind == Complex, v.Kind == None:
			seen = append(seen, fmt.Sprint(v.Kind))
		case v.Kind == Int:
			seen = append(seen, fmt.Sprint("int ", v.Int))
		default:
			seen = append(seen, v.Text())
		}
		return true
	})
	for _, want := range []string{"a constant text", "echo ", "raw", "int 1", fmt.Sprint(Float), fmt.Sprint(Complex), fmt.Sprint(Int)} {
		if !slices.Contains(seen, want) {
			t.Errorf("no constant %q in %q", want, seen)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"N", "None"}, {"T", "1"}, {"F", "0"}, {".", "…"}, {"S", "…"}, {"i\xff\xff\xff\xff", "-1"},
		{"I\x01\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775807"}, {"l\xfe\xff\xff\xff\x01\x00\x02\x00", "-65537"},
		{"l\x05\x00\x00\x00\x01\x00\x02\x00\x01\x00\x01\x00\x01\x00", "wide"}, {"f\x031.5", "float"}, {"g12345678", "float"},
		{"x\x011\x012", "complex"}, {"y1234567812345678", "complex"}, {"s\x01\x00\x00\x00a", "a"}, {"u\x02\x00\x00\x00\xc3\xa9", "é"},
		{"z\x01a", "a"}, {"Z\x01a", "a"}, {"a\x01\x00\x00\x00a", "a"}, {"A\x01\x00\x00\x00a", "a"}, {"t\x01\x00\x00\x00a", "a"},
		{"(\x02\x00\x00\x00NT", "[None 1]"}, {")\x02NT", "[None 1]"}, {"[\x01\x00\x00\x00N", "[None]"}, {"{NTFN0", "[None 1 0 None]"},
		{"<\x01\x00\x00\x00T", "[1]"}, {">\x01\x00\x00\x00T", "[1]"}, {":NTN", "[None 1 None]"},
		{")\x02\xdaAbad", "error"}, {")\x02\xfa\x01ar\x00\x00\x00\x00", "[a a]"}, {")\x02\xda\x01ar\x01\x00\x00\x00", "error"},
		{"(\x02\x00\x00\x00t\x01\x00\x00\x00aR\x00\x00\x00\x00", "[a a]"}, {"0", "error"}, {")\x010", "error"}, {"{N0", "error"},
		{"q", "error"}, {"", "error"}, {"(\xff\xff\xff\x7f", "error"}, {"s\xff\xff\xff\xff", "error"}, {"\xf2\x00\x00\x00\x00", "error"},
		{"\xdb\x01\x00\x00\x00r\x00\x00\x00\x00", "[[…]]"}, {"l\x01\x00\x00\x00\xff\xff", "error"},
	} {
		doc, err := decode([]byte(c.in))
		got := "error"
		if err == nil {
			got = show(doc.Root, 3)
		} else if !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v", c.in, err)
		}
		if c.in == "(\x02\x00\x00\x00t\x01\x00\x00\x00aR\x00\x00\x00\x00" && doc.Layout != NoCode {
			t.Errorf("%q has layout %v", c.in, doc.Layout)
		}
		if got != c.want && !(c.want == "[[…]]" && strings.HasPrefix(got, "[[")) {
			t.Errorf("%q is %s, want %s (%v)", c.in, got, c.want, err)
		}
	}
}

// show writes a value.
func show(v *Value, depth int) string {
	switch {
	case depth == 0:
		return "…"
	case v.Wide:
		return "wide"
	case v.Kind == Bool || v.Kind == Int:
		return fmt.Sprint(v.Int)
	case v.Kind == Bytes || v.Kind == String:
		return v.Text()
	case v.Items != nil:
		var parts []string
		for _, item := range v.Items {
			parts = append(parts, show(item, depth-1))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return map[Kind]string{None: "None", Ellipsis: "…", Float: "float", Complex: "complex"}[v.Kind]
}

func TestTruncated(t *testing.T) {
	for _, version := range []string{"2.7", "3.6", "3.8", "3.11", "3.13"} {
		b := sample(t, version)
		for n := range b {
			if _, err := decode(b[:n]); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s cut at %d of %d: %v", version, n, len(b), err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	small := limits.Default()
	small.Memory = 1 << 20
	many := []byte("[\x00\x00\x10\x00" + strings.Repeat("N", 1<<20))
	if _, release, err := Decode(many, limits.NewBudget(small)); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("a million values in a megabyte: %v", err)
	} else {
		release()
	}
	deep := []byte(strings.Repeat(")\x01", 1<<20) + "N")
	if _, err := decode(deep); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a million levels: %v", err)
	}
	budget := limits.NewBudget(limits.Default())
	for range 100 {
		_, release, err := Decode(sample(t, "3.11"), budget)
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	if free, err := budget.Hold(limits.Default().Memory); err != nil {
		t.Errorf("memory is still held after release: %v", err)
	} else {
		free()
	}
}

func TestHeader(t *testing.T) {
	for magic, want := range map[int]string{62211: "2.7", 3379: "3.6", 3394: "3.7", 3413: "3.8", 3425: "3.9", 3439: "3.10",
		3495: "3.11", 3531: "3.12", 3571: "3.13", 3627: "3.14", 100: "", 3380: "", 5000: ""} {
		b := append([]byte{byte(magic), byte(magic >> 8), '\r', '\n'}, make([]byte, 40)...)
		h, ok := ParseHeader(b)
		if ok != (want != "") || h.Version != want {
			t.Errorf("%d is %q, want %q", magic, h.Version, want)
		}
		if ok {
			b[h.Size] = 0xe3
			if !(Format{}).Match(format.Probe{Head: b}) {
				t.Errorf("a .pyc of %s is not recognised", want)
			}
		}
		if _, ok := ParseHeader(b[:7]); ok {
			t.Errorf("a header of 7 bytes is taken")
		}
	}
	if (Format{}).Match(format.Probe{Head: []byte("\xa7\x0d\r\n" + strings.Repeat("x", 40))}) {
		t.Error("text after a magic number is taken for bytecode")
	}
}

func FuzzDecode(f *testing.F) {
	for _, version := range []string{"2.7", "3.6", "3.8", "3.11", "3.13"} {
		f.Add(sample(f, version))
	}
	f.Add([]byte("\xdb\x02\x00\x00\x00r\x00\x00\x00\x00{NT0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := decode(b)
		if err != nil {
			if !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		if doc.End <= 0 || doc.End > len(b) {
			t.Fatalf("ends at %d of %d", doc.End, len(b))
		}
		n := 0
		doc.Root.Walk(func(v *Value) bool {
			if n++; n > len(b) || v.Kind == Invalid || v.Offset >= doc.End {
				t.Fatalf("%d values in %d bytes, one of kind %d at %d", n, len(b), v.Kind, v.Offset)
			}
			return true
		})
		again, err := decode(b[:doc.End])
		if err != nil || again.End != doc.End || again.Layout != doc.Layout || len(again.Codes()) != len(doc.Codes()) {
			t.Fatalf("without what follows: %+v, %v", again, err)
		}
	})
}
