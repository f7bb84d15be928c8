package spdx

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

// element is one element of the graph.
type element map[string]any

// roles gives elements names that do not depend on their place, so that a document's own names stay with them: what they are
// and what they are called, with a count where that stands twice.
type roles map[string]int

// next is the name of the next element of a kind.
func (r roles) next(kind, name string) string {
	role := kind + "/" + name
	r[role]++
	if n := r[role]; n > 1 {
		role += "#" + strconv.Itoa(n)
	}
	return role
}

// composer collects the elements of a document.
type composer struct {
	bill  *bom.Bill
	base  string
	names map[string]string // what a document that was read calls elements, by their roles
	ids   map[string]string // what elements are called here, by their roles
	count map[string]int    // elements by kind
	roles roles
	graph []element
	about map[string]string // which element statements are about, by how their paths begin; "" is the document
}

// compose makes the document of a clean bill and of statements about it.
func compose(b *bom.Bill, names map[string]string, statements []document.Statement) element {
	c := &composer{bill: b, names: names}
	c.compose()
	c.annotations(statements)
	c.finish()
	return element{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": c.graph}
}

// compose adds everything but annotations.
func (c *composer) compose() {
	c.base, c.ids, c.count, c.roles, c.about = namespace(c.bill), map[string]string{}, map[string]int{}, roles{}, map[string]string{}
	c.document()
	c.datasets()
	c.software()
	c.files()
	c.lineage()
	c.licences()
}

// id is what the element of a role is called.
func (c *composer) id(role string) string {
	if id := c.ids[role]; id != "" {
		return id
	}
	kind, _, _ := strings.Cut(role, "/")
	id := fmt.Sprintf("%s#%s-%d", c.base, kind, c.count[kind])
	if kind == "creation" {
		id = "_:creation"
	}
	c.count[kind]++
	if own := c.names[role]; own != "" {
		id = own
	}
	c.ids[role] = id
	return id
}

// add adds an element of a type and returns what it is called.
func (c *composer) add(role, kind string, e element) string {
	e["spdxId"], e["type"], e["creationInfo"] = c.id(role), kind, c.id("creation/")
	for key, value := range e {
		if value == "" && key != "name" {
			delete(e, key)
		}
	}
	c.graph = append(c.graph, e)
	return c.id(role)
}

// relate adds a relationship, unless there is nothing on its other side.
func (c *composer) relate(from, kind, completeness string, to ...string) {
	if len(to) == 0 {
		return
	}
	c.add(c.roles.next("relationship", ""), "Relationship", element{
		"from": from, "relationshipType": kind, "to": to, "completeness": completeness,
	})
}

// document adds what says who made the document, and what it is about.
func (c *composer) document() {
	b := c.bill
	created := unknownTime
	if !b.Time.IsZero() && b.Time.Year() > 0 {
		created = b.Time.UTC().Format(time.DateOnly + "T15:04:05Z")
	}
	creation := element{"@id": c.id("creation/"), "type": "CreationInfo", "specVersion": Version, "created": created}
	c.graph = append(c.graph, creation)
	var makers []string
	for _, f := range b.Authors {
		if name := text(f); name != "" {
			makers = append(makers, c.add(c.roles.next("author", name), "Agent", element{"name": name}))
		}
	}
	if b.Tool != "" {
		creation["createdUsing"] = []string{c.add("tool/", "Tool", element{"name": b.Tool, "description": b.Version})}
	}
	if makers == nil { // SPDX wants someone: the program itself
		makers = []string{c.add("maker/", "SoftwareAgent", element{"name": toolName(b)})}
	}
	creation["createdBy"] = makers
	kind, main := mainElement(b)
	if kind == "ai_AIPackage" || kind == "dataset_DatasetPackage" {
		main["suppliedBy"] = c.supplier(text(b.Model.Producer))
	} else if producer := text(b.Model.Producer); producer != "" {
		main["suppliedBy"] = c.supplier(producer)
	}
	c.about["model"] = c.add("main/", kind, main)
	sbom := c.add("sbom/", "software_Sbom", element{"software_sbomType": []string{"analyzed"}, "rootElement": []string{c.id("main/")}})
	c.about[""] = c.add("document/", "SpdxDocument", element{
		"name": b.Name, "rootElement": []string{sbom}, "profileConformance": []string{"core", "software", "ai", "dataset", "simpleLicensing"},
	})
	c.relate(c.id("document/"), "describes", "complete", c.id("main/"))
}

// toolName is the program that made the bill.
func toolName(b *bom.Bill) string {
	if b.Tool == "" {
		return noAssertion
	}
	return b.Tool
}

// supplier adds the one who supplies a package; nobody says who when the name is empty.
func (c *composer) supplier(name string) string {
	e := element{"name": name}
	if name == "" {
		e = element{"name": noAssertion, "comment": "Nobody says who supplies this."}
	}
	role := "supplier/" + name
	if id := c.ids[role]; id != "" {
		return id
	}
	return c.add(role, "Agent", e)
}

// obliged adds to a package of AI or data what SPDX wants of it and the bill does not know.
func obliged(e element, version, location, released string) element {
	e["software_packageVersion"], e["software_downloadLocation"], e["releaseTime"] = version, location, unknownTime
	if version == "" {
		e["software_packageVersion"] = noAssertion
	}
	if location == "" {
		e["software_downloadLocation"] = noAssertion
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, released); err == nil && t.UTC().Year() > 0 && t.UTC().Year() <= 9999 {
			e["releaseTime"] = t.UTC().Format(time.DateOnly + "T15:04:05Z")
		}
	}
	return e
}

