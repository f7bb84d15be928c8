// Command peers runs Picket and the other scanners of model files side by side on the same machine and the same files, and
// writes docs/benchmarks.md: speed, memory, and a table of what each says about the hostile and the benign corpus. It is for
// contributors; it installs the others, at pinned versions, into virtual environments. It sends nothing anywhere: those that
// have telemetry or look things up are told not to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/picketsec/picket/bench/speed"
)

// options are what the flags say.
type options struct {
	picket, corpus, out, venv, scratch string
	runs, benign                       int
	limit, least                       time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run measures everything and writes the page.
func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.StringVar(&o.picket, "picket", "bin/picket", "the picket binary")
	flags.StringVar(&o.corpus, "corpus", "corpus", "folder that make corpus wrote")
	flags.StringVar(&o.out, "out", "docs/benchmarks.md", "page to write")
	flags.StringVar(&o.venv, "venv", ".venv/peers", "folder for the virtual environments of the peers")
	flags.StringVar(&o.scratch, "scratch", os.TempDir(), "folder for 1.3 GB of generated files")
	flags.IntVar(&o.runs, "runs", 5, "runs of each measurement; the median counts")
	flags.IntVar(&o.benign, "benign", 500, "benign files that the peers judge, taken evenly from the corpus")
	flags.DurationVar(&o.limit, "limit", 3*time.Minute, "time that one run may take")
	flags.DurationVar(&o.least, "least", time.Second/2, "time that scans of the largest file of one format take together at least")
	only := flags.String("generate", "", "only generate the files that are measured, into this folder")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	if *only != "" {
		return generate(*only)
	}
	for _, path := range []*string{&o.picket, &o.corpus, &o.out, &o.venv} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("find %s: %w", *path, err)
		}
		*path = absolute
	}
	peers, err := install(ctx, o)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(o.scratch, "picket-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(folder)
	page, err := measureAll(ctx, o, peers, folder)
	if err != nil {
		return err
	}
	if page.rates, err = speed.Formats(ctx, o.corpus, o.least); err != nil {
		return err
	}
	if page.transfers, err = speed.Remote(ctx); err != nil {
		return err
	}
	if page.detection, err = detection(ctx, o, peers, folder); err != nil {
		return err
	}
	if err := os.WriteFile(o.out, []byte(page.markdown()), 0o644); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	fmt.Println("wrote", o.out)
	return nil
}

// peer is one other scanner.
type peer struct {
	name, version string
	compiled      bool   // its core is not Python
	bin           string // folder of its programs, as pip installs them
	judge         string // folder of the Python that has all parsers it can use
	command       func(path string) []string
	reads         []string // the kinds of input that its command line reads
	refusal       string   // what it prints about a file that it does not read to the end
	failure       string   // why it is not there
}

// The kinds of input.
const (
	kindPickle, kindArchive                = "raw pickles", "archives"
	kindSafetensors, kindGGUF, kindNetwork = "safetensors", "GGUF", "ONNX"
)

// others are the scanners that Picket is compared with: those of PyPI that judge several formats of models. The environments are
// folders of o.venv.
func others(o options) []peer {
	at := func(name string) string { return filepath.Join(o.venv, name, "bin") }
	pickles, all := []string{kindPickle, kindArchive}, []string{kindPickle, kindArchive, kindSafetensors, kindGGUF, kindNetwork}
	return []peer{
		{name: "picklescan", bin: at("shared"), judge: at("shared"), reads: pickles,
			command: func(p string) []string { return []string{"picklescan", "--path", p} }},
		{name: "modelscan", bin: at("modelscan"), judge: at("modelscan-all"), reads: pickles,
			command: func(p string) []string { return []string{"modelscan", "--path", p} }},
		{name: "fickling", bin: at("shared"), judge: at("shared"), reads: []string{kindPickle},
			command: func(p string) []string {
				return []string{"fickling", "--check-safety", "--json-output", os.DevNull, p}
			}},
		{name: "modelaudit", bin: at("shared"), judge: at("modelaudit-all"), compiled: true, reads: all,
			command: func(p string) []string {
				return []string{"modelaudit", "scan", "--no-cache", "--quiet", "--format", "json", p}
			}},
		{name: "hayward", bin: at("shared"), judge: at("shared"), reads: all, refusal: "MFV-SKIP-001",
			command: func(p string) []string { return []string{"hayward", "scan", "--format", "json", p} }},
		{name: "safeloadai", bin: at("shared"), judge: at("shared"), reads: all[:4], refusal: "E103",
			command: func(p string) []string { return []string{"safeloadai", "scan", "--no-input", p} }},
		{name: "aisbom-cli", bin: at("shared"), judge: at("shared"), reads: all, refusal: "ncomplete",
			command: func(p string) []string {
				return []string{"aisbom", "scan", "--offline", "--output", "sbom.json", p}
			}},
	}
}

// install makes the virtual environments, once, and lists the peers, with the reason for each that is not there.
func install(ctx context.Context, o options) ([]peer, error) {
	requirements := map[string]string{"shared": "", "modelscan": "-modelscan", "modelscan-all": "-modelscan-all", "modelaudit-all": "-modelaudit-all"}
	failures := map[string]error{}
	for name, suffix := range requirements {
		bin := filepath.Join(o.venv, name, "bin")
		failures[bin] = environment(ctx, filepath.Dir(bin), filepath.Join("bench", "peers", "requirements"+suffix+".txt"))
	}
	peers := others(o)
	for i, p := range peers {
		err := errors.Join(failures[p.bin], failures[p.judge])
		if err == nil {
			script := "import importlib.metadata as m; print(m.version('" + p.name + "'))"
			var output []byte
			output, err = exec.CommandContext(ctx, filepath.Join(p.bin, "python"), "-c", script).Output()
			peers[i].version = firstLine(output)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil { // a fact to report, not an error of this program
			peers[i].failure = "not installed here: " + firstLine([]byte(err.Error()))
		}
	}
	return peers, nil
}

// environment makes a virtual environment with what a file of requirements lists, unless it is there already.
func environment(ctx context.Context, folder, requirements string) error {
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return fmt.Errorf("read requirements (run this in the root of the repository): %w", err)
	}
	done := filepath.Join(folder, "done")
	if have, err := os.ReadFile(done); err == nil && string(have) == string(wanted) {
		return nil
	}
	fmt.Println("installing", requirements, "into", folder)
	for _, command := range [][]string{
		{"python3", "-m", "venv", folder},
		{filepath.Join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements},
	} {
		output, err := exec.CommandContext(ctx, command[0],
			command[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("install %s: %w: %s", requirements, err, output)
		}
	}
	if err := os.WriteFile(done, wanted, 0o600); err != nil {
		return errors.Join(errors.New("note the installation"), err)
	}
	return nil
}
