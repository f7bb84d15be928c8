package yaml_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	layout "github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/yaml"
)

func formats() []format.Format { return append([]format.Format{layout.Format{}}, known.Formats()...) }

// scan scans a file of a name.
func scan(t *testing.T, name, text string) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: name, Blob: format.BytesBlob([]byte(text))}, formats(), yaml.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, strings.TrimPrefix(strings.TrimPrefix(f.Rule.ID, "model."), "yaml."))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

func TestFindings(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), c-1)
	}
	for text, want := range map[string]string{
		"!!python/object/apply:os.system ['echo x']":                                     "code-execution",
		"a: !!python/object/apply:os.system ['echo x']\nb: c":                            "code-execution",
		"a: !!python/object/new:subprocess.Popen [['echo']]":                             "code-execution",
		"a: !<tag:yaml.org,2002:python/object/apply:os.system> ['x']":                    "code-execution",
		"%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system ['x']":        "code-execution",
		"a: !!python/object%2Fapply:os.system ['x']":                                     "code-execution",
		"a: !!python/object/apply:builtins.eval ['x()']":                                 "code-execution",
		"a: !!python/object/apply:eval [\"[int(x * 0.1 * 512) for x in range(5, 21)]\"]": "python-name",
		"a: !!python/object/apply:eval [\"__import__('os').system('x')\"]":               "code-execution",
		"a: !!python/object/apply:eval [\"[c for c in ().__class__.__mro__]\"]":          "code-execution",
		"a: !!python/object/apply:eval":                                                  "code-execution",
		"a: !!python/object/apply:evil.module.run ['1']":                                 "python-object",
		"a: !!python/object/new:evil.Thing {}":                                           "python-object",
		"a: !!python/name:os.system ''":                                                  "python-object",
		"a: !!python/module:subprocess ''":                                               "python-object",
		"a: !!python/name:material.extensions.emoji.twemoji ''":                          "python-name",
		"a: !!python/object/apply:pathlib.PosixPath [x]":                                 "python-name",
		"a: !!python/object:my.Config {b: c}":                                            "python-name",
		"a: !!python/tuple [1, 2]\nb: !!str 1\nc: !!binary x":                            "",
		"a: !!javax.script.ScriptEngineManager [x]":                                      "foreign-object",
		"a: !ruby/object:Gem::Installer {}":                                              "foreign-object",
		"a: !new:os.system [x]":                                                          "code-execution",
		"a: !apply:subprocess.run [x]":                                                   "code-execution",
		"a: !applyref:os.system [x]":                                                     "code-execution",
		"a: !name:os.system":                                                             "python-object",
		"a: !module:torch":                                                               "",
		// Where parsers see a line end, and blocks of text that end where they do.
		"a: b # c\rc: !!python/object/apply:os.system ['x']":                "code-execution",
		"# c\u0085c: !!python/object/apply:os.system ['x']":                 "code-execution",
		"# c\u2028c: !!python/object/apply:os.system ['x']":                 "code-execution",
		"- - |\n   text\n  - !!python/object/apply:os.system ['x']":         "code-execution",
		"- - |\n   text\n   !!python/object/apply:os.system\n":              "",
		"? a: |\n    text\n  b: !!python/object/apply:os.system ['x']\n: c": "code-execution",
		"? a\n: b: |\n    text\n  c: !!python/object/apply:os.system ['x']": "code-execution",
		"--- |\n  text\n--- !!python/object/apply:os.system ['x']":          "code-execution",
		"model:\n  _target_: ${x}\nx: os.system":                            "hydra.target-function",
		"a: !new:my.Model\n  b: c":                                          "python-name",
		"a: !new:torch.nn.Linear [1]\nb: !ref <a>\nc: !include x.yaml":      "",
		"model:\n  _target_: os.system\n  command: echo x":                  "hydra.target-executes",
		"model: {_target_: builtins.exec, _args_: ['x']}":                   "hydra.target-executes",
		"x: &x os.system\nmodel:\n  _target_: *x":                           "hydra.target-executes",
		"model:\n  \"_targ\\x65t_\": os.system":                             "hydra.target-executes",
		"model:\n  _target_: |\n    os.system":                              "hydra.target-executes",
		"model:\n  _target_: src.net.Net":                                   "hydra.target-class",
		"model:\n  _target_: nemo.collections.asr.models.Model\nb: c":       "",
		"trust_remote_code: true":                                           "trust-remote-code",
		"trust_remote_code: false":                                          "",
		"chat_template: chatml":                                             "",
		"chat_template: |\n  {{ ''.__class__ }}":                            "template.code-execution",
		"chat_template: \"{{ ''.__class__ }}\"":                             "template.code-execution",
		bomb:                                                                "alias-bomb",
		"d: &d\n  a: 1\ne:\n  <<: *d":                                       "",
		"# !!python/object/apply:os.system\na: '!!python/object/apply:os.system'\nb: |\n  !!python/object/apply:os.system x": "",
	} {
		r := scan(t, "x.yaml", text)
		if got := ids(r); got != want || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%q\n\tgot %q of %v, want %q", text, got, r.Formats, want)
		}
	}
}

// wide writes text in UTF-16.
func wide(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}

func TestNames(t *testing.T) {
	const attack = "a: !!python/object/apply:os.system ['echo x']\n"
	for _, c := range []struct {
		name, text string
		want       picket.Verdict
	}{
		{"x", attack, picket.Malicious}, {"README.md", "---\n" + attack + "---\n", picket.Clean}, {"odd.yaml", "plain text\n" + attack, picket.Malicious},
		{"odd.txt", "plain text\n" + attack, picket.NotApplicable}, {"x.yml", "a: b\n", picket.Clean},
		{"x.yaml", wide("\ufeff" + attack), picket.Malicious}, // PyYAML reads UTF-16
	} {
		if r := scan(t, c.name, c.text); r.Verdict != c.want {
			t.Errorf("%s: %s, want %s", c.name, r.Verdict, c.want)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, yaml.Detector{}, formats(), map[string][]byte{
		"attack": []byte("a: &b !!python/object/apply:os.system ['echo x']\nc: *b\nd: |\n  text\n"), "honest": []byte("a: b\nc:\n- d\n- e: {f: g}\n")})
}
