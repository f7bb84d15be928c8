package xgboost_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/xgboost"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// encoding finds the format of content by its Match; nil for none.
func encoding(content []byte) format.Format {
	p := format.Probe{Head: content[:min(len(content), format.HeadSize)], Size: int64(len(content))}
	for _, f := range []format.Format{xgboost.JSON{}, xgboost.UBJSON{}, xgboost.Binary{}} {
		if f.Match(p) {
			return f
		}
	}
	return nil
}

// read reads content in the encoding of f and lists the kinds of its problems and its texts.
func read(content []byte, f format.Format) (kinds []xgboost.Kind, texts map[string]string, m xgboost.Model, err error) {
	texts = map[string]string{}
	visit := xgboost.Visitor{
		Problem: func(p xgboost.Problem) { kinds = append(kinds, p.Kind) },
		Text:    func(t xgboost.Text) error { texts[t.Place] = t.Value; return nil },
	}
	budget := limits.NewBudget(limits.Default())
	switch f.(type) {
	case xgboost.JSON:
		m, err = xgboost.ReadJSON(bytes.NewReader(content), budget, visit)
	case xgboost.UBJSON:
		m, err = xgboost.ReadUBJSON(bytes.NewReader(content), budget, visit)
	default:
		m, err = xgboost.ReadBinary(bytes.NewReader(content), int64(len(content)), budget, visit)
	}
	return kinds, texts, m, err
}

// samples are models that XGBoost wrote.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	return testkit.Samples(t, "testdata/*.[jum]*", 15)
}

