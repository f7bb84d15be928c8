package hfconfig_test

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/known"
	source "github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/hfconfig"
	"github.com/picketsec/picket/detect/model/python"
)

func formats() []format.Format {
	return append([]format.Format{json.Format{}, source.Format{}}, known.Formats()...)
}

// scan scans a document beside files.
func scan(t testing.TB, name, content string, files map[string]string) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{
		Name: name, Blob: format.BytesBlob([]byte(content)),
		Sibling: func(name string) (*format.Blob, error) {
			if content, ok := files[path.Clean(name)]; ok {
				return format.BytesBlob([]byte(content)), nil
			}
			return nil, errors.New("no such file")
		}}, formats(), hfconfig.Detector{}, python.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, strings.TrimPrefix(strings.TrimPrefix(f.Rule.ID, "model."), "config."))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

func TestFindings(t *testing.T) {
	files := map[string]string{
		"modeling_x.py": "from .util import f\nimport torch\n", "util.py": "import os\nos.system('echo x')\n", "good.py": "import torch\n", "custom_st.py": "import torch\n",
		"scheduler/my_scheduler.py": "import torch\n", "pipeline.py": "import torch\n", "cycle_a.py": "from . import cycle_b\n", "cycle_b.py": "from .cycle_a import x\n",
		"sub/deep.py": "from ..good import x\n",
	}
	for content, want := range map[string]string{
		// Code of the model.
		`{"auto_map":{"AutoModel":"good.Model"}}`:                            "remote-code",
		`{"auto_map":{"AutoTokenizer":["good.Tok",null]}}`:                   "remote-code",
		`{"auto_map":{"AutoModel":"modeling_x.Model"}}`:                      "python.load-executes remote-code",
		`{"a":{"b":[{"auto_map":{"AutoModel":"modeling_x.Model"}}]}}`:        "python.load-executes remote-code",
		`{"\u0061uto_map":{"AutoModel":"modeling_x.Model"}}`:                 "python.load-executes remote-code",
		`{"auto_map":{"AutoModel":"cycle_a.Model"}}`:                         "remote-code",
		`{"auto_map":{"AutoModel":"sub/deep.Model"}}`:                        "remote-code",
		`{"auto_map":{"AutoModel":"absent.Model"}}`:                          "code-missing remote-code",
		`{"auto_map":{"AutoModel":"other/repo--modeling_x.Model"}}`:          "other-repository",
		`{"auto_map":{"AutoModel":"../evil.Model"}}`:                         "path-escape remote-code",
		`{"auto_map":{"AutoModel":"/tmp/evil.Model"}}`:                       "path-escape remote-code",
		`{"custom_pipelines":{"x":{"impl":"good.Pipe","pt":["AutoModel"]}}}`: "remote-code",
		`{"custom_pipelines":{"x":{"impl":"a/b--good.Pipe"}}}`:               "other-repository",
		`{"trust_remote_code":true}`:                                         "trust-remote-code",
		`{"a":{"trust_remote_code":"True"}}`:                                 "trust-remote-code",
		`{"_attn_implementation_internal":"evil/repo"}`:                      "internal-kernel",
		`{"text_config":{"_attn_implementation_internal":"evil/repo:f"}}`:    "internal-kernel",
		`{"_attn_implementation":"kernels-community/flash-attn"}`:            "hub-kernel",
		`{"attn_implementation":{"text_config":"evil/repo"}}`:                "hub-kernel",
		`{"_experts_implementation":"evil/repo"}`:                            "hub-kernel",
		`{"custom_generate":"evil/repo"}`:                                    "other-repository",
		// Callables.
		`{"model":{"_target_":"os.system","command":"echo x"}}`: "hydra.target-executes",
		`{"_target_":"my.lib.function"}`:                        "hydra.target-function",
		`{"_target_":"my.lib.Class"}`:                           "hydra.target-class",
		`[{"_target_":"builtins.eval","_args_":["1"]}]`:         "hydra.target-executes",
		// Modules, components, adapters.
		`[{"idx":0,"name":"0","path":"","type":"custom_st.Transformer"}]`:                          "remote-code",
		`[{"idx":0,"name":"0","path":"","type":"os.Transformer"}]`:                                 "hydra.target-executes",
		`[{"idx":0,"name":"0","path":"","type":"evil.module.Transformer"}]`:                        "unknown-library",
		`[{"idx":0,"name":"0","path":"","type":"evil/repo--custom_st.Transformer"}]`:               "other-repository",
		`[{"idx":0,"name":"0","path":"../../x","type":"sentence_transformers.models.Pooling"}]`:    "path-escape",
		`{"_class_name":"X","_diffusers_version":"0.30","scheduler":["my_scheduler","S"]}`:         "remote-code",
		`{"_class_name":"X","_diffusers_version":"0.30","scheduler":["evil","s"]}`:                 "unknown-library",
		`{"_class_name":"X","_diffusers_version":"0.30","scheduler":["os","system"]}`:              "hydra.target-executes",
		`{"_class_name":"X","_diffusers_version":"0.30","scheduler":["../x","S"]}`:                 "path-escape",
		`{"_class_name":["pipeline","P"],"_diffusers_version":"0.30"}`:                             "remote-code",
		`{"auto_mapping":{"base_model_class":"X","parent_library":"evil.lib"},"peft_type":"LORA"}`: "unknown-library",
		`{"auto_mapping":{"base_model_class":"system","parent_library":"os"}}`:                     "hydra.target-executes",
		`{"auto_mapping":{"base_model_class":"X","parent_library":"transformers_modules.a"}}`:      "remote-code",
		// Where things come from.
		`{"_name_or_path":"http://127.0.0.1/x"}`:             "redirect",
		`{"base_model_name_or_path":"\\\\host\\share"}`:      "redirect",
		`{"vocab_file":"../../../../etc/passwd"}`:            "path-escape",
		`{"tokenizer_file":"/etc/passwd"}`:                   "path-escape",
		`{"activation":"__import__('os').system('echo x')"}`: "code-in-text",
		// Templates.
		`{"chat_template":"{{ ''.__class__ }}"}`: "template.code-execution",
		`{"chat_template":[{"name":"default","template":"{{ x }}"},{"name":"tool_use","template":"{{ lipsum.__globals__ }}"}]}`: "template.code-execution template.engine-internals",
		`{"chat_template":{"default":"{{ ''.__class__ }}"}}`:                                                                    "template.code-execution",
		// Honest documents.
		`{"model_type":"llama","architectures":["LlamaForCausalLM"],"torch_dtype":"bfloat16","_name_or_path":"meta-llama/Llama-2-7b-hf","trust_remote_code":false}`:                   "",
		`{"_attn_implementation_internal":"sdpa","_attn_implementation":null,"attn_implementation":"flash_attention_2"}`:                                                              "",
		`{"_attn_implementation_autoset":true,"_name_or_path":"/home/user/models/x"}`:                                                                                                 "",
		`[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]`:    "",
		`{"_class_name":"StableDiffusionPipeline","_diffusers_version":"0.30","unet":["diffusers","UNet2DConditionModel"],"safety_checker":[null,null],"x":["stable_diffusion","S"]}`: "",
		`{"auto_mapping":null,"base_model_name_or_path":"mistralai/Mistral-7B","parent_library":null}`:                                                                                "",
		`{"auto_mapping":{"base_model_class":"BertModel","parent_library":"transformers.models.bert.modeling_bert"}}`:                                                                 "",
		`{"chat_template":"{% for m in messages %}{{ m['content'] }}{% endfor %}"}`:                                                                                                   "",
		`{"_target_":"torch.nn.Linear","in_features":4}`:                                                                                                                              "",
		`[{"type":"a.b","path":"x"},{"name":"y","size":"1.2"}]`:                                                                                                                       "", `[["os","system"]]`: "", `{"a":["os","system"]}`: "", `[]`: "", `{}`: "",
		`{"url":"https://example.org/x","text":"os.system('x') is a call"}`: "code-in-text",
	} {
		r := scan(t, "config.json", content, files)
		if got := ids(r); got != want {
			t.Errorf("%s\n\tgot %q, want %q", content, got, want)
		}
		if len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: gaps %v", content, r.Coverage.Gaps)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for content, want := range map[string]picket.Verdict{
		`{"_attn_implementation_internal":"evil/repo"}`: picket.Malicious, `{"auto_map":{"A":"a/b--c.D"}}`: picket.Suspicious, `{"auto_map":{"A":"c.D"}}`: picket.Clean,
		`{"a":1}`: picket.Clean, `{"chat_template":"{{"}`: picket.Incomplete,
	} {
		if r := scan(t, "config.json", content, nil); r.Verdict != want {
			t.Errorf("%s is %s, want %s: %v", content, r.Verdict, want, r.Coverage.Gaps)
		}
	}
}

