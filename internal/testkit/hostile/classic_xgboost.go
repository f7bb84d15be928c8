package hostile

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// booster is a model of XGBoost with one tree of three nodes, in JSON.
const booster = `{"learner":{"attributes":{"note":"NOTE"},"feature_names":["age","income"],"feature_types":["float","float"],` +
	`"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],` +
	`"trees":[{"base_weights":[1E-1,2E-1,3E-1],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],` +
	`"default_left":[0,0,0],"id":0,"left_children":[1,-1,-1],"loss_changes":[1E0,0E0,0E0],"parents":[2147483647,0,0],"right_children":[2,-1,-1],` +
	`"split_conditions":[5E-1,1E0,2E0],"split_indices":[1,0,0],"split_type":[0,0,0],"sum_hessian":[3E0,1E0,2E0],` +
	`"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},` +
	`"learner_model_param":{"base_score":"5E-1","boost_from_average":"1","num_class":"0","num_feature":"2","num_target":"1"},` +
	`"objective":{"name":"reg:squarederror","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,2,0]}`

// boosted writes the model with parts replaced.
func boosted(edit ...string) []byte { return []byte(strings.NewReplacer(edit...).Replace(booster)) }

// xgboostSamples are models of XGBoost in each encoding.
func xgboostSamples() []Sample {
	sample := func(id, technique string, content []byte) Sample {
		return Sample{Name: "xgboost-" + id, Group: "xgboost", Technique: technique, Loader: "xgboost", Build: build(content)}
	}
	text := func(id, technique string, edit ...string) Sample {
		return sample(id+".json", technique, boosted(edit...))
	}
	note := func(id, technique, value string) Sample {
		s := text("attribute-"+id, technique, "NOTE", value)
		s.Group = "xgboost-text"
		return s
	}
	pickled := base64.StdEncoding.EncodeToString(attackPickle())
	return append(xgboostBinarySamples(sample),
		text("child-outside", "a tree whose child is node 1,000,000 of 3: predictions read outside of the array", `[1,-1,-1]`, `[1000000,-1,-1]`),
		text("child-negative", "a tree with the child -7", `[2,-1,-1]`, `[-7,-1,-1]`),
		text("child-overflow", "a child that becomes another in 32 bits", `[2,-1,-1]`, `[4294967298,-1,-1]`),
		text("feature-outside", "a split on feature 2,000,000 of 2: predictions read outside of the row", `"split_indices":[1,0,0]`, `"split_indices":[2000000,0,0]`),
		text("feature-claimed", "a tree and a model that disagree on the number of features", `"split_indices":[1,0,0]`, `"split_indices":[900,0,0]`, `"tree_param":{"num_deleted":"0","num_feature":"2"`, `"tree_param":{"num_deleted":"0","num_feature":"1000"`),
		text("loop", "a tree whose root is its own child: a prediction never ends", `[2,-1,-1]`, `[0,-1,-1]`),
		text("loop-below", "a tree that leads back to its root from below", `"left_children":[1,-1,-1]`, `"left_children":[1,0,-1]`, `"right_children":[2,-1,-1]`, `"right_children":[2,2,-1]`),
		text("shared-child", "a node that two branches share", `[1,-1,-1]`, `[2,-1,-1]`),
		text("short-array", "an array of conditions that is shorter than the tree", `"split_conditions":[5E-1,1E0,2E0]`, `"split_conditions":[5E-1]`),
		text("nodes-claimed", "a tree that claims 2^31 nodes", `"num_nodes":"3"`, `"num_nodes":"2147483647"`),
		text("trees-claimed", "a model that claims 2^31 trees", `"num_trees":"1"`, `"num_trees":"2147483647"`),
		text("output-outside", "a tree that adds to output 1,000,000 of 1: predictions write outside of the row", `"tree_info":[0]`, `"tree_info":[1000000]`),
		text("output-negative", "a tree that adds to output -8", `"tree_info":[0]`, `"tree_info":[-8]`),
		text("iterations-outside", "iterations that reach tree 1,000,000 of 1", `[0,1]`, `[0,1000000]`),
		text("categories-outside", "a node whose categories lie outside of the list", `"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`, `"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1000000]`),
		text("duplicate-trees", "two arrays of children for one tree: loaders keep one or the other", `"id":0`, `"left_children":[9,9,9],"id":0`),
		text("duplicate-learner", "two models in one file", `"version":[3,2,0]`, `"learner":{},"version":[3,2,0]`),
		text("objective-code", "an objective that is a call, for loaders that look it up with eval", `reg:squarederror`, `__import__('os').system('echo `+Marker+`')`),
		text("feature-escape", "terminal escapes in the name of a feature", `"age"`, `"\u001b[2J\u001b[31mage"`),
		text("feature-control", "a line of C code in the name of a feature, hidden by characters that turn the text", `"age"`, `"a\u202ege"`),
		text("feature-markup", "a script in the name of a feature, for dashboards that show it", `"age"`, `"<script>alert('`+Marker+`')</script>"`),
		sample("nest.json", "100,000 nested lists: XGBoost's reader of JSON calls itself for each",
			[]byte(`{"learner":{"gradient_booster":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}}`)),
		note("pickle", "a pickle as base64 in an attribute, as wrappers store their state", pickled),
		note("eval", "Python in an attribute", `__import__('os').system('echo `+Marker+`')`),
		note("shell", "a shell command in an attribute", `curl 127.0.0.1:9 | sh`),
		note("path", "a path out of the model in an attribute", `../../../../etc/passwd`),
		note("text-pickle", "a pickle of protocol 0 in an attribute", `cposix\nsystem\n(S'echo `+Marker+`'\ntR.`),
		note("scikit-learn", "a pickle inside the JSON that the wrapper of scikit-learn stores", `__reduce__`),
	)
}

