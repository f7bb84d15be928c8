package detect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of the facts that one artifact keeps.
const (
	maxFacts = 4096
	maxFact  = 512 // bytes of one
)

// maxTrace bounds the lines of trace that one artifact keeps.
const maxTrace = 500

// run is what is learned about one top-level artifact while it is scanned. One goroutine uses it.
type run struct {
	budget   *limits.Budget
	findings []picket.Finding
	seen     map[string]bool // fingerprints, so that two views of one place report once
	coverage picket.Coverage
	traces   []string
	facts    map[picket.Fact]bool
	vouches  map[string]bool
	dropped  int         // findings beyond the limit
	probes   probeBuffer // matching ends before what is inside is looked at
}

// newRun starts an empty run.
func newRun(budget *limits.Budget) *run {
	return &run{budget: budget, seen: map[string]bool{}, facts: map[picket.Fact]bool{}, vouches: map[string]bool{}}
}

// report keeps a finding once. Beyond the limit, a finding is kept only if it is worse than the mildest that is kept, so
// that a flood of small findings cannot hide a bad one.
func (r *run) report(f picket.Finding) {
	if f.Confidence == "" {
		f.Confidence = picket.Certain
	}
	key := f.Fingerprint("")
	if r.seen[key] {
		return
	}
	if len(r.findings) < r.budget.Limits().Findings {
		r.seen[key] = true
		r.findings = append(r.findings, f)
		return
	}
	r.dropped++
	mildest := 0
	for i := range r.findings {
		if r.findings[i].Rule.Severity < r.findings[mildest].Rule.Severity {
			mildest = i
		}
	}
	if f.Rule.Severity > r.findings[mildest].Rule.Severity {
		r.findings[mildest] = f
	}
}

// gap keeps a gap; beyond the limit it only counts its bytes, and the last gap says so.
func (r *run) gap(g picket.Gap) {
	r.coverage.Unread += max(0, g.Length)
	switch n := len(r.coverage.Gaps); {
	case n < r.budget.Limits().Findings:
		r.coverage.Gaps = append(r.coverage.Gaps, g)
	default:
		r.coverage.Gaps[n-1] = picket.Gap{Offset: 0, Length: -1, Reason: "more ranges were not read than the report lists"}
	}
}

// unsupported records a member that no parser handles, within the limit.
func (r *run) unsupported(member, name string) {
	if len(r.coverage.Unsupported) < r.budget.Limits().Findings {
		if member == "" {
			member = "."
		}
		r.coverage.Unsupported = append(r.coverage.Unsupported, fmt.Sprintf("%s (%s)", member, name))
		return
	}
	r.coverage.Unsupported[len(r.coverage.Unsupported)-1] = "and more"
}

// trace keeps a line of trace, within the limit.
func (r *run) trace(member, line string) {
	switch n := len(r.traces); {
	case n > maxTrace:
	case n == maxTrace:
		r.traces = append(r.traces, "… and more")
	case member != "":
		r.traces = append(r.traces, picket.Printable(member, picket.MaxExcerpt)+": "+line)
	default:
		r.traces = append(r.traces, line)
	}
}

// fact keeps a fact once, within the limit.
func (r *run) fact(f picket.Fact) {
	if len(f.Value) > maxFact {
		f.Value = strings.Clone(f.Value[:maxFact])
	}
	if len(r.facts) < maxFacts {
		r.facts[f] = true
	}
}

// known returns the facts in their order.
func (r *run) known() []picket.Fact {
	return slices.SortedFunc(maps.Keys(r.facts), func(a, b picket.Fact) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Value, b.Value))
	})
}

// sorted returns the findings worst first, then by place, then by rule.
func (r *run) sorted() []picket.Finding {
	sort.SliceStable(r.findings, func(i, j int) bool {
		a, b := r.findings[i], r.findings[j]
		switch {
		case a.Rule.Severity != b.Rule.Severity:
			return a.Rule.Severity > b.Rule.Severity
		case a.Location.Member != b.Location.Member:
			return a.Location.Member < b.Location.Member
		case a.Location.Offset != b.Location.Offset:
			return a.Location.Offset < b.Location.Offset
		}
		return a.Rule.ID < b.Rule.ID
	})
	return r.findings
}
