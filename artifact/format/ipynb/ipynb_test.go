package ipynb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ipynb"
	"github.com/picketsec/picket/internal/limits"
)

const notebook = `{"cells":[{"cell_type":"code","execution_count":1,"metadata":{"source":"no"},"outputs":[{"data":{"text/html":["<b>","x"],"text/plain":"y"}}],"source":["a\n","b"]},` +
	`{"cell_type":"markdown","source":"# c"}],"metadata":{},"nbformat":4,"nbformat_minor":5}`

// read lists the cells of a notebook.
func read(text string) (list []string, err error) {
	_, err = ipynb.Read(strings.NewReader(text), limits.NewBudget(limits.Default()), func(c ipynb.Cell) error {
		list = append(list, fmt.Sprintf("%d %s %q %q", c.Number, c.Type, c.Source, c.Markup))
		return nil
	})
	return list, err
}

func TestRead(t *testing.T) {
	got, err := read(notebook)
	want := `1 code "a\nb" ["<b>" "x"]|2 markdown "# c" []`
	if s := strings.Join(got, "|"); s != want || err != nil {
		t.Errorf("got %s, %v", s, err)
	}
	for n := range len(notebook) {
		if _, err := read(notebook[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{notebook: true, `{"cells":[],"nbformat":4}`: true, `{"cells":[]}`: false, `{"a":{"cells":[],"nbformat":4}}`: false,
		`"cells nbformat"`: false, `{"cells":[{"cell_type":"code"`: false} {
		if got := (ipynb.Format{}).Match(format.Probe{Head: []byte(text), Size: int64(len(text))}); got != want {
			t.Errorf("%s: recognised %v, want %v", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(notebook)
	f.Add(`{"cells":[{"source":[["x"]],"cells":[{}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := read(text)
		again, _ := read(text)
		if len(list) != len(again) || err == nil && len(list) > strings.Count(text, "{") {
			t.Fatalf("%d cells, then %d", len(list), len(again))
		}
	})
}
