package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
)

// tally is what a scan adds up to.
type tally struct {
	artifacts  int
	verdicts   map[picket.Verdict]int
	severities map[picket.Severity]int
	coverage   picket.Coverage // sums of bytes only
	gaps       int
	unknownEnd bool          // a gap has no known length
	reasons    []reason      // why something was not read, most frequent first
	rules      []picket.Rule // that fired, worst first, then by ID
	failed     int           // artifacts that could not be opened or were given up
	executable int           // artifacts with content of a kind that can run code
}

// reason is why ranges were not read, and how often.
type reason struct {
	text  string
	count int
}

// add counts everything in a scan.
func add(scan picket.Scan) tally {
	t := tally{artifacts: len(scan.Results), verdicts: map[picket.Verdict]int{}, severities: map[picket.Severity]int{}}
	rules, reasons := map[string]picket.Rule{}, map[string]int{}
	count := func(findings []picket.Finding) {
		for _, f := range findings {
			t.severities[f.Rule.Severity]++
			if known, dup := rules[f.Rule.ID]; !dup || f.Rule.Severity > known.Severity {
				rules[f.Rule.ID] = f.Rule
			}
		}
	}
	count(scan.Findings)
	for _, r := range scan.Results {
		count(r.Findings)
		t.artifact(r, reasons)
	}
	for _, r := range rules {
		t.rules = append(t.rules, r)
	}
	slices.SortFunc(t.rules, func(a, b picket.Rule) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID))
	})
	for text, n := range reasons {
		t.reasons = append(t.reasons, reason{text, n})
	}
	slices.SortFunc(t.reasons, func(a, b reason) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
	})
	return t
}

// artifact counts one result without its findings.
func (t *tally) artifact(r picket.Result, reasons map[string]int) {
	t.verdicts[r.Verdict]++
	t.coverage.Parsed += r.Coverage.Parsed
	t.coverage.Opaque += r.Coverage.Opaque
	t.coverage.Unread += r.Coverage.Unread
	t.gaps += len(r.Coverage.Gaps)
	for _, g := range r.Coverage.Gaps {
		reasons[g.Reason]++
		t.unknownEnd = t.unknownEnd || g.Length < 0
	}
	if r.Failure != "" {
		t.failed++
	}
	if r.Coverage.Executable {
		t.executable++
	}
}

// inert reports whether everything was read and nothing in it could run code.
func (t tally) inert() bool {
	return t.executable == 0 && t.gaps == 0 && t.failed == 0 &&
		t.verdicts[picket.Clean]+t.verdicts[picket.NotApplicable] == t.artifacts
}

// The sentences that several formats share.
const (
	// notCovered is what a clean verdict does not say. A clean verdict is about code, and readers take it for more.
	notCovered = "Clean means that loading runs no code that the file brings. What the weights have learned, a backdoor " +
		"included, cannot be seen in a file."
	nothingRuns = "Nothing here can run code when it is loaded."
	nothingRead = "There was nothing to scan: no file was found."
)

// plain is the sentence about the whole scan that comes before everything else; empty when findings speak for themselves.
func (t tally) plain() string {
	switch {
	case t.artifacts == 0:
		return nothingRead
	case t.inert():
		return nothingRuns
	}
	return ""
}
