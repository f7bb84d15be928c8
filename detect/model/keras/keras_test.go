package keras_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	detecthdf5 "github.com/picketsec/picket/detect/model/hdf5"
	detectkeras "github.com/picketsec/picket/detect/model/keras"
	detectpickle "github.com/picketsec/picket/detect/model/pickle"
	detectzip "github.com/picketsec/picket/detect/model/zip"
	"github.com/picketsec/picket/internal/testkit/hostile"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// formats and detectors are what a Keras model is inspected with.
func formats() []format.Format {
	return []format.Format{keras.Archive{}, keras.H5{}, keras.Config{}, hdf5.Format{}, json.Format{}, pickle.Format{}, zip.New()}
}

func detectors() []detect.Detector {
	return []detect.Detector{detectkeras.New(), detecthdf5.Detector{}, detectpickle.New(detectpickle.Config{}), detectzip.New()}
}

// rulesOf lists the rules that fired, each once.
func rulesOf(r picket.Result) []string {
	var ids []string
	for _, f := range r.Findings {
		if id := strings.TrimPrefix(f.Rule.ID, "model.keras."); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// layer is a configuration with one layer of Keras 3.
func layer(module, class, config string) string {
	return `{"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "` + module + `", "class_name": "` + class +
		`", "config": ` + config + `, "registered_name": null}]}, "registered_name": null}`
}

// named is a configuration whose Lambda layer calls a function by its name.
func named(module, name string) string {
	return layer("keras.layers", "Lambda", `{"function": {"module": "`+module+`", "class_name": "function", "config": "`+name+`", "registered_name": "`+name+`"}}`)
}

func TestConfigurations(t *testing.T) {
	const execution, custom, foreign = "code-execution", "custom-object", "foreign-module"
	for name, c := range map[string]struct{ config, want string }{
		"a layer":                                 {layer("keras.layers", "Dense", `{"units": 3, "activation": "relu"}`), ""},
		"a layer by its inner module":             {layer("keras.src.layers.core.dense", "Dense", `{}`), ""},
		"a layer of Keras 2":                      {`{"class_name": "Dense", "config": {"units": 3, "activation": "tanh", "kernel_initializer": {"class_name": "GlorotUniform", "config": {}}}}`, ""},
		"a layer of tf_keras":                     {layer("tf_keras.src.layers.rnn.lstm", "LSTM", `{}`), ""},
		"a layer of an old TensorFlow":            {layer("tensorflow.python.keras.layers.core", "Dense", `{}`), ""},
		"an operation":                            {layer("keras.src.ops.numpy", "Multiply", `{}`), ""},
		"a schedule":                              {layer("keras.optimizers.schedules", "CosineDecay", `{}`), ""},
		"a function of Keras":                     {named("builtins", "relu"), ""},
		"a loss by its name":                      {`{"class_name": "Sequential", "config": {}, "compile_config": {"loss": {"out": "mse"}, "metrics": [["mae"], null]}}`, ""},
		"a layer of one's own":                    {layer("acme.layers", "Scale", `{}`), custom},
		"a layer of one's own, unqualified":       {`{"class_name": "acme>Scale", "config": {}}`, custom},
		"a function of one's own":                 {named("builtins", "my_scale"), custom},
		"a function of the main program":          {named("__main__", "my_scale"), custom},
		"an activation of one's own":              {layer("keras.layers", "Dense", `{"activation": "my_activation"}`), custom},
		"a loss of one's own":                     {`{"class_name": "Sequential", "config": {}, "compile_config": {"loss": "my_loss"}}`, custom},
		"an unknown layer of Keras":               {layer("keras.layers", "NewInKeras4", `{}`), custom},
		"a layer of an extension":                 {layer("keras_hub.src.models.bert", "BertBackbone", `{}`), "extension"},
		"a function of an extension":              {named("keras_hub.utils", "run"), foreign},
		"os.system":                               {named("os", "system"), execution},
		"eval":                                    {named("builtins", "eval"), execution},
		"a harmless function of Python":           {named("math", "sqrt"), foreign},
		"a function of a library":                 {named("acme.tools", "run"), foreign},
		"a class of Python":                       {layer("subprocess", "Popen", `{}`), execution},
		"get_file":                                {named("keras.utils", "get_file"), execution},
		"get_file of tensorflow.keras":            {named("tensorflow.keras.utils", "get_file"), execution},
		"get_file as a class":                     {layer("keras.utils", "get_file", `{}`), execution},
		"safe mode off":                           {named("keras.src.saving.serialization_lib", "enable_unsafe_deserialization"), execution},
		"a callback":                              {layer("keras.callbacks", "LambdaCallback", `{}`), "unsafe-callable"},
		"another function of Keras":               {named("keras.src.utils.io_utils", "print_msg"), "unsafe-callable"},
		"a module that Keras has not":             {layer("keras.src.layers.evil", "Dense", `{}`), "impostor"},
		"a class with a module in its name":       {`{"class_name": "keras.layers.Dense", "config": {}}`, custom + " impostor"},
		"a package that begins like Keras":        {layer("kerasx.layers", "Dense", `{}`), custom},
		"a package that begins like TensorFlow's": {layer("tensorflow.kerasx.layers", "Dense", `{}`), foreign},
		"two names":                               {strings.Replace(layer("keras.layers", "Dense", `{}`), `"registered_name": null`, `"registered_name": "evil>Dense2"`, 1), "name-conflict"},
		"one name twice":                          {strings.Replace(layer("keras.layers", "Dense", `{}`), `"registered_name": null`, `"registered_name": "Dense"`, 1), ""},
		"a key twice":                             {`{"class_name": "Lambda", "class_name": "Dense", "config": {}}`, "name-conflict"},
		"a vocabulary of words":                   {layer("keras.layers", "StringLookup", `{"vocabulary": ["/etc/passwd", "b"]}`), ""},
		"a vocabulary in a file":                  {layer("keras.layers", "StringLookup", `{"vocabulary": "words.txt"}`), "vocabulary-file"},
		"a SavedModel":                            {layer("keras.layers", "TFSMLayer", `{"filepath": "x"}`), "nested-model"},
		"an operation of TensorFlow":              {`{"class_name": "TFOpLambda", "config": {"function": "math.reduce_mean"}}`, ""},
		"an operation that reads":                 {`{"class_name": "TFOpLambda", "config": {"function": "io.read_file"}}`, "unsafe-operation"},
		"units beyond memory":                     {layer("keras.layers", "Dense", `{"units": 100000000000}`), "shape-bomb"},
		"a function by the name of no module":     {layer("keras.layers", "Lambda", `{"function": "my_function", "function_type": "function", "module": "__main__"}`), custom},
		"a function of os in a Lambda layer":      {`{"class_name": "Lambda", "config": {"function": "system", "function_type": "function", "module": "os"}}`, execution},
	} {
		r := detecttest.Run(t, []byte(c.config), formats(), detectors()...)
		if got := strings.Join(rulesOf(r), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// testdata are models of the last Keras 2.
func testdata(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, n := range names {
		if filepath.Ext(n) == ".py" {
			continue
		}
		if all[filepath.Base(n)], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 12 {
		t.Fatalf("%d models", len(all))
	}
	return all
}

func TestModelsOfKeras2(t *testing.T) {
	for name, content := range testdata(t) {
		want := map[string]string{"custom": "custom-object", "lambda": "lambda"}[strings.Split(name, ".")[0]]
		r := detecttest.Run(t, content, formats(), detectors()...)
		if got := strings.Join(rulesOf(r), " "); got != want || len(r.Coverage.Gaps)+len(r.Coverage.Unsupported) > 0 {
			t.Errorf("%s: %q, want %q; %+v", name, got, want, r.Coverage)
		}
	}
}

func TestBytecodeIsExplained(t *testing.T) {
	for _, s := range hostile.Samples() {
		if s.Name != "keras-lambda-v3.keras" && s.Name != "keras-lambda-v2.h5" {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		r := detecttest.Run(t, content, formats(), detectors()...)
		if len(r.Findings) == 0 || !strings.Contains(r.Findings[0].Evidence.Summary, "system") || !strings.Contains(strings.Join(r.Trace, "\n"), "echo picket") {
			t.Errorf("%s: %+v\n%v", s.Name, r.Findings, r.Trace)
		}
		if legacy := strings.HasSuffix(s.Name, ".h5"); strings.Contains(r.Findings[0].Technique, "CVE-2025-9905") != legacy {
			t.Errorf("%s: technique %s", s.Name, r.Findings[0].Technique)
		}
		offset := r.Findings[0].Location.Offset
		if strings.HasSuffix(s.Name, ".h5") && string(content[offset+1:offset+5]) != "4wEA" {
			t.Errorf("%s: no bytecode at %d", s.Name, offset)
		}
	}
}

func TestConfigurationsInOtherEncodings(t *testing.T) {
	text := `{"class_name": "Lambda", "config": {"function": "system", "function_type": "function", "module": "os"}}`
	for name, encode := range map[string]func(rune) []byte{
		"UTF-16 LE": func(r rune) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(r)) },
		"UTF-16 BE": func(r rune) []byte { return binary.BigEndian.AppendUint16(nil, uint16(r)) },
		"UTF-32 LE": func(r rune) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(r)) },
		"UTF-32 BE": func(r rune) []byte { return binary.BigEndian.AppendUint32(nil, uint32(r)) },
		"UTF-8":     func(r rune) []byte { return []byte(string(r)) },
	} {
		for _, mark := range []string{"", "\ufeff"} {
			var b []byte
			for _, r := range mark + text {
				b = append(b, encode(r)...)
			}
			content, err := rawzip.Archive{Entries: []rawzip.Entry{{Name: "config.json", Data: b}}}.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if r := detecttest.Run(t, content, formats(), detectors()...); r.Verdict != picket.Malicious {
				t.Errorf("%s with the mark %q is %s: %v", name, mark, r.Verdict, r.Coverage.Gaps)
			}
		}
	}
}

func TestNoHostileSampleIsClean(t *testing.T) {
	count := 0
	for _, s := range hostile.Samples() {
		if !strings.HasPrefix(s.Group, "keras-") {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		count++
		if r := detecttest.Run(t, content, formats(), detectors()...); r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Errorf("%s is %s: %v", s.Name, r.Verdict, rulesOf(r))
		}
	}
	if count < 80 {
		t.Errorf("%d samples", count)
	}
}

func TestAcceptance(t *testing.T) {
	samples := map[string][]byte{}
	for name, content := range testdata(t) {
		if strings.HasPrefix(name, "lambda") {
			samples[name] = content
		}
	}
	detecttest.Accept(t, detectkeras.New(), formats(), samples)
}

// FuzzConfiguration: no configuration makes the detector fail, or gives two answers.
func FuzzConfiguration(f *testing.F) {
	for _, s := range hostile.Samples() {
		if content, err := s.Build(); err == nil && strings.HasPrefix(s.Group, "keras-") && strings.HasSuffix(s.Name, ".json") {
			f.Add(content)
		}
	}
	for name, content := range testdata(f) {
		if strings.HasSuffix(name, ".json") {
			f.Add(content)
		}
	}
	f.Add([]byte(named("tensorflow.kerasx", "f")))
	f.Add([]byte(layer("keras.layers", "StringLookup", `{"vocabulary": "/etc/passwd", "units": 1e99}`)))
	f.Add([]byte(layer("keras.layers", "TorchModuleWrapper", `{"module": "gAJjcG9zaXgKc3lzdGVtCg=="}`)))
	every, all := formats(), detectors()
	f.Fuzz(func(t *testing.T, content []byte) {
		first := detecttest.Run(t, content, every, all...)
		if diff := cmp.Diff(first, detecttest.Run(t, content, every, all...)); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
		for _, gap := range first.Coverage.Gaps {
			if strings.Contains(gap.Reason, "internal error") {
				t.Fatal(gap.Reason)
			}
		}
		for _, finding := range first.Findings {
			if at := finding.Location.Offset; finding.Location.Member == "" && at > int64(len(content)) {
				t.Fatalf("%s at %d of %d", finding.Rule.ID, at, len(content))
			}
		}
	})
}
