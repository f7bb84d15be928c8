package jsonstream_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/jsonstream"
)

func TestTree(t *testing.T) {
	const text = `{"a":[1,{"b":"x"}],"a":"last","n":NaN,"i":-Infinity,"s":"\ud800"}`
	root, err := jsonstream.Tree(strings.NewReader(text), jsonstream.Options{Depth: 8, Text: 64, Python: true}, 20)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	if err := root.Walk(func(path []string, n *jsonstream.Node) error {
		seen = append(seen, strings.Join(path, ".")+"="+n.Text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := "= a= a.[]=1 a.[]= a.[].b=x a=last n=NaN i=-Infinity s=\ufffd"
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("walked %q, want %q", got, want)
	}
	if got := root.Get("a").String(); got != "last" {
		t.Errorf("the member a is %q: of two members of one name, the last counts", got)
	}
	if b := root.Children[0].Children[1].Get("b"); b.Offset != int64(strings.Index(text, `"b"`)) {
		t.Errorf("the member b stands at %d", b.Offset)
	}
}

func TestTreeBounds(t *testing.T) {
	for _, text := range []string{"[1,2,3,4]", "[", `{"a":NaN}`, `"\ud800"`, ""} {
		_, err := jsonstream.Tree(strings.NewReader(text), jsonstream.Options{Depth: 8, Text: 64}, 4)
		if _, ok := errors.AsType[*jsonstream.Error](err); !ok {
			t.Errorf("Tree(%q) returned the error %v", text, err)
		}
	}
}
