package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// graphFormats lists the formats of graphs: ONNX.
func graphFormats() []format.Format {
	return nil
}

// graphDetectors lists the detectors of graphs: ONNX.
func graphDetectors() []detect.Detector {
	return nil
}
