package tensorflow

import (
	_ "embed"
	"strings"
	"sync"
)

// registered is the list of every operation that TensorFlow registers or registered; see pack/derive.py.
//
//go:embed pack/registered.txt
var registered string

// known is the set of registered operations.
var known = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(registered) {
		set[name] = true
	}
	return set
})

// libraries are the beginnings of the names of operations that well-known libraries add; they need the library's native code.
// The exact names follow where a library uses no common beginning.
func library(op string) string {
	for prefix, name := range map[string]string{
		"SimpleML": "TensorFlow Decision Forests", "Addons>": "TensorFlow Addons", "TFText>": "TensorFlow Text", "TFSentencepiece": "TensorFlow Text",
		"IO>": "TensorFlow I/O", "Text>": "TensorFlow Text", "TFR>": "TensorFlow Ranking", "Tfra>": "TensorFlow Recommenders Addons",
		"Sentencepiece": "SentencePiece", "TRTEngineOp": "TensorRT", "NeuronOp": "AWS Neuron", "Horovod": "Horovod",
	} {
		if strings.HasPrefix(op, prefix) {
			return name
		}
	}
	switch op {
	case "CaseFoldUTF8", "NormalizeUTF8", "NormalizeUTF8WithOffsetsMap", "RegexSplitWithOffsets", "UnicodeScriptTokenizeWithOffsets",
		"WhitespaceTokenizeWithOffsets", "WhitespaceTokenizeWithOffsetsV2", "WordpieceTokenizeWithOffsets", "FastWordpieceTokenizeWithOffsets",
		"FastBertNormalize", "ConstrainedSequence", "MaxSpanningTree", "NgramsStringJoin", "RougeL", "SentenceFragments", "SplitMergeTokenizeWithOffsets":
		return "TensorFlow Text"
	}
	return ""
}

// effect is what an operation does outside of the graph.
type effect int

// The effects. Those from read on depend on a path.
const (
	none     effect = iota
	python          // calls Python
	network         // talks to other machines
	native          // runs native code or memory that the graph names
	graph           // runs a graph that is data of this one
	crash           // ends the process
	setting         // changes how files are reached
	read            // reads a file of any kind
	records         // reads a file that must be of the kind of a data set
	restore         // reads a checkpoint
	write           // writes a file
	save            // writes a file of a kind of its own: a checkpoint, a cache, a log
	debug           // sends or writes tensors to addresses
	queue           // queues texts, which readers take as paths
	printing        // writes text to a stream or a file
)

// operation is an operation with an effect, and where its paths come from.
type operation struct {
	effect effect
	inputs []int    // of the paths
	attrs  []string // with paths or addresses
}

// operations lists every registered operation that has an effect outside of the graph. It was made by hand.
func operations() map[string]operation {
	table := map[string]operation{
		"SnapshotDataset": {save, []int{1}, []string{"reader_path_prefix", "writer_path_prefix"}}, "DumpTensor": {write, nil, []string{"log_dir_path", "file_name"}},
		"SnapshotDatasetV2":          {save, []int{1}, []string{"reader_prefix", "writer_prefix"}},
		"CalibrationStatisticsSaver": {write, nil, []string{"output_file_path"}}, "Skipgram": {read, nil, []string{"filename"}},
		"RecordInput": {records, nil, []string{"file_pattern"}}, "ImmutableConst": {native, nil, []string{"memory_region_name"}},
		"PrintV2":            {printing, nil, []string{"output_stream"}},
		"MergeV2Checkpoints": {save, []int{0, 1}, nil},
		"SqlDataset":         {read, []int{1}, nil}, "ExperimentalSqlDataset": {read, []int{1}, nil},
		"DistributedSave": {network, []int{1, 2}, nil},
	}
	for _, group := range []struct {
		operation
		names string
	}{
		{operation{effect: python}, "PyFunc PyFuncStateless EagerPyFunc NumpyFunction"},
		{operation{effect: network}, "Rpc TryRpc RpcCall RpcClient RpcServer RpcServerRegister RpcServerStart RpcGetValue RpcCheckStatus " +
			"DeleteRpcFutureResource RemoteCall RegisterDataset RegisterDatasetV2 DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 " +
			"DataServiceDatasetV4 InitializeDataServiceDataset WorkerHeartbeat CollectiveInitializeCommunicator KafkaDataset IgniteDataset " +
			"BigtableClient BigQueryReader BigqueryReader KinesisDataset PubSubDataset"},
		{operation{effect: native}, "XlaCustomCall XlaCustomCallV2 IfrtCall IfrtLoadVariable IfrtRestoreVariableOp _XlaRun _XlaCompile TPUExecute " +
			"TPUExecuteAndUpdateVariables TPUCompile _TPUCompileMlir _XlaHostComputeMlir XlaHostCompute NeuronOp KernelLabel KernelLabelRequired"},
		{operation{effect: graph}, "DatasetFromGraph"},
		{operation{effect: crash}, "Abort"},
		{operation{effect: setting}, "FileSystemSetConfiguration GcsConfigureCredentials GcsConfigureBlockCache"},
		{operation{debug, nil, []string{"debug_urls"}}, "DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary"},
		{operation{read, []int{0}, nil}, "ReadFile MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset LoadDataset TextLineDataset " +
			"FixedLengthRecordDataset FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2 ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset " +
			"ListSnapshotChunksDataset SnapshotChunkDataset SnapshotDatasetReader DecodeVideo"},
		{operation{records, []int{1}, nil}, "InitializeTableFromTextFile InitializeTableFromTextFileV2"},
		{operation{records, []int{0}, nil}, "TFRecordDataset TFRecordDatasetV2"},
		{operation{restore, []int{0}, nil}, "Restore RestoreSlice RestoreV2 DTensorRestoreV2 LoadAndRemapMatrix GenerateVocabRemapping"},
		{operation{write, []int{0}, nil}, "WriteFile"},
		{operation{write, []int{1}, nil}, "DatasetToTFRecord ExperimentalDatasetToTFRecord SaveDataset SaveDatasetV2"},
		{operation{save, []int{1}, nil}, "CacheDataset CacheDatasetV2 CreateSummaryFileWriter CreateSummaryDbWriter"},
		{operation{save, []int{0}, nil}, "Save SaveSlices SaveV2"},
		{operation{queue, []int{1}, nil}, "QueueEnqueue QueueEnqueueMany QueueEnqueueManyV2 QueueEnqueueV2"},
	} {
		for name := range strings.FieldsSeq(group.names) {
			table[name] = group.operation
		}
	}
	return table
}

// effects is the table of operations with an effect.
var effects = sync.OnceValue(operations)

// readers take the paths of files from a queue.
func readsQueue(op string) bool {
	switch op {
	case "WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2",
		"LMDBReader", "TFRecordReader", "TFRecordReaderV2", "IdentityReader", "IdentityReaderV2":
		return true
	}
	return false
}

// Operation says in a word what an operation of TensorFlow that is used elsewhere, such as in TensorFlow Lite, does outside of
// its graph: "python", "network", "native", "graph", "crash", "setting", "file-read", "file-write" or "debug"; empty for
// nothing. Registered is false for one that TensorFlow does not have.
func Operation(name string) (does string, isRegistered bool) {
	switch effects()[name].effect {
	case python:
		does = "python"
	case network:
		does = "network"
	case native:
		does = "native"
	case graph:
		does = "graph"
	case crash:
		does = "crash"
	case setting:
		does = "setting"
	case read, records, restore:
		does = "file-read"
	case write, save:
		does = "file-write"
	case debug:
		does = "debug"
	}
	return does, does != "" || known()[name]
}
