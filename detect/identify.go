package detect

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
)

// names compares the extension of a name with the formats of the content.
func (w walk) names(out *Output, name string, views []format.Info) {
	ext := strings.ToLower(path.Ext(name))
	claimed := w.set.claimants(ext)
	if len(claimed) == 0 || slices.ContainsFunc(views, func(v format.Info) bool { return v.Placeholder }) {
		return
	}
	harmless, active := true, false
	for _, c := range claimed {
		harmless = harmless && c.Risk != format.Active
		for _, v := range views {
			if w.related(c, v) {
				return
			}
		}
	}
	for _, v := range views {
		active = active || v.Risk == format.Active
	}
	rule := RuleMismatch()
	if harmless && active {
		rule = RuleDisguised()
	}
	out.Report(picket.Finding{Rule: rule, Location: picket.Whole(""), Evidence: picket.NewEvidence(
		fmt.Sprintf("the name ends in %s (%s), the content is %s", ext, titles(claimed), titles(views)), "")})
}

// claimed is the format that a name stands for although the content looks inert: a loader that goes by the name runs it all
// the same, so it is tried, and what it cannot parse is not read. It is the first active one of the list, at its root.
func (w walk) claimed(name string, views []format.Info) []format.Info {
	if slices.ContainsFunc(views, func(v format.Info) bool { return v.Risk != format.Inert }) {
		return nil
	}
	for _, c := range w.set.claimants(strings.ToLower(path.Ext(name))) {
		if root := w.set.infos[w.set.base(c)]; root.Risk == format.Active && root.Parsed {
			return []format.Info{root}
		}
	}
	return nil
}

// claimants are the formats that use an extension.
func (s *Set) claimants(ext string) []format.Info {
	var list []format.Info
	for _, info := range s.facts {
		if ext != "" && slices.Contains(info.Extensions, ext) {
			list = append(list, info)
		}
	}
	return list
}

// related reports whether two formats are the same or one refines the other.
func (w walk) related(a, b format.Info) bool {
	return a.Name == b.Name || w.set.base(a) == w.set.base(b)
}

// titles lists formats for a person.
func titles(infos []format.Info) string {
	var list []string
	for _, i := range infos {
		list = append(list, i.Title)
	}
	return strings.Join(list, " or ")
}

// polyglot reports content that unrelated formats accept. Text beside a format that is written as text is no polyglot.
func (w walk) polyglot(out *Output, views []format.Info) {
	var roots []format.Info
	for _, v := range views {
		if v.Risk == format.Inert {
			continue
		}
		if !slices.ContainsFunc(roots, func(r format.Info) bool { return w.related(r, v) }) {
			roots = append(roots, v)
		}
	}
	if len(roots) < 2 {
		return
	}
	out.Report(picket.Finding{Rule: RulePolyglot(), Location: picket.Whole(""), Evidence: picket.NewEvidence(
		"the content is valid as "+strings.ReplaceAll(titles(roots), " or ", " and as "), "")})
}
