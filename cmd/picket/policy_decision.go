package main

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

// gateDocument is the JSON form of a decision.
type gateDocument struct {
	Schema string        `json:"schema"`
	Path   string        `json:"path"`
	Digest picket.Digest `json:"digest"`
	Policy string        `json:"policy"`
	// PolicyDigest is the SHA-256 of the policy file.
	PolicyDigest picket.Digest `json:"policyDigest"`
	Mode         policy.Mode   `json:"mode"`
	// Allow is the decision; Allowed is whether it lets the content pass, which audit mode always does.
	Allow    bool              `json:"allow"`
	Allowed  bool              `json:"allowed"`
	Reasons  []string          `json:"reasons"`
	Errors   []string          `json:"errors"`
	Blocks   []policy.Block    `json:"blocks"`
	Warnings []policy.Warning  `json:"warnings"`
	Excepted []policy.Excepted `json:"excepted"`
	// Refused is what exceptions do not lift, although they say so.
	Refused []policy.Refused `json:"refused"`
	Passed  []string         `json:"passed"`
	Skipped []string         `json:"skipped"`
	// Facts is the SHA-256 of everything that the policy saw.
	Facts  picket.Digest  `json:"facts"`
	Claims []gateEvidence `json:"claims"`
	Notes  []string       `json:"notes"`
}

// gateEvidence is one claim as the gate saw it.
type gateEvidence struct {
	Source  string        `json:"source"`
	Kind    string        `json:"kind"`
	Payload picket.Digest `json:"payload"`
	Signers []string      `json:"signers"`
	People  []string      `json:"people"`
	// Time is the word of the signer; Seen is when a trusted clock saw the claim. Empty when there is none.
	Time    string `json:"time"`
	Seen    string `json:"seen"`
	Counts  bool   `json:"counts"`
	Failure string `json:"failure"`
	// Why says for each signer why they may make the claim.
	Why []string `json:"why"`

	title string
}

// newGateDocument is the JSON form of a report.
func newGateDocument(path string, facts gathered, r policy.Report, root *trust.Root) (*gateDocument, error) {
	digest, err := facts.Digest()
	if err != nil {
		return nil, err
	}
	doc := &gateDocument{
		Schema: "picket.gate/1", Path: path, Digest: picket.Digest(facts.Artifact.Digest), Policy: r.Policy, PolicyDigest: r.Digest, Mode: r.Mode,
		Allow: r.Decision.Allow, Allowed: r.Allowed(), Reasons: append([]string{}, r.Decision.Reasons...), Errors: append([]string{}, r.Decision.Errors...),
		Blocks: append([]policy.Block{}, r.Blocks...), Warnings: append([]policy.Warning{}, r.Warnings...),
		Excepted: append([]policy.Excepted{}, r.Excepted...), Refused: append([]policy.Refused{}, r.Refused...),
		Passed: append([]string{}, r.Passed...), Skipped: append([]string{}, r.Skipped...), Facts: digest, Claims: []gateEvidence{},
	}
	for _, c := range facts.claims {
		doc.Claims = append(doc.Claims, newGateEvidence(c, root))
	}
	if facts.Head.State == policy.HeadNone {
		doc.Notes = append(doc.Notes, absenceNote)
	}
	return doc, nil
}

func newGateEvidence(c *claim.Claim, root *trust.Root) gateEvidence {
	e := gateEvidence{Source: c.Source, Kind: c.Kind.Name, Payload: c.Payload, Signers: []string{}, People: []string{}, Counts: c.Counts(), Why: []string{},
		title: c.Kind.Title}
	if c.Failure != nil {
		e.Failure = c.Failure.Error()
	}
	if !c.Made.IsZero() {
		e.Time = c.Made.UTC().Format(time.RFC3339)
	}
	for _, s := range c.Signers {
		e.Signers, e.People = append(e.Signers, s.Name), append(e.People, cmp.Or(s.Person, s.Name))
		e.Why = append(e.Why, root.Explain(s.Name, c.Kind.Name, s.Proof))
		if moment, ok := s.Proof.Earliest(); ok && (e.Seen == "" || moment.Time.UTC().Format(time.RFC3339) < e.Seen) {
			e.Seen = moment.Time.UTC().Format(time.RFC3339)
		}
	}
	slices.Sort(e.People)
	e.People = slices.Compact(e.People)
	return e
}

// note adds what stands under the answer. What the trust root has to say is among the warnings already.
func (d *gateDocument) note(notes []string) {
	for _, n := range notes {
		if !slices.ContainsFunc(d.Warnings, func(w policy.Warning) bool { return w.Message == n }) {
			d.Notes = append(d.Notes, n)
		}
	}
	d.Notes = append([]string{}, d.Notes...)
}

