package pickle

import "github.com/picketsec/picket"

// area is the common start of the identifiers of the rules.
const area = "model.pickle."

// Rules lists every rule of the detector.
func Rules() []picket.Rule {
	return []picket.Rule{
		RuleCodeExecution(), RuleSideEffect(), RuleCodeObject(), RuleDangerousImport(), RuleUnknownGlobal(), RuleUnknownCallable(),
		RuleCallPosition(), RuleIndirection(), RuleExtension(), RulePersistentID(), RuleExternalArray(), RuleDivergence(), RuleMemoShadow(),
		RuleTensorBounds(), RuleNativeCode(), RuleIrregular(), RuleTrailingData(), RuleNestedPayload(), RuleResource(),
	}
}

// RuleCodeExecution fires when loading the file calls something that runs code.
func RuleCodeExecution() picket.Rule {
	return picket.Rule{
		ID: area + "code-execution", Title: "Loading the file runs code that the file chooses",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The pickle calls a function that is known to run commands, evaluate source, import modules or load further pickles, " +
			"or hands such a function to another one. The call happens while the file is loaded, before anything is returned.",
		Why: "Whoever wrote the file has the rights of the process that loads it: its files, its credentials, its network. No model " +
			"format needs such a call.",
		Remedy: "Do not load the file, and keep it as evidence. Find where it came from and which machines have loaded it, and treat " +
			"these as compromised. Get the weights from the publisher as safetensors.",
		References: append(pickleReferences(),
			picket.Ref("CWE-94"), picket.Ref("GHSA-vvpj-8cmc-gx39"), picket.Ref("CVE-2025-1716")),
	}
}

// RuleSideEffect fires when loading the file writes files or opens connections.
func RuleSideEffect() picket.Rule {
	return picket.Rule{
		ID: area + "side-effect", Title: "Loading the file changes files or opens a connection",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The pickle calls a function that creates, changes or removes files, or that talks to the network, while it is loaded.",
		Why: "Writing one file, such as a start-up script or a key, is as good as running code, and a connection carries data out or " +
			"commands in.",
		Remedy: "Do not load the file. Find where it came from, and look for the files and the addresses that the evidence names.",
		References: append(pickleReferences(),
			picket.Ref("CWE-73"), picket.Ref("GHSA-m7j5-r2p5-c39r"), picket.Ref("GHSA-9726-w42j-3qjr")),
	}
}

// RuleCodeObject fires when the file carries compiled Python code from which functions are made.
func RuleCodeObject() picket.Rule {
	return picket.Rule{
		ID: area + "code-object", Title: "The file carries compiled Python code and makes functions of it",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The pickle makes code objects or functions from bytes that it contains, as dill and cloudpickle do for functions that " +
			"are defined in a script. The evidence shows names and texts in that code; it was decoded, not run.",
		Why: "The functions become part of the model and run when it is used, or at once when the same file calls them. Nobody can " +
			"review bytecode by reading the model's source.",
		Remedy: "Load it only if you wrote it. Otherwise ask the publisher for weights in safetensors and the functions as source, " +
			"and review the source.",
		References: append(pickleReferences(), picket.Ref("CWE-829"), picket.Ref("GHSA-9m3x-qqw2-h32h"), picket.Ref("GHSA-565g-hwwr-4pp3")),
	}
}

// RuleDangerousImport fires for a name of the gadget catalogue that is not called in a way that a worse rule reports.
func RuleDangerousImport() picket.Rule {
	return picket.Rule{
		ID: area + "dangerous-import", Title: "The file names a function that is used in attacks",
		Severity: picket.High, Class: picket.Execution,
		What: "The pickle imports a name that is known from attacks, or makes an object of it, without a call that is known to do harm " +
			"by itself.",
		Why: "Importing runs the module's own code, and a function that is kept as a value may be called later by the code that uses " +
			"the model, or now by a reader that understands the file in another way.",
		Remedy: "Ask the publisher why the name is there. If you trust it after review, allow that exact name in the configuration.",
		References: append(pickleReferences(),
			picket.Ref("CWE-915"), picket.Ref("GHSA-m273-6v24-x4m4"), picket.Ref("GHSA-r48f-3986-4f9c")),
	}
}

