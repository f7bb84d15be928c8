package tensorflow_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/internal/limits"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// sample is a SavedModel with everything that is read.
func sample() []byte {
	object := tf.Field(7, tf.Field(1, tf.Field(4, tf.Text(1, "_tf_keras_layer"), tf.Text(3, "{}"))))
	signature := tf.Field(5, tf.Pair("serving_default", tf.Field(1, tf.Pair("x", tf.Text(1, "serve_x:0")))))
	library := tf.Library(tf.Function("f", []string{"a", "b"}, "r:z:0", tf.Node("r", "AddV2", []string{"a", "b"})))
	graph := tf.Graph(library, tf.Const("words", "one", "two"), tf.Node("c", "PartitionedCall", []string{"words", "^d"}, tf.Attr("f", tf.FunctionValue("f"))))
	return tf.SavedModel(tf.MetaGraph(graph, []string{"serve"}, tf.Saver("save/Const:0"), tf.Asset("path:0", "vocab.txt"), signature, object))
}

// open makes the message of a content.
func open(t testing.TB, content []byte) []*tensorflow.MetaGraphDef {
	t.Helper()
	m, err := tensorflow.Open(format.BytesBlob(content), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	graphs, err := tensorflow.ReadSavedModel(m)
	if err != nil {
		t.Fatal(err)
	}
	return graphs
}

func TestReadSavedModel(t *testing.T) {
	graphs := open(t, sample())
	if len(graphs) != 1 {
		t.Fatalf("%d graphs, want 1", len(graphs))
	}
	g := graphs[0]
	if got := fmt.Sprint(g.Tags, g.Version, g.Saver, g.Fed, g.Twice); got != "[serve]2.21.0save/Const:0[serve_x:0]" {
		t.Errorf("read %s", got)
	}
	if len(g.Assets) != 1 || g.Assets[0].Tensor != "path:0" || g.Assets[0].File != "vocab.txt" {
		t.Errorf("assets %+v", g.Assets)
	}
	if len(g.Objects) != 1 || g.Objects[0].Identifier != "_tf_keras_layer" || g.Objects[0].Metadata.Size != 2 {
		t.Errorf("objects %+v", g.Objects)
	}
	if f := g.Graph.Functions; len(f) != 1 || f[0].Name != "f" || fmt.Sprint(f[0].Args, f[0].Returns) != "[a b] [r:z:0]" {
		t.Errorf("functions %+v", f)
	}
	var seen []string
	err := g.Graph.Nodes(func(scope int, n tensorflow.Node) error {
		again, err := g.Graph.Node(n.At.Offset, n.At.Size)
		if err != nil || again.Name != n.Name {
			t.Errorf("node %s is %s when it is read again (%v)", n.Name, again.Name, err)
		}
		line := fmt.Sprint(scope, n.Name, " ", n.Op, n.Inputs, n.Twice)
		for _, a := range n.Attrs {
			v, err := a.Read()
			if err != nil {
				return err
			}
			line += fmt.Sprint(" ", a.Key, v.Number, v.Calls)
			if v.Tensor != nil {
				line += fmt.Sprint(v.Tensor.Type, v.Tensor.Dims, v.Tensor.Texts)
			}
		}
		seen = append(seen, line)
		return nil
	})
	want := "0words Const[] false dtype7 [] value0 []7 [2] [one two]|0c PartitionedCall[words ^d] false f0 [f]|1r AddV2[a b] false"
	if got := strings.Join(seen, "|"); got != want || err != nil {
		t.Errorf("nodes %q (%v), want %q", got, err, want)
	}
}

func TestTensors(t *testing.T) {
	block := []byte("\x03\x00\x05oneseven!")
	for name, c := range map[string]struct {
		tensor []byte
		want   string
	}{
		"texts one by one":   {append(append(tf.Number(1, 7), tf.Shape(1)...), tf.Text(8, "a")...), "[a] false 1 true"},
		"texts in a block":   {append(append(tf.Number(1, 7), tf.Shape(3)...), tf.Field(4, block)...), "[one  seven] false 3 true"},
		"texts beyond block": {append(append(tf.Number(1, 7), tf.Shape(1)...), tf.Field(4, []byte("\x7fab"))...), "[] true 1 true"},
		"texts of no shape":  {append(append(tf.Number(1, 7), tf.Shape(1<<40)...), tf.Field(4, block)...), "[] true 1099511627776 true"},
		"overflow":           {append(tf.Number(1, 1), tf.Shape(1<<40, 1<<40)...), "[] false 0 false"},
		"negative":           {append(tf.Number(1, 1), tf.Shape(-1)...), "[] false 0 false"},
		"none":               {append(tf.Number(1, 1), tf.Shape(0, 1<<50)...), "[] false 0 true"},
	} {
		m, err := tensorflow.Open(format.BytesBlob(c.tensor), limits.NewBudget(limits.Default()))
		if err != nil {
			t.Fatal(err)
		}
		tensor, err := tensorflow.ReadTensor(m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n, ok := tensor.Elements()
		if got := fmt.Sprint(tensor.Texts, tensor.Cut, n, ok); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestTensorInParts(t *testing.T) {
	block := append([]byte{3}, "abc"...)
	for name, c := range map[string]struct {
		parts [][]byte
		want  string
	}{
		"texts":                {[][]byte{slices.Concat(tf.Number(1, 7), tf.Field(2, tf.Field(2, tf.Number(1, 2))), tf.Text(8, "a")), tf.Text(8, "b")}, "[a b] 7 [2]"},
		"a block before types": {[][]byte{tf.Field(4, block), tf.Number(1, 7)}, "[abc] 7 []"},
		"nothing behind":       {[][]byte{slices.Concat(tf.Number(1, 7), tf.Text(8, "a")), nil}, "[a] 7 []"},
	} {
		var value []byte
		for _, part := range c.parts {
			value = append(value, tf.Field(8, part)...)
		}
		m, err := tensorflow.Open(format.BytesBlob(value), limits.NewBudget(limits.Default()))
		if err != nil {
			t.Fatal(err)
		}
		v, err := tensorflow.Attr{Value: m}.Read()
		if err != nil || v.Tensor == nil {
			t.Fatalf("%s: read %+v (%v)", name, v, err)
		}
		if got := fmt.Sprint(v.Tensor.Texts, v.Tensor.Type, v.Tensor.Dims); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// matches lists the formats that accept a content.
func matches(content []byte) string {
	p := format.Probe{Head: content[:min(len(content), format.HeadSize)], Size: int64(len(content)), Blob: format.BytesBlob(content)}
	var names []string
	for _, f := range []format.Format{tensorflow.SavedModel{}, tensorflow.MetaGraph{}, tensorflow.Graph{}, tensorflow.KerasMetadata{}, tensorflow.Fingerprint{},
		tensorflow.DebugInfo{}} {
		if f.Match(p) {
			names = append(names, f.Info().Name)
		}
	}
	return strings.Join(names, " ")
}

func TestMatch(t *testing.T) {
	node := tf.Node("n", "Const", nil)
	meta := tf.MetaGraph(tf.Graph(nil, node), []string{"serve"})
	fingerprint := append(append(append(append(tf.Number(1, 1<<60), tf.Number(2, 5)...), tf.Number(3, 5)...), tf.Number(4, 5)...), tf.Field(6, tf.Number(1, 1))...)
	long := tf.MetaGraph(tf.Graph(nil, node), []string{strings.Repeat("x", format.HeadSize)})
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"saved model":          {sample(), tensorflow.NameSavedModel},
		"metagraph":            {meta, tensorflow.NameMetaGraph},
		"long metagraph":       {long, tensorflow.NameMetaGraph},
		"metagraph cut":        {meta[:20], ""},
		"graph":                {tf.Graph(nil, node), tensorflow.NameGraph},
		"graph with calls":     {tf.Graph(nil, node, tf.Node("m", "my_function", nil)), tensorflow.NameGraph},
		"keras":                {tf.Field(1, tf.Number(2, 1), tf.Text(3, "root"), tf.Text(4, "_tf_keras_layer"), tf.Text(5, "{}")), tensorflow.NameKerasMetadata},
		"fingerprint":          {fingerprint, tensorflow.NameFingerprint},
		"fingerprint and more": {append(fingerprint, tf.Text(9, "x")...), ""},
		"debug information":    {append(tf.Text(1, "/a/b.py"), tf.Field(2, tf.Text(1, "n@f"))...), tensorflow.NameDebugInfo},
		"pieces":               {tf.Field(1, tf.Text(1, "<unk>"), []byte{0x15, 0, 0, 0, 0}), ""},
		"version 2":            {append(tf.Number(1, 2), sample()[2:]...), tensorflow.NameSavedModel},
		"unknown fields first": {append(tf.Text(15, strings.Repeat("x", format.HeadSize)), sample()...), tensorflow.NameSavedModel},
		"nodes behind others":  {append(tf.Field(1, tf.Text(9, "x")), tf.Graph(nil, node)...), tensorflow.NameGraph},
		"only functions":       {tf.Graph(tf.Library(tf.Function("f", nil, "r:z:0", tf.Node("r", "ReadFile", nil)))), tensorflow.NameGraph},
		"keras behind others":  {append(tf.Text(15, "x"), tf.Field(1, tf.Text(4, "_tf_keras_layer"))...), tensorflow.NameKerasMetadata},
		"sentence as node":     {tf.Field(2, tf.Field(1, tf.Text(1, "image"), tf.Text(2, "An image"))), ""},
		"input that is none":   {tf.Field(2, tf.Field(1, tf.Text(1, "image"), tf.Text(2, "Image"), tf.Field(3, tf.Field(5, tf.Number(1, 3))))), ""},
		"empty":                {nil, ""},
		"text":                 {[]byte("node {\n}"), ""},
	} {
		if got := matches(c.content); got != c.want {
			t.Errorf("%s: matched %q, want %q", name, got, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, graph := range map[string][]byte{
		"node is a number":   tf.Number(1, 1),
		"name is a number":   tf.Field(1, tf.Number(1, 1)),
		"node is cut":        tf.Field(1, []byte{0x0a, 0x7f}),
		"argument is number": tf.Field(2, tf.Field(1, tf.Field(1, tf.Number(2, 1)))),
	} {
		m, err := tensorflow.Open(format.BytesBlob(graph), limits.NewBudget(limits.Default()))
		if err != nil {
			t.Fatal(err)
		}
		g, err := tensorflow.ReadGraph(m)
		if err == nil {
			err = g.Nodes(func(int, tensorflow.Node) error { return nil })
		}
		if !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := (&tensorflow.GraphDef{}).Node(1, 2); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a node of no graph: %v", err)
	}
}

const textSample = `# a comment
saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tags: "serve" tensorflow_version: '2' "." "1" unknown { x: 1 y: [1, 2] } }
  graph_def < node { name: "p" op: "Const" attr { key: "dtype" value { type: DT_STRING } }
    attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "/etc\057pass\x77d\'" float_val: 1.5e3 } } } }
    node { name: "r", op: "ReadFile"; input: ["p", "^x"] }
    library { function { signature { name: "f" input_arg { name: "a" } } ret { key: "o" value: "r:0" } } } >
  asset_file_def { tensor_info { name: "path:0" } filename: "vocab.txt" }
}
`

// asText translates a text and reads what it stands for.
func asText(t testing.TB, content string) (string, string, error) {
	t.Helper()
	binary, name, err := tensorflow.ReadText(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
	if err != nil || name != tensorflow.NameSavedModel {
		return "", name, err
	}
	g := open(t, binary)[0]
	out := fmt.Sprint(g.Tags, g.Version, g.Assets[0].Tensor, g.Assets[0].File, g.Graph.Functions[0].Name, g.Graph.Functions[0].Args, g.Graph.Functions[0].Returns)
	err = g.Graph.Nodes(func(_ int, n tensorflow.Node) error {
		out += fmt.Sprint(" ", n.Name, n.Op, n.Inputs)
		v, ok, err := n.Attr("value")
		if ok {
			out += fmt.Sprint(v.Tensor.Type, v.Tensor.Dims, v.Tensor.Texts)
		}
		return err
	})
	return out, name, err
}

func TestText(t *testing.T) {
	got, _, err := asText(t, textSample)
	if want := "[serve]2.1path:0vocab.txtf[a] [r:0] pConst[]7 [1] [/etc/passwd'] rReadFile[p ^x]"; got != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	for _, bad := range []string{"node {", "node { name: }", "node { name: \"x }", "node { name: \"\\q\" }", "node { name \"x\" }", "node }", "node {}\x00node {}",
		strings.Repeat("node {", 100), "node { input: [\"a\" "} {
		if _, _, err := asText(t, bad); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.40q: the error is %v", bad, err)
		}
	}
	for content, want := range map[string]bool{
		textSample: true, "node {\n name: \"x\"\n op: \"Const\"\n}": true, "meta_info_def {": true, "node {\n calculator: \"x\"\n}": false, "name: x": false, "": false,
		"library { function { node_def { op: \"x\" } } }": true,
	} {
		if got := (tensorflow.Text{}).Match(format.Probe{Head: []byte(content)}); got != want {
			t.Errorf("%.30q: matched %v", content, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(textSample)
	f.Fuzz(func(t *testing.T, content string) {
		first, name, err := tensorflow.ReadText(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		second, _, _ := tensorflow.ReadText(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if string(first) != string(second) || len(first) > 16*len(content)+16 {
			t.Errorf("%d bytes became %d and %d", len(content), len(first), len(second))
		}
		expected(t, err)
		if err == nil && name == "" {
			t.Error("the text stands for no format")
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Add(tf.SavedModel(tf.MetaGraph(tf.Graph(nil, tf.Const("a", "b")), nil)))
	f.Fuzz(func(t *testing.T, content []byte) {
		matches(content)
		m, err := tensorflow.Open(format.BytesBlob(content), limits.NewBudget(limits.Default()))
		if err != nil {
			t.Fatal(err)
		}
		graphs, err := tensorflow.ReadSavedModel(m)
		expected(t, err)
		for _, g := range graphs {
			if g.Graph == nil {
				continue
			}
			err := g.Graph.Nodes(func(scope int, n tensorflow.Node) error {
				if scope > len(g.Graph.Functions) || n.At.Offset < 0 || n.At.End() > int64(len(content)) {
					t.Errorf("node %q of scope %d lies at %d to %d", n.Name, scope, n.At.Offset, n.At.End())
				}
				for _, a := range n.Attrs {
					_, err := a.Read()
					expected(t, err)
				}
				return nil
			})
			expected(t, err)
		}
	})
}

// expected fails for errors that hostile content must not cause.
func expected(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("unexpected error %v", err)
	}
}
