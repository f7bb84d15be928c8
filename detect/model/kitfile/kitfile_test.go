package kitfile_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
	formatkitfile "github.com/picketsec/picket/artifact/format/kitfile"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/kitfile"
)

func TestFindings(t *testing.T) {
	for path, want := range map[string]int{"./m.gguf": 0, "models/m.gguf": 0, "ghcr.io/org/model:v1": 0, "../m.gguf": 1, "/etc/passwd": 1, "~/.ssh/id_rsa": 1,
		"http://127.0.0.1/m": 1} {
		content := "manifestVersion: 1.0.0\nmodel:\n  name: m\n  path: " + path + "\n"
		if r := detecttest.Run(t, []byte(content), []format.Format{formatkitfile.Format{}}, kitfile.Detector{}); len(r.Findings) != want {
			t.Errorf("%s: %+v", path, r.Findings)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, kitfile.Detector{}, []format.Format{formatkitfile.Format{}}, map[string][]byte{"odd": []byte("manifestVersion: 1\ncode:\n- path: /x\n")})
}
