package spdx

import (
	"regexp"
	"strings"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/internal/jsonstream"
)

// prefix begins the names of statements.
const prefix = "picket:"

// mainElement describes what the bill is about, with its type.
func mainElement(b *bom.Bill) (string, element) {
	m := &b.Model
	e := element{
		"name": b.Name, "description": text(m.Description), "software_packageVersion": text(m.Version), "software_downloadLocation": text(m.Location),
	}
	hash(e, b.Digest)
	identifiers(e, m.Identifiers)
	references(e, b)
	switch b.Kind {
	case bom.ModelKind:
		e["software_primaryPurpose"] = "model"
		modelProperties(e, b)
		return "ai_AIPackage", obliged(e, text(m.Version), text(m.Location), text(m.Timestamp))
	case bom.DatasetKind:
		e["software_primaryPurpose"] = "data"
		e["dataset_datasetType"] = []string{"noAssertion"}
		if len(b.Datasets) > 0 {
			datasetProperties(e, &b.Datasets[0])
		}
		return "dataset_DatasetPackage", obliged(e, text(m.Version), text(m.Location), text(m.Timestamp))
	case bom.ProgramKind:
		e["software_primaryPurpose"] = "application"
	case bom.FolderKind:
		e["software_primaryPurpose"] = "other"
	}
	return "software_Package", e
}

// identifiers adds what a package is called elsewhere.
func identifiers(e element, fields []bom.Field) {
	var list []element
	for _, f := range fields {
		name := text(f)
		kind := "other"
		if strings.HasPrefix(name, "pkg:") {
			kind = "packageUrl"
			if e["software_packageUrl"] == nil {
				e["software_packageUrl"] = name
			}
		}
		if name != "" {
			list = append(list, element{"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": name})
		}
	}
	if list != nil {
		e["externalIdentifier"] = list
	}
}

// referenceTypes says how kinds of references are called; what it does not list is other.
var referenceTypes = map[string]string{
	"documentation": "documentation", "paper": "documentation", "repository": "vcs", "website": "altWebPage",
	"distribution": "altDownloadLocation", "licence": "license",
}

// references adds what leads from the content to elsewhere.
func references(e element, b *bom.Bill) {
	var list []element
	add := func(kind, at, comment string) {
		if at != "" {
			r := element{"type": "ExternalRef", "externalRefType": kind, "locator": []string{at}}
			if comment != "" {
				r["comment"] = comment
			}
			list = append(list, r)
		}
	}
	for _, r := range b.References {
		kind := referenceTypes[r.Kind]
		if kind == "" {
			kind = "other"
		}
		add(kind, text(r.URL), "")
	}
	add("securityPolicy", text(b.Security.Policy), "")
	for _, c := range b.Claims {
		add("secureSoftwareAttestation", c.Source, strings.Trim(c.Kind+": "+c.Summary, ": "))
	}
	if list != nil {
		e["externalRef"] = list
	}
}

// hyperparameters are the fields of a model that are written as pairs of a name and a value.
func hyperparameters(m *bom.Model) []struct {
	name  string
	field *bom.Field
} {
	return []struct {
		name  string
		field *bom.Field
	}{
		{"parameters", &m.Parameters}, {"precision", &m.Precision}, {"quantisation", &m.Quantisation}, {"context", &m.Context},
		{"vocabulary", &m.Vocabulary}, {"tokenizer", &m.Tokenizer}, {"approach", &m.Approach},
	}
}

