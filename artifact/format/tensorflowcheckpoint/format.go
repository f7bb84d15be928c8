// Package tensorflowcheckpoint reads the checkpoints of TensorFlow: the index, which says in which shard and where each tensor
// lies, and the text file that names the latest checkpoint of a folder. It is for detectors. It checks the sums of the index's
// own blocks, opens no shard, reads no tensor, and judges nothing.
package tensorflowcheckpoint

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// The names of the formats.
const (
	Name      = "tensorflow-checkpoint"
	NameState = "tensorflow-checkpoint-state"
)

// magic ends every table.
const magic = 0xdb4775248b80fb57

// footerSize is the size of the end of a table, in bytes.
const footerSize = 48

// Index recognises the index of a checkpoint of version 2.
type Index struct{}

// Info implements format.Format.
func (Index) Info() format.Info {
	return format.Info{Name: Name, Title: "Index of a TensorFlow checkpoint", MediaType: "application/x-tensorflow-checkpoint", Extensions: []string{".index"},
		Risk: format.Data, Parsed: true,
		Spec: "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/tensor_bundle/tensor_bundle.h"}
}

// Match implements format.Format: a table whose first entry has an empty name and says how many shards there are.
func (Index) Match(p format.Probe) bool {
	if len(p.Tail) < footerSize || binary.LittleEndian.Uint64(p.Tail[len(p.Tail)-8:]) != magic || len(p.Head) < 8 {
		return false
	}
	return p.Head[0] == 0 && p.Head[1] == 0 && p.Head[2] > 0 && p.Head[2] < 64 && p.Head[3] == 0x08
}

// State recognises the text file "checkpoint".
type State struct{}

// Info implements format.Format.
func (State) Info() format.Info {
	return format.Info{Name: NameState, Title: "State of TensorFlow checkpoints", MediaType: "text/plain", Refines: "text",
		Risk: format.Data, Parsed: true, Spec: "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/training/checkpoint_state.proto"}
}

// Match implements format.Format.
func (State) Match(p format.Probe) bool {
	return bytes.HasPrefix(bytes.TrimLeft(p.Head, " \t\r\n"), []byte("model_checkpoint_path:"))
}
