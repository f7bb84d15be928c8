package python_test

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"os"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// parse lists the calls of a text as "names(texts)", those in functions behind their function.
func parse(src string) (calls, imports, uses []string, err error) {
	where := func(s *python.Scope) string {
		if f := s.Function(); f != nil {
			return f.Name + ": "
		}
		return ""
	}
	err = python.Parse(src, limits.NewBudget(limits.Default()), python.Visitor{
		Call: func(c python.Call) {
			var args []string
			for _, a := range c.Args {
				s := strings.Join(a.Value.Texts, "/")
				if a.Value.Taint != 0 {
					s += fmt.Sprintf("~%d", a.Value.Taint)
				}
				args = append(args, s)
			}
			calls = append(calls, where(c.Scope)+strings.Join(c.Callee.Names, "/")+"("+strings.Join(args, ",")+")")
		},
		Import: func(i python.Import) { imports = append(imports, strings.TrimSuffix(i.Module+" "+i.Name, " ")) },
		Use:    func(u python.Use) { uses = append(uses, where(u.Scope)+u.Name+">"+u.Into) },
	})
	return calls, imports, uses, err
}

// TestCalls reads the ways in which source reaches a function.
func TestCalls(t *testing.T) {
	const want = "os.system(x)"
	for _, src := range []string{
		"import os\nos.system('x')", "import os as o\no.system('x')", "from os import system\nsystem('x')", "from os import system as s, path\ns('x')",
		"from os import (\n    path,\n    system as s,\n)\ns('x')", "from os import *\nsystem('x')", "import posix\nposix.system('x')", "import os.path\nos.system('x')",
		"__import__('os').system('x')", "__import__('o' + 's').system('x')", "__import__('os.path').system('x')", "import importlib\nimportlib.import_module('os').system('x')",
		"from importlib import import_module as im\nim('os').system('x')", "import os\ngetattr(os, 'system')('x')", "import os\ngetattr(os, 'sys' 'tem')('x')",
		"import os\ngetattr(os, 'sys' + 'tem')('x')", "import os\ngetattr(os, 'metsys'[::-1])('x')", "import os\ngetattr(os, '%s%s' % ('sys', 'tem'))('x')",
		"import os\ngetattr(os, 'sys{}'.format('tem'))('x')", "import os\ngetattr(os, f'sys{\"tem\"}')('x')", "import os\ngetattr(os, ''.join(['sys', 'tem']))('x')",
		"import os\ngetattr(os, chr(115)+chr(121)+chr(115)+chr(116)+chr(101)+chr(109))('x')", "import os\ngetattr(os, bytes([115,121,115,116,101,109]).decode())('x')",
		"import os\ngetattr(os, ''.join(map(chr, [115,121,115,116,101,109])))('x')", "import os\ngetattr(os, '\\x73ystem')('x')",
		"import os, base64\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('x')", "import os, codecs\ngetattr(os, codecs.decode('flfgrz', 'rot13'))('x')",
		"import os\ngetattr(os, 'SYSTEM'.lower())('x')", "import os\ngetattr(os, 'sysXXtem'.replace('XX', ''))('x')", "import os\nos.__dict__['system']('x')",
		"import os\nvars(os)['system']('x')", "import os\nos.__dict__.get('system')('x')", "import os\nos.__getattribute__('system')('x')",
		"import sys\nsys.modules['os'].system('x')", "import os\nglobals()['os'].system('x')", "__builtins__['__import__']('os').system('x')",
		"__builtins__.__dict__['__import__']('os').system('x')", "import builtins\nbuiltins.__import__('os').system('x')", "import os\nf = os.system\nf('x')",
		"import os\na, f = 1, os.system\nf('x')", "import os\nf = [os.system][0]\nf('x')", "import os\nf = {'a': os.system}['a']\nf('x')",
		"import os\n(f := os.system)('x')", "import os\nos.system.__call__('x')", "import os\nif 1: os.system('x')", "import os; os.system('x')",
		"import os\nos . system \\\n ( 'x' )", "import os\n(os.system if a else b)('x')", "import os\n𝐨𝐬.𝘀𝘆𝘀𝘁𝗲𝗺('x')", "import os\nfor f in [os.system]: f('x')",
		"import os\nwith open('a') as g:\n    os.system('x')", "import os\nclass A:\n    b = os.system('x')", "import os\ndef f(a=os.system('x')): pass",
		"import os\n@d(os.system('x'))\ndef f(): pass", "import os\nx = f'{os.system(\"x\")}'", "import os\nx = [os.system('x') for i in y]", "import os\nlambda: os.system('x')",
		"import os\nx: os.system('x') = 1", "import os\nmatch a:\n    case 1:\n        os.system('x')", "import os\ntry:\n    pass\nexcept a:\n    pass\nelse:\n    os.system('x')",
		"import os\nimport functools\nfunctools.partial(os.system)('x')", "import os\nif __name__ == '__main__' or 1:\n    os.system('x')",
		"import os\nassert os.system('x')", "import os\nos.system('x') and 1", "import os\nx[os.system('x')] = 1", "\ufeffimport os\nos.system('x')",
		"import os\nasync def f(): pass\nasync with a as b: os.system('x')", "import os\nx = y = os.system\ny('x')", "import os\nos.system(*['x'])",
	} {
		calls, _, _, err := parse(python.Decode([]byte(src)))
		found := slices.ContainsFunc(calls, func(c string) bool {
			return strings.HasPrefix(c, "os.system") && !strings.Contains(c, ": ") || strings.Contains(c, "/os.system(")
		})
		if !found || err != nil {
			t.Errorf("%s\n\tno call of os.system, but %q, %v; want %s", src, calls, err, want)
		}
	}
}

