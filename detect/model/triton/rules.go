package triton

import "github.com/picketsec/picket"

// rules lists the rules about model configurations.
func rules() []picket.Rule {
	return []picket.Rule{rulePath(), ruleLibrary(), ruleAgent(), ruleBackend(), ruleEnvironment(), ruleCode()}
}

// references are a weakness and the documentation.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "Triton model configuration",
		URL: "https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html"}}, picket.Refs(ids...)...)
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.triton.path-escape", Title: "The configuration names a file outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:       "A file name is absolute, an address or climbs, or the name of a model or backend is a path.",
		Why:        "The server loads that file in place of the model's own, or writes there; nobody scanned it.",
		Remedy:     "Do not add the model to a repository. Use plain names of files in the model's folder.",
		References: references("CWE-22", "CVE-2023-31036"),
	}
}

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.triton.native-library", Title: "The configuration has the server load a native library",
		Severity: picket.High, Class: picket.Execution,
		What:       "The configuration names a library with custom operations, or the library that runs the model.",
		Why:        "Loading a library runs its code in the server, with the server's rights.",
		Remedy:     "Find out who built the library. Build it from source, or take a model without custom operations.",
		References: references("CWE-114"),
	}
}

func ruleAgent() picket.Rule {
	return picket.Rule{
		ID: "model.triton.repository-agent", Title: "The configuration has the server load a repository agent",
		Severity: picket.High, Class: picket.Execution,
		What:       "The configuration names an agent other than Triton's own for checksums.",
		Why:        "An agent is a library that the server loads before the model; it can change what is loaded.",
		Remedy:     "Remove the agent, or install and review it as a part of the server.",
		References: references("CWE-114"),
	}
}

func ruleBackend() picket.Rule {
	return picket.Rule{
		ID: "model.triton.custom-backend", Title: "The model runs by a backend that Triton does not bring",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The backend or platform is none of those that Triton and its projects publish.",
		Why:        "The server looks for the backend's library in the folder of the model itself first, and loads it.",
		Remedy:     "Review the backend, and install it with the server instead of with the model.",
		References: references("CWE-427"),
	}
}

func ruleEnvironment() picket.Rule {
	return picket.Rule{
		ID: "model.triton.environment", Title: "The model brings the Python environment that runs it",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The parameter EXECUTION_ENV_PATH names an archive or folder with an interpreter and packages.",
		Why:        "Everything in it runs on the server when the model is loaded, before any line of the model.",
		Remedy:     "Scan the archive, or build the environment from a list of packages.",
		References: references("CWE-829"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.triton.python-backend", Title: "The model is Python source that the server runs",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The configuration selects the Python backend.",
		Why:        "The server runs model.py with its own rights. It is what the backend is for.",
		Remedy:     "Review the source before you add the model to a repository.",
		References: references("CWE-829"),
	}
}
