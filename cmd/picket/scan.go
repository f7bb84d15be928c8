package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"sort"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/policy/exception"
	"github.com/picketsec/picket/report"
)

// scanFlags are the flags of every verb that inspects.
type scanFlags struct {
	config          string
	trustTreeConfig bool
	baseline        string
	scratch         string
	noDigest        bool
	weights         bool
	workers         int
	quiet           bool
	places          placeFlags
	meter           *fetch.Meter // set when a scan is opened
}

// add declares the flags.
func (s *scanFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.config, "config", "", "configuration `FILE` (default: the environment variable PICKET_CONFIG, else none)")
	f.BoolVar(&s.trustTreeConfig, "trust-tree-config", false, "use a configuration that is found inside the scanned folder")
	f.StringVar(&s.baseline, "baseline", "", "report only what is not in `FILE`, the JSON report of an earlier scan")
	f.StringVar(&s.scratch, "scratch", "", "allow unlinked temporary files in `DIR` for large standard input")
	f.BoolVar(&s.noDigest, "no-digest", false, "do not hash the artifacts")
	f.BoolVar(&s.weights, "weights", false, "also look into the values of all tensors, which reads all of their data")
	f.IntVar(&s.workers, "workers", 0, "artifacts to scan at the same time (default: one per processor)")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "no progress")
	s.places.add(cmd)
}