// datasets adds the data that a model was made with.
func (c *composer) datasets() {
	to := map[string][]string{}
	order := []string{"trainedOn", "testedOn", "other"}
	for i := range c.bill.Datasets {
		d := &c.bill.Datasets[i]
		if i == 0 && c.bill.Kind == bom.DatasetKind {
			continue // it is what the bill is about
		}
		e := datasetElement(d)
		e["suppliedBy"] = c.supplier("")
		id := c.add(c.roles.next("dataset", text(d.Name)), "dataset_DatasetPackage", e)
		c.about[fmt.Sprintf("datasets[%d]", i)] = id
		kind := relationOf(d.Use)
		to[kind] = append(to[kind], id)
	}
	for _, kind := range order {
		c.relate(c.id("main/"), kind, "noAssertion", to[kind]...)
	}
}

// relationOf is the relationship of a model to data with a use.
func relationOf(use string) string {
	switch use {
	case "train":
		return "trainedOn"
	case "test", "validation":
		return "testedOn"
	}
	return "other"
}

// software adds the libraries that are needed.
func (c *composer) software() {
	var needs []string
	for i, s := range c.bill.Software {
		id := c.add(c.roles.next("software", text(s.Name)), "software_Package", element{
			"name": text(s.Name), "software_packageVersion": text(s.Version), "software_packageUrl": s.PURL, "software_primaryPurpose": "library",
		})
		c.about[fmt.Sprintf("software[%d]", i)] = id
		needs = append(needs, id)
	}
	c.relate(c.id("main/"), "dependsOn", "noAssertion", needs...)
}

// purposes says what files are for, by their roles; what it does not list is other.
var purposes = map[string]string{
	"weights": "model", "configuration": "configuration", "card": "documentation", "code": "source", "data": "data", "other": "other",
}

// files adds the files that the digest covers.
func (c *composer) files() {
	var contained []string
	for i, f := range c.bill.Files {
		e := element{"name": f.Name, "software_primaryPurpose": purposes[f.Role], "software_fileKind": "file"}
		hash(e, f.Digest)
		id := c.add(c.roles.next("file", f.Name), "software_File", e)
		c.about[fmt.Sprintf("files[%d]", i)] = id
		contained = append(contained, id)
	}
	completeness := "noAssertion"
	if c.bill.Digest != "" {
		completeness = "complete"
	}
	c.relate(c.id("main/"), "contains", completeness, contained...)
}

