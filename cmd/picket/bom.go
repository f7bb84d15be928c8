package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

func newBOMCmd(env Env) *cobra.Command {
	cmd := newBOMGenCmd(env)
	cmd.Use = "bom PATH"
	cmd.Long = "Bom reads a model, a dataset or a program and says what it is made of: architecture, parameters, licence, base model,\n" +
		"datasets, libraries, files and claims. Every value has its source and how far it can be believed: declared by someone,\n" +
		"inferred from content, verified, or unresolved. Only headers of weights are read, and nothing that the content names is\n" +
		"fetched. PATH alone is short for bom gen PATH."
	cmd.Example = "  picket bom model/\n  picket bom gen model/ --format cyclonedx-json --output model.cdx.json\n" +
		"  picket bom score model/\n  picket bom diff approved/ candidate/"
	cmd.AddCommand(newBOMGenCmd(env), newBOMShowCmd(env), newBOMScoreCmd(env), newBOMDiffCmd(env), newBOMConvertCmd(env))
	return cmd
}

// bomFlags are the flags of every verb that makes bills.
type bomFlags struct {
	hash      hashFlags
	trust     trustFlags
	author    string
	location  string
	timestamp string
}

// add declares the flags.
func (f *bomFlags) add(cmd *cobra.Command) {
	f.hash.add(cmd)
	f.trust.add(cmd)
	cmd.Flags().StringVar(&f.author, "author", "", "`NAME` of who supplies the bill")
	cmd.Flags().StringVar(&f.location, "location", "", "`ADDRESS` that the content was taken from, such as hf://ORG/NAME@COMMIT; it is written down and not opened")
	cmd.Flags().StringVar(&f.timestamp, "timestamp", "", "`TIME` that the bill was made at: now, or as 2026-01-31T12:00:00Z (default: the environment variable\n"+
		"SOURCE_DATE_EPOCH, else none, so that the same content gives the same bill)")
}

// time is when the bill is said to be made; the zero time when nobody says.
func (f *bomFlags) time(env Env) (time.Time, error) {
	switch epoch := env.Getenv("SOURCE_DATE_EPOCH"); {
	case f.timestamp == "now":
		return env.Now().UTC().Truncate(time.Second), nil
	case f.timestamp != "":
		t, err := time.Parse(time.RFC3339, f.timestamp)
		if err != nil {
			return t, usagef("--timestamp %q is neither now nor a time such as 2026-01-31T12:00:00Z", picket.Printable(f.timestamp, 40))
		}
		return t.UTC(), nil
	case epoch != "":
		n, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || n < 0 || n > 1<<37 {
			return time.Time{}, usagef("SOURCE_DATE_EPOCH %q is no number of seconds", picket.Printable(epoch, 40))
		}
		return time.Unix(n, 0).UTC(), nil
	}
	return time.Time{}, nil
}

// build makes the bill of a folder or a file.
func (f *bomFlags) build(ctx context.Context, env Env, path string) (b *bom.Bill, err error) {
	made, err := f.time(env)
	if err != nil {
		return nil, err
	}
	root, _, err := f.trust.read(env)
	if err != nil {
		return nil, err
	}
	c, err := findContent(path)
	if err != nil {
		return nil, err
	}
	m, err := f.hash.hash(ctx, env, c)
	if err != nil {
		return nil, err
	}
	content, closing, err := c.open(f.hash.allowSymlinks)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.path, err)
	}
	defer func() { err = errors.Join(err, closing()) }()
	var claims []bom.Claim
	for _, x := range c.judge(root, m, env.Now().UTC()) {
		if x.Holds() {
			claims = append(claims, bom.Claim{Kind: x.Kind.Name, Signer: x.Signer, Source: x.Source, Summary: claimSummary(x)})
		}
	}
	location := f.location
	if location == "" {
		location = cachedFrom(path)
	}
	return bom.Build(ctx, bom.Input{Content: content, Manifest: m, Claims: claims, Author: f.author, Location: location,
		Tool: "picket", Version: version(), Time: made})
}

