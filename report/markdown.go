package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// markdown writes a comment for a pull request, in GitHub's flavour. Everything from the scan stands in code spans, where no
// markup, mention or link works, and never in a table, whose cells a "|" would break.
type markdown struct{}

// Info implements Format.
func (markdown) Info() Info {
	return Info{Name: "markdown", Title: "a comment for a pull request", MediaType: "text/markdown; charset=utf-8", Extension: ".md"}
}

// maxComment is where the list of artifacts stops: a GitHub comment holds 65,536 characters, and the summary follows.
const maxComment = 40_000

// Write implements Format.
func (markdown) Write(w io.Writer, scan picket.Scan, opt Options) error {
	return buffered(w, "markdown", func(b *bufio.Writer) error {
		sum := add(scan)
		head(b, scan, sum)
		used := 0
		var calm []picket.Result
		for i, r := range scan.Results {
			if quiet(r) {
				calm = append(calm, r)
				continue
			}
			var block bytes.Buffer
			markdownArtifact(&block, r, opt.Trace)
			if used += block.Len(); used > maxComment {
				_, _ = fmt.Fprintf(b, "\n**The list is cut here**, %s of %s in. `--format html` or `json` shows everything.\n",
					layout.Number(int64(i)), layout.Count(sum.artifacts, "artifact"))
				break
			}
			_, _ = b.Write(block.Bytes())
		}
		if len(scan.Findings) > 0 {
			_, _ = b.WriteString("\n### About this run\n\n")
			markdownFindings(b, scan.Findings)
		}
		markdownRemedies(b, sum.rules)
		markdownCalm(b, calm)
		foot(b, scan, sum)
		return nil
	})
}

// head writes the answer.
func head(w io.Writer, scan picket.Scan, sum tally) {
	_, _ = fmt.Fprintf(w, "## Picket scan: %s\n\n%s\n", scan.Verdict(), span(scan.Target))
	if text := sum.plain(); text != "" {
		_, _ = fmt.Fprintf(w, "\n%s\n", text)
	}
	if sum.artifacts == 0 {
		return
	}
	_, _ = io.WriteString(w, "\n| verdict | artifacts |\n|---|---:|\n")
	for _, v := range picket.Verdicts() {
		if n := sum.verdicts[v]; n > 0 {
			_, _ = fmt.Fprintf(w, "| %s | %s |\n", v, layout.Number(int64(n)))
		}
	}
}

// markdownArtifact writes one artifact.
func markdownArtifact(w io.Writer, r picket.Result, trace bool) {
	_, _ = fmt.Fprintf(w, "\n### %s: %s\n\n%s\n\n", r.Verdict, span(r.Artifact.Name), span(describe(r.Artifact)))
	if r.Failure != "" {
		_, _ = fmt.Fprintf(w, "- **not read** %s\n", span(r.Failure))
	}
	markdownFindings(w, r.Findings)
	for i, g := range r.Coverage.Gaps {
		if i == maxGaps {
			_, _ = fmt.Fprintf(w, "- and %s not read\n", layout.Count(len(r.Coverage.Gaps)-i, "more range"))
			break
		}
		_, _ = fmt.Fprintf(w, "- **not read** %s\n", span(gapPlace(g)+": "+g.Reason))
	}
	for i, u := range r.Coverage.Unsupported {
		if i == maxGaps {
			_, _ = fmt.Fprintf(w, "- and %s unsupported\n", layout.Count(len(r.Coverage.Unsupported)-i, "more member"))
			break
		}
		_, _ = fmt.Fprintf(w, "- **unsupported** %s\n", span(strings.TrimPrefix(u, ". ")))
	}
	if trace && len(r.Trace) > 0 {
		_, _ = io.WriteString(w, "\nLoading it would call:\n\n")
		for _, line := range r.Trace[:min(len(r.Trace), maxTraceShow)] {
			_, _ = fmt.Fprintf(w, "1. %s\n", span(line))
		}
	}
}

