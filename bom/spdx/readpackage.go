package spdx

import (
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

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
