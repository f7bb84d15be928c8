package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/layout"
	"github.com/picketsec/picket/report"
)

// pullFlags are the flags of the verb that brings a model here.
type pullFlags struct {
	scanFlags
	attest attestFlags
	gate   gateFlags
	to     string
	failOn string
	unread bool
}

func newPullCmd(env Env) *cobra.Command {
	flags := pullFlags{failOn: "high"}
	cmd := &cobra.Command{
		Use:   "pull SOURCE --to DIR",
		Short: "Bring a model here, if it passes: scanned where it is, copied, checked, scanned again, then moved into place",
		Long: "Pull scans the source first, which transfers only what the rules need. If that passes, it copies everything to DIR.part,\n" +
			"checks the digests that the source declares, scans the copy as a whole and, with --policy, asks the policy about the\n" +
			"claims. Only what passes becomes DIR. An interrupted copy goes on where it stopped; a copy that does not pass is removed.\n\n" +
			"Exit codes: 0 in place · 1 error · 2 usage · 3 a finding at or above --fail-on, or the policy denies · 4 something that can\n" +
			"execute was not read.",
		Example: "  picket pull hf://org/name@4f5e… --to models/name\n" +
			"  picket pull oci://registry.example/models/fraud@sha256:… --to fraud --policy .picket/release.yaml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "to", flags.to); err != nil {
				return err
			}
			p, err := newPull(cmd.Context(), env, flags, args[0])
			if err != nil {
				return err
			}
			defer p.done()
			return p.run(cmd.Context())
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.to, "to", "", "the new `DIR` for the model")
	f.StringVar(&flags.failOn, "fail-on", flags.failOn, "lowest `SEVERITY` that stops the pull: critical, high, medium, low, info")
	f.BoolVar(&flags.unread, "allow-unread", false, "go on although something that can execute was not read")
	f.BoolVar(&flags.attest.attest, "attest", false, "append the result of the scan, signed, to DIR/claims.jsonl before the policy is asked")
	flags.attest.signerFlags.add(cmd, " for --attest")
	f.StringVar(&flags.gate.policy, "policy", "", "`FILE` with a policy that must allow the copy")
	flags.gate.trust.add(cmd)
	return cmd
}

// pull is one model on its way.
type pull struct {
	pullFlags
	env       Env
	from      string
	staged    string
	threshold picket.Severity
	signer    evidence.Signer // of the result; nil when it is not attested
	done      func()          // when nothing more is signed
}

// newPull checks everything that can be checked before the first byte. Call done at the end.
func newPull(ctx context.Context, env Env, flags pullFlags, from string) (*pull, error) {
	p := &pull{pullFlags: flags, env: env, from: from, done: func() {}, staged: filepath.Clean(flags.to) + source.Partial}
	var err error
	if p.threshold, err = picket.ParseSeverity(flags.failOn); err != nil {
		return nil, usagef("--fail-on %s: %w", flags.failOn, err)
	}
	if from == "-" {
		return nil, usagef("pull: standard input can be read only once; name a path or an address")
	}
	if err := p.target(); err != nil {
		return nil, err
	}
	if err := flags.attest.check([]string{flags.to}, flags.scanFlags); err != nil {
		return nil, err
	}
	if flags.gate.policy != "" {
		p.gate.choosePolicy(env)
		if _, err := readPolicy(p.gate.policy); err != nil {
			return nil, err
		}
	}
	if flags.attest.attest {
		if p.signer, p.done, err = flags.attest.open(ctx, env, nil); err != nil { // the folder is not there yet
			return nil, err
		}
	}
	return p, nil
}

// target refuses a folder that the copy cannot become.
func (p *pull) target() error {
	asked := p.to
	p.to = filepath.Clean(asked)
	if base := filepath.Base(p.to); base == "." || base == ".." || base == string(filepath.Separator) {
		return usagef("--to %s: name the new folder itself", asked)
	}
	if info, err := os.Lstat(p.to); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return usagef("--to %s: it is a link; name the folder itself", asked)
	}
	if entries, err := os.ReadDir(p.to); err == nil && len(entries) > 0 {
		return usagef("--to %s: the folder is there already and not empty; name a new one", asked)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return usagef("--to %s: %w", asked, err)
	}
	return nil
}

// run goes all the way.
func (p *pull) run(ctx context.Context) error {
	there, err := p.open(ctx, p.env, []string{p.from})
	if err != nil {
		return err
	}
	defer there.Close() //nolint:errcheck // opened for reading only
	if len(there.listing.Items) == 0 {
		return fmt.Errorf("pull %s: there is nothing to pull", resolve.Show(p.from))
	}
	first, err := there.run(ctx)
	if err != nil {
		return err
	}
	if err := p.judge(first, "nothing was copied"); err != nil {
		return err
	}
	copied, err := p.copy(ctx, there.listing)
	if err != nil {
		return err
	}
	scan, err := p.check(ctx, copied)
	if err != nil {
		if _, denied := errors.AsType[exitCode](err); denied {
			return errors.Join(err, os.RemoveAll(p.staged))
		}
		return err
	}
	if err := os.Remove(p.to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace the empty folder: %w", err)
	}
	if err := os.Rename(p.staged, p.to); err != nil {
		return fmt.Errorf("move the copy into place: %w", err)
	}
	_, err = fmt.Fprintf(p.env.Stdout, "pulled %s to %s: %s, %s\n", picket.Printable(place(there.listing, resolve.Show(p.from)), picket.MaxExcerpt),
		filepath.ToSlash(p.to), layout.Count(len(scan.Results), "file"), scan.Verdict())
	return err
}

