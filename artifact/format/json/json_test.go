package json_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

// probe makes what Match sees of a content.
func probe(t testing.TB, content string) format.Probe {
	t.Helper()
	p, err := detect.NewProbe(format.BytesBlob([]byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMatch(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", format.HeadSize) + `"}`
	for content, want := range map[string]bool{
		`{"a":1}`: true, " [1, NaN]\n": true, long: true, long[:format.HeadSize+1]: true, strings.Repeat("[", 900) + strings.Repeat("]", 900): true,
		`"a"`: false, `{"a":1} {"b":2}`: false, `{"a":1`: false, `{a:1}`: false, "{} // comment": false, "": false, "12": false,
		strings.Repeat("[", 2000): true, "\ufeff{}": true, strings.Repeat(" ", format.HeadSize) + "{}": true, strings.Repeat(" ", 10): false, "\ufeff": false,
	} {
		if got := (json.Format{}).Match(probe(t, content)); got != want {
			t.Errorf("Match(%.40q) is %v, want %v", content, got, want)
		}
	}
}

func TestMembers(t *testing.T) {
	got := json.Members(probe(t, `{"a":{"inner":1},"b":[{"c":1}],"a":2,"last":"`+strings.Repeat("x", format.HeadSize)+`"}`))
	if want := []string{"a", "b", "a", "last"}; !slices.Equal(got, want) {
		t.Errorf("the members are %q, want %q", got, want)
	}
	if got := json.Members(probe(t, `[{"a":1}]`)); got != nil {
		t.Errorf("a list has the members %q", got)
	}
}

func TestTree(t *testing.T) {
	root, err := json.Tree(format.BytesBlob([]byte(`{"a":{"b":"c"}}`)), limits.NewBudget(limits.Default()))
	if err != nil || root.Get("a").Get("b").String() != "c" {
		t.Errorf("read %+v (%v)", root, err)
	}
	if root, err = json.Tree(format.BytesBlob([]byte("\ufeff[]")), limits.NewBudget(limits.Default())); err != nil || root.Offset != 3 {
		t.Errorf("a document behind a byte order mark: read %+v (%v)", root, err)
	}
	for _, content := range []string{"", "{", `{"a":}`, strings.Repeat("[", 5000)} {
		if _, err := json.Tree(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("Tree(%.20q) returned the error %v", content, err)
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b",{"c":null}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		p := probe(t, string(content))
		matched := json.Format{}.Match(p)
		_, err := json.Tree(format.BytesBlob(content), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		if err == nil && !matched && strings.ContainsAny(strings.TrimLeft(string(content), " \t\r\n")[:1], "{[") {
			t.Error("a document that can be read is not recognised")
		}
	})
}