// xgboostBinarySamples are models in UBJSON and in the old binary form.
func xgboostBinarySamples(sample func(id, technique string, content []byte) Sample) []Sample {
	old := func(id, technique string, trees, nodes, left, feature uint32) Sample {
		return sample(id+".model", technique, oldBooster(trees, nodes, left, feature, "binary:logistic"))
	}
	huge := ub("learner", ub("gradient_booster", ub("model", append([]byte("{"), append(ubKey("trees"), "[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff"...)...))))
	return []Sample{
		old("binary-nodes-claimed", "2^30 nodes in a binary model of 400 bytes: the loader allocates 36 GB", 1, 1<<30, 1, 0),
		old("binary-nodes-negative", "a negative number of nodes, which becomes 2^64 bytes", 1, 1<<31|3, 1, 0),
		old("binary-trees-claimed", "2^30 trees in a binary model", 1<<30, 3, 1, 0),
		old("binary-child-outside", "a binary tree whose child is outside of the array", 1, 3, 5000, 0),
		old("binary-loop", "a binary tree that leads back to its root", 1, 3, 0, 0),
		old("binary-feature-outside", "a binary tree that splits on feature 2^30", 1, 3, 1, 1<<30),
		sample("binary-objective-claimed.model", "a name of 2^63 bytes in a binary model", append(append([]byte("binf"), make([]byte, 136)...), "\xff\xff\xff\xff\xff\xff\xff\x7f"...)),
		sample("binary-attribute.model", "a shell command in the objective of a binary model", oldBooster(1, 3, 1, 0, "reg:x; curl 127.0.0.1:9 | sh")),
		sample("binary-trailing.model", "a pickle after the end of a binary model", append(oldBooster(1, 3, 1, 0, "binary:logistic"), attackPickle()...)),
		sample("ubjson-child-outside.ubj", "a tree in UBJSON whose child is outside of the array", ubBooster(9000, 0, "x")),
		sample("ubjson-feature-outside.ubj", "a tree in UBJSON that splits on feature 2^30", ubBooster(1, 1<<30, "x")),
		sample("ubjson-attribute.ubj", "Python in an attribute in UBJSON", ubBooster(1, 0, "__import__('os').system('echo "+Marker+"')")),
		sample("ubjson-pickle.ubj", "a pickle as base64 in an attribute in UBJSON", ubBooster(1, 0, base64.StdEncoding.EncodeToString(attackPickle()))),
		sample("ubjson-trailing.ubj", "a pickle after the end of a model in UBJSON", append(ubBooster(1, 0, "x"), attackPickle()...)),
		sample("ubjson-array-claimed.ubj", "an array of 2^63 numbers in a model of 100 bytes", huge),
		sample("ubjson-nest.ubj", "100,000 nested lists in UBJSON", append(append(append(append([]byte("{"), ubKey("learner")...), '{'), ubKey("gradient_booster")...), strings.Repeat("[", 100_000)...)),
		sample("ubjson-cut.ubj", "a model in UBJSON that is cut short", ubBooster(1, 0, "x")[:150]),
	}
}

