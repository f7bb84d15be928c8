package bom

import (
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format/gguf"
)

// fileTypes are the names of general.file_type, by llama.cpp's numbers (llama_ftype in llama.h).
var fileTypes = map[string]string{"0": "F32", "1": "F16", "2": "Q4_0", "3": "Q4_1", "7": "Q8_0", "8": "Q5_0", "9": "Q5_1", "10": "Q2_K", "11": "Q3_K_S",
	"12": "Q3_K_M", "13": "Q3_K_L", "14": "Q4_K_S", "15": "Q4_K_M", "16": "Q5_K_S", "17": "Q5_K_M", "18": "Q6_K", "19": "IQ2_XXS", "20": "IQ2_XS",
	"21": "Q2_K_S", "22": "IQ3_XS", "23": "IQ3_XXS", "24": "IQ1_S", "25": "IQ4_NL", "26": "IQ3_S", "27": "IQ3_M", "28": "IQ2_S", "29": "IQ2_M",
	"30": "IQ4_XS", "31": "IQ1_M", "32": "BF16", "36": "TQ1_0", "37": "TQ2_0", "38": "MXFP4_MOE"}

// ggufHeader collects the pairs of one file.
type ggufHeader struct {
	file  string
	pairs map[string]string
	lists map[string][]string
}

// field is the value of a key as the file declares it.
func (h *ggufHeader) field(key string) Field {
	if h.pairs[key] == "" {
		return Field{}
	}
	return Field{h.pairs[key], Declared, h.file + "#" + key}
}

// gguf reads the header of a GGUF file.
func (b *builder) gguf(name string, f *opened, t *tally) error {
	const most = 4096 // pairs
	h := &ggufHeader{file: name, pairs: map[string]string{}, lists: map[string][]string{}}
	keep := func(key, value string) {
		if len(h.pairs) < most {
			h.pairs[clean(key, 128)] = clean(value, maxText)
		}
	}
	_, err := gguf.Read(f, f.blob.Size(), budget(), gguf.Visitor{
		Array: func(key string) bool { return strings.HasPrefix(key, "general.") },
		Text: func(x gguf.Text) {
			if x.Key == "general.tags" || x.Key == "general.languages" || x.Key == "general.datasets" {
				if len(h.lists[x.Key]) < maxList {
					h.lists[x.Key] = append(h.lists[x.Key], clean(x.Value, 128))
				}
				return
			}
			keep(x.Key, x.Value)
		},
		Number: keep,
		Length: func(key string, n int64) {
			if key == "tokenizer.ggml.tokens" {
				keep(key, strconv.FormatInt(n, 10))
			}
		},
		Tensor: func(x gguf.Tensor) { t.add(gguf.TypeName(x.Type), x.Name, elements(x.Dims)) },
	})
	b.ggufFields(h, t)
	return err
}

// elements is the number of elements of a tensor; -1 when it overflows.
func elements(dims []uint64) int64 {
	n := int64(1)
	for _, d := range dims {
		if d > 1<<40 || n > 1<<62/int64(max(d, 1)) {
			return -1
		}
		n *= int64(d)
	}
	return n
}

