package yaml_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	reference "go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/limits"
)

// events lists what a document holds.
func events(text string) (list []string, weight int64) {
	weight = yaml.Scan([]byte(text), func(e yaml.Event) {
		switch e.Kind {
		case yaml.Key:
			list = append(list, e.Text+":")
		case yaml.Value:
			list = append(list, e.Key+"="+e.Text)
		case yaml.Tag:
			list = append(list, "!"+e.Text)
		case yaml.Alias:
			list = append(list, "*"+e.Text)
		}
	})
	return list, weight
}

func TestScan(t *testing.T) {
	for text, want := range map[string]string{
		"a: b\nc:\n  - d\n  - e: f # g\n":                  "a:|a=b|c:|c=d|e:|e=f",
		"a: {b: c, \"d\": [e, f]}":                         "a:|b:|b=c|d:|d=e|d=f",
		"a: 'it''s'\nb: \"\\x41\\u0042\\n\"":               "a:|a=it's|b:|b=AB\n",
		"a: |\n  x: y\n  z\nb: c":                          "a:|a=x: y\nz\n|b:|b=c",
		"- a: >-\n    x\n  b: c":                           "a:|a=x\n|b:|b=c",
		"- |\n  x: y\n- z":                                 "=x: y\n|=z",
		"a: !!str b":                                       "a:|!tag:yaml.org,2002:str|a=b",
		"!!python/object/apply:os.system [x]":              "!tag:yaml.org,2002:python/object/apply:os.system|=x",
		"a: !<tag:yaml.org,2002:python/x> b":               "a:|!tag:yaml.org,2002:python/x|a=b",
		"%TAG ! tag:yaml.org,2002:python/\n---\n!name:x y": "!tag:yaml.org,2002:python/name:x|=y",
		"%TAG !p! tag:yaml.org,2002:\n---\n!p!str y":       "!tag:yaml.org,2002:str|=y",
		"!!python%2Fname:x y":                              "!tag:yaml.org,2002:python/name:x|=y",
		"a: &x os.system\nb: *x":                           "a:|a=os.system|b:|b=os.system",
		"a: &x [b]\nc: *x":                                 "a:|a=b|c:|*x",
		"a:\n  b":                                          "a:|a=b",
		"http://x: y":                                      "http://x:|http://x=y",
		"a: http://x#y":                                    "a:|a=http://x#y",
		"---\na: b\n...\n":                                 "a:|a=b",
		"? a\n: b":                                         "a:|a=b",
		"{a: !!x {b: c}}":                                  "a:|!tag:yaml.org,2002:x|b:|b=c",
		"# a: b\n":                                         "",
		"a: \"x\n  y\"\nb: c":                              "a:|a=x\n  y|b:|b=c",
	} {
		got, _ := events(text)
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q\n\tgot  %q\n\twant %q", text, s, want)
		}
	}
}

func TestWeight(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	if _, weight := events(bomb); weight < 1e9 {
		t.Errorf("a bomb weighs %d", weight)
	}
	honest := "base: &base\n  a: 1\n  b: 2\n" + strings.Repeat("x:\n  <<: *base\n  c: 3\n", 1000)
	if _, weight := events(honest); weight > 10_000 {
		t.Errorf("an honest document weighs %d", weight)
	}
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"a: b\nc: d\n": true, "---\na: b\n": true, "# x\nmodel:\n  type: y\n": true, "- a\n- b: c\n": true, "!!python/object/apply:os.system [x]\n": true,
		"{_target_: os.system}": true, "{a: b, c: [d],\n  e: f}\n": true, "{a: 1; }": false, "a: b": true, "a:\n  b: |\n    text of any kind\n    more\nc: d": true, "names:\n- a\n- b\n": true,
		"!new:os.system [x]": true, "a: !!python/name:x y": true,
		"": false, "plain text\n": false, "{\"a\": 1}": false, "import os\nx: int = 1\n": false, "def f():\n  pass\n": false, "Title\n=====\n\nSome text: more\n": false,
		"- a point\n- another point\n": false, "class A:\n    x: int\n": false, "#!/bin/sh\necho a\n": false, "Note: this is a text.\nIt has lines.\nAnd more lines.\n": false,
		"<a>\n<b>": false, "x = 1\n": false, "[section]\nkey=1\n": false,
	} {
		if got := (yaml.Format{}).Match(format.Probe{Head: []byte(text), Size: int64(len(text))}); got != want {
			t.Errorf("%q: recognised %v, want %v", text, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	budget := limits.NewBudget(limits.Default())
	if got, release, err := yaml.Load(format.BytesBlob([]byte("a: b")), budget); err != nil || string(got) != "a: b" {
		t.Errorf("%q, %v", got, err)
	} else {
		release()
	}
	if _, _, err := yaml.Load(format.BytesBlob(bytes.Repeat([]byte("a"), yaml.MaxSize+1)), budget); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("beyond the bound: %v", err)
	}
}

// TestAgreesWithAParser compares keys and tags with those of a parser of the whole language.
func TestAgreesWithAParser(t *testing.T) {
	for _, text := range []string{
		"a: b\nc: [d, {e: f}]\ng:\n- h\n- i: j\n  k: l\n", "m: |\n  n: o\n\n  p\nq: >\n r\n s\nt: u\n", "\"v w\": 'x: y'\nz: !!str 1\n",
		"defaults: &d\n  a: 1\nx:\n  <<: *d\n  b: !custom {c: d}\n", "model:\n  _target_: a.b.C\n  args: [1, 2]\n  kw: {x: y, z: [w]}\n# comment: no\nlast: \"\\u0041: b\"\n",
		"- a: |\n    text: no\n  b: c\n- d: 'x'\n", "? complex\n: value\nurl: http://x/y:z\n",
	} {
		var node reference.Node
		if err := reference.Unmarshal([]byte(text), &node); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var want []string
		keys(&node, &want)
		var got []string
		yaml.Scan([]byte(text), func(e yaml.Event) {
			if e.Kind == yaml.Key {
				got = append(got, e.Text)
			}
		})
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q\n\tkeys %q\n\twant %q", text, got, want)
		}
	}
}

// keys lists the keys of a document in order.
func keys(n *reference.Node, list *[]string) {
	for i, c := range n.Content {
		if n.Kind == reference.MappingNode && i%2 == 0 {
			*list = append(*list, c.Value)
		}
		keys(c, list)
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"a: &b |\n  c\nd: *b\n", "%TAG ! x\n--- !y%41 {a: 'b', ? c : [d]}", "- \"\\x41\\\n\": >-\n x", "&a [*a, *a]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n := 0
		yaml.Scan(text, func(e yaml.Event) {
			if n++; e.Offset > len(text) || e.Line < 1 || len(e.Text) > 4*len(text)+1100 {
				t.Fatalf("impossible event %+v in %d bytes", e, len(text))
			}
		})
		if n > 2*len(text)+2 {
			t.Fatalf("%d events in %d bytes", n, len(text))
		}
		(yaml.Format{}).Match(format.Probe{Head: text, Size: int64(len(text))})
	})
}
