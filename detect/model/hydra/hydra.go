// Package hydra judges the callables that a configuration names for a library to call: Hydra's _target_, which JSON, YAML and
// the metadata of weights carry alike. Libraries that hand such a configuration to hydra.utils.instantiate call whatever it
// names with the arguments beside it. It is for detectors of configurations; it parses nothing and resolves no name.
package hydra

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect/model/python"
)

// Key is the member of a configuration that names a callable.
const Key = "_target_"

// Rules lists every rule that Judge can return, for the Info of the detectors that use it.
func Rules() []picket.Rule {
	return []picket.Rule{ruleExecutes(), ruleUnknown(), ruleClass()}
}

// references are what the rules refer to.
func references() []picket.Reference {
	return []picket.Reference{
		picket.Ref("CVE-2025-23304"), picket.Ref("CWE-94"), picket.Ref("AML.T0011"),
		{Kind: "URL", ID: "Remote code execution with modern AI formats and libraries (Unit 42)",
			URL: "https://unit42.paloaltonetworks.com/rce-vulnerabilities-in-ai-python-libraries/"},
	}
}

func ruleExecutes() picket.Rule {
	return picket.Rule{
		ID: "model.hydra.target-executes", Title: "Configuration makes the loader call a function of the system",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The configuration names, as something to instantiate, a function that runs programs or code, opens connections, " +
			"deletes files or loads pickles.",
		Why:    "Libraries that hand the configuration to hydra.utils.instantiate call the function with the arguments beside it when the model is loaded.",
		Remedy: "Do not load the model. Report it to where it came from.", References: references(),
	}
}

func ruleUnknown() picket.Rule {
	return picket.Rule{
		ID: "model.hydra.target-function", Title: "Configuration makes the loader call a function that is not known",
		Severity: picket.High, Class: picket.Execution,
		What:   "The configuration names, as something to instantiate, a function of a library that is not known to be harmless, or a private one.",
		Why:    "Libraries that hand the configuration to hydra.utils.instantiate call the function with the arguments beside it.",
		Remedy: "Check what the function does with its arguments before the model is loaded.", References: references(),
	}
}

func ruleClass() picket.Rule {
	return picket.Rule{
		ID: "model.hydra.target-class", Title: "Configuration names a class that is not known for the loader to make",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "The configuration names, as something to instantiate, a class of a library that is not known.",
		Why:    "What the class does with its arguments is up to that library. Projects with models of their own do this honestly.",
		Remedy: "Check the class before the model is loaded.", References: references(),
	}
}

