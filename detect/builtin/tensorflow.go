package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// tensorflowFormats lists the formats of TensorFlow.
func tensorflowFormats() []format.Format {
	return nil
}

// tensorflowDetectors lists the detectors of TensorFlow.
func tensorflowDetectors() []detect.Detector {
	return nil
}
