package catboost_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/catboost"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// read lists the kinds of problems and the texts of a model.
func read(content []byte, json bool) (kinds []catboost.Kind, texts []catboost.Text, m catboost.Model, err error) {
	visit := catboost.Visitor{
		Problem: func(p catboost.Problem) { kinds = append(kinds, p.Kind) },
		Text:    func(t catboost.Text) error { texts = append(texts, t); return nil },
	}
	budget := limits.NewBudget(limits.Default())
	if json {
		m, err = catboost.ReadJSON(bytes.NewReader(content), budget, visit)
	} else {
		m, err = catboost.Read(format.BytesBlob(content), budget, visit)
	}
	return kinds, texts, m, err
}

// samples are models that CatBoost wrote.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	return testkit.Samples(t, "testdata/*", 8)
}

func TestModelsOfCatBoost(t *testing.T) {
	for name, content := range samples(t) {
		json := strings.HasSuffix(name, ".json")
		kinds, texts, m, err := read(content, json)
		if err != nil || len(kinds) > 0 || m.Trees != 3 || m.End != int64(len(content)) {
			t.Errorf("%s: problems %v, error %v, model %+v of %d bytes", name, kinds, err, m, len(content))
		}
		if !slices.ContainsFunc(texts, func(x catboost.Text) bool { return strings.Contains(x.Value, "CatBoost release") }) {
			t.Errorf("%s: the information is not among the texts", name)
		}
		p := format.Probe{Head: content[:min(len(content), format.HeadSize)], Size: int64(len(content))}
		if (catboost.Format{}).Match(p) == json || (catboost.JSON{}).Match(p) != json {
			t.Errorf("%s is not recognised", name)
		}
	}
}

// number finds where a field of 32 bits of a table of trees lies, counted from the start of the content.
func number(content []byte, field, element int) int {
	core := content[8:]
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(core[at:])) }
	place := func(table, field int) int {
		vtable := table - int(int32(binary.LittleEndian.Uint32(core[table:])))
		return table + int(binary.LittleEndian.Uint16(core[vtable+4+2*field:]))
	}
	at := place(u32(0), 1)
	at = place(at+u32(at), field)
	if element < 0 {
		return 8 + at
	}
	return 8 + at + u32(at) + 4 + 4*element
}

// patch changes one number.
func patch(content []byte, at int, n uint32) []byte {
	c := bytes.Clone(content)
	binary.LittleEndian.PutUint32(c[at:], n)
	return c
}

func TestProblems(t *testing.T) {
	all := samples(t)
	even, uneven, cats := all["MultiClass.cbm"], all["Depthwise.cbm"], all["categories.cbm"]
	for name, c := range map[string]struct {
		content []byte
		want    []catboost.Kind
	}{
		"outputs":          {patch(even, number(even, 0, -1), 0), []catboost.Kind{"size"}},
		"more outputs":     {patch(even, number(even, 0, -1), 9), []catboost.Kind{"size"}},
		"split":            {patch(even, number(even, 1, 0), 1<<20), []catboost.Kind{"bounds"}},
		"negative split":   {patch(even, number(even, 1, 0), 1<<31), []catboost.Kind{"bounds"}},
		"deep tree":        {patch(even, number(even, 2, 1), 30), []catboost.Kind{"bounds"}},
		"negative tree":    {patch(even, number(even, 2, 1), 1<<31), []catboost.Kind{"bounds"}},
		"other tree":       {patch(even, number(even, 2, 2), 2), []catboost.Kind{"size", "size", "size"}},
		"start":            {patch(even, number(even, 3, 1), 1), []catboost.Kind{"bounds"}},
		"step":             {patch(uneven, number(uneven, 10, 0), 0x7fff7fff), []catboost.Kind{"bounds"}},
		"leaf":             {patch(uneven, number(uneven, 11, 41), 1<<20), []catboost.Kind{"bounds"}},
		"nodes":            {patch(uneven, number(uneven, 2, 0), 1<<20), []catboost.Kind{"bounds"}},
		"counters claimed": {patch(cats, 8+int(binary.LittleEndian.Uint32(cats[4:]))+4, 1<<30), []catboost.Kind{"size"}},
		"length claimed":   {patch(even, 4, 1<<30), []catboost.Kind{"size"}},
		"version":          {bytes.Replace(even, []byte("FlabuffersModel_v1"), []byte("FlabuffersModel_v9"), 1), []catboost.Kind{"unknown"}},
		"part":             {bytes.Replace(cats, []byte("static_provider_v1"), []byte("static_provider_v9"), 1), []catboost.Kind{"unknown"}},
	} {
		kinds, _, _, err := read(c.content, false)
		if diff := cmp.Diff(c.want, kinds); diff != "" || err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: error %v, problems (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestProblemsInJSON(t *testing.T) {
	const plain = `{"features_info":{},"oblivious_trees":[{"leaf_values":[1,2],"splits":[{"border":1}]},{"leaf_values":[1,2,3,4],"splits":[{},{}]}]}`
	for name, c := range map[string]struct {
		edit []string
		want []catboost.Kind
	}{
		"fine":       {nil, nil},
		"two values": {[]string{"[1,2]", "[1,2,3,4]", "[1,2,3,4]", "[1,2,3,4,5,6,7,8]"}, nil},
		"short":      {[]string{"[1,2,3,4]", "[1,2]"}, []catboost.Kind{"size"}},
		"deep":       {[]string{"{},{}", strings.Repeat("{},", 20) + "{}"}, []catboost.Kind{"bounds"}},
		"twice":      {[]string{`"features_info":{}`, `"features_info":{},"features_info":{}`}, []catboost.Kind{"duplicate-key"}},
	} {
		kinds, _, _, err := read([]byte(strings.NewReplacer(c.edit...).Replace(plain)), true)
		if diff := cmp.Diff(c.want, kinds); diff != "" || err != nil {
			t.Errorf("%s: error %v, problems (-want +got):\n%s", name, err, diff)
		}
	}
	for _, text := range []string{"", "{", plain + "x", strings.Repeat("[", 2000)} {
		if _, _, _, err := read([]byte(text), true); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20s: got %v", text, err)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	for name, content := range samples(t) {
		end := len(content)
		if name == "words.cbm" || name == "vectors.cbm" {
			end = 8 + int(binary.LittleEndian.Uint32(content[4:])) // what follows lies up to the end, wherever that is
		}
		for n := 0; n < end; n += 7 {
			if _, _, m, err := read(content[:n], strings.HasSuffix(name, ".json")); err == nil {
				t.Fatalf("%s: the first %d bytes look whole: %+v", name, n, m)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, json := range []bool{false, true} {
			kinds, _, m, err := read(content, json)
			again, _, m2, err2 := read(content, json)
			if !cmp.Equal(kinds, again) || m != m2 || (err == nil) != (err2 == nil) {
				t.Fatalf("two readings differ: %v %+v, %v %+v", kinds, m, again, m2)
			}
			if err == nil && (m.End > int64(len(content)) || m.Core > int64(len(content))) {
				t.Fatalf("%+v of %d bytes", m, len(content))
			}
		}
	})
}
