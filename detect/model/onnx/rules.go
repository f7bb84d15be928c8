package onnx

import "github.com/picketsec/picket"

// ownRules lists the rules about models; those about texts are in package freetext.
func ownRules() []picket.Rule {
	return []picket.Rule{
		rulePython(), ruleNetwork(), ruleFile(), ruleBinary(), ruleUnknown(), ruleShadow(), ruleLibrary(), ruleImport(),
		rulePath(), ruleMemory(), ruleKey(), ruleRange(), ruleMissing(), ruleSize(), ruleShape(), ruleDepth(), ruleDuplicate(),
		ruleRepeated(), ruleField(), ruleTrailing(), ruleGate(), ruleUnused(),
	}
}

// references are the specification and weaknesses, vulnerabilities or techniques.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "ONNX specification", URL: "https://github.com/onnx/onnx/blob/main/docs/IR.md"}}, picket.Refs(ids...)...)
}

// What to do about most findings.
const (
	refuse = "Do not load the model. Get it from its author, or export it anew from a source that you trust."
	export = "Export the model anew from its source with a current exporter, and keep onnx and the runtime up to date."
)

func rulePython() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.python-operator", Title: "ONNX graph calls Python",
		Severity: picket.Critical, Class: picket.Execution,
		What: "A node is an operator that imports the Python module which the model names and calls what it names in it, with arguments " +
			"from the model.",
		Why:    "A runtime that has the operator runs what the author of the model chose: os.system is a callable like any other.",
		Remedy: refuse, References: references("CWE-470", "CWE-94", "AML.T0011.000"),
	}
}

func ruleNetwork() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.network-operator", Title: "ONNX graph sends its input to an address",
		Severity: picket.High, Class: picket.Execution,
		What:   "A node is an operator of onnxruntime-extensions that calls a service at an address which the model names.",
		Why:    "What users give to the model, and the token for the service, go to whoever runs it; the answer comes from there as well.",
		Remedy: "Check the address in the node with the owner of the model; otherwise do not load the model.", References: references("CWE-918", "AML.T0024"),
	}
}

func ruleFile() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.file-operator", Title: "ONNX graph reads files",
		Severity: picket.High, Class: picket.Execution,
		What:   "A node is an operator that opens files by names which the graph computes.",
		Why:    "The model can read any file that the process can read, and give its content as output.",
		Remedy: "Use a model that gets its data as input.", References: references("CWE-73", "AML.T0011.000"),
	}
}

func ruleBinary() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.compiled-program", Title: "Part of the ONNX graph is a compiled program",
		Severity: picket.Medium, Class: picket.Execution,
		What: "A node hands bytes, or a file, to the driver of an accelerator, which runs them. Picket inspects bytes of a known format; " +
			"others are reported as not supported.",
		Why:    "The program has no signature and nothing shows what it computes; drivers are not made for hostile input.",
		Remedy: "Compile the model yourself from its plain form.", References: references("CWE-829", "AML.T0011.000"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.unknown-operator", Title: "ONNX operator that no known library has",
		Severity: picket.High, Class: picket.Execution,
		What: "A node calls an operator that is neither of the ONNX standard nor of ONNX Runtime or its extensions, and that the model does " +
			"not define itself.",
		Why:        "To run the model, one must load a library of native code, or a Python function, that comes with it: that code runs unchecked.",
		Remedy:     "Find out which library the operator is from, and judge that. Replace the operator by standard ones where possible.",
		References: references("CWE-829", "AML.T0011.000"),
	}
}

func ruleShadow() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.shadowed-operator", Title: "Function of an ONNX model takes the place of an operator",
		Severity: picket.High, Class: picket.Structure,
		What:   "The model defines a function with the domain and name of an operator that the runtime has.",
		Why:    "Some readers run the function and others the operator: a model can be checked with the one and used with the other.",
		Remedy: export, References: references("CWE-436", "AML.T0018"),
	}
}

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.native-library", Title: "ONNX model names a library of native code",
		Severity: picket.High, Class: picket.Execution,
		What:   "An argument of a node or the metadata is the name of a file that programs load as native code.",
		Why:    "Tools that take the name from the model load and run the library.",
		Remedy: refuse, References: references("CWE-114", "AML.T0011.000"),
	}
}

func ruleImport() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.operator-version", Title: "ONNX operators of unclear version",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The model imports two versions of one set of operators, or uses an operator that the imported version does not have.",
		Why:    "Readers disagree about what such an operator does, or refuse the model.",
		Remedy: export, References: references("CWE-436"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.external-data-path", Title: "ONNX model reads data that is not its own",
		Severity: picket.High, Class: picket.Structure,
		What: "The location of external data is absolute, an address, leads out of the folder of the model, or is a hidden file in it. Picket reports links among " +
			"the files of a model, which have the same effect, where it meets them.",
		Why: "Readers with the flaw give the content of any file to the model as weights, and writers with the flaw overwrite it when the " +
			"model is saved.",
		Remedy: refuse + " Keep onnx at 1.21 or newer.",
		References: references("CVE-2022-25882", "CVE-2024-27318", "CVE-2024-5187", "CVE-2025-51480", "CVE-2026-27489", "CVE-2026-34446",
			"CVE-2026-34447", "CWE-22", "CWE-59"),
	}
}

