package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/trust"
)

// signRoot signs versions of a trust root.
type signRoot struct {
	trustFlags
	signer  signerFlags
	out     string
	version string // digest of the only version that may be signed; empty for any
}

// pending is where a version waits for signatures. Readers of the trust root never see it.
func (s *signRoot) pending() string { return s.out + ".pending" }

func newTrustSignCmd(env Env) *cobra.Command {
	s := signRoot{}
	cmd := &cobra.Command{
		Use:   "sign FILE.yaml",
		Short: "Make the next version of the signed trust root from a YAML file",
		Long: "Sign puts the YAML file, with the content of every file that it names, as the next version into trust.jsonl beside it.\n" +
			"Where more signatures are needed the version waits in trust.jsonl.pending for picket trust countersign, and trust.jsonl\n" +
			"stays as it is.",
		Example: "  picket trust sign .picket/trust.yaml --private-key owner.pem",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.signer.check(); err != nil {
				return err
			}
			if s.out == "" {
				s.out = filepath.Join(filepath.Dir(args[0]), signedFile)
			}
			return s.sign(cmd.Context(), env, args[0])
		},
	}
	s.add(cmd)
	cmd.Flags().StringVar(&s.out, "out", "", "the signed trust root, a `FILE` whose name ends in .jsonl (default: trust.jsonl beside FILE.yaml)")
	return cmd
}

func newTrustCountersignCmd(env Env) *cobra.Command {
	s := signRoot{}
	cmd := &cobra.Command{
		Use:   "countersign FILE.jsonl",
		Short: "Add a signature to the version of the trust root that waits for it",
		Long: "Countersign says what the version in FILE.jsonl.pending changes, and signs it. With the last signature that was missing\n" +
			"the version moves into FILE.jsonl. Whoever can write the pending file chooses what it holds: --version takes the digest\n" +
			"that picket trust sign printed, and signs nothing else.",
		Example: "  picket trust countersign .picket/trust.jsonl --version sha256:… --private-key bob.pem --trust-pin sha256:…",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.signer.check(); err != nil {
				return err
			}
			s.out = args[0]
			return s.countersign(cmd.Context(), env)
		},
	}
	s.add(cmd)
	cmd.Flags().StringVar(&s.version, "version", "", "sign only the version with this `DIGEST`, as picket trust sign printed it")
	return cmd
}

// add declares the flags.
func (s *signRoot) add(cmd *cobra.Command) {
	s.addSigned(cmd)
	s.signer.add(cmd, "")
}

// history reads the versions that are there; nil when there is none.
func (s *signRoot) history(env Env) (*trust.History, error) {
	if !isSigned(s.out) {
		return nil, usagef("the name of a signed trust root ends in .jsonl, not %q", filepath.Base(s.out))
	}
	if _, err := os.Lstat(s.out); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	history, _, err := s.readHistory(env, s.out)
	if err != nil {
		return nil, usagef("%s: %w", s.out, err)
	}
	return history, nil
}

// sign begins the next version.
func (s *signRoot) sign(ctx context.Context, env Env, file string) error {
	full, err := filepath.Abs(file)
	if err != nil {
		return usagef("%w", err)
	}
	definition, err := trust.LoadDefinition(os.DirFS(filepath.Dir(full)), filepath.Base(full))
	if err != nil {
		return usagef("%w", err)
	}
	history, err := s.history(env)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(s.pending()); err == nil {
		return usagef("a version waits for signatures in %s: picket trust countersign signs it; delete the file to start anew", s.pending())
	}
	draft, err := history.Next(definition)
	if err != nil {
		return usagef("%s: %w", file, err)
	}
	return s.seal(ctx, env, draft)
}

// countersign continues the version that waits.
func (s *signRoot) countersign(ctx context.Context, env Env) error {
	history, err := s.history(env)
	if err != nil {
		return err
	}
	bundles, err := readBundles(s.pending())
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("no version waits for signatures: there is no %s", s.pending())
	}
	if err != nil {
		return usagef("%w", err)
	}
	draft, err := history.Resume(bundles)
	if err != nil {
		return usagef("%s: %w", s.pending(), err)
	}
	if s.version != "" && s.version != string(draft.Digest()) {
		return usagef("the version that waits in %s is %s, not %s: nothing was signed", s.pending(), draft.Digest(), s.version)
	}
	return s.seal(ctx, env, draft)
}

// seal signs a draft, and publishes the version when nothing is missing.
func (s *signRoot) seal(ctx context.Context, env Env, draft *trust.Draft) error {
	signer, done, err := s.signer.open(ctx, env, nil)
	if err != nil {
		return err
	}
	bundle, err := evidence.Sign(ctx, draft.Payload(), signer)
	done()
	if err != nil {
		return err
	}
	if err := draft.Add(bundle); err != nil {
		return usagef("%w", err)
	}
	var l lines
	l.add("signed version %d of the trust root of %s  %s", draft.Number(), draft.Project(), draft.Digest())
	for _, change := range draft.Changes() {
		l.add("  %s", shown(change))
	}
	missing, err := draft.Missing()
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := writeBundles(s.pending(), draft.Bundles()); err != nil {
			return err
		}
		for _, m := range missing {
			l.add("  missing: %s", shown(m))
		}
		l.add("it waits in %s for: picket trust countersign %s --private-key KEY.pem", shown(s.pending()), shown(s.out))
		return l.writeTo(env.Stdout)
	}
	if err := s.publish(env, draft); err != nil {
		return err
	}
	l.add("it is in force in %s", shown(s.out))
	if draft.Number() == 1 {
		l.add("give everyone who verifies this, by another way than the file: --trust-pin %s", draft.Digest())
	}
	return l.writeTo(env.Stdout)
}

// publish puts a complete version behind the others.
func (s *signRoot) publish(env Env, draft *trust.Draft) error {
	history, err := draft.Finish(env.Now)
	if err != nil {
		return err
	}
	if err := writeBundles(s.out, history.Bundles()); err != nil {
		return err
	}
	if err := s.remember(env, history.Memory()); err != nil {
		return err
	}
	if err := os.Remove(s.pending()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what was waiting: %w", err)
	}
	return nil
}

// writeBundles writes a file of bundles at once.
func writeBundles(name string, bundles []*evidence.Bundle) error {
	return replaceFile(name, func(w io.Writer) error {
		for _, b := range bundles {
			text, err := b.Marshal()
			if err != nil {
				return err
			}
			if _, err := w.Write(append(text, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}