// markdownFindings writes findings by cause.
func markdownFindings(w io.Writer, findings []picket.Finding) {
	for i, c := range causes(findings) {
		if i == maxCauses {
			_, _ = io.WriteString(w, "- and more\n")
			return
		}
		_, _ = fmt.Fprintf(w, "- **%s**", c.rule.Severity)
		for _, text := range c.headlines() {
			_, _ = fmt.Fprintf(w, " %s  \n ", span(text))
		}
		if text := c.where(); text != "" {
			_, _ = fmt.Fprintf(w, " %s ·", span(text))
		}
		_, _ = fmt.Fprintf(w, " `%s` · %s", c.rule.ID, c.confidence())
		for _, name := range c.techniques() {
			_, _ = fmt.Fprintf(w, " · %s", span(name))
		}
		_, _ = io.WriteString(w, "\n")
	}
}

// maxRemedies bounds the rules whose fix a comment shows.
const maxRemedies = 20

// markdownRemedies writes how to fix each rule, once.
func markdownRemedies(w io.Writer, rules []picket.Rule) {
	if len(rules) == 0 {
		return
	}
	_, _ = io.WriteString(w, "\n### How to fix\n\n")
	for i, r := range rules {
		if i == maxRemedies {
			_, _ = fmt.Fprintf(w, "- and %s\n", layout.Count(len(rules)-i, "more rule"))
			return
		}
		_, _ = fmt.Fprintf(w, "- `%s`: %s", r.ID, r.Remedy)
		for i, ref := range r.References {
			sep := ","
			if i == 0 {
				sep = ""
			}
			_, _ = fmt.Fprintf(w, "%s [%s](%s)", sep, ref.ID, ref.URL)
		}
		_, _ = io.WriteString(w, "\n")
	}
}

// markdownCalm writes the artifacts about which there is nothing else to say.
func markdownCalm(w io.Writer, calm []picket.Result) {
	if len(calm) == 0 {
		return
	}
	if len(calm) > maxQuiet {
		byVerdict := map[string]int{}
		for _, r := range calm {
			byVerdict[r.Verdict.String()]++
		}
		_, _ = fmt.Fprintf(w, "\nWithout findings: %s.\n", countEach(byVerdict))
		return
	}
	_, _ = io.WriteString(w, "\n### Everything else\n\n")
	for _, r := range calm {
		_, _ = fmt.Fprintf(w, "- %s: %s %s\n", r.Verdict, span(r.Artifact.Name), span(describe(r.Artifact)))
	}
}

// foot writes what it all adds up to.
func foot(w io.Writer, scan picket.Scan, sum tally) {
	_, _ = io.WriteString(w, "\n### Summary\n\n")
	_, _ = fmt.Fprintf(w, "%s, %s.\n", layout.Count(sum.artifacts, "artifact"), bytesText(sum))
	for i, r := range sum.reasons {
		if i == maxReasons {
			_, _ = fmt.Fprintf(w, "- and %s\n", layout.Count(len(sum.reasons)-i, "more reason"))
			break
		}
		if i == 0 {
			_, _ = io.WriteString(w, "\nNot read:\n\n")
		}
		_, _ = fmt.Fprintf(w, "- %d× %s\n", r.count, span(r.text))
	}
	if scan.Suppressed > 0 {
		_, _ = fmt.Fprintf(w, "\n%s left out by the configuration or a baseline.\n", layout.Count(scan.Suppressed, "finding"))
	}
	if sum.verdicts[picket.Clean] > 0 {
		_, _ = fmt.Fprintf(w, "\n%s\n", notCovered)
	}
	for i, s := range steps(scan, sum, true) {
		if i == 0 {
			_, _ = io.WriteString(w, "\nNext:\n\n")
		}
		_, _ = fmt.Fprintf(w, "- %s – %s\n", span(s.command), s.purpose)
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", span(scan.Tool))
}

// span writes text as a code span: one line, between more backticks than it holds in a row, so that nothing in it is markup.
func span(s string) string {
	s = path(s)
	if strings.Trim(s, " ") == "" {
		s = "(no name)"
	}
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}
