package tensorflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formats "github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/tensorflow"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

func all() []format.Format {
	return []format.Format{formats.SavedModel{}, formats.MetaGraph{}, formats.Graph{}, formats.KerasMetadata{}, formats.Fingerprint{}}
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.tensorflow.") }

// in makes inputs.
func in(names ...string) []string { return names }

// op makes a node without attributes.
func op(name, operation string, inputs ...string) []byte { return tf.Node(name, operation, inputs) }

// calling makes a node that calls a function.
func calling(name, operation, function string, inputs ...string) []byte {
	return tf.Node(name, operation, inputs, tf.Attr("f", tf.FunctionValue(function)))
}

// graphs are graphs by themselves, and the rules that fire.
func graphs() map[string]struct {
	graph []byte
	want  string
} {
	g := tf.Graph
	type row = struct {
		graph []byte
		want  string
	}
	read := func(nodes ...[]byte) []byte { return g(nil, append(nodes, op("r", "ReadFile", "p"))...) }
	reader := tf.Function("reader", in("path"), "r:contents:0", op("r", "ReadFile", "path"))
	return map[string]row{
		"arithmetic":      {g(nil, tf.Placeholder("x"), op("y", "Identity", "x")), ""},
		"python":          {g(nil, tf.Const("a", "x"), tf.Node("y", "PyFunc", in("a"), tf.Attr("token", tf.TextValue("pyfunc_0")))), "python-call"},
		"eager python":    {g(nil, op("y", "EagerPyFunc")), "python-call"},
		"rpc":             {g(nil, tf.Const("a", "127.0.0.1:9"), op("y", "RpcClient", "a")), "network"},
		"data service":    {g(nil, tf.Const("a", "grpc"), op("y", "DataServiceDatasetV4", "a")), "network"},
		"debug address":   {g(nil, tf.Node("y", "DebugIdentityV3", in("x"), tf.Attr("debug_urls", tf.TextsValue("grpc://127.0.0.1:9")))), "network"},
		"debug none":      {g(nil, op("y", "DebugIdentityV3", "x")), ""},
		"native":          {g(nil, op("y", "XlaCustomCallV2")), "native-code"},
		"abort":           {g(nil, op("y", "Abort")), "abort"},
		"assert":          {g(nil, op("y", "Assert")), ""},
		"custom":          {g(nil, op("y", "EvilOp")), "unknown-operation"},
		"library":         {g(nil, op("y", "Addons>Gelu")), "library-operation"},
		"print":           {g(nil, tf.Node("y", "PrintV2", in("x"), tf.Attr("output_stream", tf.TextValue("stderr")))), ""},
		"print to file":   {g(nil, tf.Node("y", "PrintV2", in("x"), tf.Attr("output_stream", tf.TextValue("file:///tmp/x")))), "file-write"},
		"file system":     {g(nil, tf.Const("a", "s3"), op("y", "FileSystemSetConfiguration", "a", "a", "a")), "file-system"},
		"write constant":  {g(nil, tf.Const("p", "x.py"), tf.Const("c", "y"), op("w", "WriteFile", "p", "c")), "file-write"},
		"write given":     {g(nil, tf.Placeholder("p"), op("w", "WriteFile", "p", "p")), "file-write-input"},
		"write computed":  {g(nil, tf.Placeholder("x"), op("p", "AsString", "x"), op("w", "WriteFile", "p", "x")), "file-computed"},
		"read secret":     {read(tf.Const("p", "/etc/passwd")), "file-read"},
		"read home":       {read(tf.Const("p", "~/.ssh/id_rsa")), "file-read"},
		"read climbing":   {read(tf.Const("p", "../../x")), "file-read"},
		"read file url":   {read(tf.Const("p", "file:///etc/shadow")), "file-read"},
		"read absolute":   {read(tf.Const("p", "/opt/data/x")), "file-path"},
		"read bucket":     {read(tf.Const("p", "gs://bucket/x")), "file-path"},
		"read relative":   {read(tf.Const("p", "data/x")), "data-path"},
		"read given":      {read(tf.Placeholder("p")), "file-read-input"},
		"read default":    {read(tf.Const("d", "/etc/passwd"), op("p", "PlaceholderWithDefault", "d")), "file-read"},
		"read nothing":    {read(), "file-computed"},
		"read joined":     {read(tf.Const("a", "/et"), tf.Const("b", "c/passwd"), op("p", "StringJoin", "a", "b")), "file-read"},
		"read joined /":   {read(tf.Const("a", ""), tf.Const("b", "etc"), tf.Const("c", "hosts"), tf.Node("p", "StringJoin", in("a", "b", "c"), tf.Attr("separator", tf.TextValue("/")))), "file-read"},
		"read base64":     {read(tf.Const("a", "L2V0Yy9wYXNzd2Q"), op("p", "DecodeBase64", "a")), "file-read"},
		"read substring":  {read(tf.Const("a", "xxx"), op("p", "Substr", "a", "n", "m")), "file-computed"},
		"read reversed":   {read(tf.Const("a", "xx/etc/passwd"), op("p", "Substr", "a")), "file-read"},
		"read selected":   {read(tf.Const("a", "/etc/passwd"), tf.Placeholder("x"), op("p", "SelectV2", "c", "x", "a")), "file-read"},
		"read of a set":   {read(tf.Const("a", "x", "/etc/passwd"), op("d", "TensorSliceDataset", "a"), op("p", "IteratorGetNext", "d")), "file-read"},
		"lines of set":    {g(nil, tf.Const("p", "/etc/passwd"), op("d", "TextLineDataset", "p")), "file-read"},
		"records":         {g(nil, tf.Const("p", "/data/train.tfrecord"), op("d", "TFRecordDataset", "p")), "data-path"},
		"cache in memory": {g(nil, tf.Const("p", ""), op("d", "CacheDataset", "x", "p")), ""},
		"snapshot":        {g(nil, tf.Const("p", "/etc/cron.d/x"), op("d", "SnapshotDatasetV2", "x", "p")), "file-write"},
		"dump":            {g(nil, tf.Node("d", "DumpTensor", in("x"), tf.Attr("log_dir_path", tf.TextValue("/tmp")))), "file-write"},
		"through variable": {read(tf.Const("a", "/etc/passwd"), op("v", "VarHandleOp"), op("p", "ReadVariableOp", "v"),
			tf.Node("w", "AssignVariableOp", in("v", "a"), tf.Attr("dtype", tf.TypeValue(tf.String)))), "file-read"},
		"from a variable":       {read(op("v", "VarHandleOp"), op("p", "ReadVariableOp", "v")), "file-computed"},
		"queue of paths":        {g(nil, tf.Const("a", "/etc/passwd"), op("q", "FIFOQueueV2"), op("e", "QueueEnqueueManyV2", "q", "a"), op("r", "WholeFileReaderV2"), op("x", "ReaderReadV2", "r", "q")), "file-read"},
		"queue of words":        {g(nil, tf.Const("a", "/etc/passwd"), op("q", "FIFOQueueV2"), op("e", "QueueEnqueueManyV2", "q", "a")), ""},
		"in a function":         {g(tf.Library(tf.Function("f", nil, "", tf.Const("p", "/etc/passwd"), op("r", "ReadFile", "p:output:0")))), "file-read"},
		"through a call":        {g(tf.Library(reader), tf.Const("p", "/etc/passwd"), calling("c", "StatefulPartitionedCall", "reader", "p")), "file-read"},
		"through a set":         {g(tf.Library(reader), tf.Const("p", "/etc/passwd"), op("d", "TensorSliceDataset", "p"), calling("m", "MapDataset", "reader", "d")), "file-read"},
		"function as node":      {g(tf.Library(reader), tf.Const("p", "/etc/passwd"), op("c", "reader", "p")), "file-read"},
		"result of function":    {g(tf.Library(tf.Function("f", nil, "p:output:0", tf.Const("p", "/etc/passwd"))), calling("p", "PartitionedCall", "f"), op("r", "ReadFile", "p")), "file-read"},
		"argument":              {g(tf.Library(reader), tf.Placeholder("p"), calling("c", "StatefulPartitionedCall", "reader", "p")), "file-read-input"},
		"through a branch":      {g(tf.Library(reader), tf.Const("c", "x"), tf.Const("p", "/etc/passwd"), tf.Node("i", "If", in("c", "p"), tf.Attr("then_branch", tf.FunctionValue("reader")))), "file-read"},
		"function as operation": {g(tf.Library(tf.Function("ReadFile", nil, "")), op("r", "ReadFile", "p")), "duplicate"},
		"around a loop": {g(nil, tf.Const("c", "/etc/passwd"), tf.Placeholder("x"), op("v", "Merge", "a", "c"), op("a", "Merge", "v", "x"),
			op("s", "RestoreV2", "v"), op("r", "ReadFile", "a")), "file-read"},
		"recursion":          {g(tf.Library(tf.Function("f", nil, "", calling("c", "PartitionedCall", "g")), tf.Function("g", nil, "", calling("c", "PartitionedCall", "f")))), "recursion"},
		"diamond":            {g(tf.Library(tf.Function("f", nil, "", calling("a", "PartitionedCall", "g"), calling("b", "PartitionedCall", "g")), tf.Function("g", nil, "", op("n", "NoOp")))), ""},
		"two functions":      {g(tf.Library(tf.Function("f", nil, ""), tf.Function("f", nil, ""))), "duplicate"},
		"two nodes":          {g(nil, op("n", "NoOp"), op("n", "NoOp")), "duplicate"},
		"two operations":     {g(nil, append(op("n", "NoOp"), tf.Text(2, "Abort")...)), "abort duplicate"},
		"negative shape":     {g(nil, number(tf.Shape(-5))), "tensor-bounds"},
		"overflowing shape":  {g(nil, number(tf.Shape(1<<40, 1<<40))), "tensor-bounds"},
		"expanding constant": {g(nil, number(tf.Shape(1<<32))), "tensor-bounds"},
		"honest fill":        {g(nil, number(tf.Shape(1<<20))), ""},
		"short content":      {g(nil, tf.Node("n", "Const", nil, tf.Attr("value", tf.TensorValue(append(append(tf.Number(1, 1), tf.Shape(3)...), tf.Field(4, make([]byte, 4))...))))), "tensor-bounds"},
		"graph in a graph": {g(nil, tf.Const("a", string(g(nil, tf.Const("p", "x"), op("w", "WriteFile", "p", "p")))), op("d", "DatasetFromGraph", "a")),
			"file-write hidden-graph"},
		"module with callback": {g(nil, tf.Node("m", "XlaCallModule", nil, tf.Attr("module", tf.TextValue("ML\xefR xla_python_cpu_callback")))), "python-call"},
		"module":               {g(nil, tf.Node("m", "XlaCallModule", nil, tf.Attr("module", tf.TextValue("ML\xefR stablehlo")))), ""},
	}
}

// number makes a constant of one number that fills a shape.
func number(shape []byte) []byte {
	return tf.Node("n", "Const", nil, tf.Attr("value", tf.TensorValue(append(append(tf.Number(1, tf.Float), shape...), tf.Field(5, make([]byte, 4))...))))
}

func TestGraphs(t *testing.T) {
	for name, c := range graphs() {
		content := append(tf.Field(1, op("first", "NoOp")), c.graph...)
		r := detecttest.Run(t, content, all(), tensorflow.Detector{})
		if got := ids(r); got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", name, got, c.want, r.Coverage.Gaps)
		}
		if len(r.Coverage.Gaps) > 0 || r.Coverage.Parsed+r.Coverage.Opaque < int64(len(content)) {
			t.Errorf("%s: coverage %+v", name, r.Coverage)
		}
	}
}

