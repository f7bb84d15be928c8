package skops_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/skops"
	"github.com/picketsec/picket/internal/limits"
)

// read lists the nodes of a schema.
func read(schema string) (nodes []skops.Node, err error) {
	err = skops.Read(strings.NewReader(schema), limits.NewBudget(limits.Default()), func(n skops.Node) error {
		nodes = append(nodes, n)
		return nil
	})
	return nodes, err
}

func TestFilesOfSkops(t *testing.T) {
	names, err := filepath.Glob("testdata/*.skops")
	if err != nil || len(names) < 2 {
		t.Fatalf("samples: %v, %v", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blob := format.BytesBlob(content)
		if !(skops.Format{}).Match(format.Probe{Head: content, Tail: content, Size: int64(len(content)), Blob: blob}) {
			t.Errorf("%s is not recognised", name)
		}
		r, done, err := skops.Open(blob, limits.NewBudget(limits.Default()))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := io.ReadAll(r)
		done()
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := read(string(schema))
		if err != nil || len(nodes) < 10 || nodes[len(nodes)-1].Depth != 0 || !strings.HasPrefix(nodes[len(nodes)-1].Module, "sklearn.") {
			t.Errorf("%s: %d nodes, error %v", name, len(nodes), err)
		}
		for n := 0; n < len(schema)-1; n += 997 {
			if _, err := read(string(schema[:n])); !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestNodes(t *testing.T) {
	nodes, err := read(`{"__class__":"C","__module__":"m","__loader__":"MethodNode","content":{"func":"f","obj":{"__class__":"D","__module__":"n",` +
		`"__loader__":"JsonNode","content":"\"x\"","__id__":7,"file":"a.npy"}},"__class__":"E"}`)
	want := []skops.Node{
		{Loader: "JsonNode", Module: "n", Class: "D", Offset: 88, ID: "7", File: "a.npy", Text: `"x"`, Depth: 2},
		{Loader: "MethodNode", Module: "m", Class: "E", Function: "f", Owner: "n.D", Twice: "__class__"},
	}
	if diff := cmp.Diff(want, nodes); diff != "" || err != nil {
		t.Errorf("error %v, nodes (-want +got):\n%s", err, diff)
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{"", "{", `{"__class__":}`, strings.Repeat("[", 2000), `{}x`} {
		if _, err := read(text); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
	if _, done, err := skops.Open(format.BytesBlob([]byte("no archive")), limits.NewBudget(limits.Default())); err == nil {
		t.Error("something that is no archive was opened")
	} else {
		done()
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"__class__":"C","__module__":"m","__loader__":"MethodNode","content":{"func":"f","obj":{"__class__":"D"}}}`)
	f.Add(`{"content":[{"__loader__":"x","file":"../y","__id__":1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		nodes, err := read(text)
		again, err2 := read(text)
		if !cmp.Equal(nodes, again) || (err == nil) != (err2 == nil) {
			t.Fatal("two readings differ")
		}
		for _, n := range nodes {
			if n.Offset < 0 || n.Offset >= int64(len(text)) || text[n.Offset] != '{' {
				t.Fatalf("%+v in %q", n, text)
			}
		}
	})
}
