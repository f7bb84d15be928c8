package tfjs

import "github.com/picketsec/picket"

// references are the guide to the format, and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "TensorFlow.js: save and load models", URL: "https://www.tensorflow.org/js/guide/save_load"}}, picket.Refs(ids...)...)
}

const convert = "Convert the model anew from its source with the converter of TensorFlow.js."

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.tfjs.weights-path", Title: "TensorFlow.js model loads weights from elsewhere", Severity: picket.High, Class: picket.Structure,
		What:   "A path of weights is absolute, climbs out of the folder of the model, or is an address.",
		Why:    "The loader joins it to where the model lies and fetches the result: weights that were not checked, or any file that the process may read.",
		Remedy: convert, References: references("CWE-22", "CWE-829"),
	}
}

func ruleEffect() picket.Rule {
	return picket.Rule{
		ID: "model.tfjs.operation-effect", Title: "TensorFlow.js graph with an operation that reaches outside of it", Severity: picket.Critical, Class: picket.Execution,
		What:   "The graph has an operation that calls Python, reads or writes files, or talks to other machines.",
		Why:    "TensorFlow.js has no such operation by itself: it runs in a program that brings one, or after a conversion back to TensorFlow.",
		Remedy: "Do not load the model. Take it from its author again.", References: references("CWE-94"),
	}
}

func ruleCustom() picket.Rule {
	return picket.Rule{
		ID: "model.tfjs.custom-operation", Title: "TensorFlow.js graph needs a custom operation", Severity: picket.High, Class: picket.Execution,
		What:   "The graph has an operation that TensorFlow does not have.",
		Why:    "The program must bring code for it, and the model chooses what that code gets.",
		Remedy: "Find out which library the operation belongs to, and load the model only with one that you trust.", References: references("CWE-829"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.tfjs.weights-size", Title: "Weights of a TensorFlow.js model that do not fit their files", Severity: picket.High, Class: picket.Structure,
		What:   "The shape of a weight is negative or overflows, its type does not exist, or the files of weights are too short.",
		Why:    "Loaders that trust the shapes allocate without bound, or read beyond what they have.",
		Remedy: convert, References: references("CWE-190", "CWE-789"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.tfjs.weights-missing", Title: "Weights of a TensorFlow.js model are missing", Severity: picket.Low, Class: picket.Structure,
		What:   "A file of weights that the document names is not beside it.",
		Why:    "The model cannot be loaded, and what the file holds was not looked at.",
		Remedy: "Put all files of the model in one folder.", References: references("CWE-1284"),
	}
}
