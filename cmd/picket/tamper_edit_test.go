package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// tree is a JSON document that tampers change.
type tree = map[string]any

// parsed reads a document without losing digits.
func parsed(t testing.TB, data []byte) tree {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	doc := tree{}
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// unparsed writes a document on one line.
func unparsed(t testing.TB, doc any) []byte {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pick walks a document by names and numbers.
func pick(doc any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			doc = doc.(tree)[step]
		case int:
			doc = doc.([]any)[step]
		}
	}
	return doc
}

// put sets what the last name of a path stands for.
func put(doc any, value any, path ...any) {
	parent, last := pick(doc, path[:len(path)-1]...), path[len(path)-1]
	switch last := last.(type) {
	case string:
		parent.(tree)[last] = value
	case int:
		parent.([]any)[last] = value
	}
}

// payloadOf is the statement in a line.
func payloadOf(t testing.TB, line []byte) []byte {
	t.Helper()
	text, _ := pick(parsed(t, line), "dsseEnvelope", "payload").(string)
	payload, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// kindOfLine is the kind of claim in a line, by the end of its predicate type.
func kindOfLine(t testing.TB, line []byte) string {
	t.Helper()
	kind, ok := claim.KindOf(fmt.Sprint(parsed(t, payloadOf(t, line))["predicateType"]))
	if !ok {
		t.Fatalf("unknown kind in %s", line)
	}
	return kind.Name
}

// resaid signs the statement of a line again, after a change to it.
func (sp *specimen) resaid(t testing.TB, line []byte, who string, change func(tree)) []byte {
	t.Helper()
	statement := parsed(t, payloadOf(t, line))
	if change != nil {
		change(statement)
	}
	return sp.sealed(t, unparsed(t, statement), who)
}

// rewrapped changes the bundle around a signature.
func rewrapped(t testing.TB, line []byte, change func(tree)) []byte {
	t.Helper()
	doc := parsed(t, line)
	change(doc)
	return unparsed(t, doc)
}

// setSig and setLines replace the files of a scene.
func (s *scene) setSig(data []byte) { write(s.t, s.in(evidence.SignatureFile), data) }
func (s *scene) setLines(lines [][]byte) {
	write(s.t, s.in(evidence.ClaimsFile), joined(lines))
}

// blind takes away the heads: that which was kept elsewhere, and that in the file. What remains must be rejected by itself.
func (s *scene) blind() {
	args := s.args["gate"]
	i := slices.Index(args, "--head")
	s.args["gate"] = slices.Delete(slices.Clone(args), i, i+2)
	s.setLines(s.lines[:len(s.lines)-1])
}

// replace changes every claim of a kind, and takes away the heads.
func (s *scene) replace(kind string, change func(line []byte) []byte) {
	s.blind()
	lines := slices.Clone(s.lines[:len(s.lines)-1])
	for i, line := range lines {
		if kindOfLine(s.t, line) == kind {
			lines[i] = change(line)
		}
	}
	s.setLines(slices.DeleteFunc(lines, func(l []byte) bool { return l == nil }))
}

// requiredKinds are the claims that the release policy asks for, and the rule that misses each.
func requiredKinds() map[string]string {
	return map[string]string{"scan-result": "gate.scan-result", "bom": "bill-of-materials", "training-run": "origin",
		"evaluation": "evaluated", "approval": "approved", "review": "reviewed-by-two"}
}

// makerOf is who makes claims of a kind.
func makerOf(kind string) string {
	return map[string]string{"scan-result": "scanner", "bom": "scanner", "training-run": "trainer", "evaluation": "trainer",
		"approval": "carol", "review": "ada", "declaration": "clerk"}[kind]
}

// denial is a pattern for a decision: a rule that denies, and what is said about a claim.
func denial(rule, says string) string {
	return "(?s)DENIED.*denies  " + strings.ReplaceAll(rule, ".", `\.`) + ":.*(" + says + ")"
}
