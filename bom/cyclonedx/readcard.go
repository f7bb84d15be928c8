package cyclonedx

import (
	"strings"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

// readCard reads a model card.
func readCard(m *bom.Model, card *document.Node) {
	p := card.Get("modelParameters")
	m.Approach = field(p.Get("approach").Get("type").String(), "modelCard.modelParameters.approach.type")
	m.Task = field(p.Get("task").String(), "modelCard.modelParameters.task")
	m.Family = field(p.Get("architectureFamily").String(), "modelCard.modelParameters.architectureFamily")
	m.Architecture = field(p.Get("modelArchitecture").String(), "modelCard.modelParameters.modelArchitecture")
	for _, n := range elements(p.Get("inputs")) {
		m.Inputs = addField(m.Inputs, n.Get("format").String(), "modelCard.modelParameters.inputs.format")
	}
	for _, n := range elements(p.Get("outputs")) {
		m.Outputs = addField(m.Outputs, n.Get("format").String(), "modelCard.modelParameters.outputs.format")
	}
	for _, n := range elements(card.Get("quantitativeAnalysis").Get("performanceMetrics")) {
		const at = "modelCard.quantitativeAnalysis.performanceMetrics."
		m.Metrics = append(m.Metrics, bom.Metric{
			Name: field(n.Get("type").String(), at+"type"), Value: field(textOf(n.Get("value")), at+"value"),
			Slice: field(n.Get("slice").String(), at+"slice"),
		})
	}
	readConsiderations(m, card.Get("considerations"))
	readCardProperties(m, card)
}

// readConsiderations reads what the model is for, and what speaks against it.
func readConsiderations(m *bom.Model, c *document.Node) {
	const at = "modelCard.considerations."
	for _, n := range elements(c.Get("useCases")) {
		m.Uses = addField(m.Uses, n.String(), at+"useCases")
	}
	for _, n := range elements(c.Get("technicalLimitations")) {
		m.Limitations = addField(m.Limitations, n.String(), at+"technicalLimitations")
	}
	for _, n := range elements(c.Get("ethicalConsiderations")) {
		m.Considered = addField(m.Considered, n.Get("name").String(), at+"ethicalConsiderations.name")
	}
	environment := c.Get("environmentalConsiderations")
	for _, n := range elements(environment.Get("energyConsumptions")) {
		cost := n.Get("activityEnergyCost")
		if amount := textOf(cost.Get("value")); amount != "" && n.Get("activity").String() != "" {
			m.Energy = addField(m.Energy, n.Get("activity").String()+": "+amount+" "+cost.Get("unit").String(),
				at+"environmentalConsiderations.energyConsumptions")
		}
	}
	properties(environment, func(name, value string) {
		if name == "energy" {
			m.Energy = addField(m.Energy, value, at+"environmentalConsiderations.properties")
		}
	})
}

// readCardProperties reads the properties of a model card.
func readCardProperties(m *bom.Model, card *document.Node) {
	fields := map[string]cardField{}
	for _, f := range cardFields(m) {
		fields[f.name] = f
	}
	const at = "modelCard.properties"
	properties(card, func(name, value string) {
		f, known := fields[name]
		switch {
		case value == "" || strings.HasPrefix(name, prefix):
		case known && f.many != nil:
			*f.many = addField(*f.many, value, at)
		case known && f.one.Value == "":
			*f.one = field(value, at)
		default:
			m.Properties = append(m.Properties, bom.Property{Name: name, Field: field(value, at)})
		}
	})
}
