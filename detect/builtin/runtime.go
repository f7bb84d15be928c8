package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// runtimeFormats lists the formats of compiled and mobile runtimes, and of exchange.
func runtimeFormats() []format.Format {
	return nil
}

// runtimeDetectors lists the detectors of compiled and mobile runtimes, and of exchange.
func runtimeDetectors() []detect.Detector {
	return nil
}