// judge stops the pull, with the report, when a scan does not pass.
func (p *pull) judge(scan picket.Scan, consequence string) error {
	end := outcome(scan, p.threshold)
	if end == exitOK || end == exitUnread && p.unread {
		return nil
	}
	table, err := report.Lookup("table")
	if err != nil {
		return err
	}
	if err := table.Write(p.env.Stderr, scan, report.Options{Width: p.env.OutColumns, FailOn: p.threshold}); err != nil {
		return err
	}
	fmt.Fprintf(p.env.Stderr, "picket: %s does not pass; %s\n", picket.Printable(resolve.Show(p.from), picket.MaxExcerpt), consequence)
	return end
}

// copy brings everything to the staging folder, and returns the digest of each file by its path there.
func (p *pull) copy(ctx context.Context, listing *source.Listing) (copied map[string]picket.Digest, err error) {
	copied = map[string]picket.Digest{}
	for _, item := range listing.Items {
		name := listing.Within(item.Name)
		if ofGit(name) {
			return nil, fmt.Errorf("copy %q: git runs programs that the files of such a folder name, so none is copied", item.Name)
		}
		copied[name] = ""
	}
	root, err := p.stage()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := onlyOf(root, copied); err != nil {
		return nil, fmt.Errorf("go on in %s: %w; remove the folder if it is of no use", p.staged, err)
	}
	progress := p.progress(p.env, listing.Items)
	defer progress.Close()
	for _, item := range listing.Items {
		name := listing.Within(item.Name)
		progress.Start(item.Name)
		if copied[name], err = source.Copy(ctx, item, root, name, progress.Read); err != nil {
			return nil, fmt.Errorf("%w; what was copied so far is in %s, and the same command goes on", err, p.staged)
		}
		progress.Done(item.Name, 0)
	}
	return copied, nil
}

// stage makes and opens the staging folder, or that of a copy that was interrupted.
func (p *pull) stage() (*os.Root, error) {
	if err := os.MkdirAll(filepath.Dir(p.staged), 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", p.staged, err)
	}
	if err := os.Mkdir(p.staged, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make %s: %w", p.staged, err)
	}
	if info, err := os.Lstat(p.staged); err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("make %s: there is something else of this name", p.staged), err)
	}
	root, err := os.OpenRoot(p.staged)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.staged, err)
	}
	return root, nil
}

// onlyOf refuses a staging folder with anything but the files that are copied: the rest would become a part of the model, or be
// removed with a copy that does not pass.
func onlyOf(root *os.Root, names map[string]picket.Digest) error {
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, whole := names[name]
		_, part := names[strings.TrimSuffix(name, source.Partial)]
		if !d.Type().IsRegular() || !whole && !part {
			return fmt.Errorf("it holds %q, which is no file of the source", name)
		}
		return nil
	})
	return err
}

// ofGit reports whether a path leads through a folder that git takes for its own.
func ofGit(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.EqualFold(part, ".git") })
}

// check scans the copy, attests, and asks the policy. An exitCode means that the copy does not pass.
func (p *pull) check(ctx context.Context, copied map[string]picket.Digest) (picket.Scan, error) {
	here, err := p.open(ctx, p.env, []string{p.staged})
	if err != nil {
		return picket.Scan{}, err
	}
	defer here.Close() //nolint:errcheck // opened for reading only
	scan, err := here.run(ctx)
	if err != nil {
		return scan, err
	}
	if err := p.judge(scan, "the copy was removed"); err != nil {
		return scan, err
	}
	if err := same(here.listing, scan, copied); err != nil {
		return scan, fmt.Errorf("check %s: %w", p.staged, err)
	}
	if err := p.attest.run(ctx, p.env, scan, here.config, p.staged, p.signer); err != nil {
		return scan, err
	}
	return scan, p.allowed(ctx)
}

// same checks that the scan was about the files that were copied, and about nothing else.
func same(l *source.Listing, scan picket.Scan, copied map[string]picket.Digest) error {
	for _, r := range scan.Results {
		sum, ok := copied[l.Within(r.Artifact.Name)]
		if !ok || r.Artifact.Digest != "" && r.Artifact.Digest != sum {
			return fmt.Errorf("%q is not the file that was copied", r.Artifact.Name)
		}
	}
	if len(scan.Results) != len(copied) {
		return fmt.Errorf("%s copied, %d scanned", layout.Count(len(copied), "file"), len(scan.Results))
	}
	return nil
}

// allowed asks the policy.
func (p *pull) allowed(ctx context.Context) error {
	if p.gate.policy == "" {
		return nil
	}
	p.gate.quiet, p.gate.workers = p.quiet, p.workers
	doc, err := p.gate.decide(ctx, p.env, p.staged)
	if err != nil {
		return err
	}
	if doc.Allowed {
		return nil
	}
	if err := doc.writeReasons(p.env.Stderr); err != nil {
		return err
	}
	fmt.Fprintf(p.env.Stderr, "picket: the policy denies %s; the copy was removed\n", picket.Printable(resolve.Show(p.from), picket.MaxExcerpt))
	return exitCode(exitFinding)
}

// place is the exact name of what was listed.
func place(l *source.Listing, asked string) string {
	if l.Target != "" {
		return l.Target
	}
	return asked
}