func TestModelsOfXGBoost(t *testing.T) {
	for name, content := range samples(t) {
		f := encoding(content)
		if f == nil {
			t.Errorf("%s is not recognised", name)
			continue
		}
		kinds, texts, m, err := read(content, f)
		if err != nil || len(kinds) > 0 || m.End != int64(len(content)) || m.Booster == "" || m.Objective == "" || m.Features < 1 {
			t.Errorf("%s: problems %v, error %v, model %+v of %d bytes", name, kinds, err, m, len(content))
		}
		if strings.HasPrefix(name, "m.") && !strings.Contains(strings.Join(values(texts), " "), "hi") {
			t.Errorf("%s: the attribute is not among the texts %v", name, texts)
		}
		if (m.Trees == 0) != strings.HasPrefix(name, "lin.") {
			t.Errorf("%s: %d trees", name, m.Trees)
		}
	}
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// model makes JSON of one tree; edit replaces parts of it.
func model(edit ...string) []byte {
	const plain = `{"learner":{"attributes":{},"feature_names":["a","b"],"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"1"},` +
		`"iteration_indptr":[0,1],"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],` +
		`"default_left":[0,0,0],"id":0,"left_children":[1,-1,-1],"parents":[2147483647,0,0],"right_children":[2,-1,-1],` +
		`"split_conditions":[0.5,1,2],"split_indices":[1,0,0],"tree_param":{"num_feature":"2","num_nodes":"3"}}]},"name":"gbtree"},` +
		`"learner_model_param":{"num_class":"0","num_feature":"2","num_target":"1"},"objective":{"name":"reg:squarederror"}},"version":[3,2,0]}`
	return []byte(strings.NewReplacer(edit...).Replace(plain))
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    []xgboost.Kind
	}{
		"fine":                 {model(), nil},
		"child too high":       {model(`[1,-1,-1]`, `[9,-1,-1]`), []xgboost.Kind{"bounds"}},
		"child negative":       {model(`[2,-1,-1]`, `[-7,-1,-1]`), []xgboost.Kind{"bounds"}},
		"child of 40 bits":     {model(`[2,-1,-1]`, `[1099511627776,-1,-1]`), []xgboost.Kind{"bounds"}},
		"child is no integer":  {model(`[2,-1,-1]`, `[2.5,-1,-1]`), []xgboost.Kind{"bounds"}},
		"one child":            {model(`[1,-1,-1]`, `[1,-1,1]`), []xgboost.Kind{"bounds"}},
		"right without left":   {model(`[2,-1,-1]`, `[2,1,-1]`), []xgboost.Kind{"bounds"}},
		"feature too high":     {model(`[1,0,0]`, `[2,0,0]`), []xgboost.Kind{"bounds", "bounds"}},
		"feature negative":     {model(`[1,0,0]`, `[-1,0,0]`), []xgboost.Kind{"bounds"}},
		"own child":            {model(`[1,-1,-1]`, `[1,0,-1]`, `[2,-1,-1]`, `[2,0,-1]`), []xgboost.Kind{"cycle"}},
		"same child twice":     {model(`[1,-1,-1]`, `[2,-1,-1]`), []xgboost.Kind{"cycle"}},
		"other parent":         {model(`[2147483647,0,0]`, `[2147483647,0,1]`), []xgboost.Kind{"cycle"}},
		"short array":          {model(`[0.5,1,2]`, `[0.5]`), []xgboost.Kind{"size"}},
		"more claimed":         {model(`"num_nodes":"3"`, `"num_nodes":"3000000000"`), []xgboost.Kind{"size"}},
		"no nodes":             {model(`"left_children":[1,-1,-1]`, `"left_children":[]`), []xgboost.Kind{"size"}},
		"no features":          {model(`"split_indices":[1,0,0],`, ``), []xgboost.Kind{"size"}},
		"trees claimed":        {model(`"num_trees":"1"`, `"num_trees":"7"`), []xgboost.Kind{"size"}},
		"tree info":            {model(`"tree_info":[0]`, `"tree_info":[0,0]`), []xgboost.Kind{"size"}},
		"output":               {model(`"tree_info":[0]`, `"tree_info":[8]`), []xgboost.Kind{"bounds"}},
		"output negative":      {model(`"tree_info":[0]`, `"tree_info":[-8]`), []xgboost.Kind{"bounds"}},
		"iterations":           {model(`[0,1]`, `[0,9]`), []xgboost.Kind{"bounds"}},
		"iterations back":      {model(`[0,1]`, `[1,0]`), []xgboost.Kind{"bounds"}},
		"categories":           {model(`"categories_nodes":[]`, `"categories_nodes":[0]`), []xgboost.Kind{"size"}},
		"category range":       {model(`"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`, `"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[9]`), []xgboost.Kind{"bounds"}},
		"twice":                {model(`"attributes":{}`, `"attributes":{"a":"1","a":"2"}`), []xgboost.Kind{"duplicate-key"}},
		"trees twice":          {model(`"id":0`, `"left_children":[9,9,9]`), []xgboost.Kind{"duplicate-key"}},
		"objective":            {model(`reg:squarederror`, `os.system`), []xgboost.Kind{"unknown-name"}},
		"booster":              {model(`"name":"gbtree"`, `"name":"x"`), []xgboost.Kind{"unknown-name"}},
		"nothing but the root": {[]byte(`{"learner":{"gradient_booster":{}}}`), []xgboost.Kind{"incomplete", "incomplete"}},
	} {
		for i, k := range c.want {
			if k == "incomplete" {
				c.want[i] = xgboost.Missing
			}
		}
		kinds, _, _, err := read(c.content, xgboost.JSON{})
		if diff := cmp.Diff(c.want, kinds); diff != "" || err != nil {
			t.Errorf("%s: error %v, problems (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestDeepTree(t *testing.T) {
	const n = 20001
	left, right, parent, feature := []string{}, []string{}, []string{}, []string{}
	for i := range n {
		l, r := "-1", "-1"
		if i%2 == 0 && i+2 < n {
			l, r = strconv.Itoa(i+1), strconv.Itoa(i+2)
		}
		left, right, feature = append(left, l), append(right, r), append(feature, "0")
		parent = append(parent, strconv.Itoa(max(0, (i-1)/2*2)))
	}
	join := func(list []string) string { return "[" + strings.Join(list, ",") + "]" }
	content := model(`[1,-1,-1]`, join(left), `[2,-1,-1]`, join(right), `[2147483647,0,0]`, join(parent), `[1,0,0]`, join(feature),
		`"default_left":[0,0,0],`, "", `"split_conditions":[0.5,1,2],`, "", `"num_nodes":"3"`, `"num_nodes":"20001"`)
	if kinds, _, _, err := read(content, xgboost.JSON{}); err != nil || !cmp.Equal(kinds, []xgboost.Kind{xgboost.Depth}) {
		t.Errorf("problems %v, error %v", kinds, err)
	}
}

// patch changes a number of 32 bits in a binary model.
func patch(content []byte, at int, n uint32) []byte {
	c := bytes.Clone(content)
	binary.LittleEndian.PutUint32(c[at:], n)
	return c
}

func TestBinaryProblems(t *testing.T) {
	plain := samples(t)["m.model"]
	const forest, tree, node = 0xb1, 0x151, 0x1e5
	for name, c := range map[string]struct {
		content []byte
		want    xgboost.Kind
		broken  bool
	}{
		"many trees":      {patch(plain, forest, 1<<30), xgboost.Claim, true},
		"negative trees":  {patch(plain, forest, 1<<31), xgboost.Claim, true},
		"many nodes":      {patch(plain, tree+4, 1<<30), xgboost.Claim, true},
		"negative nodes":  {patch(plain, tree+4, 1<<31+5), xgboost.Claim, true},
		"child":           {patch(plain, node+4, 1<<20), xgboost.Bounds, false},
		"feature":         {patch(plain, node+12, 1<<20), xgboost.Bounds, false},
		"loop":            {patch(plain, node+8, 0), xgboost.Cycle, false},
		"long objective":  {patch(plain, 4+136, 1<<31), xgboost.Claim, true},
		"other objective": {bytes.Replace(plain, []byte("binary:logistic"), []byte("binary:l0gistic"), 1), xgboost.Unknown, false},
		"other booster":   {bytes.Replace(plain, []byte("gbtree"), []byte("gbevil"), 1), xgboost.Unknown, true},
	} {
		kinds, _, _, err := read(c.content, xgboost.Binary{})
		if len(kinds) == 0 || kinds[0] != c.want || errors.Is(err, format.ErrMalformed) != c.broken {
			t.Errorf("%s: problems %v, error %v", name, kinds, err)
		}
	}
	if bare := plain[4:]; encoding(bare) != (xgboost.Binary{}) {
		t.Error("the form without magic is not recognised")
	} else if kinds, _, m, err := read(bare, xgboost.Binary{}); err != nil || len(kinds) > 0 || m.End != int64(len(bare)) {
		t.Errorf("the form without magic: problems %v, error %v", kinds, err)
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		f := encoding(content)
		for n := range content {
			if _, _, m, err := read(content[:n], f); err == nil {
				t.Fatalf("%s: the first %d bytes look whole: %+v", name, n, m)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	for _, content := range []string{"", "{}", `{"learner":1}`, `{"a":{"learner":{"gradient_booster":{}}}}`, `{"gradient_booster":1,"learner":[]}`, `["learner","gradient_booster"]`, "{L\x00\x00\x00\x00\x00\x00\x00\x01a{",
		"binf", strings.Repeat("\x00", 200), "{L\x00\x00\x00\x00\x00\x00\x00\x07learnerS"} {
		if f := encoding([]byte(content)); f != nil {
			t.Errorf("%q is taken for %s", content, f.Info().Title)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Add(model())
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, encoding := range []format.Format{xgboost.JSON{}, xgboost.UBJSON{}, xgboost.Binary{}} {
			kinds, _, m, err := read(content, encoding)
			again, _, m2, err2 := read(content, encoding)
			if !cmp.Equal(kinds, again) || m != m2 || (err == nil) != (err2 == nil) {
				t.Fatalf("two readings differ: %v %+v, %v %+v", kinds, m, again, m2)
			}
			if m.End > int64(len(content)) || m.Nodes > int64(len(content)) {
				t.Fatalf("%+v of %d bytes", m, len(content))
			}
		}
	})
}
