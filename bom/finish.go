package bom

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// readSecurity takes what the content says about its own security. What is signed about it stands in the claims.
func (b *builder) readSecurity() {
	s, c := &b.bill.Security, b.card
	b.add(&s.Controls, c.about("security", "safety", "guardrails", "safeguards", "mitigations", "security controls", "content moderation")...)
	b.add(&s.Compliance, c.about("compliance", "regulatory", "standards", "certification", "certifications")...)
	b.add(&s.Vulnerabilities, c.about("vulnerabilities", "known vulnerabilities", "security advisories")...)
	b.add(&s.Metrics, c.about("red teaming", "red-teaming", "safety evaluation", "robustness", "adversarial")...)
	for _, name := range []string{"SECURITY.md", "SECURITY.txt", "security.txt", ".well-known/security.txt"} {
		if b.has(name) {
			b.fill(&s.Policy, Field{b.home + name, Verified, b.home + name})
		}
	}
	b.fill(&s.Policy, firstOf(c.about("reporting a vulnerability", "vulnerability disclosure", "security policy", "responsible disclosure")))
	for _, name := range []string{"openvex.json", "vex.json", ".vex/openvex.json"} {
		if b.has(name) {
			b.add(&s.Vulnerabilities, Field{b.home + name, Verified, b.home + name})
		}
	}
	for _, claim := range b.in.Claims {
		f := Field{clean(claim.Summary, maxText), Verified, claim.Source}
		switch claim.Kind {
		case "scan-result":
			f.Value = "scan result: " + f.Value
			b.add(&s.Metrics, f)
		case "vulnerability-status", "vex", "openvex":
			b.add(&s.Vulnerabilities, f)
		}
	}
}

// count7B is a number of parameters as people write it.
var count7B = regexp.MustCompile(`^~?\s*([0-9]+(?:[.,][0-9]+)*)\s*([KkMmBbTt]|thousand|million|billion|trillion)?\b`)

