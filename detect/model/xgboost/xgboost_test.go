package xgboost_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/xgboost"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/xgboost"
)

func formats() []format.Format {
	return []format.Format{layout.JSON{}, layout.UBJSON{}, layout.Binary{}}
}

// samples are models that XGBoost wrote.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../../artifact/format/xgboost/testdata/*.[jum]*")
	if err != nil || len(names) < 15 {
		t.Fatalf("samples: %v %v", names, err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestModelsOfXGBoostAreClean(t *testing.T) {
	for name, content := range samples(t) {
		r := detecttest.Run(t, content, formats(), xgboost.Detector{})
		if r.Verdict != picket.Clean || len(r.Findings) > 0 || r.Coverage.Parsed != int64(len(content)) {
			t.Errorf("%s: %v, findings %v, gaps %v, parsed %d of %d", name, r.Verdict, r.Findings, r.Coverage.Gaps, r.Coverage.Parsed, len(content))
		}
	}
}

// edited is a model of XGBoost with a part replaced.
func edited(t *testing.T, name, old, new string) []byte {
	t.Helper()
	content := string(samples(t)[name])
	if !strings.Contains(content, old) {
		t.Fatalf("%s has no %s", name, old)
	}
	return []byte(strings.Replace(content, old, new, 1))
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		rule    string
		verdict picket.Verdict
	}{
		"children":         {edited(t, "m.json", `"left_children":[1`, `"left_children":[77`), "model.xgboost.bounds", picket.Suspicious},
		"loop":             {edited(t, "m.json", `"left_children":[1`, `"left_children":[0`), "model.xgboost.cycle", picket.Suspicious},
		"size":             {edited(t, "m.json", `"split_type":[0,`, `"split_type":[`), "model.xgboost.size", picket.Suspicious},
		"twice":            {edited(t, "m.json", `"version"`, `"learner":{},"version"`), "model.xgboost.duplicate-key", picket.Suspicious},
		"code":             {edited(t, "m.json", `"hi"`, `"os.system('x')"`), "model.text.code", picket.Suspicious},
		"code in ubjson":   {edited(t, "m.ubj", "\x02hi", "\x0eos.system('x')"), "model.text.code", picket.Suspicious},
		"code in binary":   {edited(t, "m.model", "\x02\x00\x00\x00\x00\x00\x00\x00hi", "\x0e\x00\x00\x00\x00\x00\x00\x00os.system('x')"), "model.text.code", picket.Suspicious},
		"code in a name":   {edited(t, "m.json", `"note"`, `"eval(input())"`), "model.text.code", picket.Suspicious},
		"feature escape":   {edited(t, "m.json", `["a"`, `["\u001b[2Ja"`), "model.text.terminal-escape", picket.Suspicious},
		"objective":        {edited(t, "m.json", `"binary:logistic"`, `"binary:new"`), "model.xgboost.unknown-name", picket.Clean},
		"no objective":     {edited(t, "m.json", `"objective"`, `"objectiv"`), "model.xgboost.incomplete", picket.Clean},
		"trailing":         {append(samples(t)["m.ubj"], "\x00\x01\x02"...), "model.xgboost.trailing-data", picket.Unsupported},
		"trailing binary":  {append(samples(t)["m.model"], "\x00\x01\x02"...), "model.xgboost.trailing-data", picket.Unsupported},
		"claim":            {edited(t, "m.model", "binary:logistic", "binary:logisti"), "model.xgboost.unknown-name", picket.Suspicious},
		"text is harmless": {edited(t, "m.json", `"hi"`, `"trained for model.eval() on ../data.csv"`), "", picket.Clean},
	} {
		r := detecttest.Run(t, c.content, formats(), xgboost.Detector{})
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
	all := samples(t)
	all["hostile"] = edited(t, "m.json", `"hi"`, `"os.system('x')"`)
	detecttest.Accept(t, xgboost.Detector{}, formats(), all)
}
