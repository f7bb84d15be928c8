package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// unknownGlobal is the rule whose findings are about names that nobody has judged; a reader wants them by package.
const unknownGlobal = "model.pickle.unknown-global"

// cause is findings of one artifact that have one reason and one remedy: the same rule, about names of the same package.
// Findings without a subject stand alone.
type cause struct {
	rule     picket.Rule
	pkg      string           // top-level package of the subjects; empty for a finding without one
	findings []picket.Finding // at least one
}

// causes groups findings, the worst first; those of one severity stay in the order in which they were found.
func causes(findings []picket.Finding) []cause {
	type key struct{ rule, pkg string }
	var list []cause
	at := map[key]int{}
	for _, f := range findings {
		k := key{f.Rule.ID, topPackage(f.Subject)}
		i, known := at[k]
		if !known || k.pkg == "" {
			i = len(list)
			at[k] = i
			list = append(list, cause{rule: f.Rule, pkg: k.pkg})
		}
		list[i].findings = append(list[i].findings, f)
	}
	slices.SortStableFunc(list, func(a, b cause) int { return cmp.Compare(b.rule.Severity, a.rule.Severity) })
	return list
}

// topPackage is the first name of a dotted one.
func topPackage(subject string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(subject), ".")
	return name
}

// maxNames and maxSummaries bound what one cause shows.
const (
	maxNames     = 6
	maxSummaries = 3
)

// headlines say what the file would do, one sentence per line, printable.
func (c cause) headlines() []string {
	if names := c.subjects(); c.rule.ID == unknownGlobal && len(c.findings) > 1 {
		count, verb := layout.Count(len(names), "name"), "are"
		if len(names) == 1 {
			verb = "is"
		}
		return []string{fmt.Sprintf("%s of package %s %s not known: %s", count, printable(c.pkg), verb, enumerate(names))}
	}
	var lines []string
	seen := map[string]bool{}
	for _, f := range c.findings {
		text := printable(cmp.Or(f.Evidence.Summary, f.Rule.Title))
		if !seen[text] {
			seen[text] = true
			lines = append(lines, text)
		}
	}
	if more := len(lines) - maxSummaries; more > 0 {
		lines = append(lines[:maxSummaries], fmt.Sprintf("and %d more about %s", more, printable(c.pkg)))
	}
	return lines
}

// subjects lists the different names, printable, in the order in which they were found.
func (c cause) subjects() []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range c.findings {
		if !seen[f.Subject] {
			seen[f.Subject] = true
			names = append(names, printable(f.Subject))
		}
	}
	return names
}

// enumerate lists names up to a bound.
func enumerate(names []string) string {
	if more := len(names) - maxNames; more > 0 {
		return strings.Join(names[:maxNames], ", ") + fmt.Sprintf(", … and %d more", more)
	}
	return strings.Join(names, ", ")
}

// where says where the first finding is and how many others there are; empty for one finding about the whole artifact.
func (c cause) where() string {
	text, more := place(c.findings[0].Location), len(c.findings)-1
	switch {
	case more == 0:
		return text
	case text == "":
		return layout.Count(more+1, "place")
	}
	return text + " and " + layout.Count(more, "more place")
}

// confidence is that of the surest finding.
func (c cause) confidence() picket.Confidence {
	for _, level := range []picket.Confidence{picket.Certain, picket.Likely, picket.Possible} {
		for _, f := range c.findings {
			if f.Confidence == level {
				return level
			}
		}
	}
	return picket.Certain
}

// techniques lists the different names of known attacks, printable.
func (c cause) techniques() []string {
	var names []string
	for _, f := range c.findings {
		if name := printable(f.Technique); name != "" && !slices.Contains(names, name) && len(names) < maxSummaries {
			names = append(names, name)
		}
	}
	return names
}

// excerpt is the offending content when there is one finding only and it adds to the summary.
func (c cause) excerpt() string {
	e := c.findings[0].Evidence
	if len(c.findings) > 1 || strings.Contains(e.Summary, e.Excerpt) {
		return ""
	}
	return printable(e.Excerpt)
}

// place writes a location for a person; empty for a whole artifact. Readers of hex dumps need the offset in hexadecimal.
func place(l picket.Location) string {
	var parts []string
	if l.Member != "" {
		parts = append(parts, "in "+path(l.Member))
	}
	switch {
	case l.Line > 0:
		parts = append(parts, fmt.Sprintf("line %d", l.Line))
	case l.Offset >= 0:
		parts = append(parts, fmt.Sprintf("at byte %d (0x%x)", l.Offset, l.Offset))
	}
	return strings.Join(parts, " ")
}

// gapPlace writes what range was not read.
func gapPlace(g picket.Gap) string {
	var text string
	switch {
	case g.Length < 0 && g.Offset == 0:
		text = "all of it"
	case g.Length < 0:
		text = fmt.Sprintf("byte %d (0x%x) to the end", g.Offset, g.Offset)
	default:
		text = fmt.Sprintf("%s from byte %d (0x%x)", layout.Count(g.Length, "byte"), g.Offset, g.Offset)
	}
	if g.Member != "" {
		text += " of " + path(g.Member)
	}
	return text
}

// printable escapes a text for every format that people read, and bounds it.
func printable(s string) string { return picket.Printable(s, 2*picket.MaxExcerpt) }

// path escapes a path and bounds it beyond any length that file systems allow for one.
func path(s string) string { return picket.Printable(s, 4096) }
