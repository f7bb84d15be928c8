package gguf

import "github.com/picketsec/picket"

// ownRules lists the rules about the container; those about templates are in package template.
func ownRules() []picket.Rule {
	return []picket.Rule{ruleBounds(), ruleLayout(), ruleDuplicate(), ruleTrailing(), ruleValue(), ruleEscape()}
}

// references are the specification and weaknesses or vulnerabilities.
func references(more ...picket.Reference) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "GGUF specification",
		URL: "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"}}, more...)
}

const convert = "Convert the model anew from its source with the converter of llama.cpp, and keep the readers of GGUF files up to date."

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.bounds", Title: "GGUF header with numbers made to overflow",
		Severity: picket.High, Class: picket.Structure,
		What: "The header claims counts, dimensions or sizes that overflow when multiplied, do not fill whole blocks, or exceed " +
			"what the file can hold.",
		Why:    "Readers that trust them allocate too little and write beyond it: memory corruption, possibly code execution.",
		Remedy: convert, References: references(picket.Ref("CVE-2024-21802"), picket.Ref("CVE-2024-23496"), picket.Ref("CVE-2026-7482"), picket.Ref("CWE-190"), picket.Ref("CWE-787")),
	}
}

func ruleLayout() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.layout", Title: "GGUF tensors overlap, leave holes or are not aligned",
		Severity: picket.High, Class: picket.Structure,
		What:   "Tensors share bytes, do not lie on the alignment, leave bytes that belong to none, or the alignment is no power of two.",
		Why:    "Readers disagree about such a file: some refuse it, some read other numbers than a checker saw; holes carry hidden content.",
		Remedy: convert, References: references(picket.Ref("CWE-436")),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.duplicate-key", Title: "GGUF key or tensor name appears twice",
		Severity: picket.High, Class: picket.Structure,
		What:   "The header gives two meanings to one name.",
		Why:    "A model can be checked with one tensor or chat template and run with the other.",
		Remedy: convert, References: references(picket.Ref("CWE-694")),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.trailing-data", Title: "Data after the last tensor of a GGUF file",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the last tensor and its padding. Picket inspects what follows.",
		Why:    "Readers ignore it, so that it is a place to carry a payload or a second format.",
		Remedy: convert, References: references(picket.Ref("CWE-436")),
	}
}

func ruleValue() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.invalid-value", Title: "GGUF header with values that readers refuse",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The header holds an unknown tensor type, an array in an array, a name that is too long, or a boolean that is neither 0 nor 1.",
		Why:    "Current readers refuse the file; older ones read it in different ways.",
		Remedy: convert, References: references(picket.Ref("CWE-20")),
	}
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.gguf.terminal-escape", Title: "GGUF header controls the terminal that shows it",
		Severity: picket.High, Class: picket.Content,
		What:   "A key, a name of a tensor or a text holds escape sequences for terminals.",
		Why:    "Tools print these texts as they are: whoever looks sees something else than what is there; some terminals run commands.",
		Remedy: convert, References: references(picket.Ref("CWE-150")),
	}
}
