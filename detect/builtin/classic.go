package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/catboost"
	"github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/artifact/format/lightgbm"
	"github.com/picketsec/picket/artifact/format/rdata"
	"github.com/picketsec/picket/artifact/format/skops"
	"github.com/picketsec/picket/artifact/format/xgboost"
	"github.com/picketsec/picket/detect"
	detectcatboost "github.com/picketsec/picket/detect/model/catboost"
	detecth2omojo "github.com/picketsec/picket/detect/model/h2omojo"
	detectlightgbm "github.com/picketsec/picket/detect/model/lightgbm"
	detectrdata "github.com/picketsec/picket/detect/model/rdata"
	detectskops "github.com/picketsec/picket/detect/model/skops"
	detectxgboost "github.com/picketsec/picket/detect/model/xgboost"
)

// classicFormats lists the formats of classic machine learning.
func classicFormats() []format.Format {
	return []format.Format{
		xgboost.JSON{}, xgboost.UBJSON{}, xgboost.Binary{}, lightgbm.Format{},
		catboost.Format{}, catboost.JSON{}, rdata.Format{}, skops.Format{}, h2omojo.Format{},
	}
}

// classicDetectors lists the detectors of classic machine learning.
func classicDetectors() []detect.Detector {
	return []detect.Detector{
		detectxgboost.Detector{}, detectlightgbm.Detector{}, detectcatboost.Detector{}, detectrdata.Detector{}, detectskops.New(), detecth2omojo.Detector{},
	}
}
