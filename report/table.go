package report

import (
	"bufio"
	"cmp"
	"io"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// table is the default format, for a person at a terminal.
type table struct{}

// Info implements Format.
func (table) Info() Info {
	return Info{Name: "table", Title: "for a person at a terminal", MediaType: "text/plain; charset=utf-8", Extension: ".txt"}
}

// Write implements Format.
func (table) Write(w io.Writer, scan picket.Scan, opt Options) error {
	return buffered(w, "table", func(b *bufio.Writer) error {
		t := terminal{w: b, width: opt.width(), paint: layout.Painter{Color: opt.Color}, trace: opt.Trace}
		sum := add(scan)
		t.artifacts(scan.Results)
		t.run(scan.Findings)
		t.remedies(sum.rules)
		t.summary(scan, sum)
		return nil
	})
}

// Bounds of what the table shows of one artifact or list; the rest is counted. The machine formats hold everything.
const (
	maxCauses    = 25
	maxGaps      = 8
	maxQuiet     = 9 // one line each up to here, collapsed beyond
	maxTraceShow = 60
	// indent is the column where text beside a label starts: after the longest verdict, and after "unsupported" indented.
	indent = 15
)

// terminal writes lines of at most width columns.
type terminal struct {
	w     *bufio.Writer
	width int
	paint layout.Painter
	trace bool
}

// line writes one line of pieces that are painted already; errors stay in the buffer until it is flushed.
func (t terminal) line(pieces ...string) {
	for _, p := range pieces {
		_, _ = t.w.WriteString(p)
	}
	_ = t.w.WriteByte('\n')
}

// labelled writes text beside a label, wrapped and indented.
func (t terminal) labelled(label string, labelStyle layout.Style, text string, style layout.Style) {
	for i, part := range layout.Wrap(text, t.width-indent) {
		if i > 0 {
			label = ""
		}
		pad := strings.Repeat(" ", indent-2-layout.Width(label))
		if part == "" {
			pad = ""
		}
		t.line("  ", t.paint.Paint(labelStyle, label), pad, t.paint.Paint(style, part))
	}
}

// artifacts writes the artifacts with something to say first, then the others.
func (t terminal) artifacts(results []picket.Result) {
	var calm []picket.Result
	for _, r := range results {
		if quiet(r) && !(t.trace && len(r.Trace) > 0) {
			calm = append(calm, r)
			continue
		}
		t.artifact(r)
	}
	for _, v := range picket.Verdicts() {
		t.calm(v, calm)
	}
}

// quiet reports whether one line says everything about a result.
func quiet(r picket.Result) bool {
	c := r.Coverage
	if len(r.Findings) > 0 || len(c.Gaps) > 0 || r.Failure != "" {
		return false
	}
	whole := len(c.Unsupported) == 1 && strings.HasPrefix(c.Unsupported[0], ". (")
	return len(c.Unsupported) == 0 || whole
}

// artifact writes one artifact with everything that was found in it.
func (t terminal) artifact(r picket.Result) {
	t.heading(r)
	if r.Failure != "" {
		t.labelled("not read", layout.Magenta, printable(r.Failure), layout.Plain)
	}
	t.findings(r.Findings)
	for i, g := range r.Coverage.Gaps {
		if i == maxGaps {
			t.labelled("", layout.Plain, "and "+layout.Count(len(r.Coverage.Gaps)-i, "more range"), layout.Dim)
			break
		}
		t.labelled("not read", layout.Magenta, gapPlace(g)+": "+printable(g.Reason), layout.Plain)
	}
	for i, u := range r.Coverage.Unsupported {
		if i == maxGaps {
			t.labelled("", layout.Plain, "and "+layout.Count(len(r.Coverage.Unsupported)-i, "more member"), layout.Dim)
			break
		}
		t.labelled("unsupported", layout.Cyan, path(strings.TrimPrefix(u, ". ")), layout.Plain)
	}
	if t.trace {
		t.traced(r.Trace)
	}
	t.line()
}

// heading writes the verdict, the name, and what the artifact is.
func (t terminal) heading(r picket.Result) {
	word := strings.ToUpper(r.Verdict.String())
	label := t.paint.Paint(verdictStyle(r.Verdict), word) + strings.Repeat(" ", indent-len(word))
	name, kind := path(r.Artifact.Name), describe(r.Artifact)
	room := t.width - indent
	if n := layout.Width(name) + 2 + layout.Width(kind); n <= room {
		t.line(label, t.paint.Paint(layout.Bold, name), strings.Repeat(" ", room-n+2), t.paint.Paint(layout.Dim, kind))
		return
	}
	for i, part := range layout.Wrap(name, room) {
		if i > 0 {
			label = strings.Repeat(" ", indent)
		}
		t.line(label, t.paint.Paint(layout.Bold, part))
	}
	t.labelled("", layout.Plain, kind, layout.Dim)
}

// describe says what an artifact is: its format and size.
func describe(a picket.Artifact) string {
	name := cmp.Or(printable(a.Format), "unknown format")
	if a.Size >= 0 {
		return name + " · " + layout.Bytes(a.Size)
	}
	return name
}

// findings writes findings by cause.
func (t terminal) findings(findings []picket.Finding) {
	for i, c := range causes(findings) {
		if i == maxCauses {
			t.labelled("", layout.Plain, "and more; --format json lists everything", layout.Dim)
			return
		}
		t.cause(c)
	}
}

// cause writes what the file would do, where it says so, and by which rule.
func (t terminal) cause(c cause) {
	label := c.rule.Severity.String()
	for _, text := range c.headlines() {
		t.labelled(label, severityStyle(c.rule.Severity), text, layout.Plain)
		label = ""
	}
	if text := c.excerpt(); text != "" {
		t.labelled("", layout.Plain, "│ "+text, layout.Dim)
	}
	facts := strings.Join(append([]string{c.rule.ID, string(c.confidence())}, c.techniques()...), " · ")
	if where := c.where(); where != "" {
		if one := where + " · " + facts; layout.Width(one) <= t.width-indent {
			facts = one
		} else {
			t.labelled("", layout.Plain, where, layout.Dim)
		}
	}
	t.labelled("", layout.Plain, facts, layout.Dim)
}

// traced writes the calls that loading the artifact would make.
func (t terminal) traced(trace []string) {
	label := "trace"
	for i, line := range trace {
		if i == maxTraceShow {
			t.labelled("", layout.Plain, "and "+layout.Count(len(trace)-i, "more line"), layout.Dim)
			return
		}
		t.labelled(label, layout.Cyan, printable(line), layout.Plain)
		label = ""
	}
}

// calm writes the artifacts of one verdict about which there is nothing else to say: one line each, or counts by format
// when they are many.
func (t terminal) calm(v picket.Verdict, results []picket.Result) {
	var same []picket.Result
	byFormat := map[string]int{}
	for _, r := range results {
		if r.Verdict == v {
			same = append(same, r)
			byFormat[cmp.Or(printable(r.Artifact.Format), "unknown format")]++
		}
	}
	if len(same) == 0 {
		return
	}
	if len(same) <= maxQuiet {
		for _, r := range same {
			t.heading(r)
		}
	} else {
		word := strings.ToUpper(v.String())
		text := layout.Count(len(same), "artifact") + ": " + countEach(byFormat)
		for i, part := range layout.Wrap(text, t.width-indent) {
			if i > 0 {
				word = strings.Repeat(" ", len(word))
			}
			t.line(t.paint.Paint(verdictStyle(v), word), strings.Repeat(" ", indent-len(word)), part)
		}
	}
	t.line()
}

// verdictStyle is the colour of a verdict.
func verdictStyle(v picket.Verdict) layout.Style {
	switch v {
	case picket.Malicious:
		return layout.BoldRed
	case picket.Suspicious:
		return layout.Yellow
	case picket.Incomplete:
		return layout.Magenta
	case picket.Unsupported:
		return layout.Cyan
	case picket.Clean:
		return layout.Green
	}
	return layout.Dim
}

// severityStyle is the colour of a severity.
func severityStyle(s picket.Severity) layout.Style {
	switch s {
	case picket.Critical:
		return layout.BoldRed
	case picket.High:
		return layout.Red
	case picket.Medium:
		return layout.Yellow
	case picket.Low:
		return layout.Cyan
	}
	return layout.Dim
}
