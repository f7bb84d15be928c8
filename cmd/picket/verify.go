package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// verifyFlags are the flags of the verb.
type verifyFlags struct {
	hashFlags
	out     plainOutput
	who     verifierFlags
	bundle  string
	ignore  ignoreFlag
	compat  compatFlag
	lenient bool
}

// verifyDocument is the JSON form of a verification.
type verifyDocument struct {
	Schema      string             `json:"schema"`
	Path        string             `json:"path"`
	Bundle      string             `json:"bundle"`
	Verified    bool               `json:"verified"`
	Key         string             `json:"key"`     // fingerprint of the key that verified the signature
	Signer      verifySigner       `json:"signer"`  // who signed, when the signature holds
	Times       []verifyTime       `json:"times"`   // when the signature was seen, by clocks that are trusted
	Failure     string             `json:"failure"` // why the bundle as such is not accepted
	Digest      picket.Digest      `json:"digest"`  // of what is there
	Signed      picket.Digest      `json:"signed"`  // what the bundle is about
	Files       int                `json:"files"`
	Differences []verifyDifference `json:"differences"`
	Excluded    []string           `json:"excluded"` // there, and covered by no signature
	Unsigned    []string           `json:"unsigned"` // there, and not covered by this signature
	Exempt      []string           `json:"exempt"`   // what the signer left out by choice, there or not
	Method      string             `json:"method"`   // how the signature lists the content
}

// verifySigner is who signed.
type verifySigner struct {
	Name    string          `json:"name"` // in the trust root
	Method  evidence.Method `json:"method"`
	Subject string          `json:"subject"`
	Issuer  string          `json:"issuer"`
}

// verifyTime is one moment at which the signature is proven to have existed.
type verifyTime struct {
	Time  time.Time `json:"time"`
	Clock string    `json:"clock"`
}

// verifyDifference is one file that is not as it was signed.
type verifyDifference struct {
	Kind evidence.Kind `json:"kind"`
	Name string        `json:"name"`
	Want picket.Digest `json:"want"`
	Got  picket.Digest `json:"got"`
}

