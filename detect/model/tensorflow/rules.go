package tensorflow

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{rulePython(), ruleNative(), ruleNetwork(), ruleWrite(), ruleRead(), ruleAsset(), ruleHidden(), ruleUnknown(), ruleFixed(),
		ruleCaller(), ruleComputed(), ruleSetting(), ruleCrash(), ruleTensor(), ruleRecursion(), ruleDuplicate(), ruleLibrary(), ruleInput(), ruleData()}
}

// references are the guide of TensorFlow to untrusted models, and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "Using TensorFlow securely", URL: "https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"}}, picket.Refs(ids...)...)
}

const (
	retrain = "Do not load the model. Take it from its author again, or export it anew from its source without this operation."
	export  = "Export the model anew with a current TensorFlow; if it keeps the finding, do not load it outside of a sandbox."
)

func rulePython() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.python-call", Title: "TensorFlow graph calls Python", Severity: picket.Critical, Class: picket.Execution,
		What:   "An operation, or a compiled module, calls a Python function of the process that runs the graph.",
		Why:    "The graph chooses the function and its arguments: whoever runs the model runs Python code that the model decides on.",
		Remedy: retrain, References: references("CWE-94", "AML.T0011.000"),
	}
}

func ruleNative() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.native-code", Title: "TensorFlow graph runs native code that it names", Severity: picket.Critical, Class: picket.Execution,
		What:   "An operation calls a compiled function by its name, runs compiled code, or maps a region of memory as a tensor.",
		Why:    "What runs is chosen by the graph and checked by nobody; memory mapped as a tensor has crashed and leaked processes.",
		Remedy: retrain, References: references("CWE-114", "CVE-2021-41227"),
	}
}

func ruleNetwork() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.network", Title: "TensorFlow graph talks to other machines", Severity: picket.Critical, Class: picket.Execution,
		What:   "An operation opens connections, serves calls, runs functions on other devices by address, or sends what flows through it to an address.",
		Why:    "The model sends away what it is given, or lets another machine run functions in the process.",
		Remedy: retrain, References: references("CWE-918", "AML.T0024"),
	}
}

func ruleWrite() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-write", Title: "TensorFlow graph writes a file that it names", Severity: picket.Critical, Class: picket.Execution,
		What:   "An operation writes a file, and its path stands in the graph.",
		Why:    "Running the model overwrites files of the machine: startup scripts, keys, Python modules. That is running code one step later.",
		Remedy: retrain, References: references("CWE-73", "AML.T0011.000"),
	}
}

func ruleRead() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-read", Title: "TensorFlow graph reads secrets of the machine", Severity: picket.Critical, Class: picket.Execution,
		What:   "An operation reads a file outside of the model, and its path, which stands in the graph, leads to where machines keep secrets or settings.",
		Why:    "What is read goes where the outputs of the model go: to whoever asks it.",
		Remedy: retrain, References: references("CWE-73", "CWE-200", "AML.T0024"),
	}
}

func ruleAsset() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.asset-path", Title: "Asset of a SavedModel lies outside of the model", Severity: picket.Critical, Class: picket.Execution,
		What:   "The name of an asset leads out of the folder of assets.",
		Why:    "The loader joins it to the folder and gives the result to operations that read files, when the model is loaded.",
		Remedy: retrain, References: references("CWE-22"),
	}
}

func ruleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.hidden-graph", Title: "TensorFlow graph in a constant of another", Severity: picket.High, Class: picket.Execution,
		What:   "An operation runs a graph that another graph carries as data. Picket inspects it where it is a constant.",
		Why:    "Operations that would be found in the graph itself hide there.",
		Remedy: retrain, References: references("CWE-94"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.unknown-operation", Title: "Operation that TensorFlow does not have", Severity: picket.High, Class: picket.Execution,
		What:   "The graph has an operation that no version of TensorFlow and no well-known library registers.",
		Why:    "The model needs a library of native code to run, and whoever makes the model chooses what that code gets.",
		Remedy: "Find out which library the operation belongs to, and load the model only with one that you trust.", References: references("CWE-829"),
	}
}