// lineage adds the models that a model was made of.
func (c *composer) lineage() {
	for i, a := range c.bill.Lineage {
		e := obliged(element{"name": text(a.Name), "software_primaryPurpose": "model"}, text(a.Version), "", "")
		hash(e, a.Digest)
		e["suppliedBy"] = c.supplier("")
		id := c.add(c.roles.next("ancestor", text(a.Name)), "ai_AIPackage", e)
		c.about[fmt.Sprintf("lineage[%d]", i)] = id
		c.relate(id, "ancestorOf", "noAssertion", c.id("main/"))
	}
}

// licences adds licences: declared where somebody says so, concluded where it follows from content.
func (c *composer) licences() {
	add := func(from string, fields ...bom.Field) {
		to := map[string][]string{}
		for _, f := range fields {
			if name := text(f); name != "" {
				kind := "hasDeclaredLicense"
				if f.Confidence == bom.Inferred || f.Confidence == bom.Verified {
					kind = "hasConcludedLicense"
				}
				to[kind] = append(to[kind], c.licence(name))
			}
		}
		c.relate(from, "hasDeclaredLicense", "noAssertion", to["hasDeclaredLicense"]...)
		c.relate(from, "hasConcludedLicense", "noAssertion", to["hasConcludedLicense"]...)
	}
	add(c.id("main/"), c.bill.Model.Licences...)
	for i, d := range c.bill.Datasets {
		if id := c.about[fmt.Sprintf("datasets[%d]", i)]; id != "" {
			add(id, d.Licence)
		}
	}
	for i, s := range c.bill.Software {
		add(c.about[fmt.Sprintf("software[%d]", i)], s.Licence)
	}
}

// expression is an SPDX licence expression as far as its grammar goes.
var expression = regexp.MustCompile(`^\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*$`)

// licence adds a licence once and returns what it is called.
func (c *composer) licence(name string) string {
	role := "licence/" + name
	if id := c.ids[role]; id != "" {
		return id
	}
	if expression.MatchString(name) {
		return c.add(role, "simplelicensing_LicenseExpression", element{"simplelicensing_licenseExpression": name})
	}
	return c.add(role, "simplelicensing_SimpleLicensingText", element{
		"simplelicensing_licenseText": name, "comment": "This is what the licence is called. Its text is not part of this document.",
	})
}

// annotations adds what SPDX has no place for, one annotation for each element.
func (c *composer) annotations(statements []document.Statement) {
	said := map[string]*document.Node{}
	var order []string
	for _, s := range statements {
		part, path, _ := strings.Cut(s.Name, ":")
		head, below, isBelow := strings.Cut(path, ".")
		subject := c.about[head]
		if subject == "" || !isBelow || head == "" || part == "kept" {
			subject, below = c.about[""], path
		}
		if said[subject] == nil {
			said[subject] = object()
			order = append(order, subject)
		}
		said[subject].Children = append(said[subject].Children, member(prefix+part+":"+below, s.Text))
	}
	for _, subject := range order {
		c.add(c.roles.next("annotation", ""), "Annotation", element{
			"annotationType": "other", "subject": subject, "contentType": "application/json", "statement": string(document.Raw(said[subject])),
		})
	}
}

// finish lists all elements where the document does.
func (c *composer) finish() {
	var all []string
	for _, e := range c.graph {
		if id, ok := e["spdxId"].(string); ok && id != c.id("document/") && id != c.id("sbom/") {
			all = append(all, id)
		}
	}
	for _, e := range c.graph {
		if e["type"] == "software_Sbom" {
			e["element"] = all
		}
		if e["type"] == "SpdxDocument" {
			e["element"] = append([]string{c.id("sbom/")}, all...)
		}
	}
}

// text is the value of a field that is known; empty for others.
func text(f bom.Field) string {
	if f.Confidence == bom.Unresolved {
		return ""
	}
	return f.Value
}

// hash adds a digest to an element.
func hash(e element, d picket.Digest) {
	if _, err := picket.ParseDigest(string(d)); err == nil {
		e["verifiedUsing"] = []element{{"type": "Hash", "algorithm": "sha256", "hashValue": d.Hex()}}
	}
}
