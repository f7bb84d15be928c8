package mxnet

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{ruleNative(), ruleCustom(), ruleUnknown(), ruleGraph(), ruleTrailing()}
}

// remedy is what to do with a graph that does more than compute.
const remedy = "Do not load the model. Export it anew from its source, with MXNet's own operators only."

func ruleNative() picket.Rule {
	return picket.Rule{
		ID: "model.mxnet.native-pointer", Title: "MXNet graph calls a function by its address",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The graph holds _Native, _NDArray or _CustomFunction, whose attribute is the address of a function in memory.",
		Why:    "Running the graph jumps to an address that the file chose.",
		Remedy: remedy, References: picket.Refs("CWE-822", "AML.T0010"),
	}
}

func ruleCustom() picket.Rule {
	return picket.Rule{
		ID: "model.mxnet.custom-operator", Title: "MXNet graph calls a custom operator in Python",
		Severity: picket.High, Class: picket.Execution,
		What:       "The graph holds the operator Custom, which makes a class of Python that is registered under a name of the graph.",
		Why:        "The model works only with code of someone else, and chooses which and with which parameters.",
		Remedy:     "Ask the author for the class, review it as code, or export the model with MXNet's own operators.",
		References: picket.Refs("CWE-470", "AML.T0010"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.mxnet.unknown-operator", Title: "MXNet graph calls an operator that MXNet does not have",
		Severity: picket.High, Class: picket.Execution,
		What:   "The graph holds an operator that MXNet 1.9.1 does not know, or one that reads files.",
		Why:    "Such an operator comes from a library that has to be loaded for it, which is native code.",
		Remedy: remedy, References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func ruleGraph() picket.Rule {
	return picket.Rule{
		ID: "model.mxnet.graph", Title: "MXNet graph refers to a node that does not exist",
		Severity: picket.High, Class: picket.Resource,
		What:   "An input of a node, or a head, names a node that the graph does not have, or one that comes later.",
		Why:    "A reader that trusts the number reads memory that is not the graph's, or never ends.",
		Remedy: remedy, References: picket.Refs("CWE-125", "CWE-835"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.mxnet.trailing-data", Title: "Data after the parameters",
		Severity: picket.High, Class: picket.Structure,
		What:   "Bytes follow the last name, where MXNet writes none.",
		Why:    "The reader ignores them: they are there for another one.",
		Remedy: remedy, References: picket.Refs("CWE-506"),
	}
}
