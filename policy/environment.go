package policy

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// variable is one name that conditions can use.
type variable struct {
	name string
	doc  string
	get  func(*Facts) any // nil when the facts have no such thing
}

// variables is the one list of them.
func variables() []variable {
	return []variable{
		{"artifact", "the content that is decided on", func(f *Facts) any { return f.Artifact }},
		{"scan", "the scan result that decides: a malicious one if there is any, else the newest or the last, whichever is worse; asking for it when there is none denies",
			func(f *Facts) any {
				if f.Scan == nil {
					return Scan{}
				}
				return *f.Scan
			}},
		{"scans", "every scan result that counts", func(f *Facts) any { return f.Scans }},
		{"signatures", "every model signature that counts", func(f *Facts) any { return f.Signatures }},
		{"manifests", "every manifest that counts", func(f *Facts) any { return f.Manifests }},
		{"boms", "every bill of materials that counts", func(f *Facts) any { return f.Boms }},
		{"provenance", "every statement of provenance that counts", func(f *Facts) any { return f.Provenance }},
		{"training", "every training run that counts", func(f *Facts) any { return f.Training }},
		{"datasets", "every profile of a dataset that counts, of the content and of what it was made from", func(f *Facts) any { return f.Datasets }},
		{"evaluations", "every evaluation that counts", func(f *Facts) any { return f.Evaluations }},
		{"vulnerabilities", "what the last status that counts says of each vulnerability and product", func(f *Facts) any { return f.Vulnerabilities }},
		{"reviews", "every review that counts", func(f *Facts) any { return f.Reviews }},
		{"approvals", "every approval that counts and has not expired", func(f *Facts) any { return f.Approvals }},
		{"exceptions", "every exception that counts, the expired and half-signed ones included", func(f *Facts) any { return f.Exceptions }},
		{"assessments", "every vendor assessment that counts and has not expired", func(f *Facts) any { return f.Assessments }},
		{"declarations", "every declaration that counts", func(f *Facts) any { return f.Declarations }},
		{"revocations", "every revocation of the content or of an ancestor", func(f *Facts) any { return f.Revocations }},
		{"claims", "everything that was found but decisions, with the reason why one does not count", func(f *Facts) any { return f.Claims }},
		{"impact", "what harm the use of the model can do", func(f *Facts) any { return f.Impact }},
		{"lineage", "what the content was made from", func(f *Facts) any { return f.Lineage }},
		{"head", "how the claims compare with the last known state of their set", func(f *Facts) any { return f.Head }},
		{"now", "the time of the decision", func(f *Facts) any { return f.Now }},
	}
}

// function is one function that conditions can use beyond those of CEL.
type function struct {
	signature, doc string
	option         cel.EnvOption
}

// functions is the one list of them.
func functions() []function {
	day := func(n ref.Val) ref.Val {
		days, ok := n.(types.Int)
		if !ok || days < 0 || days > maxDays {
			return types.NewErr("days(%v): the number is not in 0 to %d", n, maxDays)
		}
		return types.Duration{Duration: time.Duration(days) * 24 * time.Hour}
	}
	return []function{{"days(int)", "so many times 24 hours, to compare with an age", cel.Function("days",
		cel.Overload("days_int", []*cel.Type{cel.IntType}, cel.DurationType, cel.UnaryBinding(day)))}}
}

// maxDays bounds what days takes: some hundred years, which a duration can hold.
const maxDays = 36500

// Level is how bad the harm can get.
type Level int64

// The levels of impact. Undeclared is not the same as none: nobody has thought about it.
const (
	Undeclared Level = iota
	None
	Low
	Moderate
	High
)

// levels are the words for the levels, in their order.
func levels() []string { return []string{"undeclared", "none", "low", "moderate", "high"} }

// ParseLevel reads the word for a level that someone can declare.
func ParseLevel(word string) (Level, error) {
	for i, w := range levels() {
		if w == word && i > 0 {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not one of none, low, moderate, high", word)
}

// String is the word for the level.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levels()) {
		return fmt.Sprintf("level %d", int64(l))
	}
	return levels()[l]
}

// language is what conditions are compiled with.
type language struct {
	env   *cel.Env
	types *shapes
	vars  map[string]variable
}

// newLanguage declares the facts to CEL, so that a misspelt field is found when a policy is loaded.
func newLanguage() (*language, error) {
	known, err := newShapes(factTypes())
	if err != nil {
		return nil, err
	}
	l := &language{types: known, vars: map[string]variable{}}
	options := []cel.EnvOption{cel.CustomTypeAdapter(known.Registry), cel.CustomTypeProvider(known)}
	for _, v := range variables() {
		l.vars[v.name] = v
		options = append(options, cel.Variable(v.name, known.typeOf(reflect.TypeOf(v.get(&Facts{})))))
	}
	for i, word := range levels() {
		options = append(options, cel.Constant(word, cel.IntType, types.Int(i)))
	}
	for _, f := range functions() {
		options = append(options, f.option)
	}
	if l.env, err = cel.NewEnv(options...); err != nil {
		return nil, fmt.Errorf("declare facts: %w", err)
	}
	return l, nil
}

// factTypes are the types that conditions see: those of the variables and of their fields, in the order in which they appear.
func factTypes() []reflect.Type {
	var found []reflect.Type
	seen := map[reflect.Type]bool{timeType: true}
	var add func(reflect.Type)
	add = func(t reflect.Type) {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		found = append(found, t)
		for _, f := range reflect.VisibleFields(t) {
			if f.Tag.Get("cel") != "" {
				add(f.Type)
			}
		}
	}
	for _, v := range variables() {
		add(reflect.TypeOf(v.get(&Facts{})))
	}
	return found
}

// lookup gives conditions the facts: each variable is made when the first condition asks for it, once for all.
type lookup struct {
	*language
	conversion
	facts *Facts
	made  map[string]ref.Val
}

// newLookup prepares facts for one decision.
func (l *language) newLookup(facts *Facts) *lookup {
	return &lookup{language: l, conversion: conversion{shapes: l.types}, facts: facts, made: map[string]ref.Val{}}
}

// ResolveName implements interpreter.Activation.
func (l *lookup) ResolveName(name string) (any, bool) {
	if v, ok := l.made[name]; ok {
		return v, true
	}
	v, ok := l.vars[name]
	if !ok || name == "scan" && l.facts.Scan == nil {
		return nil, false
	}
	l.made[name] = l.value(reflect.ValueOf(v.get(l.facts)))
	return l.made[name], true
}

// Parent implements interpreter.Activation.
func (l *lookup) Parent() interpreter.Activation { return nil }
