package safetensorsindex

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{rulePath(), ruleFormat(), ruleDuplicate(), ruleTensor(), ruleMissing(), ruleSize()}
}

// references are the specification and a weakness.
func references(id string) []picket.Reference {
	return []picket.Reference{
		{Kind: "CWE", ID: "CWE-" + id, URL: "https://cwe.mitre.org/data/definitions/" + id + ".html"},
		{Kind: "URL", ID: "Models in several files", URL: "https://huggingface.co/docs/transformers/main/en/big_models#shard-metadata"},
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.index.path-escape", Title: "Index names a file outside of the model",
		Severity: picket.High, Class: picket.Structure,
		What:   "The index of the model names a file by an absolute path, an address, or a path that leads out of the folder.",
		Why:    "The loader reads that file in place of the model's own; nobody scanned it, and it may not even be from the same author.",
		Remedy: "Do not load the model. Save it anew with the framework's own writer.", References: references("22"),
	}
}

func ruleFormat() picket.Rule {
	return picket.Rule{
		ID: "model.index.file-format", Title: "Index of safetensors files names a file of another kind",
		Severity: picket.High, Class: picket.Structure,
		What:   "The index promises safetensors files and names one with another extension.",
		Why:    "Loaders choose the reader for each file by its extension, and the one for pickles runs code.",
		Remedy: "Do not load the model. Save it anew with the framework's own writer.", References: references("646"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.index.duplicate-key", Title: "A name appears twice in the index",
		Severity: picket.High, Class: picket.Structure,
		What:   "The index gives two meanings to one name. JSON parsers keep one or the other.",
		Why:    "A model can be checked with one file and run with the other.",
		Remedy: "Save the model anew with the framework's own writer.", References: references("694"),
	}
}

func ruleTensor() picket.Rule {
	return picket.Rule{
		ID: "model.index.tensor-missing", Title: "A tensor is not in the file that the index names",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The index says that a file holds a tensor, and the file does not.",
		Why:    "The loader leaves the tensor at random values or takes it from somewhere else: the model is not the one that was trained.",
		Remedy: "Fetch the model again, all files from the same revision.", References: references("353"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.index.file-missing", Title: "A file that the index names is not there",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The index names a file that was not found beside it.",
		Why:    "What will be loaded in its place was not scanned.",
		Remedy: "Fetch the whole model and scan again.", References: references("353"),
	}
}

func ruleSize() picket.Rule {
	return picket.Rule{
		ID: "model.index.total-size", Title: "Index claims another size than its files have",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The sum of all tensors in the files differs from the total_size of the index. Some writers count shared tensors twice.",
		Why:    "A file may have been exchanged after the index was written.",
		Remedy: "Fetch the model again, all files from the same revision.", References: references("353"),
	}
}
