package nemo_test

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formatnemo "github.com/picketsec/picket/artifact/format/nemo"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/nemo"
)

// archive makes an archive with a configuration and a tokenizer.
func archive(t testing.TB, config string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range [][2]string{{"./model_config.yaml", config}, {"./t.model", "x"}} {
		if err := w.WriteHeader(&tar.Header{Name: m[0], Mode: 0o644, Size: int64(len(m[1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFindings(t *testing.T) {
	for config, want := range map[string]string{
		"target: nemo.collections.asr.models.X\ntokenizer: nemo:t.model": "",
		"a: b":                                "",
		"target: os.system":                   "hydra.target-executes",
		"target: mypackage.Model":             "nemo.target-class",
		"target: nemotoolkit.Model":           "nemo.target-class",
		"target: nemo.x\nt: nemo:../../x":     "nemo.path-escape",
		"target: nemo.x\nt: nemo:other.model": "nemo.member-missing",
	} {
		var ids []string
		for _, f := range detecttest.Run(t, archive(t, config), []format.Format{formatnemo.Format{}}, nemo.Detector{}).Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q: %q, want %q", config, got, want)
		}
	}
	if r := detecttest.Run(t, archive(t, "a: ["), []format.Format{formatnemo.Format{}}, nemo.Detector{}); r.Verdict != picket.Incomplete {
		t.Errorf("a broken configuration is %v", r.Verdict)
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, nemo.Detector{}, []format.Format{formatnemo.Format{}}, map[string][]byte{"odd": archive(t, "target: os.system\nt: nemo:/x")})
}
