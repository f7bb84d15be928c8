package zipfile

import "github.com/picketsec/picket"

func ruleSpecial() picket.Rule {
	return picket.Rule{
		ID: "model.zip.special-member", Title: "A member is a link, device or pipe",
		Severity: picket.High, Class: picket.Structure,
		What:       "The Unix mode of the member makes it a symbolic link, a device, a pipe or a socket.",
		Why:        "Tools that unpack the archive create it, and later members or loaders are led through it to other files.",
		Remedy:     "Do not unpack the archive. Ask for one of plain files.",
		References: picket.Refs("CWE-59"),
	}
}

func ruleUnowned() picket.Rule {
	return picket.Rule{
		ID: "model.zip.unowned-content", Title: "Content in the archive that belongs to no member",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "Bytes stand before, between or after the members, or in a comment. Picket inspected them as content of their own.",
		Why:        "Model writers leave no such bytes. They hide content from tools, or make the file valid in a second format.",
		Remedy:     "Write the archive anew from its members; keep this one only if its prefix is a known self-extractor.",
		References: picket.Refs("CWE-506", "CWE-436"),
	}
}

func ruleRecord() picket.Rule {
	return picket.Rule{
		ID: "model.zip.malformed-record", Title: "Records of the archive state what is not there",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "Counts, lengths, flags, 64-bit fields or data descriptors disagree with the members that are there.",
		Why:        "Readers differ in which statement they believe. Damaged files look like this, and so do files made to confuse.",
		Remedy:     "Fetch the file again and compare its digest, or write the archive anew.",
		References: picket.Refs("CWE-130", "CWE-436"),
	}
}

func ruleMethod() picket.Rule {
	return picket.Rule{
		ID: "model.zip.unsupported-method", Title: "A member is compressed by a method that is not read",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The member uses a compression method that neither Picket nor machine-learning frameworks read.",
		Why:        "The content was not judged.",
		Remedy:     "Unpack it in a safe place and scan the result.",
		References: picket.Refs("CWE-693"),
	}
}

func ruleProgram() picket.Rule {
	return picket.Rule{
		ID: "model.zip.native-program", Title: "A program or native library inside of a model archive",
		Severity: picket.High, Class: picket.Execution,
		What:       "A member of an archive that holds a model starts like a program for Linux, Windows or macOS.",
		Why:        "Models need no programs. A loader gadget elsewhere, or a person, can start it.",
		Remedy:     "Find out why it is there. Take the model from a source that ships weights only.",
		References: picket.Refs("CWE-506", "AML.T0011"),
	}
}

func ruleBundled() picket.Rule {
	return picket.Rule{
		ID: "model.zip.bundled-program", Title: "A program or native library in an archive",
		Severity: picket.Low, Class: picket.Execution,
		What:       "A member starts like a program for Linux, Windows or macOS. The archive does not look like a model.",
		Why:        "Packages with native parts are normal, but Picket does not judge programs.",
		Remedy:     "Check the package with a tool for software packages.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.zip.script", Title: "Scripts beside the model",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The archive holds a model and source code for an interpreter that is not TorchScript.",
		Why:        "Model servers and package loaders import such files when the model is loaded.",
		Remedy:     "Review the scripts, or take a model that needs none.",
		References: picket.Refs("CWE-829", "AML.T0011"),
	}
}

func ruleFlood() picket.Rule {
	return picket.Rule{
		ID: "model.zip.too-many-differences", Title: "More differences than are listed",
		Severity: picket.High, Class: picket.Structure,
		What:       "The archive has hundreds of members whose descriptions differ in the same way.",
		Why:        "A flood of findings is a way to hide one.",
		Remedy:     "Do not load the file. Ask for one that the framework itself has written.",
		References: picket.Refs("CWE-436"),
	}
}

func ruleForeignScript() picket.Rule {
	return picket.Rule{
		ID: "model.zip.foreign-script", Title: "A script inside of a PyTorch archive",
		Severity: picket.High, Class: picket.Execution,
		What:       "The archive is one that torch.save or torch.jit.save writes, and it holds source code that neither puts there.",
		Why:        "Nobody looks for code in a weights file; a loader of its own, or a later unpacking, runs it.",
		Remedy:     "Ask the publisher for weights without code. Review the script before anything is done with the file.",
		References: picket.Refs("CWE-506", "AML.T0011"),
	}
}

func ruleDeceptive() picket.Rule {
	return picket.Rule{
		ID: "model.zip.deceptive-name", Title: "A member name that does not show what it is",
		Severity: picket.High, Class: picket.Structure,
		What:       "The name has characters that move the cursor, reorder or hide text, or is longer than any path.",
		Why:        "A person who lists the archive sees another name than the loader; a terminal may even obey it.",
		Remedy:     "Do not unpack the archive. Ask for one with plain names.",
		References: picket.Refs("CWE-451", "CWE-150"),
	}
}
