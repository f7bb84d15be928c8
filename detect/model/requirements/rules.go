package requirements

import "github.com/picketsec/picket"

// Rules lists every rule that the package can report, for the Info of the detectors that use it.
func Rules() []picket.Rule {
	return []picket.Rule{ruleIndex(), ruleUntrusted(), ruleAddress(), ruleOutside(), ruleLocal(), ruleOption()}
}

// references are the weakness and where pip describes the format.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), picket.Ref("AML.T0010"),
		{Kind: "URL", ID: "Requirements file format", URL: "https://pip.pypa.io/en/stable/reference/requirements-file-format/"}}
}

func ruleIndex() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.other-index", Title: "The model has packages installed from an index of its own",
		Severity: picket.High, Class: picket.Execution,
		What:       "The list of packages names an index, channel or trusted host that is not one of the public ones.",
		Why:        "Whoever runs that index decides which code is installed and run when the model is loaded, under the names of well-known packages.",
		Remedy:     "Remove the option, and install the packages from an index that you trust before you load the model.",
		References: references("CWE-829"),
	}
}

func ruleUntrusted() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.untrusted-address", Title: "The model has a package installed from an unknown address",
		Severity: picket.High, Class: picket.Execution,
		What:       "The list of packages names an address for a package that is no known forge or index, or is not encrypted.",
		Why:        "Installing a package runs its code, and what lies at the address can change at any time.",
		Remedy:     "Replace the address by a pinned version from an index that you trust.",
		References: references("CWE-494"),
	}
}

func ruleAddress() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.address", Title: "The model has a package installed from an address",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The list of packages names a repository or file at a well-known forge instead of a version of an index.",
		Why:        "Anybody can publish there, and a branch can change after the model was reviewed.",
		Remedy:     "Pin the package to a version of an index, or at least to a commit that was reviewed.",
		References: references("CWE-829"),
	}
}

func ruleOutside() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.path-escape", Title: "The model has a package installed from outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:       "The list of packages names a file or folder by an absolute path or one that leaves the model's folder.",
		Why:        "What is installed is not part of the model and was not scanned with it.",
		Remedy:     "Remove the line, or ship the package with the model.",
		References: references("CWE-22"),
	}
}

func ruleLocal() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.local-package", Title: "The model brings a package of its own",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The list of packages names a file or folder of the model itself.",
		Why:        "Installing it runs the model author's code.",
		Remedy:     "Review the package before you load the model.",
		References: references("CWE-829"),
	}
}

func ruleOption() picket.Rule {
	return picket.Rule{
		ID: "model.requirements.option", Title: "An unusual option of pip in the list of packages",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The list of packages sets an option of pip that says how packages are built, or that Picket does not know.",
		Why:        "Such options pass arguments to the build of packages, which runs code.",
		Remedy:     "Remove the option.",
		References: references("CWE-88"),
	}
}
