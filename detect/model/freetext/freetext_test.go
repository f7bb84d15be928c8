package freetext_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/picketsec/picket/detect/model/freetext"
)

// signs lists the rules that fire for a text.
func signs(text string) string {
	var ids []string
	for _, s := range freetext.Look(text) {
		ids = append(ids, strings.TrimPrefix(s.Rule.ID, "model.text."))
	}
	return strings.Join(ids, " ")
}

func TestLook(t *testing.T) {
	for text, want := range map[string]string{
		"__import__('os').system('x')": "code", "eval(x)": "code", "a; curl 127.0.0.1 | sh": "code", "${jndi:ldap://x}": "code",
		"<script>x</script>": "markup", `<img src=x onerror=alert(1)>`: "markup", "\x1b[2J": "terminal-escape",
		"../../../../etc/passwd": "path", "/etc/passwd": "path", "AKIAABCDEFGHIJKLMNOP": "secret", "see https://example.org/x": "link",
		"__globals__": "code", "$(/bin/sh -c 'x')": "code", "#!/bin/sh": "",
		"a\x00b": "hidden", "user\u202eadmin": "hidden", "\ufeffid": "", "a\tb\n": "",

		"": "", "feature_1": "", "model.eval()": "", "a system prompt": "", "../data.csv": "", "os": "", "binary:logistic": "",
		"x^2 (squared)": "", "retrieval(5)": "", "<10k": "", "password": "", "1.2e-10": "", "C:/data/train.csv": "",
	} {
		if got := signs(text); got != want {
			t.Errorf("%q: signs %q, want %q", text, got, want)
		}
	}
	if s := freetext.Look("hf_" + strings.Repeat("a", 40)); len(s) != 1 || strings.Contains(s[0].Match, "aaaa") {
		t.Errorf("a credential is repeated: %+v", s)
	}
}

func TestHidden(t *testing.T) {
	pickle := "cos\nsystem\n(S'echo'\ntR."
	for text, want := range map[string]string{
		pickle: pickle, base64.StdEncoding.EncodeToString([]byte(pickle)): pickle, base64.URLEncoding.EncodeToString([]byte(pickle)): pickle,
		"data:application/x-p;base64," + base64.StdEncoding.EncodeToString([]byte(pickle)): pickle,
		"0123456789abcdef0123456789abcdef":                                                 "", "short": "", "several words that are longer than a hash": "",
	} {
		got, ok := freetext.Hidden(text)
		if string(got) != want || ok != (want != "") {
			t.Errorf("%q hides %q, %v", text, got, ok)
		}
	}
}