// saver makes the wiring by which every model saves and restores its variables.
func saver(path ...[]byte) [][]byte {
	return append(path, tf.Const("suffix", "_temp/part"), op("join", "StringJoin", "save/Const", "suffix"), op("shard", "ShardedFilename", "join", "n", "m"),
		op("save", "SaveV2", "shard", "names", "slices"), op("pack", "Pack", "shard"), op("merge", "MergeV2Checkpoints", "pack", "save/Const"),
		op("restore", "RestoreV2", "save/Const", "names", "slices"))
}

func TestSavedModels(t *testing.T) {
	serve := []string{"serve"}
	meta := func(graph []byte, more ...[]byte) []byte { return tf.SavedModel(tf.MetaGraph(graph, serve, more...)) }
	table := func(path []byte) []byte {
		return tf.Graph(nil, path, op("init", "InitializeTableFromTextFileV2", "table", "path"))
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"saver":             {meta(tf.Graph(nil, saver(tf.Placeholder("save/Const"))...), tf.Saver("save/Const:0")), ""},
		"saver of old":      {meta(tf.Graph(nil, saver(tf.Const("save/Const", "model"))...), tf.Saver("save/Const:0")), ""},
		"saver of a secret": {meta(tf.Graph(nil, saver(tf.Const("save/Const", "/etc/cron.d/x"))...), tf.Saver("save/Const:0")), "file-write"},
		"saver that climbs": {meta(tf.Graph(nil, tf.Placeholder("p"), tf.Const("s", "/../../.ssh/authorized_keys"), op("j", "StringJoin", "p", "s"), op("w", "SaveV2", "j")), tf.Saver("p:0")), "file-write"},
		"asset":             {meta(table(tf.Placeholder("path")), tf.Asset("path:0", "vocab.txt")), ""},
		"asset of old":      {meta(table(tf.Const("path", "/home/me/vocab.txt")), tf.Asset("path:0", "vocab.txt")), ""},
		"asset outside":     {meta(table(tf.Placeholder("path")), tf.Asset("path:0", "../../../../etc/passwd")), "asset-path"},
		"asset absolute":    {meta(table(tf.Placeholder("path")), tf.Asset("path:0", "/etc/passwd")), "asset-path"},
		"asset that is fed": {meta(table(tf.Const("path", "/etc/passwd")), tf.Asset("path:0", "vocab.txt")), "file-read"},
		"old collection": {meta(table(tf.Placeholder("path")), tf.Field(4, tf.Pair("saved_model_assets",
			tf.Field(5, tf.Field(1, tf.Text(1, "type.googleapis.com/tensorflow.AssetFileDef"), tf.Field(2, tf.Text(2, "../x"))))))), "asset-path"},
		"second graph": {tf.SavedModel(tf.MetaGraph(tf.Graph(nil, op("n", "NoOp")), serve), tf.MetaGraph(tf.Graph(nil, op("n", "PyFunc")), []string{"train"})), "python-call"},
		"same tags":    {tf.SavedModel(tf.MetaGraph(tf.Graph(nil, op("n", "NoOp")), serve), tf.MetaGraph(tf.Graph(nil, op("n", "NoOp")), serve)), "duplicate"},
		"two graphs":   {meta(tf.Graph(nil, op("n", "NoOp")), tf.Field(2, tf.Graph(nil, op("m", "PyFunc")))), "duplicate python-call"},
		"metagraph":    {tf.MetaGraph(tf.Graph(nil, op("n", "PyFunc")), nil), "python-call"},
	} {
		r := detecttest.Run(t, c.content, all(), tensorflow.Detector{})
		if got := ids(r); got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", name, got, c.want, r.Findings)
		}
	}
}

