package lightgbm_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/lightgbm"
	"github.com/picketsec/picket/internal/limits"
)

// read lists the kinds of problems and the texts of a model.
func read(content string) (kinds []lightgbm.Kind, texts []lightgbm.Text, m lightgbm.Model, err error) {
	m, err = lightgbm.Read(strings.NewReader(content), limits.NewBudget(limits.Default()), lightgbm.Visitor{
		Problem: func(p lightgbm.Problem) { kinds = append(kinds, p.Kind) },
		Text:    func(t lightgbm.Text) error { texts = append(texts, t); return nil },
	})
	return kinds, texts, m, err
}

// samples are models that LightGBM wrote.
func samples(t testing.TB) map[string]string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 5 {
		t.Fatalf("samples: %v, %v", names, err)
	}
	all := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = string(content)
	}
	return all
}

func TestModelsOfLightGBM(t *testing.T) {
	for name, content := range samples(t) {
		kinds, texts, m, err := read(content)
		if err != nil || len(kinds) > 0 || m.Trees == 0 || m.Features < 1 || m.Version != "v4" {
			t.Errorf("%s: problems %v, error %v, model %+v", name, kinds, err, m)
		}
		if !slices.ContainsFunc(texts, func(x lightgbm.Text) bool { return x.Place == "[num_iterations]" }) {
			t.Errorf("%s: the parameters are not among the texts", name)
		}
		if name == "categories.txt" && !slices.ContainsFunc(texts, func(x lightgbm.Text) bool { return x.Place == "pandas_categorical" && x.Value == "red" }) {
			t.Error("the categories are not among the texts")
		}
		if !(lightgbm.Format{}).Match(format.Probe{Head: []byte(content)}) {
			t.Errorf("%s is not recognised", name)
		}
	}
}

