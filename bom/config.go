package bom

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket/internal/jsonstream"
)

// Bounds of a configuration.
const maxComponents = 64

// readConfiguration reads config.json of transformers, and what generates with it.
func (b *builder) readConfiguration() {
	d := b.json(b.home + "config.json")
	if d == nil {
		return
	}
	m := &b.bill.Model
	for i, f := range d.fields("architectures") {
		if i == 0 {
			b.put("architecture", &m.Architecture, f)
		} else {
			b.property("architecture", f)
		}
	}
	b.put("family", &m.Family, d.field("model_type"))
	b.put("precision", &m.Precision, precision(d.first("torch_dtype", "dtype")))
	if m.Precision.Value == "" {
		b.put("precision", &m.Precision, precision(textConfig(d, "torch_dtype", "dtype")))
	}
	b.put("context", &m.Context, textConfig(d, "max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length", "max_seq_len"))
	b.put("vocabulary", &m.Vocabulary, textConfig(d, "vocab_size"))
	b.put("timestamp", &m.Timestamp, d.field("release_date"))
	b.quantisation(d)
	b.sizes(d)
	b.labels(d)
	b.library("transformers", d.field("transformers_version"), useInference)
	b.library("diffusers", d.field("_diffusers_version"), useInference)
	b.customCode(d)
	b.generation()
	if d.get("sklearn") != nil {
		b.skops(d)
	}
}

// textConfig is the first of several members, of the document or of the part of it about text.
func textConfig(d *doc, names ...string) Field {
	if f := d.first(names...); f.Value != "" {
		return f
	}
	for _, part := range []string{"text_config", "llm_config", "language_config", "decoder"} {
		for _, name := range names {
			if f := d.field(part, name); f.Value != "" {
				return f
			}
		}
	}
	return Field{}
}