// parameterCount writes a number of parameters as digits; the empty field for text that is none.
func parameterCount(f Field) Field {
	m := count7B.FindStringSubmatch(f.Value)
	if m == nil {
		return Field{}
	}
	digits := m[1]
	if m[2] == "" || strings.Count(digits, ",") > 1 || strings.Contains(digits, ",") && strings.Contains(digits, ".") {
		digits = strings.ReplaceAll(digits, ",", "")
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", "."), 64)
	if err != nil {
		return Field{}
	}
	scale := map[string]float64{"": 1, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}[strings.ToLower(m[2][:min(1, len(m[2]))])]
	if strings.EqualFold(m[2], "thousand") {
		scale = 1e3
	}
	f.Value = strconv.FormatFloat(n*scale, 'f', 0, 64)
	return f
}

// modalities says what goes into and comes out of a task of the hub.
var modalities = map[string][2]string{
	"text-generation": {"text", "text"}, "text2text-generation": {"text", "text"}, "text-classification": {"text", "label"},
	"token-classification": {"text", "labels of tokens"}, "fill-mask": {"text", "text"}, "summarization": {"text", "text"}, "translation": {"text", "text"},
	"question-answering": {"text", "text"}, "sentence-similarity": {"text", "embedding"}, "feature-extraction": {"text", "embedding"},
	"zero-shot-classification": {"text", "label"}, "text-ranking": {"text", "score"}, "text-to-image": {"text", "image"}, "image-to-image": {"image", "image"},
	"image-classification": {"image", "label"}, "object-detection": {"image", "boxes and labels"}, "image-segmentation": {"image", "mask"},
	"image-to-text": {"image", "text"}, "image-text-to-text": {"image and text", "text"}, "visual-question-answering": {"image and text", "text"},
	"depth-estimation": {"image", "image"}, "automatic-speech-recognition": {"audio", "text"}, "text-to-speech": {"text", "audio"},
	"audio-classification": {"audio", "label"}, "text-to-audio": {"text", "audio"}, "text-to-video": {"text", "video"}, "video-classification": {"video", "label"},
	"tabular-classification": {"table", "label"}, "tabular-regression": {"table", "number"}, "time-series-forecasting": {"series", "series"},
	"reinforcement-learning": {"observation", "action"},
}

// approachOf says how models of a task learn, for the tasks where there is one answer.
func approachOf(task, architecture string) string {
	switch {
	case task == "reinforcement-learning":
		return "reinforcement-learning"
	case slices.Contains([]string{"text-classification", "token-classification", "image-classification", "object-detection", "audio-classification",
		"video-classification", "tabular-classification", "tabular-regression", "automatic-speech-recognition", "translation", "image-segmentation"}, task):
		return "supervised"
	case task == "text-generation" || task == "fill-mask" || strings.HasSuffix(architecture, "ForCausalLM") || strings.HasSuffix(architecture, "ForMaskedLM"):
		return "self-supervised"
	case strings.HasSuffix(architecture, "ForSequenceClassification") || strings.HasSuffix(architecture, "ForTokenClassification"):
		return "supervised"
	}
	return ""
}

// taskOf is the task that an architecture of transformers is for.
func taskOf(architecture string) string {
	for suffix, task := range map[string]string{"ForCausalLM": "text-generation", "LMHeadModel": "text-generation", "ForMaskedLM": "fill-mask",
		"ForSequenceClassification": "text-classification", "ForTokenClassification": "token-classification", "ForQuestionAnswering": "question-answering",
		"ForImageClassification": "image-classification", "ForObjectDetection": "object-detection", "ForCTC": "automatic-speech-recognition"} {
		if strings.HasSuffix(architecture, suffix) {
			return task
		}
	}
	return ""
}

// finish infers what follows from the rest, and says of every field without a value what was looked for.
func (b *builder) finish() {
	if b.bill.Kind == ModelKind {
		m := &b.bill.Model
		b.fill(&m.Task, Field{taskOf(m.Architecture.Value), Inferred, m.Architecture.Source})
		if len(b.bill.Lineage) == 0 { // what was tuned after its training learned in more than one way
			b.fill(&m.Approach, Field{approachOf(m.Task.Value, m.Architecture.Value), Inferred, firstSource(m.Task, m.Architecture)})
		}
		if io := modalities[m.Task.Value]; io[0] != "" {
			if len(m.Inputs) == 0 {
				m.Inputs = []Field{{io[0], Inferred, m.Task.Source}}
			}
			if len(m.Outputs) == 0 {
				m.Outputs = []Field{{io[1], Inferred, m.Task.Source}}
			}
		}
		b.unresolvedModel()
	}
	for i := range b.bill.Datasets {
		d := &b.bill.Datasets[i]
		if m := &b.bill.Model; b.bill.Kind == ModelKind && d.Use == useTrain && modalities[m.Task.Value][0] != "" {
			b.fill(&d.Content, Field{modalities[m.Task.Value][0], Inferred, m.Task.Source}) // what a model reads is what it was shown
		}
		for _, f := range []struct {
			to   *Field
			what string
		}{{&d.Licence, "licence"}, {&d.Provenance, "provenance"}, {&d.Statistics, "statistics"}, {&d.Sensitivity, "sensitivity"}} {
			b.fill(f.to, unresolved(d.Name.Source, "not stated: "+f.what+" of the data"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.leftOut)) {
		b.bill.Model.Properties = append(b.bill.Model.Properties, Property{"left-out." + name,
			Field{fmt.Sprintf("%d more", b.leftOut[name]), Inferred, "bounds of this bill"}})
	}
	slices.SortStableFunc(b.bill.Model.Properties, func(x, y Property) int { return strings.Compare(x.Name, y.Name) })
}

// firstSource is the source of the first field that has a value.
func firstSource(fields ...Field) string {
	for _, f := range fields {
		if f.Value != "" && f.Confidence != Unresolved {
			return f.Source
		}
	}
	return ""
}

// unresolvedModel fills what was not found with what was looked for, and why it could not be found.
func (b *builder) unresolvedModel() {
	m := &b.bill.Model
	config, card := []string{"config.json"}, []string{"README.md"}
	for _, x := range []struct {
		f     *Field
		what  string
		files []string
	}{
		{&m.Version, "a commit or version", []string{"README.md", "MLmodel", ".cache/huggingface/download/config.json.metadata"}},
		{&m.Producer, "who developed the model", card}, {&m.Description, "a description", card},
		{&m.Timestamp, "a release date", []string{"README.md", "MLmodel"}}, {&m.Location, "where the model can be had", card},
		{&m.Task, "pipeline_tag", card}, {&m.Approach, "how the model learned", card}, {&m.Family, "model_type", config},
		{&m.Architecture, "architectures", []string{"config.json", "model_index.json"}},
		{&m.Precision, "the types of tensors, or torch_dtype", config},
	} {
		if x.f.Value == "" {
			*x.f = b.lookedFor(x.what, x.files)
		}
	}
	b.fill(&m.Parameters, unresolved("weights", "looked for tensors in safetensors, GGUF, PyTorch, ONNX and Keras files: none could be counted"))
	if !b.isLanguage() {
		return
	}
	b.fill(&m.Context, b.lookedFor("max_position_embeddings", config))
	b.fill(&m.Vocabulary, b.lookedFor("vocab_size", []string{"config.json", "tokenizer.json"}))
	b.fill(&m.Tokenizer, b.lookedFor("tokenizer_class", []string{"tokenizer_config.json", "tokenizer.json"}))
}

// isLanguage reports whether the model reads or writes text, so that it should say with which tokens.
func (b *builder) isLanguage() bool {
	m := &b.bill.Model
	words := append(slices.Clone(m.Inputs), m.Outputs...)
	return m.Vocabulary.Value != "" || m.Tokenizer.Value != "" || slices.ContainsFunc(words, func(f Field) bool { return strings.HasPrefix(f.Value, "text") })
}

// lookedFor is the field for what was not found in files.
func (b *builder) lookedFor(what string, files []string) Field {
	var states, absent []string
	for _, name := range files {
		switch {
		case b.unread[b.home+name] != "":
			states = append(states, name+" could not be read: "+b.unread[b.home+name])
		case !b.has(name) && !(name == "README.md" && b.card.file != ""):
			absent = append(absent, name)
		default:
			states = append(states, name+" does not say")
		}
	}
	if len(absent) > 0 {
		states = append(states, "there is no "+strings.Join(absent, ", "))
	}
	return unresolved(b.home+files[0], "looked for "+what+": "+strings.Join(states, "; "))
}
