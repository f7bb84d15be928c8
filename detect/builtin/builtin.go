// Package builtin is the one list of the formats and detectors that the picket binary has. To add one, write its package and
// add its line here; a test fails for a folder that no list names. It is for commands and for tests over the whole set.
package builtin

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// Config is what an operator may tell the detectors.
type Config struct {
	// Allow lists globals, by exact qualified name, that pickles may use beside those of the allow-list packs.
	Allow []string
}

// Formats lists every format. The order is the order of views in a report.
func Formats() []format.Format {
	return []format.Format{}
}

// Detectors lists every detector.
func Detectors(cfg Config) ([]detect.Detector, error) {
	return []detect.Detector{}, nil
}

// Set is the checked set of everything built in.
func Set(cfg Config) (*detect.Set, error) {
	detectors, err := Detectors(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure detectors: %w", err)
	}
	return detect.NewSet(Formats(), detectors)
}
