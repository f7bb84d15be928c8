// Command corpus writes the files that the scorecard and the comparison with other scanners judge: hostile samples from this
// repository's generators, and benign files from real writers. It is for contributors and for continuous integration. A writer
// that is not installed is named and left out; what was generated stands in manifest.jsonl. It downloads two pinned Go modules
// through the go command, and nothing else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is one line of the manifest.
type entry struct {
	Path      string `json:"path"` // relative to the corpus, with slashes
	Kind      string `json:"kind"` // hostile or benign
	Group     string `json:"group"`
	Technique string `json:"technique"` // for a benign file, what it holds
	Executes  bool   `json:"executes"`
	Loader    string `json:"loader"`
	Writer    string `json:"writer"`
	SHA256    string `json:"sha256"`
}

// maxCorpus bounds the corpus in bytes, so that a writer that goes wrong is noticed.
const maxCorpus = 400 << 20

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

// run generates what the flags ask for.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("corpus", flag.ContinueOnError)
	out := flags.String("out", "corpus", "folder to write; its parts hostile and benign are replaced")
	only := flags.String("only", "", "hostile or benign; empty for both")
	venv := flags.String("venv", ".venv", "virtual environment with the writers of requirements.txt, made by make setup")
	examples := flags.String("examples", "", "write the small committed examples to this folder instead")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	if *examples != "" {
		return writeExamples(ctx, *examples, *venv)
	}
	if !slices.Contains([]string{"", "hostile", "benign"}, *only) {
		return fmt.Errorf("parse flags: --only is hostile or benign, not %q", *only)
	}
	return generate(ctx, *out, *only, *venv)
}

// generate writes the parts of the corpus and the manifest of everything in it.
func generate(ctx context.Context, out, only, venv string) error {
	start := time.Now()
	manifest, err := keep(out, only)
	if err != nil {
		return err
	}
	var skipped []string
	if only != "benign" {
		entries, err := writeHostile(out)
		if err != nil {
			return err
		}
		manifest = append(manifest, entries...)
	}
	if only != "hostile" {
		entries, missing, err := writeBenign(ctx, out, venv)
		if err != nil {
			return err
		}
		manifest, skipped = append(manifest, entries...), missing
	}
	size, err := finish(out, manifest)
	if err != nil {
		return err
	}
	for _, s := range skipped {
		fmt.Println("skipped:", s)
	}
	writers := map[string]bool{}
	benign := 0
	for _, e := range manifest {
		if e.Kind == "benign" {
			benign++
			writers[e.Writer] = true
		}
	}
	fmt.Printf("%d hostile samples, %d benign files from %d writers, %d MiB, %v\n", len(manifest)-benign, benign, len(writers),
		size>>20, time.Since(start).Round(time.Second))
	return nil
}

// keep removes the parts that will be written anew, and returns the manifest of the others.
func keep(out, only string) ([]entry, error) {
	old, err := readManifest(filepath.Join(out, "manifest.jsonl"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var kept []entry
	for _, part := range []string{"hostile", "benign"} {
		if only == "" || only == part {
			if err := os.RemoveAll(filepath.Join(out, part)); err != nil {
				return nil, fmt.Errorf("remove the old corpus: %w", err)
			}
			continue
		}
		for _, e := range old {
			if e.Kind == part {
				kept = append(kept, e)
			}
		}
	}
	return kept, nil
}

// readManifest reads the lines of a manifest.
func readManifest(path string) ([]entry, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	var entries []entry
	for line := range strings.Lines(string(content)) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("read manifest %s: %w", path, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// finish checks the size of the corpus and writes the manifest, ordered by path.
func finish(out string, manifest []entry) (int64, error) {
	slices.SortFunc(manifest, func(a, b entry) int { return strings.Compare(a.Path, b.Path) })
	var b strings.Builder
	total := int64(0)
	for _, e := range manifest {
		info, err := os.Stat(filepath.Join(out, filepath.FromSlash(e.Path)))
		if err != nil {
			return 0, fmt.Errorf("look at the corpus: %w", err)
		}
		total += info.Size()
		line, err := json.Marshal(e)
		if err != nil {
			return 0, fmt.Errorf("write manifest: %w", err)
		}
		b.Write(append(line, '\n'))
	}
	if total > maxCorpus {
		return 0, fmt.Errorf("the corpus has %d bytes, more than %d", total, int64(maxCorpus))
	}
	if err := os.WriteFile(filepath.Join(out, "manifest.jsonl"), []byte(b.String()), 0o600); err != nil {
		return 0, fmt.Errorf("write manifest: %w", err)
	}
	return total, nil
}
