package tfjs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tfjs"
	"github.com/picketsec/picket/internal/limits"
)

const sample = `{"format":"layers-model","generatedBy":"keras v2","modelTopology" : {"model_config":{"class_name":"Sequential","config":[]}},
"weightsManifest":[{"paths":["a.bin","b.bin"],"weights":[{"name":"k","shape":[2,3],"dtype":"float32"},
{"name":"q","shape":[5],"dtype":"float32","quantization":{"dtype":"uint8","scale":1}},{"name":"t","shape":[1.5],"dtype":"string"}]}]}`

// read writes what a document holds as text.
func read(content string) (string, tfjs.Model, error) {
	m, err := tfjs.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
	out := fmt.Sprint(m.Kind, len(m.Graphs), len(m.Texts))
	for _, g := range m.Groups {
		for _, p := range g.Paths {
			out += " " + p.String()
		}
		for _, w := range g.Weights {
			n, ok := w.Bytes()
			out += fmt.Sprintf(" %s:%s:%v:%v:%d:%v", w.Name, w.Type, w.Dims, w.Bad, n, ok)
		}
	}
	return out, m, err
}

func TestRead(t *testing.T) {
	got, m, err := read(sample)
	if want := "layers-model0 1 a.bin b.bin k:float32:[2 3]:false:24:true q:uint8:[5]:false:5:true t:string:[0]:true:0:false"; got != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	topology, err := tfjs.Value(format.BytesBlob([]byte(sample)), m.Topology)
	if err != nil {
		t.Fatal(err)
	}
	in, err := topology.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if want := ` {"model_config":{"class_name":"Sequential","config":[]}}`; string(text) != want || err != nil {
		t.Errorf("the topology is %q (%v), want %q", text, err, want)
	}
	got, _, err = read(`[{"weights":[{"name":"x","shape":[1,-4],"dtype":"int32"}],"paths":["../x"]}]`)
	if want := "0 0 ../x x:int32:[1 -4]:false:0:false"; got != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	got, _, err = read(`{"modelTopology":{"node":[]},"modelInitializer":{"library":{}}}`)
	if want := "2 0"; got != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	if _, _, err := read(`{"modelTopology":`); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a cut document: %v", err)
	}
}

// match reports whether a document is recognised.
func match(content string) bool {
	b := []byte(content)
	return tfjs.Format{}.Match(format.Probe{Head: b[:min(len(b), format.HeadSize)], Tail: b[max(0, len(b)-format.TailSize):], Size: int64(len(b)), Blob: format.BytesBlob(b)})
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{
		sample: true, `[{"weights":[{"dtype":"int32"}],"paths":[]}]`: true, `{"modelTopology":{}}`: true, `{"weightsManifest":[]}`: true,
		`{"format":"graph-model","x":"` + strings.Repeat("y", 200_000) + `","weightsManifest":[]}`: true,
		`{"x":{"modelTopology":{}}}`: false, `{"a":"modelTopology"}`: false, `[1]`: false, `{}`: false, ``: false, `{"modelTopology"`: false,
	} {
		if got := match(content); got != want {
			t.Errorf("%.60s: %v, want %v", content, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, content string) {
		match(content)
		first, m, err := read(content)
		if second, _, _ := read(content); first != second {
			t.Errorf("two readings differ: %q and %q", first, second)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		if err == nil && m.Topology != nil {
			_, err := tfjs.Value(format.BytesBlob([]byte(content)), m.Topology)
			if err != nil && !errors.Is(err, format.ErrMalformed) {
				t.Errorf("unexpected error %v", err)
			}
		}
	})
}
