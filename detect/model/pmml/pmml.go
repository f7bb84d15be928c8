// Package pmml judges PMML models: what they ask of an evaluator beyond arithmetic. Functions are allowed by name, by the list
// of the specification and by the definitions of the model itself; Java classes, scripts and texts that are programs are
// findings. Document types, inclusion and depth are judged by the detector of XML. It evaluates nothing.
package pmml

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects PMML models.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "pmml", Title: "PMML: scripts, Java classes, unknown functions, extensions that hold programs",
		Formats: []string{pmml.Name}, Rules: append(rules(), freetext.Rules()...)}
}

// scan is one run over one model.
type scan struct {
	ctx     context.Context
	out     *detect.Output
	list    *findings.List
	defined map[string]bool
	unknown []call // functions that may be defined later
	judge   *freetext.Judge
	err     error // of the run itself
}

// call is one use of a function.
type call struct {
	name string
	at   int64
}

// maxCalls is how many unknown functions are kept until the end of the model.
const maxCalls = 1 << 12

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	s := &scan{ctx: ctx, out: out, list: list, judge: freetext.New(out, list), defined: map[string]bool{}}
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
	if s.err == nil {
		s.err = s.judge.Text(s.ctx, picket.At("", t.Offset), "a text of "+t.Element, t.Value)
	}
	switch t.Attr {
	case "href", "src", "location", "filePath", "path", "url", "uri":
		if why := findings.Leaves(t.Value); why != "" {
			s.list.Add(ruleReference(), t.Offset, t.Value, "the path in "+t.Attr+" "+why)
		}
	}
}

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
