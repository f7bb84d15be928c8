package onnx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// log writes what Read visits as lines.
type log struct{ lines []string }

func (l *log) add(form string, args ...any) error {
	l.lines = append(l.lines, fmt.Sprintf(form, args...))
	return nil
}
func (l *log) Model(m *onnx.Model) error {
	return l.add("model %d, %d imports, %d functions", m.Version, len(m.Imports), len(m.Functions))
}
func (l *log) Graph(g *onnx.Graph) error { return l.add("graph %d depth %d", g.Kind, g.Depth) }
func (l *log) EndGraph(g *onnx.Graph) error {
	var names []string
	for _, p := range append(g.Inputs, g.Outputs...) {
		elements, sizes, ok, err := p.Tensor()
		if err != nil {
			return err
		}
		if ok {
			p.Name += ":" + elements
		}
		if sizes != nil {
			p.Name += fmt.Sprint(sizes)
		}
		names = append(names, p.Name)
	}
	return l.add("end %d %s", g.Kind, strings.Join(names, ","))
}
func (l *log) Node(_ *onnx.Graph, n *onnx.Node) error {
	return l.add("node %s:%s %d>%d (%d)", n.Domain, n.Op, len(n.Inputs), len(n.Outputs), n.Attributes)
}
func (l *log) Attribute(_ *onnx.Graph, n *onnx.Node, a *onnx.Attribute) error {
	text, err := a.Text.Text(100)
	if a.Has {
		return errors.Join(err, l.add("%s.%s=%q", n.Op, a.Name, text))
	}
	return l.add("%s.%s=%d%v", n.Op, a.Name, a.Int, a.Ints)
}
func (l *log) Tensor(_ *onnx.Graph, t *onnx.Tensor) error {
	return l.add("tensor %q type %d %v raw %d typed %d texts %d ints %v external %d", t.Name, t.Type, t.Dims, t.Raw.Size, t.Typed, t.Texts, t.Ints, len(t.External))
}
func (l *log) Text(t onnx.Text) error {
	text, err := t.Body.Text(100)
	return errors.Join(err, l.add("text %s.%s=%q", t.Where, t.Key, text))
}
func (l *log) Problem(p onnx.Problem) error {
	return l.add("problem %s %s.%d at %d", p.Fault, p.Message, p.Number, p.Offset)
}

// read lists what Read visits.
func read(content []byte) (string, error) {
	l := &log{}
	err := onnx.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), l)
	return strings.Join(l.lines, "\n"), err
}

// message is a message that is being written.
type message []byte

func (m message) text(number int, content string) message {
	m = binary.AppendUvarint(m, uint64(number)<<3|2)
	return append(binary.AppendUvarint(m, uint64(len(content))), content...)
}
func (m message) num(number int, value uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(number)<<3), value)
}

// graph has one node.
func graph() string {
	node := message{}.text(1, "x").text(2, "y").text(5, string(message{}.text(1, "to").num(3, 7))).text(4, "Cast").text(7, "d")
	value := message{}.text(1, "y").text(2, "\x0a\x02\x08\x01")
	return string(message{}.text(1, string(node)).text(2, "g").text(12, string(value)))
}

// samples are files of real writers.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	return testkit.Samples(t, "testdata/*.onnx", 2)
}

