package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/dvc"
	"github.com/picketsec/picket/artifact/format/kitfile"
	"github.com/picketsec/picket/artifact/format/mlmodel"
	"github.com/picketsec/picket/artifact/format/modelfile"
	"github.com/picketsec/picket/artifact/format/oci"
	"github.com/picketsec/picket/artifact/format/spacy"
	"github.com/picketsec/picket/artifact/format/thinc"
	"github.com/picketsec/picket/artifact/format/triton"
	"github.com/picketsec/picket/detect"
	detectdvc "github.com/picketsec/picket/detect/model/dvc"
	detectkitfile "github.com/picketsec/picket/detect/model/kitfile"
	detectmlmodel "github.com/picketsec/picket/detect/model/mlmodel"
	detectmodelfile "github.com/picketsec/picket/detect/model/modelfile"
	detectoci "github.com/picketsec/picket/detect/model/oci"
	detectspacy "github.com/picketsec/picket/detect/model/spacy"
	detectthinc "github.com/picketsec/picket/detect/model/thinc"
	detecttriton "github.com/picketsec/picket/detect/model/triton"
)

// folderFormats lists the formats of model folders and registries.
func folderFormats() []format.Format {
	return []format.Format{triton.Format{}, oci.Format{}, modelfile.Format{}, mlmodel.Format{}, spacy.Config{}, spacy.Meta{}, thinc.Format{}, thinc.Empty{}, kitfile.Format{},
		dvc.Format{}}
}

// folderDetectors lists the detectors of model folders and registries.
func folderDetectors() []detect.Detector {
	return []detect.Detector{detecttriton.Detector{}, detectoci.Detector{}, detectmodelfile.Detector{}, detectmlmodel.Detector{}, detectspacy.Detector{}, detectthinc.Detector{},
		detectkitfile.Detector{}, detectdvc.Detector{}}
}
