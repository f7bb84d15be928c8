package catboost

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/catboost"
)

// rules lists the rules about the structure; those about texts are in package freetext.
func rules() []picket.Rule {
	return []picket.Rule{ruleBounds(), ruleSize(), ruleDuplicate(), ruleUnknown(), ruleTrailing()}
}

// ruleOf is the rule for a problem of the structure.
func ruleOf(kind catboost.Kind) picket.Rule {
	switch kind {
	case catboost.Bounds:
		return ruleBounds()
	case catboost.Duplicate:
		return ruleDuplicate()
	case catboost.Unknown:
		return ruleUnknown()
	}
	return ruleSize()
}

// references are the readers of the format and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "CatBoost model library", URL: "https://github.com/catboost/catboost/tree/master/catboost/libs/model"}}, picket.Refs(ids...)...)
}

const again = "Do not load the model. Save it anew from its training with CatBoost's own writer."

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.catboost.bounds", Title: "CatBoost tree with indices outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:   "A tree uses a split, node or leaf that the model does not have, or more levels than a tree can.",
		Why:    "The evaluator is made for speed and follows such indices without a check: it reads outside of its memory.",
		Remedy: again, References: references("CWE-125", "CWE-787"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.catboost.size", Title: "CatBoost model whose lists do not fit each other",
		Severity: picket.High, Class: picket.Structure,
		What:   "Lists or counts that must agree, such as the levels of the trees and the values of their leaves, differ.",
		Why:    "The evaluator reads one list by the length of another: it reads outside of its memory.",
		Remedy: again, References: references("CWE-131", "CWE-125"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.catboost.duplicate-key", Title: "CatBoost model with a member that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The exported model gives two meanings to one name. Readers keep one or the other.",
		Why:    "A model can be checked with one and run with the other.",
		Remedy: again, References: references("CWE-694"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.catboost.unknown-part", Title: "CatBoost model with a version or part that CatBoost does not write",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The model names a version or a part that no version of CatBoost has, or a newer one than Picket knows.",
		Why:    "What the part does when it is loaded is not known.",
		Remedy: "Find out which program wrote the model.", References: references("CWE-20"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.catboost.trailing-data", Title: "Data after the end of a CatBoost model",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the last part that the model announces. Picket inspects what follows.",
		Why:    "The reader ignores it, so that it is a place to carry a payload or a second format.",
		Remedy: "Save the model anew with CatBoost's own writer.", References: references("CWE-436"),
	}
}
