package spdx

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
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

// readMain reads what the bill is about.
func (r *reader) readMain() {
	b, e := r.bill, r.main
	if e == nil {
		return
	}
	m := &b.Model
	b.Name, b.Digest = e.Get("name").String(), digestOf(e)
	switch typeOf(e) {
	case "ai_AIPackage":
		b.Kind = bom.ModelKind
		readModel(b, e)
	case "dataset_DatasetPackage":
		b.Kind = bom.DatasetKind
		d := bom.Dataset{}
		readData(&d, e)
		b.Datasets = append(b.Datasets, d)
	default:
		b.Kind = bom.ProgramKind
		if e.Get("software_primaryPurpose").String() == "other" {
			b.Kind = bom.FolderKind
		}
	}
	m.Version, m.Location = asserted(e, "software_packageVersion"), asserted(e, "software_downloadLocation")
	m.Description = field(e, "description")
	if released := e.Get("releaseTime").String(); released != unknownTime {
		m.Timestamp = declared(released, "releaseTime")
	}
	if name := r.byID[e.Get("suppliedBy").String()].Get("name").String(); name != noAssertion {
		m.Producer = declared(name, "suppliedBy")
	}
	m.Licences = r.licences(e)
	for _, x := range elements(e.Get("externalIdentifier")) {
		if id := declared(x.Get("identifier").String(), "externalIdentifier"); id.Value != "" {
			m.Identifiers = append(m.Identifiers, id)
		}
	}
	if id := field(e, "software_packageUrl"); len(m.Identifiers) == 0 && id.Value != "" {
		m.Identifiers = append(m.Identifiers, id)
	}
	readReferences(b, e)
}

// readReferences reads what leads elsewhere.
func readReferences(b *bom.Bill, e *document.Node) {
	kinds := map[string]string{
		"documentation": "documentation", "vcs": "repository", "altWebPage": "website", "altDownloadLocation": "distribution",
		"license": "licence", "other": "other",
	}
	for _, x := range elements(e.Get("externalRef")) {
		for _, locator := range elements(x.Get("locator")) {
			kind := x.Get("externalRefType").String()
			at := declared(locator.String(), "externalRef")
			if kind == "securityPolicy" && b.Security.Policy.Value == "" {
				b.Security.Policy = at
			} else if kinds[kind] != "" && at.Value != "" {
				b.References = append(b.References, bom.Reference{Kind: kinds[kind], URL: at})
			}
		}
	}
}

// readModel reads what the AI profile says.
func readModel(b *bom.Bill, e *document.Node) {
	m := &b.Model
	for i, n := range elements(e.Get("ai_typeOfModel")) {
		if i < 2 {
			*[]*bom.Field{&m.Architecture, &m.Family}[i] = declared(n.String(), "ai_typeOfModel")
		}
	}
	for i, n := range elements(e.Get("ai_domain")) {
		if f := declared(n.String(), "ai_domain"); i == 0 {
			m.Task = f
		} else {
			b.System.Area = append(b.System.Area, f)
		}
	}
	for _, n := range elements(e.Get("ai_standardCompliance")) {
		b.Security.Compliance = append(b.Security.Compliance, declared(n.String(), "ai_standardCompliance"))
	}
	for key, list := range map[string]*[]bom.Field{
		"ai_limitation": &m.Limitations, "ai_informationAboutApplication": &m.Uses, "ai_informationAboutTraining": &m.Training,
	} {
		if f := field(e, key); f.Value != "" {
			*list = append(*list, f)
		}
	}
	for _, n := range elements(e.Get("ai_hyperparameter")) {
		name, value := n.Get("key").String(), declared(n.Get("value").String(), "ai_hyperparameter")
		at := slices.IndexFunc(hyperparameters(m), func(h struct {
			name  string
			field *bom.Field
		}) bool {
			return h.name == name && h.field.Value == ""
		})
		if at >= 0 {
			*hyperparameters(m)[at].field = value
		} else if value.Value != "" {
			m.Properties = append(m.Properties, bom.Property{Name: name, Field: value})
		}
	}
	for _, n := range elements(e.Get("ai_metric")) {
		m.Metrics = append(m.Metrics, bom.Metric{
			Name: declared(n.Get("key").String(), "ai_metric"), Value: declared(n.Get("value").String(), "ai_metric"),
		})
	}
	for _, activity := range []string{"training", "fine-tuning", "inference"} {
		for _, n := range elements(e.Get("ai_energyConsumption").Get(energyProperties[activity])) {
			if quantity := n.Get("ai_energyQuantity"); quantity != nil && n.Get("ai_energyUnit").String() == "kilowattHour" {
				m.Energy = append(m.Energy, declared(activity+": "+quantity.Text+" kWh", "ai_energyConsumption"))
			}
		}
	}
}

