package pickle_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/joblib"
	pickleformat "github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/torchlegacy"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/pickle"
	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// formats are those that the detector's tests recognise.
func formats() []format.Format {
	return []format.Format{pickleformat.Format{}, joblib.Format{}, torchlegacy.Format{}}
}

// scan runs the detector with its packs only.
func scan(t testing.TB, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, formats(), pickle.New(pickle.Config{}))
}

// Short forms for tables.
var (
	g    = asm.Global
	s    = asm.Str
	call = asm.Call
)

// system is the plain attack.
func system() asm.Value { return call(g("os", "system"), s("echo picket")) }

// storage is the ID of a torch storage of n floats.
func storage(n int64) asm.Value {
	return func(a *asm.Asm) {
		a.Put(asm.Tuple(s("storage"), g("torch", "FloatStorage"), s("0"), s("cpu"), asm.Num(n))).Raw(asm.BinPersID)
	}
}

// tensor is a call of _rebuild_tensor_v2 for a vector of n floats in a storage of have.
func tensor(have, n int64) asm.Value {
	return call(g("torch._utils", "_rebuild_tensor_v2"), storage(have), asm.Num(0), asm.Tuple(asm.Num(n)), asm.Tuple(asm.Num(1)),
		asm.Bool(false), call(g("collections", "OrderedDict")))
}

// ndarray is an array of numpy with a state.
func ndarray() asm.Value {
	return call(g("numpy.core.multiarray", "_reconstruct"), g("numpy", "ndarray"), asm.Tuple(asm.Num(0)), asm.Bytes([]byte("b")))
}

// estimator is an estimator of scikit-learn with a state.
func estimator(state ...asm.Value) asm.Value {
	return asm.Built(asm.NewObject(g("sklearn.svm._classes", "SVC")), asm.Dict(state...))
}

// deflated is b as a zlib stream in base64.
func deflated(b []byte) string {
	var buf bytes.Buffer
	w := zlib.NewWriter(&buf)
	_, _ = w.Write(b)
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}

// ruleTest says which rules a value fires about which subjects, as "rule subject" without model.pickle., joined by commas;
// none means a clean file.
type ruleTest struct {
	name  string
	value asm.Value
	want  string
}

// checkRules runs the tests in an old and a new protocol. Dotted and computed names need protocol 4.
func checkRules(t *testing.T, tests []ruleTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, protocol := range []int{2, 4} {
				if strings.Contains(test.name, "dotted") || strings.Contains(test.name, "computed name") || strings.Contains(test.name, "keyword") {
					protocol = 4
				}
				got := scan(t, asm.New(protocol).Put(test.value).Bytes())
				if fired := rules(got); fired != test.want {
					t.Errorf("protocol %d: rules %q, want %q", protocol, fired, test.want)
				}
				if test.want == "" && got.Verdict != picket.Clean {
					t.Errorf("protocol %d: verdict %v, want clean (gaps %v)", protocol, got.Verdict, got.Coverage.Gaps)
				}
			}
		})
	}
}

