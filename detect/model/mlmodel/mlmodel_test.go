package mlmodel_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	formatmlmodel "github.com/picketsec/picket/artifact/format/mlmodel"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/mlmodel"
)

// fired scans a model with the members of its flavour python_function and files beside it, and lists the rules that fire.
func fired(t testing.TB, members string, beside map[string]string) string {
	t.Helper()
	content := "flavors:\n  python_function:\n    " + strings.ReplaceAll(members, "\n", "\n    ") + "\nmlflow_version: 3.17.2\n"
	return scanned(t, "MLmodel", content, beside)
}

// scanned scans content under a name with files beside it, and lists the rules that fire.
func scanned(t testing.TB, name, content string, beside map[string]string) string {
	t.Helper()
	r := detecttest.Scan(t, detect.Entry{Name: name, Blob: format.BytesBlob([]byte(content)),
		Sibling: detecttest.Beside(beside)}, append([]format.Format{formatmlmodel.Format{}}, known.Formats()...), mlmodel.Detector{})
	var ids []string
	for _, f := range r.Findings {
		ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
	}
	if len(r.Coverage.Gaps) > 0 {
		ids = append(ids, "gap")
	}
	return strings.Join(ids, " ")
}

func TestNameAlone(t *testing.T) {
	const attack = "flavors:\n  python_function:\n    loader_module: evil\n"
	for content, want := range map[string]string{
		attack: "mlflow.loader-module", `{"flavors":{"python_function":{"loader_module":"evil"}}}`: "mlflow.loader-module",
		strings.Repeat("# long\n", 1<<14) + attack: "mlflow.loader-module", "no model\n": "gap",
	} {
		if got := scanned(t, "MLmodel", content, nil); got != want {
			t.Errorf("%.40q: %q, want %q", content, got, want)
		}
		if got := scanned(t, "other", content, nil); got != "" {
			t.Errorf("%.40q under another name: %q", content, got)
		}
	}
}

func TestFindings(t *testing.T) {
	const env = "loader_module: mlflow.sklearn\nenv:\n  conda: conda.yaml\n  virtualenv: python_env.yaml"
	for name, test := range map[string]struct {
		members string
		beside  map[string]string
		want    string
	}{
		"sklearn":         {"loader_module: mlflow.sklearn\nmodel_path: model.pkl", nil, ""},
		"own loader":      {"loader_module: my_loader\ncode: code", nil, "mlflow.loader-module mlflow.code"},
		"near":            {"loader_module: mlflow.sklearn.evil", nil, "mlflow.loader-module"},
		"other of MLflow": {"loader_module: mlflow.projects.backend.local", nil, "mlflow.loader-module"},
		"outside":         {"loader_module: mlflow.sklearn\nmodel_path: ../../x.pkl", nil, "mlflow.path-escape"},
		"address":         {"loader_module: mlflow.sklearn\ndata: http://127.0.0.1/x", nil, "mlflow.path-escape"},
		"source":          {"loader_module: mlflow.pyfunc.loaders.code_model\nmodel_code_path: /tmp/x/m.py", nil, "mlflow.code"},
		"absolute code":   {"loader_module: mlflow.sklearn\ncode: /tmp/code", nil, "mlflow.path-escape mlflow.code"},
		"environment": {env, map[string]string{"conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n- pip<=23\n- pip:\n  - mlflow==3\n  - scikit-learn==1.8.0\n",
			"python_env.yaml": "python: 3.11.7\nbuild_dependencies:\n- pip==23\ndependencies:\n- -r requirements.txt\n", "requirements.txt": "mlflow==3\n"}, ""},
		"index in conda": {env, map[string]string{"conda.yaml": "dependencies:\n- pip:\n  - --index-url http://127.0.0.1/\n"}, "requirements.other-index"},
		"channel":        {env, map[string]string{"conda.yaml": "channels:\n- http://127.0.0.1/c\n"}, "requirements.other-index"},
		"requirements":   {env, map[string]string{"requirements.txt": "x @ http://127.0.0.1/x.whl\n"}, "requirements.untrusted-address"},
		"broken conda":   {env, map[string]string{"conda.yaml": "a: ["}, "gap"},
		"virtualenv":     {env, map[string]string{"python_env.yaml": "build_dependencies:\n- -e /tmp/x\n"}, "requirements.path-escape"},
	} {
		if got := fired(t, test.members, test.beside); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, mlmodel.Detector{}, []format.Format{formatmlmodel.Format{}}, map[string][]byte{
		"odd": []byte("mlflow_version: 1\nflavors:\n  python_function:\n    loader_module: x\n    code: ../x\nmetadata:\n  a: __import__('os').system('x')\n"),
	})
}