// dataset reads data that a model was made with.
func (r *reader) dataset(e *document.Node) bom.Dataset {
	d := bom.Dataset{
		Name: field(e, "name"), Version: asserted(e, "software_packageVersion"), Location: asserted(e, "software_downloadLocation"),
		Description: field(e, "description"), Digest: digestOf(e), Licence: r.licence(e), Identifier: field(e, "software_packageUrl"),
	}
	if list := elements(e.Get("externalIdentifier")); len(list) > 0 {
		d.Identifier = declared(list[0].Get("identifier").String(), "externalIdentifier")
	}
	d.Use = r.use[idOf(e)]
	readData(&d, e)
	return d
}

// readData reads what the dataset profile says.
func readData(d *bom.Dataset, e *document.Node) {
	d.Provenance = field(e, "dataset_dataCollectionProcess")
	if d.Sensitivity = field(e, "dataset_confidentialityLevel"); d.Sensitivity.Value == "" {
		d.Sensitivity = field(e, "dataset_hasSensitivePersonalInformation")
	}
	var types []string
	for _, n := range elements(e.Get("dataset_datasetType")) {
		if n.String() != "noAssertion" {
			types = append(types, n.String())
		}
	}
	d.Content = declared(strings.Join(types, ", "), "dataset_datasetType")
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

// roleOf says what a file is for.
func roleOf(e *document.Node) string {
	for role, purpose := range purposes {
		if e.Get("software_primaryPurpose").String() == purpose {
			return role
		}
	}
	return ""
}

// digestOf is the SHA-256 of an element; empty when it has none.
func digestOf(e *document.Node) picket.Digest {
	for _, h := range elements(e.Get("verifiedUsing")) {
		if h.Get("algorithm").String() == "sha256" {
			if d, err := picket.ParseDigest("sha256:" + strings.ToLower(h.Get("hashValue").String())); err == nil {
				return d
			}
		}
	}
	return ""
}

// declared is a value that the document states; unresolved when it is empty.
func declared(value, at string) bom.Field {
	if value == "" {
		return bom.Field{Confidence: bom.Unresolved}
	}
	return bom.Field{Value: value, Confidence: bom.Declared, Source: place + at}
}

// field is a property of an element.
func field(e *document.Node, key string) bom.Field { return declared(e.Get(key).String(), key) }

// asserted is a property of an element, unless it only says that nobody asserts anything.
func asserted(e *document.Node, key string) bom.Field {
	if e.Get(key).String() == noAssertion {
		return bom.Field{Confidence: bom.Unresolved}
	}
	return field(e, key)
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
	r.statements(func(at, name, text string) {
		part, path, _ := strings.Cut(name, ":")
		_ = document.Apply(r.bill, document.Statement{Name: part + ":" + at + path, Text: text}) // see above
	})
}

// keptElsewhere takes the parts that were kept of bills in other forms.
func (r *reader) keptElsewhere() {
	r.statements(func(_, name, text string) {
		key, ok := strings.CutPrefix(name, "kept:")
		if _, twice := r.bill.Kept[key]; ok && !twice && !strings.HasPrefix(key, place) && json.Valid([]byte(text)) {
			r.bill.Kept[key] = json.RawMessage(text)
		}
	})
}