// Judge returns the rule that a callable breaks, with a sentence about it; ok is false for one that is known to be harmless.
func Judge(callable string) (rule picket.Rule, summary string, ok bool) {
	name := strings.TrimSpace(callable)
	if what := executes(name); what != "" {
		return ruleExecutes(), fmt.Sprintf("the configuration makes the loader call %s, which %s", name, what), true
	}
	if name == "" {
		return picket.Rule{}, "", false
	}
	if strings.Contains(name, "${") {
		return ruleUnknown(), "the configuration puts the name of a callable together from other values: " + name, true
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	private := strings.HasPrefix(name, "_") || strings.Contains(name, "._")
	class := last != "" && last[0] >= 'A' && last[0] <= 'Z'
	if owner := strings.TrimSuffix(name, "."+last); !class && owner != name { // a constructor of a class: "Model.from_pretrained"
		of := owner[strings.LastIndexByte(owner, '.')+1:]
		class = of != "" && of[0] >= 'A' && of[0] <= 'Z' && strings.HasPrefix(last, "from_")
	}
	switch {
	case private || !identifiers(name):
		return ruleUnknown(), fmt.Sprintf("the configuration makes the loader call %s", name), true
	case class && known(name) || harmless(name):
		return picket.Rule{}, "", false
	case class || known(name):
		return ruleClass(), fmt.Sprintf("the configuration makes the loader instantiate %s", name), true
	}
	return ruleUnknown(), fmt.Sprintf("the configuration makes the loader call %s", name), true
}

// Technique is the advisory that describes the attack which a rule is about; empty for none. It is for Finding.Technique.
func Technique(rule picket.Rule) string {
	for _, r := range rule.References {
		if r.Kind == "CVE" && rule.Severity >= picket.High {
			return r.ID
		}
	}
	return ""
}

// identifiers reports whether a dotted name is one.
func identifiers(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// executes says what a dangerous callable does, also when it is reached through a library that imports it; empty for others.
func executes(name string) string {
	rest := strings.TrimPrefix(name, "builtins.")
	for first := true; ; first = false {
		if what := python.Effect(rest); what != "" && (first || strings.Contains(rest, ".")) {
			return what
		}
		if first || strings.Contains(rest, ".") {
			if what := loads(rest, first); what != "" {
				return what
			}
		}
		_, after, found := strings.Cut(rest, ".")
		if !found {
			return ""
		}
		rest = after
	}
}

// loads lists further functions that are dangerous with arguments of the attacker's choice, which source code uses honestly.
func loads(name string, whole bool) string {
	if whole {
		switch name {
		case "compile", "getattr", "setattr", "open", "io.open", "input", "breakpoint", "vars", "globals", "torch.load", "numpy.load", "joblib.load", "torch.hub.load",
			"torch.hub.load_state_dict_from_url", "torch.jit.load", "tensorflow.saved_model.load", "keras.models.load_model", "tensorflow.keras.models.load_model",
			"keras.utils.get_file", "tensorflow.keras.utils.get_file", "pandas.read_csv", "transformers.pipeline":
			return "reads files or code that its argument names"
		}
	}
	root, _, _ := strings.Cut(name, ".")
	switch root {
	case "os", "posix", "nt", "sys", "shutil", "subprocess", "importlib", "runpy", "pty", "ctypes", "code", "codeop", "pickle", "marshal", "multiprocessing", "webbrowser",
		"pip", "commands", "timeit", "bdb", "pdb", "cProfile", "profile", "tempfile", "urllib", "ftplib", "smtplib", "operator", "dill", "cloudpickle",
		"builtins", "__builtin__", "_pickle", "cPickle", "zipimport", "pkgutil", "pydoc", "inspect", "linecache", "atexit", "signal", "threading", "concurrent":
		if whole || root == "os" || root == "sys" || root == "subprocess" || root == "shutil" || root == "importlib" || root == "builtins" || root == "pickle" {
			return "gives access to the system or the interpreter"
		}
	case "hydra":
		if strings.HasPrefix(name, "hydra.utils.") || strings.HasPrefix(name, "hydra._internal") {
			return "calls what its own argument names"
		}
	}
	return ""
}

// known reports whether a name belongs to a library whose classes keep to themselves.
func known(name string) bool {
	root, rest, _ := strings.Cut(name, ".")
	switch root {
	case "torch", "torchvision", "torchaudio", "torchmetrics", "lightning", "pytorch_lightning", "lightning_fabric", "transformers", "diffusers", "nemo", "megatron",
		"omegaconf", "numpy", "timm", "monai", "datasets", "tokenizers", "sentence_transformers", "peft", "accelerate", "trl", "torch_geometric", "sklearn", "keras",
		"audiocraft", "fairseq", "detectron2", "speechbrain", "espnet2", "pyannote", "open_clip", "x_transformers", "einops", "ldm", "sgm", "apex", "bitsandbytes",
		"deepspeed", "optimum", "modulus", "bionemo", "cosmos", "nemo_text_processing", "asteroid", "kornia", "albumentations", "gluonts", "uni2ts", "flextok", "super_gradients",
		"collections", "fractions", "decimal", "datetime", "pathlib", "dataclasses", "typing", "hydra_plugins":
		return rest != ""
	}
	return false
}

// harmless reports whether a function is one of those that build parts of models.
func harmless(name string) bool {
	for _, prefix := range []string{"torchvision.models.", "torch.nn.functional.", "torchvision.transforms.functional.", "torch.nn.init."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && !strings.Contains(rest, ".") {
			return true
		}
	}
	switch name {
	case "timm.create_model", "torch.tensor", "torch.zeros", "torch.ones", "torch.device", "numpy.array", "builtins.dict", "builtins.list", "builtins.int", "builtins.float",
		"builtins.str", "builtins.bool", "builtins.tuple", "builtins.set", "builtins.slice", "collections.defaultdict", "collections.deque", "torch.nn.Parameter":
		return true
	}
	return false
}
