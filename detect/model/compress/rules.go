package compress

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule { return []picket.Rule{ruleTrailing(), ruleChecksum()} }

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.compress.trailing-content", Title: "Content after the end of a compression stream",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The stream ends before the file does. Picket inspected what follows as content of its own.",
		Why:    "Readers of the stream ignore what follows, so it is a place to hide content or to make the file valid in a second format.",
		Remedy: "Expand the file and compress the content anew, or fetch the file again if it was damaged.",
		References: []picket.Reference{
			picket.Ref("CWE-436"),
		},
	}
}

func ruleChecksum() picket.Rule {
	return picket.Rule{
		ID: "model.compress.wrong-checksum", Title: "Compressed content that is not what its checksum or length says",
		Severity: picket.High, Class: picket.Structure,
		What:   "The stream states a checksum or a length of its content, and the content has another.",
		Why:    "The file is damaged or was changed. Loaders run the content before they reach the checksum, and scanners that stop at it do not see it.",
		Remedy: "Fetch the file again and compare its digest with the publisher's. Do not load it while they differ.",
		References: []picket.Reference{
			picket.Ref("CWE-354"),
		},
	}
}
