package hfconfig

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/hydra"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// member judges a string by its name and by what is around it.
func (d *document) member(key string, t jsonstream.Token) error {
	switch {
	case key == "chat_template" || key == "default_template" || d.inside("chat_template") && key != "name":
		return d.template(key, t)
	case d.inside("auto_map") || key == "auto_map":
		d.reference(string(t.Text), t.Offset)
	case d.inside("custom_pipelines") && (key == "impl" || d.parent() == "impl"):
		d.reference(string(t.Text), t.Offset)
	case key == hydra.Key:
		if rule, summary, ok := hydra.Judge(string(t.Text)); ok {
			d.report(rule, t.Offset, string(t.Text), summary, string(t.Text))
		}
	case implementation(key) || implementation(d.parent()) && len(t.Text) > 0:
		d.kernel(key, string(t.Text), t.Offset)
	case key == "trust_remote_code":
		if v := strings.ToLower(string(t.Text)); v != "false" && v != "0" && v != "" {
			d.report(ruleTrust(), t.Offset, key, "the configuration sets trust_remote_code", string(t.Text))
		}
	case key == "custom_generate" || key == "custom_pipeline":
		if strings.Contains(string(t.Text), "/") {
			d.report(ruleOtherRepository(), t.Offset, string(t.Text), "the configuration takes code from the repository "+string(t.Text), "")
		}
	case activation(key):
		if name := string(t.Text); strings.Contains(name, ".") && !strings.HasPrefix(name, "torch.nn.") {
			d.imported(name, t.Offset, "the model is built with")
		}
	case strings.HasPrefix(key, "py/") || strings.HasPrefix(d.parent(), "py/"):
		if rule, _, ok := hydra.Judge(strings.ReplaceAll(string(t.Text), "/", ".")); ok && rule.Severity == picket.Critical {
			d.report(rule, t.Offset, string(t.Text), "jsonpickle calls "+string(t.Text), string(t.Text))
		}
	case repository(key):
		d.redirect(key, string(t.Text), t.Offset)
	}
	if len(t.Text) < 4096 && bytes.IndexByte(t.Text, '(') > 0 && configures(d.in.Name) && callsOut.Match(t.Text) {
		d.report(ruleCodeText(), t.Offset, key, fmt.Sprintf("the member %q holds Python code", key), string(t.Text))
	}
	return nil
}

// callsOut matches calls that no configuration has a reason to hold.
var callsOut = regexp.MustCompile(`__import__\s*\(|\bos\.(?:system|popen)\s*\(|\bsubprocess\.\w+\s*\(|__subclasses__\s*\(|\b(?:eval|exec)\s*\(\s*(?:__import__|base64|bytes|compile|open)`)

// configures reports whether a name is one under which loaders look for a configuration.
func configures(name string) bool {
	return strings.HasSuffix(name, "config.json") || name == "model_index.json" || name == "modules.json" || name == "config"
}

// literal judges a value that is no string.
func (d *document) literal(key string, t jsonstream.Token) {
	if n := len(d.open); n > 0 {
		d.open[n-1].items++
	}
	if key == "trust_remote_code" && string(t.Text) != "false" && string(t.Text) != "null" && string(t.Text) != "0" {
		d.report(ruleTrust(), t.Offset, key, "the configuration sets trust_remote_code", "")
	}
}

// template judges a chat template.
func (d *document) template(key string, t jsonstream.Token) error {
	if t.Cut {
		return fmt.Errorf("read template: %w (%d)", limits.ErrExceeded, template.MaxSize)
	}
	found, err := template.Inspect(string(t.Text), d.in.Budget)
	for _, f := range found {
		f.Evidence.Summary = fmt.Sprintf("chat template at byte %d: %s", t.Offset, f.Evidence.Summary)
		f.Location = picket.At("", t.Offset)
		d.list.Report(f)
	}
	if errors.Is(err, format.ErrMalformed) {
		d.out.Gap(t.Offset, int64(len(t.Text)), fmt.Sprintf("the template %q is not Jinja that can be read: %v", picket.Printable(key, 40), err))
		return nil
	}
	return err
}

