package oci

import "github.com/picketsec/picket"

// rules lists the rules about manifests.
func rules() []picket.Rule {
	return []picket.Rule{ruleDigest(), rulePath(), ruleContent(), ruleKind(), ruleURL(), ruleRepeated()}
}

// references are the specification and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "OCI image manifest", URL: "https://github.com/opencontainers/image-spec/blob/main/manifest.md"}}, picket.Refs(ids...)...)
}

func ruleDigest() picket.Rule {
	return picket.Rule{
		ID: "model.oci.digest", Title: "A digest that is not one",
		Severity: picket.High, Class: picket.Structure,
		What:       "A descriptor names its content by something else than the digits of a SHA-256 or SHA-512.",
		Why:        "Clients make a file name of it. Ollama before 0.1.34 so wrote to any file on the machine, which gave control of it.",
		Remedy:     "Do not pull the model. Update the client.",
		References: references("CVE-2024-37032", "CWE-22"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.oci.path-escape", Title: "A name leaves the folder that the model is unpacked to",
		Severity: picket.High, Class: picket.Structure,
		What:       "An annotation or configuration names a file by an absolute path, an address, or a path that climbs.",
		Why:        "Tools that unpack the model write there, and may replace a program or a start-up file.",
		Remedy:     "Do not unpack the model. Ask for one with plain relative names.",
		References: references("CWE-22"),
	}
}

func ruleContent() picket.Rule {
	return picket.Rule{
		ID: "model.oci.wrong-content", Title: "Content that is not what its descriptor says",
		Severity: picket.High, Class: picket.Structure,
		What:       "Content beside the manifest, or inside of it, has another digest or size than the manifest states.",
		Why:        "It was damaged or exchanged. Tools that do not compare load it under the digest of the model that was reviewed.",
		Remedy:     "Pull the model again and do not use the content meanwhile.",
		References: references("CWE-354"),
	}
}

func ruleKind() picket.Rule {
	return picket.Rule{
		ID: "model.oci.other-kind", Title: "Content of another kind than its media type says",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The media type says that the content is a model in GGUF, and it does not begin like one.",
		Why:        "Readers that go by the media type and readers that go by the content treat it differently.",
		Remedy:     "Make the model anew.",
		References: references("CWE-436"),
	}
}

func ruleURL() picket.Rule {
	return picket.Rule{
		ID: "model.oci.foreign-url", Title: "Content that is fetched from elsewhere",
		Severity: picket.Medium, Class: picket.Content,
		What:       "A descriptor lists addresses from which its content may be fetched instead of from the registry.",
		Why:        "Clients so connect to machines that the author of the manifest chose.",
		Remedy:     "Push the content to the registry and remove the addresses.",
		References: references("CWE-918"),
	}
}

func ruleRepeated() picket.Rule {
	return picket.Rule{
		ID: "model.oci.duplicate-key", Title: "A name appears twice in the manifest",
		Severity: picket.High, Class: picket.Structure,
		What:       "An object of the document has two members of one name. JSON parsers keep one or the other.",
		Why:        "One tool checks one content, and another loads the other.",
		Remedy:     "Make the manifest anew.",
		References: references("CWE-694"),
	}
}
