package hostile

import (
	"slices"
	"strings"

	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// honestGraph is a graph that does nothing wrong.
func honestGraph() []byte { return tf.Graph(nil, tf.Placeholder("x"), tfNode("y", "Identity", "x")) }

// lambdaConfig is the configuration of a Keras layer whose function is bytecode of CPython 3.11 that prints the marker, as the
// metadata of a SavedModel has it.
const lambdaConfig = `{"class_name":"Lambda","name":"lambda","config":{"name":"lambda","function":{"class_name":"__tuple__","items":` +
	`["` +
	"YwEAAAAAAAAAAAAAAAMAAAADAAAA81YAAACXAHQBAAAAAAAAAAAAAGQBpgEAAKsBAAAAAAAAAACgAQAAAAAAAAAAAAAAAAAAAAAAAAAAZAKmAQ" +
	"AAqwEAAAAAAAAAAHwAZgJkAxkAAAAAAAAAAABTAKkETtoCb3P6GmVjaG8gcGlja2V0LWhvc3RpbGUtc2FtcGxl6QEAAACpAtoKX19pbXBvcnRf" +
	"X9oGc3lzdGVtKQHaAXhzAQAAACD6CDxsYW1iZGE++gg8bGFtYmRhPnIKAAAAAgAAAPMnAAAAgACNWpgE0Q0d1A0d1w0k0g0k0CVB0Q1C1A1CwE" +
	"HQDEbAcdQMSYAA8wAAAAA=" +
	`",null,null]},"function_type":"lambda","module":"__main__"}}`

// savedModelSamples are SavedModels and graphs of checkpoints.
func savedModelSamples() []Sample {
	var all []Sample
	add := func(name, group, note string, content []byte) {
		all = append(all, tensorflowSample(name, group, note, content))
	}
	serve := []string{"serve"}
	evil := tf.Graph(nil, tf.Placeholder("x"), tf.Const("p", "/etc/passwd"), tfNode("r", "ReadFile", "p"))
	table := tf.Graph(nil, tf.Placeholder("path"), tfNode("i", "InitializeTableFromTextFileV2", "t", "path"))
	model := func(graph []byte, more ...[]byte) []byte { return tf.SavedModel(tf.MetaGraph(graph, serve, more...)) }
	add("savedmodel-readfile.pb", "savedmodel", "ReadFile of /etc/passwd in a served graph", model(evil))
	add("savedmodel-second-graph.pb", "savedmodel", "an honest graph for serving, and another for training that reads files", tf.SavedModel(tf.MetaGraph(honestGraph(), serve), tf.MetaGraph(evil, []string{"train"})))
	add("savedmodel-same-tags.pb", "savedmodel", "two graphs with the same tags", tf.SavedModel(tf.MetaGraph(honestGraph(), serve), tf.MetaGraph(honestGraph(), serve)))
	add("savedmodel-joined-graphs.pb", "savedmodel", "a graph in two parts, which readers join", model(honestGraph(), tf.Field(2, evil)))
	halves := slices.Concat(tf.Field(8, tf.Number(1, 7), tf.Field(2, tf.Field(2, tf.Number(1, 2))), tf.Text(8, "/root/.ssh/id_rsa")), tf.Field(8, tf.Number(1, 7), tf.Text(8, "vocab.txt")))
	add("graph-tensor-in-parts.pb", "tensorflow-graph", "a constant in two parts, which readers join: the last one names a harmless file", tf.Graph(nil,
		tf.Node("p", "Const", nil, tf.Attr("value", halves)), tfNode("r", "ReadFile", "p")))
	add("savedmodel-asset-climbs.pb", "savedmodel-asset", "an asset that climbs out of the model", model(table, tf.Asset("path:0", "../../../../../../etc/passwd")))
	add("savedmodel-asset-absolute.pb", "savedmodel-asset", "an asset with an absolute path", model(table, tf.Asset("path:0", "/etc/passwd")))
	add("savedmodel-asset-collection.pb", "savedmodel-asset", "an asset of version 1, in a collection, that climbs out of the model", model(table,
		tf.Field(4, tf.Pair("saved_model_assets", tf.Field(5, tf.Field(1, tf.Text(1, "type.googleapis.com/tensorflow.AssetFileDef"), tf.Field(2, tf.Field(1, tf.Text(1, "path:0")), tf.Text(2, "..\\..\\secret"))))))))
	add("savedmodel-asset-decoy.pb", "savedmodel-asset", "a secret path as the value of the constant that an asset is fed to", model(
		tf.Graph(nil, tf.Placeholder("x"), tf.Const("path", "/etc/passwd"), tfNode("i", "ReadFile", "path")), tf.Asset("path:0", "vocab.txt")))
	add("savedmodel-saver-secret.pb", "savedmodel", "the default path of the saver is a folder that runs what is in it", model(
		tf.Graph(nil, tf.Placeholder("x"), tf.Const("save/Const", "/etc/cron.d/"+Marker), tfNode("s", "SaveV2", "save/Const", "n", "n")), tf.Saver("save/Const:0")))
	add("savedmodel-saver-climbs.pb", "savedmodel", "the saver joins a path that climbs to the one that it is given", model(
		tf.Graph(nil, tf.Placeholder("p"), tf.Const("s", "/../../../.ssh/authorized_keys"), tfNode("j", "StringJoin", "p", "s"), tfNode("w", "SaveV2", "j", "n", "n")), tf.Saver("p:0")))
	add("savedmodel-keras-lambda.pb", "savedmodel-keras", "CVE-2024-3660: a Lambda layer among the objects of a SavedModel", model(honestGraph(),
		tf.Field(7, tf.Field(1, tf.Field(4, tf.Text(1, "_tf_keras_layer"), tf.Text(3, lambdaConfig))))))
	add("keras_metadata.pb", "savedmodel-keras", "CVE-2024-3660: a Lambda layer in the metadata beside a SavedModel",
		tf.Field(1, tf.Number(2, 1), tf.Text(3, "root.layer-0"), tf.Text(4, "_tf_keras_layer"), tf.Text(5, lambdaConfig)))
	add("metagraph-pyfunc.meta", "tensorflow-metagraph", "a Python call in the graph beside a checkpoint", tf.MetaGraph(
		tf.Graph(nil, tf.Placeholder("x"), tfNode("y", "PyFunc", "x")), nil))
	add("metagraph-write.meta", "tensorflow-metagraph", "a file written by the graph beside a checkpoint", tf.MetaGraph(
		tf.Graph(nil, tf.Const("p", Marker+".py"), tfNode("y", "WriteFile", "p", "p")), nil))
	add("saved_model.pbtxt", "tensorflow-text", "a SavedModel as text, which loaders take where there is no binary one", []byte(`saved_model_schema_version: 1
meta_graphs { meta_info_def { tags: "serve" } graph_def {
  node { name: "p" op: "Const" attr { key: "dtype" value { type: DT_STRING } } attr { key: "value" value { tensor { dtype: DT_STRING string_val: "/etc" "/passwd" } } } }
  node { name: "r" op: "ReadFile" input: "p" } } }
`))
	add("graph.pbtxt", "tensorflow-text", "a graph as text with a path in escapes", []byte(`node { name: "p" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING `+
		`string_val: '\057\145tc/cron.d/x' } } } }
node < name: "w", op: "WriteFile", input: ["p", "p"] >
`))
	return append(all, disguisedSamples(model(evil), tf.MetaGraph(evil, serve))...)
}

// disguisedSamples are SavedModels that begin like files of other formats: readers pass over fields that they do not know.
func disguisedSamples(whole, meta []byte) []Sample {
	var all []Sample
	add := func(name, note string, content ...[]byte) {
		all = append(all, tensorflowSample(name, "savedmodel-disguise", "a graph that reads files, in content that looks like "+note, slices.Concat(content...)))
	}
	piece := func(text string) []byte { return tf.Field(1, tf.Text(1, text), []byte{0x15, 0, 0, 0, 0}) }
	const printable = 0x41<<14 | 0x41<<7 | 0x41 // a length whose bytes are letters
	prose := tf.Text(15, strings.Repeat("words and words ", printable/16+1)[:printable])
	add("savedmodel-as-sources.pb", "debug information", tf.Text(1, "x.py"), tf.Field(2, meta, tf.Text(15, strings.Repeat("x", 1<<17))), tf.Number(1, 1))
	add("savedmodel-as-vocabulary.pb", "a vocabulary", piece("<unk>"), piece("<s>aa"), piece("</s>aa"), tf.Field(2, meta))
	add("savedmodel-as-prose.pb", "text", prose, whole, prose)
	return all
}

// checkpointSamples are checkpoints whose index lies.
func checkpointSamples() []Sample {
	var all []Sample
	add := func(name, note string, content []byte, shard int) {
		s := tensorflowSample(name+".index", "tensorflow-checkpoint", note, content)
		s.Beside = map[string][]byte{name + ".data-00000-of-00001": make([]byte, shard)}
		all = append(all, s)
	}
	a := tf.Entry{Key: "a", Type: 1, Dims: []int64{4}, Size: 16}
	add("ckpt-beyond", "a tensor behind the end of its shard", tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{1 << 20}, Size: 4 << 20}), 16)
	add("ckpt-size", "a tensor whose size differs from its shape", tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{1 << 30}, Size: 16}), 16)
	add("ckpt-overflow", "a tensor whose shape overflows", tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{1 << 40, 1 << 40}, Size: 16}), 16)
	add("ckpt-negative", "a tensor of a negative size", tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Size: 1 << 63}), 16)
	add("ckpt-overlap", "two tensors that share bytes", tf.Bundle(1, a, tf.Entry{Key: "b", Type: 1, Dims: []int64{4}, Offset: 8, Size: 16}), 24)
	add("ckpt-hole", "a hole between tensors with room for a payload", tf.Bundle(1, a, tf.Entry{Key: "b", Type: 1, Dims: []int64{4}, Offset: 8192, Size: 16}), 8208)
	add("ckpt-twice", "one name for two tensors", tf.Bundle(1, a, tf.Entry{Key: "a", Type: 1, Dims: []int64{4}, Offset: 16, Size: 16}), 32)
	add("ckpt-order", "names out of order: readers that search miss one", tf.Bundle(1, tf.Entry{Key: "b", Type: 1, Dims: []int64{4}, Size: 16}, tf.Entry{Key: "a", Type: 1, Dims: []int64{4}, Offset: 16, Size: 16}), 32)
	add("ckpt-shard", "a tensor in a shard that does not exist", tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{4}, Shard: 9, Size: 16}), 16)
	return append(all, tensorflowSample("checkpoint", "tensorflow-checkpoint", "the latest checkpoint is one of another folder",
		[]byte("model_checkpoint_path: \"../../tmp/evil/ckpt-1\"\nall_model_checkpoint_paths: \"ckpt-1\"\n")))
}
