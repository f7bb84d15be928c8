package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"

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
func (b Block) String() string {
	line := b.Rule + ": " + b.Message
	if b.Detail != "" {
		line += " (" + b.Detail + ")"
	}
	return line
}

// Report is a decision with everything that explains it.
type Report struct {
	Policy string
	Mode   Mode
	// Decision is what holds when the policy is enforced; audit mode does not change it.
	Decision picket.Decision
	// Blocks are all reasons to deny, in the order of the rules.
	Blocks []Block
	// Passed are the IDs of the rules that hold.
	Passed []string
}

// Allowed reports whether the content may go on: the decision allows, or the policy only audits.
func (r Report) Allowed() bool { return r.Decision.Allow || r.Mode == Audit }

// Decide evaluates every rule, also after the first that fails: whoever fixes the model wants to know everything at once.
func (p *Policy) Decide(ctx context.Context, facts Facts) Report {
	r := Report{Policy: p.Name, Mode: p.Mode}
	r.builtin(facts)
	vars := facts.variables()
	for _, rule := range p.rules {
		err := rule.holds(ctx, facts, vars)
		if err == nil {
			r.Passed = append(r.Passed, rule.ID)
			continue
		}
		r.Blocks = append(r.Blocks, rule.blocked(ctx, err, facts.Artifact.Path, vars))
	}
	for _, b := range r.Blocks {
		if b.Error {
			r.Decision.Errors = append(r.Decision.Errors, b.String())
		}
		r.Decision.Reasons = append(r.Decision.Reasons, b.String())
	}
	if len(r.Blocks) == 0 {
		r.Decision.Allow = true
		r.Decision.Reasons = []string{fmt.Sprintf("%d rules of policy %s hold: %s", len(r.Passed), p.Name, strings.Join(r.Passed, ", "))}
	}
	return r
}

// holds evaluates the condition: nil when it holds, errFalse when it does not, any other error when it cannot be said.
func (r rule) holds(ctx context.Context, facts Facts, vars map[string]any) error {
	value, _, err := r.program.ContextEval(ctx, vars)
	switch {
	case err != nil && facts.Scan == nil && strings.Contains(err.Error(), "no such attribute"):
		return errNoScan
	case err != nil:
		return err
	case value == types.True:
		return nil
	case value == types.False:
		return errFalse
	}
	return fmt.Errorf("it gave a %s, not a bool", value.Type().TypeName())
}

// Why a rule denies when its evaluation as such is fine.
var (
	errFalse  = errors.New("the condition does not hold")
	errNoScan = errors.New("it asks about a scan result, and none counts")
)

// scanOwner is who can make a scan result that counts.
const scanOwner = "whoever holds a private key of the trust root"

// scanRemedy is how to make a scan result.
func scanRemedy(path string) string {
	return "picket scan " + shellQuote(path) + " --attest --private-key KEY.pem"
}

// blocked is the reason to deny that follows from a rule that does not hold.
func (r rule) blocked(ctx context.Context, err error, path string, vars map[string]any) Block {
	b := Block{Rule: r.ID, Severity: r.Severity, Message: r.Message, Owner: r.Owner, Description: r.Description,
		Remedy: strings.ReplaceAll(r.Remedy, "{path}", shellQuote(path))}
	if b.Owner == "" {
		b.Owner = "the owner of the model"
	}
	if !errors.Is(err, errFalse) {
		b.Error, b.Message, b.Detail = true, "the rule could not be evaluated", picket.Printable(err.Error(), picket.MaxExcerpt)
		b.Remedy = "correct the rule in the policy"
		if errors.Is(err, errNoScan) {
			b.Owner, b.Remedy = scanOwner, scanRemedy(path)
		}
		return b
	}
	if r.detail == nil {
		return b
	}
	value, _, err := r.detail.ContextEval(ctx, vars)
	if err != nil { // the decision stands without it
		b.Detail = "no detail: " + picket.Printable(err.Error(), picket.MaxExcerpt)
	} else if text, ok := value.Value().(string); ok {
		b.Detail = picket.Printable(text, picket.MaxExcerpt)
	}
	return b
}

// builtin judges the conditions that stand before every policy.
func (r *Report) builtin(facts Facts) {
	path := shellQuote(facts.Artifact.Path)
	if facts.Failure != "" {
		r.block("gate.content", picket.High, "the content could not be hashed, so nothing that is claimed can be about it",
			picket.Printable(facts.Failure, picket.MaxExcerpt), "the owner of the model", "picket digest "+path+" says what is in the way")
	}
	if facts.Scan == nil {
		r.block("gate.scan-result", picket.High, "no scan result that counts covers this content", failures(facts.Claims),
			scanOwner, scanRemedy(facts.Artifact.Path))
	}
	for _, c := range facts.Claims {
		if c.Condemns {
			r.block("gate.malicious", picket.Critical, "a scan found this content malicious; no other result lifts that",
				c.Source+", signed by "+c.Key, "the owner of the model",
				"picket scan "+path+" shows what was found; replace the file and scan the new digest")
		}
		if c.Broken {
			r.block("gate.claims", picket.High, "a claim is damaged or not understood, so what it said is not known",
				c.Source+": "+picket.Printable(c.Failure, picket.MaxExcerpt), "whoever changed the claims",
				"restore the claims from where they were published; picket claims "+path+" lists them")
		}
	}
	for _, id := range []string{"gate.content", "gate.scan-result", "gate.malicious", "gate.claims"} {
		if !slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Rule == id }) {
			r.Passed = append(r.Passed, id)
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

// shellQuote writes a path so that a shell reads it as one word and a terminal shows it as it is.
func shellQuote(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	special, hidden := path == "", false
	for _, r := range path {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("./_-+=@%,", r)
		special = special || !plain
		hidden = hidden || !unicode.IsPrint(r) || r == utf8.RuneError
	}
	switch {
	case hidden: // bash and zsh read this form; it is the only one that shows what is there
		var b strings.Builder
		for _, c := range []byte(path) {
			if c < ' ' || c > '~' || c == '\'' || c == '\\' {
				fmt.Fprintf(&b, `\x%02x`, c)
			} else {
				b.WriteByte(c)
			}
		}
		return "$'" + b.String() + "'"
	case special:
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
