package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/modelfile"
	"github.com/picketsec/picket/artifact/format/oci"
	"github.com/picketsec/picket/artifact/format/triton"
	"github.com/picketsec/picket/detect"
	detectmodelfile "github.com/picketsec/picket/detect/model/modelfile"
	detectoci "github.com/picketsec/picket/detect/model/oci"
	detecttriton "github.com/picketsec/picket/detect/model/triton"
)

// folderFormats lists the formats of model folders and registries.
func folderFormats() []format.Format {
	return []format.Format{triton.Format{}, oci.Format{}, modelfile.Format{}}
}

// folderDetectors lists the detectors of model folders and registries.
func folderDetectors() []detect.Detector {
	return []detect.Detector{detecttriton.Detector{}, detectoci.Detector{}, detectmodelfile.Detector{}}
}
