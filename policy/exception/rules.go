package exception

import (
	"fmt"

	"github.com/picketsec/picket"
)

// Rules lists the rules about the run itself.
func Rules() []picket.Rule {
	return []picket.Rule{RuleExpired(), RuleRefused(), RuleTreeConfig(), RuleSkipped()}
}

// RuleExpired fires when an exception is past its day.
func RuleExpired() picket.Rule {
	return picket.Rule{
		ID: "scan.exception.expired", Title: "An exception has expired", Severity: picket.Medium, Class: picket.Operation,
		What:   "The configuration ignores a finding, and the last day of that exception is over. The finding is reported again.",
		Why:    "An exception without an end turns into a hole that nobody remembers.",
		Remedy: "Fix the finding, or review it and write a new day and reason into the configuration.",
		References: []picket.Reference{
			picket.Ref("CWE-1053"),
		},
	}
}

// RuleRefused fires when an exception asks for what cannot be ignored.
func RuleRefused() picket.Rule {
	return picket.Rule{
		ID: "scan.exception.refused", Title: "An exception asks to ignore code execution", Severity: picket.Medium, Class: picket.Operation,
		What:   "The configuration ignores a rule whose finding is a critical execution finding. It is reported all the same.",
		Why:    "A file that runs code when it is loaded is decided by the exact names it uses, not by a path.",
		Remedy: "Remove the entry. If the code is yours and safe, allow its exact names under allow.globals.",
		References: []picket.Reference{
			picket.Ref("CWE-502"),
		},
	}
}

// RuleTreeConfig fires when the scanned tree holds a configuration of Picket.
func RuleTreeConfig() picket.Rule {
	return picket.Rule{
		ID: "scan.config.in-tree", Title: "The scanned tree holds a configuration of Picket", Severity: picket.Low, Class: picket.Operation,
		What:   "A configuration file was found inside what is scanned. It is not used unless --trust-tree-config says so.",
		Why:    "Whoever made the tree could use it to hide what is wrong with the tree.",
		Remedy: "Read it. If it is yours, pass it with --config, or give --trust-tree-config.",
		References: []picket.Reference{
			picket.Ref("CWE-15"),
		},
	}
}

// RuleSkipped fires for folders that were not entered.
func RuleSkipped() picket.Rule {
	return picket.Rule{
		ID: "scan.tree.skipped", Title: "A folder of version-control data was not entered", Severity: picket.Info, Class: picket.Operation,
		What:   "The folder holds the database of a version-control system, which no model loader reads.",
		Why:    "What is not scanned is said, so that nobody takes it for clean.",
		Remedy: "To scan it all the same, name the folder on the command line.",
		References: []picket.Reference{
			{Kind: "URL", ID: "gitrepository-layout", URL: "https://git-scm.com/docs/gitrepository-layout"},
		},
	}
}

// NoteTreeConfig records a configuration found in the tree.
func NoteTreeConfig(scan *picket.Scan, name string) {
	note(scan, picket.Finding{Rule: RuleTreeConfig(), Location: picket.Whole(""), Subject: name,
		Evidence: picket.NewEvidence(fmt.Sprintf("%s was found in the tree and was not used", name), "")})
}

// NoteSkipped records a folder that was not entered.
func NoteSkipped(scan *picket.Scan, name string) {
	note(scan, picket.Finding{Rule: RuleSkipped(), Location: picket.Whole(""), Subject: name,
		Evidence: picket.NewEvidence(fmt.Sprintf("%s holds version-control data and was not entered", name), "")})
}
