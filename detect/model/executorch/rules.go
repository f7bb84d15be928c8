package executorch

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{ruleOperator(), ruleBackend(), ruleBounds(), ruleTrailing()}
}

func ruleOperator() picket.Rule {
	return picket.Rule{
		ID: "model.executorch.custom-operator", Title: "ExecuTorch program calls an operator that ExecuTorch does not have",
		Severity: picket.High, Class: picket.Execution,
		What:       "The program calls an operator that is neither one of ExecuTorch's kernels nor of a library that comes with it.",
		Why:        "Such an operator is native code that the app registers; the program decides when it runs and with which values.",
		Remedy:     "Ask the author which library implements the operator and review it as code, or export the model with standard operators.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func ruleBackend() picket.Rule {
	return picket.Rule{
		ID: "model.executorch.custom-backend", Title: "ExecuTorch program delegates to an unknown backend",
		Severity: picket.High, Class: picket.Execution,
		What:       "A part of the program is handed, as bytes, to a backend that does not come with ExecuTorch.",
		Why:        "What the bytes do depends on native code that nobody here knows.",
		Remedy:     "Ask the author which backend that is and review it as code, or export the model for a backend of ExecuTorch.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.executorch.bounds", Title: "ExecuTorch program points at nothing",
		Severity: picket.High, Class: picket.Resource,
		What:       "A segment lies outside of the file, or an instruction names a value, operator, delegate or place that does not exist.",
		Why:        "Runtimes before version 0.7 used such numbers unchecked and read or wrote memory that is not theirs.",
		Remedy:     "Do not load the program. Export it anew, and keep the runtime up to date.",
		References: picket.Refs("CWE-125", "CWE-787", "CVE-2025-30402"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.executorch.unused-data", Title: "ExecuTorch file holds bytes that nothing points to",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "More bytes than alignment needs lie between the parts of the file or behind them.",
		Why:    "The runtime never reads them: they are there for another reader.",
		Remedy: "Export the program anew.", References: picket.Refs("CWE-506"),
	}
}
