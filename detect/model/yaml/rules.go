package yaml

import "github.com/picketsec/picket"

// ownRules lists the rules of the detector beside those of Hydra targets and templates.
func ownRules() []picket.Rule {
	return []picket.Rule{ruleExecutes(), ruleObject(), ruleName(), ruleForeign(), ruleBomb(), ruleTrust()}
}

// references are what every rule about tags refers to.
func references(more ...string) []picket.Reference {
	return append(picket.Refs(append(more, "CWE-502", "AML.T0011")...), picket.Reference{Kind: "URL", ID: "YAML tags and Python types", URL: "https://pyyaml.org/wiki/PyYAMLDocumentation"})
}

func ruleExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.code-execution", Title: "YAML document calls a function of the system when it is loaded",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "A tag of the document makes the loader call a function that runs programs or code, opens connections, or deletes files.",
		Why:    "yaml.load with an unsafe loader, and HyperPyYAML, call it while they read the document.",
		Remedy: "Do not load the document. Use yaml.safe_load for documents from others.", References: references("CVE-2020-14343"),
	}
}

func ruleObject() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.python-object", Title: "YAML document makes Python objects",
		Severity: picket.High, Class: picket.Execution,
		What:   "A tag of the document makes the loader call a function, or make an object, that is not known to be harmless.",
		Why:    "Only unsafe loaders read such a document, and what the call does cannot be told from it.",
		Remedy: "Ask the author for a document without such tags. Use yaml.safe_load for documents from others.", References: references("CVE-2020-14343"),
	}
}

func ruleName() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.python-name", Title: "YAML document needs an unsafe loader",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A tag of the document names a class, function or module of Python that is known to be harmless or is not called.",
		Why:    "Whoever reads the document must use an unsafe loader, which then reads every other document too.",
		Remedy: "Ask the author for a document without such tags.", References: references(),
	}
}

func ruleForeign() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.foreign-object", Title: "YAML document makes objects of Java, Ruby or another language",
		Severity: picket.High, Class: picket.Execution,
		What:   "A tag of the document names a class of another language, which loaders of that language make.",
		Why:    "Known chains of classes run code from there.",
		Remedy: "Do not load the document with a loader that makes objects.", References: references("CVE-2022-1471"),
	}
}

func ruleBomb() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.alias-bomb", Title: "YAML document becomes huge when its aliases are replaced",
		Severity: picket.High, Class: picket.Resource,
		What:   "Aliases of lists of aliases multiply what the document holds beyond ten million values.",
		Why:    "Whoever walks over the loaded document, or writes it out, runs out of memory or time.",
		Remedy: "Do not load the document.", References: picket.Refs("CWE-776"),
	}
}

func ruleTrust() picket.Rule {
	return picket.Rule{
		ID: "model.yaml.trust-remote-code", Title: "Configuration in YAML sets trust_remote_code",
		Severity: picket.Low, Class: picket.Execution,
		What:   "The configuration of a program says that code of repositories may run.",
		Why:    "Whoever runs the program with this configuration runs the code of each model that it names.",
		Remedy: "Remove the setting unless the code of the model was read and its revision is pinned.", References: picket.Refs("CWE-829"),
	}
}
