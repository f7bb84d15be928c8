package openvino_test

import (
	"errors"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	layout "github.com/picketsec/picket/artifact/format/openvino"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/openvino"
	detectxml "github.com/picketsec/picket/detect/model/xml"
)

func formats() []format.Format {
	return append([]format.Format{layout.Format{}, xml.Format{}}, known.Formats()...)
}

// scan scans a graph beside its weights.
func scan(t *testing.T, doc string, weights []byte) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: "folder/m.xml", Blob: format.BytesBlob([]byte(doc)),
		Sibling: func(name string) (*format.Blob, error) {
			if name == "m.bin" && weights != nil {
				return format.BytesBlob(weights), nil
			}
			return nil, errors.New("no such file")
		}}, formats(), openvino.Detector{}, detectxml.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.openvino.") }

// graph wraps layers.
func graph(layers string) string {
	return `<?xml version="1.0"?><net name="m" version="11"><layers>` + layers + `</layers><edges/></net>`
}

const input = `<layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,4" element_type="f32"/></layer>`

func constant(data string) string {
	return graph(`<layer id="1" name="c" type="Const" version="opset1"><data ` + data + `/></layer>`)
}

func TestFindings(t *testing.T) {
	for doc, want := range map[string]string{
		graph(input): "",
		constant(`element_type="f32" shape="2, 2" offset="0" size="16"`):                                                                                                                "",
		constant(`element_type="u4" shape="3" offset="0" size="2"`):                                                                                                                     "",
		constant(`element_type="f32" shape="" offset="60" size="4"`):                                                                                                                    "",
		constant(`element_type="f32" shape="2, 2" offset="64" size="16"`):                                                                                                               "weights-bounds",
		constant(`element_type="f32" shape="2, 2" offset="0" size="8"`):                                                                                                                 "weights-bounds",
		constant(`element_type="f32" shape="4294967296,4294967296" offset="0" size="16"`):                                                                                               "weights-bounds",
		constant(`element_type="f32" shape="2" offset="-8" size="8"`):                                                                                                                   "weights-bounds",
		constant(`element_type="f32" shape="2" offset="18446744073709551608" size="8"`):                                                                                                 "weights-bounds",
		constant(`element_type="object" shape="2" offset="0" size="8"`):                                                                                                                 "weights-bounds",
		graph(`<layer name="e" type="Evil" version="extension"/>`):                                                                                                                      "custom-layer",
		graph(`<layer name="e" type="Python"/>`):                                                                                                                                        "custom-layer",
		graph(`<layer name="l" type="Loop" version="opset5"><body><layers><layer name="e" type="Evil" version="opset1"/></layers></body></layer>`):                                      "custom-layer",
		graph(`<layer name="t" type="BPETokenizer" version="extension"/>`):                                                                                                              "",
		graph(`<layer name="e" type="Relu" version="opset1"><data impl="libevil.so"/></layer>`):                                                                                         "native-library",
		graph(`<layer name="e" type="Relu" version="opset1"><data path="../../x"/></layer>`):                                                                                            "path-escape",
		graph(input + `<rt><rt_info><note value="x; __import__('os')"/></rt_info></rt>`):                                                                                                "model.text.code",
		`<ie><plugins><plugin name="CPU" location="/tmp/libx.so"/></plugins></ie>`:                                                                                                      "native-library",
		`<CustomLayer name="x" type="SimpleGPU"><Kernel><Source filename="x.cl"/></Kernel></CustomLayer>`:                                                                               "custom-kernel",
		`<net name="m" version="11"><layers/><rt_info><chat_template value="{{ ''.__class__.__mro__ }}"/></rt_info></net>`:                                                              "model.template.code-execution",
		`<net name="m" version="11"><layers/><rt_info><chat_template>{% for m in messages %}{{ m.content }}{% endfor %}</chat_template><path value="/home/me/m.onnx"/></rt_info></net>`: "",
	} {
		r := scan(t, doc, make([]byte, 64))
		if got := ids(r); got != want {
			t.Errorf("%s: got %q, want %q", doc, got, want)
		}
		if (want == "") != (r.Verdict == picket.Clean) {
			t.Errorf("%s: verdict %v, gaps %v", doc, r.Verdict, r.Coverage.Gaps)
		}
	}
}

func TestMissingWeights(t *testing.T) {
	doc := constant(`element_type="f32" shape="2" offset="0" size="8"`)
	if r := scan(t, doc, nil); ids(r) != "weights-missing" || r.Verdict != picket.Clean {
		t.Errorf("%v %s", r.Verdict, ids(r))
	}
	if r := scan(t, graph(input), nil); ids(r) != "" {
		t.Errorf("a graph without constants: %s", ids(r))
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, openvino.Detector{}, formats(), map[string][]byte{
		"graph": []byte(graph(input + `<layer name="e" type="Evil"><data path="/x.so" offset="1" size="x"/></layer>`))})
}
