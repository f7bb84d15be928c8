package onnx_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
	formatonnx "github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/ort"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/onnx"
	detectpickle "github.com/picketsec/picket/detect/model/pickle"
	detectzip "github.com/picketsec/picket/detect/model/zip"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

func formats() []format.Format {
	return append([]format.Format{formatonnx.Format{}, ort.Format{}, pickle.Format{}, zip.New()}, executable.New()...)
}

func detectors() []detect.Detector {
	return []detect.Detector{onnx.New(), detectpickle.New(detectpickle.Config{}), detectzip.New()}
}

// files reads the models that a pattern names.
func files(t testing.TB, pattern string, least int) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) < least {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// ids lists the rules that fired.
func ids(r picket.Result) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, strings.TrimPrefix(f.Rule.ID, "model.onnx."))
	}
	return list
}

// rules says which rule each hostile sample must raise; by name, else by the group.
var rules = map[string]string{
	"onnx-operator": "unknown-operator", "onnx-external-data": "external-data-path", "onnx-tensor": "tensor-size", "onnx-bomb": "shape-bomb",
	"onnx-text": "model.text.code", "onnx-encoding": "python-operator",

	"onnx-pyop": "python-operator", "onnx-python-op": "python-operator", "onnx-pyop-in-branch": "python-operator",
	"onnx-pyop-in-function": "python-operator", "onnx-pyop-in-training": "python-operator", "onnx-azure": "network-operator",
	"onnx-openai": "network-operator", "onnx-image-reader": "file-operator", "onnx-ep-context-bytes": "compiled-program",
	"onnx-ep-context-unknown": "compiled-program", "onnx-ep-context-path": "external-data-path", "onnx-plugin-library": "native-library",
	"onnx-metadata-library": "native-library", "onnx-shadowed-relu": "shadowed-operator",

	"onnx-external-memory": "memory-address", "onnx-external-memory-native": "memory-address", "onnx-external-key-class": "external-data-key",
	"onnx-external-key-dict": "external-data-key", "onnx-external-key-unknown": "external-data-key", "onnx-external-offset-twice": "external-data-range",
	"onnx-external-offset-negative": "external-data-range", "onnx-external-length-huge": "tensor-size", "onnx-external-length-text": "external-data-range",
	"onnx-external-no-location": "external-data-range", "onnx-external-beyond-end": "external-data-range", "onnx-external-short-file": "external-data-range",
	"onnx-external-and-raw": "tensor-size",

	"onnx-tensor-negative": "shape-bomb", "onnx-tensor-overflow": "shape-bomb", "onnx-tensor-huge": "shape-bomb", "onnx-tensor-twice": "duplicate-name",
	"onnx-output-twice": "duplicate-name", "onnx-tensor-pickle": "model.pickle.code-execution", "onnx-tensor-zip": "", "onnx-tensor-elf": "unused-tensor",

	"ort-pyop.ort": "python-operator", "ort-pyop-in-branch.ort": "python-operator", "ort-custom-domain.ort": "unknown-operator",
	"ort-azure.ort": "network-operator", "ort-tensor-long.ort": "tensor-size", "ort-tensor-overflow.ort": "shape-bomb", "ort-tensor-pickle.ort": "model.pickle.code-execution",
	"ort-tensor-twice.ort": "duplicate-name", "ort-bomb.ort": "shape-bomb", "ort-text-code.ort": "model.text.code", "ort-text-tensor.ort": "model.text.code",
	"ort-trailing-pickle.ort": "trailing-data", "ort-compiled.ort": "compiled-program", "ort-no-graph.ort": "", "ort-length-lie.ort": "",

	"onnx-bomb-nested": "nesting-bomb", "onnx-bomb-self-call": "nesting-bomb", "onnx-bomb-laughs": "nesting-bomb",

	"onnx-text-pickle": "model.pickle.code-execution", "onnx-text-binary-argument": "model.pickle.code-execution", "onnx-text-markup": "model.text.markup",
	"onnx-text-path": "model.text.path", "onnx-text-escape": "model.text.terminal-escape", "onnx-text-node-escape": "model.text.terminal-escape",

	"onnx-encoding-two-graphs": "repeated-field", "onnx-encoding-operator-twice": "repeated-field", "onnx-encoding-hidden-field": "model.pickle.code-execution",
	"onnx-encoding-withdrawn-field": "model.pickle.code-execution", "onnx-encoding-trailing-zeros": "trailing-data", "onnx-encoding-trailing-pickle": "trailing-data",
	"onnx-encoding-trailing-zip": "trailing-data", "onnx-encoding-cut": "", "onnx-encoding-length-lie": "", "onnx-encoding-bare-pickle": "model.pickle.code-execution",
}

