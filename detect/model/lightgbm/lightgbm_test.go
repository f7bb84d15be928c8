package lightgbm_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/lightgbm"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/lightgbm"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

// sample is a model that LightGBM wrote, with parts replaced.
func sample(t *testing.T, name string, edit ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../../artifact/format/lightgbm/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(edit...).Replace(string(content))
	if len(edit) > 0 && changed == string(content) {
		t.Fatalf("%s has no %q", name, edit)
	}
	return []byte(changed)
}

func TestModelsOfLightGBMAreClean(t *testing.T) {
	names, err := filepath.Glob("../../../artifact/format/lightgbm/testdata/*.txt")
	if err != nil || len(names) < 5 {
		t.Fatalf("samples: %v %v", names, err)
	}
	for _, name := range names {
		content := sample(t, filepath.Base(name))
		r := detecttest.Run(t, content, formats(), lightgbm.Detector{})
		if r.Verdict != picket.Clean || len(r.Findings) > 0 || r.Coverage.Parsed != int64(len(content)) {
			t.Errorf("%s: %v, findings %v, gaps %v", name, r.Verdict, r.Findings, r.Coverage.Gaps)
		}
	}
}

func TestFindings(t *testing.T) {
	const name = "constant.txt"
	for what, c := range map[string]struct {
		edit    []string
		rule    string
		verdict picket.Verdict
	}{
		"size":          {[]string{"num_leaves=1\n", "num_leaves=9\n"}, "model.lightgbm.size", picket.Suspicious},
		"layout":        {[]string{"tree_sizes=242", "tree_sizes=100"}, "model.lightgbm.layout", picket.Suspicious},
		"twice":         {[]string{"num_class=1\n", "num_class=1\nnum_class=2\n"}, "model.lightgbm.duplicate-key", picket.Suspicious},
		"unknown":       {[]string{"num_class=1\n", "num_class=1\nhook=x\n"}, "model.lightgbm.unknown-content", picket.Clean},
		"path":          {[]string{"[forcedsplits_filename: ]", "[forcedsplits_filename: /srv/splits.json]"}, "model.lightgbm.parameter-path", picket.Clean},
		"machines":      {[]string{"[machines: ]", "[machines: 127.0.0.1:9]"}, "model.lightgbm.parameter-machines", picket.Clean},
		"system file":   {[]string{"[machine_list_filename: ]", "[machine_list_filename: ../../../../etc/passwd]"}, "model.text.path", picket.Suspicious},
		"code":          {[]string{"objective=regression", "objective=eval(input())"}, "model.text.code", picket.Suspicious},
		"feature":       {[]string{"Column_0 ", "<script>x</script> "}, "model.text.markup", picket.Suspicious},
		"category":      {[]string{"pandas_categorical:null", `pandas_categorical:[["os.system('x')"]]`}, "model.text.code", picket.Suspicious},
		"relative path": {[]string{"[forcedsplits_filename: ]", "[forcedsplits_filename: splits.json]"}, "", picket.Clean},
		"training data": {[]string{"[data: ]", "[data: /home/me/train.csv]"}, "", picket.Clean},
	} {
		r := detecttest.Run(t, sample(t, name, c.edit...), formats(), lightgbm.Detector{})
		var ids []string
		for _, f := range r.Findings {
			ids = append(ids, f.Rule.ID)
		}
		if r.Verdict != c.verdict || c.rule != "" && !slices.Contains(ids, c.rule) || c.rule == "" && len(ids) > 0 {
			t.Errorf("%s: want %s and %v, got %v and %v, gaps %v", what, c.rule, c.verdict, ids, r.Verdict, r.Coverage.Gaps)
		}
	}
	tree := sample(t, "rf.txt", "left_child=1 9 ", "left_child=1 900 ")
	if r := detecttest.Run(t, tree, formats(), lightgbm.Detector{}); r.Verdict != picket.Suspicious {
		t.Errorf("a child outside of the tree is %v", r.Verdict)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, lightgbm.Detector{}, formats(), map[string][]byte{
		"categories": sample(t, "categories.txt"), "code": sample(t, "constant.txt", "objective=regression", "objective=eval(input())"),
	})
}
