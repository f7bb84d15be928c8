package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/reference"
	"github.com/picketsec/picket/policy/exception"
	"github.com/picketsec/picket/report"
)

// rulesOf lists every rule: of the engine, of the detectors, and about the run itself.
func rulesOf(set *detect.Set) []picket.Rule { return append(set.Rules(), runRules()...) }

// listing is the output of the verbs that show the registry.
type listing struct{ outputFlags }

// add declares the flags.
func (l *listing) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&l.format, "format", "f", report.Listings()[0], fmt.Sprintf("`FORMAT` of the list: %v", report.Listings()))
	cmd.Flags().StringVarP(&l.output, "output", "o", "", "write to `FILE` instead of standard output")
}

// show loads the registry and writes it.
func (l *listing) show(env Env, write func(w io.Writer, set *detect.Set, opt report.Options) error) error {
	set, err := builtin.Set(builtin.Config{Weights: true})
	if err != nil {
		return err
	}
	opt := report.Options{Color: env.color(l.output), Width: env.OutColumns}
	return l.to(env, func(w io.Writer) error { return write(w, set, opt) })
}

func newRulesCmd(env Env) *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use: "rules", Short: "List every rule", Args: cobra.NoArgs,
		Long:    "Rules lists what picket scan can find. The severity decides the exit code, see --fail-on.",
		Example: "  picket rules\n  picket rules --format json",
		RunE: func(*cobra.Command, []string) error {
			return l.show(env, func(w io.Writer, set *detect.Set, opt report.Options) error {
				return report.ListRules(w, rulesOf(set), l.format, opt)
			})
		},
	}
	l.add(cmd)
	return cmd
}

func newFormatsCmd(env Env) *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use: "formats", Short: "List every file format that is recognised, and whether it is parsed", Args: cobra.NoArgs,
		Long:    "Formats lists what picket recognises by content. What is recognised and not parsed is unsupported, never clean.",
		Example: "  picket formats\n  picket formats --format markdown",
		RunE: func(*cobra.Command, []string) error {
			return l.show(env, func(w io.Writer, set *detect.Set, _ report.Options) error {
				return reference.ListFormats(w, set, l.format)
			})
		},
	}
	l.add(cmd)
	return cmd
}

func newExplainCmd(env Env) *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use: "explain RULE", Short: "Say what a rule means, why it matters and how to fix what it finds", Args: cobra.ExactArgs(1),
		Long:    "Explain says what a rule means, why it matters, how to fix what it finds, and where to read more.",
		Example: "  picket explain model.pickle.code-execution",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			set, err := builtin.Set(builtin.Config{Weights: true})
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			var ids []string
			for _, r := range rulesOf(set) {
				ids = append(ids, r.ID)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			err := l.show(env, func(w io.Writer, set *detect.Set, opt report.Options) error {
				return report.Explain(w, rulesOf(set), args[0], l.format, opt)
			})
			if errors.Is(err, report.ErrRule) {
				return usageError{err}
			}
			return err
		},
	}
	l.add(cmd)
	return cmd
}

// runRules are the rules that no detector reports: those about the run, and about places.
func runRules() []picket.Rule { return append(exception.Rules(), source.Rules()...) }

// newDocsCmd is for contributors: it writes docs/reference.
func newDocsCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "docs DIR", Short: "Write the reference documentation", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := builtin.Set(builtin.Config{Weights: true})
			if err != nil {
				return err
			}
			files, err := reference.Files(set, runRules(), cmd.Root())
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(args[0], f.Name)), 0o755); err != nil {
					return fmt.Errorf("make folder: %w", err)
				}
				if err := replaceFile(filepath.Join(args[0], f.Name), func(w io.Writer) error {
					_, err := w.Write(f.Content)
					return err
				}); err != nil {
					return err
				}
			}
			fmt.Fprintf(env.Stderr, "wrote %d files to %s\n", len(files), args[0])
			return drawScan(cmd.Context(), env, filepath.Join(args[0], "..", "img"))
		},
	}
}

// drawScan draws the report of a scan of the examples, as a terminal shows it, for the README.
func drawScan(ctx context.Context, env Env, dir string) error {
	const columns = 96
	args := []string{"examples/models/hostile/bert-tiny.pt", "examples/models/hostile/tokenizer.safetensors", "examples/models/benign"}
	s, _, err := scanFlags{quiet: true}.scan(ctx, env, args)
	if err != nil {
		return fmt.Errorf("scan the examples: %w", err)
	}
	format, err := report.Lookup("table")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := format.Write(&out, s, report.Options{Color: true, Width: columns}); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return replaceFile(filepath.Join(dir, "scan.svg"), func(w io.Writer) error {
		_, err := w.Write(reference.Terminal("picket scan bert-tiny.pt tokenizer.safetensors benign/", out.Bytes(), columns))
		return err
	})
}
