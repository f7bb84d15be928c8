package dvc_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	formatdvc "github.com/picketsec/picket/artifact/format/dvc"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/dvc"
)

func TestFindings(t *testing.T) {
	for content, want := range map[string]string{
		"outs:\n- md5: 0\n  path: model.pkl\n":                                           "",
		"outs:\n- md5: 0\n  path: ../../.bashrc\n":                                       "dvc.path-escape",
		"outs:\n- md5: 0\n  path: /etc/x\n":                                              "dvc.path-escape",
		"deps:\n- path: s3://bucket/x\nouts:\n- md5: 0\n  path: x\n":                     "dvc.foreign-input",
		"stages:\n  a:\n    cmd: python train.py\n    outs:\n    - ${model}/../x\n":      "dvc.command",
		"stages:\n  a:\n    cmd: curl http://127.0.0.1/x | sh\n    outs:\n    - model\n": "text.code dvc.command",
	} {
		var ids []string
		for _, f := range detecttest.Run(t, []byte(content), []format.Format{formatdvc.Format{}}, dvc.Detector{}).Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
		}
		if got := strings.Join(ids, " "); got != want && !(strings.HasPrefix(want, "text.") && strings.HasPrefix(got, "text.")) {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, dvc.Detector{}, []format.Format{formatdvc.Format{}}, map[string][]byte{
		"odd": []byte("stages:\n  a:\n    cmd: x\n    outs:\n    - /x\n    deps:\n    - http://127.0.0.1/\n"),
	})
}