// plain is a model of one tree with two inner nodes, one of which splits on categories.
const plain = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:1\n" +
	"feature_names=a b\nfeature_infos=[0:1] 1:2\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nthreshold=0.5 0\ndecision_type=2 1\n" +
	"left_child=1 -1\nright_child=-2 -3\nleaf_value=1 2 3\ncat_boundaries=0 1\ncat_threshold=6\nis_linear=0\nshrinkage=1\n\n\nend of trees\n\n" +
	"feature_importances:\na=1\n\nparameters:\n[data: x.csv]\nend of parameters\n\npandas_categorical:null\n"

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		edit []string
		want []lightgbm.Kind
	}{
		"fine":                {nil, nil},
		"windows":             {[]string{"\n", "\r\n"}, nil},
		"node outside":        {[]string{"left_child=1 ", "left_child=7 "}, []lightgbm.Kind{"bounds"}},
		"leaf outside":        {[]string{"right_child=-2 ", "right_child=-9 "}, []lightgbm.Kind{"bounds"}},
		"child is no number":  {[]string{"right_child=-2 ", "right_child=x "}, []lightgbm.Kind{"bounds"}},
		"loop":                {[]string{"left_child=1 ", "left_child=0 "}, []lightgbm.Kind{"cycle"}},
		"leaf twice":          {[]string{"right_child=-2 -3", "right_child=-2 -1"}, []lightgbm.Kind{"cycle"}},
		"feature outside":     {[]string{"split_feature=0 1", "split_feature=0 2"}, []lightgbm.Kind{"bounds"}},
		"feature negative":    {[]string{"split_feature=0 1", "split_feature=-1 1"}, []lightgbm.Kind{"bounds"}},
		"category outside":    {[]string{"threshold=0.5 0", "threshold=0.5 1"}, []lightgbm.Kind{"bounds"}},
		"categories outside":  {[]string{"cat_boundaries=0 1", "cat_boundaries=0 9"}, []lightgbm.Kind{"bounds"}},
		"categories backward": {[]string{"cat_boundaries=0 1", "cat_boundaries=1 0"}, []lightgbm.Kind{"bounds"}},
		"boundaries":          {[]string{"num_cat=1", "num_cat=5"}, []lightgbm.Kind{"size"}},
		"leaves claimed":      {[]string{"num_leaves=3", "num_leaves=2000000000"}, []lightgbm.Kind{"size"}},
		"leaves negative":     {[]string{"num_leaves=3", "num_leaves=-3"}, []lightgbm.Kind{"size"}},
		"leaves beyond":       {[]string{"num_leaves=3", "num_leaves=99999999999"}, []lightgbm.Kind{"size"}},
		"short":               {[]string{"leaf_value=1 2 3", "leaf_value=1"}, []lightgbm.Kind{"size"}},
		"two numbers":         {[]string{"is_linear=0", "is_linear=0 1"}, []lightgbm.Kind{"size"}},
		"linear":              {[]string{"is_linear=0", "is_linear=1\nleaf_features=5"}, []lightgbm.Kind{"bounds"}},
		"key twice":           {[]string{"is_linear=0", "is_linear=0\nnum_cat=1"}, []lightgbm.Kind{"duplicate-key"}},
		"header twice":        {[]string{"num_class=1", "num_class=1\nnum_class=2"}, []lightgbm.Kind{"duplicate-key"}},
		"unknown in a tree":   {[]string{"is_linear=0", "is_linear=0\nevil=1"}, []lightgbm.Kind{"unknown"}},
		"unknown in a header": {[]string{"num_class=1", "num_class=1\nevil=1"}, []lightgbm.Kind{"unknown"}},
		"unknown objective":   {[]string{"binary sigmoid:1", "evil"}, []lightgbm.Kind{"unknown"}},
		"unknown parameter":   {[]string{"[data: x.csv]", "data"}, []lightgbm.Kind{"foreign"}},
		"unknown line":        {[]string{"pandas_categorical:null", "evil\n"}, []lightgbm.Kind{"foreign"}},
		"tree number":         {[]string{"Tree=0", "Tree=9"}, []lightgbm.Kind{"layout"}},
		"tree sizes":          {[]string{"feature_infos=", "tree_sizes=100\nfeature_infos="}, []lightgbm.Kind{"layout"}},
		"more tree sizes":     {[]string{"feature_infos=", "tree_sizes=100 200\nfeature_infos="}, []lightgbm.Kind{"layout"}},
		"no end of trees":     {[]string{"end of trees", "", "feature_infos=", "tree_sizes=100\nfeature_infos="}, []lightgbm.Kind{"layout"}},
	} {
		kinds, _, _, err := read(strings.NewReplacer(c.edit...).Replace(plain))
		if diff := cmp.Diff(c.want, kinds); diff != "" || err != nil {
			t.Errorf("%s: error %v, problems (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, edit := range map[string][]string{
		"no number":     {"leaf_value=1 2 3", "leaf_value=1 $ 3"},
		"long key":      {"num_class=1", strings.Repeat("x", 300)},
		"bad JSON":      {"pandas_categorical:null", "pandas_categorical:[["},
		"deep JSON":     {"pandas_categorical:null", "pandas_categorical:" + strings.Repeat("[", 1000)},
		"no parameters": {"end of parameters", ""},
	} {
		if _, _, _, err := read(strings.NewReplacer(edit...).Replace(plain)); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: got %v, want a malformed error", name, err)
		}
	}
	for n := range strings.Index(plain, "end of trees") {
		if _, _, _, err := read(plain[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{plain: true, "tree\n": false, "tree\nhouse\n": false, "": false, "a tree\nversion=v4\n": false, "tree\r\nversion=v3\r\n": true} {
		if got := (lightgbm.Format{}).Match(format.Probe{Head: []byte(content)}); got != want {
			t.Errorf("%.30q: recognised %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(plain)
	for _, content := range samples(f) {
		f.Add(content[:min(len(content), 8<<10)])
	}
	f.Fuzz(func(t *testing.T, content string) {
		kinds, texts, m, err := read(content)
		again, _, m2, err2 := read(content)
		if !cmp.Equal(kinds, again) || m != m2 || (err == nil) != (err2 == nil) {
			t.Fatalf("two readings differ: %v %+v, %v %+v", kinds, m, again, m2)
		}
		for _, x := range texts {
			if x.Offset < 0 || x.Offset > int64(len(content)) {
				t.Fatalf("the text %q is at %d of %d", x.Value, x.Offset, len(content))
			}
		}
	})
}
