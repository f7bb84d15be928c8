// Package spacy judges how spaCy builds a pipeline from a folder: the functions that its configuration names, which run when the
// pipeline is loaded, other pipelines and files that it takes parts from, and the packages that it has installed. It is for the
// engine.
package spacy

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/spacy"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/requirements"
)

// Detector inspects configurations and descriptions of pipelines.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "spacy", Title: "Functions, sources and packages of a spaCy pipeline", Formats: []string{spacy.ConfigName, spacy.MetaName, "text"},
		Rules: slices.Concat([]picket.Rule{ruleCallback(), ruleFunction(), ruleSource(), rulePath()}, requirements.Rules())}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	if in.Format == "text" && (in.Name != "config.cfg" || detect.Recognised(in.Blob, spacy.Config{})) {
		return nil
	}
	list := findings.New(out)
	defer list.Close()
	if in.Format == spacy.MetaName {
		return meta(in, list)
	}
	settings, err := spacy.Read(in.Blob, in.Budget)
	if in.Format == "text" && !slices.ContainsFunc(settings, func(s spacy.Setting) bool { return s.Section == "nlp" }) {
		return nil // other tools have files of this name
	}
	for _, s := range settings {
		setting(list, s)
	}
	if err == nil {
		out.Parsed(max(0, in.Blob.Size()))
	}
	return err
}

// meta judges the packages that a description names.
func meta(in detect.Input, list *findings.List) error {
	root, err := json.Tree(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	if names := root.Get("requirements"); names != nil {
		for _, n := range names.Children {
			for _, f := range requirements.Line(n.String()) {
				f.Location = picket.At("", n.Offset)
				list.Report(f)
			}
		}
	}
	return nil
}

// The names under which spaCy, its own plugins and Thinc register functions: with the package before a dot, or for Thinc a name
// and a version.
var (
	registered = regexp.MustCompile(`^(?:spacy|spacy-legacy|spacy-transformers|spacy-curated-transformers|spacy-experimental|spacy-llm|srsly|thinc)\.[\w.-]+$`)
	thinc      = regexp.MustCompile(`^[A-Za-z_]\w*\.v\d+$`)
)

// setting judges one value.
func setting(list *findings.List, s spacy.Setting) {
	registry, function := strings.CutPrefix(s.Key, "@")
	switch {
	case function && !registered.MatchString(s.Value) && !thinc.MatchString(s.Value) && !strings.HasPrefix(s.Value, "$"):
		rule := ruleFunction()
		if registry == "callbacks" || callback(s.Section) {
			rule = ruleCallback()
		}
		list.Add(rule, s.Offset, s.Value, "loading the pipeline calls the function "+s.Value+" of the registry "+registry)
	case function:
	case s.Key == "source" && strings.HasPrefix(s.Section, "components."):
		list.Add(ruleSource(), s.Offset, s.Value, "a component is taken from the pipeline "+s.Value)
	case s.Key == "path" || s.Key == "vectors" || s.Key == "init_tok2vec" || s.Section == "paths" || strings.HasSuffix(s.Key, "_path"):
		if why := findings.Leaves(s.Value); why == findings.Address || why == format.Climbing || why == findings.Control {
			list.Add(rulePath(), s.Offset, s.Value, "the path "+s.Key+" "+why) // absolute ones are of the machine that trained it
		}
	}
}

// callback reports whether a section is one that spaCy calls by itself while it makes a pipeline.
func callback(section string) bool {
	switch section {
	case "nlp.before_creation", "nlp.after_creation", "nlp.after_pipeline_creation", "initialize.before_init", "initialize.after_init",
		"training.before_to_disk", "training.before_update":
		return true
	}
	return false
}

// references are a weakness and the documentation.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "spaCy config", URL: "https://spacy.io/api/data-formats#config"}}
}

func ruleCallback() picket.Rule {
	return picket.Rule{
		ID: "model.spacy.callback", Title: "Loading the pipeline calls a function that spaCy does not bring",
		Severity: picket.High, Class: picket.Execution,
		What:       "The configuration names a callback for the making of the pipeline that is none of spaCy's own.",
		Why:        "spaCy calls it before anything else, with the whole pipeline; it comes from the model's package or any installed one.",
		Remedy:     "Find the function and review it, or remove the callback.",
		References: references("CWE-829"),
	}
}

func ruleFunction() picket.Rule {
	return picket.Rule{
		ID: "model.spacy.custom-function", Title: "The pipeline is built by a function that spaCy does not bring",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The configuration names a function of a registry that is none of spaCy's own or of its plugins.",
		Why:        "It must be registered by code of the model's package or of another one, which runs when the pipeline is loaded.",
		Remedy:     "Find the function and review it.",
		References: references("CWE-829"),
	}
}

func ruleSource() picket.Rule {
	return picket.Rule{
		ID: "model.spacy.source", Title: "A component is taken from another pipeline",
		Severity: picket.Low, Class: picket.Content,
		What:       "The configuration copies a component from another pipeline by its name or path.",
		Why:        "Loading that pipeline runs its package, which is not part of this model.",
		Remedy:     "Scan the other pipeline too.",
		References: references("CWE-829"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.spacy.path-escape", Title: "The configuration names a file outside of the pipeline",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "A path in the configuration climbs out of the folder or is an address.",
		Why:        "Training or initialising the pipeline anew reads it.",
		Remedy:     "Remove the path, or review what lies there.",
		References: references("CWE-22"),
	}
}
