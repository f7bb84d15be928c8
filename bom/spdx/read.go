package spdx

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/internal/jsonstream"
)

// reader is a document that is being read, and what of it stands for which part of the bill.
type reader struct {
	bill               *bom.Bill
	graph              []*document.Node
	byID               map[string]*document.Node
	from               map[string][]*document.Node // relationships, by the element that they are of
	use                map[string]string           // of datasets, as relationships say
	creation           *document.Node
	document, sbom     *document.Node
	main               *document.Node
	authors            []*document.Node
	datasets, software []*document.Node
	files, ancestors   []*document.Node
}

// read makes the bill of a document without its annotations.
func read(tree *document.Node) *reader {
	r := &reader{
		bill: &bom.Bill{Kept: map[string]json.RawMessage{}}, graph: elements(tree.Get("@graph")), byID: map[string]*document.Node{},
		from: map[string][]*document.Node{}, use: map[string]string{},
	}
	for _, e := range r.graph {
		if id := idOf(e); id != "" && r.byID[id] == nil {
			r.byID[id] = e
		}
		if t := typeOf(e); t == "Relationship" || t == "LifecycleScopedRelationship" {
			r.relation(e)
		}
	}
	r.findMain()
	r.creationInfo()
	r.group()
	r.readMain()
	for _, e := range r.datasets {
		r.bill.Datasets = append(r.bill.Datasets, r.dataset(e))
	}
	for _, e := range r.software {
		r.bill.Software = append(r.bill.Software, bom.Software{
			Name: field(e, "name"), Version: asserted(e, "software_packageVersion"), PURL: e.Get("software_packageUrl").String(), Licence: r.licence(e),
		})
	}
	for _, e := range r.files {
		r.bill.Files = append(r.bill.Files, bom.File{Name: e.Get("name").String(), Digest: digestOf(e), Role: roleOf(e)})
	}
	for _, e := range r.ancestors {
		r.bill.Lineage = append(r.bill.Lineage, bom.Ancestor{
			Name: field(e, "name"), Version: asserted(e, "software_packageVersion"), Digest: digestOf(e), Relation: bom.Base,
		})
	}
	return r
}

// relation notes a relationship where it is looked for.
func (r *reader) relation(x *document.Node) {
	from := x.Get("from").String()
	r.from[from] = append(r.from[from], x)
	uses := map[string]string{"trainedOn": "train", "testedOn": "test"}
	if use := uses[x.Get("relationshipType").String()]; use != "" {
		for _, to := range elements(x.Get("to")) {
			if r.use[to.String()] == "" {
				r.use[to.String()] = use
			}
		}
	}
}

// typeOf is the type of an element.
func typeOf(e *document.Node) string { return e.Get("type").String() }

// elements lists the elements of an array; nil for everything else.
func elements(n *document.Node) []*document.Node {
	if n == nil || n.Kind != jsonstream.ArrayStart {
		return nil
	}
	return n.Children
}

// isPackage reports whether an element is a package.
func isPackage(e *document.Node) bool {
	return slices.Contains([]string{"ai_AIPackage", "dataset_DatasetPackage", "software_Package"}, typeOf(e))
}

// findMain finds what the document is about: the root of its bill of materials, else the first model, else the first package.
func (r *reader) findMain() {
	for _, e := range r.graph {
		if typeOf(e) == "SpdxDocument" && r.document == nil {
			r.document = e
		}
	}
	if at := r.root(r.document); isPackage(at) {
		r.main = at
	} else if t := typeOf(at); t == "software_Sbom" || t == "Bom" {
		r.sbom = at
		if at = r.root(at); isPackage(at) {
			r.main = at
		}
	}
	for _, kind := range []string{"ai_AIPackage", "dataset_DatasetPackage", "software_Package"} {
		for _, e := range r.graph {
			if r.main == nil && typeOf(e) == kind {
				r.main = e
			}
		}
	}
}

// root is the first root of a collection of elements.
func (r *reader) root(collection *document.Node) *document.Node {
	for _, id := range elements(collection.Get("rootElement")) {
		if e := r.byID[id.String()]; e != nil {
			return e
		}
	}
	return nil
}

// creationInfo reads who made the document, and when.
func (r *reader) creationInfo() {
	b := r.bill
	about := r.document
	if about == nil {
		about = r.main
	}
	r.creation = r.byID[about.Get("creationInfo").String()]
	if t, err := time.Parse(time.RFC3339, r.creation.Get("created").String()); err == nil && t.UTC().Format(time.RFC3339) != unknownTime && t.UTC().Year() <= 9999 {
		b.Time = t.UTC()
	}
	if tools := elements(r.creation.Get("createdUsing")); len(tools) > 0 {
		tool := r.byID[tools[0].String()]
		b.Tool, b.Version = tool.Get("name").String(), tool.Get("description").String()
	}
	for _, id := range elements(r.creation.Get("createdBy")) {
		e := r.byID[id.String()]
		if t := typeOf(e); (t == "Agent" || t == "Person" || t == "Organization") && e.Get("name").String() != "" {
			r.authors = append(r.authors, e)
			b.Authors = append(b.Authors, declared(e.Get("name").String(), "createdBy"))
		}
	}
}

