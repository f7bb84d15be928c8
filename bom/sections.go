package bom

import (
	"regexp"
	"strings"
)

// sections takes what the text of a model card says under well-known headings.
func (b *builder) sections() {
	m, s, c := &b.bill.Model, &b.bill.System, b.card
	b.fill(&m.Description, firstOf(c.about("model description", "model details", "model summary", "overview", "introduction", "about")))
	b.fill(&m.Description, c.opening())
	b.add(&m.Uses, c.about("intended use", "intended uses", "direct use", "downstream use", "uses", "use cases", "usage and limitations")...)
	b.add(&m.Limitations, c.about("limitations", "limitation", "out-of-scope use", "out-of-scope", "known issues", "risks")...)
	b.add(&m.Considered, c.about("ethical considerations", "ethics", "bias", "biases", "fairness", "responsible ai", "recommendations")...)
	b.add(&m.Training, c.about("training procedure", "training details", "training hyperparameters", "hyperparameters", "preprocessing",
		"training regime", "finetuning", "fine-tuning", "speeds, sizes, times")...)
	b.add(&m.Hardware, c.about("hardware", "hardware requirements", "compute infrastructure", "system requirements")...)
	b.add(&m.Energy, c.about("environmental impact", "carbon footprint", "carbon emissions")...)
	b.add(&m.Inputs, c.about("input", "inputs")...)
	b.add(&m.Outputs, c.about("output", "outputs")...)
	b.add(&s.DataFlow, c.about("data flow", "data flows", "architecture diagram")...)
	b.add(&s.DataUsage, c.about("privacy", "data usage", "data privacy", "personal data", "data handling")...)
	b.add(&s.Area, c.about("intended application", "application area", "applications", "domain")...)
	b.cardFacts()
	b.trainingData()
}

// firstOf is the first of several fields.
func firstOf(list []Field) Field {
	if len(list) == 0 {
		return Field{}
	}
	return list[0]
}

// cardFacts takes the labelled lines of the hub's template.
func (b *builder) cardFacts() {
	m, c := &b.bill.Model, b.card
	b.put("producer", &m.Producer, c.fact("developed by", "model creator", "author", "organization", "shared by"))
	b.property("funding", c.fact("funded by"))
	b.property("model type", c.fact("model type"))
	b.fill(&m.Version, c.fact("version", "model version"))
	b.fill(&m.Timestamp, c.fact("release date", "model release date", "date"))
	b.fill(&m.Context, c.fact("context length", "sequence length"))
	if f := c.fact("language(s) (nlp)", "language(s)", "languages", "language"); len(m.Languages) == 0 {
		b.add(&m.Languages, f)
	}
	if f := c.fact("license", "licence"); len(m.Licences) == 0 && f.Value != "" {
		f.Value = spdxOf(f.Value)
		b.add(&m.Licences, f)
	}
	for _, label := range []string{"hardware type", "hours used", "cloud provider", "compute region", "carbon emitted"} {
		if f := c.fact(label); f.Value != "" {
			f.Value = label + ": " + f.Value
			b.add(&m.Energy, f)
		}
	}
	for _, label := range []string{"training regime", "learning rate", "batch size", "epochs", "optimizer", "precision"} {
		if f := c.fact(label); f.Value != "" {
			f.Value = label + ": " + f.Value
			b.add(&m.Training, f)
		}
	}
	b.add(&m.Inputs, c.fact("input", "inputs", "input type(s)", "input format"))
	b.add(&m.Outputs, c.fact("output", "outputs", "output type(s)", "output format"))
	b.put("parameters", &m.Parameters, parameterCount(c.fact("parameters", "number of parameters", "model size", "params")))
}

// trainingData takes the datasets that the card names, and what it says about data in words.
func (b *builder) trainingData() {
	words := firstOf(b.card.about("training data", "training dataset", "training datasets", "datasets", "pre-training data"))
	provenance := firstOf(b.card.about("data collection", "source data", "data source", "data sources", "curation rationale"))
	named := b.card.front.fields("datasets")
	for _, f := range named {
		d := Dataset{Name: f, Use: useTrain, Description: words, Provenance: provenance}
		if isHubName(f.Value) {
			d.Location = Field{hubDatasets + f.Value, Inferred, f.Source}
			d.Identifier = d.Location
			d.Licence = unresolved(f.Source, "the card of the dataset names it; nothing is fetched")
			if d.Provenance.Value == "" {
				d.Provenance = Field{"published at " + hubDatasets + f.Value, Inferred, f.Source}
			}
		}
		b.dataset(d)
	}
	if len(named) == 0 && words.Value != "" {
		b.dataset(Dataset{Name: unresolved(words.Source, "the card describes training data and names none in its front matter"), Use: useTrain,
			Description: words, Provenance: provenance})
	}
	if f := firstOf(b.card.about("testing data", "evaluation data", "test data")); f.Value != "" {
		b.dataset(Dataset{Name: unresolved(f.Source, "the card describes test data"), Use: useTest, Description: f})
	}
}

// address finds the first web address in a text.
var address = regexp.MustCompile(`https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]{3,300}`)

// cardReferences takes the places that the card leads to by name. They are text: nothing is fetched.
func (b *builder) cardReferences() {
	c := b.card
	for _, f := range c.facts {
		kind := map[string]string{"repository": "repository", "paper": "paper", "demo": "website", "website": "website", "homepage": "website",
			"blog": "documentation", "blog post": "documentation", "documentation": "documentation", "code": "repository"}[f.label]
		if url := address.FindString(f.value); kind != "" && url != "" {
			b.reference(kind, Field{strings.TrimRight(url, ".,)"), Declared, c.file + "#" + clean(f.label, 80)})
		}
	}
	if f := c.front.first("repo_url", "repository", "source_url"); f.Value != "" {
		b.reference("repository", f)
	}
	for _, title := range []string{"citation", "paper", "references"} {
		for _, s := range c.sections {
			if url := address.FindString(s.body); s.title == title && url != "" {
				b.reference("paper", Field{strings.TrimRight(url, ".,)"), Declared, c.file + "#" + title})
			}
		}
	}
	if c.file != "" {
		b.reference("documentation", Field{c.file, Verified, c.file})
	}
}

// reference adds a place to look further, once.
func (b *builder) reference(kind string, f Field) {
	for _, r := range b.bill.References {
		if r.URL.Value == f.Value {
			return
		}
	}
	if len(b.bill.References) >= maxList {
		b.leftOut["references"]++
		return
	}
	b.bill.References = append(b.bill.References, Reference{kind, f})
}