func TestText(t *testing.T) {
	const evil = `node { name: "p" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING string_val: "/etc/passwd" } } } } node { name: "r" op: "ReadFile" input: "p" }`
	for content, want := range map[string]string{evil: "file-read", strings.Replace(evil, "ReadFile", "Identity", 1): ""} {
		r := detecttest.Run(t, []byte(content), append(all(), formats.Text{}), tensorflow.Detector{})
		if got := ids(r); got != want || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: got %q, want %q (%v)", content, got, want, r.Coverage.Gaps)
		}
	}
}

func TestAccept(t *testing.T) {
	samples := map[string][]byte{}
	for _, name := range []string{"python", "read joined", "through a call", "expanding constant", "queue of paths"} {
		samples[name] = append(tf.Field(1, op("first", "NoOp")), graphs()[name].graph...)
	}
	samples["saved model"] = tf.SavedModel(tf.MetaGraph(tf.Graph(nil, saver(tf.Placeholder("save/Const"))...), []string{"serve"}, tf.Asset("x:0", "../y")))
	detecttest.Accept(t, tensorflow.Detector{}, all(), samples)
}

func TestManyNodes(t *testing.T) {
	nodes := [][]byte{tf.Const("v0", "/etc/passwd")}
	for i := range 2000 {
		nodes = append(nodes, op("v"+strings.Repeat("x", i%7)+string(rune('a'+i%26)), "Identity", "v0"))
	}
	nodes = append(nodes, op("r", "ReadFile", "vxxxd"))
	r := detecttest.Run(t, tf.Graph(nil, nodes...), all(), tensorflow.Detector{})
	if got := ids(r); !strings.Contains(got, "file-read") {
		t.Errorf("got %q", got)
	}
}