// RuleUnknownGlobal fires for a name that no pack allows.
func RuleUnknownGlobal() picket.Rule {
	return picket.Rule{
		ID: area + "unknown-global", Title: "The file uses a class or function that is not known to be harmless",
		Severity: picket.High, Class: picket.Execution,
		What: "The pickle imports a name that no allow-list pack has: a class of your own, of a library without a pack, or a gadget " +
			"that nobody has published yet. One finding stands for all uses of the name.",
		Why: "Constructing an unknown class or calling an unknown function may do anything that the installed packages can do.",
		Remedy: "If the class is yours or you have read it, allow its exact name in the configuration (picket allow suggest lists the " +
			"names). Otherwise prefer a file with weights only, such as safetensors.",
		References: append(pickleReferences(), picket.Ref("CWE-470")),
	}
}

// RuleUnknownCallable fires when the file calls a value that it computed.
func RuleUnknownCallable() picket.Rule {
	return picket.Rule{
		ID: area + "unknown-callable", Title: "The file calls a value that it computes",
		Severity: picket.High, Class: picket.Execution,
		What: "The pickle calls something that is not a plain imported name: the result of another call, an attribute looked up by " +
			"name, or a value that readers disagree about.",
		Why: "What is called is decided while the file is loaded. Writers of models call what they import; this form is used to hide " +
			"the name from scanners.",
		Remedy:     "Do not load the file unless its author explains the construct. Save the model again with weights only.",
		References: append(pickleReferences(), picket.Ref("CWE-470"), picket.Ref("GHSA-9gvj-pp9x-gcfr")),
	}
}

// RuleCallPosition fires when an allowed name is used in a way in which it is not known to be harmless.
func RuleCallPosition() picket.Rule {
	return picket.Rule{
		ID: area + "call-position", Title: "A known name is used in a way that no writer uses",
		Severity: picket.High, Class: picket.Execution,
		What: "The name is allowed, but not in this position: a state set on a module, a class or a function, items set on something that " +
			"is no dict, a function or an unknown value as an argument where data belongs, a state with special attributes.",
		Why: "Attacks are put together from harmless names in unusual positions, for example by replacing a method and then letting " +
			"the loader call it.",
		Remedy: "Do not load the file unless its author explains the construct. If the name is allowed for your own writer, report the " +
			"file so that the pack can learn the position.",
		References: append(pickleReferences(), picket.Ref("CWE-915"), picket.Ref("CVE-2026-24747"),
			url("ShadowPickle (arXiv 2607.17503)", "https://arxiv.org/abs/2607.17503")),
	}
}

// RuleIndirection fires for calls that reach other functions or attributes by name.
func RuleIndirection() picket.Rule {
	return picket.Rule{
		ID: area + "indirection", Title: "The file reaches a function or an attribute indirectly",
		Severity: picket.High, Class: picket.Execution,
		What: "The pickle calls getattr, functools.partial, operator.attrgetter, map or a similar function. What it reaches here is " +
			"not known to be harmful.",
		Why: "These functions turn any allowed object into a way to others. Old pickles of bound methods and nested classes use " +
			"getattr too, so this alone is no proof.",
		Remedy:     "Save the model again without bound methods, partial functions and nested classes, or allow the exact name after review.",
		References: append(pickleReferences(), picket.Ref("CWE-470"), picket.Ref("GHSA-84r2-jw7c-4r5q")),
	}
}

// RuleExtension fires for the copyreg extension registry.
func RuleExtension() picket.Rule {
	return picket.Rule{
		ID: area + "extension", Title: "The file uses the extension registry",
		Severity: picket.High, Class: picket.Execution,
		What: "The pickle names what it uses by a number of the copyreg extension registry. Which class or function that is depends on " +
			"the process that loads it.",
		Why:        "The name is hidden from review, and no framework for models registers extensions.",
		Remedy:     "Save the object again without extension codes (remove the copyreg.add_extension call from the writer).",
		References: append(pickleReferences(), url("PEP 307", "https://peps.python.org/pep-0307/")),
	}
}

