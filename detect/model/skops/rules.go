package skops

import "github.com/picketsec/picket"

// rules lists the rules about the tree; those about texts are in package freetext.
func rules() []picket.Rule {
	return []picket.Rule{ruleExecution(), ruleUnknown(), ruleOperator(), ruleMismatch(), ruleLoader(), ruleIdentity(), ruleDuplicate(), ruleFile()}
}

// references are the documentation and weaknesses or vulnerabilities.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "skops, secure persistence", URL: "https://skops.readthedocs.io/en/stable/persistence.html"}}, picket.Refs(ids...)...)
}

const never = "Do not load the file, and report it to where it came from. Use skops 0.13 or newer, and never pass get_untrusted_types on to load."

func ruleExecution() picket.Rule {
	return picket.Rule{
		ID: "model.skops.code-execution", Title: "skops file that runs code when it is loaded or used",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The schema names a function or type that runs code, or makes a loader of skops build something else than what is checked. " +
			"Versions before 0.13 load it without asking; others after the user has trusted the names.",
		Why:    "Loading the model, or predicting with it, runs code with the rights of the user.",
		Remedy: never, References: references("CVE-2025-54412", "CVE-2025-54413", "CVE-2025-54886", "CWE-502", "AML.T0011"),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.skops.unknown-type", Title: "skops file with a type that is not known to be harmless",
		Severity: picket.High, Class: picket.Execution,
		What:   "The schema names a type or function that is not among those that models of scikit-learn and its relatives are made of.",
		Why:    "Loading imports the module, makes an object of the type and gives it a state from the file: what that does is up to the type.",
		Remedy: "Read the code of the type before you trust its name.", References: references("CWE-502", "AML.T0011"),
	}
}

func ruleOperator() picket.Rule {
	return picket.Rule{
		ID: "model.skops.operator", Title: "skops file with a function that reads attributes by name",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "The schema holds an attrgetter or itemgetter of Python's module operator.",
		Why:    "With other functions of the model it reaches attributes that a list of types does not show.",
		Remedy: "Look at the attributes that it names.", References: references("CVE-2025-54412", "CWE-470"),
	}
}

func ruleMismatch() picket.Rule {
	return picket.Rule{
		ID: "model.skops.node-mismatch", Title: "skops file whose loader does not fit the type",
		Severity: picket.High, Class: picket.Execution,
		What:   "An object has a loader that makes objects of another type than the schema gives.",
		Why:    "Checks look at one and loading does the other. Such trees made versions of skops before 0.13 run code.",
		Remedy: never, References: references("CVE-2025-54412", "CVE-2025-54413", "CWE-843"),
	}
}

func ruleLoader() picket.Rule {
	return picket.Rule{
		ID: "model.skops.unknown-loader", Title: "skops file with a loader that skops does not have",
		Severity: picket.High, Class: picket.Execution,
		What:   "An object names a loader that no version of skops has, or a newer one than Picket knows.",
		Why:    "What it does when the file is loaded is not known.",
		Remedy: "Find out which program wrote the file.", References: references("CWE-502"),
	}
}

func ruleIdentity() picket.Rule {
	return picket.Rule{
		ID: "model.skops.identity", Title: "skops file with two objects of one identity",
		Severity: picket.High, Class: picket.Structure,
		What:   "Two objects of different types have the same identity in the schema.",
		Why:    "References to the identity get one or the other: a check can see the harmless one.",
		Remedy: never, References: references("CWE-694", "CWE-843"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.skops.duplicate-key", Title: "skops file with a member that stands twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The schema gives two values to one member of an object. Readers of JSON keep one or the other.",
		Why:    "A file can be checked with one type and loaded with the other.",
		Remedy: never, References: references("CWE-694"),
	}
}

func ruleFile() picket.Rule {
	return picket.Rule{
		ID: "model.skops.file-path", Title: "skops file whose object lies in another folder",
		Severity: picket.High, Class: picket.Structure,
		What:   "An object is kept in a member whose name holds separators of a path.",
		Why:    "skops writes all members side by side; a name with a path reaches for something else in tools that unpack the file.",
		Remedy: never, References: references("CWE-22"),
	}
}