// Bounds on a decision that is recorded, which the schema of the claim has as well.
const (
	maxRecordedReasons = 1000
	maxRecordedClaims  = 20_000
)

// claim is the decision as a claim.
func (d *gateDocument) claim(now time.Time) *claim.Decision {
	made := &claim.Decision{Time: now, Tool: "picket " + version(), Policy: claim.PolicyReference{Name: d.Policy, Digest: d.PolicyDigest},
		Mode: string(d.Mode), Allowed: d.Allow, Facts: d.Facts,
		Reasons: d.Reasons[:min(len(d.Reasons), maxRecordedReasons)], Errors: d.Errors[:min(len(d.Errors), maxRecordedReasons)]}
	for _, e := range d.Claims {
		if e.Payload != "" && len(made.Claims) < maxRecordedClaims {
			made.Claims = append(made.Claims, claim.Considered{Kind: e.Kind, Payload: e.Payload, Signers: e.Signers, Counted: e.Counts})
		}
	}
	return made
}

// headline is the decision in one line.
func (d *gateDocument) headline(l *lines) {
	word := "allowed"
	switch {
	case !d.Allow && d.Allowed:
		word = "WOULD BE DENIED (the policy only audits, so it passes)"
	case !d.Allow:
		word = "DENIED"
	}
	l.add("%s  %s  %s", word, shown(d.Path), d.Digest)
	l.add("  policy %s, %s", shown(d.Policy), d.Mode)
}

// writeDecision is the answer of gate for people.
func (d *gateDocument) writeDecision(w io.Writer) error {
	var l lines
	d.headline(&l)
	for _, b := range d.Blocks {
		l.add("  denies  %s", shown(b.String()))
	}
	for _, e := range d.Excepted {
		l.add("  lifted  %s", shown(e.String()))
	}
	for _, x := range d.Refused {
		l.add("  ignored exception in %s", shown(x.String()))
	}
	for _, warning := range d.Warnings {
		l.add("  warns   %s", shown(warning.String()))
	}
	for _, id := range d.Passed {
		l.add("  holds   %s", shown(id))
	}
	for _, id := range d.Skipped {
		l.add("  does not apply  %s", shown(id))
	}
	d.evidence(&l)
	if len(d.Blocks) > 0 {
		l.add("  picket why tells who can fix what, with the command")
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}

// evidence lists the claims: those that count, with who signed them and why that is believed, and those that do not, with
// the check that failed. A record neither counts nor fails.
func (d *gateDocument) evidence(l *lines) {
	for _, e := range d.Claims {
		if e.Failure != "" {
			l.add("  does not count  %s: %s", shown(e.Source), shown(e.Failure))
		}
		if !e.Counts {
			continue
		}
		when := ""
		switch {
		case e.Seen != "":
			when = ", seen by a trusted clock at " + e.Seen
		case e.Time != "":
			when = ", says it was made at " + e.Time
		}
		l.add("  counts  %s: %s by %s%s", shown(e.Source), e.title, shown(strings.Join(e.Signers, " and ")), when)
		for _, why := range e.Why {
			l.add("          %s", shown(why))
		}
	}
}

// writeReasons is the answer of why for people.
func (d *gateDocument) writeReasons(w io.Writer) error {
	var l lines
	d.headline(&l)
	for _, b := range d.Blocks {
		l.add("")
		l.add("%s", shown(b.Rule))
		l.add("  blocks  %s", shown(b.Message))
		explained(&l, b.Detail, b.Owner, b.Remedy)
	}
	for _, x := range d.Warnings {
		l.add("")
		l.add("%s", shown(x.Rule))
		l.add("  warns   %s", shown(x.Message))
		explained(&l, x.Detail, x.Owner, x.Remedy)
	}
	for _, x := range d.Excepted {
		l.add("")
		l.add("%s", shown(x.Rule))
		l.add("  lifted  until %s by %s: %s", x.Expires.UTC().Format(time.RFC3339), shown(strings.Join(x.People, " and ")), shown(x.Reason))
		explained(&l, x.Detail, x.Owner, x.Remedy)
	}
	for _, x := range d.Refused {
		l.add("")
		l.add("exception in %s", shown(x.String()))
	}
	if len(d.Blocks) == 0 {
		l.add("  nothing blocks it")
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}

// explained are the facts, who can do something and what.
func explained(l *lines, detail, owner, remedy string) {
	if detail != "" {
		l.add("  facts   %s", shown(detail))
	}
	l.add("  who     %s", shown(owner))
	l.add("  do      %s", shown(remedy))
}
