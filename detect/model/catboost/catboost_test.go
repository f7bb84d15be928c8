package catboost_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/catboost"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/catboost"
)

func formats() []format.Format { return []format.Format{layout.Format{}, layout.JSON{}} }

// sample is a model that CatBoost wrote, with a part replaced by one of the same length.
func sample(t *testing.T, name, old, new string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../../artifact/format/catboost/testdata", name))
	if err != nil || !bytes.Contains(content, []byte(old)) {
		t.Fatalf("%s: %v", name, err)
	}
	return bytes.Replace(content, []byte(old), []byte(new), 1)
}

func TestModelsOfCatBoostAreClean(t *testing.T) {
	for _, name := range []string{"categories.cbm", "words.cbm", "vectors.cbm", "Depthwise.cbm", "MultiClass.cbm", "categories.json", "MultiClass.json"} {
		content := sample(t, name, "", "")
		r := detecttest.Run(t, content, formats(), catboost.Detector{})
		if r.Verdict != picket.Clean || len(r.Findings) > 0 || r.Coverage.Parsed+r.Coverage.Opaque < int64(len(content)) {
			t.Errorf("%s: %v, findings %v, gaps %v", name, r.Verdict, r.Findings, r.Coverage.Gaps)
		}
	}
}

func TestFindings(t *testing.T) {
	const directory = `Build by: Unknown user`
	for name, c := range map[string]struct {
		content []byte
		rule    string
		verdict picket.Verdict
	}{
		"code":         {sample(t, "MultiClass.cbm", directory, "os.system('x')"+strings.Repeat(" ", len(directory)-14)), "model.text.code", picket.Suspicious},
		"code in json": {sample(t, "MultiClass.json", directory, "os.system('x')"), "model.text.code", picket.Suspicious},
		"twice":        {sample(t, "MultiClass.json", `"features_info":`, `"features_info":{},"features_info":`), "model.catboost.duplicate-key", picket.Suspicious},
		"size":         {sample(t, "MultiClass.json", `"leaf_values":`+"\n", `"leaf_values":[], "x":`+"\n"), "model.catboost.size", picket.Suspicious},
		"version":      {sample(t, "MultiClass.cbm", "Model_v1", "Model_v9"), "model.catboost.unknown-part", picket.Clean},
		"trailing":     {append(sample(t, "MultiClass.cbm", "", ""), "\x00\x01\x02"...), "model.catboost.trailing-data", picket.Unsupported},
		"length":       {sample(t, "MultiClass.cbm", "CBM1\xa8", "CBM1\xff"), "model.catboost.size", picket.Suspicious},
		"fine text":    {sample(t, "MultiClass.cbm", "Unknown user", "model.eval()"), "", picket.Clean},
	} {
		r := detecttest.Run(t, c.content, formats(), catboost.Detector{})
		var ids []string
		for _, f := range r.Findings {
			ids = append(ids, f.Rule.ID)
		}
		if r.Verdict != c.verdict || c.rule != "" && !slices.Contains(ids, c.rule) || c.rule == "" && len(ids) > 0 {
			t.Errorf("%s: want %s and %v, got %v and %v, gaps %v", name, c.rule, c.verdict, ids, r.Verdict, r.Coverage.Gaps)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, catboost.Detector{}, formats(), map[string][]byte{
		"categories": sample(t, "categories.cbm", "", ""), "json": sample(t, "MultiClass.json", "Unknown user", "os.system('x')"),
	})
}
