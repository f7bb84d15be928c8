package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// folderFormats lists the formats of model folders and registries.
func folderFormats() []format.Format {
	return nil
}

// folderDetectors lists the detectors of model folders and registries.
func folderDetectors() []detect.Detector {
	return nil
}