func TestGraphsMadeToBeFollowedForEverAreNotClean(t *testing.T) {
	double := [][]byte{tf.Const("v0", "/etc/"), op("other", "Range")}
	for i := range 250 {
		double = append(double, op(fmt.Sprint("v", i+1), "StringJoin", fmt.Sprint("v", i), fmt.Sprint("v", i)))
	}
	cycle := [][]byte{op("first", "NoOp"), op("v250", "Merge", "a", "b"), op("a", "Identity", "v250"), op("b", "NextIteration", "a")}
	callers := [][]byte{op("first", "NoOp")}
	for i := range 5000 {
		callers = append(callers, calling(fmt.Sprint("c", i), "PartitionedCall", "f", "x"))
	}
	library := tf.Library(tf.Function("f", in("p"), "", op("r", "WriteFile", "p")))
	for name, graph := range map[string][]byte{
		"doubling": tf.Graph(nil, append(double, op("r", "ReadFile", "v250"))...), "cycle": tf.Graph(nil, append(cycle, op("r", "WriteFile", "v250"))...),
		"callers": tf.Graph(library, callers...),
	} {
		r := detecttest.Run(t, graph, all(), tensorflow.Detector{})
		if r.Verdict == picket.Clean {
			t.Errorf("%s: clean, %v", name, r.Formats)
		}
	}
}

func TestOperation(t *testing.T) {
	for name, want := range map[string]string{"PyFunc": "python", "ReadFile": "file-read", "WriteFile": "file-write", "Add": "", "RpcCall": "network"} {
		if does, known := tensorflow.Operation(name); does != want || !known {
			t.Errorf("%s: %q %v", name, does, known)
		}
	}
	if _, known := tensorflow.Operation("EvilOp"); known {
		t.Error("EvilOp is registered")
	}
}
