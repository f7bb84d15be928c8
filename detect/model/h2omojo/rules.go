package h2omojo

import "github.com/picketsec/picket"

// rules lists the rules about the archive; those about texts are in package freetext.
func rules() []picket.Rule {
	return []picket.Rule{rulePath(), ruleCode(), ruleTree(), ruleClaim(), ruleDuplicate(), ruleAlgorithm(), ruleMissing()}
}

// references are the documentation and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "H2O MOJO", URL: "https://docs.h2o.ai/h2o/latest-stable/h2o-docs/mojo-quickstart.html"}}, picket.Refs(ids...)...)
}

const again = "Do not load the model. Save it anew from its training with H2O's own writer."

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.path-escape", Title: "MOJO that reads categories from outside of the archive",
		Severity: picket.High, Class: picket.Structure,
		What:   "The description names a file of categories by a path.",
		Why:    "Readers of unpacked models open the file wherever the path leads, and show its lines as categories.",
		Remedy: again, References: references("CWE-22"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.code", Title: "MOJO that brings a program",
		Severity: picket.High, Class: picket.Execution,
		What:   "The archive has Java classes, sources, serialized objects or native libraries beside the numbers of the model.",
		Why:    "A MOJO is data. Servers that put the archive on their class path, or import a POJO from it, run the program.",
		Remedy: again, References: references("CWE-434", "CWE-829", "AML.T0011"),
	}
}

func ruleTree() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.tree", Title: "MOJO with a tree that leads out of itself",
		Severity: picket.High, Class: picket.Structure,
		What:   "A node of a tree has a side that is longer than the tree, or splits on a column that the model does not have.",
		Why:    "Scoring follows the lengths without a check; scoring engines in native code read outside of their memory.",
		Remedy: again, References: references("CWE-125", "CWE-129"),
	}
}

func ruleClaim() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.claim", Title: "MOJO that claims other numbers than it has",
		Severity: picket.High, Class: picket.Structure,
		What:   "The description claims other numbers of columns, categories or trees than the archive holds.",
		Why:    "Readers allocate what is claimed before they read, and index one list by the length of another.",
		Remedy: again, References: references("CWE-789", "CWE-131"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.duplicate-key", Title: "MOJO with a setting that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The description gives two values to one setting. Readers keep one or the other.",
		Why:    "A model can be checked with one and run with the other.",
		Remedy: again, References: references("CWE-694"),
	}
}

func ruleAlgorithm() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.unknown-algorithm", Title: "MOJO of an algorithm that H2O does not have",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The description names an algorithm for which H2O writes no MOJO, or a newer one than Picket knows.",
		Why:    "Readers look for a class of this name to read the model.",
		Remedy: "Find out which program the model is for.", References: references("CWE-470"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.mojo.missing-member", Title: "MOJO without a file that it names",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The description names a file of categories that is not in the archive.",
		Why:    "The model cannot be read as it was trained; a file from elsewhere may take its place.",
		Remedy: "Fetch or save the model again.", References: references("CWE-353"),
	}
}
