package yaml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// tree reads a text.
func tree(text string) (*jsonstream.Node, error) {
	return yaml.Tree(format.BytesBlob([]byte(text)), limits.NewBudget(limits.Default()))
}

func TestTreeOfConfiguration(t *testing.T) {
	d, err := tree("a: 1\nb: {c: 'x', d: [1.5, true, null]}\nbase: &x {e: f, g: h}\nm:\n  <<: *x\n  g: i\nn: *x\n")
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Get("a"); n.Kind != jsonstream.Number || n.Text != "1" || n.Offset != 0 {
		t.Errorf("%+v", n)
	}
	if n := d.Get("b").Get("c"); n.String() != "x" || n.Offset != 9 {
		t.Errorf("%+v", n)
	}
	if n := d.Get("b").Get("d"); len(n.Children) != 3 || n.Children[1].Kind != jsonstream.Literal {
		t.Errorf("%+v", n)
	}
	if m := d.Get("m"); m.Get("e").String() != "f" || m.Get("g").String() != "i" || d.Get("n").Get("g").String() != "h" {
		t.Errorf("%+v", m)
	}
}

func TestTreeRefuses(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += "a" + string(rune('b'+i)) + ": &a" + string(rune('b'+i)) + " [" + strings.Repeat("*a"+string(rune('a'+i))+", ", 9) + "x]\n"
	}
	bomb = strings.Replace(bomb, "a0: &a0", "aa: &aa", 1)
	for name, text := range map[string]string{"aliases": bomb, "deep": strings.Repeat("[", 300) + strings.Repeat("]", 300), "not YAML": "a: b: c",
		"many": strings.Repeat("- a\n", 1<<18), "large": strings.Repeat(" ", 5<<20), "open": "a: [", "empty": ""} {
		if _, err := tree(text); !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add("a: 1\nb: &x {c: 'x', d: [1.5]}\nm:\n  <<: *x\nt: !!x y\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := tree(text)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		count := 0
		_ = d.Walk(func(_ []string, n *jsonstream.Node) error {
			if count++; n.Offset < 0 {
				t.Errorf("%+v has no place", n)
			}
			return nil
		})
		if count > 1<<18 {
			t.Errorf("%d values", count)
		}
	})
}
