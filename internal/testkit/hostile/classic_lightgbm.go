package hostile

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// leaves is a text model of LightGBM with one tree of two inner nodes, one of which splits on categories.
const leaves = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:1\n" +
	"feature_names=age income\nfeature_infos=[0:1] 1:2\ntree_sizes=SIZES\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\n" +
	"threshold=0.5 0\ndecision_type=2 1\nleft_child=1 -1\nright_child=-2 -3\nleaf_value=1 2 3\ncat_boundaries=0 1\ncat_threshold=6\n" +
	"is_linear=0\nshrinkage=1\n\n\nend of trees\n\nfeature_importances:\nage=1\n\nparameters:\n[boosting: gbdt]\n" +
	"[forcedsplits_filename: ]\n[machine_list_filename: ]\n\nend of parameters\n\npandas_categorical:[[\"a\", \"b\"]]\n"

// sized fills in the size of the first tree.
func sized(model string) string {
	_, tree, _ := strings.Cut(model, "\nTree=0\n")
	tree, _, _ = strings.Cut(tree, "end of trees")
	tree, _, _ = strings.Cut(tree, "Tree=1")
	return strings.Replace(model, "SIZES", strconv.Itoa(len("Tree=0\n")+len(tree)), 1)
}

// lightgbmSamples are text models of LightGBM.
func lightgbmSamples() []Sample {
	sample := func(id, technique string, edit ...string) Sample {
		return Sample{Name: "lightgbm-" + id + ".txt", Group: "lightgbm", Technique: technique, Loader: "lightgbm",
			Build: build([]byte(sized(strings.NewReplacer(edit...).Replace(leaves))))}
	}
	text := func(id, technique string, edit ...string) Sample {
		s := sample("text-"+id, technique, edit...)
		s.Group = "lightgbm-text"
		return s
	}
	pickled := base64.StdEncoding.EncodeToString(attackPickle())
	return []Sample{
		sample("node-outside", "a tree whose child is node 1,000,000 of 2: predictions read outside of the array", "left_child=1 ", "left_child=1000000 "),
		sample("leaf-outside", "a tree whose child is leaf 1,000,000 of 3", "right_child=-2 ", "right_child=-1000000 "),
		sample("loop", "a tree whose root is its own child: a prediction never ends", "left_child=1 ", "left_child=0 "),
		sample("shared-leaf", "a leaf that two branches share", "right_child=-2 -3", "right_child=-2 -1"),
		sample("feature-outside", "a split on feature 2,000,000 of 2", "split_feature=0 1", "split_feature=2000000 1"),
		sample("category-outside", "a split on set 5,000 of 1 sets of categories", "threshold=0.5 0", "threshold=0.5 5000"),
		sample("categories-outside", "a set of categories that ends outside of the list", "cat_boundaries=0 1", "cat_boundaries=0 100000"),
		sample("categories-claimed", "2^30 sets of categories", "num_cat=1", "num_cat=1073741824"),
		sample("leaves-claimed", "a tree that claims 2^31 leaves: the reader allocates for each", "num_leaves=3", "num_leaves=2147483647"),
		sample("leaves-negative", "a tree with a negative number of leaves", "num_leaves=3", "num_leaves=-3"),
		sample("values-short", "an array that is shorter than the tree: the reader goes on behind it", "leaf_value=1 2 3", "leaf_value=1"),
		sample("sizes-elsewhere", "tree_sizes that lead LightGBM into the middle of the text", "SIZES", "20"),
		sample("sizes-many", "tree_sizes of trees that do not exist", "SIZES", "209 9999999"),
		sample("sizes-hidden", "a second tree that tree_sizes does not name: LightGBM does not load it and a reader of the text sees it", "\n\nend of trees",
			"\n\nTree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=1\nshrinkage=1\n\n\nend of trees"),
		sample("key-twice", "two arrays of children in one tree", "is_linear=0", "left_child=0 0\nis_linear=0"),
		sample("header-twice", "two objectives", "num_class=1\n", "num_class=1\nobjective=regression\n"),
		sample("value-code", "a value of a leaf that is code", "leaf_value=1 2 3", "leaf_value=1 2 __import__('os').system('echo')"),
		sample("cut", "a model that is cut inside of a tree", leaves[300:], ""),
		text("objective-code", "an objective that is a call, for wrappers that look it up with eval", "binary sigmoid:1", "__import__('os').system('echo "+Marker+"')"),
		text("splits-path", "a parameter that makes training from the model read a system file", "[forcedsplits_filename: ]", "[forcedsplits_filename: ../../../../etc/passwd]"),
		text("machines-path", "a parameter that makes training from the model read a key", "[machine_list_filename: ]", "[machine_list_filename: /root/.ssh/id_rsa]"),
		text("feature-escape", "terminal escapes in the name of a feature", "age income", "\x1b[2Jage income"),
		text("feature-markup", "a script in the name of a feature", "age income", "<script>alert('"+Marker+"')</script> income"),
		text("feature-hidden", "characters that turn the text in the name of a feature", "age income", "a\u202ege income"),
		text("category-pickle", "a pickle as base64 among the categories", `"b"`, `"`+pickled+`"`),
		text("category-deep", "100,000 nested lists as the categories, which Python's reader of JSON refuses by an exception", `["a", "b"]`, strings.Repeat("[", 100_000)),
		text("parameter-shell", "a shell command in a parameter", "[boosting: gbdt]", "[boosting: gbdt; curl 127.0.0.1:9 | sh]"),
		text("unknown-code", "a line with Python that LightGBM passes over", "num_class=1\n", "num_class=1\nhook=__import__('os').system('echo "+Marker+"')\n"),
		text("after-end", "a pickle of protocol 0 after the parameters", "pandas_categorical:", "cposix\nsystem\n(S'echo "+Marker+"'\ntR.\npandas_categorical:"),
	}
}
