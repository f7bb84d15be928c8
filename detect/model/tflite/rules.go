package tflite

import "github.com/picketsec/picket"

// references are the schema of the format, and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "TensorFlow Lite schema",
		URL: "https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs"}}, picket.Refs(ids...)...)
}

const convert = "Convert the model anew from its source with a current converter, and keep the interpreter up to date."

func ruleEffect() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.flex-effect", Title: "TensorFlow Lite model runs an operation that reaches outside of it", Severity: picket.Critical, Class: picket.Execution,
		What: "The Flex delegate runs an operation of TensorFlow that calls Python, reads or writes files, or talks to other machines; or the name " +
			"of the operation hides which one it runs.",
		Why:    "The model does on the device whatever the operation does, with arguments that the model chooses.",
		Remedy: "Do not load the model. Take it from its author again, or convert it without this operation.", References: references("CWE-94", "CWE-73"),
	}
}

func ruleCustom() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.custom-operation", Title: "TensorFlow Lite model needs a custom operation", Severity: picket.High, Class: picket.Execution,
		What:   "The model names an operation that neither the interpreter nor a well-known library has.",
		Why:    "The program must bring native code for it, and the model chooses what that code gets.",
		Remedy: "Find out which library the operation belongs to, and run the model only with one that you trust.", References: references("CWE-829"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.bounds", Title: "TensorFlow Lite model refers to what it does not have", Severity: picket.High, Class: picket.Structure,
		What:   "The number of a tensor, buffer, operation or subgraph is out of range, or an operation reads and writes one tensor.",
		Why:    "Interpreters that trust the number read and write outside of their memory: possibly code execution.",
		Remedy: convert, References: references("CVE-2020-15210", "CVE-2020-15211", "CVE-2022-23561", "CWE-787"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.tensor-size", Title: "Tensor of a TensorFlow Lite model that does not fit its buffer", Severity: picket.High, Class: picket.Structure,
		What:   "The dimensions of a tensor are negative, overflow when multiplied, or need more or less than its buffer has.",
		Why:    "Interpreters that trust the dimensions allocate too little and write beyond it, or read beyond the buffer.",
		Remedy: convert, References: references("CVE-2022-23558", "CVE-2022-23559", "CWE-190"),
	}
}

func ruleRecursion() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.recursion", Title: "Subgraph of a TensorFlow Lite model runs itself", Severity: picket.High, Class: picket.Resource,
		What:   "A subgraph runs itself, directly or through others.",
		Why:    "Interpreters overflow their stack when the model is prepared.",
		Remedy: convert, References: references("CVE-2021-29591", "CWE-674"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.tflite.trailing-data", Title: "Data behind a TensorFlow Lite model", Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on behind the model, and what follows is no archive of metadata. Picket inspects it.",
		Why:    "Interpreters ignore it, so that it is a place to carry a payload or a second format.",
		Remedy: convert, References: references("CWE-436"),
	}
}