// TestGadgets covers calls of gadgets, however they are reached.
func TestGadgets(t *testing.T) {
	checkRules(t, []ruleTest{
		{"os.system", system(), "code-execution os.system"},
		{"only imported", asm.List(g("os", "system")), "dangerous-import os.system"},
		{"constructed without init", asm.NewObject(g("subprocess", "Popen")), "dangerous-import subprocess.Popen"},
		{"old name of Python 2", call(g("__builtin__", "eval"), s("1")), "code-execution builtins.eval"},
		{"resolve_name", call(call(g("pkgutil", "resolve_name"), s("os:system")), s("echo")), "code-execution os.system"},
		{"getattr of a module", call(call(g("builtins", "getattr"), call(g("importlib", "import_module"), s("os")), s("system")), s("echo")),
			"code-execution importlib.import_module, code-execution os.system"},
		{"methodcaller", call(call(g("operator", "methodcaller"), s("system"), s("echo")), call(g("importlib", "import_module"), s("os"))),
			"code-execution importlib.import_module, code-execution os.system, indirection operator.methodcaller"},
		{"partial", call(call(g("functools", "partial"), g("os", "system"), s("echo"))), "code-execution os.system"},
		{"map", call(g("builtins", "list"), call(g("builtins", "map"), g("os", "system"), asm.List(s("echo")))),
			"code-execution builtins.map, code-execution os.system"},
		{"dotted through torch", call(g("torch", "os.system"), s("echo")), "code-execution torch.os.system"},
		{"dotted through pathlib", call(g("pathlib", "os.system"), s("echo")), "code-execution pathlib.os.system"},
		{"writes a file", call(g("logging", "FileHandler"), s("/tmp/x")), "side-effect logging.FileHandler"},
		{"opens a connection", call(g("urllib.request", "urlopen"), s("http://127.0.0.1/")), "side-effect urllib.request.urlopen"},
		{"reads a file", call(g("linecache", "getlines"), s("/etc/hostname")), "dangerous-import linecache.getlines"},
		{"makes code", call(g("types", "CodeType"), asm.Num(0), s("name")), "code-object types.CodeType"},
		{"popped", asm.Seq(system(), func(a *asm.Asm) { a.Raw(asm.Pop) }, asm.None), "code-execution os.system"},
		{"in the state", estimator(s("__setstate__"), g("os", "system")), "code-execution os.system"},
		{"through torch's trampoline", call(g("torch._tensor", "_rebuild_from_type_v2"), g("os", "system"), g("torch", "Tensor"),
			asm.Tuple(s("echo")), asm.None), "code-execution os.system"},
		{"as a keyword", asm.NewObjectEx(g("sklearn.svm._classes", "SVC"), asm.Tuple(), asm.Dict(s("kernel"), g("os", "system"))),
			"code-execution os.system"},
		{"computed name", call(func(a *asm.Asm) {
			a.Put(call(g("operator", "concat"), s("o"), s("s")), s("system")).Raw(asm.StackGlobal)
		}, s("echo")), "code-execution, indirection operator.concat, unknown-global"},
	})
}

// TestUnknownNames covers names that no pack has.
func TestUnknownNames(t *testing.T) {
	checkRules(t, []ruleTest{
		{"unknown class", asm.NewObject(g("mylib.net", "Model")), "unknown-global mylib.net.Model"},
		{"unknown class twice", asm.List(asm.NewObject(g("mylib.net", "Model")), asm.NewObject(g("mylib.net", "Model"))),
			"unknown-global mylib.net.Model"},
		{"unknown class imported", g("mylib.net", "Model"), "unknown-global mylib.net.Model"},
		{"gadget to an unknown function", call(g("mylib", "run"), g("os", "system")), "code-execution os.system, unknown-global mylib.run"},
		{"computed callee", call(call(g("mylib", "make"), asm.Num(1)), s("x")), "unknown-callable, unknown-global mylib.make"},
		{"a submodule is not the module", asm.NewObject(g("sklearn.svm._classes.SVC", "Inner")), "unknown-global sklearn.svm._classes.SVC.Inner"},
	})
}

