package detect

import "github.com/picketsec/picket"

// RuleDisguised fires when content that can run code wears the name of a format that cannot.
func RuleDisguised() picket.Rule {
	return picket.Rule{
		ID: "artifact.name.disguised", Title: "Executable content under the name of a harmless format",
		Severity: picket.High, Class: picket.Structure,
		What:   "The name says that the content is of a kind that never runs code, and the content is of a kind that can.",
		Why:    "Scanners and reviewers that trust names skip the file, and loaders that look at the content run it.",
		Remedy: "Find out who renamed it. Load it only by its true format, after that format is judged safe, or delete it.",
		References: []picket.Reference{
			picket.Ref("CWE-646"),
			picket.Ref("CVE-2025-1889"),
		},
	}
}

// RuleMismatch fires when the name and the content disagree without more harm than confusion.
func RuleMismatch() picket.Rule {
	return picket.Rule{
		ID: "artifact.name.mismatch", Title: "Name and content disagree about the format",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The name belongs to one format and the content to another.",
		Why:    "Tools choose a loader by the name or by the content; where the two disagree, they see different files.",
		Remedy: "Rename the file after its content, or replace it by a file of the format that the name says.",
		References: []picket.Reference{
			picket.Ref("CWE-646"),
		},
	}
}

// RulePolyglot fires when the same bytes are valid in several unrelated formats.
func RulePolyglot() picket.Rule {
	return picket.Rule{
		ID: "artifact.content.polyglot", Title: "The same bytes are valid in several formats",
		Severity: picket.High, Class: picket.Structure,
		What:   "Several unrelated formats accept the content. Picket inspects every one of these views.",
		Why:    "A checker reads the harmless view and a loader the harmful one; honest writers do not make such files.",
		Remedy: "Write the file anew from its source with the framework's own writer, and do not load this one.",
		References: []picket.Reference{
			picket.Ref("CWE-436"),
			picket.Ref("AML.T0074"),
		},
	}
}

// ownRules are the rules that the engine itself reports.
func ownRules() []picket.Rule {
	return []picket.Rule{RuleDisguised(), RuleMismatch(), RulePolyglot()}
}

// OwnRule reports whether the ID is of a rule that the engine itself reports, whatever the detector.
func OwnRule(id string) bool {
	for _, r := range ownRules() {
		if r.ID == id {
			return true
		}
	}
	return false
}