func ruleFixed() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-path", Title: "TensorFlow graph uses a file at a fixed place", Severity: picket.High, Class: picket.Execution,
		What:   "An operation reads or writes a file whose absolute path or address stands in the graph.",
		Why:    "The graph reaches files of the machine that are not part of the model.",
		Remedy: export, References: references("CWE-73"),
	}
}

func ruleCaller() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-write-input", Title: "TensorFlow graph writes files where its input says", Severity: picket.High, Class: picket.Execution,
		What:   "An operation other than those that save the variables writes a file whose path is an input of the graph.",
		Why:    "Whoever may send requests to the model may write files on the machine that serves it.",
		Remedy: retrain, References: references("CWE-73"),
	}
}

func ruleComputed() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-computed", Title: "TensorFlow graph computes the path of a file", Severity: picket.High, Class: picket.Execution,
		What:   "An operation reads or writes a file whose path is made by other operations, or kept in a variable.",
		Why:    "No honest model does; it hides the path from whoever looks at the graph.",
		Remedy: retrain, References: references("CWE-73", "CWE-656"),
	}
}

func ruleSetting() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-system", Title: "TensorFlow graph changes how files are reached", Severity: picket.High, Class: picket.Execution,
		What:   "An operation sets options or credentials of the file systems of the process.",
		Why:    "Later reads and writes of the process go elsewhere.",
		Remedy: retrain, References: references("CWE-15"),
	}
}

func ruleCrash() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.abort", Title: "TensorFlow graph ends the process", Severity: picket.High, Class: picket.Resource,
		What:   "The graph has the operation Abort.",
		Why:    "Whoever runs it loses the process and every other model in it.",
		Remedy: retrain, References: references("CWE-730"),
	}
}

func ruleTensor() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.tensor-bounds", Title: "TensorFlow constant that does not fit its shape", Severity: picket.High, Class: picket.Resource,
		What:   "The shape of a constant overflows, makes more than 4 GiB out of a few bytes, or differs from the size of its content.",
		Why:    "Loaders allocate by the shape: they run out of memory, or read beyond the content.",
		Remedy: retrain, References: references("CVE-2021-41197", "CWE-190", "CWE-789"),
	}
}

func ruleRecursion() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.recursion", Title: "TensorFlow function calls itself", Severity: picket.High, Class: picket.Resource,
		What:   "A function of the graph calls itself, directly or through others.",
		Why:    "Loaders that copy functions into their callers never end or overflow their stack.",
		Remedy: retrain, References: references("CVE-2022-23591", "CWE-674"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.duplicate", Title: "TensorFlow graph that gives two meanings to one name", Severity: picket.High, Class: picket.Structure,
		What:   "A node, function, attribute, or part of the model that stands for one thing appears twice.",
		Why:    "Readers join the two, or take the first or the last: a model can be checked as one and run as another.",
		Remedy: export, References: references("CWE-694"),
	}
}

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.library-operation", Title: "Operation of a library beside TensorFlow", Severity: picket.Medium, Class: picket.Execution,
		What:   "The graph has an operation of a well-known library.",
		Why:    "The model needs that library's native code to run.",
		Remedy: "Install the library from its authors, and keep it up to date.", References: references("CWE-829"),
	}
}

func ruleInput() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.file-read-input", Title: "TensorFlow graph reads files that its input names", Severity: picket.Medium, Class: picket.Execution,
		What:   "An operation reads a file whose path is an input of the graph.",
		Why:    "Whoever may send requests to the model may read files of the machine that serves it.",
		Remedy: "Export the model so that it takes the content of the file, and not its name.", References: references("CWE-73"),
	}
}

func ruleData() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow.data-path", Title: "TensorFlow graph names files beside the model", Severity: picket.Medium, Class: picket.Content,
		What:   "An operation reads or writes a file of data, a checkpoint or a log whose path stands in the graph, such as an input pipeline of a training.",
		Why:    "The graph depends on files that are not part of the model, and tells where its author kept them.",
		Remedy: "Export the model for serving, without the operations of its training.", References: references("CWE-73"),
	}
}
