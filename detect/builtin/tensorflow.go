package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/tensorflowcheckpoint"
	"github.com/picketsec/picket/artifact/format/tfjs"
	"github.com/picketsec/picket/artifact/format/tflite"
	"github.com/picketsec/picket/detect"
	detecttensorflow "github.com/picketsec/picket/detect/model/tensorflow"
	detecttensorflowcheckpoint "github.com/picketsec/picket/detect/model/tensorflowcheckpoint"
	detecttfjs "github.com/picketsec/picket/detect/model/tfjs"
	detecttflite "github.com/picketsec/picket/detect/model/tflite"
)

// tensorflowFormats lists the formats of TensorFlow.
func tensorflowFormats() []format.Format {
	return []format.Format{
		tensorflow.SavedModel{}, tensorflow.MetaGraph{}, tensorflow.Graph{}, tensorflow.KerasMetadata{}, tensorflow.Fingerprint{},
		tensorflow.DebugInfo{}, tensorflow.Text{},
		tensorflowcheckpoint.Index{}, tensorflowcheckpoint.State{}, tflite.Format{}, tfjs.Format{},
	}
}

// tensorflowDetectors lists the detectors of TensorFlow.
func tensorflowDetectors() []detect.Detector {
	return []detect.Detector{detecttensorflow.Detector{}, detecttensorflowcheckpoint.Detector{}, detecttflite.Detector{}, detecttfjs.Detector{}}
}
