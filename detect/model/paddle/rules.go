package paddle

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{rulePython(), ruleFile(), ruleNetwork(), ruleEngine(), ruleCustom(), rulePath()}
}

// remedy is what to do with a program that does more than compute.
const remedy = "Do not run the program. Export it anew from its source, with PaddlePaddle's own operators only."

func rulePython() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.python-operator", Title: "PaddlePaddle program calls Python",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The program holds an operator that calls a Python function of the process that runs it.",
		Why:    "The program chooses which of the registered functions runs, and with which values.",
		Remedy: remedy, References: picket.Refs("CWE-94", "AML.T0010"),
	}
}

func ruleFile() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.file-operator", Title: "PaddlePaddle program reads or writes files",
		Severity: picket.High, Class: picket.Execution,
		What:   "The program holds an operator that reads or writes a file that the program names.",
		Why:    "Running the model reads or overwrites files of the machine with the rights of the process.",
		Remedy: remedy, References: picket.Refs("CWE-73", "AML.T0010"),
	}
}

func ruleNetwork() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.network-operator", Title: "PaddlePaddle program uses the network",
		Severity: picket.High, Class: picket.Execution,
		What:   "The program holds an operator that sends, receives or listens.",
		Why:    "Running the model contacts whoever the program names, or opens a port.",
		Remedy: remedy, References: picket.Refs("CWE-918"),
	}
}

func ruleEngine() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.engine", Title: "PaddlePaddle program wraps the engine of another runtime",
		Severity: picket.High, Class: picket.Execution,
		What:   "The program holds an operator that runs a compiled engine or another program from its attributes.",
		Why:    "The engine is code of a device, which nobody can read here.",
		Remedy: "Build the engine on your own machine from a model that can be read.", References: picket.Refs("CWE-829"),
	}
}

func ruleCustom() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.custom-operator", Title: "PaddlePaddle program calls an operator that PaddlePaddle does not have",
		Severity: picket.High, Class: picket.Execution,
		What:   "The program holds an operator that PaddlePaddle 3.3 does not know.",
		Why:    "Such an operator comes from a library that has to be loaded for it, which is native code.",
		Remedy: remedy, References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.paddle.path-escape", Title: "PaddlePaddle program names a file outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:   "A path among the attributes of an operator is absolute, an address, or leads out of the folder.",
		Why:    "What is read or written there is not the model's.",
		Remedy: remedy, References: picket.Refs("CWE-22"),
	}
}
