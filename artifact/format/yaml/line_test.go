package yaml

import (
	"bytes"
	"regexp"
	"testing"
)

// FuzzLine compares what reads a line fast with the expressions that say what it stands for.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		"a: b", "- a", "-", "--", "- - x: 1", "\"a b\": c", "'a': ", "\"a", "a b: c", "a b c: d", "a  b: c", "$a: 1", "a $b: 1", "a:b", "a :\tb", "a:", ": a", "-foo: 1", "---", "--- x",
		"----", "...", "....", "%YAML 1.2", "%TAG ! x", "%OTHER", "import x", "imports: x", "use", "use1: x", "useX", "use_x", "use-x", "#include <x>", "#includes", "##include", "for:", "\xff: 1",
		"é: 1", "useé", "a \xff: 1", "''", "'': 1", "a ", "a -: 1",
	} {
		f.Add([]byte(line))
	}
	kinds := map[*regexp.Regexp]func([]byte) bool{
		regexp.MustCompile(`^[ ]*(?:- +)*(?:(?:"[^"]*"|'[^']*'|[A-Za-z0-9_./$<>*&!@+-]+(?: [A-Za-z0-9_./-]+)?)[ ]*:(?:[ \t].*)?|- .*|-)$`): structural,
		regexp.MustCompile(`^(?:---(?:[ \t].*)?|\.\.\.|%YAML .*|%TAG .*)$`):                                                                marker,
		regexp.MustCompile(`^(?:import|from|def|class|if|for|while|try|else|function|var|let|const|return|package|use|#include)\b`):        coded,
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		line, _, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimRight(line, " \t\r")
		for meant, fast := range kinds {
			if got, want := fast(line), meant.Match(line); got != want {
				t.Errorf("%q: %v, and %v by %s", line, got, want, meant)
			}
		}
	})
}
