package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/weights"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/compare"
	"github.com/picketsec/picket/internal/limits"
)

// diffDocument is the JSON form of a comparison.
type diffDocument struct {
	Schema string         `json:"schema"`
	Old    string         `json:"old"`
	New    string         `json:"new"`
	Files  []compare.File `json:"files"`
}

func newDiffCmd(env Env) *cobra.Command {
	var flags scanFlags
	var out plainOutput
	failOn, noWeights := "high", false
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed since the approved version of a model",
		Long: "Diff scans two versions of a model and says what differs: files, formats, verdicts, the names that pickles import,\n" +
			"templates, operators and layers, tensors by type, shape and values, and findings.\n\n" +
			"Exit codes: 0 nothing bad is new · 1 error · 2 usage · 3 the new version has a finding at or above --fail-on that the\n" +
			"old one has not · 4 neither, but a part of the new version was not read.",
		Example: "  picket diff approved/ candidate/\n  picket diff --format json model-v1.pt model-v2.pt",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			threshold, err := picket.ParseSeverity(failOn)
			if err != nil {
				return usagef("--fail-on %s: %w", failOn, err)
			}
			if slices.Contains(args, "-") {
				return usagef("diff: standard input can be read only once; name two paths or addresses")
			}
			flags.noDigest = false // versions are compared by digest
			doc, end, err := runDiff(cmd.Context(), env, flags, args, !noWeights, threshold)
			if err != nil {
				return err
			}
			if err := out.answer(env, doc, func(w io.Writer) error { return writeDiff(w, doc) }); err != nil {
				return err
			}
			if end != exitOK {
				return end
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "lowest `SEVERITY` of a new finding that gives exit code 3: critical, high, medium, low, info")
	cmd.Flags().BoolVar(&noWeights, "no-weights", false, "do not compare tensors, which reads all of their data")
	return cmd
}

// side is one of the two versions while it is open.
type side struct {
	*inspection
	ctx   context.Context
	items map[string]detect.Item // by the name within the side
	scan  picket.Scan
}

// openSide lists and scans one version. The name of a single file does not matter.
func openSide(ctx context.Context, env Env, flags scanFlags, arg string) (*side, error) {
	i, err := flags.open(ctx, env, []string{arg})
	if err != nil {
		return nil, err
	}
	s := &side{inspection: i, ctx: ctx, items: map[string]detect.Item{}}
	if s.scan, err = i.run(ctx); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	for _, item := range i.listing.Items {
		s.items[s.within(item.Name)] = item
	}
	for n := range s.scan.Results {
		s.scan.Results[n].Artifact.Name = s.within(s.scan.Results[n].Artifact.Name)
	}
	return s, nil
}

// within is the name of an artifact relative to its version.
func (s *side) within(name string) string {
	if len(s.listing.Items) == 1 && s.listing.Root == "" { // also a place that is one file
		return "(the file)"
	}
	return s.listing.Within(name)
}

// tensors lists and hashes the tensors of a file.
func (s *side) tensors(name string) (list []compare.Tensor, ok bool, err error) {
	opened, err := s.items[name].Open()
	if err != nil {
		return nil, false, nil //nolint:nilerr // the scan has reported it
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	probe, err := detect.NewProbe(opened.Blob)
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", name, err)
	}
	set, err := weights.List(s.ctx, opened.Blob, probe, limits.NewBudget(limits.Default()))
	if err != nil {
		return nil, false, nil //nolint:nilerr // no weights, or none that can be listed: the comparison says so
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	list, err = compare.Sum(s.ctx, set)
	return list, err == nil, err
}

// runDiff compares two versions.
func runDiff(ctx context.Context, env Env, flags scanFlags, args []string, weights bool, threshold picket.Severity) (doc diffDocument, end exitCode, err error) {
	doc = diffDocument{Schema: "https://picketsec.dev/schema/diff/v1.json", Old: resolve.Show(args[0]), New: resolve.Show(args[1]), Files: []compare.File{}}
	var sides [2]*side
	for n, arg := range args {
		if sides[n], err = openSide(ctx, env, flags, arg); err != nil {
			return doc, exitError, err
		}
		defer sides[n].Close() //nolint:errcheck // opened for reading only
	}
	var versions [2]compare.Side
	for n, s := range sides {
		versions[n] = compare.Side{Results: s.scan.Results, Tensors: func(string) ([]compare.Tensor, bool, error) { return nil, false, nil }}
		if weights {
			versions[n].Tensors = s.tensors
		}
	}
	files, err := compare.Files(versions[0], versions[1])
	if err != nil {
		return doc, exitError, err
	}
	doc.Files = append(doc.Files, files...)
	return doc, diffOutcome(files, sides[1].scan, threshold), nil
}

// diffOutcome maps what is new to the exit code.
func diffOutcome(files []compare.File, now picket.Scan, threshold picket.Severity) exitCode {
	for _, f := range files {
		for _, c := range f.Changes {
			severity, err := picket.ParseSeverity(c.Severity)
			if c.How == compare.Added && err == nil && severity >= threshold {
				return exitFinding
			}
		}
	}
	if outcome(now, picket.Critical+1) == exitUnread {
		return exitUnread
	}
	return exitOK
}

// writeDiff writes the comparison for a person.
func writeDiff(w io.Writer, doc diffDocument) error {
	var l lines
	if len(doc.Files) == 0 {
		l.add("Nothing changed: every file has the same digest.")
	}
	signs := map[compare.How]string{compare.Added: "+", compare.Removed: "-", compare.Changed: "~"}
	for _, f := range doc.Files {
		l.add("%s %s", signs[f.How], picket.Printable(f.Name, picket.MaxExcerpt))
		for _, c := range f.Changes {
			name := c.Name
			if c.What == c.Name {
				name = ""
			}
			text := strings.TrimSpace(c.What + " " + name)
			switch {
			case c.Severity != "":
				text = fmt.Sprintf("%s finding %s: %s", c.Severity, c.Name, c.New)
			case c.How == compare.Changed:
				text += ": " + c.Old + " → " + c.New
			case c.Old+c.New != "":
				text += ": " + c.Old + c.New
			}
			l.add("    %s %s", signs[c.How], picket.Printable(text, picket.MaxExcerpt))
		}
		if f.Unknown != "" {
			l.add("    ? %s", f.Unknown)
		}
		if f.How == compare.Changed && len(f.Changes) == 0 && f.Unknown == "" {
			l.add("    ~ other bytes, in nothing that is listed here")
		}
	}
	return l.writeTo(w)
}
