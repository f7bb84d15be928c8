package mxnet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	layout "github.com/picketsec/picket/artifact/format/mxnet"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/mxnet"
)

func formats() []format.Format {
	return []format.Format{layout.Symbol{}, layout.Format{}, json.Format{}}
}

// symbol makes a graph of one node behind its input.
func symbol(node string) string {
	return `{"nodes":[{"op":"null","name":"data","inputs":[]},` + node + `],"arg_nodes":[0],"heads":[[1,0,0]]}`
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.mxnet.") }

func TestFindings(t *testing.T) {
	relu := `{"op":"Activation","name":"r","attrs":{"act_type":"relu"},"inputs":[[0,0,0]]}`
	for doc, want := range map[string]string{
		symbol(relu): "",
		symbol(`{"op":"Custom","name":"c","attrs":{"op_type":"evil"},"inputs":[[0,0,0]]}`):                         "custom-operator",
		symbol(`{"op":"_Native","name":"c","attrs":{"info":"0x41414141"},"inputs":[[0,0,0]]}`):                     "native-pointer",
		symbol(`{"op":"_picket","name":"c","inputs":[[0,0,0]]}`):                                                   "unknown-operator",
		symbol(`{"op":"_cvimread","name":"c","attrs":{"filename":"/etc/passwd"},"inputs":[]}`):                     "model.text.path unknown-operator",
		symbol(`{"op":"relu","name":"c","inputs":[[7,0,0]]}`):                                                      "graph",
		symbol(`{"op":"relu","name":"c","inputs":[[1,0,0]]}`):                                                      "graph",
		symbol(`{"op":"relu","name":"c","inputs":[[-1,0,0]]}`):                                                     "graph",
		symbol(`{"op":"relu","name":"c","inputs":[],"subgraphs":[` + symbol(`{"op":"Custom","inputs":[]}`) + `]}`): "custom-operator",
		symbol(`{"op":"relu","name":"c","attr":{"x":"__import__('os')"},"inputs":[]}`):                             "model.text.code",
		`{"nodes":[` + relu[:0] + `],"arg_nodes":[3],"heads":[]}`:                                                  "graph",
	} {
		r := detecttest.Run(t, []byte(doc), formats(), mxnet.New())
		if got := ids(r); got != want {
			t.Errorf("%s: got %q, want %q", doc, got, want)
		}
		if want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed != int64(len(doc))) {
			t.Errorf("%s: %v %+v", doc, r.Verdict, r.Coverage)
		}
	}
}

func TestFilesOfMXNet(t *testing.T) {
	for _, name := range []string{"mlp-symbol.json", "cond-symbol.json", "mlp-0000.params", "sparse.params"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "artifact", "format", "mxnet", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if r := detecttest.Run(t, content, formats(), mxnet.New()); r.Verdict != picket.Clean || ids(r) != "" {
			t.Errorf("%s: %v %s %+v", name, r.Verdict, ids(r), r.Coverage)
		}
		if strings.HasSuffix(name, ".params") {
			if r := detecttest.Run(t, append(content, "more"...), formats(), mxnet.New()); ids(r) != "trailing-data" {
				t.Errorf("%s with more: %v", name, ids(r))
			}
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, mxnet.New(), formats()[:1], map[string][]byte{"symbol": []byte(symbol(`{"op":"Custom","name":"c","inputs":[[9,0,0]]}`))})
}
