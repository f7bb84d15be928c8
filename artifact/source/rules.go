package source

import (
	"net"
	"net/url"
	"strconv"

	"github.com/picketsec/picket"
)

// Rules lists the rules about places themselves.
func Rules() []picket.Rule {
	return []picket.Rule{ruleUnpinned(), ruleMoved(), rulePlain(), rulePath()}
}

// refs are the references that all rules about places share.
func refs(more ...string) []picket.Reference {
	return append(picket.Refs("AML.T0010"), picket.Refs(more...)...)
}

func ruleUnpinned() picket.Rule {
	return picket.Rule{
		ID: "source.unpinned", Title: "The revision of the source can move", Severity: picket.Medium, Class: picket.Operation,
		What:       "The source was named by a branch, a tag, an alias or nothing, and not by a commit, a version or a digest.",
		Why:        "Its owner, or whoever takes over the account, can put other content there. What was scanned is not what the next load fetches.",
		Remedy:     "Name the exact revision that the report shows, here and where the model is loaded.",
		References: refs("CWE-494"),
	}
}

func ruleMoved() picket.Rule {
	return picket.Rule{
		ID: "source.moved", Title: "The source has moved to another name", Severity: picket.Medium, Class: picket.Operation,
		What:       "The name leads to content under another name, because the repository was renamed or given to another owner.",
		Why:        "A name that was given up can be registered by anyone. Code that still uses the old name then loads what they put there.",
		Remedy:     "Check that the new owner is the one you trust, and use the new name with an exact revision.",
		References: refs("CWE-829"),
	}
}

func rulePlain() picket.Rule {
	return picket.Rule{
		ID: "source.unencrypted", Title: "The source is read without encryption", Severity: picket.Medium, Class: picket.Operation,
		What:       "The content came over plain HTTP from another machine.",
		Why:        "Anyone on the way can replace it, for the scan or for the load that follows.",
		Remedy:     "Use https, or compare the digest of the report with one from a trusted place.",
		References: refs("CWE-319", "CWE-494"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "source.unsafe-path", Title: "A file of the source would be written outside of its folder", Severity: picket.High, Class: picket.Structure,
		What:       "The path that the source gives to a file is absolute, climbs out of its folder, or holds characters that hide it.",
		Why:        "A client that believes the path overwrites other files of the machine that pulls the model, and so runs code there.",
		Remedy:     "Do not pull the source. Ask its owner why the path is there.",
		References: refs("CWE-22"),
	}
}

// UnsafePath reports a path that leaves its folder.
func UnsafePath(path string) picket.Finding {
	return finding(rulePath(), "the path is "+strconv.QuoteToASCII(path[:min(len(path), 200)]))
}

// Unpinned reports that a place was named by something that can move; exact is what would pin it.
func Unpinned(named, exact string) picket.Finding {
	return finding(ruleUnpinned(), "named by "+named+"; pinned it would be "+exact)
}

// Moved reports that a place is found under another name.
func Moved(from, to string) picket.Finding {
	return finding(ruleMoved(), from+" has become "+to)
}

// Unencrypted reports that a place is read without encryption.
func Unencrypted(site string) picket.Finding {
	return finding(rulePlain(), "read from "+site)
}

func finding(rule picket.Rule, summary string) picket.Finding {
	return picket.Finding{Rule: rule, Location: picket.Whole(""), Evidence: picket.NewEvidence(summary, "")}
}

// Plain reports whether an address is read without encryption from another machine.
func Plain(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && !(ip != nil && ip.IsLoopback())
}
