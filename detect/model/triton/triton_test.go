package triton_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	formattriton "github.com/picketsec/picket/artifact/format/triton"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/triton"
)

// fired lists the rules that fire.
func fired(t testing.TB, config string) string {
	t.Helper()
	formats := append([]format.Format{formattriton.Format{}}, known.Formats()...)
	var ids []string
	for _, f := range detecttest.Run(t, []byte(config), formats, triton.Detector{}).Findings {
		ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
	}
	return strings.Join(ids, " ")
}

func TestFindings(t *testing.T) {
	for config, want := range map[string]string{
		`platform: "onnxruntime_onnx" max_batch_size: 8`:              "",
		`backend: "onnxruntime" default_model_filename: "model.onnx"`: "",
		`backend: "python"`:                   "triton.python-backend",
		`backend: "mine"`:                     "triton.custom-backend",
		`platform: "custom"`:                  "triton.custom-backend",
		`backend: "../../tmp/x"`:              "triton.path-escape",
		`name: "../x" backend: "onnxruntime"`: "triton.path-escape",
		`backend: "onnxruntime" default_model_filename: "../../etc/x.onnx"`:                                                   "triton.path-escape",
		`backend: "tensorrt" cc_model_filenames { key: "8.0" value: "/x" }`:                                                   "triton.path-escape",
		`backend: "tensorflow" model_operations { op_library_filename: "x.so" }`:                                              "triton.native-library",
		`backend: "pytorch" runtime: "libx.so"`:                                                                               "triton.native-library",
		`backend: "pytorch" model_repository_agents { agents [ { name: "checksum" } ] }`:                                      "",
		`backend: "pytorch" model_repository_agents { agents [ { name: "x" } ] }`:                                             "triton.repository-agent",
		`backend: "python" parameters { key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/e.tar" } }`: "triton.environment triton.python-backend",
		`backend: "onnxruntime" parameters { key: "EXECUTION_ENV_PATH" value { string_value: "http://127.0.0.1/e.tar" } }`:    "triton.path-escape triton.environment",
		`platform: "ensemble" ensemble_scheduling { step [ { model_name: "../a" } ] }`:                                        "triton.path-escape",
		`platform: "ensemble" ensemble_scheduling { step [ { model_name: "a" model_version: -1 } ] }`:                         "",
		`backend: "onnxruntime" model_warmup { inputs { key: "x" value { input_data_file: "/etc/passwd" } } }`:                "triton.path-escape",
		`backend: "onnxruntime" parameters { key: "x" value { string_value: "__import__('os').system('id')" } }`:              "text.code",
	} {
		if got := fired(t, config); got != want && !(strings.HasPrefix(want, "text.") && got != "") {
			t.Errorf("%s: %q, want %q", config, got, want)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, triton.Detector{}, []format.Format{formattriton.Format{}}, map[string][]byte{
		"odd": []byte(`backend: "../x" name: "m" model_operations { op_library_filename: "/x.so" }`),
	})
}
