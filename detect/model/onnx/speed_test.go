package onnx_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	formatonnx "github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/onnx"
	"github.com/picketsec/picket/internal/limits"
)

// field adds a field of bytes to a message.
func field(m []byte, number int, content string) []byte {
	m = binary.AppendUvarint(m, uint64(number)<<3|2)
	return append(binary.AppendUvarint(m, uint64(len(content))), content...)
}

// chain is a graph of n nodes as exporters name them, and tensors of size bytes each.
func chain(n, tensors, size int) []byte {
	var graph []byte
	for i := range n {
		node := field(nil, 1, fmt.Sprintf("/model/layers.%d/attention/Add_output_0", i))
		node = field(node, 1, fmt.Sprintf("model.layers.%d.attention.weight", i%max(1, tensors)))
		node = field(node, 2, fmt.Sprintf("/model/layers.%d/attention/Add_output_0", i+1))
		node = field(field(node, 3, fmt.Sprintf("/model/layers.%d/attention/Add", i)), 4, "Add")
		graph = field(graph, 1, string(node))
	}
	for i := range tensors {
		tensor := append(binary.AppendUvarint([]byte{0x08}, uint64(size)), 0x10, 0x02)
		tensor = field(tensor, 8, fmt.Sprintf("model.layers.%d.attention.weight", i))
		graph = field(graph, 5, string(field(tensor, 9, string(make([]byte, size)))))
	}
	return field([]byte{0x08, 0x08}, 7, string(field(graph, 2, "g")))
}

// speed scans a model again and again.
func speed(b *testing.B, content []byte) {
	set, err := detect.NewSet([]format.Format{formatonnx.Format{}}, []detect.Detector{onnx.New()})
	if err != nil {
		b.Fatal(err)
	}
	engine := detect.NewEngine(set, limits.Default())
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := engine.Scan(context.Background(), detect.Entry{Name: "x.onnx", Blob: format.BytesBlob(content)})
		if err != nil || len(r.Coverage.Gaps) > 0 {
			b.Fatal(err, r.Coverage.Gaps)
		}
	}
}

func BenchmarkNodes(b *testing.B)        { speed(b, chain(50_000, 1, 4)) }
func BenchmarkTensors(b *testing.B)      { speed(b, chain(100, 200, 1<<20)) }
func BenchmarkSmallTensors(b *testing.B) { speed(b, chain(20_000, 20_000, 256)) }
