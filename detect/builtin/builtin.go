// Package builtin is the one list of the formats and detectors that the picket binary has. To add one, write its package and
// add its line here; a test fails for a folder that no list names. It is for commands and for tests over the whole set.
package builtin

import (
	"fmt"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/artifact/format/gguf"
	pickleformat "github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/pickle"
	safetensorsrules "github.com/picketsec/picket/detect/model/safetensors"
)

// Config is what an operator may tell the detectors.
type Config struct {
	// Allow lists globals, by exact qualified name, that pickles may use beside those of the allow-list packs.
	Allow []string
}

// Formats lists every format. The order is the order of views in a report.
func Formats() []format.Format {
	return slices.Concat(
		[]format.Format{
			pickleformat.Format{},
			zip.New(),
			safetensors.Format{},
			gguf.Format{},
		},
		compress.New(),
	)
}

// Detectors lists every detector.
func Detectors(cfg Config) ([]detect.Detector, error) {
	return []detect.Detector{
		pickle.New(pickle.Config{Allow: cfg.Allow}),
		safetensorsrules.Detector{},
	}, nil
}

// Set is the checked set of everything built in.
func Set(cfg Config) (*detect.Set, error) {
	detectors, err := Detectors(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure detectors: %w", err)
	}
	return detect.NewSet(Formats(), detectors)
}
