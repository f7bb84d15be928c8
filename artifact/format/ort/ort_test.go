package ort_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/ort"
	"github.com/picketsec/picket/internal/limits"
)

// log writes what Read visits as lines.
type log struct{ lines []string }

func (l *log) add(form string, args ...any) error {
	l.lines = append(l.lines, fmt.Sprintf(form, args...))
	return nil
}
func (l *log) Model(m *onnx.Model) error {
	return l.add("model %d, %d imports", m.Version, len(m.Imports))
}
func (l *log) Graph(g *onnx.Graph) error { return l.add("graph %d depth %d", g.Kind, g.Depth) }
func (l *log) EndGraph(g *onnx.Graph) error {
	var names []string
	for _, p := range append(g.Inputs, g.Outputs...) {
		names = append(names, p.Name)
	}
	return l.add("end %s", strings.Join(names, ","))
}
func (l *log) Node(_ *onnx.Graph, n *onnx.Node) error {
	return l.add("node %s:%s %d>%d (%d)", n.Domain, n.Op, len(n.Inputs), len(n.Outputs), n.Attributes)
}
func (l *log) Attribute(_ *onnx.Graph, _ *onnx.Node, a *onnx.Attribute) error {
	return l.add("attribute %s", a.Name)
}
func (l *log) Tensor(_ *onnx.Graph, t *onnx.Tensor) error {
	return l.add("tensor %q type %d %v raw %d", t.Name, t.Type, t.Dims, t.Raw.Size)
}
func (l *log) Text(t onnx.Text) error {
	text, err := t.Body.Text(100)
	if t.Where == onnx.NodeText {
		return err
	}
	return errors.Join(err, l.add("text %s.%s=%q", t.Where, t.Key, text))
}
func (l *log) Problem(p onnx.Problem) error { return l.add("problem %s", p.Fault) }

// read lists what Read visits.
func read(content []byte) (string, error) {
	l := &log{}
	err := ort.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), l)
	return strings.Join(l.lines, "\n"), err
}

// samples are files of the runtime.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"tensor", "branch"} {
		content, err := os.ReadFile(filepath.Join("testdata", name+".ort"))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = content
	}
	return all
}

func TestRead(t *testing.T) {
	head := "text model.author=\"author\"\ntext model.author=\"A. Person\"\n"
	for name, want := range map[string]string{
		"tensor": "graph 0 depth 0\ntensor \"w\" type 1 [2] raw 8\nnode :Add 2>1 (0)\nnode com.microsoft:Gelu 1>1 (0)\nend x,y",
		"branch": "graph 0 depth 0\ntensor \"w\" type 1 [2] raw 8\nnode :If 1>1 (2)\nattribute then_branch\ngraph 1 depth 1\nnode :Add 2>1 (0)\nend t\n" +
			"attribute else_branch\ngraph 1 depth 1\nnode :Neg 1>1 (0)\nend t\nend x,c,y",
	} {
		got, err := read(samples(t)[name])
		_, rest, ok := strings.Cut(got, head)
		_, rest, _ = strings.Cut(rest, "imports\n")
		if diff := cmp.Diff(want, rest); diff != "" || err != nil || !ok {
			t.Errorf("%s: error %v, visited (-want +got):\n%s\n%s", name, err, diff, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for name, content := range samples(t) {
		for what, want := range map[string]bool{"ORTM": true, "TFL3": false} {
			other := bytes.Replace(content, []byte("ORTM"), []byte(what), 1)
			if got := (ort.Format{}).Match(format.Probe{Head: other, Size: int64(len(other))}); got != want {
				t.Errorf("%s with the mark %s: recognised %v", name, what, got)
			}
		}
	}
}

func TestDataAfterTheModel(t *testing.T) {
	for name, content := range samples(t) {
		if got, err := read(append(bytes.Clone(content), make([]byte, 100)...)); err != nil || !strings.HasSuffix(got, "problem trailing") {
			t.Errorf("%s: error %v, visited:\n%s", name, err, got)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		whole, _ := read(content)
		for n := 8; n < len(content)-64; n += 5 {
			if got, err := read(content[:n]); err == nil && got == whole {
				t.Errorf("%s: the first %d bytes look whole", name, n)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		budget := limits.Default()
		budget.Ops = 1 << 13
		l, m := &log{}, &log{}
		err := ort.Read(format.BytesBlob(content), limits.NewBudget(budget), l)
		again := ort.Read(format.BytesBlob(content), limits.NewBudget(budget), m)
		if !cmp.Equal(l.lines, m.lines) || fmt.Sprint(err) != fmt.Sprint(again) {
			t.Errorf("two readings differ: %v and %v", err, again)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