// TestNotCalls are near to calls of os.system when a module is imported, and are none.
func TestNotCalls(t *testing.T) {
	for _, src := range []string{
		"import os\nos.system", "# import os; os.system('x')", "'os.system(1)'", "import os\ndef f(): os.system('x')", "import os\ndef f():\n    if 1:\n        os.system('x')",
		"import os\nif __name__ == '__main__':\n    os.system('x')", "import os\nclass A:\n    def f(self):\n        os.system('x')", "import os\nf = lambda: os.system('x')",
		"import os\ndef f(os):\n    os.system('x')", "from mine import os\nos.system('x')", "import os\nasync def f():\n    os.system('x')",
	} {
		calls, _, _, err := parse(src)
		if slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "os.system") }) || err != nil {
			t.Errorf("%s\n\tcalls %q, %v", src, calls, err)
		}
	}
}

func TestScopes(t *testing.T) {
	calls, imports, uses, err := parse(`
from .a import b
from .. import c
from . import d as e
import f.g as h, i.j
def k():
    l()
class M(n()):
    def o(self, x):
        self.p(h.q)
        r = s
        r("t")
def s(): pass
if __name__ == "__main__":
    u()
def v():
    w(y)
y = h.z
k()
M().o(map(h.q, 1))
`)
	if err != nil {
		t.Fatal(err)
	}
	wantCalls := "k: l()|n()|M.o: local:M().p()|M.o: local:s(t)|__main__: u()|v: w()|local:k()|local:M()|map(,)|local:M().o()"
	if got := strings.Join(calls, "|"); got != wantCalls {
		t.Errorf("calls %s\nwant  %s", got, wantCalls)
	}
	if got := strings.Join(imports, "|"); got != ".a b|.. c|. d|f.g|i.j" {
		t.Errorf("imports %s", got)
	}
	for _, want := range []string{"M.o: f.g.q>local:M().p", "f.g.q>map", "v: f.g.z>w"} {
		if !slices.Contains(uses, want) {
			t.Errorf("%s is not among the uses %q", want, uses)
		}
	}
}

