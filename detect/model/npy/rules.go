package npy

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleObject(), ruleExpression(), ruleBomb(), ruleTrailing(), ruleType(), ruleDuplicate()}
}

// references are the specification and weaknesses.
func references(more ...picket.Reference) []picket.Reference {
	return append(more, picket.Reference{Kind: "URL", ID: "NPY format",
		URL: "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"})
}

func ruleObject() picket.Rule {
	return picket.Rule{
		ID: "model.npy.object-dtype", Title: "Array of Python objects",
		Severity: picket.Medium, Class: picket.Execution,
		What: "The element type holds Python objects, so that the data is a pickle. What that pickle does is judged beside this.",
		Why:  "Reading the array needs allow_pickle=True, and whoever is used to setting it runs the next file as well.",
		Remedy: "Store numbers and strings in arrays of their own type, for example as safetensors or as structured arrays, and leave " +
			"allow_pickle off.",
		References: references(picket.Ref("CVE-2019-6446"), picket.Ref("CWE-502")),
	}
}

func ruleExpression() picket.Rule {
	return picket.Rule{
		ID: "model.npy.header-expression", Title: "Array header is an expression",
		Severity: picket.High, Class: picket.Execution,
		What:       "The header holds a name, call or operator where NumPy writes a plain literal.",
		Why:        "Readers that evaluate the header, as simple ones do, run what it says.",
		Remedy:     "Do not load the file. Get the array from its source and save it with numpy.save.",
		References: references(picket.Ref("CWE-95")),
	}
}

func ruleBomb() picket.Rule {
	return picket.Rule{
		ID: "model.npy.shape-bomb", Title: "Array claims a size that it does not have",
		Severity: picket.High, Class: picket.Resource,
		What:       "Type and shape need far more bytes than the file has, or more than can be counted.",
		Why:        "A reader that allocates by the header runs out of memory.",
		Remedy:     "Do not load the file. Get the array from its source and save it with numpy.save.",
		References: references(picket.Ref("CWE-789"), picket.Ref("CWE-190")),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.npy.trailing-data", Title: "Data after the array",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The file goes on after the last array. Picket inspects what follows.",
		Why:        "NumPy ignores it, so that it is a place to carry a payload or a second format.",
		Remedy:     "Load the array without allow_pickle and save it anew.",
		References: references(picket.Ref("CWE-436")),
	}
}

func ruleType() picket.Rule {
	return picket.Rule{
		ID: "model.npy.unknown-type", Title: "Array of a type that NumPy does not write",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The element type is written in a way that numpy.save does not use, so that its size is not known.",
		Why:        "NumPy takes more spellings of a type than it writes, also of the one for objects; a hand-made header hides it.",
		Remedy:     "Load the array without allow_pickle and save it anew.",
		References: references(picket.Ref("CWE-20")),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.npy.duplicate-key", Title: "A key of the array header appears twice",
		Severity: picket.High, Class: picket.Structure,
		What:       "The header gives two values to one key. Python keeps the last, other readers the first.",
		Why:        "An array can be checked as numbers and loaded as a pickle.",
		Remedy:     "Do not load the file. Get the array from its source and save it with numpy.save.",
		References: references(picket.Ref("CWE-694")),
	}
}
