package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
)

// omsFlags are those of the adapter protocol of the OpenSSF Model Signing conformance suite, with its names and meanings.
type omsFlags struct {
	method   string
	model    string
	bundle   string
	signer   signerFlags
	public   string
	chain    []string
	ignore   []string
	lenient  bool
	identity string
	provider string
	staging  bool
}

// newOMSCmd is what the conformance suite calls. It follows the reference tools where picket sign and picket verify ask the
// operator: it obeys the signer's ignore list and follows the links that the signer followed.
func newOMSCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "oms", Short: "Adapter for the OpenSSF Model Signing conformance suite", Hidden: true}
	var sign, verify omsFlags
	signing := &cobra.Command{Use: "sign-model", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return sign.sign(cmd.Context(), env)
	}}
	sign.add(signing, "output-bundle")
	signing.Flags().StringVar(&sign.signer.privateKey, "private-key", "", "`FILE`")
	signing.Flags().StringVar(&sign.signer.certificate, "signing-cert", "", "`FILE`")
	signing.Flags().StringVar(&sign.signer.token, "identity-token", "", "`TOKEN`")
	verifying := &cobra.Command{Use: "verify-model", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return verify.verify(cmd.Context(), env)
	}}
	verify.add(verifying, "bundle")
	verifying.Flags().StringVar(&verify.public, "public-key", "", "`FILE`")
	verifying.Flags().BoolVar(&verify.lenient, "ignore-unsigned-files", false, "")
	verifying.Flags().StringVar(&verify.identity, "identity", "", "`NAME`")
	verifying.Flags().StringVar(&verify.provider, "identity-provider", "", "`URL`")
	cmd.AddCommand(signing, verifying)
	return cmd
}

// add declares the flags of both commands.
func (o *omsFlags) add(cmd *cobra.Command, bundle string) {
	f := cmd.Flags()
	f.StringVar(&o.method, "method", "", "key, certificate")
	f.StringVar(&o.model, "model-path", "", "`PATH`")
	f.StringVar(&o.bundle, bundle, "", "`FILE`")
	f.StringArrayVar(&o.chain, "cert-chain", nil, "`FILE`")
	f.StringArrayVar(&o.ignore, "ignore-paths", nil, "`PATH`")
	f.BoolVar(&o.staging, "use-staging", false, "")
}

// content finds the model, and refuses what the protocol has and this adapter has not.
func (o *omsFlags) content() (*content, error) {
	switch o.method {
	case "key", "certificate":
	case "sigstore":
		return nil, fmt.Errorf("--method sigstore: %w here, because it needs the public services; picket sign and picket verify take them by flags", evidence.ErrUnsupported)
	default:
		return nil, usagef("--method is key, certificate or sigstore")
	}
	if o.model == "" || o.bundle == "" {
		return nil, usagef("the model and the bundle must be named")
	}
	return findContent(o.model)
}

// ignored are the paths to leave out, below the model, the bundle itself included. Those elsewhere mean nothing.
func (o *omsFlags) ignored() ([]string, error) {
	var below []string
	root, err := filepath.Abs(o.model)
	if err != nil {
		return nil, err
	}
	for _, p := range append([]string{o.bundle}, o.ignore...) {
		full, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, full)
		if err == nil && rel != "." && filepath.IsLocal(rel) {
			below = append(below, filepath.ToSlash(rel))
		}
	}
	return below, nil
}

// sign writes a bundle.
func (o *omsFlags) sign(ctx context.Context, env Env) error {
	c, err := o.content()
	if err != nil {
		return err
	}
	opts := evidence.Options{}
	if opts.Ignore, err = o.ignored(); err != nil {
		return err
	}
	if o.method == "certificate" {
		o.signer.chain = o.chain
	}
	signer, done, err := o.signer.open(ctx, env, nil)
	if err != nil {
		return err
	}
	defer done()
	m, err := c.hash(ctx, opts)
	if err != nil {
		return err
	}
	statement, err := evidence.ModelStatement(m, evidence.Form{})
	if err != nil {
		return err
	}
	bundle, err := evidence.Sign(ctx, statement, signer)
	if err != nil {
		return err
	}
	return writeBundle(o.bundle, bundle)
}

// verify checks a bundle and the model.
func (o *omsFlags) verify(ctx context.Context, env Env) error {
	c, err := o.content()
	if err != nil {
		return err
	}
	payload, err := o.authenticate(env)
	if err != nil {
		return err
	}
	sig, err := evidence.ModelPayload(payload)
	if err != nil {
		return err
	}
	opts := evidence.Options{AllowSymlinks: sig.AllowSymlinks, ListedOnly: o.lenient}
	if opts.Ignore, err = o.ignored(); err != nil {
		return err
	}
	opts.Ignore = append(opts.Ignore, sig.IgnorePaths...)
	m, err := c.hash(ctx, sig.Options(opts))
	if err != nil {
		return err
	}
	for _, d := range sig.Compare(m) {
		fmt.Fprintln(env.Stderr, "picket:", d)
		err = exitCode(exitFinding)
	}
	return err
}

// authenticate checks the signature by the method that was asked for, and by no other.
func (o *omsFlags) authenticate(env Env) ([]byte, error) {
	data, err := readSmall(o.bundle, evidence.MaxBundle)
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	b, err := evidence.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	if want := map[string]evidence.Method{"key": evidence.ByKey, "certificate": evidence.ByCertificate}[o.method]; b.Method() != want {
		return nil, fmt.Errorf("the bundle is signed by %s, not by %s: %w", b.Method(), strings.ToLower(o.method), evidence.ErrForeign)
	}
	if o.method == "key" {
		key, err := readPublicKey(o.public)
		if err != nil {
			return nil, err
		}
		return b.Verify(key)
	}
	roots, err := readAll("--cert-chain", o.chain)
	if err != nil {
		return nil, err
	}
	authority, err := certificate.New(roots, certificate.Options{})
	if err != nil {
		return nil, usagef("--cert-chain: %w", err)
	}
	proof, err := authority.Verify(b, env.Now())
	if err != nil {
		return nil, err
	}
	return proof.Payload, nil
}
