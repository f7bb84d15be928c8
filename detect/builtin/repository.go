package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// repositoryFormats lists the formats of files in model repositories that configure their loader.
func repositoryFormats() []format.Format {
	return nil
}

// repositoryDetectors lists the detectors of files in model repositories that configure their loader.
func repositoryDetectors() []detect.Detector {
	return nil
}
