package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
)

// newClaimsHeadCmd makes heads.
func newClaimsHeadCmd(env Env) *cobra.Command {
	var signer signerFlags
	var trusted trustFlags
	var bundle string
	cmd := &cobra.Command{
		Use:   "head PATH",
		Short: "Sign how many claims there are and their Merkle root, so that taking one out is noticed",
		Long: "Head appends a signed head to the claims of a model. With --bundle it is written to a file as well: keep that where\n" +
			"nobody who can change the claims can change it, and give it to picket claims check.",
		Example: "  picket claims head model/ --private-key ci.pem --bundle heads/model.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			key, done, err := signer.open(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			defer done()
			root, _, err := trusted.read(env)
			if err != nil {
				return err
			}
			return makeHead(cmd.Context(), env, c, key, root, bundle)
		},
	}
	signer.add(cmd, "")
	trusted.add(cmd)
	cmd.Flags().StringVar(&bundle, "bundle", "", "write the head to `FILE` too")
	return cmd
}

// makeHead signs the head of the claims and keeps it.
func makeHead(ctx context.Context, env Env, c *content, key evidence.Signer, root *trust.Root, bundle string) error {
	entries := claimstore.Entries(c.claims, c.claims)
	head, err := claim.NewHead(entries)
	if err != nil {
		return err
	}
	head.Time = env.Now()
	set := claim.Gather(entries, claim.Options{Authority: root, Now: env.Now().UTC()})
	for _, one := range set.Claims {
		if h, ok := one.Predicate.(*claim.Head); ok {
			head.Previous = &claim.Previous{Count: h.Count, Root: h.Root}
		}
	}
	payload, err := claim.NewStatement(c.name, head.Root, head)
	if err != nil {
		return err
	}
	signed, err := evidence.Sign(ctx, payload, key)
	if err != nil {
		return err
	}
	if bundle != "" {
		if c.holds(bundle) {
			return usagef("--bundle %s lies beside the claims: whoever changes them changes it too; name a place outside", bundle)
		}
		if err := writeBundle(bundle, signed); err != nil {
			return err
		}
	}
	if err := claimstore.Append(c.claims, signed); err != nil {
		return errors.Join(err, errors.New("the head was not kept"))
	}
	_, err = fmt.Fprintf(env.Stdout, "head of %s  %s  %s\n", count(int(head.Count), "claim"), head.Root, shown(c.claims))
	return err
}

// newClaimsCheckCmd compares claims with a known head.
func newClaimsCheckCmd(env Env) *cobra.Command {
	var trusted trustFlags
	var file string
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Compare the claims about a model with a head that was kept elsewhere",
		Long: "Check fails when claims that the head counts were taken out, rolled back, changed, reordered or replaced, and when\n" +
			"nobody in the trust root signed the head. Claims that were added since are fine.\n\n" +
			"Exit codes: 0 the claims are those of the head · 1 error · 2 usage · 3 they are not.",
		Example: "  picket claims check model/ --head heads/model.json --trust trust.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "head", file); err != nil {
				return err
			}
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			root, _, err := trusted.read(env)
			if err != nil {
				return err
			}
			if root.Len() == 0 {
				return usagef("--trust is missing: it names who may sign the head; see %s --help", cmd.CommandPath())
			}
			return checkHead(env, c, root, file)
		},
	}
	trusted.add(cmd)
	cmd.Flags().StringVar(&file, "head", "", "`FILE` with the head, as picket claims head --bundle writes it")
	return cmd
}

