package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/llamafile"
	"github.com/picketsec/picket/artifact/format/nemo"
	"github.com/picketsec/picket/artifact/format/sevenzip"
	"github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/artifact/format/torchserve"
	"github.com/picketsec/picket/detect"
	detectllamafile "github.com/picketsec/picket/detect/model/llamafile"
	detectnemo "github.com/picketsec/picket/detect/model/nemo"
	detectsevenzip "github.com/picketsec/picket/detect/model/sevenzip"
	detecttorchpackage "github.com/picketsec/picket/detect/model/torchpackage"
	detecttorchserve "github.com/picketsec/picket/detect/model/torchserve"
)

// bundleFormats lists the formats of archives and packages that hold models.
func bundleFormats() []format.Format {
	return []format.Format{sevenzip.Format{}, torchserve.Format{}, torchpackage.Format{}, llamafile.Format{}, nemo.Format{}}
}

// bundleDetectors lists the detectors of archives and packages that hold models.
func bundleDetectors() []detect.Detector {
	return []detect.Detector{detectsevenzip.Detector{}, detecttorchserve.Detector{}, detecttorchpackage.Detector{}, detectllamafile.Detector{}, detectnemo.Detector{}}
}