// group tells the elements apart that stand for parts of the bill.
func (r *reader) group() {
	above := map[string]bool{}
	for _, x := range r.graph {
		from, kind := x.Get("from").String(), x.Get("relationshipType").String()
		for _, to := range elements(x.Get("to")) {
			if kind == "ancestorOf" && to.String() == idOf(r.main) {
				above[from] = true
			}
			if kind == "descendantOf" && from == idOf(r.main) {
				above[to.String()] = true
			}
		}
	}
	for _, e := range r.graph {
		if e == r.main {
			continue
		}
		switch typeOf(e) {
		case "dataset_DatasetPackage":
			r.datasets = append(r.datasets, e)
		case "ai_AIPackage":
			if above[idOf(e)] {
				r.ancestors = append(r.ancestors, e)
			}
		case "software_Package":
			r.software = append(r.software, e)
		case "software_File":
			r.files = append(r.files, e)
		}
	}
}

// licences lists the licences of an element: those that are declared, then those that were concluded.
func (r *reader) licences(e *document.Node) (list []bom.Field) {
	for _, kind := range []string{"hasDeclaredLicense", "hasConcludedLicense"} {
		for _, x := range r.from[idOf(e)] {
			if x.Get("relationshipType").String() != kind {
				continue
			}
			for _, to := range elements(x.Get("to")) {
				if name := licenceName(r.byID[to.String()]); name != "" {
					f := declared(name, kind)
					if kind == "hasConcludedLicense" {
						f.Confidence = bom.Inferred
					}
					list = append(list, f)
				}
			}
		}
	}
	return list
}

// licence is the first licence of an element.
func (r *reader) licence(e *document.Node) bom.Field {
	if list := r.licences(e); len(list) > 0 {
		return list[0]
	}
	return bom.Field{}
}

// licenceName is the expression or the name of a licence.
func licenceName(e *document.Node) string {
	for _, key := range []string{"simplelicensing_licenseExpression", "name", "simplelicensing_licenseText"} {
		if text := e.Get(key).String(); text != "" {
			return text
		}
	}
	return ""
}

// places lists which elements are about which parts of the bill; an empty prefix is the bill as a whole.
func (r *reader) places() map[string]string {
	at := map[string]string{}
	add := func(e *document.Node, prefix string) {
		if id := idOf(e); id != "" {
			at[id] = prefix
		}
	}
	first := 0
	if typeOf(r.main) == "dataset_DatasetPackage" {
		first = 1 // the first dataset is what the bill is about
	}
	for i, e := range r.datasets {
		add(e, fmt.Sprintf("datasets[%d].", first+i))
	}
	for i, e := range r.software {
		add(e, fmt.Sprintf("software[%d].", i))
	}
	for i, e := range r.files {
		add(e, fmt.Sprintf("files[%d].", i))
	}
	for i, e := range r.ancestors {
		add(e, fmt.Sprintf("lineage[%d].", i))
	}
	add(r.main, "model.")
	add(r.document, "")
	return at
}

// statements gives what annotations say about parts of the bill: its place, and the name without the prefix.
func (r *reader) statements(each func(at, name, text string)) {
	places := r.places()
	for _, e := range r.graph {
		at, ok := places[e.Get("subject").String()]
		statement := e.Get("statement").String()
		if !ok || typeOf(e) != "Annotation" || !strings.HasPrefix(statement, `{"`+prefix) {
			continue
		}
		said, err := document.Read(strings.NewReader(statement))
		if err != nil {
			continue // it is not ours; it is kept
		}
		for _, n := range said.Children {
			if name, ok := strings.CutPrefix(n.Key, prefix); ok && n.Kind == jsonstream.String {
				each(at, name, n.Text)
			}
		}
	}
}

// annotations makes the statements of all annotations. One that says nothing about a bill is passed over, and so is kept.
func (r *reader) annotations() {
	room := document.MaxAdded
	r.statements(func(at, name, text string) {
		part, path, _ := strings.Cut(name, ":")
		_ = document.Apply(r.bill, document.Statement{Name: part + ":" + at + path, Text: text}, &room) // see above
	})
}

// keptElsewhere takes the parts that were kept of bills in other forms.
func (r *reader) keptElsewhere() {
	r.statements(func(_, name, text string) {
		key, ok := strings.CutPrefix(name, "kept:")
		if _, twice := r.bill.Kept[key]; ok && !twice && !strings.HasPrefix(key, place) && document.Valid([]byte(text)) {
			r.bill.Kept[key] = json.RawMessage(text)
		}
	})
}
