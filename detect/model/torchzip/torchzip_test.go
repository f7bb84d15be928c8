package torchzip_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	detector "github.com/picketsec/picket/detect/model/torchzip"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// pickle refers to storage "0" of two floats.
const pickle = "\x80\x02X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02(t" +
	"Q."

// flat is the same with a tuple made by MARK, as writers do.
const flat = "\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ."

// archive is one of PyTorch with a source and a storage.
func archive(source string, storage []byte, more ...rawzip.Entry) []byte {
	members := []rawzip.Entry{{Name: "m/data.pkl", Data: []byte(flat)}, {Name: "m/version", Data: []byte("3\n")},
		{Name: "m/code/__torch__.py", Data: []byte(source), Method: rawzip.Deflate}}
	if storage != nil {
		members = append(members, rawzip.Entry{Name: "m/data/0", Data: storage})
	}
	return rawzip.Archive{Entries: append(members, more...)}.Must()
}

// run scans content.
func run(t testing.TB, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, []format.Format{torchzip.New(), zip.New()}, detector.New())
}

// fired lists the rules of a result, each once.
func fired(r picket.Result) string {
	var ids []string
	for _, f := range r.Findings {
		if id := strings.TrimPrefix(f.Rule.ID, "model."); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func TestScript(t *testing.T) {
	for source, want := range map[string]string{
		"def f(self, x):\n  return torch.relu(x)\n":                                     "",
		"_0 = \"a string with torch.save( and eval(\"\nops.prim.RaiseException(_0)":     "",
		"# torch.save(x) in a comment\nx = 'it''s' 'torch.save('\n":                     "",
		"weight : __torch__.torch.classes.quantized.LinearPackedParamsBase":             "",
		"y = __torch__.torch.nn.functional.batch_norm(x)\nz = x.save\nself.compile(1)":  "",
		"if torch.__is__(x, None):\n  pass\nz = 1.5e-05\nops.torchvision.nms(a, b, .5)": "",
		"def open(self):\n  return self.open(1)\ntorch.__xor__(a, b)":                   "",
		"import __torch__.torch.nn":                                                     "",
		"ops.aten.save(x, \"name\")":                                                    "torchscript.file-access",
		"torch.save(x, \"name\")":                                                       "torchscript.file-access",
		"torch.from_file(\"name\", True, 10)":                                           "torchscript.file-access",
		"_0 = ops . aten \\\n . from_file\n_0(x)":                                       "torchscript.file-access",
		"torch.ops.aten.save(x)":                                                        "torchscript.file-access",
		"ops.image.write_file(n, x)":                                                    "torchscript.file-access",
		"'''doc'''; torch.save(x)":                                                      "torchscript.file-access",
		"x = \"\\\"\"; torch.save(x)":                                                   "torchscript.file-access",
		"t = torch\nt.save(x)":                                                          "torchscript.hidden-operator",
		"(ops.aten).save(x)":                                                            "torchscript.hidden-operator",
		"x = ^Callback(1)(x)":                                                           "torchscript.python-call",
		"ops.prim.PythonOp(x)":                                                          "torchscript.python-call",
		"rpc_async(to, fn)":                                                             "torchscript.remote-call",
		"x : __torch__.torch.classes.dist_rpc.WorkerInfo":                               "torchscript.remote-call",
		"ops.mylib.run(x)":                                                              "torchscript.unknown-operator",
		"e : __torch__.torch.classes.tensorrt.Engine":                                   "torchscript.custom-class",
		"import os":             "torchscript.not-torchscript",
		"eval(\"1\")":           "torchscript.not-torchscript",
		"x.__class__.__bases__": "torchscript.not-torchscript",
		"f = lambda: 1":         "torchscript.not-torchscript",
		"def f(x):\n  # type: (eval('1')) -> int": "torchscript.type-comment",
		"def f(x):\n  # type: (Tensor) -> Tensor": "",
	} {
		r := run(t, archive(source, make([]byte, 8)))
		if got := fired(r); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
		for _, f := range r.Findings {
			if f.Location.Line < 1 || f.Location.Member != "m/code/__torch__.py" || f.Evidence.Excerpt == "" {
				t.Errorf("%q: found at %+v: %+v", source, f.Location, f.Evidence)
			}
		}
	}
}

func TestPlaceAndTechnique(t *testing.T) {
	r := run(t, archive("def f(x):\n  s = \"\"\"two\nlines\"\"\"\n  torch.save(x, \"n\")\n", make([]byte, 8)))
	if len(r.Findings) != 1 || r.Findings[0].Location.Line != 4 || r.Findings[0].Technique != "CVE-2025-32434" || r.Verdict != picket.Malicious {
		t.Errorf("%v %+v", r.Verdict, r.Findings)
	}
}

func TestStorages(t *testing.T) {
	if got := fired(run(t, archive("", make([]byte, 8)))); got != "" {
		t.Errorf("the right size: %q", got)
	}
	for want, storage := range map[string][]byte{"torch.storage-size": make([]byte, 7), "torch.storage-slack": make([]byte, 9), "torch.missing-storage": nil} {
		if got := fired(run(t, archive("", storage))); got != want {
			t.Errorf("%d bytes: %q, want %q", len(storage), got, want)
		}
	}
	short := rawzip.Entry{Name: "m/data/0", Data: make([]byte, 3)}
	if got := fired(run(t, archive("", make([]byte, 8), short))); !strings.Contains(got, "torch.storage-size") {
		t.Errorf("a second, shorter storage of the same name: %q", got)
	}
	_ = run(t, archive("", make([]byte, 8), rawzip.Entry{Name: "m/constants.pkl", Data: []byte(pickle)})) // a broken pickle
}

// A source that only the local header's name makes one is read too.
func TestLocalNameCounts(t *testing.T) {
	m := rawzip.Entry{Name: "m/readme", LocalName: "m/code/x.py", Data: []byte("torch.save(x)")}
	if got := fired(run(t, archive("", make([]byte, 8), m))); got != "torchscript.file-access" {
		t.Errorf("%q", got)
	}
}

func TestLongSourceIsAGap(t *testing.T) {
	r := run(t, archive(strings.Repeat("a = 1 \n", 2<<20), make([]byte, 8)))
	if len(r.Coverage.Gaps) == 0 {
		t.Errorf("%v %+v", r.Verdict, r.Coverage)
	}
}

const writers = `
import sys, os, torch
d = sys.argv[1]
class M(torch.nn.Module):
    def __init__(s):
        super().__init__(); s.l = torch.nn.Linear(4, 4); s.b = torch.nn.BatchNorm1d(4); s.e = torch.nn.LSTM(4, 4)
        s.m = torch.nn.MultiheadAttention(4, 2); s.c = torch.nn.Conv2d(1, 1, 3)
    def forward(s, x, mask: bool = False):
        y = s.b(torch.relu(s.l(x)))
        if mask: y = torch.cat([y, y], 0)
        z, _ = s.e(y.unsqueeze(0))
        print(z.shape)
        return s.m(z, z, z)[0], {"k": torch.zeros(2)}
torch.jit.script(M()).save(os.path.join(d, "script.pt"))
torch.jit.trace(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh()), torch.ones(1, 2)).save(os.path.join(d, "trace.pt"))
q = torch.quantization.quantize_dynamic(torch.nn.Sequential(torch.nn.Linear(2, 2)), dtype=torch.qint8)
torch.jit.script(q).save(os.path.join(d, "quantized.pt"))
torch.save(M().state_dict(), os.path.join(d, "state.pt"))
t = torch.arange(100.)
torch.save({"view": t[10:20], "all": t, "half": t.half(), "bool": t > 3, "empty": torch.zeros(0)}, os.path.join(d, "views.pt"))
`

func TestHonestModels(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "write.py") // TorchScript looks for its own source
	if err := os.WriteFile(script, []byte(writers), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("/usr/bin/python3", "-W", "ignore", script, dir).CombinedOutput(); err != nil {
		testkit.Missing(t, "PyTorch is not there (make setup installs it): %v %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pt"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%q %v", files, err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, content)
		if len(r.Findings) > 0 || r.Artifact.Format != torchzip.Name {
			t.Errorf("%s (%s): %+v", filepath.Base(name), r.Artifact.Format, r.Findings)
		}
	}
}

func TestMatch(t *testing.T) {
	set, err := detect.NewSet([]format.Format{torchzip.New(), zip.New()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, members := range map[string][]rawzip.Entry{
		"torch-zip": {{Name: "a/data.pkl"}, {Name: "a/version"}}, "zip": {{Name: "a/data.pkl"}, {Name: "b/version"}},
	} {
		r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(),
			detect.Entry{Name: "x", Blob: format.BytesBlob(rawzip.Archive{Entries: members}.Must())})
		if err != nil || r.Artifact.Format != want {
			t.Errorf("%q, want %q (%v)", r.Artifact.Format, want, err)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, detector.New(), []format.Format{torchzip.New()}, map[string][]byte{
		"honest": archive("def f(x):\n  return torch.relu(x)\n", make([]byte, 8)),
		"odd":    archive("torch.save(x)\nimport os", make([]byte, 3)),
	})
}

func FuzzScript(f *testing.F) {
	f.Add("def f(self, x):\n  return torch.relu(x)\n")
	f.Add("'''a''' \"b\\\" # type: (eval) \n ^f(1.5.x) ops . aten.save")
	f.Fuzz(func(t *testing.T, source string) {
		r := run(t, archive(source, make([]byte, 8)))
		for _, found := range r.Findings {
			if found.Location.Offset < 0 || found.Location.Offset+found.Location.Length > int64(len(source))+64 {
				t.Fatalf("found outside of %d bytes: %+v", len(source), found.Location)
			}
		}
	})
}