// oldBooster writes a binary model of one tree of three nodes; numbers that are claimed may be others.
func oldBooster(trees, nodes, left, feature uint32, objective string) []byte {
	u32 := func(b []byte, numbers ...uint32) []byte {
		for _, n := range numbers {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		return b
	}
	text := func(b []byte, s string) []byte {
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	b := u32([]byte("binf"), math.Float32bits(0.5), 4, 0, 0, 0, 1, 7, 1, 1)
	b = text(text(append(b, make([]byte, 100)...), objective), "gbtree")
	b = append(u32(b, trees, 1, 0, 0, 0, 0, 1), make([]byte, 160-28)...)
	b = append(u32(b, 1, nodes, 0, 0, 4), make([]byte, 148-20)...)
	const leaf = 1<<32 - 1
	b = u32(b, leaf, left, 2, feature|1<<31, math.Float32bits(0.5))
	b = u32(b, 0|1<<31, leaf, leaf, 0, math.Float32bits(1), 0, leaf, leaf, 0, math.Float32bits(2))
	return u32(append(b, make([]byte, 3*16)...), 0)
}

// ub writes an object of one member in UBJSON.
func ub(name string, value []byte) []byte {
	return append(append(append([]byte("{"), ubKey(name)...), value...), '}')
}

// ubKey writes the name of a member.
func ubKey(name string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte("L"), uint64(len(name))), name...)
}

// ubObject writes an object of several members in order.
func ubObject(members ...any) []byte {
	b := []byte("{")
	for i := 0; i < len(members); i += 2 {
		b = append(b, ubKey(fmt.Sprint(members[i]))...)
		switch v := members[i+1].(type) {
		case string:
			b = append(append(b, 'S'), ubKey(v)...)
		case []int32:
			b = binary.BigEndian.AppendUint64(append(b, "[$l#L"...), uint64(len(v)))
			for _, n := range v {
				b = binary.BigEndian.AppendUint32(b, uint32(n))
			}
		case []byte:
			b = append(b, v...)
		}
	}
	return append(b, '}')
}

// ubBooster writes a model of one tree in UBJSON.
func ubBooster(left, feature int32, note string) []byte {
	tree := ubObject("left_children", []int32{left, -1, -1}, "right_children", []int32{2, -1, -1}, "parents", []int32{math.MaxInt32, 0, 0},
		"split_indices", []int32{feature, 0, 0}, "tree_param", ubObject("num_nodes", "3", "num_feature", "2"))
	return ubObject("learner", ubObject(
		"attributes", ubObject("note", note),
		"gradient_booster", ubObject("model", ubObject("gbtree_model_param", ubObject("num_trees", "1"),
			"tree_info", []int32{0}, "trees", append(append([]byte("["), tree...), ']')), "name", "gbtree"),
		"learner_model_param", ubObject("num_class", "0", "num_feature", "2", "num_target", "1"),
		"objective", ubObject("name", "reg:squarederror")))
}
