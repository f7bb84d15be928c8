package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
)

// Builtin describes one condition that stands before every policy.
type Builtin struct{ ID, Description string }

// Builtins is the one list of them.
func Builtins() []Builtin {
	return []Builtin{
		{"gate.content", "the content can be hashed and its lineage walked"},
		{"gate.scan-result", "a scan result that counts covers every file"},
		{"gate.malicious", "no trusted key says that the content is malicious, however old that is"},
		{"gate.claims", "no claim is damaged"},
		{"gate.revoked", "neither the content nor anything that it was made from is revoked"},
		{"gate.head", "the claims continue the head that is known, if one is known"},
	}
}

// builtin judges the conditions that stand before every policy.
func (r *Report) builtin(facts Facts) {
	path := shellQuote(facts.Artifact.Path)
	if facts.Failure != "" {
		r.block("gate.content", picket.High, "the content could not be hashed, or its lineage not be walked, so nobody knows what is decided on",
			picket.Printable(facts.Failure, picket.MaxExcerpt), "the owner of the model", "picket digest "+path+" says what is in the way")
	}
	if facts.Scan == nil {
		r.block("gate.scan-result", picket.High, "no scan result that counts covers this content", failures(facts.Claims),
			scanOwner, scanRemedy(facts.Artifact.Path))
	}
	for _, c := range facts.Claims {
		if c.Condemns && c.Kind != "revocation" {
			r.block("gate.malicious", picket.Critical, "a scan found this content malicious; no other result lifts that",
				c.Source+", signed by "+strings.Join(c.Signers, ", "), "the owner of the model",
				"picket scan "+path+" shows what was found; replace the file and scan the new digest")
		}
		if c.Broken {
			r.block("gate.claims", picket.High, "a claim is damaged or not understood, so what it said is not known",
				c.Source+": "+picket.Printable(c.Failure, picket.MaxExcerpt), "whoever changed the claims",
				"restore the claims from where they were published; picket claims "+path+" lists them")
		}
	}
	r.revoked(facts, path)
	if facts.Head.State == HeadDiffers {
		r.block("gate.head", picket.High, "the claims do not continue the head that is known: something was taken out or put back",
			picket.Printable(facts.Head.Detail, picket.MaxExcerpt), "whoever changed the claims",
			"restore the claims from where they were published; picket claims "+path+" lists them")
	}
	for _, b := range Builtins() {
		if !slices.ContainsFunc(r.Blocks, func(got Block) bool { return got.Rule == b.ID }) {
			r.Passed = append(r.Passed, b.ID)
		}
	}
}

// revoked denies what was taken back and what was made from it.
func (r *Report) revoked(facts Facts, path string) {
	deny := func(detail string) {
		r.block("gate.revoked", picket.Critical, "it was revoked, and nothing takes a revocation back", picket.Printable(detail, picket.MaxExcerpt),
			"the owner of the model", "make a new model without what was revoked; picket claims "+path+" tells what that is")
	}
	told := map[string]bool{}
	for _, v := range facts.Revocations {
		told[v.Subject] = true
		detail := v.Source + ": " + v.Text
		if v.Text == "" {
			detail = fmt.Sprintf("%s: %s, signed by %s", v.Source, v.Reason, strings.Join(v.Signers, ", "))
		}
		deny(detail)
	}
	for _, a := range facts.Lineage.Ancestors {
		if a.Revoked && !told[a.Digest] {
			deny("it was made from " + a.Name + " " + a.Digest)
		}
	}
}

// block records a reason that does not come from a rule of the policy.
func (r *Report) block(id string, severity picket.Severity, message, detail, owner, remedy string) {
	r.Blocks = append(r.Blocks, Block{Rule: id, Severity: severity.String(), Message: message, Detail: detail, Owner: owner, Remedy: remedy})
}

// failures sums up why claims do not count.
func failures(claims []Claim) string {
	const shown = 3
	var parts []string
	failed := 0
	for _, c := range claims {
		if c.Counts {
			continue
		}
		if failed++; failed <= shown {
			parts = append(parts, c.Source+": "+picket.Printable(c.Failure, picket.MaxExcerpt))
		}
	}
	if failed > shown {
		parts = append(parts, fmt.Sprintf("%d more", failed-shown))
	}
	if len(parts) == 0 {
		return "there are no scan claims"
	}
	return strings.Join(parts, "; ")
}

// expiryNotice is how long before something stops to count the gate begins to say so.
const expiryNotice = 14 * 24 * time.Hour

// expiring warns of what stops to count soon. A policy without a condition on it gets no warning less: the next one may have it.
func (r *Report) expiring(facts Facts) {
	warn := func(what string, expires time.Time, owner, remedy string) {
		if left := expires.Sub(facts.Now); expires.IsZero() || left < 0 || left > expiryNotice {
			return
		}
		r.Warnings = append(r.Warnings, Warning{Rule: "gate.expiry", Message: what + " stops to count on " + expires.UTC().Format(time.DateOnly),
			Owner: owner, Remedy: remedy})
	}
	path := shellQuote(facts.Artifact.Path)
	for _, x := range facts.Exceptions {
		warn("the exception in "+x.Source, x.Expires, "whoever asked for it: "+x.Requested, "fix what "+strings.Join(x.Rules, ", ")+" asks for, or renew the exception with two people")
	}
	for _, a := range facts.Approvals {
		warn("the approval in "+a.Source, a.Expires, strings.Join(a.Signers, ", "), "picket attest approval "+path+" again")
	}
	for _, a := range facts.Assessments {
		warn("the assessment of "+a.Vendor+" in "+a.Source, a.Expires, strings.Join(a.Signers, ", "), "assess the vendor again and sign that with picket attest vendor-assessment")
	}
	for _, notice := range facts.Notices {
		r.Warnings = append(r.Warnings, Warning{Rule: "gate.trust", Message: picket.Printable(notice, picket.MaxExcerpt),
			Owner: "whoever maintains the trust root", Remedy: "picket trust show lists what stands in it"})
	}
}