// RulePersistentID fires for persistent IDs that are not those of PyTorch.
func RulePersistentID() picket.Rule {
	return picket.Rule{
		ID: area + "persistent-id", Title: "The file refers to objects outside of itself",
		Severity: picket.High, Class: picket.Execution,
		What:   "The pickle has a persistent ID that is not a PyTorch storage. The program that loads it decides what the ID stands for.",
		Why:    "Plain pickle.load rejects such a file; a loader that accepts it fetches an object that this scan has not seen.",
		Remedy: "Find out which program writes and reads these IDs, and scan what it refers to.",
		References: append(pickleReferences(),
			url("Persistence of external objects", "https://docs.python.org/3/library/pickle.html#persistence-of-external-objects")),
	}
}

// RuleExternalArray fires for arrays of joblib that stand in a file outside of the folder of the model.
func RuleExternalArray() picket.Rule {
	return picket.Rule{
		ID: area + "external-array", Title: "The file takes an array from outside of its folder",
		Severity: picket.High, Class: picket.Execution,
		What: "An array wrapper as joblib wrote it before version 0.10 names a file whose path leads out of the folder of the model.",
		Why: "joblib opens the file by that name and lets numpy unpickle it, so that any file that someone else can write on the machine " +
			"runs code. joblib itself writes the name of a file beside the model and no path.",
		Remedy:     "Do not load the file. If it comes from an old joblib, load and dump it there with a current one.",
		References: append(pickleReferences(), picket.Ref("CWE-22"), picket.Ref("CVE-2024-34997")),
	}
}

// RuleDivergence fires where unpicklers understand a stream differently.
func RuleDivergence() picket.Rule {
	return picket.Rule{
		ID: area + "divergence", Title: "Python's own readers disagree about this stream",
		Severity: picket.High, Class: picket.Structure,
		What: "At this place the C unpickler, the Python unpickler and pickletools read different bytes, names or values, or some of " +
			"them reject what others accept. No pickler writes such a stream.",
		Why:    "A scanner that follows one reader sees a harmless file while another reader runs the harmful one.",
		Remedy: "Do not load the file. Have it written anew from its source with a standard pickler.",
		References: append(pickleReferences(), picket.Ref("CWE-436"), picket.Ref("CWE-115"),
			url("PickleFuzzer (arXiv 2605.15084)", "https://arxiv.org/abs/2605.15084"),
			url("python/cpython#154848", "https://github.com/python/cpython/issues/154848")),
	}
}

// RuleMemoShadow fires when a memo key that held a callable is used after it was set to something else.
func RuleMemoShadow() picket.Rule {
	return picket.Rule{
		ID: area + "memo-shadow", Title: "A memo entry is swapped between its uses",
		Severity: picket.High, Class: picket.Structure,
		What: "A memo key held an imported name, was overwritten with another value or by one, and is then used again.",
		Why: "Picklers number every object once. Swapping an entry makes a scanner that remembers the first value believe that an " +
			"allowed name is called while the loader calls another.",
		Remedy:     "Do not load the file. Have it written anew from its source with a standard pickler.",
		References: append(pickleReferences(), picket.Ref("CWE-436"), url("ShadowPickle (arXiv 2607.17503)", "https://arxiv.org/abs/2607.17503")),
	}
}

// RuleTensorBounds fires when a tensor claims more of a storage than there is.
func RuleTensorBounds() picket.Rule {
	return picket.Rule{
		ID: area + "tensor-bounds", Title: "A tensor reaches outside of its storage",
		Severity: picket.High, Class: picket.Structure,
		What: "The offset, shape and strides of a tensor, as the file gives them, need more elements than the storage that it names " +
			"has, or the sizes overflow.",
		Why:        "Versions of PyTorch that trust these numbers read or write memory that does not belong to the tensor.",
		Remedy:     "Do not load the file. Update PyTorch, and have the file written anew from its source.",
		References: append(pickleReferences(), picket.Ref("CWE-125"), picket.Ref("CWE-787"), picket.Ref("CVE-2026-24747")),
	}
}