// TestPositions covers allowed names in and out of their positions.
func TestPositions(t *testing.T) {
	checkRules(t, []ruleTest{
		{"estimator", estimator(s("C"), asm.Real(1)), ""},
		{"estimator with an allowed function", estimator(s("func"), g("numpy", "log1p")), ""},
		{"array", asm.Built(ndarray(), asm.Tuple(asm.Num(1), asm.Tuple(asm.Num(0)), call(g("numpy", "dtype"), s("f8"), asm.Bool(false), asm.Bool(true)),
			asm.Bool(false), asm.Bytes(nil))), ""},
		{"tensor", tensor(4, 4), ""},
		{"defaultdict of list", call(g("collections", "defaultdict"), g("builtins", "list")), ""},
		{"latin1", call(g("_codecs", "encode"), s("abc"), s("latin1")), ""},
		{"reconstructor", call(g("copyreg", "_reconstructor"), g("sklearn.svm._classes", "SVC"), g("builtins", "object"), asm.None), ""},
		{"class method", call(call(g("builtins", "getattr"), g("zoneinfo", "ZoneInfo"), s("_unpickle")), s("Europe/Berlin"), asm.Num(1)), ""},
		{"other codec", call(g("_codecs", "encode"), s("abc"), s("zip")), "call-position _codecs.encode"},
		{"estimator is called", call(g("sklearn.svm._classes", "SVC"), asm.Num(1)), "call-position sklearn.svm._classes.SVC"},
		{"function as data", call(g("torch._utils", "_rebuild_tensor_v2"), g("torch._utils", "_rebuild_tensor_v2")),
			"call-position torch._utils._rebuild_tensor_v2"},
		{"base that is no builtin", call(g("copyreg", "_reconstructor"), g("sklearn.svm._classes", "SVC"), g("sklearn.svm._classes", "SVC"),
			asm.None), "call-position copyreg._reconstructor"},
		{"number of bytes", call(g("builtins", "bytearray"), asm.Num(1<<40)), "call-position builtins.bytearray"},
		{"type with a name", call(g("builtins", "type"), s("X"), asm.Tuple(), asm.Dict()), "call-position builtins.type"},
		{"state of a class", asm.Built(g("sklearn.svm._classes", "SVC"), asm.Dict(s("fit"), asm.None)),
			"call-position sklearn.svm._classes.SVC, divergence target-form"},
		{"state of a module", asm.Built(g("torch", "os"), asm.Dict(s("system"), asm.None)),
			"code-execution torch.os, divergence target-form"},
		{"special attribute", estimator(s("__setstate__"), g("torch._utils", "_rebuild_tensor_v2")), "call-position sklearn.svm._classes.SVC"},
		{"items of a tensor", func(a *asm.Asm) {
			a.Put(tensor(4, 4)).Put(asm.Num(0), asm.Num(1)).Raw(asm.SetItem)
		}, "call-position torch._utils._rebuild_tensor_v2"},
		{"items of a dict", func(a *asm.Asm) {
			a.Put(call(g("collections", "OrderedDict"))).Put(s("w"), tensor(4, 4)).Raw(asm.SetItem)
		}, ""},
	})
}

// arrayIn is an array that joblib before 0.10 wrote to a file of its own.
func arrayIn(name string) asm.Value {
	return asm.Built(asm.NewObject(g("joblib.numpy_pickle_compat", "NDArrayWrapper")),
		asm.Dict(s("filename"), s(name), s("subclass"), g("numpy", "ndarray")))
}

// TestReferences covers indirection, references to the outside and tensors.
func TestReferences(t *testing.T) {
	checkRules(t, []ruleTest{
		{"bound method", call(g("builtins", "getattr"), estimator(), s("predict")), "indirection builtins.getattr"},
		{"way to the interpreter", call(g("builtins", "getattr"), estimator(), s("__class__")), "code-execution builtins.getattr"},
		{"persistent ID", func(a *asm.Asm) { a.Put(s("thing")).Raw(asm.BinPersID) }, "persistent-id"},
		{"array outside of the folder", arrayIn("../../x.npy"), "external-array ../../x.npy"},
		{"array of the machine", arrayIn("/tmp/x.npy"), "external-array /tmp/x.npy"},
		{"tensor outside of its storage", tensor(4, 5), "tensor-bounds"},
		{"enormous array", call(g("numpy.core.multiarray", "_reconstruct"), g("numpy", "ndarray"), asm.Tuple(asm.Num(1<<50)), asm.Bytes([]byte("b"))),
			"resource numpy.core.multiarray._reconstruct"},
	})
}

