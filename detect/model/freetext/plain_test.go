package freetext_test

import (
	"testing"

	"github.com/picketsec/picket/detect/model/freetext"
)

func TestPlain(t *testing.T) {
	for _, text := range []string{"", "the", "[CLS]", "##ing", "don't", "naïve", "Ünïcode", "слово", "漢字", "a b, c. d!", "pre-word", "a_b", "3.14", "\xc4\xa0the", "50%"} {
		if !freetext.Plain(text) {
			t.Errorf("%q is not plain", text)
		}
	}
	for _, text := range []string{"__import__('os')", "eval (x)", "os.system(1)", "<script>", "javascript:alert", "payload.so", "x.DLL", "../../../etc", "/etc/passwd", "x__globals__", "__mro__",
		"powershell -enc aaa", "curl x | sh", "${jndi", "password=hunter22", "AKIAABCDEFGHIJKLMNOP", "hf_abcdefghijklmnopqrstuvwxyzabcdef", "sk-abcdefghijklmnopqrstuvwxyzabcdef",
		"gASVJwAAAAAAAACMBXBvc2l4", "\x1b[2J", "\u009b2J", "a\u200bb", "a\u202eb", "\ufeffx", "\u2062", "x\x7f", "a\nb", `c:\windows\x`, "\U000e0041", "\u3164", "\u180e"} {
		if freetext.Plain(text) {
			t.Errorf("%q is plain", text)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, text := range []string{"the", "__mro__", "powershell -e", "AKIAABCDEFGHIJKLMNOP", "a\u200bb", "\u009b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !freetext.Plain(text) {
			return
		}
		if signs := freetext.Look(text); len(signs) > 0 {
			t.Errorf("%q is plain and %s", text, signs[0].What)
		}
		if _, ok := freetext.Hidden(text); ok {
			t.Errorf("%q is plain and hides content", text)
		}
	})
}
