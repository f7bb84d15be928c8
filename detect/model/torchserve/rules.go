package torchserve

import "github.com/picketsec/picket"

// rules lists the rules about archives of TorchServe.
func rules() []picket.Rule {
	return []picket.Rule{ruleTag(), rulePath(), ruleRepeated(), ruleMissing(), ruleRuntime(), ruleCode()}
}

// references are a weakness and the specification.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "Torch Model archiver", URL: "https://github.com/pytorch/serve/blob/master/model-archiver/README.md"}}
}

func ruleTag() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.yaml-object", Title: "A workflow or configuration makes objects of any class",
		Severity: picket.Critical, Class: picket.Execution,
		What:       "The YAML that the server reads has a tag that names a class of Java or Python.",
		Why:        "TorchServe before 0.8.2 makes the object: a script engine that loads a class from an address runs any code on the server.",
		Remedy:     "Do not register the archive. Update TorchServe.",
		References: picket.Refs("CVE-2022-1471", "CVE-2023-43654", "CWE-502"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.path-escape", Title: "The manifest names a file outside of the archive",
		Severity: picket.High, Class: picket.Structure,
		What:       "A field of the manifest is an absolute path, an address, or a path that leaves the folder of the model.",
		Why:        "The server loads or runs that file in place of the model's own; nobody scanned it.",
		Remedy:     "Do not register the archive. Make it anew with torch-model-archiver.",
		References: references("CWE-22"),
	}
}

func ruleRepeated() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.duplicate-key", Title: "A name appears twice in the manifest",
		Severity: picket.High, Class: picket.Structure,
		What:       "An object of the manifest has two members of one name. JSON parsers keep one or the other.",
		Why:        "A model can be checked with one handler and served with the other.",
		Remedy:     "Make the archive anew with torch-model-archiver.",
		References: references("CWE-694"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.file-missing", Title: "The manifest names a file that is not in the archive",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "A field of the manifest names a file or handler that the archive does not hold and TorchServe does not bring.",
		Why:        "The server looks for a handler among everything that Python can import, so other code runs than the archive shows.",
		Remedy:     "Make the archive anew with every file that it needs.",
		References: references("CWE-427"),
	}
}

func ruleRuntime() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.runtime", Title: "The manifest names an unknown runtime",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The runtime is none that TorchServe has.",
		Why:        "The runtime says which interpreter starts the handler.",
		Remedy:     "Make the archive anew with torch-model-archiver.",
		References: references("CWE-20"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.torchserve.handler", Title: "The archive brings code that the server runs",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The manifest names a handler or model file of the archive, which is Python.",
		Why:        "TorchServe runs it when the model is registered, with the rights of the server. Most archives have one.",
		Remedy:     "Review the code, or serve the model with a built-in handler.",
		References: references("CWE-829"),
	}
}
