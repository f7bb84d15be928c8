package hostile

import (
	"slices"

	lite "github.com/picketsec/picket/internal/testkit/rawtflite"
	"github.com/picketsec/picket/internal/testkit/rawzip"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// flexModel is a model whose operation the Flex delegate runs; the node in its options counts.
func flexModel(name, node string) lite.Table {
	return lite.Operator(lite.Model(), "Flex"+name, lite.FlexOptions(name, tf.Node("n", node, nil)))
}

// liteModel is a model whose operation, and whose first tensor, have other fields.
func liteModel(operator, tensor lite.Table) lite.Table {
	m := lite.Model()
	for id, v := range operator {
		lite.Graph(m)[3].([]lite.Table)[0][id] = v
	}
	for id, v := range tensor {
		lite.Graph(m)[0].([]lite.Table)[0][id] = v
	}
	return m
}

// tfliteSamples are models of TensorFlow Lite.
func tfliteSamples() []Sample {
	var all []Sample
	for _, s := range []struct {
		name, group, note string
		model             lite.Table
	}{
		{"flex-readfile", "tflite-flex", "the Flex delegate reads a file", flexModel("ReadFile", "ReadFile")},
		{"flex-writefile", "tflite-flex", "the Flex delegate writes a file", flexModel("WriteFile", "WriteFile")},
		{"flex-pyfunc", "tflite-flex", "the Flex delegate calls Python", flexModel("EagerPyFunc", "EagerPyFunc")},
		{"flex-rpc", "tflite-flex", "the Flex delegate opens connections", flexModel("RpcClient", "RpcClient")},
		{"flex-hidden", "tflite-flex", "an operation that is called FlexAddV2 and is WriteFile", flexModel("AddV2", "WriteFile")},
		{"flex-without-options", "tflite-flex", "a Flex operation without its node", lite.Operator(lite.Model(), "FlexReadFile", nil)},
		{"flex-unknown", "tflite-custom", "a Flex operation that TensorFlow does not have", flexModel("Evil", "Evil")},
		{"custom", "tflite-custom", "a custom operation of the attacker", lite.Operator(lite.Model(), "RunCommand", []byte("echo "+Marker))},
		{"builtin", "tflite-custom", "a builtin operation that no interpreter knows", func() lite.Table { m := lite.Model(); m[1] = []lite.Table{{3: int32(4711)}}; return m }()},
		{"tensor-index", "tflite-bounds", "CVE-2020-15211: an input that is no tensor of the graph", liteModel(lite.Table{1: []int32{0, 99}}, nil)},
		{"tensor-negative", "tflite-bounds", "CVE-2020-15211: an output with a negative number", liteModel(lite.Table{2: []int32{-7}}, nil)},
		{"tensor-aliased", "tflite-bounds", "CVE-2020-15210: one tensor is input and output", liteModel(lite.Table{2: []int32{0}}, nil)},
		{"code-index", "tflite-bounds", "an operation whose number does not exist", liteModel(lite.Table{0: uint32(77)}, nil)},
		{"buffer-index", "tflite-bounds", "a tensor in a buffer that does not exist", liteModel(nil, lite.Table{2: uint32(55)})},
		{"shape-overflow", "tflite-size", "CVE-2022-23558: dimensions that overflow", liteModel(nil, lite.Table{0: []int32{1 << 30, 1 << 30, 1 << 30}})},
		{"shape-negative", "tflite-size", "a negative dimension", liteModel(nil, lite.Table{0: []int32{-100}})},
		{"buffer-short", "tflite-size", "a buffer that is smaller than its tensor", func() lite.Table {
			m := liteModel(nil, lite.Table{0: []int32{1000}, 2: uint32(1)})
			m[4] = []lite.Table{{}, {0: make([]byte, 8)}}
			return m
		}()},
		{"while-itself", "tflite-recursion", "CVE-2021-29591: a loop whose body is the graph that it stands in", liteModel(lite.Table{3: uint8(93), 4: lite.Table{0: int32(0), 1: int32(0)}}, nil)},
		{"call-outside", "tflite-bounds", "a branch that is no subgraph", liteModel(lite.Table{3: uint8(92), 4: lite.Table{0: int32(3), 1: int32(-1)}}, nil)},
		{"external-outside", "tflite-bounds", "a buffer behind the end of the file", func() lite.Table {
			m := lite.Model()
			m[4] = []lite.Table{{1: uint64(1 << 40), 2: uint64(1 << 20)}}
			return m
		}()},
		{"metadata-pickle", "tflite-hidden", "a pickle as metadata", func() lite.Table {
			m := lite.Model()
			m[4] = []lite.Table{{}, {0: attackPickle()}}
			m[6] = []lite.Table{{0: "preprocessor", 1: uint32(1)}}
			return m
		}()},
	} {
		sample := tensorflowSample("tflite-"+s.name+".tflite", s.group, s.note, lite.Build(s.model))
		sample.Loader = "tflite"
		all = append(all, sample)
	}
	model := lite.Build(lite.Model())
	behind := func(name, note string, content []byte) {
		s := tensorflowSample("tflite-"+name+".tflite", "tflite-hidden", note, content)
		s.Loader = "tflite"
		all = append(all, s)
	}
	archive := func(name string, content []byte) []byte {
		return rawzip.Archive{Entries: []rawzip.Entry{{Name: name, Data: content}}}.Must()
	}
	behind("tail-pickle", "a pickle behind the model", slices.Concat(model, make([]byte, 80), attackPickle()))
	behind("tail-archive-pickle", "a pickle among the files behind the model", slices.Concat(model, archive("labels.pkl", attackPickle())))
	behind("tail-archive-climbs", "a file behind the model that climbs out of the folder", slices.Concat(model, archive("../../../.bashrc", []byte("echo "+Marker+"\n"))))
	behind("broken-archive", "a broken model in front of an archive with a pickle", slices.Concat(model[:44], archive("archive/data.pkl", attackPickle())))
	return all
}