// precision writes a type of elements as headers of weights do.
func precision(f Field) Field {
	names := map[string]string{"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "half": "F16", "float": "F32",
		"int8": "I8", "uint8": "U8", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"}
	if short, ok := names[strings.TrimPrefix(f.Value, "torch.")]; ok {
		f.Value = short
	}
	return f
}

// sizes states the sizes of the architecture.
func (b *builder) sizes(d *doc) {
	for _, name := range []string{"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size", "head_dim",
		"num_experts", "num_local_experts", "num_experts_per_tok", "n_embd", "n_layer", "n_head", "d_model", "sliding_window", "hidden_act",
		"tie_word_embeddings", "rope_theta", "attention_type", "is_encoder_decoder", "is_decoder", "problem_type", "image_size", "patch_size",
		"num_channels", "sampling_rate"} {
		b.property(name, textConfig(d, name))
	}
	for _, part := range []string{"rope_scaling", "vision_config", "audio_config"} {
		if n := d.get(part); n != nil && n.Kind == jsonstream.ObjectStart {
			b.property(part, Field{summary(n), Declared, d.source(part)})
		}
	}
}

// quantisation states how the weights were quantised.
func (b *builder) quantisation(d *doc) {
	q := d.get("quantization_config")
	if q == nil {
		return
	}
	method := text(get(q, "quant_method"))
	value := strings.TrimSpace(method)
	if bits := text(get(q, "bits")); bits != "" {
		value += " " + bits + "-bit"
	}
	for _, flag := range []string{"load_in_4bit", "load_in_8bit"} {
		if text(get(q, flag)) == "true" {
			value += " " + strings.Replace(strings.TrimPrefix(flag, "load_in_"), "bit", "-bit", 1)
		}
	}
	if size := text(get(q, "group_size")); size != "" {
		value += ", groups of " + size
	}
	if kind := text(get(q, "bnb_4bit_quant_type")); kind != "" && strings.Contains(value, "4-bit") {
		value += " " + kind
	}
	b.put("quantisation", &b.bill.Model.Quantisation, Field{clean(value, 200), Declared, d.source("quantization_config")})
	b.property("quantization_config", Field{summary(q), Declared, d.source("quantization_config")})
}

// labels states what a classifier answers.
func (b *builder) labels(d *doc) {
	n := d.get("id2label")
	if n == nil || len(n.Children) == 0 {
		return
	}
	var names []string
	for i, c := range n.Children {
		if i == 16 {
			names = append(names, "…")
			break
		}
		names = append(names, text(c))
	}
	b.add(&b.bill.Model.Outputs, Field{clean(fmt.Sprintf("%d labels: %s", len(n.Children), strings.Join(names, ", ")), maxText), Declared, d.source("id2label")})
}

// customCode states the classes that loaders import from files of the repository, or of another one.
func (b *builder) customCode(d *doc) {
	n := d.get("auto_map")
	if n == nil {
		return
	}
	for i, c := range n.Children {
		if i == maxComponents {
			break
		}
		value := text(c)
		if value == "" {
			value = summary(c)
		}
		b.property("custom code", Field{clean(c.Key+" is "+value, maxText), Declared, d.source("auto_map", c.Key)})
		if other, _, elsewhere := strings.Cut(value, "--"); elsewhere && isHubName(other) {
			b.software(Software{Name: Field{other, Declared, d.source("auto_map", c.Key)}, Use: useInference, PURL: hubPURL(other, ""),
				Version: unresolved(d.source("auto_map", c.Key), "code of another repository is loaded at whatever version it has then")})
		}
	}
}

// generation states how text is drawn.
func (b *builder) generation() {
	d := b.json(b.home + "generation_config.json")
	for _, name := range []string{"do_sample", "temperature", "top_p", "top_k", "repetition_penalty", "max_new_tokens", "max_length"} {
		b.property("generation."+name, d.field(name))
	}
}

// skops takes the configuration that skops writes beside a model of scikit-learn.
func (b *builder) skops(d *doc) {
	m := &b.bill.Model
	b.put("task", &m.Task, d.field("sklearn", "task"))
	for _, f := range d.fields("sklearn", "environment") {
		b.requirement(f.Value, f.Source, useInference)
	}
	if columns := d.fields("sklearn", "columns"); len(columns) > 0 {
		b.add(&m.Inputs, Field{clean(fmt.Sprintf("table with %d columns: %s", len(columns), values(columns)), maxText), Declared, d.source("sklearn", "columns")})
	}
}

// values joins the values of fields.
func values(list []Field) string {
	var all []string
	for _, f := range list {
		all = append(all, f.Value)
	}
	return strings.Join(all, ", ")
}

// readTokenizer reads the tokenizer's own files.
func (b *builder) readTokenizer() {
	m := &b.bill.Model
	d := b.json(b.home + "tokenizer_config.json")
	b.put("tokenizer", &m.Tokenizer, d.first("tokenizer_class", "processor_class"))
	if f := d.field("model_max_length"); len(f.Value) < 9 { // a longer one means that there is no bound
		b.fill(&m.Context, f)
	}
	template := b.find("chat_template.jinja", "chat_template.json")
	switch {
	case template != "":
		b.property("chat template", Field{fmt.Sprintf("present, %d bytes", b.files[template].Size), Verified, template})
	case d.get("chat_template") != nil:
		b.property("chat template", Field{"present", Verified, d.source("chat_template")})
	}
	if b.has("tokenizer.json") {
		b.vocabulary(b.home + "tokenizer.json")
	}
}

// vocabulary counts the entries of a tokenizer's vocabulary. It reads forward, because such files are large.
func (b *builder) vocabulary(name string) {
	if size := b.files[name].Size; size > maxStream {
		b.note(name, fmt.Errorf("it has %d bytes, and no more than %d are read", size, maxStream))
		return
	}
	f, err := b.open(name)
	if err != nil {
		return
	}
	kind, entries, err := countVocabulary(f)
	_ = f.Close() // read only
	if err != nil {
		b.note(name, err)
		return
	}
	m := &b.bill.Model
	if kind != "" {
		b.fill(&m.Tokenizer, Field{kind, Declared, name + "#model.type"})
		b.property("tokenizer.model", Field{kind, Declared, name + "#model.type"})
	}
	if entries > 0 {
		counted := Field{fmt.Sprint(entries), Inferred, name + "#model.vocab"}
		b.fill(&m.Vocabulary, counted) // a declared size may be larger: embeddings are padded
		b.property("tokenizer.vocabulary", counted)
	}
}

// countVocabulary reads model.type and the number of the entries of model.vocab.
func countVocabulary(in io.Reader) (kind string, entries int, err error) {
	r := jsonstream.New(in, jsonstream.Options{Depth: 64, Text: 128, Python: true, SkipNumbers: true})
	var keys [3]string // by the depth that they stand at
	for {
		t, err := r.Next()
		if err != nil {
			return "", 0, err
		}
		depth := r.Depth()
		under := keys[1] == "model" && depth >= 2
		switch {
		case t.Kind == jsonstream.End:
			return kind, entries, nil
		case t.Kind == jsonstream.Key && depth == 3 && under && keys[2] == "vocab":
			entries++
		case t.Kind == jsonstream.ArrayStart && depth == 4 && under && keys[2] == "vocab": // a list of pairs
			entries++
		case t.Kind == jsonstream.Key && depth <= 2:
			keys[depth] = string(t.Text)
			if depth == 1 {
				keys[2] = ""
			}
		case t.Kind == jsonstream.String && depth == 2 && under && keys[2] == "type":
			kind = clean(string(t.Text), 64)
		}
	}
}

// readPipeline reads how a model is put together of several: diffusers and sentence-transformers.
func (b *builder) readPipeline() {
	m := &b.bill.Model
	if d := b.json(b.home + "model_index.json"); d != nil && d.root.Kind == jsonstream.ObjectStart {
		b.put("architecture", &m.Architecture, d.field("_class_name"))
		b.fill(&m.Family, Field{"diffusion", Inferred, d.source("_class_name")})
		b.library("diffusers", d.field("_diffusers_version"), useInference)
		b.components(d)
	}
	b.sentence()
}

// components states the parts of a pipeline, each with the configuration in its folder.
func (b *builder) components(d *doc) {
	for i, c := range d.root.Children {
		if i == maxComponents {
			b.leftOut["components"]++
			break
		}
		if c.Kind != jsonstream.ArrayStart || len(c.Children) != 2 || text(c.Children[1]) == "" {
			continue
		}
		library, class := text(c.Children[0]), text(c.Children[1])
		b.property("component."+c.Key, Field{library + "." + class, Declared, d.source(c.Key)})
		if slices.Contains([]string{"transformers", "diffusers", "onnxruntime"}, library) {
			b.needs(library, d.source(c.Key), useInference)
		}
		part := b.json(b.home + c.Key + "/config.json")
		for _, name := range []string{"sample_size", "in_channels", "cross_attention_dim", "latent_channels"} {
			b.property("component."+c.Key+"."+name, part.field(name))
		}
		b.library("transformers", part.field("transformers_version"), useInference)
		b.library("diffusers", part.field("_diffusers_version"), useInference)
	}
}

// sentence states how a model of sentence-transformers makes its embeddings.
func (b *builder) sentence() {
	m := &b.bill.Model
	d := b.json(b.home + "config_sentence_transformers.json")
	for _, part := range []struct{ key, library string }{{"sentence_transformers", "sentence-transformers"}, {"transformers", "transformers"}, {"pytorch", "torch"}} {
		b.library(part.library, d.field("__version__", part.key), useInference)
	}
	b.property("similarity", d.field("similarity_fn_name"))
	if modules := b.json(b.home + "modules.json"); modules != nil {
		for i, c := range modules.root.Children {
			if i == maxComponents {
				break
			}
			b.property("module", Field{text(get(c, "type")), Declared, fmt.Sprintf("%s#[%d].type", modules.file, i)})
			pooling := b.json(b.home + text(get(c, "path")) + "/config.json")
			if f := pooling.field("word_embedding_dimension"); f.Value != "" {
				b.add(&m.Outputs, Field{"embedding of " + f.Value + " numbers", Declared, f.Source})
			}
			if n := pooling.get("word_embedding_dimension"); n != nil {
				b.property("pooling", Field{summary(pooling.root), Declared, pooling.file})
			}
		}
		b.needs("sentence-transformers", modules.file, useInference)
	}
	b.fill(&m.Context, b.json(b.home+"sentence_bert_config.json").field("max_seq_length"))
}