// modelProperties adds what the AI profile has a place for.
func modelProperties(e element, b *bom.Bill) {
	m := &b.Model
	set := func(key string, list []string) {
		if len(list) > 0 {
			e[key] = list
		}
	}
	set("ai_typeOfModel", known(m.Architecture, m.Family))
	set("ai_domain", known(append([]bom.Field{m.Task}, b.System.Area...)...))
	set("ai_standardCompliance", known(b.Security.Compliance...))
	e["ai_limitation"] = lines(m.Limitations)
	e["ai_informationAboutApplication"] = lines(m.Uses)
	e["ai_informationAboutTraining"] = lines(m.Training)
	var parameters, metrics []element
	for _, h := range hyperparameters(m) {
		if value := text(*h.field); value != "" {
			parameters = append(parameters, element{"type": "DictionaryEntry", "key": h.name, "value": value})
		}
	}
	for _, x := range m.Metrics {
		if name := text(x.Name); name != "" {
			entry := element{"type": "DictionaryEntry", "key": name}
			if value := text(x.Value); value != "" {
				entry["value"] = value
			}
			metrics = append(metrics, entry)
		}
	}
	if parameters != nil {
		e["ai_hyperparameter"] = parameters
	}
	if metrics != nil {
		e["ai_metric"] = metrics
	}
	energy(e, m.Energy)
}

// known lists the values of fields that are known.
func known(fields ...bom.Field) (list []string) {
	for _, f := range fields {
		if t := text(f); t != "" {
			list = append(list, t)
		}
	}
	return list
}

// lines writes several values where SPDX takes one text.
func lines(fields []bom.Field) string { return strings.Join(known(fields...), "\n") }

// energyText is an amount of energy that the AI profile has a place for.
var energyText = regexp.MustCompile(`^(training|fine-tuning|inference): ([0-9]{1,12}(?:\.[0-9]{1,9})?) kWh$`)

// energyProperties are the places for amounts of energy.
var energyProperties = map[string]string{
	"training": "ai_trainingEnergyConsumption", "fine-tuning": "ai_finetuningEnergyConsumption", "inference": "ai_inferenceEnergyConsumption",
}

// energy adds amounts of energy.
func energy(e element, fields []bom.Field) {
	amounts := map[string][]element{}
	for _, value := range known(fields...) {
		if parts := energyText.FindStringSubmatch(value); parts != nil {
			key := energyProperties[parts[1]]
			amounts[key] = append(amounts[key], element{
				"type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": parts[2], "ai_energyUnit": "kilowattHour",
			})
		}
	}
	if len(amounts) == 0 {
		return
	}
	consumption := element{"type": "ai_EnergyConsumption"}
	for key, list := range amounts {
		consumption[key] = list
	}
	e["ai_energyConsumption"] = consumption
}

// datasetElement describes data that a model was made with.
func datasetElement(d *bom.Dataset) element {
	e := element{"name": text(d.Name), "description": text(d.Description), "software_primaryPurpose": "data", "software_packageUrl": ""}
	identifiers(e, []bom.Field{d.Identifier})
	hash(e, d.Digest)
	datasetProperties(e, d)
	return obliged(e, text(d.Version), text(d.Location), "")
}

// dataTypes are the types of data that SPDX has names for.
func dataTypes() []string {
	return []string{"audio", "categorical", "graph", "image", "numeric", "sensor", "structured", "syntactic", "text", "timeseries", "timestamp", "video"}
}

// datasetProperties adds what the dataset profile has a place for.
func datasetProperties(e element, d *bom.Dataset) {
	e["dataset_dataCollectionProcess"] = text(d.Provenance)
	switch s := text(d.Sensitivity); s {
	case "red", "amber", "green", "clear":
		e["dataset_confidentialityLevel"] = s
	case "yes", "no":
		e["dataset_hasSensitivePersonalInformation"] = s
	}
	types := []string{"noAssertion"}
	for _, kind := range dataTypes() {
		if text(d.Content) == kind {
			types = []string{kind}
		}
	}
	e["dataset_datasetType"] = types
}

// object is an object without members.
func object() *document.Node { return &document.Node{Kind: jsonstream.ObjectStart} }

// member is a member of an object that is a string.
func member(key, text string) *document.Node {
	return &document.Node{Kind: jsonstream.String, Key: key, Text: text}
}
