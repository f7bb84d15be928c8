package cyclonedx

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

// modelCard describes a model as such.
func modelCard(b *bom.Bill) *cdx.MLModelCard {
	m := &b.Model
	parameters := &cdx.MLModelParameters{
		Task: text(m.Task), ArchitectureFamily: text(m.Family), ModelArchitecture: text(m.Architecture),
		Inputs: each(texts(m.Inputs), inputOutput), Outputs: each(texts(m.Outputs), inputOutput),
	}
	if approach := cdx.MLModelParametersApproachType(text(m.Approach)); slices.Contains(approaches(), approach) {
		parameters.Approach = &cdx.MLModelParametersApproach{Type: approach}
	}
	var datasets []cdx.MLDatasetChoice
	for i := range b.Datasets {
		datasets = append(datasets, cdx.MLDatasetChoice{Ref: fmt.Sprintf("dataset/%d", i)})
	}
	if datasets != nil {
		parameters.Datasets = &datasets
	}
	card := &cdx.MLModelCard{BOMRef: "model-card", ModelParameters: parameters, Considerations: considerations(m)}
	if metrics := each(m.Metrics, metric); metrics != nil {
		card.QuantitativeAnalysis = &cdx.MLQuantitativeAnalysis{PerformanceMetrics: metrics}
	}
	return card
}

// approaches are those that CycloneDX has a name for.
func approaches() []cdx.MLModelParametersApproachType {
	return []cdx.MLModelParametersApproachType{
		cdx.MLModelParametersApproachTypeSupervised, cdx.MLModelParametersApproachTypeUnsupervised,
		cdx.MLModelParametersApproachTypeReinforcementLearning, cdx.MLModelParametersApproachTypeSemiSupervised,
		cdx.MLModelParametersApproachTypeSelfSupervised,
	}
}

// inputOutput describes what a model takes or gives.
func inputOutput(format string) cdx.MLInputOutputParameters {
	return cdx.MLInputOutputParameters{Format: format}
}

// metric is one result of an evaluation.
func metric(m bom.Metric) cdx.MLPerformanceMetric {
	return cdx.MLPerformanceMetric{Type: text(m.Name), Value: text(m.Value), Slice: text(m.Slice)}
}

// considerations says what the model is for, and what speaks against it.
func considerations(m *bom.Model) *cdx.MLModelCardConsiderations {
	c := cdx.MLModelCardConsiderations{
		UseCases:             each(texts(m.Uses), func(s string) string { return s }),
		TechnicalLimitations: each(texts(m.Limitations), func(s string) string { return s }),
		EthicalConsiderations: each(texts(m.Considered), func(s string) cdx.MLModelCardEthicalConsideration {
			return cdx.MLModelCardEthicalConsideration{Name: s}
		}),
	}
	energy := texts(m.Energy)
	consumed := each(energy, consumption, isConsumption)
	other := each(energy, func(s string) cdx.Property { return cdx.Property{Name: "energy", Value: s} },
		func(s string) bool { return !isConsumption(s) })
	if consumed != nil || other != nil {
		c.EnvironmentalConsiderations = &cdx.MLModelCardEnvironmentalConsiderations{EnergyConsumptions: consumed, Properties: other}
	}
	if c == (cdx.MLModelCardConsiderations{}) {
		return nil
	}
	return &c
}

// energyText is an amount of energy, such as "training: 12.5 kWh"; without an activity it is of another one.
var energyText = regexp.MustCompile(
	`^(?:(design|data-collection|data-preparation|training|fine-tuning|validation|deployment|inference|other): )?([0-9]{1,7}(?:\.[0-9]{1,3})?) kWh$`)

// isConsumption reports whether a text is an amount of energy that CycloneDX has a place for.
func isConsumption(s string) bool { return energyText.MatchString(s) }

