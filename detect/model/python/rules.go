package python

import "github.com/picketsec/picket"

// Rules lists every rule of the detector, for the Info of detectors that hand source to it.
func rules() []picket.Rule {
	return []picket.Rule{
		ruleLoadExecutes(), ruleHidden(), ruleExfiltrates(), ruleLoadCode(), ruleLoadConnects(), ruleLoadDeletes(), ruleMethodExecutes(),
		ruleLoadNative(), ruleLoadUnpickles(), ruleWalk(), ruleComputed(), ruleEncoding(), ruleFolded(), ruleFunctionExecutes(),
		ruleFunctionCode(), ruleFunctionConnects(), ruleFunctionDeletes(), rulePersists(), ruleSourceHidden(), ruleSourceExecutes(),
	}
}

// references are what every rule about code that comes with a model refers to.
func references(more ...string) []picket.Reference {
	return append(picket.Refs(append(more, "CWE-829", "AML.T0011.001")...), picket.Reference{Kind: "URL", ID: "Models with code on the Hub",
		URL: "https://huggingface.co/docs/transformers/main/en/models#custom-models"})
}

const doNotLoad = "Do not load the model with trust_remote_code. Read the source, or use a model whose architecture is part of the library."

func ruleLoadExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.python.load-executes", Title: "Code of the model runs a program when it is loaded",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "A source file that the model names runs a command or a program as soon as it is imported.",
		Why:    "Whoever loads the model runs that program with their own rights, before any weight is read.",
		Remedy: doNotLoad, References: references("CWE-78"),
	}
}

func ruleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.python.hidden-code", Title: "Code of the model decodes or fetches more code and runs it",
		Severity: picket.Critical, Class: picket.Execution,
		What: "A source file that the model names hands text to the interpreter that it decodes, decompresses, puts together from numbers, or " +
			"fetches from the network.",
		Why:    "Honest code has no reason to hide itself. What runs cannot be read in the file.",
		Remedy: doNotLoad, References: references("CWE-506", "CWE-95"),
	}
}

func ruleExfiltrates() picket.Rule {
	return picket.Rule{
		ID: "model.python.exfiltrates", Title: "Code of the model sends secrets away",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "A source file that the model names sends the environment, or a file that holds credentials, to another machine.",
		Why:    "Tokens and keys of whoever loads the model leave the machine.",
		Remedy: doNotLoad, References: references("CWE-201"),
	}
}

func ruleLoadCode() picket.Rule {
	return picket.Rule{
		ID: "model.python.load-dynamic-code", Title: "Code of the model runs text as code when it is loaded",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names calls exec, eval or the like as soon as it is imported, on something that is not known.",
		Why:    "What runs cannot be told from the file.",
		Remedy: doNotLoad, References: references("CWE-95"),
	}
}

func ruleLoadConnects() picket.Rule {
	return picket.Rule{
		ID: "model.python.load-connects", Title: "Code of the model connects to the network when it is loaded",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names opens a connection as soon as it is imported.",
		Why:    "It tells somebody that the model was loaded, and by whom, and can bring anything back.",
		Remedy: doNotLoad, References: references("CWE-918"),
	}
}

func ruleLoadDeletes() picket.Rule {
	return picket.Rule{
		ID: "model.python.load-deletes", Title: "Code of the model deletes files when it is loaded",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names deletes files or folders as soon as it is imported.",
		Why:    "Loading a model has no reason to delete anything.",
		Remedy: doNotLoad, References: references("CWE-73"),
	}
}

func rulePersists() picket.Rule {
	return picket.Rule{
		ID: "model.python.persists", Title: "Code of the model names files that run by themselves later",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names hands on the path of a file that a shell, a service or Python itself runs, or writes what Windows starts.",
		Why:    "What is written there runs again and again, also when the model is long gone.",
		Remedy: doNotLoad, References: references("CWE-506"),
	}
}

func ruleMethodExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.python.method-executes", Title: "Code of the model runs a program when the model is made or used",
		Severity: picket.High, Class: picket.Execution,
		What:   "A method that every loader calls, such as __init__ or forward, of a source file that the model names runs a program or unknown code.",
		Why:    "Whoever loads the model runs that program with their own rights.",
		Remedy: doNotLoad, References: references("CWE-78"),
	}
}

func ruleLoadNative() picket.Rule {
	return picket.Rule{
		ID: "model.python.native-code", Title: "Code of the model loads machine code",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A source file that the model names loads a shared library, or compiles one.",
		Why:    "Machine code cannot be judged by reading the source. Models with kernels of their own do this honestly.",
		Remedy: "Check where the library comes from. " + doNotLoad, References: references("CWE-114"),
	}
}

