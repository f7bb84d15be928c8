package openvino

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{ruleLibrary(), ruleKernel(), ruleLayer(), rulePath(), ruleBounds(), ruleMissing()}
}

// remedy is what to do with a model that brings or names code.
const remedy = "Do not load the model. Convert it anew from its source, with OpenVINO's own operations only."

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.native-library", Title: "OpenVINO document names a shared library to load",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The document names a shared library: as a plugin of the runtime, or in an attribute of a layer or note.",
		Why:    "The library runs its own code as soon as it is loaded.",
		Remedy: remedy, References: picket.Refs("CWE-114", "AML.T0010"),
	}
}

func ruleKernel() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.custom-kernel", Title: "OpenVINO configuration brings the source of a kernel",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names a source file of OpenCL that the runtime compiles for the graphics processor.",
		Why:    "The kernel runs with access to the memory of the device, and its compiler takes options from the same file.",
		Remedy: "Read the kernel before you use the configuration, or use built-in operations.", References: picket.Refs("CWE-94"),
	}
}

func ruleLayer() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.custom-layer", Title: "OpenVINO model needs an operation that the runtime does not have",
		Severity: picket.High, Class: picket.Execution,
		What:       "A layer has a type, or a set of operations, that no version of OpenVINO knows.",
		Why:        "Such a layer works only together with an extension, which is native code that has to be installed for it.",
		Remedy:     "Ask the author which extension implements the operation, and review it as code; or convert the model with OpenVINO's operations only.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.path-escape", Title: "OpenVINO model names a file outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:   "An attribute that holds a path is absolute, an address, or leads out of the folder.",
		Why:    "What is read there was not scanned with the model.",
		Remedy: remedy, References: picket.Refs("CWE-22"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.weights-bounds", Title: "A constant lies outside of the file of weights",
		Severity: picket.High, Class: picket.Resource,
		What:   "The offset and size of a constant lead past the end of the file of weights, overflow, or do not fit its type and shape.",
		Why:    "Readers that trust the numbers read memory that is not the model's.",
		Remedy: "Fetch the model again; if it stays so, do not load it.", References: picket.Refs("CWE-125", "CWE-190"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.openvino.weights-missing", Title: "The file of weights is not beside the graph",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The graph has constants, and the file of the same name that ends in .bin was not found beside it.",
		Why:    "What will be loaded in its place was not scanned.",
		Remedy: "Fetch the whole model and scan again.", References: picket.Refs("CWE-353"),
	}
}
