package hostile

import (
	"slices"

	fb "github.com/picketsec/picket/internal/testkit/flatbuf"
	"github.com/picketsec/picket/internal/testkit/rawzip"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// flexModel is a model whose operation the Flex delegate runs; the node in its options counts.
func flexModel(name, node string) fb.Table {
	return fb.Operator(fb.Model(), "Flex"+name, fb.FlexOptions(name, tf.Node("n", node, nil)))
}

// liteModel is a model whose operation, and whose first tensor, have other fields.
func liteModel(operator, tensor fb.Table) fb.Table {
	m := fb.Model()
	for id, v := range operator {
		fb.Graph(m)[3].([]fb.Table)[0][id] = v
	}
	for id, v := range tensor {
		fb.Graph(m)[0].([]fb.Table)[0][id] = v
	}
	return m
}

// tfliteSamples are models of TensorFlow Lite.
func tfliteSamples() []Sample {
	var all []Sample
	for _, s := range []struct {
		name, group, note string
		model             fb.Table
	}{
		{"flex-readfile", "tflite-flex", "the Flex delegate reads a file", flexModel("ReadFile", "ReadFile")},
		{"flex-writefile", "tflite-flex", "the Flex delegate writes a file", flexModel("WriteFile", "WriteFile")},
		{"flex-pyfunc", "tflite-flex", "the Flex delegate calls Python", flexModel("EagerPyFunc", "EagerPyFunc")},
		{"flex-rpc", "tflite-flex", "the Flex delegate opens connections", flexModel("RpcClient", "RpcClient")},
		{"flex-hidden", "tflite-flex", "an operation that is called FlexAddV2 and is WriteFile", flexModel("AddV2", "WriteFile")},
		{"flex-without-options", "tflite-flex", "a Flex operation without its node", fb.Operator(fb.Model(), "FlexReadFile", nil)},
		{"flex-unknown", "tflite-custom", "a Flex operation that TensorFlow does not have", flexModel("Evil", "Evil")},
		{"custom", "tflite-custom", "a custom operation of the attacker", fb.Operator(fb.Model(), "RunCommand", []byte("echo "+Marker))},
		{"builtin", "tflite-custom", "a builtin operation that no interpreter knows", func() fb.Table { m := fb.Model(); m[1] = []fb.Table{{3: int32(4711)}}; return m }()},
		{"tensor-index", "tflite-bounds", "CVE-2020-15211: an input that is no tensor of the graph", liteModel(fb.Table{1: []int32{0, 99}}, nil)},
		{"tensor-negative", "tflite-bounds", "CVE-2020-15211: an output with a negative number", liteModel(fb.Table{2: []int32{-7}}, nil)},
		{"tensor-aliased", "tflite-bounds", "CVE-2020-15210: one tensor is input and output", liteModel(fb.Table{2: []int32{0}}, nil)},
		{"code-index", "tflite-bounds", "an operation whose number does not exist", liteModel(fb.Table{0: uint32(77)}, nil)},
		{"buffer-index", "tflite-bounds", "a tensor in a buffer that does not exist", liteModel(nil, fb.Table{2: uint32(55)})},
		{"shape-overflow", "tflite-size", "CVE-2022-23558: dimensions that overflow", liteModel(nil, fb.Table{0: []int32{1 << 30, 1 << 30, 1 << 30}})},
		{"shape-negative", "tflite-size", "a negative dimension", liteModel(nil, fb.Table{0: []int32{-100}})},
		{"buffer-short", "tflite-size", "a buffer that is smaller than its tensor", func() fb.Table {
			m := liteModel(nil, fb.Table{0: []int32{1000}, 2: uint32(1)})
			m[4] = []fb.Table{{}, {0: make([]byte, 8)}}
			return m
		}()},
		{"while-itself", "tflite-recursion", "CVE-2021-29591: a loop whose body is the graph that it stands in", liteModel(fb.Table{3: uint8(93), 4: fb.Table{0: int32(0), 1: int32(0)}}, nil)},
		{"call-outside", "tflite-bounds", "a branch that is no subgraph", liteModel(fb.Table{3: uint8(92), 4: fb.Table{0: int32(3), 1: int32(-1)}}, nil)},
		{"external-outside", "tflite-bounds", "a buffer behind the end of the file", func() fb.Table {
			m := fb.Model()
			m[4] = []fb.Table{{1: uint64(1 << 40), 2: uint64(1 << 20)}}
			return m
		}()},
		{"metadata-pickle", "tflite-hidden", "a pickle as metadata", func() fb.Table {
			m := fb.Model()
			m[4] = []fb.Table{{}, {0: attackPickle()}}
			m[6] = []fb.Table{{0: "preprocessor", 1: uint32(1)}}
			return m
		}()},
	} {
		sample := tensorflowSample("tflite-"+s.name+".tflite", s.group, s.note, fb.Build("TFL3", s.model))
		sample.Loader = "tflite"
		all = append(all, sample)
	}
	model := fb.Build("TFL3", fb.Model())
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
