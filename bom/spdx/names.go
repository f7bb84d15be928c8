package spdx

import (
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

// names lists what the document calls the elements that stand for parts of the bill, by their roles, where that is not what they
// would be called. With them the bill is written with the names that it had, and everything else of the document stays right.
func (r *reader) names() map[string]string {
	clean, err := document.Clean(r.bill)
	if err != nil {
		return nil
	}
	own := &composer{bill: clean}
	own.compose()
	names := map[string]string{}
	taken := map[string]bool{}
	add := func(role string, e *document.Node) {
		if id := idOf(e); id != "" && own.ids[role] != "" && own.ids[role] != id && !taken[id] {
			names[role], taken[id] = id, true
		}
	}
	add("creation/", r.creation)
	add("main/", r.main)
	add("document/", r.document)
	add("sbom/", r.sbom)
	b, count := clean, roles{}
	for _, e := range r.authors {
		add(count.next("author", e.Get("name").String()), e)
	}
	for _, id := range elements(r.creation.Get("createdUsing")) {
		add("tool/", r.byID[id.String()])
	}
	add("supplier/"+text(b.Model.Producer), r.byID[r.main.Get("suppliedBy").String()])
	first := 0
	if b.Kind == bom.DatasetKind {
		first = 1
	}
	for i, e := range r.datasets {
		if i+first < len(b.Datasets) {
			add(count.next("dataset", text(b.Datasets[i+first].Name)), e)
		}
	}
	for i, e := range r.software {
		if i < len(b.Software) {
			add(count.next("software", text(b.Software[i].Name)), e)
		}
	}
	for i, e := range r.files {
		if i < len(b.Files) {
			add(count.next("file", b.Files[i].Name), e)
		}
	}
	for i, e := range r.ancestors {
		if i < len(b.Lineage) {
			add(count.next("ancestor", text(b.Lineage[i].Name)), e)
		}
	}
	for _, e := range r.graph {
		if t := typeOf(e); t == "simplelicensing_LicenseExpression" || t == "simplelicensing_SimpleLicensingText" {
			add("licence/"+licenceName(e), e)
		}
	}
	return names
}
