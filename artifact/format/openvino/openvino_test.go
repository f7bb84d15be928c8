package openvino_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/openvino"
	"github.com/picketsec/picket/internal/limits"
)

// read lists what a visitor sees, but for plain attributes of layers.
func read(doc []byte) (list []string, err error) {
	add := func(form string, args ...any) { list = append(list, fmt.Sprintf(form, args...)) }
	err = openvino.Read(format.BytesBlob(doc), limits.NewBudget(limits.Default()), openvino.Visitor{
		Layer: func(l openvino.Layer) { add("layer %s %s %s %v", l.Name, l.Type, l.Version, l.Known()) },
		Weights: func(w openvino.Weights) {
			n, ok := w.Bytes()
			add("weights %s %d+%d %v %d %v", w.Layer, w.Start, w.Size, w.Bad, n, ok)
		},
		Attr: func(a openvino.Attr) {
			if a.Note {
				add("note %s %s %q", a.Element, a.Name, a.Value)
			}
		},
		Plugin: func(name, location string, _ int64) { add("plugin %s %s", name, location) },
		Kernel: func(file string, _ int64) { add("kernel %s", file) },
	})
	return list, err
}

const small = `<?xml version="1.0"?>
<net name="m" version="11"><layers>
<layer id="0" name="c" type="Const" version="opset1"><data element_type="f32" shape="2, 3" offset="64" size="24"/><output><port id="0"><dim>2</dim></port></output></layer>
<layer id="1" name="loop" type="If" version="opset8"><then_body><layers><layer id="0" name="e" type="Evil" version="mine"/></layers></then_body>
<rt_info><attribute name="fused_names" version="0" value="a,b"/></rt_info></layer>
<layer name="crop" type="Crop"><data offset="1" size="5"/></layer>
<layer name="fc" type="FullyConnected"><blobs><weights offset="9" size="9223372036854775807"/></blobs></layer>
</layers><rt_info><labels value="cat"/><text>hello</text></rt_info></net>`

func TestRead(t *testing.T) {
	got, err := read([]byte(small))
	want := []string{"layer c Const opset1 true", "weights c 64+24 false 24 true", "layer loop If opset8 true", "layer e Evil mine false",
		`note attribute name "fused_names"`, `note attribute version "0"`, `note attribute value "a,b"`, "layer crop Crop  true",
		"layer fc FullyConnected  true", "weights fc 9+4611686018427387903 true 0 false", `note labels value "cat"`, `note text  "hello"`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestConfigurations(t *testing.T) {
	for doc, want := range map[string]string{
		`<ie><plugins><plugin name="CPU" location="libx.so"/></plugins></ie>`:                                       "[plugin CPU libx.so]",
		`<CustomLayer name="x" type="SimpleGPU"><Kernel entry="e"><Source filename="x.cl"/></Kernel></CustomLayer>`: "[kernel x.cl]",
	} {
		got, err := read([]byte(doc))
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("%s: %v (%v)", doc, got, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for doc, want := range map[string]bool{
		small: true, `<net name="x" version="10"><layers/></net>`: true, `<Net><layers/></Net>`: true, `<ie><plugins/></ie>`: true,
		`<net><head/></net>`: false, `<ie/>`: false, `<PMML/>`: false, `<CustomLayer type="SimpleGPU"/>`: true, `<html/>`: false,
	} {
		if got := (openvino.Format{}).Match(format.Probe{Head: []byte(doc), Size: int64(len(doc))}); got != want {
			t.Errorf("Match(%.40q) is %v", doc, got)
		}
	}
}

func TestKnown(t *testing.T) {
	for _, c := range []struct {
		typ, version string
		want         bool
	}{
		{"Convolution", "opset1", true}, {"ReLU", "opset16", true}, {"Relu", "opset1", true}, {"Convolution", "opset0", false}, {"Convolution", "opsetx", false},
		{"Convolution", "custom", false}, {"Evil", "opset1", false}, {"Evil", "", false}, {"ScaleShift", "", true}, {"BPETokenizer", "extension", true},
		{"Evil", "extension", false}, {"Custom", "experimental", false},
	} {
		if got := (openvino.Layer{Type: c.typ, Version: c.version}).Known(); got != c.want {
			t.Errorf("%s of %q: known %v", c.typ, c.version, got)
		}
	}
}

func TestEveryTruncationIsMalformed(t *testing.T) {
	for n := range len(small) {
		if _, err := read([]byte(small[:n])); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`<ie><plugins><plugin name="CPU" location="libx.so"/></plugins></ie>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := read(doc)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if second, _ := read(doc); !cmp.Equal(first, second) {
			t.Fatal("two readings differ")
		}
	})
}
