package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/ort"
	"github.com/picketsec/picket/detect"
	detectonnx "github.com/picketsec/picket/detect/model/onnx"
)

// graphFormats lists the formats of graphs: ONNX, also as ONNX Runtime writes it.
func graphFormats() []format.Format {
	return []format.Format{onnx.Format{}, onnx.TensorFormat{}, ort.Format{}}
}

// graphDetectors lists the detectors of graphs: ONNX.
func graphDetectors() []detect.Detector {
	return []detect.Detector{detectonnx.New()}
}
