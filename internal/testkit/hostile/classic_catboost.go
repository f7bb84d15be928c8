package hostile

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// flat writes FlatBuffers from the end to the start of what refers to it: every table stands behind the one that names it.
type flat struct{ b []byte }

func (f *flat) u32(n uint32) { f.b = binary.LittleEndian.AppendUint32(f.b, n) }

// align pads to four bytes.
func (f *flat) align() {
	for len(f.b)%4 != 0 {
		f.b = append(f.b, 0)
	}
}

// point makes the offset at a place lead to the end of what is written.
func (f *flat) point(at int) {
	f.align()
	binary.LittleEndian.PutUint32(f.b[at:], uint32(len(f.b)-at))
}

// table writes a table of 32-bit fields by their numbers, and returns where each stands.
func (f *flat) table(fields ...int) map[int]int {
	count := 0
	for _, n := range fields {
		count = max(count, n+1)
	}
	vtable := make([]byte, 4+2*count)
	binary.LittleEndian.PutUint16(vtable, uint16(len(vtable)))
	binary.LittleEndian.PutUint16(vtable[2:], uint16(4+4*len(fields)))
	for i, n := range fields {
		binary.LittleEndian.PutUint16(vtable[4+2*n:], uint16(4+4*i))
	}
	f.align()
	table := len(f.b)
	f.u32(0)
	places := map[int]int{}
	for _, n := range fields {
		places[n] = len(f.b)
		f.u32(0)
	}
	binary.LittleEndian.PutUint32(f.b[table:], uint32(table-len(f.b))) // the vtable stands behind the table
	f.b = append(f.b, vtable...)
	return places
}

// text writes a string that the offset at a place leads to.
func (f *flat) text(at int, s string) {
	f.point(at)
	f.u32(uint32(len(s)))
	f.b = append(append(f.b, s...), 0)
}

// list writes a list of numbers of 32 bits that the offset at a place leads to.
func (f *flat) list(at int, values ...uint32) {
	f.point(at)
	f.u32(uint32(len(values)))
	for _, v := range values {
		f.u32(v)
	}
}

// catboost is a model of one tree with one split.
type catboost struct {
	version, key, value, feature, part string
	dimension, split, size             uint32
	leaves                             int
	steps                              []uint32
}

// model writes the model.
func (c catboost) model() []byte {
	f := &flat{}
	f.u32(0)
	f.point(0)
	root := f.table(0, 1, 2, 3)
	f.text(root[0], c.version)
	f.point(root[1])
	trees := f.table(0, 1, 2, 5, 8, 10, 11)
	binary.LittleEndian.PutUint32(f.b[trees[0]:], c.dimension)
	f.list(trees[1], c.split)
	f.list(trees[2], c.size)
	f.list(trees[5], 0)
	float := len(f.b) - 4
	f.point(float)
	names := f.table(3, 4)
	f.list(names[3], 0x3f000000)
	f.text(names[4], c.feature)
	f.point(trees[8])
	f.u32(uint32(c.leaves))
	f.b = append(f.b, make([]byte, 8*c.leaves)...)
	f.list(trees[10], c.steps...)
	f.list(trees[11], make([]uint32, len(c.steps))...)
	f.list(root[2], 0)
	pair := len(f.b) - 4
	f.point(pair)
	information := f.table(0, 1)
	f.text(information[0], c.key)
	f.text(information[1], c.value)
	if c.part == "" {
		f.list(root[3])
	} else {
		f.list(root[3], 0)
		f.text(len(f.b)-4, c.part)
	}
	f.align()
	return append(binary.LittleEndian.AppendUint32([]byte("CBM1"), uint32(len(f.b))), f.b...)
}

// catboostJSON is an exported model of one tree.
const catboostJSON = `{"features_info":{"float_features":[{"feature_id":"age","feature_index":0,"borders":[0.5]}]},"model_info":{"params":{"note":"NOTE"}},` +
	`"oblivious_trees":[{"leaf_values":[1,2],"leaf_weights":[1,1],"splits":[{"border":0.5,"float_feature_index":0,"split_index":0}]}],"scale_and_bias":[1,[0]]}`

