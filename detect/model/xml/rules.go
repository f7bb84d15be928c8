package xml

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleEntity(), ruleExpansion(), ruleSubset(), ruleInclude(), ruleStylesheet(), ruleEncoding(), ruleDepth()}
}

// remedy is what to do with a document that no writer of models makes.
const remedy = "Do not load the document. Write it anew from its source with the framework's own writer, and tell its author."

func ruleEntity() picket.Rule {
	return picket.Rule{
		ID: "model.xml.external-entity", Title: "XML document declares an external entity",
		Severity: picket.High, Class: picket.Content,
		What:   "The document type declares an entity whose value is another file or an address.",
		Why:    "A parser that resolves it puts a file of the machine that reads into the document, or sends a request from inside the network.",
		Remedy: remedy, References: picket.Refs("CWE-611", "AML.T0010"),
	}
}

func ruleExpansion() picket.Rule {
	return picket.Rule{
		ID: "model.xml.entity-expansion", Title: "XML entities expand without measure",
		Severity: picket.High, Class: picket.Resource,
		What:   "Entities refer to each other so that a few bytes become a megabyte or more, or have no end.",
		Why:    "A parser that resolves them exhausts its memory.",
		Remedy: remedy, References: picket.Refs("CWE-776"),
	}
}

func ruleSubset() picket.Rule {
	return picket.Rule{
		ID: "model.xml.external-subset", Title: "XML document fetches its document type from elsewhere",
		Severity: picket.High, Class: picket.Content,
		What:   "The document type names an external subset that is not one of the well-known public ones.",
		Why:    "A validating parser reads that file or address, and what it declares becomes part of the document.",
		Remedy: remedy, References: picket.Refs("CWE-611"),
	}
}

func ruleInclude() picket.Rule {
	return picket.Rule{
		ID: "model.xml.include", Title: "XML document includes another file",
		Severity: picket.High, Class: picket.Content,
		What:   "An element of XInclude asks the parser to put another file in its place.",
		Why:    "A parser that does so reads a file of the machine, or an address, that nobody scanned.",
		Remedy: remedy, References: picket.Refs("CWE-829"),
	}
}

func ruleStylesheet() picket.Rule {
	return picket.Rule{
		ID: "model.xml.instruction", Title: "XML document holds a processing instruction that runs something",
		Severity: picket.High, Class: picket.Content,
		What:   "The document names a stylesheet to transform it with, or holds instructions for an interpreter such as PHP.",
		Why:    "Stylesheets and such instructions are programs: what opens the document may run them.",
		Remedy: remedy, References: picket.Refs("CWE-91"),
	}
}

func ruleEncoding() picket.Rule {
	return picket.Rule{
		ID: "model.xml.encoding", Title: "XML document is in an encoding that hides its markup",
		Severity: picket.High, Class: picket.Structure,
		What:   "The document declares an encoding that it does not have, or one such as UTF-7 or EBCDIC in which markup looks like other text.",
		Why:    "A checker that reads bytes sees another document than the parser that honours the declaration.",
		Remedy: remedy, References: picket.Refs("CWE-838", "CWE-436"),
	}
}

func ruleDepth() picket.Rule {
	return picket.Rule{
		ID: "model.xml.depth", Title: "XML elements nest too deep",
		Severity: picket.High, Class: picket.Resource,
		What:   "Elements nest deeper than any model needs.",
		Why:    "Parsers and evaluators that recurse end with a stack overflow.",
		Remedy: remedy, References: picket.Refs("CWE-674"),
	}
}
