package tarfile

import (
	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/tar"
)

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleEscape(), ruleLink(), ruleSpecial(), ruleDuplicate(), ruleHeader(), ruleSparse(), ruleTrailing(),
		ruleEnd(), ruleProgram(), ruleScript()}
}

// judge gives the rule and the name of the attack for an anomaly.
func judge(kind tar.Kind) (picket.Rule, string) {
	switch kind {
	case tar.PathEscape:
		return ruleEscape(), "tar slip"
	case tar.LinkEscape:
		return ruleEscape(), "link out of the archive"
	case tar.Link:
		return ruleLink(), ""
	case tar.Special:
		return ruleSpecial(), ""
	case tar.Duplicate:
		return ruleDuplicate(), ""
	case tar.Sparse:
		return ruleSparse(), ""
	case tar.NoEnd:
		return ruleEnd(), ""
	}
	return ruleHeader(), ""
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.tar.path-escape", Title: "A name or link leaves the folder that the archive is unpacked to",
		Severity: picket.High, Class: picket.Structure,
		What:       "The member's name, or the target of its link, is absolute, climbs with .., or names a drive.",
		Why:        "A loader that unpacks the archive writes outside of its folder, or later members are written through the link.",
		Remedy:     "Do not unpack or load the archive. Ask for one with plain relative names and no links.",
		References: picket.Refs("CWE-22", "CWE-59", "CVE-2007-4559"),
	}
}

func ruleLink() picket.Rule {
	return picket.Rule{
		ID: "model.tar.link", Title: "A link between members",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The member is a symbolic or hard link to another member.",
		Why:        "Links make it depend on the reader which content a name has. Some archivers write hard links for equal files.",
		Remedy:     "Write the archive anew with copies in place of links.",
		References: picket.Refs("CWE-59"),
	}
}

func ruleSpecial() picket.Rule {
	return picket.Rule{
		ID: "model.tar.special-member", Title: "A member is a device or pipe",
		Severity: picket.High, Class: picket.Structure,
		What:       "Unpacking the archive creates a device or a named pipe.",
		Why:        "Models need none. Reading it blocks the loader or reaches hardware.",
		Remedy:     "Do not unpack the archive.",
		References: picket.Refs("CWE-73"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.tar.duplicate-name", Title: "Two members with one name",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The archive holds several members of one name. Updating an archive in place makes such members.",
		Why:        "Some readers take the first and others the last. Picket inspected all.",
		Remedy:     "Write the archive anew with each member once.",
		References: picket.Refs("CWE-694"),
	}
}

func ruleHeader() picket.Rule {
	return picket.Rule{
		ID: "model.tar.views-differ", Title: "Headers that readers understand differently",
		Severity: picket.High, Class: picket.Structure,
		What:       "A header contradicts its extension, has a type that readers treat differently, or stands where some readers have stopped.",
		Why:        "Which members exist, and with which content, depends on the reader. Scanners and loaders see different files.",
		Remedy:     "Do not load the file. Write it anew from its source.",
		References: picket.Refs("CWE-436", "AML.T0074"),
	}
}

func ruleSparse() picket.Rule {
	return picket.Rule{
		ID: "model.tar.sparse-member", Title: "A sparse member",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The member leaves out runs of zero bytes. Picket inspected what is stored, not the expanded content.",
		Why:        "A small archive can expand to any size, and the expanded content was not judged.",
		Remedy:     "Unpack the archive in a safe place and scan the result, or write it anew without --sparse.",
		References: picket.Refs("CWE-409"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.tar.trailing-content", Title: "Content after the end of the archive",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "Bytes other than zero follow the end marker, or the place where Python's tarfile stops. Picket inspected them as content of their own.",
		Why:        "Readers ignore them or go on, so they are a place to hide content.",
		Remedy:     "Write the archive anew from its members.",
		References: picket.Refs("CWE-436"),
	}
}

func ruleEnd() picket.Rule {
	return picket.Rule{
		ID: "model.tar.no-end", Title: "The archive has no end marker",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The archive ends after a member, without the zero blocks that mark its end.",
		Why:        "Members may be missing: a download that was cut off between two members looks like this.",
		Remedy:     "Fetch the file again and compare its digest with the publisher's.",
		References: picket.Refs("CWE-130"),
	}
}

func ruleProgram() picket.Rule {
	return picket.Rule{
		ID: "model.tar.native-program", Title: "A program or native library in the archive",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "A member starts like a program for Linux, Windows or macOS.",
		Why:        "Models need no programs. A loader gadget elsewhere, or a person, can start it.",
		Remedy:     "Find out why it is there. Take the model from a source that ships weights only.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.tar.script", Title: "Scripts in the archive",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The archive holds source code for an interpreter.",
		Why:        "Model servers and package loaders import such files when the model is loaded.",
		Remedy:     "Review the scripts, or take a model that needs none.",
		References: picket.Refs("CWE-829"),
	}
}