// catboostSamples are models of CatBoost in both forms.
func catboostSamples() []Sample {
	binaryForm := func(id, technique string, change func(*catboost), tail ...byte) Sample {
		c := catboost{version: "FlabuffersModel_v1", key: "params", value: "{}", feature: "age", dimension: 1, split: 0, size: 1, leaves: 2}
		change(&c)
		return Sample{Name: "catboost-" + id + ".cbm", Group: "catboost", Technique: technique, Loader: "catboost",
			Build: build(append(c.model(), tail...))}
	}
	exported := func(id, technique string, edit ...string) Sample {
		return Sample{Name: "catboost-" + id + ".json", Group: "catboost", Technique: technique, Loader: "catboost",
			Build: build([]byte(strings.NewReplacer(edit...).Replace(catboostJSON)))}
	}
	pickled := base64.StdEncoding.EncodeToString(attackPickle())
	claimed := binaryForm("length-claimed", "a FlatBuffer of 2^31 bytes in a file of some hundred", func(*catboost) {})
	content, err := claimed.Build()
	claimed.Build = func() ([]byte, error) {
		return append(binary.LittleEndian.AppendUint32([]byte("CBM1"), 1<<31), content[8:]...), err
	}
	cut := claimed
	cut.Name, cut.Technique, cut.Build = "catboost-cut.cbm", "a model whose FlatBuffer is cut short", build(append(
		binary.LittleEndian.AppendUint32([]byte("CBM1"), 60), content[8:68]...))
	return []Sample{
		claimed, cut,
		binaryForm("split-outside", "a tree that uses border 1,000,000 of 1: the evaluator reads outside of the row", func(c *catboost) { c.split = 1_000_000 }),
		binaryForm("split-negative", "a tree that uses a negative border", func(c *catboost) { c.split = 1 << 31 }),
		binaryForm("depth", "a tree of 31 levels: the evaluator counts 2^31 leaves", func(c *catboost) { c.size = 31 }),
		binaryForm("depth-negative", "a tree of a negative number of levels", func(c *catboost) { c.size = 1<<32 - 1 }),
		binaryForm("leaves-short", "a tree with less leaves than its levels need: the evaluator reads behind the list", func(c *catboost) { c.leaves = 1 }),
		binaryForm("outputs-claimed", "a model of 2^30 outputs with two values", func(c *catboost) { c.dimension = 1 << 30 }),
		binaryForm("outputs-none", "a model of no outputs, which the evaluator divides by", func(c *catboost) { c.dimension = 0 }),
		binaryForm("steps-outside", "an uneven tree whose way leads out of the list of nodes", func(c *catboost) { c.steps = []uint32{0x7fff7fff} }),
		binaryForm("steps-short", "an uneven tree with more nodes than ways", func(c *catboost) { c.steps = []uint32{0, 0, 0} }),
		binaryForm("information-code", "Python in the information about the model", func(c *catboost) { c.value = "__import__('os').system('echo " + Marker + "')" }),
		binaryForm("information-pickle", "a pickle as base64 in the information about the model", func(c *catboost) { c.value = pickled }),
		binaryForm("information-path", "a path out of the model in its parameters", func(c *catboost) { c.value = `{"train_dir":"../../../../root/.ssh/"}` }),
		binaryForm("feature-escape", "terminal escapes in the name of a feature", func(c *catboost) { c.feature = "\x1b[2Jage" }),
		binaryForm("feature-markup", "a script in the name of a feature", func(c *catboost) { c.feature = "<script>alert('" + Marker + "')</script>" }),
		binaryForm("trailing-pickle", "a pickle after the end of the model", func(*catboost) {}, attackPickle()...),
		binaryForm("part-foreign", "a part that CatBoost does not have, with a pickle as its content", func(c *catboost) { c.part = "plugin_v1" }, attackPickle()...),
		binaryForm("part-claimed", "counters of 2^32 tables in eight bytes", func(c *catboost) { c.part = "static_provider_v1" }, bytes.Repeat([]byte{0xff}, 8)...),
		exported("json-leaves-short", "an exported tree with less leaves than its levels need", "[1,2]", "[]"),
		exported("json-depth", "an exported tree of 40 levels", `"splits":[`, `"splits":[`+strings.Repeat(`{"border":1},`, 40)),
		exported("json-duplicate", "two lists of trees in one exported model", `"oblivious_trees":`, `"oblivious_trees":[],"oblivious_trees":`),
		exported("json-code", "Python in the information about an exported model", "NOTE", "__import__('os').system('echo "+Marker+"')"),
		exported("json-pickle", "a pickle as base64 in the information about an exported model", "NOTE", pickled),
	}
}