// RuleNativeCode fires for programs hidden in a string.
func RuleNativeCode() picket.Rule {
	return picket.Rule{
		ID: area + "native-code", Title: "A string of the file is a program",
		Severity: picket.High, Class: picket.Content,
		What:       "A text or byte string in the pickle, perhaps encoded or compressed, is an executable of Linux, Windows or macOS.",
		Why:        "Models hold no programs. A second stage is often carried along this way.",
		Remedy:     "Do not load the file. Take the program out and have it analysed.",
		References: append(pickleReferences(), picket.Ref("CWE-506")),
	}
}

// RuleIrregular fires for forms that no current pickler writes and that all readers understand alike or reject.
func RuleIrregular() picket.Rule {
	return picket.Rule{
		ID: area + "irregular", Title: "The stream is not as a pickler writes it",
		Severity: picket.Medium, Class: picket.Structure,
		What: "The stream has a form that standard picklers do not write and that readers understand in the same way or reject " +
			"together: a memo key set twice, an opcode newer than the declared protocol.",
		Why:        "It was written or changed by hand or by another tool.",
		Remedy:     "Find out which tool wrote the file, and save it again with a standard pickler.",
		References: append(pickleReferences(), picket.Ref("CWE-436")),
	}
}

// RuleTrailingData fires for data after the last stream.
func RuleTrailingData() picket.Rule {
	return picket.Rule{
		ID: area + "trailing-data", Title: "There is more data after the end of the pickle",
		Severity: picket.Medium, Class: picket.Structure,
		What: "After the STOP of the last stream there are bytes that are neither another pickle nor the tensor data that the pickle " +
			"announces. They are inspected as content of their own.",
		Why:        "pickle.load stops before them, so they can hide a second stage, an archive, or another file in one.",
		Remedy:     "Have the file written anew from its source, without the extra data.",
		References: append(pickleReferences(), picket.Ref("CWE-434")),
	}
}

// RuleNestedPayload fires for pickles, code and archives inside strings.
func RuleNestedPayload() picket.Rule {
	return picket.Rule{
		ID: area + "nested-payload", Title: "A string of the file is itself a pickle, code or an archive",
		Severity: picket.Medium, Class: picket.Content,
		What: "A text or byte string in the pickle, perhaps encoded or compressed, is content that can be loaded by itself. It is " +
			"inspected too; what is found there has its own findings.",
		Why:        "Payloads are nested to get past scanners that look at the outer file only.",
		Remedy:     "Find out which program reads the inner content, and judge it like the file itself.",
		References: append(pickleReferences(), picket.Ref("CWE-506"), picket.Ref("GHSA-h3qp-7fh3-f8h4")),
	}
}

// RuleResource fires for streams that exhaust memory.
func RuleResource() picket.Rule {
	return picket.Rule{
		ID: area + "resource", Title: "Loading the file exhausts memory or time",
		Severity: picket.High, Class: picket.Resource,
		What: "A few bytes of the pickle make the loader allocate or compute out of all proportion: containers that repeat each " +
			"other, an enormous range, an array of a size that the file does not hold.",
		Why:        "Loading it stops the process or the machine; it is also used to make scanners give up.",
		Remedy:     "Do not load the file.",
		References: append(pickleReferences(), picket.Ref("CWE-400"), picket.Ref("CWE-409"), url("fickling #196", "https://github.com/trailofbits/fickling/issues/196")),
	}
}

// pickleReferences are those that every rule about pickles has.
func pickleReferences() []picket.Reference {
	return []picket.Reference{
		picket.Ref("CWE-502"),
		picket.Ref("AML.T0011.000"),
		{Kind: "OWASP", ID: "ML06:2023", URL: "https://owasp.org/www-project-machine-learning-security-top-10/docs/ML06_2023-AI_Supply_Chain_Attacks"},
	}
}

// url refers to a page.
func url(title, address string) picket.Reference {
	return picket.Reference{Kind: "URL", ID: title, URL: address}
}
