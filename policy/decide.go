package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/picketsec/picket"
)

// Decide evaluates every rule, also after the first that fails: whoever fixes the model wants to know everything at once.
func (p *Policy) Decide(ctx context.Context, facts Facts) Report {
	r := Report{Policy: p.Name, Digest: p.Digest, Mode: p.Mode}
	r.builtin(facts)
	r.expiring(facts)
	e := evaluation{ctx: ctx, facts: &facts, vars: p.language.newLookup(&facts)}
	accepted := p.exceptions(facts, &r)
	for _, rule := range p.rules {
		e.judge(rule, accepted[rule.ID], &r)
	}
	r.conclude()
	return r
}

// evaluation is one policy on its way through its rules.
type evaluation struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the call of Decide
	facts *Facts
	vars  *lookup
}

// Why a rule denies when its evaluation as such is fine.
var (
	errFalse  = errors.New("the condition does not hold")
	errCostly = fmt.Errorf("it looks at more than %d elements of lists", maxElements)
	errNoScan = errors.New("it asks about a scan result, and none counts")
)

// judge evaluates one rule and records what follows. An exception lifts a rule that does not hold, never one of which that
// cannot be said.
func (e *evaluation) judge(r rule, lifted *Exception, report *Report) {
	applies, err := e.truth(r.when, true)
	if err == nil && !applies {
		report.Skipped = append(report.Skipped, r.ID)
		return
	}
	holds, warns := false, false
	if err == nil {
		holds, err = e.truth(r.require, true)
	}
	if err == nil && !holds {
		err = errFalse
	}
	if err == nil {
		warns, err = e.truth(r.warn, false)
	}
	switch {
	case err == nil:
		report.Passed = append(report.Passed, r.ID)
		if warns {
			report.Warnings = append(report.Warnings, e.warning(r))
		}
	case lifted != nil && errors.Is(err, errFalse):
		report.Excepted = append(report.Excepted, newExcepted(e.blocked(r, err), lifted))
	default:
		report.Blocks = append(report.Blocks, e.blocked(r, err))
	}
}

// truth evaluates a condition; one that is not there is absent.
func (e *evaluation) truth(program cel.Program, absent bool) (bool, error) {
	if program == nil {
		return absent, nil
	}
	value, err := e.run(program)
	switch {
	case err != nil && e.facts.Scan == nil && strings.Contains(err.Error(), "no such attribute"):
		return false, errNoScan
	case err != nil:
		return false, err
	case value == types.True || value == types.False:
		return value == types.True, nil
	}
	return false, fmt.Errorf("it gave a %s, not a bool", value.Type().TypeName())
}

// run evaluates an expression, as far as it may go.
func (e *evaluation) run(program cel.Program) (ref.Val, error) {
	e.vars.left = maxElements
	value, _, err := program.ContextEval(e.ctx, e.vars)
	if e.vars.left < 0 {
		return nil, errCostly
	}
	return value, err
}

// scanOwner is who can make a scan result that counts.
const scanOwner = "whoever holds a private key of the trust root"

// scanRemedy is how to make a scan result.
func scanRemedy(path string) string {
	return "picket scan " + shellQuote(path) + " --attest --private-key KEY.pem"
}

// blocked is the reason to deny that follows from a rule that does not hold.
func (e *evaluation) blocked(r rule, err error) Block {
	b := Block{Rule: r.ID, Severity: r.Severity, Message: r.Message, Owner: r.owner(), Description: r.Description,
		Remedy: r.remedy(e.facts.Artifact.Path)}
	if errors.Is(err, errFalse) {
		b.Detail = e.detail(r)
		return b
	}
	b.Error, b.Message, b.Detail = true, "the rule could not be evaluated", picket.Printable(err.Error(), picket.MaxExcerpt)
	b.Remedy = "correct the rule in the policy"
	if errors.Is(err, errNoScan) {
		b.Owner, b.Remedy = scanOwner, scanRemedy(e.facts.Artifact.Path)
	}
	return b
}

// warning is what a rule that holds has to say.
func (e *evaluation) warning(r rule) Warning {
	w := Warning{Rule: r.ID, Message: r.Warning, Detail: e.detail(r), Owner: r.owner(), Remedy: r.remedy(e.facts.Artifact.Path)}
	if w.Message == "" {
		w.Message = r.Message
	}
	return w
}

// detail is the text with the facts behind a rule. The decision stands without it.
func (e *evaluation) detail(r rule) string {
	if r.detail == nil {
		return ""
	}
	value, err := e.run(r.detail)
	if err != nil {
		return "no detail: " + picket.Printable(err.Error(), picket.MaxExcerpt)
	}
	text, ok := value.Value().(string)
	if !ok {
		return "no detail"
	}
	return picket.Printable(text, picket.MaxExcerpt)
}

// owner is who can fix what the rule finds.
func (r rule) owner() string {
	if r.Owner == "" {
		return "the owner of the model"
	}
	return r.Owner
}

// remedy is how.
func (r rule) remedy(path string) string {
	return strings.ReplaceAll(r.Remedy, "{path}", shellQuote(path))
}
