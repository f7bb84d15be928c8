// Package findings is what detectors of many formats do alike: it bounds what they report about one file, since a thousand
// layers with the same fault are one message to a reader; it accounts for the bytes of a file that belong to no tensor; and it
// judges the paths that files of models name. It parses nothing and decides on no rule.
package findings

import (
	"fmt"
	"path"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// maxEach is how many findings of one rule are listed one by one; the rest is counted in one more.
const maxEach = 20

// List reports findings to an Output, at most twenty of each rule. Make it with New and Close it.
type List struct {
	out   *detect.Output
	count map[string]int
	order []picket.Rule // that have fired, in the order in which they did
}

// New makes a list for one file.
func New(out *detect.Output) *List { return &List{out: out, count: map[string]int{}} }

// Add reports that a rule fired at an offset of the content, about a name (may be empty), with what is wrong in words.
func (l *List) Add(rule picket.Rule, at int64, subject, summary string) {
	l.Named(rule, at, subject, summary, "")
}

// Named reports like Add, with the name of the known attack.
func (l *List) Named(rule picket.Rule, at int64, subject, summary, technique string) {
	if l.listed(rule) { // a file may have millions that are only counted
		l.out.Report(picket.Finding{Rule: rule, Location: picket.At("", at), Subject: picket.Printable(subject, 120),
			Evidence: picket.NewEvidence(summary, subject), Technique: technique})
	}
}

// Report reports a finding that is made already.
func (l *List) Report(f picket.Finding) {
	if l.listed(f.Rule) {
		l.out.Report(f)
	}
}

// listed counts a finding of a rule and reports whether it is one of those that are listed.
func (l *List) listed(rule picket.Rule) bool {
	n := l.count[rule.ID] + 1
	if n == 1 {
		l.order = append(l.order, rule)
	}
	l.count[rule.ID] = n
	return n <= maxEach
}

// Fired reports whether a rule has fired in this file.
func (l *List) Fired(rule picket.Rule) bool { return l.count[rule.ID] > 0 }

// Close says how many findings of each rule were not listed.
func (l *List) Close() {
	for _, rule := range l.order {
		if n := l.count[rule.ID] - maxEach; n > 0 {
			l.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(""),
				Evidence: picket.NewEvidence(fmt.Sprintf("%d more findings like these", n), "")})
		}
	}
}

// What Leaves answers beside the answers of format.Escape.
const (
	Address = "is an address"
	Control = "holds control characters"
	Home    = "begins in a home folder"
)

// Leaves says how a path that a model names leads out of the folder of the model; empty when it does not. Unlike the name of a
// member, which format.Escape judges, such a path may be left empty, and may be an address or begin in a home folder.
func Leaves(name string) string {
	switch {
	case name == "":
		return ""
	case strings.ContainsAny(name, "\x00\r\n"):
		return Control
	case strings.Contains(name, "://"):
		return Address
	case strings.HasPrefix(name, "~"):
		return Home
	}
	return format.Escape(name)
}

// Library reports whether a path names a file that a program loads as native code.
func Library(name string) bool {
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if strings.Contains(base, ".so.") {
		return true
	}
	switch path.Ext(base) {
	case ".so", ".dll", ".dylib", ".pyd", ".exe":
		return true
	}
	return false
}
