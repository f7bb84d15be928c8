package bom_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/internal/testkit"
)

// card is the bill of a model whose front matter and text are these.
func card(t *testing.T, front, text string) *bom.Bill {
	t.Helper()
	return build(t, repository{"README.md": "---\n" + front + "\n---\n" + text, "config.json": "{}"}.tree())
}

func vals(list []bom.Field) []string {
	var all []string
	for _, f := range list {
		all = append(all, f.Value+" "+string(f.Confidence)+" "+f.Source)
	}
	return all
}

// TestLicences: what cards write becomes SPDX expressions, and texts are recognised.
func TestLicences(t *testing.T) {
	for declared, want := range map[string]string{
		"apache-2.0": "Apache-2.0", "Apache-2.0": "Apache-2.0", "MIT": "MIT", "gpl-3.0": "GPL-3.0-only", "gpl-3.0-or-later": "GPL-3.0-or-later", "bsl-1.0": "BSL-1.0",
		"cc-by-sa-4.0": "CC-BY-SA-4.0", "odbl": "ODbL-1.0", "llama3.1": "LicenseRef-llama3.1", "gemma": "LicenseRef-gemma", "openrail++": "LicenseRef-openrail",
		"LicenseRef-own": "LicenseRef-own", "MIT OR Apache-2.0": "MIT OR Apache-2.0", "my own, see text": "LicenseRef-my-own-see-text",
	} {
		b := card(t, "license: "+declared, "")
		if len(b.Model.Licences) != 1 || b.Model.Licences[0].Value != want {
			t.Errorf("%s: %v, want %s", declared, vals(b.Model.Licences), want)
		}
	}
	// Texts of Debian, where they are.
	for file, want := range map[string]string{"Apache-2.0": "Apache-2.0", "GPL-2": "GPL-2.0-only", "GPL-3": "GPL-3.0-only", "LGPL-2.1": "LGPL-2.1-only",
		"LGPL-3": "LGPL-3.0-only", "MPL-2.0": "MPL-2.0", "CC0-1.0": "CC0-1.0", "BSD": "BSD-3-Clause"} {
		text, err := os.ReadFile(filepath.Join("/usr/share/common-licenses", file))
		if err != nil {
			t.Logf("no text of %s on this machine", file)
			continue
		}
		b := build(t, repository{"config.json": "{}", "LICENSE": string(text)}.tree())
		if diff := cmp.Diff([]string{want + " inferred LICENSE"}, vals(b.Model.Licences)); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
	for text, want := range map[string]string{
		"MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this. THE SOFTWARE IS PROVIDED \"AS IS\"": "MIT",
		"Redistribution and use in source and binary forms, with or without. THIS SOFTWARE IS PROVIDED BY X":                                      "BSD-2-Clause",
		"LLAMA 3.1 COMMUNITY LICENSE AGREEMENT": "LicenseRef-llama3.1", "META LLAMA 3 COMMUNITY LICENSE AGREEMENT": "LicenseRef-llama3",
		"CreativeML Open RAIL-M\ndated August 22, 2022": "LicenseRef-creativeml-openrail-m", "Creative Commons Attribution-NonCommercial 4.0 International": "CC-BY-NC-4.0",
		"Creative Commons Attribution 4.0 International Public License": "CC-BY-4.0", "Gemma Terms of Use": "LicenseRef-gemma", "Do what you like.": "",
	} {
		b := build(t, repository{"config.json": "{}", "LICENSE": text}.tree())
		if got := vals(b.Model.Licences); want == "" && len(got) != 0 || want != "" && (len(got) != 1 || got[0] != want+" inferred LICENSE") {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}

// TestLicenceConflict: a card that names another licence than the text beside it is a fact of its own.
func TestLicenceConflict(t *testing.T) {
	r := repository{"README.md": "---\nlicense: mit\n---\n", "LICENSE": apacheText, "config.json": "{}"}
	b := build(t, r.tree())
	if diff := cmp.Diff([]string{"MIT declared README.md#license", "Apache-2.0 inferred LICENSE"}, vals(b.Model.Licences)); diff != "" {
		t.Error(diff)
	}
	if got := propertyOf(b, "conflict.licence"); got != `README.md#license says "MIT", LICENSE says "Apache-2.0"` {
		t.Errorf("conflict %q", got)
	}
}

// propertyOf is the first property of a name.
func propertyOf(b *bom.Bill, name string) string {
	for _, p := range b.Model.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// TestParameters: counts that people write are compared with the tensors, within a tolerance for rounded ones.
func TestParameters(t *testing.T) {
	weights := safetensorsFile(nil, map[string]tensor{"w": {"F32", []int64{1000, 7}}})
	for written, conflict := range map[string]bool{"7K": false, "7,000": false, "7.1k parameters": false, "8B": true, "3K": true, "0.007M": false, "about seven": false, "70 million": true} {
		b := build(t, repository{"README.md": "# x\n- **Parameters:** " + written + "\n", "model.safetensors": weights, "config.json": "{}"}.tree())
		if got := propertyOf(b, "conflict.parameters") != ""; got != conflict || b.Model.Parameters.Value != "7000" || b.Model.Parameters.Confidence != bom.Inferred {
			t.Errorf("%s: conflict %v (%s), parameters %v", written, got, propertyOf(b, "conflict.parameters"), b.Model.Parameters)
		}
	}
}

// TestPackedWeights: quantised weights that are packed into integers count as what they stand for.
func TestPackedWeights(t *testing.T) {
	r := repository{"config.json": `{"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}`,
		"model.safetensors": safetensorsFile(nil, map[string]tensor{"l.qweight": {"I32", []int64{16, 64}}, "l.qzeros": {"I32", []int64{1, 8}}, "l.scales": {"F16", []int64{1, 64}},
			"norm": {"F16", []int64{64}}})}
	b := build(t, r.tree())
	if b.Model.Parameters.Value != "8320" || b.Model.Quantisation.Value != "gptq 4-bit, groups of 128" || propertyOf(b, "stored elements") != "1160" {
		t.Errorf("parameters %v, quantisation %v, stored %s", b.Model.Parameters, b.Model.Quantisation, propertyOf(b, "stored elements"))
	}
}

// TestPrecisionConflict: a configuration that names another type than the tensors have is a fact of its own.
func TestPrecisionConflict(t *testing.T) {
	weights := safetensorsFile(nil, map[string]tensor{"w": {"F32", []int64{8}}})
	for declared, conflict := range map[string]bool{"float32": false, "torch.float32": false, "bfloat16": true} {
		b := build(t, repository{"config.json": `{"torch_dtype": "` + declared + `"}`, "model.safetensors": weights}.tree())
		if got := propertyOf(b, "conflict.precision") != ""; got != conflict || b.Model.Precision.Value != "F32" {
			t.Errorf("%s: conflict %v, precision %v", declared, got, b.Model.Precision)
		}
	}
}

// TestVariants: a model that is there in several formats and precisions is counted once.
func TestVariants(t *testing.T) {
	file := func(n int64) string { return safetensorsFile(nil, map[string]tensor{"w": {"F16", []int64{n}}}) }
	for name, x := range map[string]struct {
		files repository
		want  string
	}{
		"two precisions":       {repository{"model.safetensors": file(10), "model.fp16.safetensors": file(10)}, "10"},
		"shards and the whole": {repository{"model-00001-of-00002.safetensors": file(4), "model-00002-of-00002.safetensors": file(6), "consolidated.safetensors": file(10)}, "10"},
		"checkpoints":          {repository{"model.safetensors": file(10), "checkpoint-500/model.safetensors": file(10)}, "10"},
		"another format":       {repository{"model.safetensors": file(10), "onnx/model.onnx": onnxFile()}, "10"},
		"sentence dense":       {repository{"model.safetensors": file(10), "2_Dense/model.safetensors": file(5), "modules.json": "[]"}, "15"},
		"several models":       {repository{"a/model.safetensors": file(10), "b/model.safetensors": file(5)}, "15"},
		"training state":       {repository{"model.safetensors": file(10), "optimizer.safetensors": file(500)}, "10"},
	} {
		x.files["config.json"] = "{}"
		if b := build(t, x.files.tree()); b.Model.Parameters.Value != x.want {
			t.Errorf("%s: %v, want %s", name, b.Model.Parameters, x.want)
		}
	}
}

// TestRequirements reads the forms that pip and conda take.
func TestRequirements(t *testing.T) {
	r := repository{"config.json": "{}", "requirements.txt": "torch==2.7.0\nnumpy>=1.20,<3 # why\nMy_Pkg[extra]==1.0 ; python_version > '3'\n-e .\n--hash=sha256:00\nhttps://x/y.whl\n\n  scipy\nz==1.*\nw===1.0+cu1\n",
		"conda.yaml": "dependencies:\n- python=3.11\n- numpy-base>=1.2\n- blas=1.0=mkl\n- pip:\n  - torch==2.7.0\n"}
	var got []string
	for _, s := range build(t, r.tree()).Software {
		version := s.Version.Value
		if s.Version.Confidence == bom.Unresolved {
			version = "?"
		}
		got = append(got, s.Name.Value+" "+version+" "+s.PURL)
	}
	want := []string{"torch 2.7.0 pkg:pypi/torch@2.7.0", "numpy >=1.20,<3 pkg:pypi/numpy", "My_Pkg 1.0 pkg:pypi/my-pkg@1.0", "scipy ? pkg:pypi/scipy", "z ==1.* pkg:pypi/z",
		"w 1.0+cu1 pkg:pypi/w@1.0+cu1", "python 3.11 pkg:generic/python@3.11", "numpy-base >=1.2 pkg:conda/numpy-base", "blas 1.0 pkg:conda/blas@1.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLocation: an address of the hub gives the identifier, the producer and the version.
func TestLocation(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for location, want := range map[string][3]string{
		"hf://org/model@" + commit:                                  {"pkg:huggingface/org/model@" + commit, "org", commit},
		"https://huggingface.co/org/model/tree/main":                {"pkg:huggingface/org/model@main", "org", "main"},
		"https://huggingface.co/org/model":                          {"pkg:huggingface/org/model", "org", ""},
		"pkg:huggingface/org/model@" + commit:                       {"pkg:huggingface/org/model@" + commit, "org", commit},
		"https://example.org/models/x.zip":                          {"", "", ""},
		"hf://../../etc/passwd":                                     {"", "", ""},
		"https://huggingface.co/org/model/resolve/" + commit + "/x": {"pkg:huggingface/org/model@" + commit, "org", commit},
	} {
		b := located(t, repository{"config.json": "{}"}, location)
		got := [3]string{}
		if len(b.Model.Identifiers) > 0 {
			got[0] = b.Model.Identifiers[0].Value
		}
		if b.Model.Producer.Confidence != bom.Unresolved {
			got[1] = b.Model.Producer.Value
		}
		if b.Model.Version.Confidence != bom.Unresolved {
			got[2] = b.Model.Version.Value
		}
		if got != want || b.Model.Location.Value != location {
			t.Errorf("%s: %q, want %q", location, got, want)
		}
	}
	noted := repository{"config.json": "{}", ".cache/huggingface/download/config.json.metadata": commit + "\netag\n1.0\n"}
	if b := located(t, noted, "hf://org/model"); b.Model.Version.Value != commit || b.Model.Identifiers[0].Value != "pkg:huggingface/org/model@"+commit {
		t.Errorf("the note of the hub's client: version %v, identifiers %v", b.Model.Version, b.Model.Identifiers)
	}
}

// TestLineage: how a model came from another is said by several files, which are joined.
func TestLineage(t *testing.T) {
	for name, x := range map[string]struct {
		files repository
		want  []string
	}{
		"base alone":        {repository{"README.md": "---\nbase_model: a/b\n---\n"}, []string{"a/b base"}},
		"quantised":         {repository{"README.md": "---\nbase_model: a/b\nbase_model_relation: quantized\n---\n"}, []string{"a/b quantized"}},
		"two are a merge":   {repository{"README.md": "---\nbase_model: [a/b, c/d]\n---\n"}, []string{"a/b merge", "c/d merge"}},
		"adapter and card":  {repository{"README.md": "---\nbase_model: a/b\n---\n", "adapter_config.json": `{"base_model_name_or_path": "a/b", "revision": "r1"}`}, []string{"a/b adapter r1"}},
		"template line":     {repository{"README.md": "- **Finetuned from model [optional]:** a/b\n"}, []string{"a/b finetune"}},
		"path of a machine": {repository{"adapter_config.json": `{"base_model_name_or_path": "/home/x/llama"}`}, []string{"/home/x/llama adapter unresolved"}},
		"configuration":     {repository{"config.json": `{"_name_or_path": "a/b"}`}, []string{"a/b base"}},
		"card and header": {repository{"README.md": "---\nbase_model: example-org/ledger-1b\n---\n", "x.gguf": ggufFile(map[string]string{"general.architecture": "llama",
			"general.base_model.0.repo_url": "https://huggingface.co/example-org/ledger-1b"}, map[string]uint32{"general.base_model.count": 1, "general.file_type": 15}, 0,
			map[string]uint32{"w": 12})}, []string{"example-org/ledger-1b quantized"}},
		"itself": {repository{"config.json": `{"_name_or_path": "org/model"}`}, nil},
	} {
		if x.files["config.json"] == "" {
			x.files["config.json"] = "{}"
		}
		var got []string
		for _, a := range build(t, x.files.tree()).Lineage {
			line := a.Name.Value + " " + string(a.Relation)
			if a.Version.Confidence != bom.Unresolved {
				line += " " + a.Version.Value
			}
			if a.Name.Confidence == bom.Unresolved {
				line += " unresolved"
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestTemplate: the hub's template, in which nobody has written anything, declares nothing.
func TestTemplate(t *testing.T) {
	found, _ := filepath.Glob(filepath.Join("..", ".venv", "hub", "lib", "python3*", "site-packages", "huggingface_hub", "templates", "modelcard_template.md"))
	if len(found) == 0 {
		testkit.Missing(t, "huggingface_hub is not installed; make setup installs it")
	}
	template, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	answered := strings.ReplaceAll(string(template), `{{ developers | default("[More Information Needed]", true)}}`, "Example Org")
	b := build(t, repository{"README.md": answered, "config.json": "{}"}.tree())
	if b.Model.Producer.Value != "Example Org" || b.Model.Producer.Confidence != bom.Declared {
		t.Errorf("producer %v: the one line that was answered is not read", b.Model.Producer)
	}
	m := b.Model
	for name, list := range map[string][]bom.Field{"uses": m.Uses, "limitations": m.Limitations, "training": m.Training, "hardware": m.Hardware, "energy": m.Energy,
		"licences": m.Licences, "languages": m.Languages, "considered": m.Considered, "controls": b.Security.Controls} {
		if len(list) > 0 {
			t.Errorf("%s: %v", name, vals(list))
		}
	}
	if m.Description.Confidence != bom.Unresolved || len(b.Datasets) > 0 || len(b.Lineage) > 0 {
		t.Errorf("description %v, datasets %v, lineage %v", m.Description, b.Datasets, b.Lineage)
	}
}

// TestCard: code is no text, links and marks are dropped, and a section ends where the next begins.
func TestCard(t *testing.T) {
	b := card(t, "license: mit", "# T\n\nSee [the *paper*](https://x.y) <b>now</b>.\n```\n# Limitations\n- **Developed by:** Code\n```\n<!-- # Uses\nhidden -->\n"+
		"## Limitations 🚧\n\n| a | b |\n\n~~~\ncode\n~~~\nmore\n\n## Uses\n\nFor tests.\n")
	m := b.Model
	if m.Description.Value != "See the paper now ." || m.Producer.Confidence != bom.Unresolved {
		t.Errorf("description %q, producer %v", m.Description.Value, m.Producer)
	}
	if diff := cmp.Diff([]string{"a b more declared README.md#limitations"}, vals(m.Limitations)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"For tests. declared README.md#uses"}, vals(m.Uses)); diff != "" {
		t.Error(diff)
	}
}

// TestConflicts: two files that answer one question differently are both shown.
func TestConflicts(t *testing.T) {
	b := build(t, repository{"README.md": "---\nauthor: A\n---\n- **Developed by:** B\n", "config.json": "{}"}.tree())
	if b.Model.Producer.Value != "A" || propertyOf(b, "conflict.producer") != `README.md#author says "A", README.md#developed by says "B"` {
		t.Errorf("producer %v, conflict %q", b.Model.Producer, propertyOf(b, "conflict.producer"))
	}
}

// TestDecodeRefuses: a document that is no bill, or says more than this version keeps, is refused.
func TestDecodeRefuses(t *testing.T) {
	const schema = `"schema": "https://picketsec.dev/schema/bom/v1.json"`
	for name, document := range map[string]string{
		"empty": "", "not json": "x", "a list": "[]", "no schema": "{}", "another schema": `{"schema": "x"}`, "an unknown member": "{" + schema + `, "x": 1}`,
		"a bad digest": "{" + schema + `, "digest": "sha256:00"}`, "a file with a bad digest": "{" + schema + `, "files": [{"name": "a", "digest": "x"}]}`,
		"data with a bad digest": "{" + schema + `, "datasets": [{"digest": "sha256:ZZ"}]}`, "something behind it": "{" + schema + "} {}",
		"too deep": "{" + schema + `, "kept": {"a": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}}", "cut": "{" + schema + `, "name": "a`,
		"the wrong kind": "{" + schema + `, "files": {}}`,
	} {
		if b, err := bom.Decode(strings.NewReader(document)); err == nil || !errors.Is(err, bom.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
	if b, err := bom.Decode(strings.NewReader("{" + schema + "}")); err != nil || b.Name != "" {
		t.Errorf("an empty bill: %v, %v", b, err)
	}
}

// TestHome: metadata that stands in the one folder below the root is found there.
func TestHome(t *testing.T) {
	r := repository{}
	for name, content := range llama() {
		r["model/"+name] = content
	}
	b := build(t, r.tree())
	if b.Model.Task.Value != "text-generation" || b.Model.Task.Source != "model/README.md#pipeline_tag" || b.Model.Parameters.Value != "12864" {
		t.Errorf("task %v, parameters %v", b.Model.Task, b.Model.Parameters)
	}
}

// TestKinds tells models, data, programs and other folders apart.
func TestKinds(t *testing.T) {
	for want, r := range map[bom.Kind]repository{
		bom.ModelKind: {"config.json": "{}"}, bom.DatasetKind: {"train.csv": "a\n1\n"}, bom.FolderKind: {"notes.txt": "x"},
		bom.ProgramKind: {"prog": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 40)},
	} {
		if b := build(t, r.tree()); b.Kind != want {
			t.Errorf("%v is a %s, want %s", keys(r), b.Kind, want)
		}
	}
}
