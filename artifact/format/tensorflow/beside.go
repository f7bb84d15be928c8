package tensorflow

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// The names of the formats that stand beside a SavedModel.
const (
	NameKerasMetadata = "keras-metadata"
	NameFingerprint   = "saved-model-fingerprint"
)

// KerasMetadata recognises the file keras_metadata.pb, by which Keras builds the layers of a SavedModel anew.
type KerasMetadata struct{}

// Info implements format.Format.
func (KerasMetadata) Info() format.Info {
	return format.Info{Name: NameKerasMetadata, Title: "Keras layers of a SavedModel", MediaType: "application/x-keras-metadata",
		Risk: format.Active, Parsed: true,
		Spec: "https://github.com/keras-team/tf-keras/blob/master/tf_keras/protobuf/saved_metadata.proto"}
}

// Match implements format.Format: objects whose kind is one of Keras.
func (KerasMetadata) Match(p format.Probe) bool { return has(p, 1, scout.layer) }

// ReadKerasMetadata reads the objects of a file.
func ReadKerasMetadata(m protomsg.Message) ([]Object, error) {
	var list []Object
	err := m.Fields(func(f protomsg.Field) error {
		if f.Number != 1 || f.Wire != protomsg.Bytes {
			return nil
		}
		if len(list) >= maxList {
			return fmt.Errorf("more than %d objects: %w", maxList, limits.ErrExceeded)
		}
		o, err := readObject(f.Body, 4, 5)
		list = append(list, o)
		return err
	})
	return list, err
}

// Fingerprint recognises the file fingerprint.pb, which holds checksums of a SavedModel and nothing else.
type Fingerprint struct{}

// Info implements format.Format.
func (Fingerprint) Info() format.Info {
	return format.Info{Name: NameFingerprint, Title: "Fingerprint of a SavedModel", MediaType: "application/x-tensorflow-fingerprint",
		Risk: format.Inert, Parsed: true, Spec: protos + "protobuf/fingerprint.proto"}
}

// Match implements format.Format: checksums and versions, and not a byte more.
func (Fingerprint) Match(p format.Probe) bool {
	sums, end, broken := 0, int64(0), false
	skim(p.Head, func(x field) bool {
		switch {
		case x.number >= 1 && x.number <= 5 && x.wire == varint:
			sums++
		case x.number == 6 && x.wire == length && x.size < 32:
		case x.number == 7 && x.wire == length && x.size < 64 && word(x.head):
		default:
			broken = true
		}
		end = x.end
		return !broken
	})
	return sums >= 4 && !broken && end == p.Size && p.Size < 256
}

// NameDebugInfo is the name of the format of debug information.
const NameDebugInfo = "saved-model-debug-info"

// DebugInfo recognises the file saved_model_debug_info.pb: which line of which source each node comes from. No loader runs it.
type DebugInfo struct{}

// Info implements format.Format.
func (DebugInfo) Info() format.Info {
	return format.Info{Name: NameDebugInfo, Title: "Debug information of a SavedModel", MediaType: "application/x-tensorflow-debug-info",
		Risk: format.Inert, Parsed: true, Spec: protos + "framework/graph_debug_info.proto"}
}

// Match implements format.Format: names of source files first, then where nodes come from, up to the end of the content.
func (DebugInfo) Match(p format.Probe) bool {
	const most = 1 << 20 // files and places
	if len(p.Head) < 2 || p.Head[0] != 0x0a {
		return false
	}
	files, traces := 0, 0
	s := protomsg.NewScout(p)
	end := s.Fields(0, s.Size(), func(x protomsg.Hop) bool {
		switch {
		case x.Wire != protomsg.Bytes || files+traces == most:
			return false
		case x.Number == 1 && traces == 0:
			files++
			name := s.Peek(x.From)
			if n := x.To - x.From; n <= int64(len(name)) {
				return word(name[:n]) && bytes.HasSuffix(name[:n], []byte(".py"))
			}
			return word(name)
		case x.Number == 2 || x.Number >= 4 && x.Number <= 6:
			traces++
			return true
		}
		return false
	})
	return files > 0 && traces > 0 && end == p.Size
}
