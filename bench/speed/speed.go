// Package speed measures how fast each format is scanned, and how few bytes of a remote model a scan transfers. It is for the
// page of benchmarks; it measures inside one process, without the time to start and without digests, and reaches nothing but
// this machine.
package speed

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/bench/scorecard"
	"github.com/picketsec/picket/detect"
)

// Rate is how fast one file is scanned.
type Rate struct {
	Format string
	File   string // within the corpus
	Bytes  int64
	Scan   time.Duration // the median of several scans
}

// PerSecond is the rate in megabytes a second.
func (r Rate) PerSecond() float64 { return float64(r.Bytes) / 1e6 / r.Scan.Seconds() }

// Formats scans the largest benign file of every format in the corpus, each for at least the given time.
func Formats(ctx context.Context, corpus string, least time.Duration) ([]Rate, error) {
	engine, err := scorecard.Engine(false)
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	largest, err := largestFiles(ctx, engine, corpus)
	if err != nil {
		return nil, err
	}
	var rates []Rate
	for _, r := range largest {
		if r.Scan, err = median(ctx, engine, filepath.Join(corpus, filepath.FromSlash(r.File)), least); err != nil {
			return nil, err
		}
		rates = append(rates, r)
	}
	slices.SortFunc(rates, func(a, b Rate) int { return strings.Compare(a.Format, b.Format) })
	return rates, nil
}

// largestFiles finds the largest benign file of each format.
func largestFiles(ctx context.Context, engine *detect.Engine, corpus string) (map[string]Rate, error) {
	manifest, err := os.Open(filepath.Join(corpus, "manifest.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("open corpus (make corpus writes it): %w", err)
	}
	defer manifest.Close()
	largest := map[string]Rate{}
	for lines := bufio.NewScanner(manifest); lines.Scan(); {
		var line struct{ Path, Kind string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if line.Kind != "benign" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(corpus, filepath.FromSlash(line.Path)))
		if err != nil {
			return nil, fmt.Errorf("read benign file: %w", err)
		}
		result, err := engine.Scan(ctx, detect.Entry{Name: filepath.Base(line.Path), Blob: format.BytesBlob(content)})
		if err != nil {
			return nil, fmt.Errorf("scan %s: %w", line.Path, err)
		}
		for _, name := range result.Formats {
			if int64(len(content)) > largest[name].Bytes {
				largest[name] = Rate{Format: name, File: line.Path, Bytes: int64(len(content))}
			}
		}
	}
	return largest, nil
}

// median scans a file again and again and returns the median duration.
func median(ctx context.Context, engine *detect.Engine, file string, least time.Duration) (time.Duration, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read benign file: %w", err)
	}
	var runs []time.Duration
	for begin := time.Now(); len(runs) < 5 || time.Since(begin) < least; {
		start := time.Now()
		if _, err := engine.Scan(ctx, detect.Entry{Name: filepath.Base(file), Blob: format.BytesBlob(content)}); err != nil {
			return 0, fmt.Errorf("scan %s: %w", file, err)
		}
		runs = append(runs, time.Since(start))
	}
	slices.Sort(runs)
	return runs[len(runs)/2], nil
}
