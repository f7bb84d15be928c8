package tensorflow_test

import (
	"fmt"
	"testing"

	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/tensorflow"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// BenchmarkNodes reads a graph that is nothing but nodes, the densest content that there is.
func BenchmarkNodes(b *testing.B) {
	var nodes [][]byte
	for i := range 50_000 {
		nodes = append(nodes, tf.Node(fmt.Sprintf("model/layer_%d/block/add", i), "AddV2", []string{"model/layer_1/x", "model/layer_2/y"},
			tf.Attr("T", tf.TypeValue(tf.Float))))
	}
	content := tf.Graph(nil, nodes...)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		detecttest.Run(b, content, all(), tensorflow.Detector{})
	}
}
