package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
	external "github.com/picketsec/picket/evidence/command"
	"github.com/picketsec/picket/evidence/keyless"
	"github.com/picketsec/picket/evidence/pkcs11"
	"github.com/picketsec/picket/evidence/timestamp"
)

// signerFlags say who signs. Every verb that signs has them.
type signerFlags struct {
	privateKey  string
	signer      string
	certificate string
	chain       []string
	token       string
	config      string
	services    keyless.Services
	trusted     string
	timestamps  string
}

// add declares the flags. The purpose, such as " for --attest", ends their descriptions.
func (s *signerFlags) add(cmd *cobra.Command, purpose string) {
	f := cmd.Flags()
	f.StringVar(&s.privateKey, "private-key", "", "PEM `FILE` with the EC private key"+purpose)
	f.StringVar(&s.signer, "signer", "", "sign with a key elsewhere: `exec:CMD` runs a program that holds it, pkcs11:URI uses a token")
	f.StringVar(&s.certificate, "signing-certificate", "", "PEM `FILE` with the certificate of the key, which the signature then carries")
	f.StringArrayVar(&s.chain, "certificate-chain", nil, "PEM `FILE` with the authorities between the certificate and the root, in this order (may be repeated)")
	f.StringVar(&s.token, "identity-token", "", "sign keyless as the account of an identity token: `FILE`, file:FILE or env:NAME")
	f.StringVar(&s.config, "signing-config", "", "`FILE` with the services of the Sigstore instance (SigningConfig or ClientTrustConfig)")
	f.StringVar(&s.services.Fulcio, "fulcio-url", "", "`URL` of the certificate authority that certifies the identity")
	f.StringVar(&s.services.Rekor, "rekor-url", "", "`URL` of the transparency log that publishes the signature")
	f.IntVar(&s.services.RekorVersion, "rekor-version", 1, "`VERSION` of the log's interface: 1, 2")
	f.StringVar(&s.timestamps, "timestamp-url", "", "`URL` of a timestamp authority that confirms the time of the signature (RFC 3161)")
	f.StringVar(&s.trusted, "signing-trusted-root", "", "`FILE` with the trust root by which a keyless signature is checked when it is made")
}

// ways lists the flags that say who signs, of those that are given.
func (s *signerFlags) ways() []string {
	var given []string
	for _, way := range []struct{ name, value string }{{"--private-key", s.privateKey}, {"--signer", s.signer}, {"--identity-token", s.token}} {
		if way.value != "" {
			given = append(given, way.name)
		}
	}
	return given
}

// given reports whether any of the flags is given.
func (s *signerFlags) given() bool {
	return len(s.ways()) > 0 || s.certificate != "" || len(s.chain) > 0 || s.timestamps != "" || s.services.Fulcio != "" || s.services.Rekor != "" ||
		s.config != "" || s.trusted != ""
}

// check refuses flags that do not name exactly one signer.
func (s *signerFlags) check() error {
	ways := s.ways()
	keylessOnly := s.config != "" || s.services.Fulcio != "" || s.services.Rekor != "" || s.trusted != ""
	named := s.services.Fulcio != "" && s.services.Rekor != ""
	switch {
	case len(ways) == 0:
		return usagef("who signs is missing: give --private-key FILE (picket keygen makes one), --signer exec:CMD, --signer pkcs11:URI or --identity-token FILE")
	case len(ways) > 1:
		return usagef("%s name two signers; give one", strings.Join(ways, " and "))
	case s.token == "" && keylessOnly:
		return usagef("--signing-config, --fulcio-url, --rekor-url and --signing-trusted-root are for --identity-token, which is not given")
	case s.token != "" && (s.certificate != "" || len(s.chain) > 0):
		return usagef("--signing-certificate and --certificate-chain are for keys; --identity-token gets its own certificate")
	case s.token != "" && (s.config != "") == named:
		return usagef("--identity-token needs the services to use, since there are none by default: give --signing-config FILE, or --fulcio-url URL and --rekor-url URL")
	case s.token != "" && s.config != "" && (s.services.Fulcio != "" || s.services.Rekor != ""):
		return usagef("give --signing-config or the addresses of the services, not both")
	case s.certificate == "" && len(s.chain) > 0:
		return usagef("--certificate-chain is for --signing-certificate, which is not given")
	}
	return nil
}

// outside refuses secrets that lie in the content: they would be published with it. The content may be nil.
func (s *signerFlags) outside(c *content) error {
	if c == nil {
		return nil
	}
	if s.privateKey != "" {
		if err := outside(c, s.privateKey); err != nil {
			return err
		}
	}
	if file, ok := s.tokenFile(); ok && c.holds(file) {
		return usagef("the identity token %s lies in the folder %s and would be published with it; move it away", file, c.path)
	}
	return nil
}

// tokenFile is the file with the identity token, when it is in one.
func (s *signerFlags) tokenFile() (string, bool) {
	if s.token == "" || strings.HasPrefix(s.token, "env:") {
		return "", false
	}
	return strings.TrimPrefix(s.token, "file:"), true
}

// open makes the signer before any work is done, so that a wrong key costs no time. Call done when nothing more is signed. The
// content may be nil.
func (s *signerFlags) open(ctx context.Context, env Env, c *content) (signer evidence.Signer, done func(), err error) {
	if err := errors.Join(s.check(), s.outside(c)); err != nil {
		return nil, nil, err
	}
	done = func() {}
	switch {
	case s.token != "":
		signer, err = s.openKeyless(env)
	case s.signer != "":
		signer, done, err = s.openElsewhere(ctx, env)
	default:
		signer, err = readPrivateKey(s.privateKey)
	}
	if err == nil {
		signer, err = s.complete(env, signer)
	}
	if err != nil {
		if done != nil {
			done()
		}
		return nil, nil, err
	}
	return signer, done, nil
}

