// Package pmml judges PMML models: what they ask of an evaluator beyond arithmetic. Functions are allowed by name, by the list
// of the specification and by the definitions of the model itself; Java classes, scripts and texts that are programs are
// findings. Document types, inclusion and depth are judged by the detector of XML. It evaluates nothing.
package pmml

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects PMML models.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "pmml", Title: "PMML: scripts, Java classes, unknown functions, extensions that hold programs",
		Formats: []string{pmml.Name}, Rules: rules()}
}

// scan is one run over one model.
type scan struct {
	ctx     context.Context
	out     *detect.Output
	list    *findings.List
	defined map[string]bool
	unknown []call // functions that may be defined later
	parts   int
	err     error // of the run itself
}

// call is one use of a function.
type call struct {
	name string
	at   int64
}

// Bounds of what is followed.
const (
	maxCalls = 1 << 12 // unknown functions that are kept until the end
	maxParts = 64      // texts in base64 that are inspected
	minBlob  = 32      // bytes of base64 from which a text may hold something
)

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{ctx: ctx, out: out, list: findings.New(out), defined: map[string]bool{}}
	defer s.list.Close()
	_, err := pmml.Read(in.Blob, in.Budget, pmml.Visitor{
		Apply: s.apply, Define: func(name string, _ int64) { s.defined[name] = true }, Text: s.text, Unknown: s.element,
		Table: func(at int64) {
			s.list.Add(ruleReference(), at, "TableLocator", "a table of the model is kept elsewhere")
		},
	})
	for _, c := range s.unknown {
		if !s.defined[c.name] {
			s.list.Add(ruleFunction(), c.at, c.name, "the function "+c.name+" is not one of PMML's, and the model does not define it")
		}
	}
	if s.err != nil {
		return s.err
	}
	return err // what is read is counted by the detector of XML
}

// apply judges the use of a function.
func (s *scan) apply(name string, at int64) {
	switch {
	case functions[name] || strings.HasPrefix(name, "x-") && !strings.Contains(name, "."):
	case strings.Contains(name, "."):
		s.list.Named(ruleClass(), at, name, "the model applies the Java class "+name, "JPMML user-defined function")
		s.out.Trace("Class.forName(" + fmt.Sprintf("%q", name) + ").newInstance().evaluate(…)")
	case len(s.unknown) < maxCalls:
		s.unknown = append(s.unknown, call{name, at})
	default:
		s.list.Add(ruleFunction(), at, name, "more unknown functions than are compared with the definitions of the model")
	}
}

// element judges an element that PMML does not have.
func (s *scan) element(name string, at int64, extension bool) {
	if n := strings.ToLower(name); n == "script" || n == "code" || n == "javascript" || n == "groovy" || n == "python" {
		s.list.Add(ruleScript(), at, name, "an element "+name+" holds a program")
		return
	}
	if extension { // vendors put there what they like
		return
	}
	s.list.Add(ruleElement(), at, name, "no version of PMML has the element "+name)
}

// text judges a text.
func (s *scan) text(t pmml.Text) {
	if t.Cut && t.Foreign {
		s.out.Gap(t.Offset, -1, "a text of an extension is longer than what is inspected")
	}
	if mark := program(t.Value); mark != "" {
		s.list.Add(ruleProgram(), t.Offset, t.Element, fmt.Sprintf("a text of %s holds %s: %s", t.Element, mark, t.Value))
	}
	switch t.Attr {
	case "href", "src", "location", "filePath", "path", "url", "uri":
		if why := findings.Leaves(t.Value); why != "" {
			s.list.Add(ruleReference(), t.Offset, t.Value, "the path in "+t.Attr+" "+why)
		}
	}
	if t.Foreign && len(t.Value) >= minBlob {
		s.encoded(t)
	}
}

// encoded inspects a text in base64.
func (s *scan) encoded(t pmml.Text) {
	text := strings.TrimSpace(t.Value)
	if i := strings.LastIndexByte(text[:min(len(text), 80)], ','); i >= 0 && strings.HasPrefix(text, "data:") {
		text = text[i+1:]
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < minBlob/2 || s.err != nil {
		return
	}
	if printable(b) { // a word that looks like base64, or a text behind it
		if mark := program(string(b)); mark != "" {
			s.list.Add(ruleProgram(), t.Offset, t.Element, fmt.Sprintf("a text of %s in base64 holds %s: %s", t.Element, mark, b))
		}
		return
	}
	if s.parts++; s.parts > maxParts {
		s.out.Gap(t.Offset, int64(len(t.Value)), "more texts in base64 than are inspected")
		return
	}
	s.err = s.out.Inspect(s.ctx, detect.Part{Name: fmt.Sprintf("base64 at %d", t.Offset), Blob: format.BytesBlob(b), Expect: detect.TensorData})
}

// printable reports whether decoded bytes are text.
func printable(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0xfffd }) < 0
}

// program names the mark of a program that a text holds; empty for none.
func program(text string) string {
	if strings.IndexAny(text, "(<:/$") < 0 {
		return ""
	}
	lower := strings.ToLower(text)
	for _, mark := range []string{"__import__", "os.system", "subprocess.", "eval(", "exec(", "pickle.loads", "java.lang.", "getruntime(", "processbuilder",
		"scriptengine", "javax.naming", "${jndi:", "<script", "javascript:", "onerror=", "powershell", "/bin/sh", "/bin/bash", "cmd.exe", "ldap://", "rmi://",
		"t(java", "require('child_process"} {
		if i := strings.Index(lower, mark); i >= 0 && (i == 0 || !letter(mark[0]) || !letter(lower[i-1])) {
			return mark
		}
	}
	return ""
}

// letter reports whether a character may be part of the same word.
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' }

// functions are those of PMML 4.4, and older names.
var functions = map[string]bool{
	"+": true, "-": true, "*": true, "/": true, "min": true, "max": true, "sum": true, "avg": true, "median": true, "product": true,
	"log10": true, "ln": true, "sqrt": true, "abs": true, "exp": true, "pow": true, "threshold": true, "floor": true, "ceil": true, "round": true,
	"modulo": true, "isMissing": true, "isNotMissing": true, "isValid": true, "isNotValid": true, "equal": true, "notEqual": true,
	"lessThan": true, "lessOrEqual": true, "greaterThan": true, "greaterOrEqual": true, "and": true, "or": true, "not": true, "isIn": true,
	"isNotIn": true, "if": true, "uppercase": true, "lowercase": true, "stringLength": true, "substring": true, "trimBlanks": true, "replace": true,
	"matches": true, "concat": true, "formatNumber": true, "formatDatetime": true, "dateDaysSinceYear": true, "dateSecondsSinceYear": true,
	"dateSecondsSinceMidnight": true, "normalCDF": true, "normalPDF": true, "stdNormalCDF": true, "stdNormalPDF": true, "erf": true,
	"normalIDF": true, "stdNormalIDF": true, "expm1": true, "hypot": true, "ln1p": true, "rint": true, "sin": true, "asin": true, "sinh": true,
	"cos": true, "acos": true, "cosh": true, "tan": true, "atan": true, "tanh": true,
}
