package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// outcomes are the columns of the detection table.
var outcomes = []string{"malicious", "suspicious", "clean", "not read", "error"}

// counts is one row of the detection table.
type counts struct {
	who             string
	hostile, benign map[string]int
	executing       map[string]int // of the hostile, those that run code when their loader loads them
	alarms          map[string]int // hostile samples called malicious or suspicious, by their format
	failure         string
}

// comparison is what the scanners say about the same files.
type comparison struct {
	rows    []counts
	formats map[string]int // hostile samples by their format
	missed  []missed
}

// missed is a hostile sample about which another scanner raises an alarm and Picket does not.
type missed struct {
	name, technique, verdict string
	by                       []string
	why                      string
}

// sample is one line of the manifest.
type sample struct {
	Path      string `json:"path"`
	Kind      string `json:"kind"`
	Technique string `json:"technique"`
	Executes  bool   `json:"executes"`
}

// detection asks every scanner about the same files.
func detection(ctx context.Context, o options, peers []peer, folder string) (comparison, error) {
	samples, err := choose(o)
	if err != nil {
		return comparison{}, err
	}
	rows, answers := make([]counts, len(peers)+1), make([]map[string]string, len(peers))
	fmt.Printf("detection: picket, %d files\n", len(samples))
	verdicts, formats, err := askPicket(ctx, o, samples)
	if err != nil {
		return comparison{}, err
	}
	rows[0] = count("picket", samples, verdicts, formats)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)            // nothing is timed here
	for i, p := range slices.Backward(peers) { // the slow ones stand at the end
		if p.failure != "" {
			rows[i+1] = counts{who: p.name, failure: p.failure}
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			fmt.Printf("detection: %s, %d files\n", p.name, len(samples))
			verdicts, err := askPeer(ctx, o, p, samples, folder)
			if err != nil {
				rows[i+1] = counts{who: p.name, failure: err.Error()}
				return
			}
			rows[i+1], answers[i] = count(p.name, samples, verdicts, formats), verdicts
		})
	}
	wg.Wait()
	c := comparison{rows: rows, formats: map[string]int{}}
	for _, s := range samples {
		if s.Kind == "hostile" {
			c.formats[formats[s.Path]]++
			c.compare(s, o.corpus, verdicts[s.Path], peers, answers)
		}
	}
	return c, context.Cause(ctx)
}

// alarm reports whether a verdict says that something is wrong.
func alarm(verdict string) bool { return verdict == "malicious" || verdict == "suspicious" }

// compare notes a sample about which only others raise an alarm.
func (c *comparison) compare(s sample, corpus, verdict string, peers []peer, answers []map[string]string) {
	var by []string
	for i, p := range peers {
		if alarm(answers[i][s.Path]) {
			by = append(by, p.name)
		}
	}
	if alarm(verdict) || len(by) == 0 {
		return
	}
	name, err := filepath.Rel(corpus, s.Path)
	if err != nil {
		name = s.Path
	}
	c.missed = append(c.missed, missed{filepath.ToSlash(name), s.Technique, verdict, by, because(filepath.Base(name))})
}

// choose takes all hostile samples and some benign files, evenly, from the corpus.
func choose(o options) ([]sample, error) {
	f, err := os.Open(filepath.Join(o.corpus, "manifest.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("open corpus (make corpus writes it): %w", err)
	}
	defer f.Close()
	var hostile, benign, chosen []sample
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		s.Path = filepath.Join(o.corpus, filepath.FromSlash(s.Path))
		if s.Kind == "hostile" {
			hostile = append(hostile, s)
		} else {
			benign = append(benign, s)
		}
	}
	for i := range benign {
		if len(benign) <= o.benign || i*o.benign/len(benign) != (i+1)*o.benign/len(benign) {
			chosen = append(chosen, benign[i])
		}
	}
	if len(hostile) == 0 || len(chosen) == 0 {
		return nil, errors.New("the corpus lacks hostile or benign files: make corpus writes them")
	}
	return append(hostile, chosen...), nil
}

// count makes a row. A file without an answer is an error of its scanner.
func count(who string, samples []sample, verdicts, formats map[string]string) counts {
	row := counts{who: who, hostile: map[string]int{}, benign: map[string]int{}, executing: map[string]int{}, alarms: map[string]int{}}
	for _, s := range samples {
		verdict := verdicts[s.Path]
		if verdict == "" {
			verdict = "error"
		}
		switch {
		case s.Kind != "hostile":
			row.benign[verdict]++
		default:
			row.hostile[verdict]++
			if alarm(verdict) {
				row.alarms[formats[s.Path]]++
			}
			if s.Executes {
				row.executing[verdict]++
			}
		}
	}
	return row
}

// askPicket scans all files in a few runs of the command, and tells the format of each too.
func askPicket(ctx context.Context, o options, samples []sample) (verdicts, formats map[string]string, err error) {
	verdicts, formats = map[string]string{}, map[string]string{}
	for start := 0; start < len(samples); start += 500 {
		args := []string{"scan", "--quiet", "--format", "json", "--no-digest"}
		for _, s := range samples[start:min(start+500, len(samples))] {
			args = append(args, s.Path)
		}
		output, err := exec.CommandContext(ctx, o.picket, args...).Output()
		if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
			return nil, nil, fmt.Errorf("run picket: %w", err)
		}
		var report struct {
			Artifacts []struct {
				Path    string `json:"path"`
				Verdict string `json:"verdict"`
				Format  string `json:"format"`
			} `json:"artifacts"`
		}
		if err := json.Unmarshal(output, &report); err != nil {
			return nil, nil, fmt.Errorf("read the report of picket: %w", err)
		}
		for _, a := range report.Artifacts {
			formats[a.Path] = cmp.Or(a.Format, "unknown")
			switch a.Verdict {
			case "incomplete", "unsupported":
				verdicts[a.Path] = "not read"
			case "not-applicable":
				verdicts[a.Path] = "clean"
			default:
				verdicts[a.Path] = a.Verdict
			}
		}
	}
	return verdicts, formats, nil
}

// askPeer asks a peer through judge.py.
func askPeer(ctx context.Context, o options, p peer, samples []sample, folder string) (map[string]string, error) {
	script, err := filepath.Abs(filepath.Join("bench", "peers", "judge.py"))
	if err != nil {
		return nil, fmt.Errorf("find judge.py: %w", err)
	}
	examples, err := filepath.Glob(filepath.Join(filepath.Dir(script), "..", "..", "examples", "models", "benign", "*"))
	if err != nil {
		return nil, fmt.Errorf("find examples: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.judge, "python"),
		append([]string{"-W", "ignore", script, p.name}, examples...)...)
	var list strings.Builder
	for _, s := range samples {
		list.WriteString(s.Path + "\n")
	}
	cmd.Stdin, cmd.Dir, cmd.Env = strings.NewReader(list.String()), folder, quiet(folder)
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run judge.py for %s: %w", p.name, err)
	}
	verdicts := map[string]string{}
	for line := range bytes.Lines(output) {
		var answer struct {
			Path    string `json:"path"`
			Verdict string `json:"verdict"`
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			return nil, fmt.Errorf("read what judge.py says: %w", err)
		}
		verdicts[answer.Path] = answer.Verdict
	}
	return verdicts, nil
}
