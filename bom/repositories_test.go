package bom_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// repository is a folder in memory.
type repository map[string]string

// tree is the repository as a file system.
func (r repository) tree() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range r {
		fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return fsys
}

// tensor is one entry of a header.
type tensor struct {
	kind  string
	shape []int64
}

// safetensorsFile writes a safetensors file of zeros.
func safetensorsFile(metadata map[string]string, tensors map[string]tensor) string {
	width := map[string]int64{"F32": 4, "BF16": 2, "F16": 2, "I32": 4, "U8": 1}
	header := map[string]any{}
	if metadata != nil {
		header["__metadata__"] = metadata
	}
	names := []string{}
	for name := range tensors {
		names = append(names, name)
	}
	at := int64(0)
	for _, name := range sorted(names) {
		t := tensors[name]
		n := width[t.kind]
		for _, d := range t.shape {
			n *= d
		}
		header[name] = map[string]any{"dtype": t.kind, "shape": t.shape, "data_offsets": []int64{at, at + n}}
		at += n
	}
	text, _ := json.Marshal(header)
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + string(text) + string(make([]byte, at))
}

// ggufFile writes a GGUF file: texts, numbers and tensors of type Q4_K (12) or F32 (0).
func ggufFile(texts map[string]string, numbers map[string]uint32, tokens int, tensors map[string]uint32) string {
	var b bytes.Buffer
	u32 := func(n uint32) { b.Write(binary.LittleEndian.AppendUint32(nil, n)) }
	u64 := func(n uint64) { b.Write(binary.LittleEndian.AppendUint64(nil, n)) }
	str := func(s string) { u64(uint64(len(s))); b.WriteString(s) }
	b.WriteString("GGUF")
	u32(3)
	u64(uint64(len(tensors)))
	u64(uint64(len(texts) + len(numbers) + 1))
	for _, k := range keys(texts) {
		str(k)
		u32(8)
		str(texts[k])
	}
	for _, k := range keys(numbers) {
		str(k)
		u32(4)
		u32(numbers[k])
	}
	str("tokenizer.ggml.tokens")
	u32(9)
	u32(8)
	u64(uint64(tokens))
	for i := range tokens {
		str(fmt.Sprint("t", i))
	}
	at := uint64(0)
	for _, k := range keys(tensors) {
		str(k)
		u32(2)
		u64(256)
		u64(8)
		u32(tensors[k])
		u64(at)
		size := uint64(256 * 8 * 4)
		if tensors[k] == 12 {
			size = 8 * 144
		}
		at += (size + 31) / 32 * 32
	}
	for b.Len()%32 != 0 {
		b.WriteByte(0)
	}
	b.Write(make([]byte, at))
	return b.String()
}

// onnxFile writes an ONNX model with one node.
func onnxFile() string {
	field := func(number int, content ...string) string {
		all := strings.Join(content, "")
		return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(all)))) + all
	}
	num := func(number int, v uint64) string {
		return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), v))
	}
	port := func(name string, dims ...string) string {
		var shape string
		for _, d := range dims {
			shape += field(1, d)
		}
		return field(1, name) + field(2, field(1, num(1, 1)+field(2, shape)))
	}
	weight := num(1, 4) + num(1, 3) + num(2, 1) + field(8, "w") + field(9, string(make([]byte, 48)))
	node := field(1, "x") + field(1, "w") + field(2, "y") + field(4, "MatMul")
	graph := field(1, node) + field(2, "g") + field(5, weight) + field(11, port("x", field(2, "batch"), num(1, 4))) + field(12, port("y", field(2, "batch"), num(1, 3)))
	return num(1, 8) + field(2, "pytorch") + field(3, "2.7.0") + field(7, graph) + field(8, field(1, "")+num(2, 17)) + field(14, field(1, "license")+field(2, "mit"))
}

