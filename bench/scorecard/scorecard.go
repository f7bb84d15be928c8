// Package scorecard counts how the built-in detectors judge the hostile samples and the benign corpus, group by group, and
// compares the counts with those that are committed in scorecard.json, so that a number that gets worse fails the tests. It is
// for contributors and continuous integration; it neither makes the corpus (see bench/corpus) nor measures speed.
package scorecard

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/picketsec/picket"
)

// Judged is one file with the verdict about it.
type Judged struct {
	Name     string
	Group    string // technique of a hostile sample, writer of a benign file
	Family   string // the format of the content, as it was recognised
	Executes bool   // of a hostile sample: its loader runs code
	Verdict  picket.Verdict
	Named    bool     // a critical execution finding names the technique
	Rules    []string // that fired
	Why      string   // the worst finding or gap, for the person who reads a failure
}

// Tally counts the verdicts of one group.
type Tally struct {
	Group       string `json:"group"`
	Files       int    `json:"files"`
	Malicious   int    `json:"malicious"`
	Suspicious  int    `json:"suspicious"`
	Incomplete  int    `json:"incomplete"`
	Unsupported int    `json:"unsupported"`
	Clean       int    `json:"clean"` // with not-applicable, which promises as much
	// Of the hostile samples that execute: how many there are, how many are malicious, and of these how many name the technique.
	Executing      int `json:"executing,omitempty"`
	ExecutingFound int `json:"executingMalicious,omitempty"`
	ExecutingNamed int `json:"executingNamed,omitempty"`
}

// Card is the whole scorecard.
type Card struct {
	Hostile []Tally `json:"hostile"` // by group; the first is the total
	Benign  []Tally `json:"benign"`
	// Families are the benign files by the format that they have.
	Families []Tally `json:"families"`
	// Weights is how often each rule about the values of tensors, which are off by default, fires for benign files.
	Weights []Noise `json:"weights"`
}

// Noise counts how often a rule fires where nothing is wrong.
type Noise struct {
	Rule  string `json:"rule"`
	Files int    `json:"files"` // that the rule looked at
	Fired int    `json:"fired"` // files in which it fired
}

// Total is the name of the tally over all groups.
const Total = "total"

// ByFamily is the same files in groups by the format that they have.
func ByFamily(files []Judged) []Judged {
	list := slices.Clone(files)
	for i := range list {
		list[i].Group = list[i].Family
	}
	return list
}

// CountNoise counts in how many files each rule fires.
func CountNoise(files []Judged, rules []string) []Noise {
	list := []Noise{}
	for _, rule := range rules {
		n := Noise{Rule: rule, Files: len(files)}
		for _, f := range files {
			if slices.Contains(f.Rules, rule) {
				n.Fired++
			}
		}
		list = append(list, n)
	}
	return list
}

// Count makes the tallies of judged files: the total first, then the groups by name.
func Count(files []Judged) []Tally {
	total, groups := Tally{Group: Total}, map[string]*Tally{}
	for _, f := range files {
		group, ok := groups[f.Group]
		if !ok {
			group = &Tally{Group: f.Group}
			groups[f.Group] = group
		}
		total.add(f)
		group.add(f)
	}
	list := []Tally{}
	for _, group := range groups {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b Tally) int { return cmp.Compare(a.Group, b.Group) })
	return append([]Tally{total}, list...)
}

// add counts one file.
func (t *Tally) add(f Judged) {
	t.Files++
	switch f.Verdict {
	case picket.Malicious:
		t.Malicious++
	case picket.Suspicious:
		t.Suspicious++
	case picket.Unsupported:
		t.Unsupported++
	case picket.Clean, picket.NotApplicable:
		t.Clean++
	default:
		t.Incomplete++
	}
	if !f.Executes {
		return
	}
	t.Executing++
	if f.Verdict == picket.Malicious {
		t.ExecutingFound++
		if f.Named {
			t.ExecutingNamed++
		}
	}
}

// fault is a way in which a file can be misjudged. A group may never have more of a fault than the committed scorecard says.
type fault struct {
	name string
	in   func(f Judged) bool
	had  func(t Tally) int
}

// hostileFaults are the ways to misjudge a hostile sample.
func hostileFaults() []fault {
	return []fault{
		{"clean", func(f Judged) bool { return passes(f.Verdict) }, func(t Tally) int { return t.Clean }},
		{"neither malicious nor suspicious", func(f Judged) bool { return !alarms(f.Verdict) },
			func(t Tally) int { return t.Files - t.Malicious - t.Suspicious }},
		{"executing and not malicious", func(f Judged) bool { return f.Executes && f.Verdict != picket.Malicious },
			func(t Tally) int { return t.Executing - t.ExecutingFound }},
		{"executing and the technique not named",
			func(f Judged) bool { return f.Executes && (!f.Named || f.Verdict != picket.Malicious) },
			func(t Tally) int { return t.Executing - t.ExecutingNamed }},
	}
}

// benignFaults are the ways to misjudge a benign file.
func benignFaults() []fault {
	return []fault{
		{"malicious", func(f Judged) bool { return f.Verdict == picket.Malicious }, func(t Tally) int { return t.Malicious }},
		{"suspicious", func(f Judged) bool { return f.Verdict == picket.Suspicious },
			func(t Tally) int { return t.Suspicious }},
		{"not clean", func(f Judged) bool { return !passes(f.Verdict) }, func(t Tally) int { return t.Files - t.Clean }},
	}
}

// passes reports whether a verdict lets a file be loaded without a second look.
func passes(v picket.Verdict) bool { return v == picket.Clean || v == picket.NotApplicable }

// alarms reports whether a verdict says that something is wrong with a file.
func alarms(v picket.Verdict) bool { return v == picket.Malicious || v == picket.Suspicious }

// Worse lists, in words and with the names of the files, every fault that a group has more of than the committed tallies say.
// A group that they do not have may have none.
func Worse(files []Judged, committed []Tally, faults []fault) []string {
	had := map[string]Tally{}
	for _, t := range committed {
		had[t.Group] = t
	}
	var list []string
	for _, t := range Count(files)[1:] {
		for _, fault := range faults {
			now, allowed := withFault(files, t.Group, fault), fault.had(had[t.Group])
			if len(now) <= allowed {
				continue
			}
			list = append(list, fmt.Sprintf("%s: %d %s, the scorecard has %d:%s", t.Group, len(now), fault.name, allowed,
				names(now)))
		}
	}
	return list
}

// withFault are the files of a group that have a fault.
func withFault(files []Judged, group string, fault fault) []Judged {
	var list []Judged
	for _, f := range files {
		if f.Group == group && fault.in(f) {
			list = append(list, f)
		}
	}
	return list
}

// names writes one file a line.
func names(files []Judged) string {
	text := ""
	for _, f := range files {
		text += fmt.Sprintf("\n    %s is %v: %s", f.Name, f.Verdict, f.Why)
	}
	return text
}
