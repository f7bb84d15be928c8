package rdata

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{rulePromise(), rulePlace(), ruleLate(), ruleBinding(), ruleBindingCode(), ruleStoredProcess(), ruleStoredAccess(),
		ruleBytecode(), ruleMapped(), ruleClass(), rulePackage(), rulePersistent(), ruleHook(), ruleTrailing()}
}

// stored is the rule for code that is kept in an object and calls something dangerous.
func stored(worst level) picket.Rule {
	if worst == process {
		return ruleStoredProcess()
	}
	return ruleStoredAccess()
}

// references are the specification and weaknesses or vulnerabilities.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "R Internals, serialization formats",
		URL: "https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Serialization-Formats"}}, picket.Refs(ids...)...)
}

const never = "Do not load the file. Use R 4.4.0 or newer, and report the file to where it came from."

func rulePromise() picket.Rule {
	return picket.Rule{
		ID: "model.r.promise-execution", Title: "R object that runs code when it is loaded and looked at",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The object holds a promise without a value where R puts none, or one whose code starts programs, reads files or connects. " +
			"R evaluates a promise as soon as someone uses the variable that has it.",
		Why:    "Printing or using the loaded object runs the code with the rights of the user.",
		Remedy: never, References: references("CVE-2024-27322", "CWE-502", "AML.T0011"),
	}
}

func rulePlace() picket.Rule {
	return picket.Rule{
		ID: "model.r.promise-place", Title: "R object with a promise where R puts none",
		Severity: picket.High, Class: picket.Execution,
		What:   "The object holds a promise outside of an environment. It has its value, so that its code does not run by itself.",
		Why:    "R never writes such an object: it was made by hand.",
		Remedy: never, References: references("CVE-2024-27322", "CWE-502"),
	}
}

func ruleLate() picket.Rule {
	return picket.Rule{
		ID: "model.r.promise", Title: "R environment with an argument that was not evaluated yet",
		Severity: picket.Low, Class: picket.Execution,
		What: "An environment that the object keeps has a promise without a value. Functions that make models leave such " +
			"arguments in the environments of their formulas and closures.",
		Why:    "Its code runs when the variable is used for the first time.",
		Remedy: "Read the code in the evidence.", References: references("CVE-2024-27322", "CWE-502"),
	}
}

func ruleBinding() picket.Rule {
	return picket.Rule{
		ID: "model.r.active-binding", Title: "R environment with a variable that is a function in disguise",
		Severity: picket.Low, Class: picket.Execution,
		What:   "An environment that the object keeps has an active binding. Objects of R6 classes have them.",
		Why:    "Its function runs whenever the variable is looked at.",
		Remedy: "Read the code in the evidence.", References: references("CWE-502"),
	}
}

func ruleBindingCode() picket.Rule {
	return picket.Rule{
		ID: "model.r.active-binding-execution", Title: "R object that runs dangerous code when a variable is looked at",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "An active binding calls functions that start programs, read or write files, or connect.",
		Why:    "Looking at the variable, as printing or listing does, runs the code with the rights of the user.",
		Remedy: never, References: references("CWE-502", "AML.T0011"),
	}
}

func ruleStoredProcess() picket.Rule {
	return picket.Rule{
		ID: "model.r.stored-process", Title: "R object with code that starts programs",
		Severity: picket.High, Class: picket.Execution,
		What:   "A function, expression or call in the object names a function that starts programs or loads machine code.",
		Why:    "The code runs when the function is called, by predicting, printing or updating the model.",
		Remedy: "Do not use the object before you have read the code in the evidence.", References: references("CWE-502", "CWE-78"),
	}
}

func ruleStoredAccess() picket.Rule {
	return picket.Rule{
		ID: "model.r.stored-access", Title: "R object with code that reaches files, the network or other code",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A function, expression or call in the object names a function that reads or writes files, connects, or evaluates text.",
		Why:    "The code runs when the function is called, by predicting, printing or updating the model.",
		Remedy: "Read the code in the evidence.", References: references("CWE-502"),
	}
}

func ruleBytecode() picket.Rule {
	return picket.Rule{
		ID: "model.r.bytecode", Title: "R object with compiled code outside of a function",
		Severity: picket.High, Class: picket.Execution,
		What:   "The object holds compiled code that is not the body of a function.",
		Why:    "R runs compiled code without checking it: instructions made by hand read and write any memory.",
		Remedy: never, References: references("CWE-502", "CWE-787"),
	}
}

func ruleMapped() picket.Rule {
	return picket.Rule{
		ID: "model.r.mapped-file", Title: "R vector that opens a file when it is loaded",
		Severity: picket.High, Class: picket.Structure,
		What:   "A vector has the representation of a mapped file: the object names the file, and loading opens it.",
		Why:    "Loading the object reads, or opens for writing, a file of the machine that the author of the object chose.",
		Remedy: never, References: references("CWE-73", "CWE-22"),
	}
}

func ruleClass() picket.Rule {
	return picket.Rule{
		ID: "model.r.foreign-class", Title: "R vector in the representation of a package",
		Severity: picket.Low, Class: picket.Execution,
		What:   "A vector has a representation that a package provides.",
		Why:    "Loading the object loads the package, whose code rebuilds the vector from what the object holds.",
		Remedy: "Check that the package is one that the model needs.", References: references("CWE-502"),
	}
}

func rulePackage() picket.Rule {
	return picket.Rule{
		ID: "model.r.package", Title: "R object that attaches a package when it is loaded",
		Severity: picket.Low, Class: picket.Execution,
		What:   "The object refers to the environment of an attached package.",
		Why:    "Loading the object attaches the package if it is installed, which runs its code.",
		Remedy: "Check that the package is one that the model needs.", References: references("CWE-470"),
	}
}

func rulePersistent() picket.Rule {
	return picket.Rule{
		ID: "model.r.persistent-name", Title: "R object that needs the reader's hook",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The object holds a name for which a function of the reader must provide the object.",
		Why:    "What it becomes is decided elsewhere; R without such a function refuses the file.",
		Remedy: "Find out which program the file is for.", References: references("CWE-502"),
	}
}

func ruleHook() picket.Rule {
	return picket.Rule{
		ID: "model.r.workspace-hook", Title: "R workspace with a function that R calls by itself",
		Severity: picket.High, Class: picket.Execution,
		What:   "The file saves a variable such as .First or .Last. R calls functions of these names when it starts with the workspace or ends.",
		Why:    "Restoring the workspace is enough to run the function.",
		Remedy: "Do not load the file into your workspace; load it into an environment of its own and look at the function.", References: references("CWE-502", "AML.T0011"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.r.trailing-data", Title: "Data after the end of an R object",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the object. Picket inspects what follows.",
		Why:    "R ignores it, so that it is a place to carry a payload or a second format.",
		Remedy: "Save the object anew.", References: references("CWE-436"),
	}
}