// TestPayloads covers content in strings.
func TestPayloads(t *testing.T) {
	elf := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 64)...)
	checkRules(t, []ruleTest{
		{"pickle in bytes", asm.Bytes(asm.Encode(4, system())), "code-execution os.system, nested-payload"},
		{"pickle in base64", s(base64.StdEncoding.EncodeToString(asm.Encode(4, system()))), "code-execution os.system, nested-payload"},
		{"harmless pickle in bytes", asm.Bytes(asm.Encode(4, asm.List(s("a"), s("b"), s("c")))), "nested-payload"},
		{"zlib in base64", s(deflated(asm.Encode(4, system()))), "nested-payload"},
		{"tensor in bytes", call(g("torch.storage", "_load_from_bytes"), asm.Bytes(append(torchlegacy.Magic(), asm.Encode(2, asm.Num(1001))...))), ""},
		{"program", asm.Bytes(elf), "native-code"},
		{"text", s(strings.Repeat("the quick brown fox ", 100)), ""},
		{"random text", s(strings.Repeat("QmFzZTY0", 100)), ""},
	})
}

// rules are the rules and subjects of the findings, sorted.
func rules(r picket.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, strings.TrimSpace(strings.TrimPrefix(f.Rule.ID, "model.pickle.")+" "+
			strings.ReplaceAll(f.Subject, "__builtin__.", "builtins.")))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

// TestEvidence checks what a person reads.
func TestEvidence(t *testing.T) {
	r := scan(t, asm.Encode(4, system()))
	if r.Verdict != picket.Malicious || len(r.Findings) != 1 {
		t.Fatalf("verdict %v with %d findings, want malicious with 1", r.Verdict, len(r.Findings))
	}
	f := r.Findings[0]
	if want := `calls os.system("echo picket") when loaded`; f.Evidence.Summary != want {
		t.Errorf("evidence %q, want %q", f.Evidence.Summary, want)
	}
	if !strings.Contains(f.Technique, "shell command") || f.Location.Offset <= 0 {
		t.Errorf("technique %q at %d, want the name of the attack and the place of the call", f.Technique, f.Location.Offset)
	}
	if want := []string{`os.system("echo picket")`}; !slices.Equal(r.Trace, want) {
		t.Errorf("trace %q, want %q", r.Trace, want)
	}
}

// TestAllow checks what a user may allow.
func TestAllow(t *testing.T) {
	allow := func(names ...string) *pickle.Detector { return pickle.New(pickle.Config{Allow: names}) }
	model := asm.Encode(4, asm.Built(asm.NewObject(g("mylib.net", "Model")), asm.Dict(s("a"), asm.Num(1))))
	if r := detecttest.Run(t, model, formats(), allow("mylib.net.Model")); r.Verdict != picket.Clean {
		t.Errorf("an allowed class gives %v: %s", r.Verdict, rules(r))
	}
	if r := detecttest.Run(t, model, formats(), allow("mylib.net.Mode", "mylib.net", "mylib.*", "mylib.net.Model2")); rules(r) != "unknown-global mylib.net.Model" {
		t.Errorf("names that are not exact allow the class: %s", rules(r))
	}
	handed := asm.Encode(4, call(g("mylib", "run"), g("os", "system")))
	if r := detecttest.Run(t, handed, formats(), allow("mylib.run")); r.Verdict != picket.Malicious && r.Verdict != picket.Suspicious {
		t.Errorf("an allowed function lets os.system through: %v", r.Verdict)
	}
	for name, valid := range map[string]bool{
		"mylib.net.Model": true, "os.system": true, "mylib.*": false, "mylib": false, "os": false, "idlelib.run": false, "a.__globals__": false,
		"": false, "a..b": false, "a.b ": false,
	} {
		if err := (pickle.Config{Allow: []string{name}}).Validate(); (err == nil) != valid {
			t.Errorf("allow %q: error %v, want valid = %v", name, err, valid)
		}
	}
}
