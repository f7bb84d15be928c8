package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
)

// Cases are tests of a policy, as their authors write them: given facts, then a decision.
type Cases struct {
	Policy string // path of the policy, relative to the file of the cases; or the name of a shipped policy
	Tests  []Case
	// Complete asks that every rule of the policy denies in at least one test.
	Complete bool
}

// Case is one test.
type Case struct {
	Name  string
	Given Facts
	Then  struct {
		Decision string   // allow or deny, as if the policy were enforced
		Denies   []string // the IDs of exactly the rules that deny, in any order
		Warns    []string // the IDs of exactly the rules that warn; not looked at when left out
		Excepted []string // the IDs of exactly the rules that an exception lifts
	}
}

// LoadCases reads tests. Unknown keys are errors that wrap ErrPolicy. What a case leaves out is empty, but for what spares
// repetition: a time follows from an age and an age from a time, a signer without people is a person of that name, all claims that
// are given count, a malicious scan condemns, and declarations make the impact.
func LoadCases(r io.Reader, name string) (*Cases, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPolicyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read policy tests %s: %w", name, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var c Cases
	switch err := dec.Decode(&c); {
	case len(data) > maxPolicyFile:
		return nil, fmt.Errorf("read policy tests %s: %w: larger than %d bytes", name, ErrPolicy, maxPolicyFile)
	case err != nil:
		return nil, fmt.Errorf("read policy tests %s: %w: %w", name, ErrPolicy, err)
	case c.Policy == "" || len(c.Tests) == 0:
		return nil, fmt.Errorf("read policy tests %s: %w: it names no policy or has no tests", name, ErrPolicy)
	}
	for i := range c.Tests {
		if err := c.Tests[i].complete(); err != nil {
			return nil, fmt.Errorf("read policy tests %s: test %d (%s): %w: %w", name, i+1, c.Tests[i].Name, ErrPolicy, err)
		}
	}
	return &c, nil
}

// complete checks a case and derives what it may leave out.
func (c *Case) complete() error {
	if c.Name == "" || c.Then.Decision != "allow" && c.Then.Decision != "deny" {
		return errors.New("it needs a name and a decision, allow or deny")
	}
	g := &c.Given
	if g.Now.IsZero() {
		g.Now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if g.Head.State == "" {
		g.Head.State = HeadNone
	}
	for i := range g.Scans {
		var v picket.Verdict
		if err := v.UnmarshalText([]byte(g.Scans[i].Verdict)); err != nil {
			return err
		}
	}
	for i := range g.Claims {
		g.Claims[i].complete(g.Now)
	}
	for kind, origins := range g.origins() {
		for i, o := range origins {
			o.complete(g.Now)
			condemns := kind == "scan-result" && g.Scans[i].Verdict == picket.Malicious.String()
			g.Claims = append(g.Claims, Claim{Origin: *o, Kind: kind, Counts: true, Condemns: condemns})
		}
	}
	slices.SortStableFunc(g.Claims, func(a, b Claim) int { return strings.Compare(a.Kind, b.Kind) })
	g.settle()
	return nil
}

// complete derives what an origin may leave out.
func (o *Origin) complete(now time.Time) {
	if o.Time.IsZero() {
		o.Time = now.Add(-o.Age)
	}
	o.Age = age(o.Time, now)
	if len(o.People) == 0 {
		o.People = o.Signers
	}
}

// origins are those of all claims that count, by kind.
func (f *Facts) origins() map[string][]*Origin {
	return map[string][]*Origin{
		"scan-result": origins(f.Scans), "signature": origins(f.Signatures), "manifest": origins(f.Manifests), "bom": origins(f.Boms),
		"provenance": origins(f.Provenance), "training-run": origins(f.Training), "dataset-profile": origins(f.Datasets),
		"evaluation": origins(f.Evaluations), "vulnerability-status": origins(f.Vulnerabilities), "review": origins(f.Reviews),
		"approval": origins(f.Approvals), "exception": origins(f.Exceptions), "vendor-assessment": origins(f.Assessments),
		"declaration": origins(f.Declarations), "revocation": origins(f.Revocations),
	}
}

// origins are those of one list.
func origins[T any, P interface {
	*T
	origin() *Origin
}](list []T) []*Origin {
	var all []*Origin
	for i := range list {
		all = append(all, P(&list[i]).origin())
	}
	return all
}

// Check runs the case and returns what is not as expected; nil when all is.
func (c Case) Check(ctx context.Context, p *Policy) error {
	r := p.Decide(ctx, c.Given)
	got := "deny"
	if r.Decision.Allow {
		got = "allow"
	}
	if got != c.Then.Decision {
		return fmt.Errorf("decision %s, want %s: %s", got, c.Then.Decision, strings.Join(r.Decision.Reasons, "; "))
	}
	if got, want := idsOf(r.Blocks, func(b Block) string { return b.Rule }), sorted(c.Then.Denies); !slices.Equal(got, want) {
		return fmt.Errorf("denied by %q, want %q", got, want)
	}
	if got, want := idsOf(r.Warnings, func(w Warning) string { return w.Rule }), sorted(c.Then.Warns); c.Then.Warns != nil && !slices.Equal(got, want) {
		return fmt.Errorf("warned by %q, want %q", got, want)
	}
	if got, want := idsOf(r.Excepted, func(e Excepted) string { return e.Rule }), sorted(c.Then.Excepted); !slices.Equal(got, want) {
		return fmt.Errorf("excepted are %q, want %q", got, want)
	}
	return nil
}

// Untested are the rules of the policy that deny or warn in no test: nobody has shown that they can. A rule that only warns
// is tested by a warning.
func (c *Cases) Untested(p *Policy) []string {
	tested := map[string]bool{}
	for _, t := range c.Tests {
		for _, id := range t.Then.Denies {
			tested[id] = true
		}
		for _, id := range t.Then.Warns {
			tested[id+" warns"] = true
		}
	}
	var missing []string
	for _, r := range p.rules {
		if !tested[r.ID] && (r.Require != "" || !tested[r.ID+" warns"]) {
			missing = append(missing, r.ID)
		}
	}
	return missing
}

// idsOf are the different IDs, sorted.
func idsOf[T any](list []T, id func(T) string) []string {
	var ids []string
	for _, x := range list {
		ids = append(ids, id(x))
	}
	return sorted(ids)
}

// sorted are the different texts in order.
func sorted(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
