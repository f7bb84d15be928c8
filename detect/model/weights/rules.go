package weights

import "github.com/picketsec/picket"

const retrain = "Compare the tensor with that of the version you trained or approved: picket diff OLD NEW."

func ruleNonFinite() picket.Rule {
	return picket.Rule{
		ID: "model.weights.non-finite", Title: "A tensor holds values that are infinite or not a number",
		Severity: picket.Low, Class: picket.Content,
		What:       "Some values of a floating-point tensor are NaN or infinite.",
		Why:        "Training that diverged leaves them, and so does damage. One of them makes every answer that passes it useless.",
		Remedy:     retrain + " Attention masks may hold infinities on purpose.",
		References: picket.Refs("CWE-1287"),
	}
}

func ruleConstant() picket.Rule {
	return picket.Rule{
		ID: "model.weights.constant", Title: "All values of a tensor are equal",
		Severity: picket.Info, Class: picket.Content,
		What:       "A tensor of at least 1,024 elements holds one value only.",
		Why:        "Layers that were never trained or were overwritten look like this, as do new normalisation layers and padding.",
		Remedy:     retrain,
		References: picket.Refs("AML.T0018"),
	}
}

func ruleLowBits() picket.Rule {
	return picket.Rule{
		ID: "model.weights.low-bit-payload", Title: "The lowest bits of a tensor hold other content",
		Severity: picket.Medium, Class: picket.Content,
		What: "The lowest bits of the values, put together, begin like a program, an archive or text. Training leaves noise there.",
		Why: "A model keeps its accuracy when the lowest bits of its values are replaced, so that a gigabyte of weights carries " +
			"megabytes of malware past every scanner of files. A loader elsewhere takes it out and runs it.",
		Remedy: "Do not use the file. Take the model from its publisher, and look for the program that reads the hidden content.",
		References: []picket.Reference{picket.Ref("AML.T0018"), picket.Ref("CWE-506"),
			{Kind: "URL", ID: "EvilModel", URL: "https://arxiv.org/abs/2107.08590"}},
	}
}
