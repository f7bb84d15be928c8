package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// predicateForm makes the predicates of one kind: from flags of its own, or from a file.
type predicateForm struct {
	kind  string
	short string
	usage string // an example of the flags
	flags func(*cobra.Command)
	make  func(m *evidence.Manifest, now time.Time) (claim.Predicate, error) // nil when there is no way but a file
}

// attestClaimFlags are the flags of attest KIND.
type attestClaimFlags struct {
	hashFlags
	signer    signerFlags
	predicate string
	from      string
	claims    string
}

// newAttestCmd has one verb for each kind of claim that people make.
func newAttestCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attest",
		Short: "Sign a claim about a model: a review, an approval, an evaluation, how it was trained, …",
		Long: "Attest appends a signed claim to PATH/claims.jsonl (PATH.claims.jsonl for a file). A predicate file is JSON or YAML;\n" +
			"the schemas are in docs/reference. Fields named schema and time are filled in when they are left out.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, form := range predicateForms() {
		cmd.AddCommand(newAttestKindCmd(env, form))
	}
	return cmd
}

// newAttestKindCmd is the verb for one kind.
func newAttestKindCmd(env Env, form *predicateForm) *cobra.Command {
	var flags attestClaimFlags
	about := "model/"
	if form.kind == "dataset-profile" {
		about = "data/"
	}
	cmd := &cobra.Command{
		Use:     form.kind + " PATH",
		Short:   form.short,
		Example: "  picket attest " + form.kind + " " + about + " " + form.usage + " --private-key KEY.pem",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			signer, done, err := flags.signer.open(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			defer done()
			return flags.run(cmd.Context(), env, c, form, signer)
		},
	}
	flags.hashFlags.add(cmd)
	flags.signer.add(cmd, "")
	cmd.Flags().StringVar(&flags.predicate, "predicate", "", "JSON or YAML `FILE` with what the claim says")
	cmd.Flags().StringVar(&flags.claims, "claims", "", "append to `FILE` (default: PATH/claims.jsonl, or PATH.claims.jsonl)")
	if formats := importFormats(form.kind); formats != "" {
		cmd.Flags().StringVar(&flags.from, "from", "", "`FORMAT:FILE` that another tool wrote: "+formats)
	}
	if form.flags != nil {
		form.flags(cmd)
	}
	return cmd
}

// run makes, signs and keeps the claim.
func (a attestClaimFlags) run(ctx context.Context, env Env, c *content, form *predicateForm, signer evidence.Signer) error {
	m, err := a.hash(ctx, env, c)
	if err != nil {
		return err
	}
	predicate, err := a.say(form, m, env.Now().UTC())
	if err != nil {
		return err
	}
	payload, err := claim.About(m, predicate)
	if err != nil {
		return usagef("%w", err)
	}
	return keepClaim(ctx, env, form.kind, payload, signer, a.target(c))
}

// target is the file that the claim is appended to.
func (a attestClaimFlags) target(c *content) string {
	if a.claims != "" {
		return a.claims
	}
	return c.claims
}

// say makes the predicate from the one place that the flags name.
func (a attestClaimFlags) say(form *predicateForm, m *evidence.Manifest, now time.Time) (claim.Predicate, error) {
	switch {
	case a.predicate != "" && a.from != "":
		return nil, usagef("give --predicate or --from, not both")
	case a.from != "":
		return importPredicate(form.kind, a.from, now)
	case a.predicate != "":
		return readPredicate(form.kind, a.predicate, now)
	case form.make == nil:
		return nil, usagef("--predicate FILE is missing; what it holds is in docs/reference/%s-v1.schema.json", form.kind)
	}
	return form.make(m, now)
}

// keepClaim signs a statement and appends it to a file.
func keepClaim(ctx context.Context, env Env, kind string, payload []byte, signer evidence.Signer, file string) error {
	bundle, err := evidence.Sign(ctx, payload, signer)
	if err != nil {
		return err
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		return err
	}
	if err := claimstore.Append(file, bundle); err != nil {
		return errors.Join(err, fmt.Errorf("the %s was not kept", kind))
	}
	_, err = fmt.Fprintf(env.Stderr, "picket: attested %s about %s in %s\n", kind, st.Subject, shown(file))
	return err
}

// parseDay reads a time, or a day, which stands for its beginning in UTC.
func parseDay(flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--%s %q is neither a day such as 2027-01-31 nor a time such as 2027-01-31T12:00:00Z", flag, value)
}

// parseEnd reads the end of a claim. One that has ended already would never count.
func parseEnd(value string, now time.Time) (time.Time, error) {
	end, err := parseDay("expires", value)
	if err == nil && !end.IsZero() && !end.After(now) {
		err = usagef("--expires %s is past, so the claim would never count", value)
	}
	return end, err
}

// claimFiles finds the files of claims that paths name: files as they are, and in folders every claims.jsonl, *.claims.jsonl
// and *.sig.
func claimFiles(paths []string) ([]string, error) {
	const limit = 10_000
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, usagef("--claims: %w", err)
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		err = filepath.WalkDir(p, func(name string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			base := d.Name()
			if d.Type().IsRegular() && (strings.HasSuffix(base, "."+evidence.ClaimsFile) || base == evidence.ClaimsFile || strings.HasSuffix(base, ".sig")) {
				files = append(files, name)
			}
			if len(files) > limit {
				return fmt.Errorf("there are more than %d files of claims in %s", limit, p)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find claims: %w", err)
		}
	}
	return files, nil
}

// readClaims reads files of claims, or bundles of one claim. What is broken is an entry with its error.
func readClaims(paths []string) ([]claim.Entry, error) {
	files, err := claimFiles(paths)
	if err != nil {
		return nil, err
	}
	var entries []claim.Entry
	for _, file := range files {
		if !strings.HasSuffix(file, ".sig") {
			entries = append(entries, claimstore.Entries(file, file)...)
			continue
		}
		e := claim.Entry{File: file}
		data, err := readPlain(file, evidence.MaxBundle)
		if err == nil {
			e.Bundle, err = evidence.ParseBundle(data)
		}
		e.Err = err
		entries = append(entries, e)
	}
	return entries, nil
}