// complete adds the certificate and the timestamp to what a key signs.
func (s *signerFlags) complete(env Env, signer evidence.Signer) (evidence.Signer, error) {
	if s.certificate != "" {
		own, err := readSmall(s.certificate, maxKeyFile)
		if err != nil {
			return nil, usagef("--signing-certificate: %w", err)
		}
		chain, err := readAll("--certificate-chain", s.chain)
		if err != nil {
			return nil, err
		}
		if signer, err = certificate.NewSigner(signer, own, chain, env.Now()); err != nil {
			return nil, usagef("--signing-certificate: %w", err)
		}
	}
	if s.timestamps == "" || s.token != "" { // keyless signatures get theirs before they are entered in the log
		return signer, nil
	}
	client, err := timestamp.NewClient(s.timestamps, nil)
	if err != nil {
		return nil, usagef("--timestamp-url: %w", err)
	}
	return &timestamp.Signer{Signer: signer, Client: client}, nil
}

// openElsewhere makes a signer whose key is not in a file.
func (s *signerFlags) openElsewhere(ctx context.Context, env Env) (evidence.Signer, func(), error) {
	none := func() {}
	if line, ok := strings.CutPrefix(s.signer, "exec:"); ok {
		argv, err := external.Split(line)
		if err != nil {
			return nil, none, usagef("--signer: %w", err)
		}
		signer, err := external.New(ctx, argv)
		return signer, none, err
	}
	if !strings.HasPrefix(s.signer, "pkcs11:") {
		return nil, none, usagef("--signer begins with exec: or pkcs11:")
	}
	address, err := pkcs11.ParseURI(s.signer)
	if err != nil {
		return nil, none, usagef("--signer: %w", err)
	}
	signer, err := pkcs11.Open(address, env.Getenv)
	if err != nil {
		return nil, none, usagef("--signer: %w", err)
	}
	return signer, func() { _ = signer.Close() }, nil // what was signed is verified; a token that does not close changes nothing
}

// openKeyless makes a signer with the account of an identity token.
func (s *signerFlags) openKeyless(env Env) (evidence.Signer, error) {
	token, err := s.readToken(env)
	if err != nil {
		return nil, err
	}
	how := keyless.Signing{Token: token, Services: s.services, Now: env.Now}
	if s.config != "" {
		data, err := readSmall(s.config, maxRootFile)
		if err != nil {
			return nil, usagef("--signing-config: %w", err)
		}
		if how.Services, err = keyless.ParseServices(data, env.Now()); err != nil {
			return nil, usagef("--signing-config %s: %w", s.config, err)
		}
	}
	if s.timestamps != "" {
		how.Services.Timestamps = []string{s.timestamps}
	}
	if s.trusted != "" {
		data, err := readSmall(s.trusted, maxRootFile)
		if err != nil {
			return nil, usagef("--signing-trusted-root: %w", err)
		}
		if how.Root, err = keyless.ParseRoot(data); err != nil {
			return nil, usagef("--signing-trusted-root %s: %w", s.trusted, err)
		}
	}
	signer, err := keyless.NewSigner(how)
	if err != nil {
		return nil, usageError{err}
	}
	return signer, nil
}

// readToken reads the identity token. Its content is never part of an error.
func (s *signerFlags) readToken(env Env) (*keyless.Token, error) {
	var text string
	if name, ok := strings.CutPrefix(s.token, "env:"); ok {
		if text = env.Getenv(name); text == "" {
			return nil, usagef("--identity-token: the environment variable %s is empty", name)
		}
	} else {
		file, _ := s.tokenFile()
		data, err := readSmall(file, maxKeyFile)
		if err != nil {
			return nil, usagef("--identity-token: %w", err)
		}
		text = string(data)
	}
	token, err := keyless.ParseToken(text)
	if err != nil {
		return nil, usagef("--identity-token: %w", err)
	}
	return token, nil
}

// maxRootFile bounds a file with roots or services of an instance, in bytes.
const maxRootFile = 4 << 20

// readAll reads the files of a repeatable flag, one after another.
func readAll(flag string, names []string) ([]byte, error) {
	var parts [][]byte
	for _, name := range names {
		data, err := readSmall(name, maxRootFile)
		if err != nil {
			return nil, usagef("%s: %w", flag, err)
		}
		parts = append(parts, append(data, '\n'))
	}
	return slices.Concat(parts...), nil
}

// claimedBy says for people who made a bundle that was just signed.
func claimedBy(b *evidence.Bundle) string {
	who := evidence.Signatory{Method: evidence.ByKey, Key: b.KeyHint()}
	switch b.Method() {
	case evidence.ByCertificate:
		who = certificate.Claimed(b)
	case evidence.Keyless:
		who = keyless.Claimed(b)
	}
	return signatory(who)
}

// signatory names a signer for people.
func signatory(who evidence.Signatory) string {
	switch who.Method {
	case evidence.ByCertificate:
		return "the certificate of " + shown(who.Subject) + ", issued by " + shown(who.Issuer)
	case evidence.Keyless:
		return "the account " + shown(who.Subject) + " of " + shown(who.Issuer)
	}
	return "key " + who.Key
}
