// Package builtin is the one list of the formats and detectors that the picket binary has. To add one, write its package and
// add its line here; a test fails for a folder that no list names. It is for commands and for tests over the whole set.
package builtin

import (
	"fmt"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/artifact/format/joblib"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/artifact/format/marshal"
	"github.com/picketsec/picket/artifact/format/npy"
	"github.com/picketsec/picket/artifact/format/npz"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/safetensorsindex"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/artifact/format/torchlegacy"
	"github.com/picketsec/picket/artifact/format/torchtar"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	detectcompress "github.com/picketsec/picket/detect/model/compress"
	detectgguf "github.com/picketsec/picket/detect/model/gguf"
	"github.com/picketsec/picket/detect/model/lfs"
	"github.com/picketsec/picket/detect/model/nativecode"
	detectnpy "github.com/picketsec/picket/detect/model/npy"
	detectpickle "github.com/picketsec/picket/detect/model/pickle"
	detectsafetensors "github.com/picketsec/picket/detect/model/safetensors"
	detectsafetensorsindex "github.com/picketsec/picket/detect/model/safetensorsindex"
	detecttar "github.com/picketsec/picket/detect/model/tar"
	detecttorchzip "github.com/picketsec/picket/detect/model/torchzip"
	detectweights "github.com/picketsec/picket/detect/model/weights"
	detectzip "github.com/picketsec/picket/detect/model/zip"
)

// Config is what an operator may tell the detectors.
type Config struct {
	// Allow lists globals, by exact qualified name, that pickles may use beside those of the allow-list packs.
	Allow []string
	// Weights adds the detectors that read all data of all tensors.
	Weights bool
}

// Formats lists every format. The order is the order of views in a report.
func Formats() []format.Format {
	return slices.Concat(
		[]format.Format{
			joblib.Format{}, torchlegacy.Format{}, pickle.Format{},
			torchzip.New(), npz.New(), zip.New(),
			torchtar.New(), tar.New(),
			npy.Format{}, safetensorsindex.Format{}, json.Format{}, safetensors.Format{}, gguf.Format{},
			marshal.Format{},
		},
		networkFormats(), graphFormats(), tensorflowFormats(), runtimeFormats(), classicFormats(), repositoryFormats(), folderFormats(),
		bundleFormats(),
		compress.New(),
		executable.New(),
		known.Formats(),
	)
}

// Detectors lists every detector.
func Detectors(cfg Config) ([]detect.Detector, error) {
	names := detectpickle.Config{Allow: cfg.Allow}
	if err := names.Validate(); err != nil {
		return nil, err
	}
	var costly []detect.Detector
	if cfg.Weights {
		costly = append(costly, detectweights.Detector{})
	}
	return slices.Concat([]detect.Detector{
		detectpickle.New(names),
		detectzip.New(),
		detecttorchzip.New(),
		detecttar.New(),
		detectcompress.New(),
		detectsafetensors.Detector{},
		detectsafetensorsindex.Detector{},
		detectgguf.Detector{},
		detectnpy.Detector{},
		lfs.Detector{},
		nativecode.Detector{},
	}, networkDetectors(), graphDetectors(), tensorflowDetectors(), runtimeDetectors(), classicDetectors(), repositoryDetectors(),
		folderDetectors(), bundleDetectors(), costly), nil
}

// Set is the checked set of everything built in.
func Set(cfg Config) (*detect.Set, error) {
	detectors, err := Detectors(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure detectors: %w", err)
	}
	return detect.NewSet(Formats(), detectors)
}
