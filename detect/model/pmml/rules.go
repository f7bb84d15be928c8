package pmml

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleScript(), ruleClass(), ruleFunction(), ruleElement(), ruleReference()}
}

// remedy is what to do with a model that asks for more than arithmetic.
const remedy = "Do not load the model. Export it anew from its source with an exporter that writes standard PMML only."

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.pmml.script", Title: "PMML model holds a script",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The model has a script element, which PMML does not know and which scoring servers and exporters with their own dialect run.",
		Why:    "The script runs with the rights of the scoring server.",
		Remedy: remedy, References: picket.Refs("CWE-94", "AML.T0010"),
	}
}

func ruleClass() picket.Rule {
	return picket.Rule{
		ID: "model.pmml.java-class", Title: "PMML model calls a Java class by its name",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The model applies a function whose name is that of a Java class. Evaluators such as JPMML load the class and call it.",
		Why:    "Any class on the class path of the scoring server can be chosen, or one that was placed there.",
		Remedy: remedy, References: picket.Refs("CWE-470", "AML.T0010"),
	}
}

func ruleFunction() picket.Rule {
	return picket.Rule{
		ID: "model.pmml.unknown-function", Title: "PMML model calls a function that no specification has",
		Severity: picket.High, Class: picket.Execution,
		What:   "The model applies a function that PMML does not define and that the model does not define either.",
		Why:    "What it does depends on the evaluator alone, which may look it up in a registry of native or script functions.",
		Remedy: remedy, References: picket.Refs("CWE-470"),
	}
}

func ruleElement() picket.Rule {
	return picket.Rule{
		ID: "model.pmml.unknown-element", Title: "PMML model holds an element that no version of PMML has",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The model holds an element outside of an Extension that the schemas of PMML do not know.",
		Why:    "What it means is up to the reader; some dialects embed programs this way.",
		Remedy: remedy, References: picket.Refs("CWE-1286"),
	}
}

func ruleReference() picket.Rule {
	return picket.Rule{
		ID: "model.pmml.external-reference", Title: "PMML model refers to data kept elsewhere",
		Severity: picket.Medium, Class: picket.Content,
		What:   "The model names a table, a file or an address outside of itself.",
		Why:    "What the evaluator reads there was not scanned, and the request tells where the model is used.",
		Remedy: "Put the data into the model, or verify where it comes from.", References: picket.Refs("CWE-829"),
	}
}