// cachedFrom is the address of a revision in the cache of the hub, which its path says; empty for any other folder.
func cachedFrom(path string) string {
	full, err := filepath.Abs(path)
	if err != nil || !isSnapshot(full) {
		return ""
	}
	name, ok := strings.CutPrefix(filepath.Base(filepath.Dir(filepath.Dir(full))), "models--")
	if !ok {
		return ""
	}
	return "hf://" + strings.Replace(name, "--", "/", 1) + "@" + filepath.Base(full)
}

// open gives access to the files that hash hashes, and to nothing else.
func (c *content) open(allowSymlinks bool) (fs.FS, func() error, error) {
	full, err := filepath.Abs(c.path)
	if err != nil {
		return nil, nil, err
	}
	if c.isFile {
		return os.DirFS(filepath.Dir(full)), func() error { return nil }, nil
	}
	root, below, err := openFolder(full, allowSymlinks)
	if err != nil {
		return nil, nil, err
	}
	tree, err := fs.Sub(root.FS(), below)
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	return tree, root.Close, nil
}

// claimSummary is what a claim says, on one line.
func claimSummary(c *claim.Claim) string {
	switch p := c.Predicate.(type) {
	case *claim.ScanResult:
		return p.Verdict.String()
	case *evidence.ModelSignature:
		return "covers every file"
	}
	return c.Kind.Title
}

func newBOMGenCmd(env Env) *cobra.Command {
	var flags bomFlags
	var out bomOutput
	cmd := &cobra.Command{
		Use:   "gen PATH",
		Short: "Make a bill of materials of a model, a dataset or a program",
		Long: "Gen makes a bill of materials from the content itself. Claims in it are those that count by --trust.\n\n" +
			"Exit codes: 0 written · 1 error · 2 usage.",
		Example: "  picket bom gen model/\n  picket bom gen model/ --format spdx-json --output model.spdx.json --author 'Example Org' --timestamp now",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			b, err := flags.build(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			return out.write(env, b)
		},
	}
	flags.add(cmd)
	out.add(cmd, "table")
	return cmd
}

func newBOMShowCmd(env Env) *cobra.Command {
	out := outputFlags{format: "table"}
	cmd := &cobra.Command{
		Use:     "show BOM",
		Short:   "Print a bill of materials for people",
		Long:    "Show prints a bill that is already written, in any form that picket reads.\n\nExit codes: 0 printed · 1 error · 2 usage.",
		Example: "  picket bom show model.cdx.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := readBill(args[0])
			if err != nil {
				return err
			}
			return out.to(env, func(w io.Writer) error { return bom.WriteText(w, b) })
		},
	}
	cmd.Flags().StringVarP(&out.output, "output", "o", "", "write to `FILE`, replaced at once when it is complete (default: standard output)")
	return cmd
}

func newBOMConvertCmd(env Env) *cobra.Command {
	var out bomOutput
	cmd := &cobra.Command{
		Use:   "convert BOM",
		Short: "Write a bill of materials in another form",
		Long: "Convert reads a bill in any form that picket reads and writes it in another. What picket does not understand is kept.\n\n" +
			"Exit codes: 0 written · 1 error · 2 usage.",
		Example: "  picket bom convert model.cdx.json --format spdx-json --output model.spdx.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			b, err := readBill(args[0])
			if err != nil {
				return err
			}
			return out.write(env, b)
		},
	}
	out.add(cmd, "cyclonedx-json")
	return cmd
}

// bomOutput says in which form a bill is written, and where.
type bomOutput struct{ outputFlags }

// add declares the flags.
func (o *bomOutput) add(cmd *cobra.Command, form string) {
	cmd.Flags().StringVarP(&o.format, "format", "f", form, "`FORMAT` of the bill: "+strings.Join(billFormats(), ", "))
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the bill to `FILE`, replaced at once when it is complete (default: standard output)")
}

// check refuses an unknown form before any work is done.
func (o *bomOutput) check() error {
	if !slices.Contains(billFormats(), o.format) {
		return usagef("--format %q is not one of %s", picket.Printable(o.format, 40), strings.Join(billFormats(), ", "))
	}
	return nil
}

// write writes a bill.
func (o *bomOutput) write(env Env, b *bom.Bill) error {
	for _, form := range billForms() {
		if form.name == o.format {
			return o.to(env, func(w io.Writer) error { return form.encode(w, b) })
		}
	}
	return usagef("--format %q is not known", picket.Printable(o.format, 40))
}
