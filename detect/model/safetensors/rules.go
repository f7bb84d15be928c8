package safetensors

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{
		ruleLayout(), ruleDuplicate(), ruleTrailing(), ruleHeaderSize(), ruleType(), ruleField(),
		ruleTargetCode(), ruleTarget(), ruleCode(), ruleMarkup(), ruleEscape(), rulePath(), ruleSecret(), ruleLink(),
	}
}

// specification is the reference of every rule about structure.
func specification() picket.Reference {
	return picket.Reference{Kind: "URL", ID: "safetensors format", URL: "https://huggingface.co/docs/safetensors/index#format"}
}

const rewrite = "Write the file anew with the safetensors library from a source that you trust; do not repair this one by hand."

func ruleLayout() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.layout", Title: "Tensor layout breaks the specification",
		Severity: picket.High, Class: picket.Structure,
		What: "Tensors overlap, leave holes, have another length than their shape and element type need, or the header does not " +
			"begin as it must.",
		Why: "Readers disagree about such a file: some refuse it, some read other numbers than a checker saw, and holes carry " +
			"content that no tensor accounts for.",
		Remedy: rewrite, References: []picket.Reference{specification(), picket.Ref("CWE-436")},
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.duplicate-key", Title: "A name appears twice in the header",
		Severity: picket.High, Class: picket.Structure,
		What:   "The header gives two meanings to one name. The specification forbids it, JSON parsers keep one or the other.",
		Why:    "A model can be checked with one tensor and run with the other.",
		Remedy: rewrite, References: []picket.Reference{specification(), picket.Ref("CWE-694")},
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.trailing-data", Title: "Data after the last tensor",
		Severity: picket.High, Class: picket.Structure,
		What:   "The file goes on after the last byte that a tensor has. The reference reader refuses such a file.",
		Why:    "Appended content makes the file valid in a second format, or carries a payload past readers that ignore it.",
		Remedy: rewrite, References: []picket.Reference{specification(), picket.Ref("CWE-436")},
	}
}

func ruleHeaderSize() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.header-size", Title: "The header claims more bytes than readers accept",
		Severity: picket.High, Class: picket.Resource,
		What:   "The length field of the header exceeds the 100 MB that the reference reader accepts.",
		Why:    "A reader that trusts the field allocates that much memory before it looks at the content.",
		Remedy: rewrite, References: []picket.Reference{specification(), picket.Ref("CWE-789")},
	}
}

func ruleType() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.unknown-dtype", Title: "An element type that the specification does not have",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A tensor has an element type of unknown size, so its length cannot be checked.",
		Why:    "Readers refuse it, or guess a size and read beyond the tensor.",
		Remedy: "Convert the tensor to a type of the specification, or update Picket if the type is new.",
		References: []picket.Reference{
			specification(), picket.Ref("CWE-20"),
		},
	}
}

func ruleField() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.undeclared-fields", Title: "A tensor has fields that the specification does not have",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The entry of a tensor holds more than dtype, shape and data_offsets. The content of these fields was not judged.",
		Why:    "No honest writer adds them; they are a place to hide content in a file that looks valid.",
		Remedy: rewrite, References: []picket.Reference{specification(), picket.Ref("CWE-20")},
	}
}

func ruleTargetCode() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-code-execution", Title: "Metadata makes a configuration library run code",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The metadata holds a configuration whose _target_ names a function of the interpreter or the operating system. " +
			"Libraries that hand metadata to hydra.utils.instantiate call it.",
		Why:        "Loading the model with such a library runs the function with arguments from the file.",
		Remedy:     "Do not load the file. Update the library that reads the metadata and report the file to where it came from.",
		References: picket.Refs("CVE-2025-23304", "CVE-2026-22584", "CWE-470", "AML.T0011"),
	}
}

func ruleTarget() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-target", Title: "Metadata names a class to instantiate",
		Severity: picket.Medium, Class: picket.Execution,
		What: "The metadata holds a configuration whose _target_ names a class. Libraries that hand metadata to " +
			"hydra.utils.instantiate create it.",
		Why:        "What the name resolves to depends on the packages that are installed, not on this file.",
		Remedy:     "Check that the name is of the library that the model belongs to, and keep the configuration outside of the weights.",
		References: picket.Refs("CVE-2025-23304", "CVE-2026-22584", "CWE-470"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-code", Title: "Metadata holds code",
		Severity: picket.High, Class: picket.Execution,
		What:       "A metadata value looks like a call that runs code or a shell command.",
		Why:        "Readers of safetensors do not execute metadata; libraries that evaluate it, and people who paste it, do.",
		Remedy:     "Find out who wrote the value. Remove it with the safetensors library if it has no purpose.",
		References: []picket.Reference{picket.Ref("CWE-94"), picket.Ref("CWE-95"), specification()},
	}
}

func ruleMarkup() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-markup", Title: "Metadata holds active markup",
		Severity: picket.High, Class: picket.Content,
		What:       "A metadata value holds a script, or HTML that runs one, for a page that shows it.",
		Why:        "Model browsers and dashboards show metadata; one that does not escape it runs the script for every visitor.",
		Remedy:     "Remove the value, and escape metadata wherever it is shown.",
		References: picket.Refs("CWE-79"),
	}
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-escape", Title: "Metadata controls the terminal that shows it",
		Severity: picket.High, Class: picket.Content,
		What:       "A metadata value holds escape sequences that move the cursor, change what is on the screen or talk to the terminal.",
		Why:        "Whoever prints the metadata sees something else than what is there; some terminals run commands.",
		Remedy:     "Print metadata escaped, and remove the value with the safetensors library.",
		References: picket.Refs("CWE-150"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-path", Title: "Metadata holds a path that leads out of the model",
		Severity: picket.High, Class: picket.Content,
		What:       "A metadata value holds a path with many steps upwards, or one to credentials or system files.",
		Why:        "Libraries that open files named in metadata read or write them outside of the model's folder.",
		Remedy:     "Remove the value with the safetensors library, or load the model with a library that ignores it.",
		References: picket.Refs("CWE-22"),
	}
}

func ruleSecret() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-secret", Title: "Metadata looks like a credential",
		Severity: picket.Medium, Class: picket.Content,
		What:       "A metadata value has the form of an access key, token, password or private key.",
		Why:        "Whoever can download the model can use it.",
		Remedy:     "Revoke the credential, then remove the value with the safetensors library.",
		References: picket.Refs("CWE-312", "CWE-798"),
	}
}

func ruleLink() picket.Rule {
	return picket.Rule{
		ID: "model.safetensors.metadata-link", Title: "Metadata holds an address",
		Severity: picket.Info, Class: picket.Content,
		What:       "A metadata value holds a network address. Only the first one is listed.",
		Why:        "Tools that follow addresses in metadata contact whoever wrote the file.",
		Remedy:     "Nothing, if the address is the one of the model's authors.",
		References: picket.Refs("CWE-918"),
	}
}
