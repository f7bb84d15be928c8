package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// classicFormats lists the formats of classic machine learning.
func classicFormats() []format.Format {
	return nil
}

// classicDetectors lists the detectors of classic machine learning.
func classicDetectors() []detect.Detector {
	return nil
}