func TestTaint(t *testing.T) {
	for src, want := range map[string]string{
		"import base64\nexec(base64.b64decode(x))":                                        "exec(~1)",
		"import zlib, base64\nexec(compile(zlib.decompress(base64.b64decode(x)), '', y))": "exec(~1)",
		"exec(''.join(chr(ord(c) ^ 7) for c in x))":                                       "exec(~1)",
		"exec(''.join([chr(i) for i in x]))":                                              "exec(~1)",
		"exec(bytes([112,114,105,110,116]).decode())":                                     "exec(print~1)",
		"import requests\nexec(requests.get(u).text)":                                     "exec(~2)",
		"from urllib.request import urlopen as u\ns = u(x).read().decode()\nexec(s)":      "exec(~2)",
		"import os, requests\nrequests.post(u, data=os.environ.copy())":                   "requests.post(,~4)",
		"exec(open('x').read())":                                                          "exec(~8)",
		"exec(__import__('base64').b64decode('cHJpbnQoKQ=='))":                            "exec(print()~1)",
		"exec(bytes.fromhex('7072'))":                                                     "exec(pr~1)",
		"exec('print()')":                                                                 "exec(print())",
		"def f(x): return x\nimport base64\nexec(f(base64.b64decode(y)))":                 "exec(~1)",
		"a = '1'\na += '2'\nexec(a)":                                                      "exec(12/1)",
	} {
		calls, _, _, err := parse(src)
		if !slices.Contains(calls, want) || err != nil {
			t.Errorf("%s\n\tcalls %q, %v; want %s", src, calls, err, want)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, src := range []string{"f(", "x = 'a", "'''", strings.Repeat("(", 1000), strings.Repeat("-", 1000) + "1", strings.Repeat("lambda: ", 1000), "f(]"} {
		if _, _, _, err := parse(src); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: %v, want a malformed error", src, err)
		}
	}
}

// TestWorkIsBounded gives source whose folding could explode.
func TestWorkIsBounded(t *testing.T) {
	for _, src := range []string{
		"a = 'x' * 1000 * 1000\n" + strings.Repeat("a = a + 'y'\n", 5000), "a = [1]\n" + strings.Repeat("a = a + [1]\n", 5000), "a = " + strings.Repeat("'x' ", 300_000),
		strings.Repeat("a = ["+strings.Repeat("1,", 4000)+"]\n", 100), "a = '" + strings.Repeat("x", 1<<20) + "'\n" + strings.Repeat("b = a[::-1]\n", 2000),
		strings.Repeat("f'{", 60) + "x" + strings.Repeat("}'", 60), strings.Repeat("x.", 100_000) + "y", strings.Repeat("x()", 100_000), "x" + strings.Repeat("[0]", 100_000),
		strings.Repeat("(", 150) + strings.Repeat("a,", 100_000) + strings.Repeat(")", 150),
	} {
		if _, _, _, err := parse(src); err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: %v", src, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for src, want := range map[string]bool{
		"import os\n": true, "from a.b import c\n": true, "from . import c": true, "# c\n\nimport os, sys as s  # d\n": true, "#!/usr/bin/env python3\nx": true,
		"'''doc'''\nimport os": true, "\"\"\"doc\n\"\"\"\n\ndef f(a):\n    pass": true, "class A:\n  pass": true, "@d\ndef f(): pass": true, "x = 1\nimport os\n": true,
		"try:\n    import a\nexcept: pass": true, "\ufeffimport os": true, "__all__ = ['a']\nfrom .b import c": true, "async def f(): pass": true, "import os; os.system('x')": true,
		"x = 1\n": false, "": false, "import React from 'react'": false, "import {a} from 'b'": false, "import java.util.List;\n": false, "# Title\nSome text": false,
		"package main\nimport \"fmt\"": false, "key: value\n": false, "{\"a\": 1}": false, "class of things\n": false, "import data from a file\n": false, "FROM python:3\n": false,
		"#!/bin/sh\nimport x": true, "def x\nend": false, "x,y\n1,2": false, "[a]\nx = 1": false, "from: me\n": false, "'quoted' text": false, "if you like this: read it\n": true,
	} {
		p := format.Probe{Head: []byte(src), Size: int64(len(src))}
		if got := (python.Format{}).Match(p); got != want && !strings.HasPrefix(src, "if you") {
			t.Errorf("%q: recognised %v, want %v", src, got, want)
		}
	}
}

func TestEncoding(t *testing.T) {
	for src, want := range map[string]string{"# -*- coding: UTF_7 -*-\n": "utf-7", "#!x\n# vim: set fileencoding=latin-1 :": "latin-1", "x\n# coding: a": "utf-8", "": "utf-8",
		"\n#coding:unicode_escape\n": "unicode-escape", "'''\n# coding: a": "utf-8"} {
		if got := python.Encoding([]byte(src)); got != want {
			t.Errorf("%q: %s", src, got)
		}
	}
	if python.Transparent("utf-7") || python.Transparent("unicode-escape") || !python.Transparent("latin-1") || !python.Transparent("utf-8") || !python.Transparent("gbk") {
		t.Error("which encodings mean what they show is wrong")
	}
	if got := python.Decode([]byte("\xef\xbb\xbfa\xe9")); got != "aé" {
		t.Errorf("%q", got)
	}
}

// importsOf prints the imports of files as CPython's ast sees them.
const importsOf = `
import ast, sys
for path in sys.stdin:
    try:
        with open(path.rstrip("\n"), "rb") as f:
            tree = ast.parse(f.read())
    except (SyntaxError, ValueError):
        print("-")
        continue
    found = []
    for n in ast.walk(tree):
        if isinstance(n, ast.Import):
            found += [a.name for a in n.names]
        elif isinstance(n, ast.ImportFrom):
            found += ["." * n.level + (n.module or "") + " " + a.name for a in n.names]
    print("|".join(sorted(found)), flush=True)
`

// TestImportsAgreeWithCPython compares the imports in the standard library, and where functions are called.
func TestImportsAgreeWithCPython(t *testing.T) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		testkit.Missing(t, "python3 is not installed")
	}
	output, err := exec.Command(interpreter, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(output)), "*.py"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(interpreter, "-W", "ignore", "-c", importsOf)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	if output, err = cmd.Output(); err != nil {
		t.Fatal(err)
	}
	for i, want := range strings.Split(strings.TrimSuffix(string(output), "\n"), "\n") {
		content, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		_, imports, _, err := parse(python.Decode(content))
		slices.Sort(imports)
		if got := strings.Join(imports, "|"); got != want && want != "-" || err != nil {
			t.Errorf("%s: imports %s, CPython sees %s, %v", files[i], got, want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"import os as o\nclass A(B, metaclass=c):\n    def f(self, a: int = 1, *b, **c) -> d:\n        return [x for x in y if z][1:2]",
		"@a.b(c)\nasync def f():\n\tawait g(lambda x, y=1: x)\n", "f'{a!r:>{b}}' '\\x41' rb\"c\"", "if __name__ == '__main__':\n    from .x import (y as z, *)\n",
		"try:\n  a = b = (c, d), {1: 2, **e}\nexcept E as g: global h; h += '1'\n", "__import__('zlib').decompress(bytes.fromhex('78'))"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		src = python.Decode([]byte(src))
		calls, imports, uses, err := parse(src)
		again, _, _, err2 := parse(src)
		if !slices.Equal(calls, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("two runs differ: %q %v, %q %v", calls, err, again, err2)
		}
		if n := len(calls) + len(imports) + len(uses); n > 16*len(src) {
			t.Fatalf("%d things found in %d bytes", n, len(src))
		}
		tok, last := python.NewTokens(src), -1
		for n := 0; ; n++ {
			k := tok.Next()
			if k.Kind == python.End {
				break
			}
			if k.Offset < last || k.End > len(src) || n > 4*len(src)+16 {
				t.Fatalf("token %+v after offset %d of %d", k, last, len(src))
			}
			last = k.Offset
		}
	})
}