// TestLargeDocuments pads documents beyond what is read without a search.
func TestLargeDocuments(t *testing.T) {
	pad := `{"vocab":{"a":"` + strings.Repeat("b", 2<<20) + `"},`
	for name, want := range map[string]string{`"auto_map":{"AutoModel":"x.Y"}}`: "code-missing remote-code", `"trust_remote\u005fcode":true}`: "trust-remote-code", `"c":1}`: ""} {
		r := scan(t, "tokenizer.json", pad+name, nil)
		if got := ids(r); got != want || r.Coverage.Parsed < 2<<20 || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: %q, %+v", name, got, r.Coverage)
		}
	}
	if r := scan(t, "config.json", `{"_class_name":"X","_diffusers_version":"1",`+strings.Repeat(`"a":"b",`, 200)+`"s":["evil","f"]}`, nil); ids(r) != "unknown-library" {
		t.Errorf("a pipeline with many members: %s", ids(r))
	}
}

func TestFindingsAreBounded(t *testing.T) {
	content := `[` + strings.Repeat(`{"auto_map":{"A":"`+"x"+`/y--z.W"}},`, 500) + `{}]`
	many := `{"auto_map":{`
	for i := range 500 {
		many += `"A` + strings.Repeat("x", i) + `":"r/` + strings.Repeat("x", i) + `--z.W",`
	}
	for _, c := range []string{content, many + `"B":"c.D"}}`} {
		if n := len(scan(t, "config.json", c, nil).Findings); n > 40 {
			t.Errorf("%d findings", n)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, hfconfig.Detector{}, formats(), map[string][]byte{
		"config": []byte(`{"auto_map":{"AutoModel":"x.Y"},"_target_":"os.system","chat_template":"{{ ''.__class__ }}","a":[1,{"b":"c"}]}`),
		"list":   []byte(`[{"idx":0,"name":"0","path":"..","type":"evil.X"}]`),
	})
}