func ruleLoadUnpickles() picket.Rule {
	return picket.Rule{
		ID: "model.python.unpickles", Title: "Code of the model loads pickles",
		Severity: picket.Low, Class: picket.Execution,
		What:   "A source file that the model names reads objects from pickles.",
		Why:    "A pickle runs code when it is loaded, and the code that loads it may choose one that was not scanned.",
		Remedy: "Scan the files that it loads. " + doNotLoad, References: references("CWE-502"),
	}
}

func ruleWalk() picket.Rule {
	return picket.Rule{
		ID: "model.python.object-walk", Title: "Code of the model reaches through Python's object model",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names looks functions up through __subclasses__, __globals__ or a frame.",
		Why:    "This finds functions such as os.system without naming them; honest models have no use for it.",
		Remedy: doNotLoad, References: references("CWE-506"),
	}
}

func ruleComputed() picket.Rule {
	return picket.Rule{
		ID: "model.python.computed-name", Title: "Code of the model looks up a function of the system by a name that it computes",
		Severity: picket.High, Class: picket.Execution,
		What:   "A source file that the model names looks something up on os, subprocess, builtins or the like by text that cannot be told from the file, or imports by decoded text.",
		Why:    "This hides which function is called.",
		Remedy: doNotLoad, References: references("CWE-506"),
	}
}

func ruleEncoding() picket.Rule {
	return picket.Rule{
		ID: "model.python.encoding", Title: "Source in an encoding that hides code",
		Severity: picket.High, Class: picket.Execution,
		What:   "The source declares an encoding, such as utf-7 or unicode_escape, in which comments and strings can turn into code.",
		Why:    "What Python runs is not what the file shows.",
		Remedy: "Do not run the file. Convert it to UTF-8 and read it.", References: references("CWE-506"),
	}
}

func ruleFolded() picket.Rule {
	return picket.Rule{
		ID: "model.python.lookalike-name", Title: "Name in letters that only Python takes for plain ones",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A name of an ASCII function is written in mathematical, full-width or similar letters, which Python reads as the plain ones.",
		Why:    "It has no effect but to hide the name from searches.",
		Remedy: "Read what the name is called with. " + doNotLoad, References: references("CWE-1007"),
	}
}

func ruleFunctionExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.python.function-executes", Title: "Function of the model's code runs a program",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A function in a source file that the model names runs a program.",
		Why:    "It runs when something calls the function; whether loading does cannot be told.",
		Remedy: "Read when the function is called. " + doNotLoad, References: references("CWE-78"),
	}
}

func ruleFunctionCode() picket.Rule {
	return picket.Rule{
		ID: "model.python.function-dynamic-code", Title: "Function of the model's code runs text as code",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A function in a source file that the model names calls exec, eval or the like on something that is not known.",
		Why:    "What runs cannot be told from the file.",
		Remedy: "Read where the text comes from. " + doNotLoad, References: references("CWE-95"),
	}
}

func ruleFunctionConnects() picket.Rule {
	return picket.Rule{
		ID: "model.python.function-connects", Title: "Function of the model's code connects to the network",
		Severity: picket.Low, Class: picket.Execution,
		What:   "A function in a source file that the model names opens a connection. Processors of images do this honestly.",
		Why:    "What it sends, and what it does with the answer, is up to the author of the model.",
		Remedy: "Read what it connects to. " + doNotLoad, References: references("CWE-918"),
	}
}

func ruleFunctionDeletes() picket.Rule {
	return picket.Rule{
		ID: "model.python.function-deletes", Title: "Function of the model's code deletes files",
		Severity: picket.Low, Class: picket.Execution,
		What:   "A function in a source file that the model names deletes files or folders.",
		Why:    "What it deletes is up to the author of the model.",
		Remedy: "Read what it deletes. " + doNotLoad, References: references("CWE-73"),
	}
}

func ruleSourceHidden() picket.Rule {
	return picket.Rule{
		ID: "model.python.source-hidden-code", Title: "Source decodes or fetches more code and runs it",
		Severity: picket.High, Class: picket.Execution,
		What: "A source file that no configuration names hands text to the interpreter that it decodes, decompresses, or fetches from the " +
			"network.",
		Why:    "It runs when somebody runs or imports the file. Honest code has no reason to hide itself.",
		Remedy: "Do not run the file.", References: references("CWE-506", "CWE-95"),
	}
}

func ruleSourceExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.python.source-executes", Title: "Source runs a program when it is imported",
		Severity: picket.Low, Class: picket.Execution,
		What:   "A source file that no configuration names runs a command or a program outside of every function. Scripts do this honestly.",
		Why:    "It runs when somebody runs or imports the file.",
		Remedy: "Read what it runs before you run it.", References: references("CWE-78"),
	}
}
