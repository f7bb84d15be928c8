package zipfile

import (
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/zip"
)

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleViews(), ruleHidden(), ruleFlags(), ruleChecksum(), ruleEncrypted(), ruleDuplicate(), ruleRepeated(),
		ruleOverlap(), ruleEscape(), ruleName(), ruleSpecial(), ruleUnowned(), ruleRecord(), ruleMethod(), ruleProgram(), ruleBundled(),
		ruleScript(), ruleForeignScript(), ruleDeceptive(), ruleFlood()}
}

// judge gives the rule and the name of the attack for an anomaly; an empty rule for one that the content decides.
func judge(a zip.Anomaly) (picket.Rule, string) {
	switch a.Kind {
	case zip.NameMismatch:
		return ruleViews(), "CVE-2025-1944"
	case zip.MethodMismatch, zip.SizeMismatch, zip.ChecksumMismatch:
		return ruleViews(), ""
	case zip.NoDirectory, zip.SeveralDirectories, zip.NoLocal, zip.Hidden:
		return ruleHidden(), ""
	case zip.ReservedFlags:
		return ruleFlags(), "CVE-2025-1945"
	case zip.Encrypted:
		return picket.Rule{}, ""
	case zip.Duplicate:
		if strings.HasSuffix(a.Detail, "the same checksum") {
			return ruleRepeated(), ""
		}
		return ruleDuplicate(), ""
	case zip.NearDuplicate:
		return ruleRepeated(), ""
	case zip.Overlap:
		return ruleOverlap(), "overlapping zip members"
	case zip.PathEscape:
		return ruleEscape(), "zip slip"
	case zip.Special:
		return ruleSpecial(), ""
	case zip.Prefix, zip.Suffix, zip.Gap, zip.Comment:
		return ruleUnowned(), ""
	case zip.UnsupportedMethod:
		return ruleMethod(), ""
	}
	return ruleRecord(), ""
}

func ruleViews() picket.Rule {
	return picket.Rule{
		ID: "model.zip.views-differ", Title: "The directory and the local header of a member disagree",
		Severity: picket.High, Class: picket.Structure,
		What:       "A zip archive describes every member twice. Here the two descriptions have different names, methods, lengths or checksums.",
		Why:        "A scanner reads one description and the framework the other, so each sees different content or a different name.",
		Remedy:     "Do not load the file. Ask for one that the framework itself has written.",
		References: picket.Refs("CVE-2025-1944", "CWE-436"),
	}
}

func ruleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.zip.hidden-member", Title: "Members that only some readers see",
		Severity: picket.High, Class: picket.Structure,
		What:       "The archive has members that its central directory does not name, more than one directory, or entries that point to no member.",
		Why:        "Which members exist depends on the reader. Picket inspected all that it found, but other tools did not see them.",
		Remedy:     "Do not load the file. Ask for one that the framework itself has written.",
		References: picket.Refs("CWE-436", "AML.T0074"),
	}
}

func ruleFlags() picket.Rule {
	return picket.Rule{
		ID: "model.zip.flag-trick", Title: "Flags make some readers refuse a member that others load",
		Severity: picket.High, Class: picket.Structure,
		What:       "The member's flags say that it is encrypted or patched, and its content is neither.",
		Why:        "Python's zipfile refuses the member, so scanners built on it skip it, while PyTorch ignores the flags and loads it.",
		Remedy:     "Do not load the file. Ask for one that the framework itself has written.",
		References: picket.Refs("CVE-2025-1945", "CWE-693"),
	}
}

func ruleChecksum() picket.Rule {
	return picket.Rule{
		ID: "model.zip.wrong-checksum", Title: "Content that is not what its checksum or length says",
		Severity: picket.High, Class: picket.Structure,
		What:       "The content of the member was read to its end and has another checksum or length than the archive states.",
		Why:        "Either the file is damaged, or it was changed after it was written: readers that check stop, and PyTorch does not check.",
		Remedy:     "Fetch the file again and compare its digest with the publisher's. Do not load it while they differ.",
		References: picket.Refs("CVE-2025-10156", "CWE-354"),
	}
}

func ruleEncrypted() picket.Rule {
	return picket.Rule{
		ID: "model.zip.encrypted-member", Title: "A member is encrypted",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "The member's flags say that it is encrypted, and its content does not have the stated checksum without a password.",
		Why:        "What cannot be read cannot be judged. Malware is often shipped in encrypted archives to pass scanners.",
		Remedy:     "Decrypt the archive in a safe place and scan the result.",
		References: picket.Refs("CWE-506"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.zip.duplicate-name", Title: "Two members with one name and different content",
		Severity: picket.High, Class: picket.Structure,
		What:       "The directory names two members alike, and their contents differ.",
		Why:        "Some readers load the first and others the last. A scanner may judge one and the framework load the other.",
		Remedy:     "Do not load the file. Ask for one that the framework itself has written.",
		References: picket.Refs("CWE-694", "CWE-436"),
	}
}

func ruleRepeated() picket.Rule {
	return picket.Rule{
		ID: "model.zip.repeated-name", Title: "Names that are one file on some systems",
		Severity: picket.Low, Class: picket.Structure,
		What:       "Two members have the same name and content, or names that differ only in case, separators or dots.",
		Why:        "Where the archive is unpacked on a file system that folds names, one replaces the other.",
		Remedy:     "Write the archive anew with each member once.",
		References: picket.Refs("CWE-178"),
	}
}

func ruleOverlap() picket.Rule {
	return picket.Rule{
		ID: "model.zip.overlap", Title: "Members share the same bytes",
		Severity: picket.High, Class: picket.Resource,
		What:       "Ranges of two members, or of a member and the directory, overlap. No honest writer makes such an archive.",
		Why:        "Overlapping members make a small file expand without bound, or show different content to different readers.",
		Remedy:     "Do not unpack or load the file.",
		References: []picket.Reference{picket.Ref("CWE-409"), {Kind: "URL", ID: "A better zip bomb", URL: "https://www.bamsoftware.com/hacks/zipbomb/"}},
	}
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.zip.path-escape", Title: "A name leaves the folder that the archive is unpacked to",
		Severity: picket.High, Class: picket.Structure,
		What:       "The member's name is absolute, climbs with .., names a drive, is empty or contains a zero byte.",
		Why:        "A loader or tool that unpacks the archive writes outside of its folder, and may replace a program or a start-up file.",
		Remedy:     "Do not unpack the archive. Ask for one with plain relative names.",
		References: []picket.Reference{picket.Ref("CWE-22"), {Kind: "URL", ID: "Zip Slip", URL: "https://security.snyk.io/research/zip-slip-vulnerability"}},
	}
}

func ruleName() picket.Rule {
	return picket.Rule{
		ID: "model.zip.unusual-name", Title: "A name with backslashes",
		Severity: picket.Low, Class: picket.Structure,
		What:       "The member's name uses backslashes, which the format does not allow. Some Windows tools write them.",
		Why:        "Windows takes them for separators and other systems do not, so the two see different files.",
		Remedy:     "Write the archive anew with a tool that uses slashes.",
		References: picket.Refs("CWE-436"),
	}
}
