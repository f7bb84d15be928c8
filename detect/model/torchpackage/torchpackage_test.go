package torchpackage_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	formattorchpackage "github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/torchpackage"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// archive makes a package with a list of external modules and a source.
func archive(externs, source string) []byte {
	return rawzip.Archive{Entries: []rawzip.Entry{{Name: "p/.data/extern_modules", Data: []byte(externs)},
		{Name: "p/.data/version", Data: []byte("6\n")}, {Name: source, Data: []byte("import torch\n")}}}.Must()
}

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"plain":    {archive("torch\nnumpy\ncollections\n", "p/m.txt"), ""},
		"code":     {archive("torch\n", "p/m.py"), "code"},
		"powerful": {archive("torch\nsubprocess\n", "p/m.txt"), "extern"},
		"below":    {archive("urllib.request\n", "p/m.txt"), "extern"},
		"near":     {archive("subprocesses\ntorch.multiprocessing\n", "p/m.txt"), ""},
	} {
		var ids []string
		for _, f := range detecttest.Run(t, test.content, []format.Format{formattorchpackage.Format{}}, torchpackage.Detector{}).Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model.torch-package."))
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, torchpackage.Detector{}, []format.Format{formattorchpackage.Format{}}, map[string][]byte{
		"package": archive("torch\nsubprocess\n", "p/m.py"),
	})
}