// checkHead verifies the head, and the claims against it.
func checkHead(env Env, c *content, root *trust.Root, file string) error {
	data, err := readSmall(file, evidence.MaxBundle)
	if err != nil {
		return usagef("--head: %w", err)
	}
	bundle, err := evidence.ParseBundle(data)
	if err != nil {
		return usagef("--head %s: %w", file, err)
	}
	known := claim.Check(file, bundle, claim.Options{Authority: root, Now: env.Now().UTC()})
	head, ok := known.Predicate.(*claim.Head)
	entries := claimstore.Entries(c.claims, c.claims)
	var failures []string
	switch {
	case known.Failure != nil:
		failures = append(failures, "the head itself does not hold: "+known.Failure.Error())
	case !ok:
		return usagef("--head %s is a %s", file, known.Kind.Title)
	default:
		if err := claim.CheckHead(entries, head); err != nil {
			failures = append(failures, "head: "+err.Error())
		}
	}
	for _, one := range claim.Gather(entries, claim.Options{Authority: root, Now: env.Now().UTC()}).Claims {
		if f, ok := errors.AsType[*claim.Failure](one.Failure); ok && (f.Test == claim.HeadOfClaims || f.Test == claim.Format) {
			failures = append(failures, one.Source+": "+f.Error())
		}
	}
	var l lines
	for _, f := range failures {
		l.add("FAILED  %s: %s", shown(c.claims), shown(f))
	}
	if len(failures) == 0 {
		l.add("%s  the first %s are those of the head that %s signed; %d more", shown(c.claims), count(int(head.Count), "claim"),
			shown(known.Signer), int64(len(entries))-head.Count)
	}
	if err := l.writeTo(env.Stdout); err != nil {
		return err
	}
	if len(failures) > 0 {
		return exitCode(exitFinding)
	}
	return nil
}

// newClaimsCountersignCmd adds a second signature.
func newClaimsCountersignCmd(env Env) *cobra.Command {
	var signer signerFlags
	var trusted trustFlags
	cmd := &cobra.Command{
		Use:   "countersign PATH LINE",
		Short: "Sign the statement of a claim that somebody else signed, as a second person",
		Long: "Countersign appends the same statement under another signature. Reviews that approve, and exceptions, count when two\n" +
			"different people signed them. What is signed is printed first; the first signature must be by someone in the trust root.",
		Example: "  picket claims countersign model/ 4 --private-key second.pem --trust trust.yaml",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			line, err := strconv.Atoi(args[1])
			if err != nil || line < 1 {
				return usagef("LINE %q is not a number from 1 up; picket claims lists them", args[1])
			}
			key, done, err := signer.open(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			defer done()
			root, _, err := trusted.read(env)
			if err != nil {
				return err
			}
			return countersign(cmd.Context(), env, c, line, key, root)
		},
	}
	signer.add(cmd, "")
	trusted.add(cmd)
	return cmd
}

// countersign signs what stands in a line. Nobody is asked to sign what a stranger wrote.
func countersign(ctx context.Context, env Env, c *content, line int, key evidence.Signer, root *trust.Root) error {
	entries := claimstore.Entries(c.claims, c.claims)
	if line > len(entries) {
		return usagef("%s has %s, no line %d", c.claims, count(len(entries), "line"), line)
	}
	e := entries[line-1]
	if e.Err != nil {
		return e.Err
	}
	name, proof, err := root.Verify(e.Bundle)
	if err != nil {
		return fmt.Errorf("%s: %w; name the trust root with --trust", e.Source(), err)
	}
	st, err := evidence.ParseStatement(proof.Payload)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Source(), err)
	}
	kind, ok := claim.KindOf(st.PredicateType)
	if !ok {
		return fmt.Errorf("%s: predicate type %q: %w", e.Source(), shown(st.PredicateType), evidence.ErrUnsupported)
	}
	if _, err := kind.Parse(st); err != nil {
		return fmt.Errorf("%s: %w", e.Source(), err)
	}
	if proof.Signatory.Key == key.Public().Hint() {
		return usagef("this key signed line %d already; a second person needs a key of their own", line)
	}
	if _, err := fmt.Fprintf(env.Stdout, "%s about %s, signed by %s:\n%s\n", kind.Title, st.Subject, shown(name), picket.Printable(string(st.Predicate), evidence.MaxBundle)); err != nil {
		return err
	}
	return keepClaim(ctx, env, kind.Name, proof.Payload, key, c.claims)
}
