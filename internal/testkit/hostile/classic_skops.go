package hostile

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// skopsNode writes one object of a schema; more are further members.
func skopsNode(loader, module, class, more string) string {
	return fmt.Sprintf(`{"__class__":"%s","__module__":"%s","__loader__":"%s"%s}`, class, module, loader, more)
}

// skopsText writes a text as skops does.
func skopsText(s string) string {
	return skopsNode("JsonNode", "builtins", "str", fmt.Sprintf(`,"content":%q,"is_json":true`, fmt.Sprintf("%q", s)))
}

// skopsList writes a list or tuple.
func skopsList(loader, class string, items ...string) string {
	return skopsNode(loader, "builtins", class, `,"content":[`+strings.Join(items, ",")+`]`)
}

// skopsDict writes a dictionary with names as keys.
func skopsDict(pairs ...string) string {
	var members []string
	for i := 0; i < len(pairs); i += 2 {
		members = append(members, fmt.Sprintf("%q:%s", pairs[i], pairs[i+1]))
	}
	return skopsNode("DictNode", "builtins", "dict", `,"content":{`+strings.Join(members, ",")+`},"key_types":`+
		skopsList("ListNode", "list", skopsNode("TypeNode", "builtins", "str", "")))
}

// skopsModel writes a transformer of scikit-learn that holds an object.
func skopsModel(object string) string {
	return skopsNode("ObjectNode", "sklearn.preprocessing._function_transformer", "FunctionTransformer",
		`,"content":`+skopsDict("func", object)+`,"protocol":2,"_skops_version":"0.11.0"`)
}

// skopsSamples are files of skops.
func skopsSamples() []Sample {
	file := func(id, technique, schema string, more ...rawzip.Entry) Sample {
		return Sample{Name: "skops-" + id + ".skops", Group: "skops", Technique: technique, Loader: "skops",
			Build: rawzip.Archive{Entries: append([]rawzip.Entry{{Name: "schema.json", Data: []byte(schema)}}, more...)}.Bytes}
	}
	args := skopsList("TupleNode", "tuple", skopsText("echo "+Marker))
	system := skopsNode("FunctionNode", "os", "system", "")
	return []Sample{
		file("operator-any", "CVE-2025-54412: the loader for the module operator calls a function of another module", skopsModel(skopsNode("OperatorFuncNode", "os", "system", `,"attrs":`+args))),
		file("operator-call", "CVE-2025-54412: operator.call, which calls what it is given", skopsModel(skopsNode("OperatorFuncNode", "operator", "call", `,"attrs":`+skopsList("TupleNode", "tuple", system, skopsText("echo "+Marker))))),
		file("operator-methodcaller", "a methodcaller that calls what the file names", skopsModel(skopsNode("OperatorFuncNode", "operator", "methodcaller", `,"attrs":`+skopsList("TupleNode", "tuple", skopsText("__reduce__"))))),
		file("method-confusion", "CVE-2025-54413: a method is checked as one of a harmless type and taken from another", skopsModel(skopsNode("MethodNode", "sklearn.linear_model._logistic", "LogisticRegression",
			`,"content":{"func":"call","obj":`+skopsNode("ObjectNode", "subprocess", "Popen", `,"content":`+args)+`}`))),
		file("method-dunder", "CVE-2025-54413: a method whose name reaches into the interpreter", skopsModel(skopsNode("MethodNode", "builtins", "str", `,"content":{"func":"__class__","obj":`+skopsText("x")+`}`))),
		file("function-system", "a transformer whose function is os.system", skopsModel(system)),
		file("function-eval", "a transformer whose function is eval", skopsModel(skopsNode("FunctionNode", "builtins", "eval", ""))),
		file("partial", "a partial of os.system in a transformer", skopsModel(skopsNode("PartialNode", "functools", "partial", `,"content":{"func":`+system+`,"args":`+args+`,"kwds":`+skopsDict()+`,"namespace":`+skopsDict()+`}`))),
		file("constructor", "a constructor that is called with arguments of the file", skopsModel(skopsNode("ConstructorFromReduceNode", "subprocess", "Popen", `,"content":`+args))),
		file("constructor-runpy", "a function that runs a file as a constructor", skopsModel(skopsNode("ConstructorFromReduceNode", "runpy", "run_path", `,"content":`+args))),
		file("object-popen", "an object of the type subprocess.Popen", skopsModel(skopsNode("ObjectNode", "subprocess", "Popen", ""))),
		file("object-unknown", "an object of a type that nobody knows: loading imports its module", skopsModel(skopsNode("ObjectNode", "helpers_of_the_model", "Loader", `,"content":`+skopsDict()))),
		file("object-main", "an object of a class of the program that loads it", skopsModel(skopsNode("ObjectNode", "__main__", "Model", `,"content":`+skopsDict()))),
		file("type-numpy-testing", "a type of a private module of NumPy", skopsModel(skopsNode("TypeNode", "numpy.testing._private.utils", "runstring", ""))),
		file("loader-unknown", "a loader that skops does not have", skopsModel(skopsNode("EvalNode", "builtins", "str", ""))),
		file("loader-mismatch", "a loader of lists with a type that is not a list", skopsModel(skopsNode("ListNode", "subprocess", "Popen", `,"content":[]`))),
		file("loader-json-type", "a loader of JSON with a type that is code", skopsModel(skopsNode("JsonNode", "builtins", "eval", `,"content":"1","is_json":true`))),
		file("identity", "two objects of one identity: references get the one that was not checked", skopsModel(skopsList("ListNode", "list",
			skopsNode("JsonNode", "builtins", "str", `,"content":"1","__id__":7`), skopsNode("TypeNode", "builtins", "str", `,"__id__":7`)))),
		file("duplicate-class", "a class that stands twice: checks see one, loading takes the other", strings.Replace(skopsModel(system), `"__class__":"system"`, `"__class__":"getcwd","__class__":"system"`, 1)),
		file("duplicate-module", "a module that stands twice", strings.Replace(skopsModel(skopsText("x")), `"__module__":"builtins"`, `"__module__":"os","__module__":"builtins"`, 1)),
		file("file-path", "an array in a file outside of the archive", skopsModel(skopsNode("NdArrayNode", "numpy", "ndarray", `,"type":"numpy","file":"../../../../etc/passwd"`))),
		file("array-pickle", "an array whose content is a pickle", skopsModel(skopsNode("NdArrayNode", "numpy", "ndarray", `,"type":"numpy","file":"1.npy"`)), rawzip.Entry{Name: "1.npy", Data: attackPickle()}),
		file("array-object", "an array of Python objects", skopsModel(skopsNode("NdArrayNode", "numpy", "ndarray", `,"type":"numpy","file":"1.npy"`)),
			rawzip.Entry{Name: "1.npy", Data: append(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", nil), attackPickle()...)}),
		file("text-code", "Python in a text of the model", skopsModel(skopsText("__import__('os').system('echo "+Marker+"')"))),
		file("member-pickle", "a pickle beside the schema", skopsModel(skopsText("x")), rawzip.Entry{Name: "model.pkl", Data: attackPickle()}),
		file("deep", "100,000 nested lists in the schema", skopsModel(strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))),
		file("cut", "a schema that is cut short", skopsModel(system)[:200]),
		{Name: "skops-bare-pickle.skops", Group: "skops", Loader: "skops", Build: build(attackPickle()),
			Technique: "CVE-2025-54886: a pickle under the name of a skops file, which model cards load with joblib"},
	}
}