func TestRead(t *testing.T) {
	tensor := message{}.num(1, 2).num(2, 7).text(8, "w").text(9, string(make([]byte, 8))+"\x01\x00\x00\x00\x00\x00\x00\x00")
	outside := message{}.num(2, 1).text(8, "v").text(13, string(message{}.text(1, "location").text(2, "f"))).num(14, 1)
	inner := message{}.text(1, string(message{}.text(1, "c").text(2, "y").text(4, "If").text(5,
		string(message{}.text(1, "then_branch").text(6, graph()))))).text(5, string(tensor)).text(5, string(outside)).text(12, string(message{}.text(1, "y")))
	function := message{}.text(1, "F").text(4, "a").text(5, "b").text(7, string(message{}.text(4, "Neg"))).text(10, "local")
	content := message{}.text(25, string(function)).text(7, string(inner)).num(1, 8).text(8, string(message{}.num(2, 17))).text(14, string(message{}.text(1, "k").text(2, "v"))).text(99, "hidden")
	got, err := read(content)
	want := strings.Join([]string{
		`text model.k="k"`, `text model.k="v"`, fmt.Sprintf("problem unknown-field ModelProto.99 at %d", len(content)-9),
		"model 8, 1 imports, 1 functions", "graph 2 depth 0", "node :Neg 0>0 (0)", "end 2 a,b",
		"graph 0 depth 0", "node :If 1>1 (1)", "If.then_branch=0[]", "graph 1 depth 1", "node d:Cast 1>1 (1)", "Cast.to=7[]",
		`text graph.name="g"`, "end 1 y:float32",
		`tensor "w" type 7 [2] raw 16 typed 0 texts 0 ints [0 1] external 0`, `tensor "v" type 1 [] raw 0 typed 0 texts 0 ints [] external 1`, "end 0 y",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, visited (-want +got):\n%s", err, diff)
	}
}

func TestProblems(t *testing.T) {
	model := func(parts ...message) []byte {
		return append(message{}.num(1, 8).text(7, graph()), bytes.Join(convert(parts), nil)...)
	}
	node := message{}.text(4, "A").text(4, "B")
	deep := graph()
	for range 40 {
		deep = string(message{}.text(1, string(message{}.text(4, "If").text(5, string(message{}.text(6, deep))))))
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"two graphs":   {model(message{}.text(7, graph())), "problem repeated-field ModelProto.7"},
		"two names":    {model(message{}.text(7, string(message{}.text(1, string(node))))), "problem repeated-field NodeProto.4"},
		"wrong wire":   {model(message{}.text(5, "text")), "problem unknown-field ModelProto.5"},
		"withdrawn":    {message{}.num(1, 8).text(7, string(message{}.text(3, "x").text(1, "\x22\x01A"))), "problem unknown-field GraphProto.3"},
		"deep":         {message{}.text(7, deep), "problem deep-graph GraphProto.0"},
		"group":        {model(message{0x1b, 0x08, 0x01, 0x1c}), "problem unknown-field ModelProto.3"},
		"not repeated": {model(message{}.text(8, "").text(8, "")), ""},
	} {
		got, err := read(c.content)
		if has := strings.Contains(got, "problem"); err != nil || has != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, error %v, visited:\n%s", name, c.want, err, got)
		}
	}
	got, err := read(append(model(), 0, 0, 0))
	if !errors.Is(err, format.ErrMalformed) || !strings.Contains(got, "problem trailing") || !strings.Contains(got, "node d:Cast") {
		t.Errorf("zeros after the model: error %v, visited:\n%s", err, got)
	}
}

func convert(parts []message) [][]byte {
	var list [][]byte
	for _, p := range parts {
		list = append(list, p)
	}
	return list
}

// match runs Match as the engine would.
func match(content []byte, size int64) bool {
	p := format.Probe{Head: content[:min(len(content), format.HeadSize)], Size: size, Blob: format.BytesBlob(content)}
	if size < 0 {
		p.Blob = format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	}
	return onnx.Format{}.Match(p)
}

