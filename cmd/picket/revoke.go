package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
)

// revokeFlags are the flags of the verb.
type revokeFlags struct {
	hashFlags
	signer    signerFlags
	reason    string
	text      string
	target    string
	effective string
	claims    string
	only      bool
}

func newRevokeCmd(env Env) *cobra.Command {
	var flags revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke DIGEST|PATH|KEY.pub",
		Short: "Take trust away from content, from one claim or from a key, for ever",
		Long: "Revoke appends a signed revocation. Of content it reaches everything that descends from it, as far as claims say so:\n" +
			"picket blast lists that. It cannot be taken back: content that was repaired has another digest.\n\n" +
			"A path is hashed, and the revocation is kept beside it. A digest needs --claims FILE: the file that gates read\n" +
			"with --claims.",
		Example: "  picket revoke model/ --reason poisoned --private-key security.pem\n" +
			"  picket revoke sha256:… --reason malicious --claims revoked.jsonl --private-key security.pem\n" +
			"  picket revoke --target key ci.pub --reason compromised --effective 2026-11-01 --claims revoked.jsonl --private-key security.pem",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "reason", flags.reason); err != nil {
				return err
			}
			return flags.run(cmd.Context(), env, args[0])
		},
	}
	flags.hashFlags.add(cmd)
	flags.signer.add(cmd, "")
	cmd.Flags().StringVar(&flags.reason, "reason", "", "`REASON`: malicious, poisoned, vulnerable, compromised, licence, legal, privacy, quality, superseded, other")
	cmd.Flags().StringVar(&flags.text, "text", "", "`TEXT` that says more")
	cmd.Flags().StringVar(&flags.target, "target", claim.RevokeContent, "`KIND` of what is revoked: content, claim, key")
	cmd.Flags().StringVar(&flags.effective, "effective", "", "`DAY` or time from which on a key is not trusted (default: now)")
	cmd.Flags().StringVar(&flags.claims, "claims", "", "append to `FILE` (default: beside PATH)")
	cmd.Flags().BoolVar(&flags.only, "no-cascade", false, "leave alone what descends from the content")
	return cmd
}

// run signs and keeps the revocation.
func (r revokeFlags) run(ctx context.Context, env Env, what string) error {
	if !slices.Contains([]string{claim.RevokeContent, claim.RevokeClaim, claim.RevokeKey}, r.target) {
		return usagef("--target %q is not one of content, claim, key", r.target)
	}
	subject, name, target, err := r.subject(ctx, env, what)
	if err != nil {
		return err
	}
	if target == "" {
		return usagef("--claims FILE is missing: a digest has no folder to keep the revocation in")
	}
	signer, done, err := r.signer.open(ctx, env, nil)
	if err != nil {
		return err
	}
	defer done()
	p := &claim.Revocation{Time: env.Now(), Target: r.target, Reason: r.reason, Text: r.text, Effective: env.Now(),
		Cascade: r.target == claim.RevokeContent && !r.only}
	if r.effective != "" {
		if p.Effective, err = parseDay("effective", r.effective); err != nil {
			return err
		}
	}
	payload, err := claim.NewStatement(name, subject, p)
	if err != nil {
		return usagef("%w", err)
	}
	return keepClaim(ctx, env, "revocation", payload, signer, target)
}

// subject is the digest of what is revoked, and the file that the revocation goes to.
func (r revokeFlags) subject(ctx context.Context, env Env, what string) (subject picket.Digest, name, target string, err error) {
	if subject, err := picket.ParseDigest(what); err == nil {
		return subject, "", r.claims, nil
	}
	if r.target == claim.RevokeKey {
		key, err := readPublicKey(what)
		if err != nil {
			return "", "", "", err
		}
		return picket.Digest("sha256:" + key.Hint()), "", r.claims, nil
	}
	c, err := findContent(what)
	if err != nil {
		return "", "", "", usagef("%q is neither a digest of the form sha256:… nor a file or folder", what)
	}
	if r.target != claim.RevokeContent {
		return "", "", "", usagef("--target %s needs a digest, not a path", r.target)
	}
	if _, err := readPublicKey(what); err == nil {
		return "", "", "", usagef("%s is a public key: --target key revokes the key, and not only this file", what)
	}
	m, err := r.hash(ctx, env, c)
	if err != nil {
		return "", "", "", err
	}
	target = r.claims
	if target == "" {
		target = c.claims
	}
	return m.Digest(), m.Name, target, nil
}
