package hfconfig

import "github.com/picketsec/picket"

// ownRules lists the rules of the detector beside those of Hydra targets and templates.
func ownRules() []picket.Rule {
	return []picket.Rule{
		ruleInternalKernel(), ruleKernel(), ruleRemoteCode(), ruleOtherRepository(), ruleTrust(), ruleMissing(), rulePath(), ruleLibrary(), ruleRedirect(),
		ruleCodeText(),
	}
}

// references are what every rule about code that comes with a model refers to.
func references(more ...string) []picket.Reference {
	return append(picket.Refs(append(more, "CWE-829", "AML.T0011.001")...), picket.Reference{Kind: "URL", ID: "Models with code on the Hub",
		URL: "https://huggingface.co/docs/transformers/main/en/models#custom-models"})
}

func ruleInternalKernel() picket.Rule {
	return picket.Rule{
		ID: "model.config.internal-kernel", Title: "Configuration makes the loader run code of a repository without asking",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The configuration sets _attn_implementation_internal, or another internal field of that kind, to a repository. Transformers " +
			"4.56 to 5.2 load and run the code of that repository.",
		Why:    "The code runs when the model is loaded, even with trust_remote_code=False.",
		Remedy: "Do not load the model. Upgrade transformers to 5.3.0 or later.", References: references("CVE-2026-4372"),
	}
}

func ruleKernel() picket.Rule {
	return picket.Rule{
		ID: "model.config.hub-kernel", Title: "Configuration makes the loader fetch a kernel from a repository",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration sets the implementation of attention, or of a layer, to a repository. Loaders with the kernels package fetch and run it.",
		Why:    "The code of that repository runs when the model is loaded, and is not part of what was scanned.",
		Remedy: "Set the implementation when you load the model, to one that is part of the library.", References: references("CVE-2026-4372"),
	}
}

func ruleRemoteCode() picket.Rule {
	return picket.Rule{
		ID: "model.config.remote-code", Title: "Model brings code of its own",
		Severity: picket.Medium, Class: picket.Execution,
		What: "The configuration names source files of the repository (auto_map, custom_pipelines, custom components) that the loader " +
			"imports when trust_remote_code is set. The files that are there were inspected.",
		Why:    "Whoever loads the model with trust_remote_code runs that code with their own rights.",
		Remedy: "Read the source files, pin the revision, and load the model where it can do no harm.", References: references(),
	}
}

func ruleOtherRepository() picket.Rule {
	return picket.Rule{
		ID: "model.config.other-repository", Title: "Model runs code of another repository",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names source files of another repository (repository--module.Class), which the loader fetches and imports.",
		Why:    "The code is not part of what was scanned, and changes without this model changing.",
		Remedy: "Copy the source into the model's own repository after reading it, or load with a pinned code_revision.", References: references("CWE-494"),
	}
}

func ruleTrust() picket.Rule {
	return picket.Rule{
		ID: "model.config.trust-remote-code", Title: "Configuration sets trust_remote_code",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "The configuration says for its reader that code of repositories may run.",
		Why:    "Consent to run code belongs to whoever loads the model, not to its files. Some loaders pass the setting on.",
		Remedy: "Remove the setting, and give it by hand where the code was read.", References: references(),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.config.code-missing", Title: "Source file that the configuration names is not there",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The configuration names a source file that was not found beside it.",
		Why:    "The code that the loader will run in its place was not scanned.",
		Remedy: "Fetch the whole repository and scan again.", References: references("CWE-353"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.config.path-escape", Title: "Configuration names a file outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:   "The configuration names code, a module or a file by a path that leads out of the folder of the model.",
		Why:    "The loader reads a file that nobody scanned, and that may not be the author's.",
		Remedy: "Do not load the model.", References: picket.Refs("CWE-22", "AML.T0011.001"),
	}
}

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.config.unknown-library", Title: "Configuration makes the loader import a library that is not known",
		Severity: picket.High, Class: picket.Execution,
		What: "The configuration names a module for the loader to import (a module of sentence-transformers, a component of a diffusion " +
			"pipeline, the library of an adapter) that is part of no known library and does not lie beside it.",
		Why:    "The loader imports whatever has that name on the machine, and calls the class that the configuration names.",
		Remedy: "Check where the module comes from before the model is loaded.", References: references("CWE-470"),
	}
}

func ruleRedirect() picket.Rule {
	return picket.Rule{
		ID: "model.config.redirect", Title: "Configuration sends the loader to an address",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A member of the configuration that names a repository or a file holds an address or a path of the network instead.",
		Why:    "What is loaded from there is not part of what was scanned, and the request tells who loads the model.",
		Remedy: "Replace the address by the name of a repository, with a pinned revision.", References: picket.Refs("CWE-918", "CWE-494"),
	}
}

func ruleCodeText() picket.Rule {
	return picket.Rule{
		ID: "model.config.code-in-text", Title: "Configuration holds Python code",
		Severity: picket.High, Class: picket.Execution,
		What:   "A text in the configuration of a model is a call of a function that runs programs or code.",
		Why:    "Loaders that evaluate texts of the configuration, of which there were several, run it.",
		Remedy: "Do not load the model.", References: references("CWE-95"),
	}
}
