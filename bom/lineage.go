package bom

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/picketsec/picket/internal/jsonstream"
)

// hubDatasets is where the datasets that cards name are published.
const hubDatasets = "https://huggingface.co/datasets/"

// hubName is the name of a repository of the hub: organisation and name.
var hubName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?$`)

// isHubName reports whether a name is that of a repository of the hub, and no path of some machine.
func isHubName(name string) bool {
	return hubName.MatchString(name) && !strings.Contains(name, "..")
}

// hubPURL is the package URL of a model of the hub; the revision is a commit or empty.
func hubPURL(name, revision string) string {
	if !isHubName(name) {
		return ""
	}
	purl := "pkg:huggingface/" + name
	if revision != "" {
		purl += "@" + url.PathEscape(strings.ToLower(revision))
	}
	return purl
}

// relations are what base_model_relation may say.
var relations = map[string]Relation{"finetune": FineTuned, "adapter": Adapter, "merge": Merged, "quantized": Quantised, "distill": Distilled, "distilled": Distilled}

// readLineage reads which models this one was made of, and where it is from itself.
func (b *builder) readLineage() {
	b.location()
	b.adapter()
	b.merge()
	d := b.card.front
	bases := d.fields("base_model")
	relation := relations[strings.ToLower(d.field("base_model_relation").Value)]
	if relation == "" {
		switch {
		case len(bases) > 1:
			relation = Merged
		case b.has("adapter_config.json"):
			relation = Adapter
		default:
			relation = Base
		}
	}
	for _, f := range bases {
		b.ancestor(f, Field{}, relation)
	}
	if f := b.card.fact("finetuned from model", "finetuned from", "base model"); len(bases) == 0 && f.Value != "" {
		b.ancestor(f, Field{}, FineTuned)
	}
	// A configuration keeps the name of what was loaded to make it.
	config := b.json(b.home + "config.json")
	if f := config.field("_name_or_path"); f.Value != "" && len(b.bill.Lineage) == 0 && !b.isSelf(f.Value) {
		b.ancestor(f, config.field("_commit_hash"), Base)
	}
}

// isSelf reports whether a name is one of this model's own.
func (b *builder) isSelf(name string) bool {
	for _, f := range b.bill.Model.Identifiers {
		if strings.HasPrefix(f.Value, "pkg:huggingface/"+name) {
			return true
		}
	}
	return strings.EqualFold(name[strings.LastIndex(name, "/")+1:], b.bill.Name)
}

// ancestor adds a model that this one was made of. What several places say about the same one is joined.
func (b *builder) ancestor(name, version Field, relation Relation) {
	if name.Value == "" {
		return
	}
	if !isHubName(name.Value) && !strings.HasPrefix(name.Value, "https://") {
		name.Confidence = Unresolved // a path on the machine where it was made
	}
	for i := range b.bill.Lineage {
		a := &b.bill.Lineage[i]
		if sameValue(a.Name.Value, name.Value) {
			if a.Relation == Base {
				a.Relation = relation
			}
			b.put("base model version", &a.Version, version)
			return
		}
	}
	if len(b.bill.Lineage) >= maxList {
		b.leftOut["ancestors"]++
		return
	}
	if version.Value == "" {
		version = unresolved(name.Source, "the commit of the model that this one was made of is not stated")
	}
	b.bill.Lineage = append(b.bill.Lineage, Ancestor{Name: name, Version: version, Relation: relation})
}

// adapter reads the configuration of PEFT.
func (b *builder) adapter() {
	d := b.json(b.home + "adapter_config.json")
	if d == nil {
		return
	}
	m := &b.bill.Model
	b.ancestor(d.field("base_model_name_or_path"), d.field("revision"), Adapter)
	b.fill(&m.Architecture, d.field("auto_mapping", "base_model_class"))
	for _, name := range []string{"peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "bias", "use_dora", "use_rslora", "inference_mode"} {
		b.property("adapter."+name, d.field(name))
	}
	if n := d.get("target_modules"); n != nil {
		b.property("adapter.target_modules", Field{summary(n), Declared, d.source("target_modules")})
	}
	task := map[string]string{"CAUSAL_LM": "text-generation", "SEQ_CLS": "text-classification", "SEQ_2_SEQ_LM": "text2text-generation",
		"TOKEN_CLS": "token-classification", "QUESTION_ANS": "question-answering", "FEATURE_EXTRACTION": "feature-extraction"}
	if f := d.field("task_type"); task[f.Value] != "" {
		b.fill(&m.Task, Field{task[f.Value], Inferred, f.Source})
	}
	b.library("peft", d.field("peft_version"), useInference)
	b.needs("peft", d.file, useInference)
}

// merge reads the recipe of mergekit.
func (b *builder) merge() {
	d := b.yaml(b.home + "mergekit_config.yml")
	if d == nil {
		d = b.yaml(b.home + "mergekit_config.yaml")
	}
	if d == nil {
		return
	}
	b.property("merge method", d.field("merge_method"))
	b.ancestor(d.field("base_model"), Field{}, Merged)
	_ = d.root.Walk(func(path []string, n *jsonstream.Node) error { // which fails only when the visitor does
		if len(path) > 0 && n.Kind == jsonstream.String && (n.Key == "model" || n.Key == "base_model") && len(path) <= 8 {
			b.ancestor(Field{text(n), Declared, d.source(path...)}, Field{}, Merged)
		}
		return nil
	})
	b.needs("mergekit", d.file, useTraining)
}

// location is where the content was had, as the operator says or as the hub's client noted beside it.
func (b *builder) location() {
	m := &b.bill.Model
	f := Field{clean(b.in.Location, maxText), Declared, "command line"}
	b.put("location", &m.Location, f)
	name, revision := hubPlace(f.Value)
	commit := b.commit()
	if revision == "" {
		revision = commit.Value
	}
	if name != "" {
		b.add(&m.Identifiers, Field{hubPURL(name, revision), Declared, f.Source})
		if organisation, _, ok := strings.Cut(name, "/"); ok {
			b.fill(&m.Producer, Field{organisation, Declared, f.Source})
		}
	}
	b.put("version", &m.Version, commit)
	if name != "" && revision != "" {
		b.fill(&m.Version, Field{clean(revision, 128), Declared, f.Source})
	}
}

// hubPlace reads the repository and the revision from an address of the hub; empty for others.
func hubPlace(location string) (name, revision string) {
	for _, prefix := range []string{"hf://", "https://huggingface.co/", "pkg:huggingface/"} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			rest, revision, _ = strings.Cut(rest, "@")
			if parts := strings.Split(rest, "/"); len(parts) > 2 {
				if len(parts) > 3 && (parts[2] == "tree" || parts[2] == "resolve") {
					revision = parts[3]
				}
				rest = parts[0] + "/" + parts[1]
			}
			if isHubName(rest) {
				return rest, revision
			}
		}
	}
	return "", ""
}

// commitLine is the commit that the hub's client notes in the first line of a file's metadata.
var commitLine = regexp.MustCompile(`^[0-9a-f]{40}$`)

// commit is the commit of the hub that the content was downloaded at, from the notes of the hub's client.
func (b *builder) commit() Field {
	for _, file := range []string{"config.json", "README.md", "model_index.json", "adapter_config.json", ".gitattributes"} {
		name := ".cache/huggingface/download/" + file + ".metadata"
		if !b.has(name) {
			continue
		}
		text, err := b.whole(b.home+name, maxText)
		first, _, _ := strings.Cut(string(text), "\n")
		if err == nil && commitLine.MatchString(first) {
			return Field{first, Declared, b.home + name}
		}
	}
	return Field{}
}
