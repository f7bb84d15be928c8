package xgboost

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/xgboost"
)

// rules lists the rules about the structure; those about texts are in package freetext.
func rules() []picket.Rule {
	return []picket.Rule{ruleBounds(), ruleCycle(), ruleSize(), ruleClaim(), ruleDepth(), ruleDuplicate(), ruleUnknown(), ruleMissing(), ruleTrailing()}
}

// ruleOf is the rule for a problem of the structure.
func ruleOf(kind xgboost.Kind) picket.Rule {
	switch kind {
	case xgboost.Bounds:
		return ruleBounds()
	case xgboost.Cycle:
		return ruleCycle()
	case xgboost.Claim:
		return ruleClaim()
	case xgboost.Depth:
		return ruleDepth()
	case xgboost.Duplicate:
		return ruleDuplicate()
	case xgboost.Unknown:
		return ruleUnknown()
	case xgboost.Missing:
		return ruleMissing()
	}
	return ruleSize()
}

// references are the specification and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "XGBoost model formats",
		URL: "https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"}}, picket.Refs(ids...)...)
}

const again = "Do not load the model. Save it anew from its training with XGBoost's own writer."

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.bounds", Title: "XGBoost tree with indices outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:   "A tree names a child, feature, category or output that the model does not have.",
		Why:    "XGBoost and its relatives follow such indices without a check: they read and write outside of their memory.",
		Remedy: again, References: references("CWE-125", "CWE-787"),
	}
}

func ruleCycle() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.cycle", Title: "XGBoost tree that leads back into itself",
		Severity: picket.High, Class: picket.Resource,
		What:   "The nodes of a tree are no tree: one is reached twice, or names another parent than the one that leads to it.",
		Why:    "A prediction that comes to the loop never ends.",
		Remedy: again, References: references("CWE-835"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.size", Title: "XGBoost model whose arrays differ in length",
		Severity: picket.High, Class: picket.Structure,
		What:   "Arrays or counts that must agree, such as the nodes of a tree and what is known of each, differ.",
		Why:    "Readers size their memory by one and index it by the other.",
		Remedy: again, References: references("CWE-131", "CWE-787"),
	}
}

func ruleClaim() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.claim", Title: "XGBoost model that claims more than it holds",
		Severity: picket.High, Class: picket.Resource,
		What:   "The model claims more trees, nodes or bytes of text than there is content.",
		Why:    "Readers of the binary form allocate what is claimed before they read: memory is exhausted, or the size overflows.",
		Remedy: again, References: references("CWE-789", "CWE-190"),
	}
}

func ruleDepth() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.depth", Title: "XGBoost model that nests deeper than any trained one",
		Severity: picket.High, Class: picket.Resource,
		What:   "A tree has thousands of levels, or lists nest in lists.",
		Why:    "Functions that read, explain or print a model call themselves for each level until their stack is exhausted.",
		Remedy: again, References: references("CWE-674"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.duplicate-key", Title: "XGBoost model with a member that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The model gives two meanings to one name. Readers keep one or the other.",
		Why:    "A model can be checked with one and run with the other.",
		Remedy: again, References: references("CWE-694"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.unknown-name", Title: "XGBoost model with an objective or booster that does not exist",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The model names an objective or a booster that no version of XGBoost has, or a newer one than Picket knows.",
		Why:    "XGBoost refuses it; another loader may look the name up in its own registry of functions.",
		Remedy: "Find out which program the model is for.", References: references("CWE-20"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.incomplete", Title: "XGBoost model without a part that every model has",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The model lacks its booster, its parameters or its objective.",
		Why:    "XGBoost refuses to load it or uses values that were not trained.",
		Remedy: "Save the model anew with XGBoost's own writer.", References: references("CWE-20"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.xgboost.trailing-data", Title: "Data after the end of an XGBoost model",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the model. Picket inspects what follows.",
		Why:    "Readers ignore it, so that it is a place to carry a payload or a second format.",
		Remedy: "Save the model anew with XGBoost's own writer.", References: references("CWE-436"),
	}
}
