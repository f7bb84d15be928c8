package bom

import (
	"fmt"

	"github.com/picketsec/picket"
)

// Status says how far a bill has an element.
type Status string

// The statuses of elements.
const (
	Present       Status = "present"        // inferred from content, or verified
	DeclaredOnly  Status = "declared-only"  // someone wrote it down and nothing backs it
	Missing       Status = "missing"        // not there, or unresolved
	NotApplicable Status = "not-applicable" // the bill is about something that has no such element
)

// Report is how far a bill has the elements of the standards.
type Report struct {
	Name      string        `json:"name"`
	Digest    picket.Digest `json:"digest"`
	Kind      Kind          `json:"kind"`
	Standards []Standard    `json:"standards"`
}

// Standard is the score against one list of minimum elements.
type Standard struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Date     string    `json:"date"` // of the publication
	Total    Totals    `json:"total"`
	Clusters []Cluster `json:"clusters"`
	Elements []Element `json:"elements"`
}

// Cluster is the score of one group of elements.
type Cluster struct {
	Name  string `json:"name"`
	Total Totals `json:"total"`
}

// Totals count elements by status. Filled are those that are present or declared.
type Totals struct {
	Elements      int `json:"elements"`
	Filled        int `json:"filled"`
	Present       int `json:"present"`
	DeclaredOnly  int `json:"declared_only"`
	Missing       int `json:"missing"`
	NotApplicable int `json:"not_applicable"`
}

// Element is one element of a standard as the bill has it.
type Element struct {
	ID      string `json:"id"`
	Cluster string `json:"cluster"`
	Title   string `json:"title"`
	Status  Status `json:"status"`
	// Path is the field of the bill that has the element, and Field what it says; both are empty when it is missing.
	Path string `json:"path"`
	Field
	// Reason says why the element is missing or does not apply; Remedy says how to add it.
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
}

// Score says for every element of the minimum elements of the G7 for AI and of NTIA whether the bill has it. Every element is
// in the report, also those that it lacks.
func Score(b *Bill) Report {
	return Report{Name: b.Name, Digest: b.Digest, Kind: b.Kind, Standards: []Standard{
		score(b, "g7-sbom-for-ai", "G7 SBOM for AI: Minimum Elements", "2026-05-12", g7()),
		score(b, "ntia", "NTIA: The Minimum Elements for an SBOM", "2021-07-12", ntia()),
	}}
}

// score goes through the elements of one standard.
func score(b *Bill, id, title, date string, elements []element) Standard {
	s := Standard{ID: id, Title: title, Date: date}
	for _, e := range elements {
		result := e.result(b)
		s.Elements = append(s.Elements, result)
		s.Total.count(result.Status)
		if n := len(s.Clusters); n == 0 || s.Clusters[n-1].Name != e.cluster {
			s.Clusters = append(s.Clusters, Cluster{Name: e.cluster})
		}
		s.Clusters[len(s.Clusters)-1].Total.count(result.Status)
	}
	return s
}

// count adds one element.
func (t *Totals) count(s Status) {
	t.Elements++
	switch s {
	case Present:
		t.Present++
		t.Filled++
	case DeclaredOnly:
		t.DeclaredOnly++
		t.Filled++
	case NotApplicable:
		t.NotApplicable++
	default:
		t.Missing++
	}
}

// element is how an element of a standard is found in a bill, and how it is added.
type element struct {
	id, cluster, title string
	// places are the fields that have it, the best first.
	places func(*Bill) []place
	remedy string
	// only are the kinds of bills that the element is for; empty for all.
	only []Kind
}

// place is a field of a bill that may have an element.
type place struct {
	path string
	Field
}

// result looks for an element.
func (e element) result(b *Bill) Element {
	r := Element{ID: e.id, Cluster: e.cluster, Title: e.title, Status: Missing, Remedy: e.remedy, Reason: "the bill does not say"}
	if !e.applies(b.Kind) {
		r.Status, r.Remedy, r.Reason = NotApplicable, "", fmt.Sprintf("the bill is about a %s", b.Kind)
		return r
	}
	for _, p := range e.places(b) {
		switch {
		case p.Confidence == Unresolved && p.Value != "":
			r.Reason = p.Value
		case p.Value == "" || p.Confidence == "":
		case p.Confidence == Declared:
			r.Status, r.Path, r.Field, r.Remedy, r.Reason = DeclaredOnly, p.path, p.Field, "", ""
			return r
		default:
			r.Status, r.Path, r.Field, r.Remedy, r.Reason = Present, p.path, p.Field, "", ""
			return r
		}
	}
	return r
}

// applies reports whether an element is for bills of a kind. A bill that does not say its kind has every element to answer for.
func (e element) applies(k Kind) bool {
	if len(e.only) == 0 || k == "" {
		return true
	}
	for _, only := range e.only {
		if k == only {
			return true
		}
	}
	return false
}

// at makes a place of a field.
func at(path string, f Field) place { return place{path, f} }

// each makes a place of every field of a list.
func each(path string, list []Field) []place {
	var places []place
	for i, f := range list {
		places = append(places, place{fmt.Sprintf("%s[%d]", path, i), f})
	}
	return places
}

// eachDataset makes a place of a field of every dataset. The value says when only some have it.
func eachDataset(b *Bill, name string, field func(Dataset) Field) []place {
	var places []place
	have := 0
	for i, d := range b.Datasets {
		f := field(d)
		places = append(places, place{fmt.Sprintf("datasets[%d].%s", i, name), f})
		if f.Value != "" && f.Confidence != Unresolved {
			have++
		}
	}
	if have == 0 || have == len(b.Datasets) {
		return places
	}
	for i := range places {
		if places[i].Confidence != Unresolved && places[i].Value != "" {
			places[i].Value += fmt.Sprintf(" (%d of %d datasets)", have, len(b.Datasets))
		}
	}
	return places
}

// claims makes a place of every claim of one of the kinds.
func claims(b *Bill, kinds ...string) []place {
	var places []place
	for i, c := range b.Claims {
		for _, k := range kinds {
			if c.Kind == k {
				places = append(places, place{fmt.Sprintf("claims[%d]", i), Field{c.Kind + " signed by " + c.Signer, Verified, c.Source}})
			}
		}
	}
	return places
}
