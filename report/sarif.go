package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket"
)

// sarif writes SARIF 2.1.0 as code-scanning services read it. Offsets of findings in the file itself are byte regions; a
// finding in a member has a logical location, because a region would point into the wrong bytes of the file.
type sarif struct{}

// Info implements Format.
func (sarif) Info() Info {
	return Info{Name: "sarif", Title: "SARIF 2.1.0, for code scanning services", MediaType: "application/sarif+json",
		Extension: ".sarif"}
}

// Write implements Format. It holds one result at a time in memory.
func (sarif) Write(w io.Writer, scan picket.Scan, opt Options) error {
	return buffered(w, "sarif", func(b *bufio.Writer) error {
		sum := add(scan)
		o := newObject(b, "")
		o.field("$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
		o.field("version", "2.1.0")
		o.key("runs")
		_, _ = b.WriteString("[\n    ")
		if err := sarifRun(b, scan, sum, opt); err != nil {
			return err
		}
		_, _ = b.WriteString("\n  ]")
		return o.end("\n")
	})
}

// sarifRun writes the only run.
func sarifRun(b *bufio.Writer, scan picket.Scan, sum tally, opt Options) error {
	indexes := map[string]int{}
	for i, r := range sum.rules {
		indexes[r.ID] = i
	}
	o := newObject(b, "    ")
	o.field("tool", sarifTool{Driver: sarifDriver(scan.Tool, sum.rules)})
	o.field("columnKind", "unicodeCodePoints")
	o.list("invocations", 1, func(int) any { return sarifInvocationOf(scan, sum, opt) })
	o.list("artifacts", len(scan.Results), func(i int) any { return sarifArtifactOf(scan.Results[i].Artifact) })
	places := resultPlaces(scan)
	o.list("results", len(places), func(i int) any {
		return sarifResultOf(scan, places[i], indexes)
	})
	o.field("properties", sarifBag{"verdict": scan.Verdict().String(), "summary": newSummary(scan, sum)})
	return o.end("")
}

// resultPlace names one finding: by artifact, -1 for the run, and by its place in that list.
type resultPlace struct{ artifact, finding int }

// resultPlaces lists every finding of a scan.
func resultPlaces(scan picket.Scan) []resultPlace {
	var list []resultPlace
	for i := range scan.Findings {
		list = append(list, resultPlace{-1, i})
	}
	for i, r := range scan.Results {
		for j := range r.Findings {
			list = append(list, resultPlace{i, j})
		}
	}
	return list
}

// sarifDriver describes the scanner and the rules that fired.
func sarifDriver(tool string, rules []picket.Rule) sarifComponent {
	name, version := tool, ""
	if i := strings.LastIndexByte(tool, ' '); i > 0 {
		name, version = tool[:i], tool[i+1:]
	}
	c := sarifComponent{Name: cmp.Or(plainMessage(name), "picket"), Version: plainMessage(version),
		InformationURI: "https://picketsec.dev", Rules: []sarifRule{}}
	for _, r := range rules {
		c.Rules = append(c.Rules, sarifRuleOf(r))
	}
	return c
}

// sarifRuleOf describes a rule with its help.
func sarifRuleOf(r picket.Rule) sarifRule {
	var text, md strings.Builder
	fmt.Fprintf(&text, "%s\n\nWhy it matters: %s\n\nHow to fix it: %s", r.What, r.Why, r.Remedy)
	fmt.Fprintf(&md, "%s\n\n**Why it matters.** %s\n\n**How to fix it.** %s\n", r.What, r.Why, r.Remedy)
	tags := []string{"security", string(r.Class)}
	for i, ref := range r.References {
		fmt.Fprintf(&text, "\n%s: %s", ref.ID, ref.URL)
		if i == 0 {
			md.WriteString("\n")
		}
		fmt.Fprintf(&md, "- [%s](%s)\n", ref.ID, ref.URL)
		if ref.Kind == "CWE" {
			tags = append(tags, "external/cwe/"+strings.ToLower(ref.ID))
		}
	}
	rule := sarifRule{ID: r.ID, Name: ruleName(r.ID), ShortDescription: sarifText{Text: r.Title},
		FullDescription: sarifText{Text: r.What}, Help: sarifText{Text: text.String(), Markdown: md.String()},
		DefaultConfiguration: sarifConfiguration{Level: sarifLevel(r.Severity)},
		Properties:           sarifBag{"tags": tags}}
	if len(r.References) > 0 {
		rule.HelpURI = r.References[0].URL
	}
	if score := securitySeverity(r.Severity); score != "" {
		rule.Properties["security-severity"] = score
	}
	return rule
}

// ruleName is the identifier of a rule in the form that SARIF wants names in: ModelPickleCodeExecution.
func ruleName(id string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(id, func(r rune) bool { return r == '.' || r == '-' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// sarifLevel maps a severity to the four levels of SARIF.
func sarifLevel(s picket.Severity) string {
	switch {
	case s >= picket.High:
		return "error"
	case s == picket.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is the score from which code-scanning services derive their own severity: above 9 critical, from 7
// high, from 4 medium, above 0 low.
func securitySeverity(s picket.Severity) string {
	switch s {
	case picket.Critical:
		return "9.5"
	case picket.High:
		return "8.0"
	case picket.Medium:
		return "5.5"
	case picket.Low:
		return "2.0"
	}
	return ""
}
