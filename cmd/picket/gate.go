package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

// gateFlags are the flags of the verbs that decide.
type gateFlags struct {
	hashFlags
	out    plainOutput
	policy string
	trust  trustFlags
}

// gateDocument is the JSON form of a decision.
type gateDocument struct {
	Schema string        `json:"schema"`
	Path   string        `json:"path"`
	Digest picket.Digest `json:"digest"`
	Policy string        `json:"policy"`
	Mode   policy.Mode   `json:"mode"`
	// Allow is the decision; Allowed is whether it lets the content pass, which audit mode always does.
	Allow   bool            `json:"allow"`
	Allowed bool            `json:"allowed"`
	Reasons []string        `json:"reasons"`
	Errors  []string        `json:"errors"`
	Blocks  []policy.Block  `json:"blocks"`
	Passed  []string        `json:"passed"`
	Claims  []claimDocument `json:"claims"`
	Notes   []string        `json:"notes"`
}

// add declares the flags.
func (g *gateFlags) add(cmd *cobra.Command) {
	g.hashFlags.add(cmd)
	g.out.add(cmd)
	cmd.Flags().StringVar(&g.policy, "policy", "", "`FILE` with the policy (default: the environment variable PICKET_POLICY)")
	g.trust.add(cmd)
}

func newGateCmd(env Env) *cobra.Command {
	var flags gateFlags
	cmd := &cobra.Command{
		Use:   "gate PATH",
		Short: "Decide whether a model may be used, on the signed claims about it",
		Long: "Gate hashes the content, checks every claim about it and evaluates a policy. A claim counts only when a key of the\n" +
			"trust root signed it, it is about this very content and covers every file. Every error denies.\n\n" +
			"Exit codes: 0 allowed, or denied by a policy that only audits · 1 error · 2 usage · 3 denied.",
		Example: "  picket gate model/ --policy .picket/release.yaml\n  picket gate model/ --policy release.yaml --trust keys/ --format json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.choosePolicy(env)
			if err := needs(cmd, "policy", flags.policy); err != nil {
				return err
			}
			return flags.run(cmd.Context(), env, args[0], (*gateDocument).writeDecision)
		},
	}
	flags.add(cmd)
	return cmd
}

func newWhyCmd(env Env) *cobra.Command {
	var flags gateFlags
	cmd := &cobra.Command{
		Use:   "why PATH",
		Short: "Explain what blocks a model, who can fix it, and with which command",
		Long: "Why decides like picket gate and explains each reason. Without a policy it uses the shipped policy development,\n" +
			"enforced. It changes nothing.\n\nExit codes are those of picket gate.",
		Example: "  picket why model/\n  picket why model/ --policy .picket/release.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.choosePolicy(env)
			return flags.run(cmd.Context(), env, args[0], (*gateDocument).writeReasons)
		},
	}
	flags.add(cmd)
	return cmd
}

// choosePolicy falls back on the environment: never on a file that merely lies somewhere.
func (g *gateFlags) choosePolicy(env Env) {
	if g.policy == "" {
		g.policy = env.Getenv("PICKET_POLICY")
	}
	if g.policy != "" && env.Getenv("PICKET_TRUST") == "" {
		g.trust.choose(filepath.Dir(g.policy))
	}
}

// run decides and writes the answer.
func (g gateFlags) run(ctx context.Context, env Env, path string, text func(*gateDocument, io.Writer) error) error {
	if err := g.out.check(); err != nil {
		return err
	}
	doc, err := g.decide(ctx, env, path)
	if err != nil {
		return err
	}
	if err := g.out.answer(env, doc, func(w io.Writer) error { return text(doc, w) }); err != nil {
		return err
	}
	if !doc.Allowed {
		return exitCode(exitFinding)
	}
	return nil
}

// decide gathers the facts and evaluates the policy. An error means that there is no decision; the exit code then stops a
// pipeline as well.
func (g gateFlags) decide(ctx context.Context, env Env, path string) (*gateDocument, error) {
	rules, err := g.loadPolicy()
	if err != nil {
		return nil, err
	}
	root, notes, err := g.trust.read(env)
	if err != nil {
		return nil, err
	}
	c, err := findContent(path)
	if err != nil {
		return nil, err
	}
	facts, claims, err := g.facts(ctx, env, c, root)
	if err != nil {
		return nil, err
	}
	report := rules.Decide(ctx, facts)
	listed := newClaimsDocument(c, picket.Digest(facts.Artifact.Digest), claims, notes)
	return &gateDocument{
		Schema: "picket.decision/1", Path: path, Digest: listed.Digest, Policy: report.Policy, Mode: report.Mode,
		Allow: report.Decision.Allow, Allowed: report.Allowed(),
		Reasons: append([]string{}, report.Decision.Reasons...), Errors: append([]string{}, report.Decision.Errors...),
		Blocks: append([]policy.Block{}, report.Blocks...), Passed: append([]string{}, report.Passed...),
		Claims: listed.Claims, Notes: listed.Notes,
	}, nil
}

// facts hashes the content and checks its claims. Content that cannot be hashed is a fact, which denies.
func (g gateFlags) facts(ctx context.Context, env Env, c *content, root *trust.Root) (policy.Facts, []*claim.Claim, error) {
	now := env.Now().UTC()
	m, err := g.hash(ctx, env, c)
	if ctx.Err() != nil {
		return policy.Facts{}, nil, ctx.Err()
	}
	if err != nil {
		return policy.Facts{Artifact: policy.Artifact{Path: c.path, Name: c.name}, Now: now, Failure: err.Error()}, nil, nil //nolint:nilerr // a fact that denies
	}
	claims := c.judge(root, m, now)
	return policy.NewFacts(c.path, m, claims, root, now), claims, nil
}

// loadPolicy reads the policy of the flags, or the development policy in enforcing mode when there is none.
func (g gateFlags) loadPolicy() (*policy.Policy, error) {
	if g.policy != "" {
		return loadPolicy(g.policy)
	}
	p, err := policy.LoadShipped("development")
	if err != nil {
		return nil, err
	}
	p.Mode = policy.Enforce
	return p, nil
}

// loadPolicy reads the policy that --policy names.
func loadPolicy(name string) (*policy.Policy, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("--policy: %w", err)
	}
	p, err := policy.Load(f, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, usagef("--policy: %w", err)
	}
	return p, nil
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
	for _, id := range d.Passed {
		l.add("  holds   %s", shown(id))
	}
	if len(d.Blocks) > 0 {
		l.add("  picket why tells who can fix what, with the command")
	}
	for _, note := range d.Notes {
		l.add("note: %s", note)
	}
	return l.writeTo(w)
}

// writeReasons is the answer of why for people.
func (d *gateDocument) writeReasons(w io.Writer) error {
	var l lines
	d.headline(&l)
	for _, b := range d.Blocks {
		l.add("")
		l.add("%s", shown(b.Rule))
		l.add("  blocks  %s", shown(b.Message))
		if b.Detail != "" {
			l.add("  facts   %s", shown(b.Detail))
		}
		l.add("  who     %s", shown(b.Owner))
		l.add("  do      %s", shown(b.Remedy))
	}
	if len(d.Blocks) == 0 {
		l.add("  nothing blocks it")
	}
	for _, note := range d.Notes {
		l.add("note: %s", note)
	}
	return l.writeTo(w)
}