func newScanCmd(env Env) *cobra.Command {
	var flags scanFlags
	var out outputFlags
	var attest attestFlags
	var trace bool
	failOn := "high"
	cmd := &cobra.Command{
		Use:   "scan PATH|ADDRESS... | -",
		Short: "Tell whether models are safe to load, without loading them",
		Long: "Scan inspects files, folders, standard input (-) and addresses. It never executes or imports anything, and follows\n" +
			"nothing that a model names.\n\n" + addresses() + "\n\n" +
			"Exit codes: 0 clean · 1 error · 2 usage · 3 a finding at or above --fail-on · 4 neither, but something that can\n" +
			"execute was not read.",
		Example: "  picket scan model.pt weights/\n  picket scan --format sarif --output out.sarif .\n" +
			"  curl -s https://example.com/model.pkl | picket scan -\n  picket scan model/ --attest --private-key k.pem",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			threshold, err := picket.ParseSeverity(failOn)
			if err != nil {
				return usagef("--fail-on %s: %v", failOn, picket.ErrSeverity)
			}
			if err := errors.Join(out.check(), attest.check(args, flags)); err != nil {
				return err
			}
			signer, done, err := attest.begin(cmd.Context(), env, args)
			if err != nil {
				return err
			}
			defer done()
			s, config, err := flags.scan(cmd.Context(), env, args)
			if err != nil {
				return err
			}
			end := outcome(s, threshold)
			code := int(end)
			if err := out.write(env, s, report.Options{Trace: trace, FailOn: threshold, ExitCode: &code}); err != nil {
				return err
			}
			if err := attest.run(cmd.Context(), env, s, config, args[0], signer); err != nil {
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
	attest.add(cmd)
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "lowest `SEVERITY` that gives exit code 3: critical, high, medium, low, info")
	cmd.Flags().BoolVar(&trace, "trace", false, "show the calls that loading each file would make")
	return cmd
}

// outcome maps a scan to the exit code.
func outcome(s picket.Scan, threshold picket.Severity) exitCode {
	if s.Worst() >= threshold {
		return exitFinding
	}
	for _, r := range s.Results {
		if len(r.Coverage.Gaps) > 0 || len(r.Coverage.Unsupported) > 0 || r.Failure != "" {
			return exitUnread
		}
	}
	return exitOK
}

// workersFor is how many artifacts are scanned at the same time; each holds at most the memory of its limits.
func (s scanFlags) workersFor() int {
	if s.workers > 0 {
		return s.workers
	}
	return runtime.GOMAXPROCS(0)
}

// inspection is one scan that is ready to run.
type inspection struct {
	flags   scanFlags
	env     Env
	target  string
	listing *source.Listing
	config  exception.Config
	inTree  []string // configurations inside the tree that do not apply
	known   exception.Baseline
	engine  *detect.Engine
}

// open lists the artifacts and loads what applies to them. The caller closes the inspection.
func (s scanFlags) open(ctx context.Context, env Env, args []string) (*inspection, error) {
	s.meter = &fetch.Meter{}
	listing, err := s.list(ctx, env, args)
	if err != nil {
		return nil, err
	}
	i := &inspection{flags: s, env: env, target: target(args), listing: listing}
	if err := i.configure(); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// configure loads the configuration and the baseline, and makes the engine.
func (i *inspection) configure() (err error) {
	if i.config, i.inTree, err = i.flags.configuration(i.env, i.listing); err != nil {
		return err
	}
	packs, err := installedPacks(i.env)
	if err != nil {
		return err
	}
	i.config.Allow.Globals = append(i.config.Allow.Globals, packs.Globals...)
	if i.known, err = i.flags.baselined(); err != nil {
		return err
	}
	set, err := builtin.Set(builtin.Config{Allow: i.config.Allow.Globals, Weights: i.flags.weights})
	if err != nil {
		return usageError{err}
	}
	i.engine = detect.NewEngine(set, limits.Default())
	return nil
}

// Close releases what the artifacts are opened through.
func (i *inspection) Close() error { return i.listing.Close() }

// run inspects the artifacts and applies the configuration and the baseline.
func (i *inspection) run(ctx context.Context) (picket.Scan, error) {
	progress := i.flags.progress(i.env, i.listing.Items)
	batch := detect.Batch{Engine: i.engine, Workers: i.flags.workersFor(), Digest: !i.flags.noDigest, Watch: progress}
	results, err := batch.Scan(ctx, i.listing.Items)
	progress.Close()
	if err != nil {
		return picket.Scan{}, err
	}
	result := picket.Scan{Tool: "picket " + version(), Target: i.target, Results: results, Origin: i.origin(),
		Findings: slices.Clone(i.listing.Findings)}
	for _, name := range i.inTree {
		exception.NoteTreeConfig(&result, name)
	}
	for _, name := range i.listing.Skipped {
		exception.NoteSkipped(&result, name)
	}
	i.config.Apply(&result, i.env.Now())
	i.known.Apply(&result)
	sortResults(result.Results)
	return result, nil
}

// scan opens and runs one inspection.
func (s scanFlags) scan(ctx context.Context, env Env, args []string) (picket.Scan, exception.Config, error) {
	i, err := s.open(ctx, env, args)
	if err != nil {
		return picket.Scan{}, exception.Config{}, err
	}
	defer i.Close() //nolint:errcheck // opened for reading only
	result, err := i.run(ctx)
	return result, i.config, err
}

// progress shows how far the scan is, on a terminal only.
func (s scanFlags) progress(env Env, items []detect.Item) *report.Progress {
	p := report.NewProgress(env.Stderr, env.ErrTerm && !s.quiet, env.OutColumns, env.Now)
	total := int64(0)
	for _, item := range items {
		total += max(0, item.Size)
	}
	p.Total(len(items), total)
	return p
}

// target is how a report names what was scanned.
func target(args []string) string {
	shown := resolve.Show(args[0])
	if len(args) == 1 {
		return shown
	}
	return fmt.Sprintf("%s and %d more", shown, len(args)-1)
}

// sortResults puts the worst first, then orders by name.
func sortResults(results []picket.Result) {
	sort.SliceStable(results, func(i, j int) bool {
		a, b := results[i], results[j]
		if a.Verdict != b.Verdict {
			return a.Verdict.Worse(b.Verdict)
		}
		return a.Artifact.Name < b.Artifact.Name
	})
}

// configuration loads the configuration that applies and names those in the tree that do not.
func (s scanFlags) configuration(env Env, listing *source.Listing) (exception.Config, []string, error) {
	name := s.config
	if name == "" {
		name = env.Getenv("PICKET_CONFIG")
	}
	var inTree []string
	for _, item := range listing.Items {
		if slices.Contains(exception.FileNames(), path.Base(item.Name)) {
			inTree = append(inTree, item.Name)
		}
	}
	if name == "" && s.trustTreeConfig && listing.Root != "" {
		for _, candidate := range exception.FileNames() {
			full := path.Join(listing.Root, candidate)
			if _, err := os.Stat(full); err == nil {
				name = full
				break
			}
		}
	}
	inTree = slices.DeleteFunc(inTree, func(n string) bool { return path.Clean(n) == path.Clean(name) })
	if name == "" {
		return exception.Config{}, inTree, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return exception.Config{}, nil, usagef("open configuration: %w", err)
	}
	config, err := exception.Load(f, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return exception.Config{}, nil, usageError{err}
	}
	return config, inTree, nil
}

// baselined loads the baseline.
func (s scanFlags) baselined() (exception.Baseline, error) {
	if s.baseline == "" {
		return exception.Baseline{}, nil
	}
	f, err := os.Open(s.baseline)
	if err != nil {
		return exception.Baseline{}, usagef("open baseline: %w", err)
	}
	b, err := exception.LoadBaseline(f, s.baseline)
	if err = errors.Join(err, f.Close()); err != nil {
		return exception.Baseline{}, usageError{err}
	}
	return b, nil
}

// outputFlags say how and where a report goes.
type outputFlags struct{ format, output string }

// add declares the flags.
func (o *outputFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "format", "f", "table", "`FORMAT` of the report: table, json, sarif, junit, html, markdown")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the report to `FILE`, replaced at once when it is complete (default: standard output)")
}

// check refuses an unknown format before any work is done.
func (o *outputFlags) check() error {
	if _, err := report.Lookup(o.format); err != nil {
		return usageError{err}
	}
	return nil
}

// write renders the scan.
func (o *outputFlags) write(env Env, s picket.Scan, options report.Options) error {
	format, err := report.Lookup(o.format)
	if err != nil {
		return usageError{err}
	}
	options.Color, options.Width = env.color(o.output), env.OutColumns
	return o.to(env, func(w io.Writer) error { return format.Write(w, s, options) })
}

// to runs a writer on the output that was asked for.
func (o *outputFlags) to(env Env, write func(io.Writer) error) error {
	if o.output == "" {
		return write(env.Stdout)
	}
	return replaceFile(o.output, write)
}

// color reports whether a report may use colour.
func (e Env) color(output string) bool {
	return output == "" && e.OutTerm && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}
