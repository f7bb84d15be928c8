package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/bom/internal/document/documenttest"
)

// parse reads a document that must be good.
func parse(t testing.TB, text string) *document.Node {
	t.Helper()
	n, err := document.Read(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"nothing":       {"", "too early"},
		"a list":        {"[]", "not a JSON object"},
		"a name twice":  {`{"a":{"b":1,"b":1}}`, "stands twice"},
		"an escape":     {`{"a":1,"\u0061":1}`, "stands twice"},
		"null twice":    {`{"a":null,"a":1}`, "stands twice"},
		"trailing data": {`{} {}`, "more after the document"},
		"deep":          {strings.Repeat(`{"a":`, 65), "nesting deeper"},
		"many values":   {`{"a":[` + strings.Repeat("0,", 1<<20) + `0]}`, "more values"},
		"bad UTF-8":     {"{\"a\":\"\xff and more\"}", "UTF-8"},
	} {
		if _, err := document.Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	long := io.MultiReader(strings.NewReader(`{"a":"`), strings.NewReader(strings.Repeat("x", document.MaxSize)), strings.NewReader(`"}`))
	if _, err := document.Read(long); !errors.Is(err, document.ErrTooLarge) {
		t.Errorf("a document of more than 32 MiB: %v", err)
	}
	exact := `{"a":"` + strings.Repeat("x", document.MaxSize-8) + `"}`
	if _, err := document.Read(strings.NewReader(exact)); err != nil {
		t.Errorf("a document of 32 MiB: %v", err)
	}
}

func TestDifferenceIsWhatOverlayMakes(t *testing.T) {
	for _, c := range []struct {
		have, want string
		places     string // of the difference
	}{
		{`{"a":1}`, `{"a":1}`, ""},
		{`{"a":1}`, `{"a":2}`, "/a=2"},
		{`{"a":1,"b":2}`, `{"b":2}`, "/a=null"},
		{`{}`, `{"a/b~c":[1]}`, "/a~1b~0c=[1]"},
		{`{"":{"x":1}}`, `{"":{"x":2}}`, "//x=2"},
		{`{"a":[1,2]}`, `{"a":[1,3]}`, "/a=[1,3]"},
		{`{"a":{"x":1}}`, `{"a":[1]}`, "/a=[1]"},
		{`{"c":[{"name":"a"},{"name":"b"}]}`, `{"c":[{"name":"a"},{"name":"b","v":1}]}`, "/c/=b/v=1"},
		{`{"c":[{"name":"a"},{"name":"b"}]}`, `{"c":[{"name":"b"}]}`, "/c/=a=null"},
		{`{"c":[{"name":"a"}]}`, `{"c":[{"name":"a"},{"name":"b"},{"name":"c"}]}`, `/c/1={"name":"b"} /c/2={"name":"c"}`},
		{`{"c":[{"name":"a"},{"name":"a"}]}`, `{"c":[{"name":"a"},{"name":"a","v":1}]}`, "/c/=a#2/v=1"},
		{`{"c":[{"name":"a"},{"name":"b"}]}`, `{"c":[{"name":"b"},{"name":"a"}]}`, `/c=[{"name":"b"},{"name":"a"}]`},
		{`{"c":[{"name":"b"}]}`, `{"c":[{"name":"a"},{"name":"b"}]}`, `/c=[{"name":"a"},{"name":"b"}]`},
		{`{"c":[{"ref":"x"}]}`, `{"c":[{"ref":"x","dependsOn":["y"]}]}`, `/c/=x/dependsOn=["y"]`},
		{`{"a":1e2}`, `{"a":100}`, "/a=100"},
	} {
		tree := parse(t, c.have)
		d := document.Difference(tree, parse(t, c.want))
		var places []string
		for place, part := range d {
			places = append(places, place+"="+string(part))
		}
		if less := strings.Fields(c.places); !cmp.Equal(places, less, cmpopts.SortSlices(strings.Compare), cmpopts.EquateEmpty()) {
			t.Errorf("from %s to %s: %v, want %v", c.have, c.want, places, less)
		}
		without := document.Overlay(tree, d)
		if without != nil || !document.Equal(tree, parse(t, c.want)) {
			t.Errorf("from %s to %s: became %s (%v)", c.have, c.want, document.Raw(tree), without)
		}
	}
}

func TestOverlayNamesPlacesThatAreGone(t *testing.T) {
	tree := parse(t, `{"c":[{"name":"a"}],"s":"x"}`)
	without := document.Overlay(tree, map[string]json.RawMessage{
		"/c/=gone/v": json.RawMessage(`1`), "/s/deep": json.RawMessage(`1`), "no pointer": json.RawMessage(`1`), "/c/=a/v": json.RawMessage(`2`),
		"/bad": json.RawMessage(`{`), "/c/=gone2": json.RawMessage(`null`), "/none/deep": json.RawMessage(`1`),
		strings.Repeat("/x", 100): json.RawMessage(`1`), "/surrogate": json.RawMessage(`"\ud800"`), "/two": json.RawMessage(`1,2`),
		"/deep": json.RawMessage(strings.Repeat("[", 64) + strings.Repeat("]", 64)),
	})
	want := []string{"/bad", "/c/=gone/v", "/deep", "/none/deep", "/s/deep", "/surrogate", "/two", strings.Repeat("/x", 100), "no pointer"}
	if !cmp.Equal(without, want) {
		t.Errorf("without a place: %v", without)
	}
	if got := string(document.Raw(tree)); got != `{"c":[{"name":"a","v":2}],"s":"x"}` {
		t.Errorf("became %s", got)
	}
}

func TestEveryValueOfABillHasAName(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b, err := document.Clean(documenttest.Random(random))
		if err != nil {
			t.Fatal(err)
		}
		back, err := document.Clean(documenttest.Random(random))
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(2) == 0 {
			back = &bom.Bill{}
			document.Settle(back)
		}
		room := document.MaxAdded
		for _, s := range document.Statements(b, back) {
			if err := document.Apply(back, s, &room); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
		}
		document.Settle(back)
		if d := cmp.Diff(b, back); d != "" {
			t.Fatalf("the statements did not make the bill:\n%s", d)
		}
		if s := document.Statements(b, back); s != nil {
			t.Fatalf("there is more to say: %v", s)
		}
	}
}

