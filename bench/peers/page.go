package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/bench/speed"
)

// page is what docs/benchmarks.md says.
type page struct {
	peers     []peer
	machine   []string
	runs      int
	tables    []table
	rates     []speed.Rate
	transfers []speed.Transfer
	detection comparison
}

// markdown writes the page.
func (p page) markdown() string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n<!-- Written by `make bench`. Do not edit. -->\n\n" +
		"Picket and the other scanners of model files, one after the other in one run on one machine and the same generated files. " +
		"`make bench` repeats it; `bench/peers` has the code.\n\n")
	for _, fact := range p.machine {
		b.WriteString("- " + fact + "\n")
	}
	for _, peer := range p.peers {
		core := "pure Python"
		if peer.compiled {
			core = "Python with a compiled core"
		}
		fmt.Fprintf(&b, "- %s %s, %s\n", peer.name, cmp.Or(peer.failure, peer.version), core)
	}
	b.WriteString("\n## Speed and memory\n\n")
	fmt.Fprintf(&b, "Medians of %d runs after one that is not counted; a command that takes %v or more runs once. Every file is in the page cache. "+
		"The others are installed as pip does it, without optional parsers, which would make their start slower. "+
		"Wall and CPU time are of the whole command, its start included. Memory is the peak resident size of its largest process, at least that of the runner. "+
		"A ratio is the wall time divided by that of Picket with its defaults; more than 1 is slower than Picket.\n", p.runs, slow)
	for _, t := range p.tables {
		b.WriteString(t.markdown())
	}
	b.WriteString(p.ratesMarkdown())
	b.WriteString(p.transfersMarkdown())
	b.WriteString(p.detectionMarkdown())
	return b.String()
}

// markdown writes the figures for one input.
func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s, %.1f MB", t.input.name, sentence(t.input.about), float64(t.input.bytes)/1e6)
	b.WriteString(".\n\n| | wall | CPU | MB/s | MB/s per CPU second | memory | ratio | runs |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	base, size := t.figures[0].wall.Seconds(), float64(t.input.bytes)/1e6
	for _, f := range t.figures {
		if f.failure != "" {
			fmt.Fprintf(&b, "| %s | %s | | | | | | |\n", f.who, f.failure)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d MiB | %.2f | %d |\n", f.who, seconds(f.wall), seconds(f.cpu),
			rate(size, f.wall), rate(size, f.cpu),
			f.memory>>20, f.wall.Seconds()/base, f.runs)
	}
	return b.String()
}

// ratesMarkdown writes how fast each format is scanned.
func (p page) ratesMarkdown() string {
	var b strings.Builder
	b.WriteString("\n## Speed by format\n\nThe largest benign file of the corpus that has each format, scanned again and again by one worker inside one process, " +
		"without its digest; the median. Files of some kilobytes show the cost of a file rather than that of a byte.\n\n" +
		"| format | bytes | a scan | MB/s | file |\n|---|--:|--:|--:|---|\n")
	for _, r := range p.rates {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %.0f | %s |\n", r.Format, r.Bytes, seconds(r.Scan), r.PerSecond(), strings.TrimPrefix(r.File, "benign/"))
	}
	return b.String()
}

// transfersMarkdown writes how many bytes remote models cost.
func (p page) transfersMarkdown() string {
	var b strings.Builder
	b.WriteString("\n## Remote models\n\nBytes that a scan transfers from a server on the loopback interface, of models whose tensors are all zeros.\n\n" +
		"| model | bytes there | transferred | share | requests |\n|---|--:|--:|--:|--:|\n")
	for _, t := range p.transfers {
		fmt.Fprintf(&b, "| %s | %d | %d | %.4f %% | %d |\n", t.Model, t.Bytes, t.Transferred, 100*float64(t.Transferred)/float64(t.Bytes), t.Requests)
	}
	return b.String()
}

// sentence makes a capital of the first letter.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// seconds writes a time with three digits that count.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// rate writes megabytes per second.
func rate(size float64, d time.Duration) string {
	if size < 1 || d <= 0 {
		return ""
	}
	r := size / d.Seconds()
	if r < 10 {
		return fmt.Sprintf("%.2f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

// detectionMarkdown writes the detection table.
func (p page) detectionMarkdown() string {
	var b strings.Builder
	b.WriteString("\n## Detection\n\nThe hostile samples are inert and made by this repository's generators, after published techniques; most were not seen by " +
		"the other scanners' authors, and all were seen by Picket's. The benign files come from the real writers and are spread evenly over the corpus. " +
		"The other scanners are asked through their Python interfaces with their defaults and with the parsers that they can use, " +
		"one process and at most 20 seconds for each file; " +
		"`bench/peers/judge.py` says how the words of each become these columns. Picket's columns: incomplete and unsupported are *not read*.\n")
	for _, part := range []struct {
		title string
		of    func(c counts) map[string]int
	}{
		{"Hostile samples that run code when loaded", func(c counts) map[string]int { return c.executing }},
		{"All hostile samples", func(c counts) map[string]int { return c.hostile }},
		{"Benign files", func(c counts) map[string]int { return c.benign }},
	} {
		fmt.Fprintf(&b, "\n### %s\n\n| | %s | files |\n|---|%s--:|\n", part.title, strings.Join(outcomes, " | "),
			strings.Repeat("--:|", len(outcomes)))
		for _, c := range p.detection.rows {
			if c.failure != "" {
				fmt.Fprintf(&b, "| %s | %s |\n", c.who, c.failure)
				continue
			}
			total := 0
			cells := []string{}
			for _, o := range outcomes {
				total += part.of(c)[o]
				cells = append(cells, fmt.Sprint(part.of(c)[o]))
			}
			fmt.Fprintf(&b, "| %s | %s | %d |\n", c.who, strings.Join(cells, " | "), total)
		}
	}
	b.WriteString(p.detection.formatsMarkdown())
	b.WriteString(p.detection.missedMarkdown())
	return b.String()
}

// formatsMarkdown writes the alarms by format.
func (c comparison) formatsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n### Alarms about hostile samples, by the format of the content\n\nMalicious or suspicious.\n\n| format | samples |")
	for _, row := range c.rows {
		b.WriteString(" " + row.who + " |")
	}
	b.WriteString("\n|---|--:|" + strings.Repeat("--:|", len(c.rows)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(c.formats)) {
		fmt.Fprintf(&b, "| `%s` | %d |", name, c.formats[name])
		for _, row := range c.rows {
			fmt.Fprintf(&b, " %d |", row.alarms[name])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// missedMarkdown lists what only others raise an alarm about.
func (c comparison) missedMarkdown() string {
	var b strings.Builder
	b.WriteString("\n### What another scanner finds and Picket does not\n\n")
	if len(c.missed) == 0 {
		b.WriteString("Nothing.\n")
		return b.String()
	}
	b.WriteString("Nothing of this is clean for Picket where it says *not read*: its exit status is then 4. " +
		"`bench/peers/reasons.go` has the reasons.\n\n| sample | what it does | Picket says | alarm by | why |\n|---|---|---|---|---|\n")
	for _, m := range c.missed {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.name, strings.ReplaceAll(m.technique, "|", "\\|"), m.verdict, strings.Join(m.by, ", "),
			cmp.Or(m.why, "**not explained**"))
	}
	return b.String()
}