// samples are the hostile models.
func samples() (list []hostile.Sample) {
	for _, s := range hostile.Samples() {
		if strings.HasPrefix(s.Group, "onnx-") {
			list = append(list, s)
		}
	}
	return list
}

// scan scans a model with files beside it.
func scan(t testing.TB, content []byte, beside map[string][]byte) picket.Result {
	t.Helper()
	set, err := detect.NewSet(formats(), detectors())
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(), detect.Entry{Name: "sample", Blob: format.BytesBlob(content),
		Sibling: func(name string) (*format.Blob, error) {
			if b, ok := beside[name]; ok {
				return format.BytesBlob(b), nil
			}
			return nil, os.ErrNotExist
		}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHostile(t *testing.T) {
	list := samples()
	if len(list) < 80 {
		t.Errorf("%d samples", len(list))
	}
	for _, s := range list {
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		want, own := rules[strings.TrimSuffix(s.Name, ".onnx")]
		if !own {
			want = rules[s.Group]
		}
		r := scan(t, content, s.Beside)
		if r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable || want != "" && !slices.Contains(ids(r), want) {
			t.Errorf("%s: want %s, got %v and %v, gaps %v", s.Name, want, r.Verdict, ids(r), r.Coverage.Gaps)
		}
		if want == "python-operator" && r.Verdict != picket.Malicious {
			t.Errorf("%s calls Python and is %v", s.Name, r.Verdict)
		}
	}
}

func TestGatedOutputs(t *testing.T) {
	for name, content := range files(t, "testdata/gated/*.onnx", 10) {
		r := scan(t, content, nil)
		if !slices.Contains(ids(r), "gated-output") || r.Verdict != picket.Clean {
			t.Errorf("%s: %v and %v", name, r.Verdict, ids(r))
		}
		for _, f := range r.Findings {
			if f.Rule.ID == "model.onnx.gated-output" && (f.Subject != "y" || f.Confidence != picket.Possible) {
				t.Errorf("%s: the finding is about %q, %s", name, f.Subject, f.Confidence)
			}
		}
	}
}

func TestPlainModelsHaveNoFinding(t *testing.T) {
	for _, pattern := range []string{"testdata/plain/*.onnx", "../../../artifact/format/onnx/testdata/*.onnx"} {
		for name, content := range files(t, pattern, 2) {
			r := scan(t, content, nil)
			if len(r.Findings) > 0 || r.Verdict != picket.Clean {
				t.Errorf("%s: %v and %v, gaps %v", name, r.Verdict, ids(r), r.Coverage.Gaps)
			}
			if r.Coverage.Parsed+r.Coverage.Opaque != int64(len(content)) {
				t.Errorf("%s: %d parsed and %d opaque of %d bytes", name, r.Coverage.Parsed, r.Coverage.Opaque, len(content))
			}
		}
	}
}

func TestFilesBesideTheModel(t *testing.T) {
	content := files(t, "testdata/external/model.onnx", 1)["testdata/external/model.onnx"]
	for name, c := range map[string]struct {
		beside map[string][]byte
		want   []string
	}{
		"whole":   {map[string][]byte{"model.data": make([]byte, 256)}, nil},
		"larger":  {map[string][]byte{"model.data": make([]byte, 4096)}, nil},
		"smaller": {map[string][]byte{"model.data": make([]byte, 255)}, []string{"external-data-range"}},
		"missing": {nil, []string{"external-data-missing"}},
	} {
		if got := ids(scan(t, content, c.beside)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if r := detecttest.Run(t, content, formats(), detectors()...); len(r.Findings) > 0 {
		t.Errorf("without a folder: %v", ids(r))
	}
}

func TestAccept(t *testing.T) {
	all := files(t, "testdata/*/where.onnx", 1)
	for i, s := range samples() {
		if content, err := s.Build(); err == nil && i%4 == 0 && len(content) < 4096 {
			all[s.Name] = content
		}
	}
	detecttest.Accept(t, onnx.New(), []format.Format{formatonnx.Format{}}, all)
}
