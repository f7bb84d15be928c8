package bom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket/internal/jsonstream"
)

// frontMatter takes what the head of a model card declares.
func (b *builder) frontMatter() {
	m, d := &b.bill.Model, b.card.front
	b.cardLicence(&m.Licences)
	b.add(&m.Languages, d.fields("language")...)
	b.put("task", &m.Task, d.field("pipeline_tag"))
	b.put("version", &m.Version, d.first("version", "model_version", "revision"))
	b.put("timestamp", &m.Timestamp, d.first("release_date", "date", "created"))
	b.put("producer", &m.Producer, d.first("organization", "developers", "authors", "author", "model_creator"))
	b.property("name.declared", d.first("model_name", "title", "pretty_name"))
	b.put("context", &m.Context, d.field("context_length"))
	b.property("inference", d.field("inference"))
	b.property("gated", d.first("extra_gated_prompt", "extra_gated_heading"))
	for _, f := range d.fields("tags") {
		b.tag(f)
	}
	if f := d.field("library_name"); f.Value != "" {
		b.software(Software{Name: f, Version: unresolved(f.Source, "the card does not say which version"), PURL: pypi(f.Value, ""), Use: useInference})
	}
	b.energy()
	b.modelIndex()
}

// areas are tags of the hub that name a field of application.
var areas = []string{"agriculture", "art", "biology", "chemistry", "climate", "code", "cybersecurity", "education", "ecommerce", "finance",
	"geospatial", "healthcare", "legal", "materials", "math", "medical", "music", "physics", "robotics", "science", "speech"}

// tag files a tag under what it is about.
func (b *builder) tag(f Field) {
	m := &b.bill.Model
	kind, value, named := strings.Cut(f.Value, ":")
	switch {
	case slices.Contains(areas, strings.ToLower(f.Value)):
		b.add(&b.bill.System.Area, f)
	case named && kind == "arxiv":
		b.reference("paper", Field{"https://arxiv.org/abs/" + value, Declared, f.Source})
	case named && kind == "doi":
		b.add(&m.Identifiers, Field{"https://doi.org/" + value, Declared, f.Source})
	case named && kind == "license":
		b.add(&m.Licences, Field{spdxOf(value), Declared, f.Source})
	case slices.Contains([]string{"dpo", "rlhf", "ppo", "grpo", "reinforcement-learning", "deep-reinforcement-learning"}, strings.ToLower(f.Value)):
		b.put("approach", &m.Approach, Field{"reinforcement-learning", Declared, f.Source})
		b.property("tag", f)
	default:
		b.property("tag", f)
	}
}

// cardLicence adds the licence that the front matter names.
func (b *builder) cardLicence(list *[]Field) {
	d := b.card.front
	for _, f := range d.fields("license") {
		if strings.EqualFold(f.Value, "other") || strings.EqualFold(f.Value, "unknown") {
			name := d.field("license_name")
			if name.Value == "" {
				b.property("licence", unresolved(f.Source, "the card says "+clean(f.Value, 40)+" and gives no license_name"))
			}
			f = name
		}
		f.Value = spdxOf(f.Value)
		b.add(list, f)
	}
	if f := d.field("license_link"); f.Value != "" {
		b.reference("licence", f)
	}
}

// energy takes what the front matter says about emissions.
func (b *builder) energy() {
	d, m := b.card.front, &b.bill.Model
	n := d.get("co2_eq_emissions")
	if n == nil {
		return
	}
	if n.Kind != jsonstream.ObjectStart {
		f := d.field("co2_eq_emissions")
		f.Value += " g CO2eq"
		b.add(&m.Energy, f)
		return
	}
	if f := d.field("co2_eq_emissions", "emissions"); f.Value != "" {
		f.Value += " g CO2eq"
		if kind := d.field("co2_eq_emissions", "training_type"); kind.Value != "" {
			f.Value += " by " + kind.Value
		}
		b.add(&m.Energy, f)
	}
	for _, key := range []string{"source", "geographical_location"} {
		if f := d.field("co2_eq_emissions", key); f.Value != "" {
			b.property("emissions."+key, f)
		}
	}
	if f := d.field("co2_eq_emissions", "hardware_used"); f.Value != "" {
		f.Value = "trained on " + f.Value
		b.add(&m.Training, f)
	}
}

// modelIndex takes the results of evaluations in the form of Papers with Code.
func (b *builder) modelIndex() {
	index := b.card.front.get("model-index")
	if index == nil {
		return
	}
	for i, model := range index.Children {
		results := get(model, "results")
		if results == nil {
			continue
		}
		for j, result := range results.Children {
			at := fmt.Sprintf("%s#model-index[%d].results[%d]", b.card.file, i, j)
			b.result(result, at)
		}
	}
}

// result takes one task with its dataset and its metrics.
func (b *builder) result(result *jsonstream.Node, at string) {
	declared := func(value, where string) Field {
		if value == "" {
			return Field{}
		}
		return Field{value, Declared, at + where}
	}
	name := text(get(result, "dataset", "name"))
	kind := text(get(result, "dataset", "type"))
	set := declared(name, ".dataset.name")
	if set.Value == "" {
		set = declared(kind, ".dataset.type")
	}
	split := text(get(result, "dataset", "split"))
	slice := strings.TrimSpace(text(get(result, "dataset", "config")) + " " + split)
	if set.Value != "" {
		d := Dataset{Name: set, Use: useTest, Version: declared(text(get(result, "dataset", "revision")), ".dataset.revision")}
		if isHubName(kind) {
			d.Location = Field{hubDatasets + kind, Inferred, at + ".dataset.type"}
			d.Identifier = d.Location
		}
		b.dataset(d)
	}
	metrics := get(result, "metrics")
	if metrics == nil {
		return
	}
	for k, metric := range metrics.Children {
		where := fmt.Sprintf(".metrics[%d]", k)
		title := text(get(metric, "name"))
		if title == "" {
			title = text(get(metric, "type"))
		}
		value := text(get(metric, "value"))
		if value == "" {
			value = summary(get(metric, "value"))
		}
		b.metric(Metric{Name: declared(title, where+".type"), Value: declared(value, where+".value"), Dataset: set,
			Slice: declared(slice, ".dataset.config")})
	}
}

// metric adds a result; one without a name or value says nothing.
func (b *builder) metric(m Metric) {
	switch {
	case m.Name.Value == "" || m.Value.Value == "":
	case len(b.bill.Model.Metrics) >= maxMetrics:
		b.leftOut["metrics"]++
	default:
		b.bill.Model.Metrics = append(b.bill.Model.Metrics, m)
	}
}

// unresolved is a field that should be known and is not.
func unresolved(source, reason string) Field {
	return Field{clean(reason, maxText), Unresolved, source}
}
