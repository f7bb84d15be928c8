// Package tensorrt judges engines of TensorRT as far as that is possible: plugins that are not NVIDIA's, and programs for the
// host inside. An engine is compiled code in a format that is not published, so none is ever clean: its content is reported as
// not read. Build engines on your own machines from models that can be read.
package tensorrt

import (
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/tensorrt"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects engines.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "tensorrt", Title: "TensorRT: plugins of others, programs for the host", Formats: []string{tensorrt.Name},
		Rules: []picket.Rule{ruleHost(), rulePlugin()}}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open engine: %w", err)
	}
	list := findings.New(out)
	defer list.Close()
	seen := map[string]bool{}
	_, err = tensorrt.Search(r, in.Budget, func(s tensorrt.Sign) {
		switch {
		case s.Host:
			list.Add(ruleHost(), s.Offset, s.Name, "a program for "+s.Name+" begins here, which the runtime loads when host code is allowed")
		case !plugins[s.Name] && !seen[s.Name] && len(seen) < maxNames:
			seen[s.Name] = true
			list.Add(rulePlugin(), s.Offset, s.Name, "the engine names the plugin "+s.Name)
		}
	})
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	out.Gap(0, in.Blob.Size(), "an engine is compiled code in a format that is not published; build it on your own machine from a model that can be read")
	return nil
}

// maxNames is how many names of plugins of one engine are told apart.
const maxNames = 1 << 10

// plugins are those of NVIDIA's own library, and words of its runtime.
var plugins = map[string]bool{
	"BatchedNMS_TRT": true, "BatchedNMSDynamic_TRT": true, "BatchTilePlugin_TRT": true, "Clip_TRT": true, "CoordConvAC": true, "CropAndResize": true,
	"CropAndResizeDynamic": true, "DecodeBbox3DPlugin": true, "DetectionLayer_TRT": true, "DisentangledAttention_TRT": true, "EfficientNMS_TRT": true,
	"EfficientNMS_ONNX_TRT": true, "EfficientNMS_Explicit_TF_TRT": true, "EfficientNMS_Implicit_TF_TRT": true, "FlattenConcat_TRT": true,
	"GenerateDetection_TRT": true, "GridAnchor_TRT": true, "GridAnchorRect_TRT": true, "InstanceNormalization_TRT": true, "LReLU_TRT": true,
	"ModulatedDeformConv2d": true, "MultilevelCropAndResize_TRT": true, "MultilevelProposeROI_TRT": true, "MultiscaleDeformableAttnPlugin_TRT": true,
	"NMS_TRT": true, "NMSDynamic_TRT": true, "Normalize_TRT": true, "PillarScatterPlugin": true, "PriorBox_TRT": true, "ProposalLayer_TRT": true,
	"Proposal": true, "ProposalDynamic": true, "PyramidROIAlign_TRT": true, "Region_TRT": true, "Reorg_TRT": true, "ResizeNearest_TRT": true, "ROIAlign_TRT": true,
	"RPROI_TRT": true, "ScatterElements": true, "ScatterND": true, "SpecialSlice_TRT": true, "Split": true, "VoxelGeneratorPlugin": true,
	"CustomEmbLayerNormPluginDynamic": true, "CustomFCPluginDynamic": true, "CustomGeluPluginDynamic": true, "CustomQKVToContextPluginDynamic": true,
	"CustomSkipLayerNormPluginDynamic": true, "PluginV2": true, "PluginV3": true, "IPluginV2": true, "IPluginV3": true, "PluginV2Layer": true, "PluginV3Layer": true,
}

func ruleHost() picket.Rule {
	return picket.Rule{
		ID: "model.tensorrt.host-code", Title: "TensorRT engine holds a program for the host",
		Severity: picket.High, Class: picket.Execution,
		What:       "The engine holds a shared library for the processor of the host: a plugin that was serialized with it, or a runtime.",
		Why:        "A program that allows host code when it loads the engine runs the library with its own rights.",
		Remedy:     "Build the engine anew without serialized plugins and without version compatibility, and do not allow host code.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func rulePlugin() picket.Rule {
	return picket.Rule{
		ID: "model.tensorrt.custom-plugin", Title: "TensorRT engine names a plugin that is not NVIDIA's",
		Severity: picket.High, Class: picket.Execution,
		What:       "The engine holds the name of a plugin that does not come with TensorRT.",
		Why:        "Plugins are native code that is loaded for the engine; the engine chooses which ones run and with which data.",
		Remedy:     "Ask the author for the source of the plugin and review it, or build the engine without it.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}
