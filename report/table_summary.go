package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// section writes the title of a part of the report.
func (t terminal) section(title string) { t.line(t.paint.Paint(layout.Bold, title)) }

// run writes the findings that are about the run itself.
func (t terminal) run(findings []picket.Finding) {
	if len(findings) == 0 {
		return
	}
	t.section("About this run")
	t.findings(findings)
	t.line()
}

// remedies writes how to fix each rule that fired, once.
func (t terminal) remedies(rules []picket.Rule) {
	if len(rules) == 0 {
		return
	}
	t.section("How to fix")
	for _, r := range rules {
		t.line("  ", t.paint.Paint(severityStyle(r.Severity), r.ID))
		for _, part := range layout.Wrap(r.Remedy, t.width-4) {
			t.line("    ", part)
		}
	}
	t.line()
}

// maxReasons bounds the reasons for gaps in the summary.
const maxReasons = 5

// summary writes what it all adds up to and what to do next.
func (t terminal) summary(scan picket.Scan, sum tally) {
	t.section("Summary")
	if text := sum.plain(); text != "" {
		t.paragraph(text, layout.Green)
	}
	if sum.artifacts > 0 {
		t.labelled("verdict", layout.Plain, scan.Verdict().String(), verdictStyle(scan.Verdict()))
		t.labelled("artifacts", layout.Plain, t.counts(sum), layout.Plain)
		t.labelled("bytes", layout.Plain, bytesText(sum), layout.Plain)
	}
	if at := scan.Origin; at != nil {
		t.labelled("read from", layout.Plain, printable(at.Place), layout.Plain)
		t.labelled("transferred", layout.Plain, transferred(*at, scan.Results), layout.Plain)
	}
	t.unread(sum)
	if scan.Suppressed > 0 {
		t.labelled("left out", layout.Plain, layout.Count(scan.Suppressed, "finding")+" by the configuration or a baseline",
			layout.Plain)
	}
	if scan.Digest != "" {
		if text := "  digest " + printable(string(scan.Digest)); layout.Width(text) <= t.width {
			t.line(text) // a digest in one piece can be copied
		} else {
			t.labelled("digest", layout.Plain, printable(string(scan.Digest)), layout.Plain)
		}
	}
	if sum.verdicts[picket.Clean] > 0 {
		t.paragraph(notCovered, layout.Dim)
	}
	t.next(steps(scan, sum, t.trace))
}

// transferred says how much of a place was read, and which of the digests that it declares were checked.
func transferred(at picket.Origin, results []picket.Result) string {
	text := fmt.Sprintf("%s of %s", layout.Bytes(at.Transferred), layout.Bytes(at.Size))
	declared, checked := 0, 0
	for _, r := range results {
		if r.Artifact.Declared != "" {
			declared++
			if r.Artifact.Digest == r.Artifact.Declared {
				checked++
			}
		}
	}
	if declared > 0 {
		text += fmt.Sprintf("; %d of %d declared digests checked, the others are of files that were read in part", checked, declared)
	}
	return text
}

// unread writes why something was not read.
func (t terminal) unread(sum tally) {
	label := "not read"
	if sum.failed > 0 {
		t.labelled(label, layout.Magenta, layout.Count(sum.failed, "artifact")+" not opened or given up", layout.Plain)
		label = ""
	}
	for i, r := range sum.reasons {
		if i == maxReasons {
			t.labelled("", layout.Plain, "and "+layout.Count(len(sum.reasons)-i, "more reason"), layout.Dim)
			break
		}
		t.labelled(label, layout.Magenta, fmt.Sprintf("%d× %s", r.count, printable(r.text)), layout.Plain)
		label = ""
	}
}

// paragraph writes wrapped text.
func (t terminal) paragraph(text string, style layout.Style) {
	for _, part := range layout.Wrap(text, t.width-2) {
		t.line("  ", t.paint.Paint(style, part))
	}
}

// counts writes how many artifacts have each verdict. It is short enough for one line, so that it may be painted.
func (t terminal) counts(sum tally) string {
	parts := []string{}
	for _, v := range picket.Verdicts() {
		if n := sum.verdicts[v]; n > 0 {
			parts = append(parts, layout.Number(int64(n))+" "+v.String())
		}
	}
	return layout.Number(int64(sum.artifacts)) + ": " + strings.Join(parts, ", ")
}

// bytesText says what was read and what was not.
func bytesText(sum tally) string {
	c := sum.coverage
	parts := []string{layout.Bytes(c.Parsed) + " parsed"}
	if c.Opaque > 0 {
		parts = append(parts, layout.Bytes(c.Opaque)+" plain data")
	}
	if sum.gaps > 0 || c.Unread > 0 {
		text := layout.Bytes(c.Unread) + " not read"
		if sum.unknownEnd {
			text = layout.Bytes(c.Unread) + " or more not read"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// step is a command that helps next, and what for.
type step struct{ command, purpose string }

// steps suggests what to do next, the most useful first. Names of artifacts are quoted for a shell.
func steps(scan picket.Scan, sum tally, traced bool) []step {
	var list []step
	if len(sum.rules) > 0 {
		list = append(list, step{"picket explain " + sum.rules[0].ID, "what it means and why it matters"})
	}
	for _, r := range scan.Results {
		if slices.ContainsFunc(r.Findings, func(f picket.Finding) bool { return f.Rule.ID == unknownGlobal }) {
			list = append(list, step{"picket allow suggest " + shellQuote(r.Artifact.Name), "the names to review"})
			break
		}
	}
	if !traced && sum.verdicts[picket.Malicious]+sum.verdicts[picket.Suspicious] > 0 {
		worst := scan.Results[0].Artifact.Name // results are sorted, the worst first
		list = append(list, step{"picket scan --trace " + shellQuote(worst), "the calls that loading makes"})
	}
	return list
}

// next writes the suggested steps.
func (t terminal) next(list []step) {
	if len(list) == 0 {
		return
	}
	t.line()
	t.section("Next")
	column := 0
	for _, s := range list {
		column = max(column, layout.Width(s.command))
	}
	for _, s := range list {
		if 2+column+3+layout.Width(s.purpose) <= t.width {
			pad := strings.Repeat(" ", column-layout.Width(s.command)+3)
			t.line("  ", t.paint.Paint(layout.Bold, s.command), pad, t.paint.Paint(layout.Dim, s.purpose))
			continue
		}
		t.line("  ", t.paint.Paint(layout.Bold, s.command)) // never broken: it is there to be copied
		t.line("      ", t.paint.Paint(layout.Dim, s.purpose))
	}
}

// shellQuote writes a name so that a POSIX shell reads it back as one word. A name that cannot be shown as it is becomes the
// placeholder FILE: what a terminal shows must be what a user pastes.
func shellQuote(name string) string {
	if name == "" || picket.Printable(name, len(name)+1) != name || len(name) > picket.MaxExcerpt {
		return "FILE"
	}
	safe := strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=@%:,", r))
	}) < 0
	if name[0] == '-' && name != "-" {
		name = "./" + name
	}
	if safe {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// countEach writes counts by name, the largest first, up to a bound: "20 safetensors, 7 torch-zip".
func countEach(counts map[string]int) string {
	type entry struct {
		name string
		n    int
	}
	var list []entry
	for name, n := range counts {
		list = append(list, entry{name, n})
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name)) })
	var parts []string
	for i, e := range list {
		if i == maxNames {
			parts = append(parts, fmt.Sprintf("and %d other formats", len(list)-i))
			break
		}
		parts = append(parts, layout.Number(int64(e.n))+" "+e.name)
	}
	return strings.Join(parts, ", ")
}