// consumption is an amount of energy. Who provided it is not known: the list of providers is there, because it must be, and empty.
func consumption(s string) cdx.MLModelEnergyConsumption {
	parts := energyText.FindStringSubmatch(s)
	amount, err := strconv.ParseFloat(parts[2], 32)
	if err != nil { // the pattern admits no such text
		amount = 0
	}
	activity := cdx.MLModelEnergyConsumptionActivity(parts[1])
	if activity == "" {
		activity = cdx.MLModelEnergyConsumptionActivityOther
	}
	return cdx.MLModelEnergyConsumption{
		Activity: activity, EnergyProviders: &[]cdx.MLModelEnergyProvider{},
		ActivityEnergyCost: cdx.MLModelEnergyMeasure{Value: float32(amount), Unit: cdx.MLModelEnergyUnitKWH},
	}
}

// cardFields are the fields that are properties of the model card, by the names of the properties.
func cardFields(m *bom.Model) []cardField {
	return []cardField{
		{"parameters", &m.Parameters, nil}, {"precision", &m.Precision, nil}, {"quantisation", &m.Quantisation, nil},
		{"context", &m.Context, nil}, {"vocabulary", &m.Vocabulary, nil}, {"tokenizer", &m.Tokenizer, nil},
		{"released", &m.Timestamp, nil}, {"format", nil, &m.Formats}, {"language", nil, &m.Languages},
		{"training", nil, &m.Training}, {"hardware", nil, &m.Hardware},
	}
}

// cardField is one field, or one list of fields, that is a property of the model card.
type cardField struct {
	name string
	one  *bom.Field
	many *[]bom.Field
}

// addCardProperties adds what the model card has no other place for. The types of the library have no place for them.
func addCardProperties(tree *document.Node, b *bom.Bill) {
	card := tree.Get("metadata").Get("component").Get("modelCard")
	if card == nil {
		return
	}
	for _, f := range cardFields(&b.Model) {
		values := f.many
		if values == nil {
			values = &[]bom.Field{*f.one}
		}
		for _, value := range texts(*values) {
			appendProperty(card, f.name, value)
		}
	}
	for _, p := range b.Model.Properties {
		if value := text(p.Field); value != "" && p.Name != "" && !strings.HasPrefix(p.Name, prefix) {
			appendProperty(card, p.Name, value)
		}
	}
}

// referenceTypes says how kinds of references are called; what it does not list is other.
var referenceTypes = map[string]cdx.ExternalReferenceType{
	"documentation": cdx.ERTypeDocumentation, "paper": cdx.ERTypeDocumentation, "repository": cdx.ERTypeVCS,
	"website": cdx.ERTypeWebsite, "distribution": cdx.ERTypeDistribution, "licence": cdx.ERTypeLicense,
}

// references lists what leads from the content to elsewhere: first the place where it can be had.
func references(b *bom.Bill) *[]cdx.ExternalReference {
	var list []cdx.ExternalReference
	add := func(kind cdx.ExternalReferenceType, at, comment string) {
		if isReference(at) {
			list = append(list, cdx.ExternalReference{Type: kind, URL: at, Comment: comment})
		}
	}
	add(cdx.ERTypeDistribution, text(b.Model.Location), "")
	for _, r := range b.References {
		kind := referenceTypes[r.Kind]
		if kind == "" {
			kind = cdx.ERTypeOther
		}
		add(kind, text(r.URL), "")
	}
	add(cdx.ERTypeSecurityContact, text(b.Security.Policy), "")
	for _, f := range b.Files {
		if f.Role == "card" {
			add("model-card", (&url.URL{Path: f.Name}).String(), "")
		}
	}
	for _, c := range b.Claims {
		comment := c.Kind
		if c.Signer != "" {
			comment += ", signed by " + c.Signer
		}
		if c.Summary != "" {
			comment += ": " + c.Summary
		}
		add(cdx.ERTypeAttestation, (&url.URL{Path: "claims.jsonl", Fragment: c.Source}).String(), comment)
	}
	if list == nil {
		return nil
	}
	return &list
}
