package scorecard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// Engine is the engine of the picket command with its defaults, or with the detectors that read all weights.
func Engine(weights bool) (*detect.Engine, error) {
	set, err := builtin.Set(builtin.Config{Weights: weights})
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	return detect.NewEngine(set, limits.Default()), nil
}

// Hostile judges every hostile sample.
func Hostile(ctx context.Context, engine *detect.Engine) ([]Judged, error) {
	var files []Judged
	for _, s := range hostile.Samples() {
		content, err := s.Build()
		if err != nil {
			return nil, fmt.Errorf("build %s: %w", s.Name, err)
		}
		result, err := engine.Scan(ctx, detect.Entry{Name: s.Name, Blob: format.BytesBlob(content), Sibling: beside(s.Beside)})
		if err != nil {
			return nil, fmt.Errorf("judge %s: %w", s.Name, err)
		}
		files = append(files, judged(result, Judged{Name: s.Name, Group: s.Group, Executes: s.Executes}))
	}
	return files, nil
}

// beside is the Sibling of a sample with files beside it.
func beside(files map[string][]byte) func(string) (*format.Blob, error) {
	return func(name string) (*format.Blob, error) {
		if content, ok := files[path.Clean(name)]; ok {
			return format.BytesBlob(content), nil
		}
		return alone(name)
	}
}

// alone is the Sibling of a file that has none.
func alone(name string) (*format.Blob, error) {
	return nil, fmt.Errorf("open %s: %w", picket.Printable(name, picket.MaxExcerpt), os.ErrNotExist)
}

// ErrNoCorpus is returned by Benign when the folder holds no corpus.
var ErrNoCorpus = errors.New("no benign corpus: make corpus writes it")

// line is one line of the manifest.
type line struct {
	Path   string `json:"path"`
	Kind   string `json:"kind"`
	Writer string `json:"writer"`
}

// Benign judges the benign files that the manifest of a corpus lists, grouped by writer.
func Benign(ctx context.Context, engine *detect.Engine, corpus string) ([]Judged, error) {
	lines, err := benignLines(corpus)
	if err != nil {
		return nil, err
	}
	results := make([]picket.Result, len(lines))
	for i, l := range lines {
		if results[i], err = one(ctx, engine, filepath.Join(corpus, filepath.FromSlash(l.Path)), l.Path); err != nil {
			return nil, err
		}
	}
	detect.Settle(results)
	files := make([]Judged, len(lines))
	for i, l := range lines {
		files[i] = judged(results[i], Judged{Name: l.Path, Group: l.Writer})
	}
	return files, nil
}

// benignLines reads the lines of the manifest that are about benign files.
func benignLines(corpus string) ([]line, error) {
	manifest, err := os.Open(filepath.Join(corpus, "manifest.jsonl"))
	if err != nil {
		return nil, errors.Join(ErrNoCorpus, err)
	}
	defer manifest.Close()
	var list []line
	for lines := bufio.NewScanner(manifest); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if l.Kind == "benign" {
			list = append(list, l)
		}
	}
	if len(list) == 0 {
		return nil, ErrNoCorpus
	}
	return list, nil
}

// one scans a file on disk.
func one(ctx context.Context, engine *detect.Engine, file, name string) (picket.Result, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return picket.Result{}, fmt.Errorf("read benign file: %w", err)
	}
	sibling := func(other string) (*format.Blob, error) {
		if !filepath.IsLocal(other) {
			return alone(other)
		}
		content, err := os.ReadFile(filepath.Join(filepath.Dir(file), other))
		if err != nil {
			return nil, fmt.Errorf("open sibling: %w", err)
		}
		return format.BytesBlob(content), nil
	}
	result, err := engine.Scan(ctx, detect.Entry{Name: name, Blob: format.BytesBlob(content), Sibling: sibling})
	if err != nil {
		return picket.Result{}, fmt.Errorf("judge %s: %w", name, err)
	}
	return result, nil
}

// judged completes a file with what the scan says.
func judged(result picket.Result, file Judged) Judged {
	file.Verdict, file.Family = result.Verdict, "unknown"
	if len(result.Formats) > 0 {
		file.Family = result.Formats[0]
	}
	for _, f := range result.Findings {
		file.Rules = append(file.Rules, f.Rule.ID)
	}
	for _, f := range result.Findings {
		if f.Rule.Severity == picket.Critical && f.Rule.Class == picket.Execution && f.Technique != "" {
			file.Named = true
		}
	}
	c := result.Coverage
	switch {
	case len(result.Findings) > 0 && alarms(result.Verdict):
		f := result.Findings[0]
		file.Why = f.Rule.ID + ": " + f.Evidence.Summary
	case len(c.Gaps) > 0:
		file.Why = strings.TrimPrefix(c.Gaps[0].Member+": "+c.Gaps[0].Reason, ": ")
	case len(c.Unsupported) > 0:
		file.Why = strings.Join(c.Unsupported, ", ")
	default:
		file.Why = "recognised as " + strings.Join(append(result.Formats, ""), " ")
	}
	file.Why = picket.Printable(file.Why, picket.MaxExcerpt)
	return file
}
