package bom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity orders changes by what they mean for security.
type Severity string

// The severities of changes. Important ones change what is run, who made it, or what may be done with it.
const (
	Important Severity = "important"
	Notable   Severity = "notable"
	Minor     Severity = "minor"
)

// Change is one difference between two bills.
type Change struct {
	Severity Severity `json:"severity"`
	What     string   `json:"what"` // licence, base model, weights, code, library, dataset, field, file, confidence …
	Name     string   `json:"name"` // of the file, library or field; comes from outside, print it escaped
	How      string   `json:"how"`  // added, removed, changed
	Old      string   `json:"old"`
	New      string   `json:"new"`
}

// The ways of changes.
const (
	added   = "added"
	removed = "removed"
	changed = "changed"
)

// Diff lists what differs between two bills, the important first, then by what it is and by name. Tool, time and form of the
// bills are no part of it.
func Diff(before, after *Bill) []Change {
	d := &differ{}
	d.licences(before, after)
	d.lineage(before, after)
	d.files(before, after)
	d.software(before, after)
	d.datasets(before, after)
	d.fields(before, after)
	slices.SortStableFunc(d.changes, func(x, y Change) int {
		return cmp.Or(cmp.Compare(severityRank(x.Severity), severityRank(y.Severity)), cmp.Compare(whatRank(x.What), whatRank(y.What)),
			cmp.Compare(x.What, y.What), cmp.Compare(x.Name, y.Name), cmp.Compare(x.How, y.How), cmp.Compare(x.Old, y.Old))
	})
	return d.changes
}

// severityRank puts the important first.
func severityRank(s Severity) int { return slices.Index([]Severity{Important, Notable, Minor}, s) }

// whatRank is the order in which people ask; what is not in it comes last.
func whatRank(what string) int {
	order := []string{"licence", "base model", "weights", "code", "library", "confidence", "producer", "dataset", "configuration", "tokenizer"}
	if i := slices.Index(order, what); i >= 0 {
		return i
	}
	return len(order)
}

// differ collects changes.
type differ struct{ changes []Change }

// add notes a change.
func (d *differ) add(s Severity, what, name, how, old, new string) {
	d.changes = append(d.changes, Change{s, what, name, how, old, new})
}

// sets compares two sets of things by a key; the value is what is shown.
func (d *differ) sets(what string, before, after map[string]string, severity func(how, key string) Severity) {
	for key, old := range before {
		now, still := after[key]
		switch {
		case !still:
			d.add(severity(removed, key), what, key, removed, old, "")
		case now != old:
			d.add(severity(changed, key), what, key, changed, old, now)
		}
	}
	for key, now := range after {
		if _, was := before[key]; !was {
			d.add(severity(added, key), what, key, added, "", now)
		}
	}
}

// licences compares what may be done with the content.
func (d *differ) licences(before, after *Bill) {
	list := func(b *Bill) string {
		var ids []string
		for _, f := range b.Model.Licences {
			ids = append(ids, f.Value)
		}
		return strings.Join(slices.Sorted(slices.Values(ids)), ", ")
	}
	if x, y := list(before), list(after); x != y {
		d.add(Important, "licence", "", changed, x, y)
	}
}

// lineage compares what the content was made of.
func (d *differ) lineage(before, after *Bill) {
	set := func(b *Bill) map[string]string {
		m := map[string]string{}
		for _, a := range b.Lineage {
			m[a.Name.Value] = strings.TrimSpace(string(a.Relation) + " " + certain(a.Version) + " " + string(a.Digest))
		}
		return m
	}
	d.sets("base model", set(before), set(after), func(string, string) Severity { return Important })
}

// files compares the files by what they are for.
func (d *differ) files(before, after *Bill) {
	for _, role := range []string{RoleWeights, RoleCode, RoleConfiguration, RoleTokenizer, RoleData, RoleCard, RoleLicence, RoleOther, ""} {
		set := func(b *Bill) map[string]string {
			m := map[string]string{}
			for _, f := range b.Files {
				if f.Role == role {
					m[f.Name] = string(f.Digest)
				}
			}
			return m
		}
		severity := Minor
		switch role {
		case RoleWeights, RoleCode:
			severity = Important
		case RoleConfiguration, RoleTokenizer, RoleData, RoleLicence:
			severity = Notable
		}
		what := role
		if role == "" || role == RoleOther || role == RoleLicence {
			what = "file"
		}
		d.sets(what, set(before), set(after), func(string, string) Severity { return severity })
	}
}

// software compares libraries. A new one is code that nobody has looked at.
func (d *differ) software(before, after *Bill) {
	set := func(b *Bill) map[string]string {
		m := map[string]string{}
		for _, s := range b.Software {
			m[s.Name.Value] = strings.TrimSpace(certain(s.Version) + " " + s.Sum)
		}
		return m
	}
	d.sets("library", set(before), set(after), func(how, _ string) Severity {
		switch how {
		case added:
			return Important
		case changed:
			return Notable
		}
		return Minor
	})
}

