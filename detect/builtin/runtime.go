package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/coreml"
	"github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/artifact/format/ggml"
	"github.com/picketsec/picket/artifact/format/msgpack"
	"github.com/picketsec/picket/artifact/format/mxnet"
	"github.com/picketsec/picket/artifact/format/openvino"
	"github.com/picketsec/picket/artifact/format/orbax"
	"github.com/picketsec/picket/artifact/format/paddle"
	"github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/artifact/format/tensorrt"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/detect"
	detectcoreml "github.com/picketsec/picket/detect/model/coreml"
	detectexecutorch "github.com/picketsec/picket/detect/model/executorch"
	detectggml "github.com/picketsec/picket/detect/model/ggml"
	detectlegacy "github.com/picketsec/picket/detect/model/legacy"
	detectmsgpack "github.com/picketsec/picket/detect/model/msgpack"
	detectmxnet "github.com/picketsec/picket/detect/model/mxnet"
	detectopenvino "github.com/picketsec/picket/detect/model/openvino"
	detectorbax "github.com/picketsec/picket/detect/model/orbax"
	detectpaddle "github.com/picketsec/picket/detect/model/paddle"
	detectpmml "github.com/picketsec/picket/detect/model/pmml"
	detecttensorrt "github.com/picketsec/picket/detect/model/tensorrt"
	detectxml "github.com/picketsec/picket/detect/model/xml"
)

// runtimeFormats lists the formats of compiled and mobile runtimes, and of exchange.
func runtimeFormats() []format.Format {
	return []format.Format{
		pmml.Format{}, openvino.Format{}, xml.Format{},
		coreml.Format{}, coreml.Package{}, coreml.Weights{},
		executorch.Format{}, executorch.Data{}, executorch.Bundle{},
		msgpack.Format{}, orbax.Format{}, orbax.Zarr{}, orbax.Ocdbt{},
		paddle.Format{}, paddle.Pir{}, paddle.Params{}, mxnet.Format{}, mxnet.Symbol{}, tensorrt.Format{}, ggml.Format{},
	}
}

// runtimeDetectors lists the detectors of compiled and mobile runtimes, and of exchange.
func runtimeDetectors() []detect.Detector {
	return []detect.Detector{
		detectpmml.Detector{}, detectopenvino.Detector{}, detectxml.Detector{}, detectcoreml.Detector{},
		detectexecutorch.Detector{}, detectmsgpack.Detector{}, detectorbax.Detector{},
		detectpaddle.New(), detectmxnet.New(), detecttensorrt.Detector{}, detectggml.Detector{}, detectlegacy.Detector{},
	}
}
