// Package tflite reads models of TensorFlow Lite (LiteRT): operations, the shapes of tensors, where weights lie, and what the
// model carries beside them. It is for detectors. It walks the FlatBuffer in place, reads no weights, and judges nothing.
package tflite

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
)

// Name is the name of the format.
const Name = "tflite"

// Format recognises models of TensorFlow Lite.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "TensorFlow Lite model", MediaType: "application/x-tflite", Extensions: []string{".tflite", ".lite"},
		Risk: format.Active, Parsed: true,
		Spec: "https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool { return flatbuffer.Match(p, "TFL3") }

// Numbers of the builtin operations that matter by themselves.
const (
	Custom         = 32  // named by the model
	Delegate       = 51  // made at run time only
	HighestBuiltin = 209 // the last that is known
)

// Bits is how many bits an element of a type of tensors has; 0 for texts, resources and types that are not known.
func Bits(t int8) int64 {
	bits := [...]int64{32, 16, 32, 8, 64, 0, 8, 16, 64, 8, 64, 128, 64, 0, 0, 32, 16, 4, 16, 2, 4}
	if t < 0 || int(t) >= len(bits) {
		return 0
	}
	return bits[t]
}
