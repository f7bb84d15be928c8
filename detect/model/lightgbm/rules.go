package lightgbm

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/lightgbm"
)

// rules lists the rules about structure and parameters; those about texts are in package freetext.
func rules() []picket.Rule {
	return []picket.Rule{ruleBounds(), ruleCycle(), ruleSize(), ruleLayout(), ruleDepth(), ruleDuplicate(), ruleUnknown(), ruleForeign(), ruleParameter(),
		ruleMachines()}
}

// ruleOf is the rule for a problem of the structure.
func ruleOf(kind lightgbm.Kind) picket.Rule {
	switch kind {
	case lightgbm.Bounds:
		return ruleBounds()
	case lightgbm.Cycle:
		return ruleCycle()
	case lightgbm.Layout:
		return ruleLayout()
	case lightgbm.Depth:
		return ruleDepth()
	case lightgbm.Duplicate:
		return ruleDuplicate()
	case lightgbm.Unknown:
		return ruleUnknown()
	case lightgbm.Foreign:
		return ruleForeign()
	}
	return ruleSize()
}

// references are the specification and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "LightGBM parameters", URL: "https://lightgbm.readthedocs.io/en/latest/Parameters.html"}}, picket.Refs(ids...)...)
}

const again = "Do not load the model. Save it anew from its training with LightGBM's own writer."

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.bounds", Title: "LightGBM tree with indices outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:   "A tree names a node, leaf, feature or set of categories that the model does not have.",
		Why:    "LightGBM follows such indices without a check: a prediction reads outside of its memory.",
		Remedy: again, References: references("CWE-125", "CWE-787"),
	}
}

func ruleCycle() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.cycle", Title: "LightGBM tree that leads back into itself",
		Severity: picket.High, Class: picket.Resource,
		What:   "The nodes of a tree are no tree: a node or leaf is reached twice.",
		Why:    "A prediction that comes to the loop never ends.",
		Remedy: again, References: references("CWE-835"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.size", Title: "LightGBM tree whose arrays differ in length",
		Severity: picket.High, Class: picket.Structure,
		What:   "A tree claims another number of leaves than its arrays have values for.",
		Why:    "The reader sizes its memory by the claim and reads the values behind the end of the text.",
		Remedy: again, References: references("CWE-131", "CWE-125", "CWE-789"),
	}
}

func ruleLayout() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.layout", Title: "LightGBM model whose tree_sizes lead elsewhere",
		Severity: picket.High, Class: picket.Structure,
		What: "The key tree_sizes gives other sizes or another number of trees than the text has, or the trees are not numbered in " +
			"their order.",
		Why:    "LightGBM jumps by these sizes: it loads other trees than a reader of the text sees.",
		Remedy: again, References: references("CWE-436", "CWE-130"),
	}
}

func ruleDepth() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.depth", Title: "LightGBM tree that is deeper than any trained one",
		Severity: picket.High, Class: picket.Resource,
		What:   "A tree has thousands of levels.",
		Why:    "Functions that explain or print a model call themselves for each level until their stack is exhausted.",
		Remedy: again, References: references("CWE-674"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.duplicate-key", Title: "LightGBM model with a key that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The model gives two values to one key. Readers keep one or the other.",
		Why:    "A model can be checked with one and run with the other.",
		Remedy: again, References: references("CWE-694"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.unknown-content", Title: "LightGBM model with content that LightGBM does not write",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The model holds a key or an objective that no version of LightGBM has, or a newer one than Picket knows.",
		Why:    "Readers pass over it, so that it is a place to carry something; or another program is meant to act on it.",
		Remedy: "Find out which program wrote it.", References: references("CWE-20"),
	}
}

func ruleForeign() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.foreign-content", Title: "LightGBM model with lines that are not of the format",
		Severity: picket.High, Class: picket.Structure,
		What:   "A line after the trees or among the parameters has not the form of any that LightGBM writes.",
		Why:    "LightGBM passes over it, so that it is a place to carry a payload in a file that loads.",
		Remedy: again, References: references("CWE-436"),
	}
}

func ruleParameter() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.parameter-path", Title: "LightGBM parameter that names a file outside of the model",
		Severity: picket.Medium, Class: picket.Structure,
		What: "A parameter that makes LightGBM read or write a file has an absolute path, an address, or a path that leads out of " +
			"the folder.",
		Why:    "Continuing the training with the parameters of the model reads or writes that file on the machine that does it.",
		Remedy: "Set the parameters yourself when you train from the model.", References: references("CWE-22", "CWE-73"),
	}
}

func ruleMachines() picket.Rule {
	return picket.Rule{
		ID: "model.lightgbm.parameter-machines", Title: "LightGBM parameter that names machines to connect to",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The parameter machines lists computers for distributed training.",
		Why:    "Continuing the training with the parameters of the model connects to them and sends them data.",
		Remedy: "Set the parameters yourself when you train from the model.", References: references("CWE-918"),
	}
}