func TestMatch(t *testing.T) {
	plain := message{}.num(1, 8).text(7, graph())
	padding := message{}
	for range 30_000 {
		padding = padding.num(200, 1)
	}
	emptied := message{} // fields of a graph before its first node
	for range 2000 {
		emptied = emptied.text(99, "")
	}
	values := string(message{}.text(2, "g").text(12, string(message{}.text(1, "y").text(2, "\x0a\x02\x08\x01"))))
	for name, content := range map[string][]byte{
		"plain": plain, "graph first": message{}.text(7, graph()).num(1, 8), "no version": message{}.text(7, graph()),
		"padded": append(padding, plain...), "padded with bytes": append(message{}.text(900, strings.Repeat("A", 100_000)), plain...),
		"wrong wire first": append(message{}.text(1, "piece"), plain...), "values only": message{}.text(7, values),
		"group first": append([]byte{0x3b, 0x3c}, plain...), "cut": plain[:len(plain)-10], "cut in node": plain[:8],
		"many unknown fields in the graph": message{}.num(1, 4096).num(2, 7).text(7, string(emptied)+graph()),
		"trailing":                         append(bytes.Clone(plain), 0, 0), "large graph": message{}.num(1, 8).text(7, graph()+string(message{}.text(5, strings.Repeat("w", 200_000)))),
	} {
		if !match(content, int64(len(content))) {
			t.Errorf("%s is not recognised", name)
		}
	}
	if !match(plain, -1) {
		t.Error("content of unknown size is not recognised")
	}
	for name, content := range map[string][]byte{
		"empty": {}, "version only": message{}.num(1, 8), "saved model": message{}.num(1, 1).text(2, graph()), "text": []byte("name,value\n1,2\n"),
		"graph of text": message{}.text(7, "hello world"), "node without operator": message{}.text(7, string(message{}.text(1, "\x0a\x01x"))),
		"operator is binary": message{}.text(7, string(message{}.text(1, "\x22\x02\x00\x01"))), "zeros": make([]byte, 100),
		"pickle": []byte("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94."), "zip": []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"),
		"pieces": message{}.text(1, "\x0a\x01a\x15\x00\x00\x00\x00"), "graph number": message{}.num(7, 1).num(1, 8),
	} {
		if match(content, int64(len(content))) {
			t.Errorf("%s is recognised", name)
		}
	}
}

