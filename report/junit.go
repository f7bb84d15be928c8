package report

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// junit writes JUnit XML for test reports: one suite, one test case for each artifact. A finding at or above the failing
// severity is a failure; an artifact that was not read or cannot be parsed is an error, never a pass.
type junit struct{}

// Info implements Format.
func (junit) Info() Info {
	return Info{Name: "junit", Title: "JUnit XML, for the test report of a CI system", MediaType: "application/xml", Extension: ".xml"}
}

// junitCase is one test case.
type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Skipped *junitSkip    `xml:"skipped"`
	Output  *junitText    `xml:"system-out"`
}

// junitProblem says why a test case did not pass.
type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

// junitText is text in which lines stay lines.
type junitText struct {
	Text string `xml:",cdata"`
}

// junitSkip says why a test case was not run.
type junitSkip struct {
	Message string `xml:"message,attr"`
}

// Write implements Format. It holds one test case at a time in memory; the counts come first in the file, so the cases are
// made twice.
func (junit) Write(w io.Writer, scan picket.Scan, opt Options) error {
	return buffered(w, "junit", func(b *bufio.Writer) error {
		var tests, failures, errors, skipped int
		_ = each(scan, opt, func(c junitCase) error { // counting cannot fail
			tests++
			switch {
			case c.Failure != nil:
				failures++
			case c.Error != nil:
				errors++
			case c.Skipped != nil:
				skipped++
			}
			return nil
		})
		_, _ = b.WriteString(xml.Header)
		counts := fmt.Sprintf(`tests="%d" failures="%d" errors="%d"`, tests, failures, errors)
		_, _ = fmt.Fprintf(b, "<testsuites %s>\n", counts)
		_, _ = fmt.Fprintf(b, "  <testsuite name=\"%s\" %s skipped=\"%d\">\n", xmlText("picket scan "+scan.Target), counts, skipped)
		err := each(scan, opt, func(c junitCase) error {
			text, err := xml.MarshalIndent(c, "    ", "  ")
			if err != nil {
				return fmt.Errorf("encode XML: %w", err)
			}
			_, _ = b.Write(append(text, '\n'))
			return nil
		})
		_, _ = b.WriteString("  </testsuite>\n</testsuites>\n")
		return err
	})
}

// each makes the test cases one after the other.
func each(scan picket.Scan, opt Options, use func(junitCase) error) error {
	if len(scan.Findings) > 0 {
		c := junitCase{Name: "the run itself", Class: "picket"}
		c.judge(scan.Findings, opt.failOn())
		if err := use(c); err != nil {
			return err
		}
	}
	for _, r := range scan.Results {
		if err := use(junitCaseOf(r, opt.failOn())); err != nil {
			return err
		}
	}
	return nil
}

// junitCaseOf makes the test case of one artifact.
func junitCaseOf(r picket.Result, failOn picket.Severity) junitCase {
	c := junitCase{Name: path(r.Artifact.Name), Class: "picket." + cmp.Or(printable(r.Artifact.Format), "unknown")}
	c.judge(r.Findings, failOn)
	unread := unreadLines(r)
	switch {
	case c.Failure != nil:
		c.Failure.Text = strings.Join(append([]string{c.Failure.Text}, unread...), "\n")
	case len(unread) > 0:
		c.Error = &junitProblem{Message: layout.Count(len(unread), "part") + " could not be judged", Type: r.Verdict.String(),
			Text: strings.Join(unread, "\n")}
	case r.Verdict == picket.Incomplete || r.Verdict == picket.Unsupported:
		c.Error = &junitProblem{Message: "the artifact could not be judged", Type: r.Verdict.String()}
	case r.Verdict == picket.NotApplicable && len(r.Findings) == 0:
		c.Skipped = &junitSkip{Message: "not applicable: no loader executes this content"}
	}
	return c
}

// judge makes a failure of the findings from a severity on, and lists the others as output.
func (c *junitCase) judge(findings []picket.Finding, failOn picket.Severity) {
	var bad, other, kinds, fixes []string
	var first picket.Finding
	for _, f := range findings {
		line := findingLine(f)
		if f.Rule.Severity < failOn {
			other = append(other, line)
			continue
		}
		if bad = append(bad, line); len(bad) == 1 {
			first = f
		}
		if !slices.Contains(kinds, f.Rule.ID) {
			kinds, fixes = append(kinds, f.Rule.ID), append(fixes, "fix of "+f.Rule.ID+": "+f.Rule.Remedy)
		}
	}
	if len(other) > 0 {
		c.Output = &junitText{strings.Join(other, "\n")}
	}
	if len(bad) > 0 {
		c.Failure = &junitProblem{Message: printable(cmp.Or(first.Evidence.Summary, first.Rule.Title)),
			Type: strings.Join(kinds, " "), Text: strings.Join(append(bad, fixes...), "\n")}
	}
}

// findingLine is one finding on one line.
func findingLine(f picket.Finding) string {
	line := f.Rule.Severity.String() + ": " + printable(cmp.Or(f.Evidence.Summary, f.Rule.Title))
	if at := place(f.Location); at != "" {
		line += " (" + at + ")"
	}
	line += " [" + f.Rule.ID
	if f.Technique != "" {
		line += ", " + printable(f.Technique)
	}
	return line + "]"
}

// unreadLines lists what was not read of an artifact.
func unreadLines(r picket.Result) []string {
	var lines []string
	if r.Failure != "" {
		lines = append(lines, "not read: "+printable(r.Failure))
	}
	for _, g := range r.Coverage.Gaps {
		lines = append(lines, "not read: "+gapPlace(g)+": "+printable(g.Reason))
	}
	for _, u := range r.Coverage.Unsupported {
		lines = append(lines, "unsupported: "+path(strings.TrimPrefix(u, ". ")))
	}
	return lines
}

// xmlText escapes text for an attribute.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(printable(s))) // a builder accepts every write
	return b.String()
}
