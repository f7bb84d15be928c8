package skops_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/skops"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/skops"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

// archive is a file of skops with a schema.
func archive(t *testing.T, schema string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("schema.json")
	if err == nil {
		_, err = f.Write([]byte(schema))
	}
	if err != nil || w.Close() != nil {
		t.Fatalf("write archive: %v", err)
	}
	return b.Bytes()
}

// node is one object of a schema.
func node(loader, name, more string) string {
	i := strings.LastIndex(name, ".")
	return `{"__class__":"` + name[i+1:] + `","__module__":"` + name[:i] + `","__loader__":"` + loader + `"` + more + `}`
}

func TestFindings(t *testing.T) {
	text := node("JsonNode", "builtins.str", `,"content":"\"x\""`)
	for name, c := range map[string]struct{ schema, rules string }{
		"text":              {text, ""},
		"estimator":         {node("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression", `,"content":`+text), ""},
		"ufunc":             {node("FunctionNode", "numpy.log1p", ""), ""},
		"method":            {node("MethodNode", "sklearn.linear_model._logistic.LogisticRegression", `,"content":{"func":"predict","obj":`+node("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression", "")+`}`), ""},
		"system":            {node("FunctionNode", "os.system", ""), "code-execution"},
		"operator":          {node("OperatorFuncNode", "os.system", ""), "code-execution"},
		"methodcaller":      {node("OperatorFuncNode", "operator.methodcaller", ""), "code-execution"},
		"attrgetter":        {node("OperatorFuncNode", "operator.attrgetter", ""), "operator"},
		"method of another": {node("MethodNode", "builtins.str", `,"content":{"func":"x","obj":`+node("ObjectNode", "sklearn.svm._classes.SVC", "")+`}`), "code-execution"},
		"dunder":            {node("MethodNode", "builtins.str", `,"content":{"func":"__class__","obj":`+text+`}`), "code-execution"},
		"unknown":           {node("ObjectNode", "my_package.Model", ""), "unknown-type"},
		"close to known":    {node("ObjectNode", "sklearn.linear_model._logistic.LogisticRegressions", ""), "unknown-type"},
		"loader":            {node("OtherNode", "builtins.str", ""), "unknown-loader"},
		"mismatch":          {node("ListNode", "builtins.dict", ""), "node-mismatch"},
		"twice":             {node("JsonNode", "builtins.str", `,"content":"1","content":"2"`), "duplicate-key"},
		"path":              {node("NdArrayNode", "numpy.ndarray", `,"file":"../a.npy"`), "file-path"},
		"identity":          {node("ListNode", "builtins.list", `,"content":[`+node("JsonNode", "builtins.str", `,"__id__":1`)+","+node("TypeNode", "builtins.str", `,"__id__":1`)+`]`), "identity"},
		"same identity":     {node("ListNode", "builtins.list", `,"content":[`+node("TypeNode", "builtins.str", `,"__id__":1`)+","+node("TypeNode", "builtins.str", `,"__id__":1`)+`]`), ""},
	} {
		r := detecttest.Run(t, archive(t, c.schema), formats(), skops.New())
		var ids []string
		for _, f := range r.Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model.skops."))
		}
		if got := strings.Join(slices.Compact(ids), " "); got != c.rules {
			t.Errorf("%s: want %q, got %q, gaps %v", name, c.rules, got, r.Coverage.Gaps)
		}
		if critical := c.rules == "code-execution"; critical != (r.Verdict == picket.Malicious) {
			t.Errorf("%s: %v", name, r.Verdict)
		}
	}
}

func TestFilesOfSkopsAreClean(t *testing.T) {
	for _, name := range []string{"pipeline.skops", "forest.skops"} {
		content, err := os.ReadFile(filepath.Join("../../../artifact/format/skops/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if r := detecttest.Run(t, content, formats(), skops.New()); r.Verdict != picket.Clean || len(r.Findings) > 0 {
			t.Errorf("%s: %v, findings %v, gaps %v", name, r.Verdict, r.Findings, r.Coverage.Gaps)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, skops.New(), formats(), map[string][]byte{
		"system": archive(t, node("FunctionNode", "os.system", "")), "unknown": archive(t, node("ObjectNode", "my.Model", "")),
	})
}
