package hostile

import (
	"encoding/binary"
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawflat"
)

// ortSamples are models in the format of ONNX Runtime. Fields have the numbers of its schema.
func ortSamples() []Sample {
	file := func(id, technique string, graph rawflat.Table) Sample {
		return ortFile(id, technique, ortModel(graph))
	}
	python := ortNode("PyOp", "p", ortText("module", "os"), ortText("class_name", "system"), ortText("command", "echo "+Marker))
	branch := rawflat.Table{0: "then_branch", 2: int32(5), 7: rawflat.Table{2: []rawflat.Table{python}, 6: []string{"y"}}}
	data := floats4(1, 2, 3, 4)
	huge := rawflat.Table{0: "x", 2: []uint64{2}, 3: int32(7), 4: onnxInts(1<<30, 1<<10)}
	words := rawflat.Table{0: "w", 2: []uint64{1}, 3: int32(8), 5: []string{"__import__('os').system('echo " + Marker + "')"}}
	coded := ortModel(ortGraph(nil, ortNode("Relu", "")))
	lie := append([]byte(nil), coded...)
	binary.LittleEndian.PutUint32(lie, 1<<31-1)
	return []Sample{
		file("pyop", "PyOp imports os and calls system", ortGraph(nil, python)),
		file("pyop-in-branch", "PyOp in the branch of an If", ortGraph(nil, ortNode("If", "", branch))),
		file("custom-domain", "an operator of a library that comes with the model", ortGraph(nil, ortNode("Inject", "com.example.payload"))),
		file("azure", "AzureTextToText sends the input to an address", ortGraph(nil, ortNode("AzureTextToText", "com.microsoft.extensions",
			ortText("model_uri", "http://127.0.0.1:9/")))),
		file("compiled", "EPContext with a compiled program of unknown kind", ortGraph(nil, ortNode("EPContext", "com.microsoft",
			ortText("ep_cache_context", "OVEP_BIN\x00\x01"+strings.Repeat("\x90\xfe", 100))))),
		file("tensor-long", "more data than the shape needs", ortGraph([]rawflat.Table{ortTensor("w", append(data, make([]byte, 64)...), 4)}, ortNode("Relu", ""))),
		file("tensor-overflow", "dimensions whose product overflows", ortGraph([]rawflat.Table{ortTensor("w", data, 1<<32, 1<<32, 4)}, ortNode("Relu", ""))),
		file("tensor-twice", "two tensors of one name", ortGraph([]rawflat.Table{ortTensor("w", data, 4), ortTensor("w", floats4(9, 9, 9, 9), 4)}, ortNode("Relu", ""))),
		file("tensor-pickle", "a pickle as the data of a tensor", ortGraph([]rawflat.Table{{0: "w", 2: []uint64{uint64(len(attackPickle()))}, 3: int32(2),
			4: attackPickle()}}, ortNode("Relu", ""))),
		file("text-tensor", "Python source in a tensor of text", ortGraph([]rawflat.Table{words}, ortNode("Relu", ""))),
		file("text-code", "Python source in the argument of a node", ortGraph(nil, ortNode("Relu", "", ortText("config", "os.system('echo "+Marker+"')")))),
		file("bomb", "ConstantOfShape of 2^40 elements", ortGraph([]rawflat.Table{huge}, ortNode("ConstantOfShape", ""))),
		ortFile("trailing-pickle", "a pickle after the model", append(append([]byte(nil), coded...), append(make([]byte, 20), attackPickle()...)...)),
		ortFile("no-graph", "a model without a graph", rawflat.Encode("ORTM", nil, rawflat.Table{0: "6", 1: rawflat.Table{0: int64(8)}})),
		ortFile("length-lie", "a root beyond the end of the file", lie),
	}
}

// ortFile makes a sample.
func ortFile(id, technique string, content []byte) Sample {
	return Sample{Name: "ort-" + id + ".ort", Group: "onnx-runtime", Technique: technique, Loader: "onnxruntime", Build: build(content)}
}

// The parts of a model.
func ortModel(graph rawflat.Table) []byte {
	return rawflat.Encode("ORTM", nil, rawflat.Table{0: "6", 1: rawflat.Table{0: int64(8), 1: []rawflat.Table{{0: "", 1: int64(17)}}, 7: graph}})
}
func ortGraph(tensors []rawflat.Table, nodes ...rawflat.Table) rawflat.Table {
	return rawflat.Table{0: tensors, 2: nodes, 5: []string{"x"}, 6: []string{"y"}}
}
func ortNode(op, domain string, attributes ...rawflat.Table) rawflat.Table {
	return rawflat.Table{2: domain, 5: op, 8: []string{"x"}, 9: []string{"y"}, 10: attributes}
}
func ortText(name, value string) rawflat.Table { return rawflat.Table{0: name, 2: int32(3), 5: value} }
func ortTensor(name string, data []byte, dims ...uint64) rawflat.Table {
	return rawflat.Table{0: name, 2: dims, 3: int32(1), 4: data}
}
