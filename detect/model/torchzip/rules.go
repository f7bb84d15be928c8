package torchzip

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleFile(), rulePython(), ruleRemote(), ruleAlias(), ruleOperator(), ruleClass(), ruleScript(), ruleComment(),
		ruleStorage(), ruleSlack(), ruleMissing()}
}

// judge gives the rule and the name of the attack.
func judge(w what) (picket.Rule, string) {
	switch w {
	case fileAccess:
		return ruleFile(), "CVE-2025-32434"
	case pythonCall:
		return rulePython(), ""
	case remoteCall:
		return ruleRemote(), "CVE-2024-5480"
	case alias:
		return ruleAlias(), ""
	case unknownOp:
		return ruleOperator(), ""
	case customClass:
		return ruleClass(), ""
	case typeComment:
		return ruleComment(), "CVE-2022-45907"
	}
	return ruleScript(), ""
}

func ruleFile() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.file-access", Title: "TorchScript that reads or writes files",
		Severity: picket.Critical, Class: picket.Execution,
		What:       "The model's code names an operator that opens a file by name, such as aten::save or aten::from_file.",
		Why:        "torch.load ran such code even with weights_only=True, and torch.jit.load does so still: it overwrites any file of the user, which is enough to run code later.",
		Remedy:     "Do not load the file, with any option. Ask for the weights as safetensors.",
		References: picket.Refs("CVE-2025-32434", "CWE-73", "AML.T0011.000"),
	}
}

func rulePython() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.python-call", Title: "TorchScript that calls Python functions",
		Severity: picket.High, Class: picket.Execution,
		What:       "The model's code has a call of a Python function, which an exported model cannot have.",
		Why:        "A runtime that resolves it runs Python outside of TorchScript's limits.",
		Remedy:     "Do not load the file. Export the model anew from its source.",
		References: picket.Refs("CWE-94", "AML.T0011.000"),
	}
}

func ruleRemote() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.remote-call", Title: "TorchScript that calls other machines",
		Severity: picket.High, Class: picket.Execution,
		What:       "The model's code uses PyTorch's remote procedure calls or its distributed classes.",
		Why:        "A remote call runs any function by name on the other machine; a model has no need for it.",
		Remedy:     "Do not load the file on a machine that takes part in a cluster.",
		References: picket.Refs("CVE-2024-5480", "CWE-77"),
	}
}

func ruleAlias() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.hidden-operator", Title: "TorchScript that hides which operator it calls",
		Severity: picket.High, Class: picket.Execution,
		What:       "The model's code uses the module of operators as a value, so that the operator is named elsewhere.",
		Why:        "PyTorch's exporter always writes the full name. Code that does not was written to pass scanners.",
		Remedy:     "Do not load the file. Export the model anew from its source.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleOperator() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.unknown-operator", Title: "TorchScript with an operator that PyTorch does not ship",
		Severity: picket.High, Class: picket.Execution,
		What:       "The model's code needs an operator from a native library of its own.",
		Why:        "What the operator does is not in the file, so it was not judged. Users are asked to install the library first.",
		Remedy:     "Find the library that the operator comes from and check it as you would any program.",
		References: picket.Refs("CWE-829"),
	}
}

func ruleClass() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.custom-class", Title: "TorchScript with a class from a native library",
		Severity: picket.High, Class: picket.Execution,
		What:       "The model's code uses a class that a native library registers, such as an engine of an accelerator.",
		Why:        "The library restores its state from bytes in the file, which were not judged.",
		Remedy:     "Find the library that the class comes from, and load the model only with a version you trust.",
		References: picket.Refs("CWE-502"),
	}
}

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.not-torchscript", Title: "Code in a TorchScript archive that is not TorchScript",
		Severity: picket.High, Class: picket.Execution,
		What:       "A source in the archive imports Python modules, evaluates text or uses Python's reflection.",
		Why:        "PyTorch's exporter cannot write this. It runs where a tool imports the source as Python.",
		Remedy:     "Do not load the file. Export the model anew from its source.",
		References: picket.Refs("CWE-94"),
	}
}

func ruleComment() picket.Rule {
	return picket.Rule{
		ID: "model.torchscript.type-comment", Title: "A type comment that runs code",
		Severity: picket.High, Class: picket.Execution,
		What:       "A comment that declares types holds an expression that does more than name types.",
		Why:        "PyTorch before 1.13.1 evaluated type comments as Python.",
		Remedy:     "Do not compile or load the source.",
		References: picket.Refs("CVE-2022-45907", "CWE-95"),
	}
}

func ruleStorage() picket.Rule {
	return picket.Rule{
		ID: "model.torch.storage-size", Title: "A tensor storage that is smaller than its pickle states",
		Severity: picket.High, Class: picket.Structure,
		What:       "The pickle refers to more bytes than the member with the tensor data has.",
		Why:        "PyTorch versions that trust the pickle read or write outside of the storage's memory.",
		Remedy:     "Do not load the file. Fetch it again and compare its digest with the publisher's.",
		References: picket.Refs("CVE-2026-24747", "CWE-125", "CWE-787"),
	}
}

func ruleSlack() picket.Rule {
	return picket.Rule{
		ID: "model.torch.storage-slack", Title: "A tensor storage that is larger than its pickle states",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The member with the tensor data has bytes that no tensor refers to.",
		Why:        "They are not loaded, so they are a place to hide content.",
		Remedy:     "Load the weights in a safe place and save them anew.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.torch.missing-storage", Title: "A tensor storage that is not in the archive",
		Severity: picket.High, Class: picket.Structure,
		What:       "The pickle refers to tensor data whose member does not exist.",
		Why:        "The file cannot be loaded as it is; it is damaged, or it is loaded by something else than PyTorch.",
		Remedy:     "Fetch the file again and compare its digest with the publisher's.",
		References: picket.Refs("CWE-20"),
	}
}