func TestStatementsThatSayNothing(t *testing.T) {
	for _, s := range []document.Statement{
		{}, {Name: "value"}, {Name: "value:"}, {Name: "value:nothing"}, {Name: "value:kept"}, {Name: "value:model", Text: "x"}, {Name: "value:files[0", Text: "x"},
		{Name: "confidence:model.task", Text: "certain"}, {Name: "other:model.task"}, {Name: "source:files[0].name"}, {Name: "value:files[1].name"},
		{Name: "value:files[-1].name"}, {Name: "value:files[99999999999999999999].name"}, {Name: "value:files[0].size", Text: "many"},
		{Name: "value:time", Text: "yesterday"}, {Name: "value:time.wall", Text: "1"}, {Name: "length:files", Text: "-1"}, {Name: "length:files", Text: "9"},
		{Name: "length:name", Text: "0"}, {Name: "value:name[0]"}, {Name: "value:model.task.value"}, {Name: "value:..", Text: ""},
	} {
		b, room := &bom.Bill{}, document.MaxAdded
		if err := document.Apply(b, s, &room); err == nil {
			t.Errorf("%q was made", s)
		}
		if len(b.Files) > 1 {
			t.Errorf("%q made %d files", s, len(b.Files))
		}
	}
}

func TestCleanLeavesTheBillAlone(t *testing.T) {
	b := &bom.Bill{Name: "a\xffb", Format: "CycloneDX", Revision: 3, Kept: map[string]json.RawMessage{"x": json.RawMessage(`1`)},
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	c, err := document.Clean(b)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "a\ufffdb" || c.Format != "" || c.Revision != 0 || c.Kept != nil || c.Model.Task.Confidence != bom.Unresolved || !c.Time.Equal(b.Time) {
		t.Errorf("clean: %+v", c)
	}
	if b.Name != "a\xffb" || b.Kept == nil || b.Model.Task.Confidence != "" {
		t.Errorf("the bill was changed: %+v", b)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	tree := parse(t, `{"a":[],"b":{},"c":[1,{"d":"<é\u0001\u2028>"},true],"e":-1.50e+3}`)
	var b bytes.Buffer
	if err := document.Write(&b, tree); err != nil {
		t.Fatal(err)
	}
	if !document.Equal(tree, parse(t, b.String())) || !strings.Contains(b.String(), "-1.50e+3") || !strings.Contains(b.String(), "<é") {
		t.Errorf("written:\n%s", b.String())
	}
	if err := document.Write(failing{}, tree); err == nil {
		t.Error("an error of the writer was lost")
	}
}

// failing is a writer that never writes.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// FuzzDifference holds that the difference of two documents makes one into the other.
func FuzzDifference(f *testing.F) {
	f.Add(`{"a":[{"name":"x"},{"name":"y"}]}`, `{"a":[{"name":"y"},{"name":"z","v":[{}]}],"":0}`)
	f.Add(`{"a":{"/":1,"~1":2}}`, `{"a":{"~":1},"0":{"1":2}}`)
	f.Add(`{"a":[{"ref":"x"},{"ref":"x"},{"ref":"x#2"}]}`, `{"a":[{"ref":"x"}]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		have, err := document.Read(strings.NewReader(a))
		if err != nil {
			return
		}
		want, err := document.Read(strings.NewReader(b))
		if err != nil {
			return
		}
		d := document.Difference(have, want)
		without := document.Overlay(have, d)
		if without != nil || !document.Equal(have, want) {
			t.Fatalf("%s: %s became %s, want %s (%v)", fmt.Sprint(d), a, document.Raw(have), document.Raw(want), without)
		}
	})
}

// TestRoom: small statements make few large elements, of all lists together.
func TestRoom(t *testing.T) {
	b, room, made := &bom.Bill{}, document.MaxAdded, 0
	for i := range 2 * document.MaxAdded {
		list := []string{"datasets", "files"}[i%2]
		if document.Apply(b, document.Statement{Name: fmt.Sprintf("value:%s[%d].name", list, i/2), Text: "x"}, &room) == nil {
			made++
		}
	}
	if made != document.MaxAdded || len(b.Datasets)+len(b.Files) != made || room != 0 {
		t.Errorf("%d made, %d datasets, %d files, room for %d", made, len(b.Datasets), len(b.Files), room)
	}
}
