package ubjson_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ubjson"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// dump writes the tokens of a document as JSON would look.
func dump(content string, skip bool) (string, int64, error) {
	r := ubjson.New(strings.NewReader(content), limits.NewBudget(limits.Default()), ubjson.Options{Depth: 8, Text: 16})
	var b strings.Builder
	for {
		t, err := r.Next()
		if err != nil {
			return b.String(), r.Offset(), err
		}
		switch t.Kind {
		case jsonstream.End:
			return strings.TrimSpace(b.String()), r.Offset(), nil
		case jsonstream.ObjectStart:
			b.WriteString("{ ")
		case jsonstream.ObjectEnd:
			b.WriteString("} ")
		case jsonstream.ArrayStart:
			b.WriteString("[ ")
			if skip && ubjson.Width(t.Type) > 0 {
				err = r.Skip()
			}
		case jsonstream.ArrayEnd:
			b.WriteString("] ")
		case jsonstream.Key:
			fmt.Fprintf(&b, "%s: ", t.Text)
		case jsonstream.String:
			fmt.Fprintf(&b, "%q ", t.Text)
		default:
			fmt.Fprintf(&b, "%g ", t.Number)
		}
		if err != nil {
			return b.String(), r.Offset(), err
		}
	}
}

func TestTokens(t *testing.T) {
	for content, want := range map[string]string{
		"{}": "{ }", "[]": "[ ]", "i\xff": "-1", "U\xff": "255", "I\xff\xfe": "-2", "l\x00\x00\x01\x00": "256", "T": "1", "Z": "0", "Ca": `"a"`,
		"L\xff\xff\xff\xff\xff\xff\xff\xff": "-1", "d\x3f\xc0\x00\x00": "1.5", "D\x3f\xf8\x00\x00\x00\x00\x00\x00": "1.5", "NNi\x01": "1",
		"{i\x01ai\x01i\x01bSi\x02hi}": `{ a: 1 b: "hi" }`, "{#i\x01i\x01a[]": "{ a: [ ] }", "[#i\x02i\x01[Ni\x02]": "[ 1 [ 2 ] ]",
		"[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff": "[ 1 -1 ]", "[$d#L\x00\x00\x00\x00\x00\x00\x00\x00": "[ ]", "{$i#i\x01i\x01a\x05": "{ a: 5 }",
		"Si\x14abcdefghijklmnopqrst": `"abcdefghijklmnop"`, "[$[#i\x02]i\x07]": "[ [ ] [ 7 ] ]", "Hi\x031.5": "0", "i\x01i\x02": "1",
	} {
		if got, _, err := dump(content, false); got != want || err != nil {
			t.Errorf("%q: got %s, %v, want %s", content, got, err, want)
		}
	}
}

func TestSkip(t *testing.T) {
	got, end, err := dump("[[$d#i\x02\x00\x00\x00\x01\xff\xff\xff\xff[$i#i\x01\x01i\x05]", true)
	if got != "[ [ ] [ ] 5 ]" || end != 25 || err != nil {
		t.Errorf("got %s up to %d, %v", got, end, err)
	}
}

func TestMalformed(t *testing.T) {
	for _, content := range []string{"", "{", "[", "x", "i", "l\x00", "{i\xff", "{i\x01", "{i\x01a", "{d\x00\x00\x00\x00", "[$i", "[$i]", "[#i\xff", "[$T#i\x05",
		"[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff", "[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "SL\x7f\xff\xff\xff\xff\xff\xff\xffabc", "[}", "{]", strings.Repeat("[", 9)} {
		for _, skip := range []bool{false, true} {
			if _, _, err := dump(content, skip); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%q: got %v, want a malformed error", content, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"{i\x01a[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xffi\x01bSi\x02hi}", "[#i\x02i\x01[Ni\x02]", "[$[#i\x02]i\x07]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		plain, end, err := dump(content, false)
		again, skipped, skipErr := dump(content, true)
		if end > int64(len(content)) || skipped > int64(len(content)) {
			t.Fatalf("read %d and %d of %d bytes", end, skipped, len(content))
		}
		if err == nil && (skipErr != nil || end != skipped) {
			t.Fatalf("read %q to %d; skipping %q to %d, %v", plain, end, again, skipped, skipErr)
		}
	})
}
