package hfconfig

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/hydra"
)

// value is the string of that name among those of a container.
func value(texts []text, key string) (string, int64) {
	for i := len(texts) - 1; i >= 0; i-- {
		if texts[i].key == key {
			return texts[i].value, texts[i].at
		}
	}
	return "", 0
}

// module judges one element of the list with which sentence-transformers builds a model.
func (d *document) module(f frame) {
	kind, at := value(f.texts, "type")
	_, named := value(f.texts, "name")
	folder, where := value(f.texts, "path")
	if kind == "" || (where == 0 || named == 0) && d.in.Name != "modules.json" || !strings.Contains(kind, ".") {
		return
	}
	if findings.Leaves(folder) != "" {
		d.report(rulePath(), where, folder, "a module lies outside of the model", folder)
	}
	if strings.HasPrefix(kind, "sentence_transformers.") && strings.Count(kind, ".") >= 2 && !strings.Contains(kind, "._") {
		return
	}
	if repo, _, ok := strings.Cut(kind, "--"); ok {
		d.report(ruleOtherRepository(), at, kind, "the model is built with code of the repository "+repo, kind)
		return
	}
	d.imported(kind, at, "the model is built with")
}

// imported judges a dotted class that a loader imports: from a file of the repository, or else from what is installed.
func (d *document) imported(name string, at int64, how string) {
	module := name[:max(0, strings.LastIndexByte(name, '.'))]
	file := strings.ReplaceAll(module, ".", "/") + ".py"
	if d.in.Sibling != nil && module != "" && findings.Leaves(module) == "" {
		if _, err := d.in.Sibling(file); err == nil {
			d.report(ruleRemoteCode(), at, name, fmt.Sprintf("%s %s of this repository", how, name), name)
			d.named(file, at)
			return
		}
	}
	rule, _, ok := hydra.Judge(name)
	switch {
	case ok && rule.Severity > ruleLibrary().Severity:
		d.report(rule, at, name, how+" "+name, name)
	case ok:
		d.report(ruleLibrary(), at, name, fmt.Sprintf("%s %s, which is part of no known library", how, name), name)
	}
}

// object judges members that belong together, at any depth.
func (d *document) object(f frame) {
	library, at := value(f.texts, "parent_library")
	if class, _ := value(f.texts, "base_model_class"); class == "" || library == "" {
		return
	}
	switch root, _, _ := strings.Cut(library, "."); root {
	case "transformers", "diffusers", "torch", "timm", "sentence_transformers", "peft", "__main__":
	case "transformers_modules":
		d.report(ruleRemoteCode(), at, library, "the adapter is for a model with code of its own", library)
	default:
		d.imported(library+".X", at, "the adapter imports")
	}
}

// pipeline judges the index of a diffusion pipeline: which library has the class of each component.
func (d *document) pipeline() {
	class, at := value(d.root, "_class_name")
	_, version := value(d.root, "_diffusers_version")
	custom := -1
	for i, p := range d.pairs {
		if p.key == "_class_name" {
			custom = i
		}
	}
	if class == "" && custom < 0 || version == 0 && d.in.Name != "model_index.json" {
		return
	}
	if strings.ContainsAny(class, "/.") {
		d.reference(class, at)
	}
	for _, p := range d.pairs {
		switch {
		case p.key == "_class_name":
			d.reference(p.library+"."+p.class, p.at)
		case strings.HasPrefix(p.key, "_"):
		case findings.Leaves(p.library) != "" || strings.Contains(p.library, "/"):
			d.report(rulePath(), p.at, p.key, fmt.Sprintf("the component %s is code outside of the model: %s", p.key, p.library), p.library)
		case !component(p.library):
			d.component(p)
		}
	}
}

// component lists the libraries whose classes are components of pipelines; also the names of pipelines of diffusers itself.
func component(library string) bool {
	root, _, _ := strings.Cut(library, ".")
	switch root {
	case "diffusers", "transformers", "onnxruntime", "optimum", "flax", "peft", "torch", "open_clip", "sentencepiece", "k_diffusion", "librosa", "note_seq", "tokenizers":
		return true
	}
	for _, part := range []string{"stable_diffusion", "deprecated", "pipelines", "kandinsky", "deepfloyd", "wuerstchen", "stable_cascade", "latent_diffusion", "unidiffuser",
		"alt_diffusion", "paint_by_example", "shap_e", "audioldm", "blip_diffusion", "controlnet", "semantic_stable", "versatile_diffusion", "ip_adapter", "flux", "hidream",
		"ltx", "hunyuan", "cogview", "cogvideo", "sana", "lumina", "omnigen", "musicldm", "visualcloze", "consisid", "pag", "t2i_adapter", "free_init", "animatediff", "kolors",
		"stable_audio", "ledits", "dance_diffusion"} {
		if strings.HasPrefix(root, part) {
			return true
		}
	}
	return false
}

// component judges a component of another library: code in the folder of the component, or what is installed under that name.
func (d *document) component(p pair) {
	for _, file := range []string{p.key + "/" + p.library + ".py", p.library + ".py"} {
		if d.in.Sibling == nil {
			break
		}
		if _, err := d.in.Sibling(file); err == nil {
			d.report(ruleRemoteCode(), p.at, p.library+"."+p.class, fmt.Sprintf("the component %s is code of this repository", p.key), p.library)
			d.named(file, p.at)
			return
		}
	}
	d.imported(p.library+"."+p.class, p.at, "the component "+p.key+" is")
}
