package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/picketsec/picket"
)

// Block is one reason to deny, with what a person needs to get on.
type Block struct {
	Rule        string `json:"rule"`
	Severity    string `json:"severity,omitempty"`
	Message     string `json:"message"`          // what blocks
	Detail      string `json:"detail,omitempty"` // the facts behind it
	Owner       string `json:"owner"`            // who can fix it
	Remedy      string `json:"remedy"`           // the exact command or step
	Error       bool   `json:"error"`            // the rule could not be evaluated
	Description string `json:"description,omitempty"`
}

// String is the block as one line.
func (b Block) String() string { return line(b.Rule, b.Message, b.Detail) }

// Warning is something that does not deny, or not yet.
type Warning struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"`
	Owner   string `json:"owner"`
	Remedy  string `json:"remedy"`
}

// String is the warning as one line.
func (w Warning) String() string { return line(w.Rule, w.Message, w.Detail) }

// Excepted is a rule that does not hold and that people lifted for a while.
type Excepted struct {
	Block

	Source    string    `json:"source"` // of the exception
	People    []string  `json:"people"` // who signed it
	Requested string    `json:"requested"`
	Reason    string    `json:"reason"`
	Expires   time.Time `json:"expires"`
}

// String is the exception as one line.
func (e Excepted) String() string {
	return fmt.Sprintf("%s; lifted until %s by %s in %s: %s", e.Block, e.Expires.UTC().Format(time.RFC3339),
		strings.Join(e.People, " and "), e.Source, picket.Printable(e.Reason, picket.MaxExcerpt))
}

// Refused is what an exception does not lift, although it says so.
type Refused struct {
	Source string   `json:"source"`
	Rules  []string `json:"rules"` // none when nobody could read which
	Why    string   `json:"why"`
}

// String is the refusal as one line.
func (x Refused) String() string {
	if len(x.Rules) == 0 {
		return line(x.Source, "lifts nothing", x.Why)
	}
	return line(x.Source, "does not lift "+picket.Printable(strings.Join(x.Rules, ", "), picket.MaxExcerpt), x.Why)
}

// line joins what a person reads first.
func line(subject, message, detail string) string {
	text := subject + ": " + message
	if detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

// Report is a decision with everything that explains it.
type Report struct {
	Policy string
	Digest picket.Digest // of the policy
	Mode   Mode
	// Decision is what holds when the policy is enforced; audit mode does not change it.
	Decision picket.Decision
	// Blocks are all reasons to deny, in the order of the rules.
	Blocks []Block
	// Warnings do not deny, or not yet.
	Warnings []Warning
	// Excepted are the rules that do not hold and that an exception lifts; Refused is what exceptions do not lift.
	Excepted []Excepted
	Refused  []Refused
	// Passed are the IDs of the rules that hold, Skipped of those that do not apply.
	Passed, Skipped []string
}

// Allowed reports whether the content may go on: the decision allows, or the policy only audits.
func (r Report) Allowed() bool { return r.Decision.Allow || r.Mode == Audit }

// conclude draws the decision from the blocks.
func (r *Report) conclude() {
	for _, b := range r.Blocks {
		if b.Error {
			r.Decision.Errors = append(r.Decision.Errors, b.String())
		}
		r.Decision.Reasons = append(r.Decision.Reasons, b.String())
	}
	if len(r.Blocks) == 0 {
		r.Decision.Allow = true
		r.Decision.Reasons = []string{fmt.Sprintf("%d rules of policy %s hold: %s", len(r.Passed), r.Policy, strings.Join(r.Passed, ", "))}
		for _, e := range r.Excepted {
			r.Decision.Reasons = append(r.Decision.Reasons, e.String())
		}
	}
}