func TestSingleTensors(t *testing.T) {
	floats := string(make([]byte, 8))
	whole := message{}.num(1, 2).num(2, 1).text(8, "w").text(9, floats)
	for name, c := range map[string]struct {
		content message
		want    bool
	}{
		"raw": {whole, true}, "typed": {message{}.num(1, 2).num(2, 1).text(4, floats), true}, "scalar": {message{}.num(2, 11).text(9, floats), true},
		"texts": {message{}.num(1, 2).num(2, 8).text(6, "a").text(6, "b"), true}, "described": {append(whole[:len(whole):len(whole)], message{}.text(12, "d")...), true},
		"too short": {message{}.num(1, 200).num(2, 1).text(9, floats), false}, "too long": {message{}.num(1, 2).num(2, 1).text(9, strings.Repeat("x", 64)), false},
		"one text too few": {message{}.num(1, 3).num(2, 8).text(6, "a"), false}, "no type": {message{}.num(1, 2).text(9, floats), false},
		"no data": {message{}.num(1, 2).num(2, 1).text(8, "w"), false}, "type that does not exist": {message{}.num(1, 2).num(2, 77).text(9, floats), false},
		"another field": {append(whole[:len(whole):len(whole)], message{}.text(99, "d")...), false}, "cut": {whole[:len(whole)-1], false},
		"a model": {message{}.num(1, 8).text(7, graph()), false}, "zero after it": {append(whole[:len(whole):len(whole)], 0), false},
	} {
		p := format.Probe{Head: c.content, Size: int64(len(c.content)), Blob: format.BytesBlob(c.content)}
		if got := (onnx.TensorFormat{}).Match(p); got != c.want {
			t.Errorf("%s: recognised %v", name, got)
		}
		l := &log{}
		if err := onnx.ReadTensor(p.Blob, limits.NewBudget(limits.Default()), l); c.want && (err != nil || !strings.Contains(strings.Join(l.lines, " "), "tensor")) {
			t.Errorf("%s: error %v, visited %v", name, err, l.lines)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	node := func(content string) []byte {
		return message{}.num(1, 8).text(7, string(message{}.text(1, "\x22\x01A"+content)))
	}
	for name, content := range map[string][]byte{
		"inputs of a node":    node(strings.Repeat("\x0a\x00", 300_000)),
		"arguments of a node": node(strings.Repeat("\x2a\x00", 70_000)),
		"imports":             message(strings.Repeat("\x42\x00", 70_000)).text(7, graph()),
		"functions":           message(strings.Repeat("\xca\x01\x00", 70_000)).text(7, graph()),
		"outputs of a graph":  message{}.num(1, 8).text(7, graph()+strings.Repeat("\x62\x03\x0a\x01y", 140_000)),
	} {
		if _, err := read(content); !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// TestPorts reads types and shapes of inputs and outputs, wherever the name stands.
func TestPorts(t *testing.T) {
	port := func(shape message) message {
		tensor := message{}.num(1, 10)
		if shape != nil {
			tensor = tensor.text(2, string(shape))
		}
		return message{}.text(2, string(message{}.text(1, string(tensor)))).text(1, "x")
	}
	fixed := message{}.text(1, string(message{}.text(2, "batch"))).text(1, string(message{}.num(1, 224))).text(1, "")
	g := message{}.text(1, string(message{}.text(2, "x").text(4, "Neg"))).
		text(11, string(port(fixed))).text(11, string(port(message{}))).text(11, string(port(nil))).text(12, string(message{}.text(1, "y")))
	got, err := read(message{}.text(7, string(g)).num(1, 8))
	if want := "end 0 x:float16[batch 224 ?],x:float16[],x:float16,y"; err != nil || !strings.Contains(got, want) {
		t.Errorf("error %v, visited:\n%s\nwant %s", err, got, want)
	}
	broken := message{}.text(1, string(message{}.text(2, "x").text(4, "Neg"))).
		text(11, string(message{}.text(1, "x").text(2, "\x0a\x7f")))
	if got, err := read(message{}.text(7, string(broken)).num(1, 8)); err == nil {
		t.Errorf("a type that ends too early was read: %s", got)
	}
}

func TestFilesOfRealWriters(t *testing.T) {
	for name, content := range samples(t) {
		got, err := read(content)
		if err != nil || !match(content, int64(len(content))) || strings.Contains(got, "problem") || !strings.Contains(got, "node :") {
			t.Errorf("%s: error %v, visited:\n%s", name, err, got)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		whole, _ := read(content)
		for n := range len(content) {
			if got, err := read(content[:n]); err == nil && got == whole {
				t.Errorf("%s: the first %d bytes look whole", name, n)
			}
		}
	}
}

// counter counts the bytes that are read.
type counter struct {
	io.ReaderAt
	n int64
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.n += int64(n)
	return n, err
}

func TestWeightsAreNotRead(t *testing.T) {
	var tensors message
	for i := range 32 {
		tensors = tensors.text(5, string(message{}.num(1, 1<<20).num(2, 2).text(8, fmt.Sprint("w", i)).text(9, strings.Repeat("\x00", 1<<20))))
	}
	content := message{}.num(1, 8).text(7, graph()+string(tensors))
	c := &counter{ReaderAt: bytes.NewReader(content)}
	if err := onnx.Read(format.NewBlob(c, int64(len(content))), limits.NewBudget(limits.Default()), &log{}); err != nil {
		t.Fatal(err)
	}
	if c.n > int64(len(content))/10 {
		t.Errorf("%d of %d bytes were read", c.n, len(content))
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Add([]byte(message{}.num(1, 8).text(7, graph()).text(7, graph())))
	f.Fuzz(func(t *testing.T, content []byte) {
		first, err := read(content)
		second, again := read(content)
		if first != second || fmt.Sprint(err) != fmt.Sprint(again) {
			t.Errorf("two readings differ: %v and %v", err, again)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		match(content, int64(len(content)))
		err = onnx.ReadTensor(format.BytesBlob(content), limits.NewBudget(limits.Default()), &log{})
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error of a tensor %v", err)
		}
		(onnx.TensorFormat{}).Match(format.Probe{Head: content, Tail: content, Size: int64(len(content)), Blob: format.BytesBlob(content)})
	})
}