// datasets compares the data.
func (d *differ) datasets(before, after *Bill) {
	set := func(b *Bill) map[string]string {
		m := map[string]string{}
		for _, x := range b.Datasets {
			name := strings.TrimSpace(x.Use + " " + certain(x.Name))
			m[name] = strings.TrimSpace(certain(x.Version) + " " + string(x.Digest) + " " + certain(x.Licence))
		}
		return m
	}
	d.sets("dataset", set(before), set(after), func(string, string) Severity { return Notable })
}

// fields compares the single fields, their confidence included: a value that was verified and is now only declared is worth less.
func (d *differ) fields(before, after *Bill) {
	x, y := named(before), named(after)
	for i := range x {
		old, now := x[i].Field, y[i].Field
		if certain(old) != certain(now) {
			how := changed
			switch {
			case certain(old) == "":
				how = added
			case certain(now) == "":
				how = removed
			}
			what, severity := "field", Notable
			if x[i].Name == "producer" {
				what, severity = "producer", Important
			}
			if x[i].Name == "description" {
				severity = Minor
			}
			d.add(severity, what, x[i].Name, how, certain(old), certain(now))
		}
		if certain(old) != "" && certain(now) != "" && rank(now.Confidence) < rank(old.Confidence) {
			d.add(Important, "confidence", x[i].Name, changed, string(old.Confidence), string(now.Confidence))
		}
	}
	d.sets("property", properties(before), properties(after), func(_, key string) Severity {
		if strings.HasPrefix(key, "custom code") || strings.HasPrefix(key, "conflict.") || strings.HasPrefix(key, "chat template") {
			return Important
		}
		return Minor
	})
	d.sets("metric", metrics(before), metrics(after), func(string, string) Severity { return Minor })
	d.sets("claim", signed(before), signed(after), func(how, _ string) Severity {
		if how == removed {
			return Important
		}
		return Notable
	})
}

// certain is the value of a field that is known, else empty.
func certain(f Field) string {
	if f.Confidence == Unresolved {
		return ""
	}
	return f.Value
}

// named lists the single fields of a bill, always the same ones in the same order.
func named(b *Bill) []Property {
	m, s := b.Model, b.System
	return []Property{{"version", m.Version}, {"producer", m.Producer}, {"description", m.Description}, {"timestamp", m.Timestamp},
		{"location", m.Location}, {"task", m.Task}, {"approach", m.Approach}, {"family", m.Family}, {"architecture", m.Architecture},
		{"parameters", m.Parameters}, {"precision", m.Precision}, {"quantisation", m.Quantisation}, {"context", m.Context},
		{"vocabulary", m.Vocabulary}, {"tokenizer", m.Tokenizer}, {"system name", s.Name}, {"system version", s.Version},
		{"system producer", s.Producer}, {"security policy", b.Security.Policy},
		{"identifiers", joined(m.Identifiers)}, {"formats", joined(m.Formats)}, {"languages", joined(m.Languages)}, {"inputs", joined(m.Inputs)},
		{"outputs", joined(m.Outputs)}, {"uses", joined(m.Uses)}, {"limitations", joined(m.Limitations)}, {"training", joined(m.Training)},
		{"hardware", joined(m.Hardware)}, {"data flow", joined(s.DataFlow)}, {"data usage", joined(s.DataUsage)}, {"area", joined(s.Area)},
		{"security controls", joined(b.Security.Controls)}, {"compliance", joined(b.Security.Compliance)}}
}

// joined makes one field of a list, as sure as the least sure of them.
func joined(list []Field) Field {
	if len(list) == 0 {
		return Field{}
	}
	out := Field{values(list), list[0].Confidence, list[0].Source}
	for _, f := range list {
		if rank(f.Confidence) < rank(out.Confidence) {
			out.Confidence = f.Confidence
		}
	}
	return out
}

// properties are the other facts by name; a name that stands more than once is counted.
func properties(b *Bill) map[string]string {
	m := map[string]string{}
	for _, p := range b.Model.Properties {
		name := p.Name
		for i := 2; ; i++ {
			if _, taken := m[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s (%d)", p.Name, i)
		}
		m[name] = certain(p.Field)
	}
	return m
}

// metrics are the results of evaluations by what was measured.
func metrics(b *Bill) map[string]string {
	m := map[string]string{}
	for _, x := range b.Model.Metrics {
		m[strings.Join(strings.Fields(x.Name.Value+" "+x.Dataset.Value+" "+x.Slice.Value), " ")] = x.Value.Value
	}
	return m
}

// signed are the claims by kind and signer.
func signed(b *Bill) map[string]string {
	m := map[string]string{}
	for _, c := range b.Claims {
		m[c.Kind+" by "+c.Signer] = c.Summary
	}
	return m
}
