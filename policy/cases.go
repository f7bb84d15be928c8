package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
)

// Cases are tests of a policy, as their authors write them: given facts, then a decision.
type Cases struct {
	Policy string // path of the policy, relative to the file of the cases
	Tests  []Case
}

// Case is one test.
type Case struct {
	Name  string
	Given Facts
	Then  struct {
		Decision string   // allow or deny, as if the policy were enforced
		Denies   []string // the IDs of exactly the rules that deny, in any order
	}
}

// LoadCases reads tests. Unknown keys are errors that wrap ErrPolicy. What a case leaves out is empty, with two exceptions
// that spare repetition: every scan and signature is also a claim that counts, and a malicious scan condemns.
func LoadCases(r io.Reader, name string) (*Cases, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPolicyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read policy tests %s: %w", name, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var c Cases
	switch err := dec.Decode(&c); {
	case err != nil:
		return nil, fmt.Errorf("read policy tests %s: %w: %w", name, ErrPolicy, err)
	case len(data) > maxPolicyFile || c.Policy == "" || len(c.Tests) == 0:
		return nil, fmt.Errorf("read policy tests %s: %w: it names no policy, has no tests, or is too large", name, ErrPolicy)
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
	for i := range g.Scans {
		s := &g.Scans[i]
		var v picket.Verdict
		if err := v.UnmarshalText([]byte(s.Verdict)); err != nil {
			return err
		}
		g.Claims = append(g.Claims, Claim{Source: s.Source, Key: s.Key, Counts: true, Condemns: v == picket.Malicious})
	}
	g.Scan = deciding(g.Scans)
	for _, s := range g.Signatures {
		g.Claims = append(g.Claims, Claim{Source: s.Source, Key: s.Key, Counts: true})
	}
	return nil
}

// Check runs the case and returns what is not as expected; nil when all is.
func (c Case) Check(ctx context.Context, p *Policy) error {
	r := p.Decide(ctx, c.Given)
	got := "deny"
	if r.Decision.Allow {
		got = "allow"
	}
	var denies []string
	for _, b := range r.Blocks {
		denies = append(denies, b.Rule)
	}
	slices.Sort(denies)
	denies = slices.Compact(denies)
	want := slices.Sorted(slices.Values(c.Then.Denies))
	switch {
	case got != c.Then.Decision:
		return fmt.Errorf("decision %s, want %s: %s", got, c.Then.Decision, strings.Join(r.Decision.Reasons, "; "))
	case !slices.Equal(denies, want):
		return fmt.Errorf("denied by %q, want %q", denies, want)
	}
	return nil
}
