package main

import (
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
)

// signFlags are the flags of the verb.
type signFlags struct {
	hashFlags
	form   formFlags
	signer signerFlags
	bundle string
}

func newSignCmd(env Env) *cobra.Command {
	var flags signFlags
	cmd := &cobra.Command{
		Use:   "sign PATH",
		Short: "Sign a model so that anyone can tell that it was not changed",
		Long: "Sign writes an OpenSSF Model Signing bundle with the digest of every file. picket verify and the Python tool\n" +
			"model_signing both verify it; of single files, shards and BLAKE2b that tool verifies what --compat python makes.\n" +
			"The bundle goes to PATH/model.sig, for a single file to PATH.sig.",
		Example: "  picket sign model/ --private-key release.pem\n  picket sign model.gguf --private-key release.pem --bundle out.sig\n" +
			"  picket sign model/ --private-key k.pem --signing-certificate leaf.pem --certificate-chain ca.pem --timestamp-url https://tsa.example\n" +
			"  picket sign model/ --signer 'exec:./kms-sign.sh release'\n" +
			"  picket sign model/ --signer 'pkcs11:token=release;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so'\n" +
			"  picket sign model/ --identity-token env:TOKEN --signing-config instance.json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.signer.check(); err != nil {
				return err
			}
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			return flags.run(cmd.Context(), env, c)
		},
	}
	flags.own = true
	flags.add(cmd)
	flags.form.add(cmd)
	flags.signer.add(cmd, "")
	cmd.Flags().StringVar(&flags.bundle, "bundle", "", "write the bundle to `FILE` (default: PATH/model.sig, or PATH.sig)")
	return cmd
}

// run signs the content.
func (s signFlags) run(ctx context.Context, env Env, c *content) error {
	target := s.bundle
	if target == "" {
		target = c.sig
	}
	if c.holds(target) && filepath.Clean(target) != filepath.Clean(c.sig) {
		return usagef("--bundle %s lies in the folder that it signs, which would change its digest; use %s or a place outside", target, c.sig)
	}
	form, err := s.form.form()
	if err != nil {
		return err
	}
	signer, done, err := s.signer.open(ctx, env, c)
	if err != nil {
		return err
	}
	defer done()
	m, err := s.hashFor(ctx, env, c, form)
	if err != nil {
		return err
	}
	statement, err := evidence.ModelStatement(m, form)
	if err != nil {
		return err
	}
	bundle, err := evidence.Sign(ctx, statement, signer)
	if err != nil {
		return err
	}
	if err := writeBundle(target, bundle); err != nil {
		return err
	}
	var l lines
	l.add("signed %s  %s", m.Digest(), shown(c.path))
	l.add("  %s by %s", count(len(m.Resources), "file"), claimedBy(bundle))
	l.add("  bundle %s", shown(target))
	s.form.describe(&l, m, form)
	return l.writeTo(env.Stdout)
}

// hashFor hashes the content as the form needs it.
func (s signFlags) hashFor(ctx context.Context, env Env, c *content, form evidence.Form) (*evidence.Manifest, error) {
	opts, finish, err := s.options(env, c)
	if err != nil {
		return nil, err
	}
	defer finish()
	if err := s.form.prepare(form, &opts); err != nil {
		return nil, err
	}
	return c.hash(ctx, opts)
}

// writeBundle replaces the file with a bundle on one line.
func writeBundle(target string, bundle *evidence.Bundle) error {
	text, err := bundle.Marshal()
	if err != nil {
		return err
	}
	return replaceFile(target, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// outside refuses a private key that lies in the folder: it would be published with the model.
func outside(c *content, key string) error {
	if c.holds(key) {
		return usagef("the private key %s lies in the folder %s and would be published with it; move it away", key, c.path)
	}
	return nil
}
