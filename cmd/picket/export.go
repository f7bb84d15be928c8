package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/dossier"
	"github.com/picketsec/picket/internal/pack"
)

// exportFlags are the flags of the verb.
type exportFlags struct {
	gate   gateFlags
	asOf   string
	output string
}

func newExportCmd(env Env) *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "export PATH",
		Short: "Write everything that was known about a model on a day, for an auditor without Picket",
		Long: "Export writes a zip with every claim that existed by then, taken apart so that openssl and sha256sum check it, the\n" +
			"trust root, and the decision of the policy as of that day. sh verify.sh in it checks every signature.",
		Example: "  picket export model/ --as-of 2026-06-30 --policy .picket/release.yaml --output audit.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.gate.choosePolicy(env)
			if err := needs(cmd, "output", flags.output); err != nil {
				return err
			}
			return flags.run(cmd.Context(), env, args[0])
		},
	}
	flags.gate.factFlags.add(cmd)
	cmd.Flags().StringVar(&flags.gate.policy, "policy", "", "`FILE` with the policy whose decision is exported, or the name of a shipped one (default: the\n"+
		"environment variable PICKET_POLICY)")
	cmd.Flags().StringVar(&flags.asOf, "as-of", "", "`DATE` such as 2026-06-30 (its end, UTC) or 2026-06-30T12:00:00Z (default: now)")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "", "write the zip to `FILE`")
	return cmd
}

// moment reads --as-of.
func (e exportFlags) moment(now time.Time) (time.Time, error) {
	if e.asOf == "" {
		return now.UTC(), nil
	}
	if day, err := time.Parse(time.DateOnly, e.asOf); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	at, err := time.Parse(time.RFC3339, e.asOf)
	if err != nil {
		return time.Time{}, usagef("--as-of %q is not a date like 2026-06-30 or 2026-06-30T12:00:00Z", e.asOf)
	}
	return at.UTC(), nil
}

// run writes the dossier.
func (e exportFlags) run(ctx context.Context, env Env, path string) error {
	asOf, err := e.moment(env.Now())
	if err != nil {
		return err
	}
	if asOf.After(env.Now()) {
		return usagef("--as-of %s is in the future", e.asOf)
	}
	c, err := findContent(path)
	if err != nil {
		return err
	}
	if c.holds(e.output) {
		return usagef("--output %s lies in the folder that it is about, which would change its digest", e.output)
	}
	then := env
	then.Now = func() time.Time { return asOf } // claims are judged as they stood on that day
	content, err := e.content(ctx, then, c)
	if err != nil {
		return err
	}
	files, err := dossier.Files(content)
	if err != nil {
		return err
	}
	if err := replaceFile(e.output, func(w io.Writer) error { return pack.Zip(w, packed(files), asOf) }); err != nil {
		return err
	}
	var l lines
	l.add("exported %s as of %s to %s", content.Manifest.Digest(), asOf.Format(time.RFC3339), shown(e.output))
	l.add("  check it with: unzip %s -d audit && sh audit/verify.sh %s", shown(e.output), shown(path))
	return l.writeTo(env.Stdout)
}

// content gathers what was known.
func (e exportFlags) content(ctx context.Context, env Env, c *content) (dossier.Content, error) {
	root, notes, err := e.gate.trust.read(env)
	if err != nil {
		return dossier.Content{}, err
	}
	m, err := e.gate.hash(ctx, env, c)
	if err != nil {
		return dossier.Content{}, err
	}
	entries := c.entries()
	c.complete(root, m, entries)
	more, err := e.gate.more(c)
	if err != nil {
		return dossier.Content{}, err
	}
	set := claim.Gather(slices.Concat(entries, more), claim.Options{Authority: root, Content: m, Now: env.Now()})
	d := dossier.Content{Manifest: m, Claims: set.All(), AsOf: env.Now(), Tool: "picket " + version(), Beside: map[string][]byte{},
		Notes: append([]string{absenceNote}, notes...),
		Key: func(hint string) (*evidence.PublicKey, bool) {
			_, key, ok := root.Lookup(hint)
			return key, ok
		}}
	return d, e.beside(ctx, env, c.path, d.Beside)
}

// beside adds the trust root, the policy and its decision.
func (e exportFlags) beside(ctx context.Context, env Env, path string, files map[string][]byte) error {
	trusted := e.gate.trust.file
	if trusted == "" {
		trusted = env.Getenv("PICKET_TRUST")
	}
	if info, err := os.Stat(trusted); trusted != "" && err == nil && !info.IsDir() {
		data, err := readSmall(trusted, evidence.MaxBundle)
		if err != nil {
			return fmt.Errorf("read trust root: %w", err)
		}
		files["trust-root"+filepath.Ext(trusted)] = data
	}
	if e.gate.policy == "" {
		return nil
	}
	if !shipped(e.gate.policy) {
		data, err := readSmall(e.gate.policy, evidence.MaxBundle)
		if err != nil {
			return fmt.Errorf("read policy: %w", err)
		}
		files["policy.yaml"] = data
	}
	decision, err := e.gate.decide(ctx, env, path)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(decision, "", "  ")
	if err != nil {
		return fmt.Errorf("encode decision: %w", err)
	}
	files["decision.json"] = append(text, '\n')
	return nil
}

// packed are the files of a dossier as an archive takes them.
func packed(files map[string][]byte) []pack.File {
	list := make([]pack.File, 0, len(files))
	for name, data := range files {
		list = append(list, pack.File{Name: name, Mode: 0o644, Data: data})
	}
	return list
}