// reference judges "module.Class" or "repository--module.Class".
func (d *document) reference(value string, at int64) {
	if value == "" {
		return
	}
	target := value
	if repo, rest, ok := strings.Cut(value, "--"); ok {
		d.report(ruleOtherRepository(), at, value, fmt.Sprintf("the loader runs code of the repository %s", repo), value)
		target = rest
	} else {
		d.report(ruleRemoteCode(), at, value, fmt.Sprintf("the loader runs %s of this repository when trust_remote_code is set", value), value)
	}
	module, class := target, ""
	if i := strings.LastIndexByte(target, '.'); i > 0 {
		module, class = target[:i], target[i+1:]
	}
	if findings.Leaves(module) != "" || strings.Contains(class, "/") {
		d.report(rulePath(), at, value, "the configuration names code outside of the model", value)
		return
	}
	if !strings.Contains(value, "--") {
		d.named(strings.ReplaceAll(module, ".", "/")+".py", at)
	}
}

// activation lists members that name a function which sentence-transformers imports and calls.
func activation(key string) bool {
	return key == "activation_fn" || key == "activation_function" || key == "sbert_ce_default_activation_function"
}

// implementation lists members that choose the implementation of a layer.
func implementation(key string) bool {
	return strings.HasSuffix(key, "attn_implementation") || strings.HasSuffix(key, "_implementation_internal") || strings.HasSuffix(key, "experts_implementation") ||
		key == "attn_implementation_internal"
}

// kernel judges the choice of an implementation: one with a slash is a repository, whose code is fetched and run.
func (d *document) kernel(key, value string, at int64) {
	internal := strings.HasSuffix(key, "_internal") || strings.HasSuffix(d.parent(), "_internal")
	switch {
	case strings.Contains(value, "/") && internal:
		d.report(ruleInternalKernel(), at, value, fmt.Sprintf("the loader runs code of the repository %s", value), value)
	case strings.Contains(value, "/"):
		d.report(ruleKernel(), at, value, fmt.Sprintf("the loader fetches a kernel from the repository %s", value), value)
	}
}

// repository lists members that name where something is loaded from.
func repository(key string) bool {
	switch key {
	case "_name_or_path", "name_or_path", "base_model_name_or_path", "base_model", "tokenizer_name", "tokenizer_name_or_path", "model_name_or_path", "pretrained_model_name_or_path",
		"vocab_file", "merges_file", "tokenizer_file", "special_tokens_map_file", "audio_tokenizer_name_or_path", "text_encoder_name_or_path", "vision_tower", "mm_vision_tower",
		"init_lora_weights", "adapter_path", "draft_model", "assistant_model", "_repo_id", "repo_id", "pretrained_cfg_url", "checkpoint", "teacher", "backbone", "url":
		return true
	}
	return false
}

// redirect judges where something is loaded from. Paths of the author's own machine stand in many honest files.
func (d *document) redirect(key, value string, at int64) {
	switch {
	case key == "url" || key == "pretrained_cfg_url":
		if strings.HasPrefix(value, "file:") {
			d.report(ruleRedirect(), at, key, fmt.Sprintf("%s is %s", key, value), value)
		}
	case strings.Contains(value, "://") && !strings.HasPrefix(value, "hf://") && !strings.HasPrefix(value, "https://huggingface.co/"), strings.HasPrefix(value, `\\`), strings.HasPrefix(value, "//"):
		d.report(ruleRedirect(), at, key, fmt.Sprintf("%s is an address: %s", key, value), value)
	case strings.Count(path.Clean(strings.ReplaceAll(value, `\`, "/")), "../") >= 3 || strings.HasPrefix(value, "/etc/") || strings.HasPrefix(value, "/proc/"):
		d.report(rulePath(), at, key, fmt.Sprintf("%s leads out of the model: %s", key, value), value)
	}
}
