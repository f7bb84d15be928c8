package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/detect"
	detecthdf5 "github.com/picketsec/picket/detect/model/hdf5"
	detectkeras "github.com/picketsec/picket/detect/model/keras"
)

// networkFormats lists the formats of neural networks by their layers: HDF5 and Keras.
func networkFormats() []format.Format {
	return []format.Format{keras.Archive{}, keras.H5{}, keras.Config{}, hdf5.Format{}}
}

// networkDetectors lists the detectors of neural networks by their layers: HDF5 and Keras.
func networkDetectors() []detect.Detector {
	return []detect.Detector{detectkeras.New(), detecthdf5.Detector{}}
}
