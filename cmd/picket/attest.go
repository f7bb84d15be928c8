package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/policy/exception"
)

// attestFlags turn the result of a scan into a signed claim.
type attestFlags struct {
	signerFlags
	attest        bool
	allowSymlinks bool
	cache         cacheFlags
}

// add declares the flags.
func (a *attestFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.attest, "attest", false, "append the result, signed, to PATH/claims.jsonl (PATH.claims.jsonl for a file)")
	a.signerFlags.add(cmd, " for --attest")
	cmd.Flags().BoolVar(&a.allowSymlinks, "allow-symlinks", false, "for --attest: hash what links to files point to, see picket sign")
	a.cache.add(cmd)
}

// check refuses what cannot be attested before any work is done.
func (a *attestFlags) check(args []string, flags scanFlags) error {
	switch {
	case !a.attest && a.given():
		return usagef("--private-key and the other flags of a signer are for --attest, which is not given")
	case !a.attest:
		return nil
	case len(args) == 1 && resolve.Remote(args[0]):
		return usagef("--attest writes beside the content; picket pull --attest brings it here first")
	case len(args) != 1 || args[0] == "-":
		return usagef("--attest is about one file or folder")
	case flags.noDigest:
		return usagef("--attest needs digests; leave out --no-digest")
	case flags.baseline != "":
		return usagef("--attest must report everything; leave out --baseline")
	}
	return a.signerFlags.check()
}

// begin makes the signer before the scan, so that a wrong key costs no time; nil when nothing is attested. Call done at the end.
func (a *attestFlags) begin(ctx context.Context, env Env, args []string) (signer evidence.Signer, done func(), err error) {
	if !a.attest {
		return nil, func() {}, nil
	}
	c, err := findContent(args[0])
	if err != nil {
		return nil, nil, err
	}
	return a.open(ctx, env, c)
}

// run appends the claim. The content is hashed as a whole, and every file must still have the digest that was scanned.
func (a *attestFlags) run(ctx context.Context, env Env, s picket.Scan, config exception.Config, path string, signer evidence.Signer) error {
	if !a.attest {
		return nil
	}
	c, err := findContent(path)
	if err != nil {
		return err
	}
	opts := evidence.Options{AllowSymlinks: a.allowSymlinks}
	save, err := a.cache.use(env, c, false, &opts)
	if err != nil {
		return err
	}
	m, err := c.hash(ctx, opts)
	save()
	if err != nil {
		return err
	}
	effective, err := yaml.Marshal(config)
	if err != nil {
		return fmt.Errorf("hash the configuration: %w", err)
	}
	details := claim.ScanDetails{Time: env.Now(), Configuration: picket.SHA256(sha256.Sum256(effective))}
	statement, err := claim.NewScanStatement(s, m, details)
	if err != nil {
		return err
	}
	bundle, err := evidence.Sign(ctx, statement, signer)
	if err != nil {
		return err
	}
	if err := claimstore.Append(c.claims, bundle); err != nil {
		return errors.Join(err, errors.New("the result was not attested"))
	}
	_, err = fmt.Fprintf(env.Stderr, "picket: attested %s about %s in %s\n", s.Verdict(), m.Digest(), shown(c.claims))
	return err
}
