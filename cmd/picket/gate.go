package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

// gateFlags are the flags of the verbs that decide.
type gateFlags struct {
	factFlags
	out    plainOutput
	policy string
}

// add declares the flags.
func (g *gateFlags) add(cmd *cobra.Command) {
	g.factFlags.add(cmd)
	g.out.add(cmd)
	cmd.Flags().StringVar(&g.policy, "policy", "", "`FILE` with the policy, or the name of a shipped one, which is then enforced: development, release, regulated\n"+
		"(default: the environment variable PICKET_POLICY)")
}

func newGateCmd(env Env) *cobra.Command {
	var flags gateFlags
	var decision decisionFlags
	cmd := &cobra.Command{
		Use:   "gate PATH",
		Short: "Decide whether a model may be used, on the signed claims about it",
		Long: "Gate hashes the content, checks every claim about it and evaluates a policy. A claim counts only when someone in the\n" +
			"trust root signed it who may, it is about this very content and covers every file. Every error denies. What was\n" +
			"revoked, and what was made from it, is denied whatever the policy says.\n\n" +
			"With --attest the decision is appended to the claims, signed. It is a record and never a reason to allow.\n\n" +
			"Exit codes: 0 allowed, or denied by a policy that only audits · 1 error · 2 usage · 3 denied.",
		Example: "  picket gate model/ --policy release --trust .picket/trust.yaml\n" +
			"  picket gate model/ --policy .picket/release.yaml --head head.json --claims ../claims\n" +
			"  picket gate model/ --policy regulated --trust keys/ --impact leak=high --format json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.choosePolicy(env)
			if err := needs(cmd, "policy", flags.policy); err != nil {
				return err
			}
			record, err := decision.begin(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			defer record.done()
			return flags.run(cmd.Context(), env, args[0], (*gateDocument).writeDecision, record)
		},
	}
	flags.add(cmd)
	flags.addHead(cmd)
	decision.add(cmd)
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
			return flags.run(cmd.Context(), env, args[0], (*gateDocument).writeReasons, nothing())
		},
	}
	flags.add(cmd)
	flags.addHead(cmd)
	return cmd
}

// choosePolicy falls back on the environment: never on a file that merely lies somewhere.
func (g *gateFlags) choosePolicy(env Env) {
	if g.policy == "" {
		g.policy = env.Getenv("PICKET_POLICY")
	}
	if g.policy != "" && !shipped(g.policy) && env.Getenv("PICKET_TRUST") == "" {
		g.trust.choose(filepath.Dir(g.policy))
	}
}

// run decides and writes the answer.
func (g gateFlags) run(ctx context.Context, env Env, path string, text func(*gateDocument, io.Writer) error, record recorder) error {
	if err := g.out.check(); err != nil {
		return err
	}
	doc, err := g.decide(ctx, env, path)
	if err != nil {
		return err
	}
	if err := record.keep(doc); err != nil {
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

// decide reads the policy and the trust root and decides. An error means that there is no decision; the exit code then stops a
// pipeline as well.
func (g gateFlags) decide(ctx context.Context, env Env, path string) (*gateDocument, error) {
	rules, err := readPolicy(g.policy)
	if err != nil {
		return nil, err
	}
	root, notes, err := g.trust.read(env)
	if err != nil {
		return nil, err
	}
	doc, err := g.apply(ctx, env, path, rules, root)
	if err != nil {
		return nil, err
	}
	doc.note(notes)
	return doc, nil
}

// apply gathers the facts and evaluates the policy.
func (g gateFlags) apply(ctx context.Context, env Env, path string, rules *policy.Policy, root *trust.Root) (*gateDocument, error) {
	c, err := findContent(path)
	if err != nil {
		return nil, err
	}
	facts, err := g.gather(ctx, env, c, root)
	if err != nil {
		return nil, err
	}
	return newGateDocument(path, facts, rules.Decide(ctx, facts.Facts), root)
}

// shipped reports whether a policy is named, and not a file. A file of that name is given as ./release.
func shipped(name string) bool { return slices.Contains(policy.Shipped(), name) }

// readPolicy reads the policy that --policy names, or the development policy when there is none. A shipped policy that is
// named is enforced: it has no file in which the mode could be changed.
func readPolicy(name string) (*policy.Policy, error) {
	if name == "" {
		name = policy.Shipped()[0]
	}
	if !shipped(name) {
		return loadPolicy(name)
	}
	p, err := policy.LoadShipped(name)
	if err != nil {
		return nil, err
	}
	p.Mode = policy.Enforce
	return p, nil
}

// loadPolicy reads a policy from a file.
func loadPolicy(name string) (*policy.Policy, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--policy %s is neither a file nor a shipped policy: %s", name, strings.Join(policy.Shipped(), ", "))
	}
	if err != nil {
		return nil, usagef("--policy: %w", err)
	}
	p, err := policy.Load(f, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, usagef("--policy: %w", err)
	}
	return p, nil
}

// decisionFlags turn a decision into a signed claim.
type decisionFlags struct {
	signerFlags
	attest bool
}

// add declares the flags.
func (d *decisionFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.attest, "attest", false, "append the decision, signed, to PATH/claims.jsonl (PATH.claims.jsonl for a file)")
	d.signerFlags.add(cmd, " for --attest")
}

// recorder keeps a decision; done is called when nothing more is kept.
type recorder struct {
	keep func(*gateDocument) error
	done func()
}

// begin makes the signer before anything is hashed, so that a wrong key costs no time.
func (d *decisionFlags) begin(ctx context.Context, env Env, path string) (recorder, error) {
	if !d.attest {
		if d.given() {
			return recorder{}, usagef("--private-key and the other flags of a signer are for --attest, which is not given")
		}
		return nothing(), nil
	}
	c, err := findContent(path)
	if err != nil {
		return recorder{}, err
	}
	signer, done, err := d.open(ctx, env, c)
	if err != nil {
		return recorder{}, err
	}
	keep := func(doc *gateDocument) error {
		if doc.Digest == "" {
			return fmt.Errorf("record decision: %s has no digest", doc.Path)
		}
		payload, err := claim.NewStatement(c.name, doc.Digest, doc.claim(env.Now()))
		if err != nil {
			return err
		}
		return keepClaim(ctx, env, "decision", payload, signer, c.claims)
	}
	return recorder{keep: keep, done: done}, nil
}

// nothing keeps no decision.
func nothing() recorder {
	return recorder{keep: func(*gateDocument) error { return nil }, done: func() {}}
}
