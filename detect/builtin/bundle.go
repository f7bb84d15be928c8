package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// bundleFormats lists the formats of archives and packages that hold models.
func bundleFormats() []format.Format {
	return nil
}

// bundleDetectors lists the detectors of archives and packages that hold models.
func bundleDetectors() []detect.Detector {
	return nil
}