// ggufFields takes what the pairs say.
func (b *builder) ggufFields(h *ggufHeader, t *tally) {
	m := &b.bill.Model
	arch := h.field("general.architecture")
	b.put("family", &m.Family, arch)
	b.fill(&m.Architecture, arch)
	b.put("producer", &m.Producer, h.field("general.organization"))
	b.fill(&m.Producer, h.field("general.author"))
	b.fill(&m.Version, h.field("general.version"))
	b.fill(&m.Description, h.field("general.description"))
	b.fill(&m.Location, h.field("general.repo_url"))
	b.fill(&m.Location, h.field("general.url"))
	b.property("name.declared", h.field("general.name"))
	b.property("finetune", h.field("general.finetune"))
	b.property("quantized by", h.field("general.quantized_by"))
	if f := h.field("general.license"); f.Value != "" {
		f.Value = spdxOf(f.Value)
		b.add(&m.Licences, f)
	}
	b.put("parameters", &m.Parameters, parameterCount(h.field("general.parameter_count")))
	b.fill(&m.Parameters, parameterCount(h.field("general.size_label")))
	b.put("context", &m.Context, h.field(arch.Value+".context_length"))
	if f := h.field("tokenizer.ggml.tokens"); f.Value != "" {
		f.Confidence = Inferred
		b.fill(&m.Vocabulary, f)
	}
	b.put("tokenizer", &m.Tokenizer, h.field("tokenizer.ggml.model"))
	if f := h.field("tokenizer.chat_template"); f.Value != "" {
		b.property("chat template", Field{"present", Verified, f.Source})
	}
	for _, key := range []string{"block_count", "embedding_length", "attention.head_count", "attention.head_count_kv", "rope.freq_base", "rope.scaling.type",
		"expert_count", "expert_used_count"} {
		b.property(key, h.field(arch.Value+"."+key))
	}
	for _, key := range []string{"general.doi", "general.uuid"} {
		b.add(&m.Identifiers, h.field(key))
	}
	for _, v := range h.lists["general.languages"] {
		b.add(&m.Languages, Field{v, Declared, h.file + "#general.languages"})
	}
	for _, v := range h.lists["general.tags"] {
		b.tag(Field{v, Declared, h.file + "#general.tags"})
	}
	b.ggufQuantisation(h, t)
	b.ggufLineage(h)
}

// ggufQuantisation compares the declared kind of file with the types of its tensors.
func (b *builder) ggufQuantisation(h *ggufHeader, t *tally) {
	f := h.field("general.file_type")
	name := fileTypes[f.Value]
	if len(t.types) == 0 {
		return
	}
	kind, _, _ := strings.Cut(t.shares()[0], " ")
	found := Field{kind, Inferred, h.file}
	if name != "" {
		declared := Field{name, Declared, f.Source}
		if name == kind || strings.HasPrefix(name, kind+"_") {
			found.Value = name
		} else if family, _, _ := strings.Cut(kind, "_"); !strings.HasPrefix(name, family) {
			b.conflict("quantisation", declared, found)
		} else {
			found = declared
		}
	}
	m := &b.bill.Model
	switch {
	case m.Quantisation.Value == "":
		m.Quantisation = found
	case m.Quantisation.Value != found.Value:
		b.property("quantisation", found) // one of several variants
	}
}

// ggufLineage takes the models and datasets that a header names.
func (b *builder) ggufLineage(h *ggufHeader) {
	relation := Quantised
	if q := b.bill.Model.Quantisation.Value; q == "F32" || q == "F16" || q == "BF16" {
		relation = Base
	}
	count := func(key string) int {
		n, err := strconv.Atoi(h.pairs[key])
		if err != nil {
			return 0
		}
		return max(0, min(n, maxComponents))
	}
	for i := range count("general.base_model.count") {
		prefix := "general.base_model." + strconv.Itoa(i) + "."
		name := h.field(prefix + "repo_url")
		if repo, ok := strings.CutPrefix(name.Value, "https://huggingface.co/"); ok && isHubName(repo) {
			name.Value = repo
		} else if n, o := h.field(prefix+"name"), h.pairs[prefix+"organization"]; n.Value != "" {
			name = n
			name.Value = strings.ReplaceAll(name.Value, " ", "-")
			if o != "" {
				name.Value = strings.ReplaceAll(o, " ", "-") + "/" + name.Value
			}
		}
		b.ancestor(name, h.field(prefix+"version"), relation)
	}
	for i := range count("general.dataset.count") {
		prefix := "general.dataset." + strconv.Itoa(i) + "."
		b.dataset(Dataset{Name: h.field(prefix + "name"), Use: useTrain, Location: h.field(prefix + "repo_url"), Version: h.field(prefix + "version")})
	}
	for _, v := range h.lists["general.datasets"] {
		b.dataset(Dataset{Name: Field{v, Declared, h.file + "#general.datasets"}, Use: useTrain})
	}
}
