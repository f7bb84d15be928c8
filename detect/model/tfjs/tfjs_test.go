package tfjs_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/known"
	formats "github.com/picketsec/picket/artifact/format/tfjs"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	detectkeras "github.com/picketsec/picket/detect/model/keras"
	"github.com/picketsec/picket/detect/model/tfjs"
)

func all() []format.Format {
	return append([]format.Format{formats.Format{}, keras.Config{}, json.Format{}}, known.Formats()...)
}

// scan scans a file of a folder.
func scan(t *testing.T, name string, files map[string]string) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: name, Blob: format.BytesBlob([]byte(files[name])),
		Sibling: detecttest.Beside(files)}, all(), tfjs.Detector{}, detectkeras.New())
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.tfjs.") }

// manifest is a document of one weight of 8 bytes in a file.
func manifest(path, shape, more string) string {
	return `{"format":"layers-model","weightsManifest":[{"paths":["` + path + `"],"weights":[{"name":"k","shape":` + shape + `,"dtype":"float32"}]}]` + more + `}`
}

// graph is a document with a graph of one operation.
func graph(op string) string {
	return `{"format":"graph-model","modelTopology":{"node":[{"name":"n","op":"` + op + `"}],"library":{"function":[{"signature":{"name":"f"},"nodeDef":[{"name":"i","op":"Identity"}]}]},"versions":{}},"weightsManifest":[]}`
}

func TestDocuments(t *testing.T) {
	const lambda = `,"modelTopology":{"model_config":{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMI",null,null],"function_type":"lambda"}}]}}}`
	for document, want := range map[string]string{
		manifest("w.bin", "[2]", ""):                           "",
		manifest("../w.bin", "[2]", ""):                        "weights-path",
		manifest("/etc/passwd", "[2]", ""):                     "weights-path",
		manifest("https://127.0.0.1/w.bin", "[2]", ""):         "weights-path",
		manifest("w.bin", "[3]", ""):                           "weights-size",
		manifest("w.bin", "[-3]", ""):                          "weights-size",
		manifest("w.bin", "[1099511627776,1099511627776]", ""): "weights-size",
		manifest("w.bin", `"x"`, ""):                           "weights-size",
		manifest("other.bin", "[2]", ""):                       "weights-missing",
		graph("Identity"):                                      "",
		graph("f"):                                             "",
		graph("ReadFile"):                                      "operation-effect",
		graph("PyFunc"):                                        "operation-effect",
		graph("Evil"):                                          "custom-operation",
		strings.Replace(graph("f"), "Identity", "Evil", 1):     "custom-operation",
		strings.Replace(graph("f"), "modelTopology", "modelInitializer", 1):           "",
		`[{"paths":["../w"],"weights":[{"name":"k","shape":[2],"dtype":"float32"}]}]`: "weights-path",
	} {
		r := scan(t, "model.json", map[string]string{"model.json": document, "w.bin": "12345678"})
		if got := ids(r); got != want || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: got %q, want %q (%v)", document, got, want, r.Coverage.Gaps)
		}
	}
	r := scan(t, "model.json", map[string]string{"model.json": manifest("w.bin", "[2]", lambda), "w.bin": "12345678"})
	if !strings.Contains(ids(r), "model.keras.") || r.Verdict == picket.Clean {
		t.Errorf("a Lambda layer: %q %v %v", ids(r), r.Verdict, r.Coverage)
	}
}

func TestWeightsAreDescribed(t *testing.T) {
	noise := "\x00\x01\x02\x03\xff\xfe\xfd\xfc"
	list := `[{"paths":["x-shard1"],"weights":[{"name":"k","shape":[2],"dtype":"float32"}]}]`
	for name, c := range map[string]struct {
		file  string
		files map[string]string
		want  picket.Verdict
	}{
		"honest":     {"w.bin", map[string]string{"w.bin": noise, "model.json": manifest("w.bin", "[2]", "")}, picket.Clean},
		"list":       {"x-shard1", map[string]string{"x-shard1": noise, "x-weights_manifest.json": list}, picket.Clean},
		"longer":     {"w.bin", map[string]string{"w.bin": noise + "\x00", "model.json": manifest("w.bin", "[2]", "")}, picket.Unsupported},
		"not listed": {"v.bin", map[string]string{"v.bin": noise, "w.bin": noise, "model.json": manifest("w.bin", "[2]", "")}, picket.Unsupported},
		"broken":     {"w.bin", map[string]string{"w.bin": noise, "model.json": "{"}, picket.Unsupported},
		"alone":      {"w.bin", map[string]string{"w.bin": noise}, picket.Unsupported},
	} {
		var results []picket.Result
		for file := range c.files {
			results = append(results, scan(t, file, c.files))
		}
		detect.Settle(results)
		for _, r := range results {
			if r.Artifact.Name == c.file && r.Verdict != c.want {
				t.Errorf("%s: %v, want %v", name, r.Verdict, c.want)
			}
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, tfjs.Detector{}, []format.Format{formats.Format{}, json.Format{}}, map[string][]byte{
		"path": []byte(manifest("../w.bin", "[2]", "")), "graph": []byte(graph("PyFunc"))})
}
