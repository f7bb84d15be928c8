package sevenzip

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/sevenzip"
)

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleEncrypted(), ruleMethod(), ruleChecksum(), ruleEscape(), ruleSpecial(), ruleDuplicate(), ruleUnowned(),
		rulePrefix(), ruleAnti(), ruleProgram()}
}

// judge gives the rule and the name of the attack for an anomaly.
func judge(kind sevenzip.Kind) (picket.Rule, string) {
	switch kind {
	case sevenzip.PathEscape:
		return ruleEscape(), "archive slip"
	case sevenzip.Special:
		return ruleSpecial(), ""
	case sevenzip.Duplicate:
		return ruleDuplicate(), ""
	case sevenzip.Anti:
		return ruleAnti(), ""
	case sevenzip.Prefix:
		return rulePrefix(), ""
	}
	return ruleUnowned(), ""
}

func ruleEncrypted() picket.Rule {
	return picket.Rule{
		ID: "model.7z.encrypted", Title: "Members or headers are encrypted",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The archive is encrypted in whole or in part, so that its content, or even its list of members, cannot be read.",
		Why:        "What cannot be read cannot be judged. Malware is often shipped in encrypted archives to pass scanners.",
		Remedy:     "Unpack the archive in a safe place and scan the result.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleMethod() picket.Rule {
	return picket.Rule{
		ID: "model.7z.unread-method", Title: "Members are compressed by a method that is not read",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The members need a decoder that Picket does not have, or more memory than it gives to one archive.",
		Why:        "Their content was not inspected.",
		Remedy:     "Pack the archive anew by LZMA2 with a dictionary of at most 32 MiB, or unpack it in a safe place and scan the result.",
		References: picket.Refs("CWE-693"),
	}
}

func ruleChecksum() picket.Rule {
	return picket.Rule{
		ID: "model.7z.wrong-checksum", Title: "Content that is not what its checksum says",
		Severity: picket.High, Class: picket.Structure,
		What:       "The content of the member was read to its end and has another checksum than the archive states.",
		Why:        "Either the file is damaged, or it was changed after it was written; readers that do not check load it all the same.",
		Remedy:     "Fetch the file again and compare its digest with the publisher's. Do not load it while they differ.",
		References: picket.Refs("CWE-354"),
	}
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.7z.path-escape", Title: "A name or link leaves the folder that the archive is unpacked to",
		Severity: picket.High, Class: picket.Structure,
		What:       "The member's name, or the target of its link, is absolute, climbs with .., names a drive, or is empty.",
		Why:        "A tool that unpacks the archive writes outside of its folder, and may replace a program or a start-up file.",
		Remedy:     "Do not unpack the archive. Ask for one with plain relative names.",
		References: picket.Refs("CWE-22", "CVE-2025-11001"),
	}
}

func ruleSpecial() picket.Rule {
	return picket.Rule{
		ID: "model.7z.special-member", Title: "A member is a link, device or pipe",
		Severity: picket.High, Class: picket.Structure,
		What:       "The Unix mode of the member makes it a symbolic link, a device, a pipe or a socket.",
		Why:        "Tools that unpack the archive create it, and later members or loaders are led through it to other files.",
		Remedy:     "Do not unpack the archive. Ask for one of plain files.",
		References: picket.Refs("CWE-59"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.7z.duplicate-name", Title: "Two members with one name",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "Two members have the same name, or names that differ only in case.",
		Why:        "Some readers take the first and others the last. Picket inspected both.",
		Remedy:     "Write the archive anew with each member once.",
		References: picket.Refs("CWE-694"),
	}
}

func ruleUnowned() picket.Rule {
	return picket.Rule{
		ID: "model.7z.unowned-content", Title: "Content in the archive that belongs to no member",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "Bytes stand between the packed streams or after the archive. Picket inspected them as content of their own.",
		Why:        "7-Zip leaves no such bytes. They hide content from tools, or make the file valid in a second format.",
		Remedy:     "Write the archive anew from its members.",
		References: picket.Refs("CWE-436"),
	}
}

func rulePrefix() picket.Rule {
	return picket.Rule{
		ID: "model.7z.self-extracting", Title: "A program that carries a 7z archive",
		Severity: picket.High, Class: picket.Execution,
		What:       "The file is a program, and an archive stands behind it: a self-extracting archive or something like it.",
		Why:        "Opening such a file runs the program. Models are not shipped so.",
		Remedy:     "Do not start it. Ask for the model as plain files.",
		References: picket.Refs("CWE-506", "AML.T0011"),
	}
}

func ruleAnti() picket.Rule {
	return picket.Rule{
		ID: "model.7z.deletes-files", Title: "A member tells the unpacker to delete a file",
		Severity: picket.High, Class: picket.Structure,
		What:       "The member is an anti-item: a tool that unpacks the archive deletes the file or folder of that name.",
		Why:        "It is made for updates of backups; in a model it removes files of whoever unpacks it.",
		Remedy:     "Do not unpack the archive.",
		References: picket.Refs("CWE-73"),
	}
}

func ruleProgram() picket.Rule {
	return picket.Rule{
		ID: "model.7z.native-program", Title: "A program or native library in the archive",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "A member starts like a program for Linux, Windows or macOS.",
		Why:        "Models need no programs. A loader gadget elsewhere, or a person, can start it.",
		Remedy:     "Find out why it is there. Take the model from a source that ships weights only.",
		References: picket.Refs("CWE-506"),
	}
}