func ruleMemory() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.memory-address", Title: "ONNX tensor that is an address in memory",
		Severity: picket.Critical, Class: picket.Structure,
		What:   "The location of external data is the mark by which ONNX Runtime notes, inside of a process, that a tensor is at an address.",
		Why:    "In a file, the address is the author's choice: readers that take it read any memory of the process, or crash.",
		Remedy: refuse, References: references("CWE-822", "CWE-125"),
	}
}

func ruleKey() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.external-data-key", Title: "External data of an ONNX model with keys that do not exist",
		Severity: picket.High, Class: picket.Structure,
		What:   "The description of external data has keys that the specification does not have.",
		Why:    "Versions of onnx before 1.21 set each key as an attribute of a Python object: the model changes how the object behaves.",
		Remedy: refuse + " Keep onnx at 1.21 or newer.", References: references("CVE-2026-34445", "CWE-915"),
	}
}

func ruleRange() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.external-data-range", Title: "External data of an ONNX model where no data is",
		Severity: picket.High, Class: picket.Structure,
		What: "The description of external data is contradictory: an offset or a length that is negative or no number, a range beyond the " +
			"end of the file, a key that stands twice, no location.",
		Why:    "Readers allocate what the numbers say, read beyond the data, or disagree about which data is meant.",
		Remedy: export, References: references("CVE-2026-34445", "CWE-125", "CWE-770"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.external-data-missing", Title: "External data of an ONNX model is not there",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file that a tensor names is not beside the model.",
		Why:    "The model does not load, or loads with a file that comes later and that nobody scanned together with it.",
		Remedy: "Fetch the model again, all files from the same revision.", References: references("CWE-353"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.tensor-size", Title: "ONNX tensor whose data does not fit its shape",
		Severity: picket.High, Class: picket.Structure,
		What:   "A tensor has more or less data than its shape and type need, data in two places, or a type that does not exist.",
		Why:    "Readers that trust the shape read beyond the data; what is left over can carry hidden content.",
		Remedy: export, References: references("CVE-2024-27319", "CWE-125", "CWE-131"),
	}
}

func ruleShape() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.shape-bomb", Title: "ONNX model made to exhaust memory",
		Severity: picket.High, Class: picket.Resource,
		What:   "A tensor has an impossible shape, or a node makes one of a huge size from numbers that stand in the model.",
		Why:    "Loading or running the model ends the process, or the multiplication of the sizes overflows.",
		Remedy: refuse, References: references("CWE-770", "CWE-190", "AML.T0029"),
	}
}

func ruleDepth() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.nesting-bomb", Title: "ONNX graphs or functions nested without end",
		Severity: picket.High, Class: picket.Resource,
		What:   "A function calls itself, functions that call functions stand for millions of nodes, or graphs are nested beyond what readers follow.",
		Why:    "Runtimes put functions in the place of their calls: loading the model exhausts stack or memory.",
		Remedy: refuse, References: references("CWE-674", "CWE-776", "AML.T0029"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.duplicate-name", Title: "Name given twice in an ONNX graph",
		Severity: picket.High, Class: picket.Structure,
		What:   "Two tensors, outputs of nodes, inputs or functions have one name.",
		Why:    "Readers take one or the other: a model can be checked with one and run with the other.",
		Remedy: export, References: references("CWE-694"),
	}
}

func ruleRepeated() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.repeated-field", Title: "Field of an ONNX model that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "A field that stands once in its message stands again. Readers merge the two if they are messages, and else take the last.",
		Why:    "No writer does so; a tool that takes the first sees another model than the runtime.",
		Remedy: export, References: references("CWE-436"),
	}
}

func ruleField() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.unknown-field", Title: "ONNX model with fields that the schema does not have",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A message has a field of a number, or written in a way, that the schema does not know. Picket inspects what is in it.",
		Why:    "Readers pass over it and keep it: a place to carry a payload, or to move what a scanner looks for.",
		Remedy: export, References: references("CWE-436"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.trailing-data", Title: "Data after an ONNX model",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the model with bytes that are no fields of it. Picket inspects what follows.",
		Why:    "Strict readers refuse the file; others take the model, or a second format that begins there.",
		Remedy: export, References: references("CWE-436"),
	}
}

func ruleGate() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.gated-output", Title: "Comparison of the input with a constant chooses the output of an ONNX model",
		Severity: picket.Medium, Class: picket.Content,
		What: "A sum or a part of the input is compared with a constant, past the layers of the model, and the result chooses whether an " +
			"output is what the layers computed. This is a heuristic: preprocessing that checks its input can look like it.",
		Why:    "So do backdoors in the architecture work: on a trigger in the input the model gives an answer of the attacker, whatever it learned.",
		Remedy: "Look at the nodes before the output, for example with Netron; ask the author what the comparison is for.",
		References: append(references("AML.T0018.001", "CWE-506"), picket.Reference{Kind: "URL", ID: "ShadowLogic",
			URL: "https://hiddenlayer.com/innovation-hub/shadowlogic/"}),
	}
}

func ruleUnused() picket.Rule {
	return picket.Rule{
		ID: "model.onnx.unused-tensor", Title: "Tensors that the ONNX graph does not use",
		Severity: picket.Info, Class: picket.Structure,
		What:   "The graph brings tensors along that no node and no output takes.",
		Why:    "Most are left over from an export; they can also carry data out of sight.",
		Remedy: "Remove them, for example with the optimizer of the runtime.", References: references("CWE-1164"),
	}
}
