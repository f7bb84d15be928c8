package llamafile

import "github.com/picketsec/picket"

// rules lists the rules about llamafiles.
func rules() []picket.Rule {
	return []picket.Rule{ruleProgram(), ruleSandbox(), rulePath(), ruleRemote(), ruleHost(), ruleTemplate()}
}

// references are a weakness and the documentation.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "llamafile", URL: "https://github.com/mozilla-ai/llamafile"}}
}

func ruleProgram() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.program", Title: "The model is a program",
		Severity: picket.High, Class: picket.Execution,
		What:       "The file is a program for several systems that carries a model, as llamafile makes it. Picket does not judge the program.",
		Why:        "Whoever starts it runs the code of its publisher with all of their rights; the model inside proves nothing about that code.",
		Remedy:     "Take the model as a GGUF file and run it with a program of your own, or verify the publisher's signature of the file.",
		References: append(references("CWE-829"), picket.Ref("AML.T0011")),
	}
}

func ruleSandbox() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.sandbox", Title: "The arguments switch the sandbox off",
		Severity: picket.High, Class: picket.Execution,
		What:       "The arguments inside of the file hold --unsecure, so that the program does not confine itself.",
		Why:        "The confinement is what keeps a fault in reading a model from becoming control of the machine.",
		Remedy:     "Remove the argument with a zip tool, or do not run the file.",
		References: references("CWE-693"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.path-escape", Title: "The arguments name a file outside of the archive",
		Severity: picket.High, Class: picket.Structure,
		What:       "An argument gives the program a file to read or write by an absolute path, an address, or a path that climbs.",
		Why:        "The program reads files of whoever starts it, serves them, or overwrites them.",
		Remedy:     "Do not run the file.",
		References: references("CWE-22"),
	}
}

func ruleRemote() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.remote", Title: "The arguments fetch a model or compute on other machines",
		Severity: picket.High, Class: picket.Execution,
		What:       "An argument names an address, a repository or a machine that takes part in the computation.",
		Why:        "The model that runs is then not the one in the file, and prompts leave the machine.",
		Remedy:     "Do not run the file.",
		References: references("CWE-829"),
	}
}

func ruleHost() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.listens", Title: "The server listens on every network",
		Severity: picket.Medium, Class: picket.Content,
		What:       "The arguments have the server listen on all addresses of the machine.",
		Why:        "Everybody who can reach the machine can use the model and what the server gives access to.",
		Remedy:     "Start the file with --host 127.0.0.1.",
		References: references("CWE-1327"),
	}
}

func ruleTemplate() picket.Rule {
	return picket.Rule{
		ID: "model.llamafile.template", Title: "A chat template in the arguments cannot be read",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The argument is not the syntax of Jinja, or too large.",
		Why:        "What it does was not judged.",
		Remedy:     "Remove the argument, so that the model's own template is used.",
		References: references("CWE-20"),
	}
}
