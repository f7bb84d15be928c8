package keras

import "github.com/picketsec/picket"

// Rules lists every rule about the configuration of a Keras model.
func Rules() []picket.Rule {
	return []picket.Rule{ruleExecution(), ruleLambda(), ruleForeign(), ruleCallable(), ruleImpostor(), ruleConflict(), ruleModel(), ruleFile(),
		ruleOperation(), ruleCustom(), ruleExtension(), ruleShape(), ruleMember()}
}

// references are the specification of the configuration and weaknesses or vulnerabilities.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "Keras serialization", URL: "https://keras.io/guides/serialization_and_saving/"}}, picket.Refs(ids...)...)
}

const rebuild = "Do not load the model. Build it from source code that you have read, and load weights only (safetensors, or model.weights.h5)."

func ruleExecution() picket.Rule {
	return picket.Rule{
		ID: "model.keras.code-execution", Title: "Keras configuration runs code when the model is loaded",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The configuration holds bytecode that names functions of the operating system, files or the network, or names such a " +
			"function for Keras to call.",
		Why:    "Keras calls it while it builds the model. Its safe mode does not hold for .h5 files, nor for several releases of Keras 3.",
		Remedy: rebuild, References: references("CVE-2024-3660", "CVE-2025-1550", "CVE-2025-8747", "CVE-2025-9905", "CVE-2025-9906", "CWE-502", "AML.T0011"),
	}
}

func ruleLambda() picket.Rule {
	return picket.Rule{
		ID: "model.keras.lambda", Title: "Lambda layer with bytecode in a Keras model",
		Severity: picket.High, Class: picket.Execution,
		What: "A Lambda layer, or another part of the model, is Python bytecode in the configuration. The names that it uses look " +
			"harmless, or it could not be decoded.",
		Why:        "Whatever the names say, bytecode is a program, and Keras runs it to build the model.",
		Remedy:     "Replace the Lambda layer by a layer class or an operation of Keras, and save the model again.",
		References: references("CVE-2024-3660", "CVE-2025-9905", "CWE-502", "AML.T0011"),
	}
}

func ruleForeign() picket.Rule {
	return picket.Rule{
		ID: "model.keras.foreign-module", Title: "Keras configuration takes an object from a module that is not Keras's",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names a function or class of Python itself or of a library that has nothing to do with layers.",
		Why:    "Keras before 3.9 imports the module and calls what it finds there, whatever it is.",
		Remedy: rebuild, References: references("CVE-2025-1550", "CWE-470", "AML.T0011"),
	}
}

func ruleCallable() picket.Rule {
	return picket.Rule{
		ID: "model.keras.unsafe-callable", Title: "Keras configuration names a function of Keras that is no part of models",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names a function below keras that is neither an activation, loss, metric, initializer nor operation.",
		Why:    "Functions that fetch, write or load files have been used to get past the safe mode.",
		Remedy: rebuild, References: references("CVE-2025-8747", "CVE-2025-12060", "CWE-470"),
	}
}

func ruleImpostor() picket.Rule {
	return picket.Rule{
		ID: "model.keras.impostor", Title: "Module that claims to be part of Keras and is not",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names a module below keras that no release of Keras has, or hides a name inside of another.",
		Why:    "A name that looks like Keras's passes a quick look, and loaders import whatever has that name.",
		Remedy: rebuild, References: references("CWE-470", "CWE-451"),
	}
}

func ruleConflict() picket.Rule {
	return picket.Rule{
		ID: "model.keras.name-conflict", Title: "One object of a Keras configuration has two names",
		Severity: picket.High, Class: picket.Structure,
		What:   "The registered name of an object differs from its class, which is one of Keras's own, or a key stands twice.",
		Why:    "Keras takes the registered name first: what is shown is one layer and what is built is another.",
		Remedy: rebuild, References: references("CWE-436", "CWE-694"),
	}
}

func ruleModel() picket.Rule {
	return picket.Rule{
		ID: "model.keras.nested-model", Title: "Keras layer that loads a model of another kind",
		Severity: picket.High, Class: picket.Execution,
		What:   "A layer loads a TensorFlow SavedModel from a path (TFSMLayer), or a PyTorch module from a pickle inside of it (TorchModuleWrapper).",
		Why:    "Those models run code of their own, and releases of Keras load them even in safe mode.",
		Remedy: rebuild, References: references("CVE-2025-49655", "CVE-2026-1462", "CWE-502", "CWE-829"),
	}
}

func ruleFile() picket.Rule {
	return picket.Rule{
		ID: "model.keras.vocabulary-file", Title: "Keras layer that reads a file or address when it is built",
		Severity: picket.High, Class: picket.Execution,
		What:   "The vocabulary of a preprocessing layer is a path or an address, not a list of words.",
		Why:    "Building the layer reads any file of the machine into the model, or connects to the address.",
		Remedy: "Save the layer with its vocabulary in it.", References: references("CVE-2025-12058", "CWE-73", "CWE-918"),
	}
}

func ruleOperation() picket.Rule {
	return picket.Rule{
		ID: "model.keras.unsafe-operation", Title: "Keras layer that runs a TensorFlow operation on files or code",
		Severity: picket.High, Class: picket.Execution,
		What:   "A layer stands for an operation of TensorFlow that reads or writes files, calls Python or loads a library.",
		Why:    "The operation runs whenever the model does, with paths from the file.",
		Remedy: rebuild, References: references("CWE-73", "AML.T0011"),
	}
}

func ruleCustom() picket.Rule {
	return picket.Rule{
		ID: "model.keras.custom-object", Title: "Keras model needs code that is not in it",
		Severity: picket.Medium, Class: picket.Execution,
		What: "A layer, loss, metric or function is not one of Keras's own. Loading fails unless the program that loads the model " +
			"has registered code under this name.",
		Why:        "The file cannot run anything by this alone; but whoever gives the code for it decides what runs. Read that code.",
		Remedy:     "Take the code from your own project or the model's author at a fixed commit, and read it.",
		References: references("CWE-829", "AML.T0011"),
	}
}

func ruleExtension() picket.Rule {
	return picket.Rule{
		ID: "model.keras.extension", Title: "Keras model needs an extension package",
		Severity: picket.Info, Class: picket.Execution,
		What:       "A layer comes from KerasHub, KerasNLP, KerasCV or another package of the Keras project.",
		Why:        "Loading imports that package, so its version matters as much as that of Keras.",
		Remedy:     "Pin the version of the package.",
		References: references("CWE-829"),
	}
}

func ruleShape() picket.Rule {
	return picket.Rule{
		ID: "model.keras.shape-bomb", Title: "Keras layer of an impossible size",
		Severity: picket.Medium, Class: picket.Resource,
		What:       "A layer asks for more units, filters or dimensions than any machine has memory for.",
		Why:        "Building the model exhausts memory before a weight is read.",
		Remedy:     "Do not load the model.",
		References: references("GHSA-xfhx-r7ww-5995", "CWE-789"),
	}
}

func ruleMember() picket.Rule {
	return picket.Rule{
		ID: "model.keras.unexpected-member", Title: "Keras archive with members that Keras does not write",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The archive holds a member beside the configuration, the metadata, the weights and the assets of layers.",
		Why:        "Keras unpacks assets into a folder; other members have no use in a model, and are a place to carry a payload.",
		Remedy:     "Save the model anew with Keras.",
		References: references("CVE-2025-12060", "CWE-506"),
	}
}
