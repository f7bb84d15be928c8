package coreml

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{ruleClass(), rulePayload(), ruleUnknown(), rulePath(), ruleLinked(), ruleBounds(), ruleMissing()}
}

// remedy is what to do with a model that asks for more than Core ML.
const remedy = "Do not load the model. Convert it anew from its source with coremltools, with Core ML's own layers and operations only."

func ruleClass() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.custom-class", Title: "Core ML model names a class of the app to run",
		Severity: picket.High, Class: picket.Execution,
		What:       "A custom layer or a custom model names a class, which Core ML looks up by its name in the running app and calls.",
		Why:        "The model decides which class is made and with which parameters; a class with another purpose may do harm.",
		Remedy:     "Review the class that the app has under that name, and accept the model only together with that app.",
		References: picket.Refs("CWE-470", "AML.T0010"),
	}
}

func rulePayload() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.serialized-model", Title: "Core ML model wraps a model of another framework",
		Severity: picket.High, Class: picket.Execution,
		What:   "The model holds bytes that another framework, named by an identifier, reads.",
		Why:    "No published specification says what is in them and what the reader does with it.",
		Remedy: remedy, References: picket.Refs("CWE-502"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.unknown-operation", Title: "Core ML model needs an operation that Core ML does not have",
		Severity: picket.High, Class: picket.Execution,
		What:   "The model is of a kind, or has a layer or operation, that no specification of Core ML up to version 10 has.",
		Why:    "Such a model works only with code that was made for it.",
		Remedy: remedy, References: picket.Refs("CWE-829"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.path-escape", Title: "Core ML model names a file outside of itself",
		Severity: picket.High, Class: picket.Structure,
		What:   "A file of weights, a linked model or an item of the package lies outside of the folder of the model.",
		Why:    "What is read there was not scanned with the model, and reading it tells what is on the machine.",
		Remedy: remedy, References: picket.Refs("CWE-22"),
	}
}

func ruleLinked() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.linked-model", Title: "Core ML model is completed by another file",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A part of the model is kept in another model, which is searched for by its name.",
		Why:    "Whoever can put a file of that name where it is searched for replaces the part.",
		Remedy: "Scan the linked model too, and verify both by their digests.", References: picket.Refs("CWE-426"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.weights-bounds", Title: "A tensor lies outside of the file of weights",
		Severity: picket.High, Class: picket.Resource,
		What:   "The model names a place in the file of weights that is behind its end or where no tensor begins.",
		Why:    "A reader that trusts it reads memory that is not the model's.",
		Remedy: "Fetch the model again; if it stays so, do not load it.", References: picket.Refs("CWE-125"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.coreml.file-missing", Title: "A file that a Core ML model names is not there",
		Severity: picket.Low, Class: picket.Structure,
		What:   "A file of weights or an item of the package was not found where the model says that it is.",
		Why:    "What will be loaded in its place was not scanned.",
		Remedy: "Fetch the whole model and scan again.", References: picket.Refs("CWE-353"),
	}
}
