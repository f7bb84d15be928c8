package mlmodel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/mlmodel"
	"github.com/picketsec/picket/internal/limits"
)

const sample = `artifact_path: model
flavors:
  python_function:
    code: code
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
mlflow_version: 3.17.2
`

func TestRead(t *testing.T) {
	m, err := mlmodel.Read(format.BytesBlob([]byte(sample)), limits.NewBudget(limits.Default()))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range m.Paths {
		paths = append(paths, p.Field+"="+p.Value)
	}
	if got := strings.Join(paths, " "); got != "code=code conda=conda.yaml virtualenv=python_env.yaml model_path=model.pkl pickled_model=model.pkl" {
		t.Errorf("paths %s", got)
	}
	if m.Loader.Value != "mlflow.sklearn" || m.Code.Value != "code" || len(m.Environments) != 2 || m.Loader.Offset != int64(strings.Index(sample, "loader_module")) {
		t.Errorf("%+v", m)
	}
	for _, bad := range []string{"flavors: 1", "a: b", "flavors: [", ""} {
		if _, err := mlmodel.Read(format.BytesBlob([]byte(bad)), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{sample: true, "flavors:\n  - vanilla\n": false, "a:\n  flavors:\n  mlflow_version: 1\n": false, "": false,
		`{"flavors": {}, "mlflow_version": "1"}`: false, "mlflow_version: 1\nflavors: {}\n": true} {
		if got := (mlmodel.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%.40q: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, content string) {
		m, err := mlmodel.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for _, p := range m.Paths {
			if p.Value == "" || p.Offset < 0 {
				t.Errorf("%+v names nothing", p)
			}
		}
	})
}
