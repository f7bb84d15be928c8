package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/policy"
)

// gateFlags are the flags of the verbs that decide.
type gateFlags struct {
	hashFlags
	out    plainOutput
	policy string
	trust  string
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
	cmd.Flags().StringVar(&g.policy, "policy", "", "`FILE` with the policy")
	cmd.Flags().StringVar(&g.trust, "trust", "", "`FILE` or folder with the keys whose claims count (default: trust.yaml beside the policy)")
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
			return flags.run(cmd, env, args[0], func(doc *gateDocument) func(io.Writer) error { return doc.writeDecision })
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
		Long: "Why decides like picket gate and explains each reason. It changes nothing.\n\n" +
			"Exit codes are those of picket gate.",
		Example: "  picket why model/ --policy .picket/release.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, env, args[0], func(doc *gateDocument) func(io.Writer) error { return doc.writeReasons })
		},
	}
	flags.add(cmd)
	return cmd
}

// run decides and writes the answer in the form that text gives.
func (g gateFlags) run(cmd *cobra.Command, env Env, path string, text func(*gateDocument) func(io.Writer) error) error {
	if err := errors.Join(needs(cmd, "policy", g.policy), g.out.check()); err != nil {
		return err
	}
	doc, err := g.decide(cmd.Context(), env, path)
	if err != nil {
		return err
	}
	if err := g.out.answer(env, doc, text(doc)); err != nil {
		return err
	}
	if !doc.Allowed {
		return exitCode(exitFinding)
	}
	return nil
}

// decide gathers the facts and evaluates the policy.
func (g gateFlags) decide(ctx context.Context, env Env, path string) (*gateDocument, error) {
	rules, err := loadPolicy(g.policy)
	if err != nil {
		return nil, err
	}
	if g.trust == "" {
		g.trust = filepath.Join(filepath.Dir(g.policy), "trust.yaml")
	}
	trust, err := readTrust(g.trust)
	if err != nil {
		return nil, err
	}
	c, err := findContent(path)
	if err != nil {
		return nil, err
	}
	m, err := c.hash(ctx, g.options())
	if err != nil {
		return nil, err
	}
	claims := c.judge(trust, m)
	report := rules.Decide(ctx, policy.NewFacts(path, m, claims, env.Now().UTC()))
	listed := newClaimsDocument(c, m, claims)
	return &gateDocument{
		Schema: "picket.decision/1", Path: path, Digest: m.Digest(), Policy: report.Policy, Mode: report.Mode,
		Allow: report.Decision.Allow, Allowed: report.Allowed(),
		Reasons: append([]string{}, report.Decision.Reasons...), Errors: append([]string{}, report.Decision.Errors...),
		Blocks: append([]policy.Block{}, report.Blocks...), Passed: append([]string{}, report.Passed...),
		Claims: listed.Claims, Notes: listed.Notes,
	}, nil
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
	return l.writeTo(w)
}
