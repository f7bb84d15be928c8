package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// networkFormats lists the formats of neural networks by their layers: HDF5 and Keras.
func networkFormats() []format.Format {
	return nil
}

// networkDetectors lists the detectors of neural networks by their layers: HDF5 and Keras.
func networkDetectors() []detect.Detector {
	return nil
}