func newVerifyCmd(env Env) *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify PATH",
		Short: "Check that a model is exactly what someone signed",
		Long: "Verify checks an OpenSSF Model Signing bundle, made by picket sign or by the Python tool model_signing, and compares\n" +
			"every file. A file that only the signer chose to leave out is a difference too, unless you name it with\n" +
			"--ignore-path. Nothing is fetched: who is accepted comes from the files that you name. Certificates must hold at the\n" +
			"time of a timestamp by an authority of --timestamp-root, else now.\n\nExit codes: 0 verified · 1 error · 2 usage · 3 not verified.",
		Example: "  picket verify model/ --public-key release.pub\n  picket verify model.gguf --public-key release.pub --bundle out.sig\n" +
			"  picket verify model/ --certificate-root ca.pem --timestamp-root tsa.pem --crl ca.crl\n" +
			"  picket verify model/ --identity ci@example.com --identity-issuer https://accounts.example.com --trusted-root root.json\n" +
			"  picket verify model/ --trust .picket/trust.yaml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(flags.who.check(env), flags.out.check(), flags.compat.check()); err != nil {
				return err
			}
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			doc, err := flags.verify(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			if err := flags.out.answer(env, doc, doc.write); err != nil {
				return err
			}
			if !doc.Verified {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	flags.add(cmd)
	flags.out.add(cmd)
	flags.who.add(cmd)
	cmd.Flags().StringVar(&flags.bundle, "bundle", "", "read the bundle from `FILE` (default: PATH/model.sig, or PATH.sig)")
	cmd.Flags().BoolVar(&flags.lenient, "ignore-unsigned-files", false, "check only the files that are signed; others are named, and anything may be in them")
	flags.ignore.add(cmd, "accept that `PATH`, below the folder, is not signed (may be repeated)")
	flags.compat.add(cmd)
	return cmd
}

// verify answers about the content. An error means that there is no answer.
func (v verifyFlags) verify(ctx context.Context, env Env, c *content) (*verifyDocument, error) {
	verify, err := v.who.open(env)
	if err != nil {
		return nil, err
	}
	name, read := v.bundle, readSmall
	if name == "" || c.holds(name) { // it came with the content
		name, read = cmp.Or(name, c.sig), readPlain
	}
	data, err := read(name, evidence.MaxBundle)
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	doc := &verifyDocument{Schema: "picket.verification/1", Path: c.path, Bundle: name, Times: []verifyTime{},
		Differences: []verifyDifference{}, Excluded: []string{}, Unsigned: []string{}, Exempt: []string{}}
	sig, err := doc.judge(data, verify)
	if err != nil {
		doc.Failure = err.Error()
		return doc, nil
	}
	return doc, v.compare(ctx, env, c, sig, doc)
}

// judge checks the bundle as such and notes who signed it, and when.
func (d *verifyDocument) judge(data []byte, verify verifier) (*evidence.ModelSignature, error) {
	b, err := evidence.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	found, err := verify(b)
	if err != nil {
		return nil, err
	}
	who := found.proof.Signatory
	d.Key, d.Signer = who.Key, verifySigner{Name: found.name, Method: who.Method, Subject: who.Subject, Issuer: who.Issuer}
	for _, m := range found.proof.Moments {
		d.Times = append(d.Times, verifyTime{m.Time.UTC(), m.Source})
	}
	return evidence.ModelPayload(found.proof.Payload)
}

// signer names for people who signed.
func (d *verifyDocument) signer() string {
	who := signatory(evidence.Signatory{Method: d.Signer.Method, Key: d.Key, Subject: d.Signer.Subject, Issuer: d.Signer.Issuer})
	if d.Signer.Name != "" {
		return shown(d.Signer.Name) + " with " + who
	}
	return who
}

// compare completes the answer with what the content is, hashed as the signature was made.
func (v verifyFlags) compare(ctx context.Context, env Env, c *content, sig *evidence.ModelSignature, doc *verifyDocument) error {
	doc.Signed, doc.Files, doc.Method = sig.Root, sig.Files(), sig.Serialization.String()
	doc.Exempt = append(doc.Exempt, sig.Exempt()...)
	opts, finish, err := v.options(env, c)
	if err != nil {
		return err
	}
	defer finish()
	opts.ListedOnly, opts.SkipLinkedFolders = v.lenient, v.compat.python()
	if err := v.ignore.addTo(&opts); err != nil {
		return err
	}
	m, err := c.hash(ctx, sig.Options(opts))
	if err != nil {
		return err
	}
	doc.Digest, doc.Excluded = m.Digest(), append(doc.Excluded, m.Excluded...)
	for _, d := range sig.Compare(m) {
		doc.Differences = append(doc.Differences, verifyDifference(d))
	}
	doc.Unsigned = append(doc.Unsigned, sig.Unsigned...)
	doc.Verified = len(doc.Differences) == 0
	return nil
}

// write is the answer for people.
func (d *verifyDocument) write(w io.Writer) error {
	var l lines
	switch {
	case d.Verified:
		l.add("verified  %s  %s", shown(d.Path), d.Digest)
		l.add("  %s signed by %s", count(d.Files, "file"), d.signer())
	case d.Failure != "":
		l.add("NOT verified  %s", shown(d.Path))
		l.add("  %s: %s", shown(d.Bundle), shown(d.Failure))
	default:
		l.add("NOT verified  %s: the signature by %s holds, the content is another", shown(d.Path), d.signer())
	}
	for _, seen := range d.Times {
		l.add("  the signature was seen at %s by the %s", seen.Time.Format(time.RFC3339), shown(seen.Clock))
	}
	const most = 50 // lines of a kind
	for i, difference := range d.Differences {
		if i == most {
			l.add("  and %d more; --format json lists all", len(d.Differences)-most)
			break
		}
		l.add("  %s", evidence.Difference(difference))
	}
	for _, name := range d.Excluded {
		if evidence.Reserved(name) {
			l.add("  not covered by any signature: %s", shown(name))
		}
	}
	d.writeUnsigned(&l, most)
	return l.writeTo(w)
}

// writeUnsigned names what the signature says nothing about. Code and weights come first, because they decide what a model
// does.
func (d *verifyDocument) writeUnsigned(l *lines, most int) {
	for _, p := range d.Exempt {
		l.add("  the signer left out: %s", shown(p))
	}
	names := slices.Clone(d.Unsigned)
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(contentKind(b), contentKind(a)) })
	for i, name := range names {
		if i == most {
			l.add("  and %d more that are not signed; --format json lists all", len(names)-most)
			break
		}
		l.add("  not signed%s: %s", contentKind(name), shown(name))
	}
}

// contentKind says that a file is of a kind that decides what a model does, by its name.
func contentKind(name string) string {
	kind := evidence.KindOfName(name)
	if kind == "" {
		return ""
	}
	return ", " + kind
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