// fixtureZip writes a zip archive without compression.
func fixtureZip(members ...[2]string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m[0], Method: zip.Store})
		if err == nil {
			_, err = f.Write([]byte(m[1]))
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// kerasFile writes a .keras archive.
func kerasFile() string {
	return fixtureZip([2]string{"metadata.json", `{"keras_version": "3.11.0", "date_saved": "2026-03-01@12:00:00"}`},
		[2]string{"config.json", `{"module": "keras", "class_name": "Sequential", "config": {"name": "digits", "layers": [
			{"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [null, 28, 28, 1]}}, {"class_name": "Dense", "config": {"name": "out"}}]},
			"compile_config": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"}}`},
		[2]string{"model.weights.h5", "\x89HDF\r\n\x1a\n"})
}

const apacheText = `                                 Apache License
                           Version 2.0, January 2004
                        http://www.apache.org/licenses/
`

// llamaCard is a card that leaves little out.
const llamaCard = `---
license: apache-2.0
language: [en, de]
pipeline_tag: text-generation
library_name: transformers
tags: [llama, finance, "arxiv:2404.12345", "doi:10.57967/hf/1234"]
base_model: example-org/base-1b
base_model_relation: finetune
datasets: [example-org/ledger, squad]
version: "1.2"
release_date: 2026-02-14
co2_eq_emissions: {emissions: 123.4, source: codecarbon, training_type: fine-tuning, hardware_used: 8 x A100}
model-index:
- name: ledger-1b
  results:
  - task: {type: text-generation}
    dataset: {name: MMLU, type: cais/mmlu, config: all, split: test, revision: abc123}
    metrics:
    - {type: accuracy, value: 0.471, name: Accuracy}
    - {type: perplexity, value: .nan}
---
# Ledger 1B

A small language model that answers questions about ledgers.

- **Developed by:** Example Org
- **Repository:** https://example.org/ledger
- **Funded by [optional]:** [More Information Needed]

## Intended uses

Answering questions of accountants about their own ledgers.

## Bias, Risks, and Limitations

It invents numbers. Do not let it book anything.

## Training Data

Ledgers of 2,000 fictional companies, made for this purpose.

### Data Collection

Generated by a script in January 2026.

## Training Procedure

Three epochs of supervised fine-tuning.

## Hardware Requirements

One GPU with 8 GB.

## Security

Prompts are filtered before they reach the model.

## Compliance

Assessed against ISO/IEC 42001.

## Privacy

Prompts are not kept.

## Data flow

Prompt, tokenizer, model, answer; nothing leaves the process.
`

// llama is a well-described repository of a language model.
func llama() repository {
	return repository{
		"README.md": llamaCard, "LICENSE": apacheText, "SECURITY.md": "Write to security@example.org.",
		"config.json": `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 100,
			"max_position_embeddings": 4096, "torch_dtype": "bfloat16", "transformers_version": "4.57.1", "_name_or_path": "/home/me/base",
			"rope_scaling": {"type": "linear", "factor": 2.0}, "auto_map": {"AutoModel": "modeling_ledger.Ledger"}}`,
		"generation_config.json": `{"temperature": 0.6, "top_p": 0.9}`,
		"tokenizer_config.json":  `{"tokenizer_class": "LlamaTokenizer", "chat_template": "{{ messages }}", "model_max_length": 1000000000000000019884624838656}`,
		"tokenizer.json":         `{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}`,
		"modeling_ledger.py":     "class Ledger: pass\n",
		"requirements.txt":       "# for serving\ntorch==2.7.0\naccelerate>=1.0 ; python_version > '3.9'\nsafetensors\n",
		"all_results.json":       `{"epoch": 3.0, "eval_loss": 1.25, "train_loss": 1.5}`,
		"trainer_state.json":     `{"epoch": 3.0, "global_step": 300, "log_history": [{"eval_loss": 1.25, "step": 300}]}`,
		"model-00001-of-00002.safetensors": safetensorsFile(map[string]string{"format": "pt"}, map[string]tensor{
			"embed": {"BF16", []int64{100, 64}}, "norm": {"F32", []int64{64}}}),
		"model-00002-of-00002.safetensors": safetensorsFile(nil, map[string]tensor{"head": {"BF16", []int64{100, 64}}}),
		"model.safetensors.index.json": `{"metadata": {"total_size": 25856, "total_parameters": 12864}, "weight_map": {"embed": "model-00001-of-00002.safetensors",
			"norm": "model-00001-of-00002.safetensors", "head": "model-00002-of-00002.safetensors"}}`,
	}
}

// repositories are the ten kinds that golden bills exist of.
func repositories(testing.TB) map[string]repository {
	adapter := safetensorsFile(map[string]string{"format": "pt"}, map[string]tensor{
		"base_model.model.q.lora_A.weight": {"F32", []int64{8, 64}}, "base_model.model.q.lora_B.weight": {"F32", []int64{64, 8}}})
	part := func(n int64) string { return safetensorsFile(nil, map[string]tensor{"w": {"F16", []int64{n, 4}}}) }
	return map[string]repository{
		"llama": llama(),
		"gguf": {"ledger-Q4_K_M.gguf": ggufFile(map[string]string{"general.architecture": "llama", "general.name": "Ledger 1B", "general.license": "apache-2.0",
			"general.size_label": "7B", "general.organization": "Example Org", "general.base_model.0.name": "Ledger 1B", "general.base_model.0.organization": "example-org",
			"general.base_model.0.repo_url": "https://huggingface.co/example-org/ledger-1b", "tokenizer.ggml.model": "llama", "tokenizer.chat_template": "{{ x }}"},
			map[string]uint32{"general.file_type": 15, "llama.context_length": 4096, "llama.block_count": 1, "general.base_model.count": 1}, 5,
			map[string]uint32{"blk.0.ffn.weight": 12, "output_norm.weight": 0, "blk.0.attn.weight": 12})},
		"lora": {"adapter_model.safetensors": adapter, "README.md": "---\nbase_model: example-org/ledger-1b\nlibrary_name: peft\n---\n# Model Card for Model ID\n",
			"adapter_config.json": `{"base_model_name_or_path": "example-org/ledger-1b", "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "lora_alpha": 16,
				"target_modules": ["q_proj", "v_proj"], "revision": "0123456789abcdef0123456789abcdef01234567"}`},
		"diffusers": {"model_index.json": `{"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.35.1", "unet": ["diffusers", "UNet2DConditionModel"],
			"text_encoder": ["transformers", "CLIPTextModel"], "safety_checker": [null, null]}`,
			"unet/config.json": `{"_class_name": "UNet2DConditionModel", "sample_size": 64, "in_channels": 4}`, "unet/diffusion_pytorch_model.safetensors": part(10),
			"unet/diffusion_pytorch_model.fp16.safetensors": part(10), "text_encoder/model.safetensors": part(5),
			"text_encoder/config.json": `{"transformers_version": "4.57.1", "architectures": ["CLIPTextModel"]}`,
			"README.md":                "---\nlicense: creativeml-openrail-m\npipeline_tag: text-to-image\ntags: [art]\n---\n# Pictures\n\nPaints.\n"},
		"sentence": {"modules.json": `[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
				{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]`,
			"1_Pooling/config.json":                  `{"word_embedding_dimension": 384, "pooling_mode_mean_tokens": true}`,
			"config_sentence_transformers.json":      `{"__version__": {"sentence_transformers": "5.1.0", "transformers": "4.57.1", "pytorch": "2.7.0"}, "similarity_fn_name": "cosine"}`,
			"sentence_bert_config.json":              `{"max_seq_length": 256}`,
			"config.json":                            `{"architectures": ["BertModel"], "model_type": "bert", "vocab_size": 30522, "hidden_size": 384}`,
			"model.safetensors":                      part(12),
			"README.md":                              "---\npipeline_tag: sentence-similarity\nlicense: mit\n---\n# S\n\nEmbeds.\n",
			"eval/similarity_evaluation_results.csv": "epoch,steps\n1,2\n"},
		"mlflow": {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.2\n    model_path: model.pkl\n  sklearn:\n    pickled_model: model.pkl\n    sklearn_version: 1.7.2\n" +
			"mlflow_version: 3.4.0\nmodel_uuid: 0f0e0d\nutc_time_created: '2026-03-01 12:00:00.000000'\nrun_id: r1\nsignature:\n  inputs: '[{\"type\": \"double\", \"name\": \"age\"}, {\"type\": \"long\", \"name\": \"kids\"}]'\n  outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"int64\", \"shape\": [-1]}}]'\n",
			"model.pkl": "\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e.", "requirements.txt": "mlflow==3.4.0\nscikit-learn==1.7.2\n",
			"conda.yaml":      "name: e\nchannels: [conda-forge]\ndependencies:\n- python=3.11.2\n- pip<=25\n- numpy=2.3.0\n- pip:\n  - scikit-learn==1.7.2\n  - cloudpickle==3.1.1\n",
			"python_env.yaml": "python: 3.11.2\nbuild_dependencies: [pip==25.0, setuptools]\ndependencies: [-r requirements.txt]\n"},
		"onnx":  {"model.onnx": onnxFile(), "README.md": "# Classifier\n\nSorts things.\n"},
		"keras": {"digits.keras": kerasFile(), "README.md": "---\nlibrary_name: keras\nlicense: bsd-3-clause\npipeline_tag: image-classification\n---\n"},
		"merge": {"config.json": `{"architectures": ["MistralForCausalLM"], "model_type": "mistral", "torch_dtype": "float16"}`, "model.safetensors": part(16),
			"mergekit_config.yml": "merge_method: slerp\nbase_model: a/one\nslices:\n- sources:\n  - {model: a/one, layer_range: [0, 2]}\n  - {model: b/two, layer_range: [0, 2]}\ndtype: bfloat16\n",
			"README.md":           "---\nbase_model: [a/one, b/two]\nlicense: other\nlicense_name: house rules\nlicense_link: LICENSE.md\ntags: [merge, mergekit]\n---\n# M\n"},
		"dataset": {"README.md": "---\npretty_name: Ledgers\nlicense: cc-by-4.0\nlanguage: [en]\ntask_categories: [question-answering]\nsize_categories: [1K<n<10K]\nannotations_creators: [machine-generated]\n" +
			"source_datasets: ['extended|squad', original]\ndataset_info:\n  features:\n  - {name: question, dtype: string}\n  splits:\n  - {name: train, num_examples: 1200, num_bytes: 1}\n---\n# Ledgers\n\n## Dataset Description\n\nQuestions about ledgers.\n\n## Personal and Sensitive Information\n\nNone: the companies do not exist.\n\n## Bias\n\nOnly English ledgers.\n",
			"train.csv": "question,answer\nhow much,ten\n", "test.jsonl": "{\"question\": \"a\", \"answer\": \"b\"}\n", "data/train.parquet": "PAR1" + strings.Repeat("\x00", 16) + "PAR1"},
	}
}
