package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// Explanation is one rule in the words of its author, with what the program knows about its conditions.
type Explanation struct {
	ID          string   `json:"id"`
	Description string   `json:"description"`
	Severity    string   `json:"severity"`
	When        string   `json:"when"` // CEL; empty when the rule always applies
	Require     string   `json:"require"`
	Warn        string   `json:"warn"`
	Message     string   `json:"message"`
	Warning     string   `json:"warning"`
	Reads       []string `json:"reads"` // the facts that the conditions look at, such as scan.verdict
	Owner       string   `json:"owner"`
	Remedy      string   `json:"remedy"`
}

// Explain describes every rule, in order.
func (p *Policy) Explain() []Explanation {
	list := make([]Explanation, 0, len(p.rules))
	for _, r := range p.rules {
		x := Explanation{ID: r.ID, Description: plain(r.Description), Severity: r.Severity, When: plain(r.When), Require: plain(r.Require),
			Warn: plain(r.Warn), Message: r.Message, Warning: r.Warning, Owner: r.owner(), Remedy: r.Remedy, Reads: []string{}}
		for _, source := range []string{r.When, r.Require, r.Warn} {
			x.Reads = append(x.Reads, p.language.reads(source)...)
		}
		x.Reads = sorted(x.Reads)
		list = append(list, x)
	}
	return list
}

// Rules are the IDs of the rules, in order.
func (p *Policy) Rules() []string {
	var ids []string
	for _, r := range p.rules {
		ids = append(ids, r.ID)
	}
	return ids
}

// plain brings a text that was written over several lines onto one.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// reads lists the facts that a condition looks at: variables, with the path of fields below them. Fields of the elements of
// a list stand as those of the list: scans.verdict for scans.all(s, s.verdict == "clean").
func (l *language) reads(source string) []string {
	if source == "" {
		return nil
	}
	compiled, issues := l.env.Compile(source)
	if issues.Err() != nil {
		return nil // every condition of a policy was compiled when it was loaded
	}
	f := l.find(compiled)
	paths := sorted(f.paths)
	return slices.DeleteFunc(paths, func(path string) bool { // scan says nothing beside scan.verdict
		return slices.ContainsFunc(paths, func(other string) bool { return strings.HasPrefix(other, path+".") })
	})
}

// counted reports whether a condition goes only over lists of facts, which count what is looked at. One that goes over lists
// that it made itself needs the accounting of CEL.
func (l *language) counted(compiled *cel.Ast) bool { return !l.find(compiled).derived }

// find walks a compiled condition.
func (l *language) find(compiled *cel.Ast) *finder {
	f := &finder{known: l.vars, bound: map[string]string{}}
	f.visit(compiled.NativeRep().Expr())
	return f
}

// finder collects the paths of facts in an expression.
type finder struct {
	known map[string]variable
	bound map[string]string // variables of comprehensions, with the path of what they run over
	paths []string
	// derived is true when a comprehension runs over something that is not a fact.
	derived bool
}

// visit walks an expression.
func (f *finder) visit(e ast.Expr) {
	if path := f.path(e); path != "" {
		f.paths = append(f.paths, path)
		return
	}
	switch e.Kind() {
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			f.visit(call.Target())
		}
		for _, arg := range call.Args() {
			f.visit(arg)
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			f.visit(element)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			f.visit(entry.AsMapEntry().Key())
			f.visit(entry.AsMapEntry().Value())
		}
	case ast.SelectKind:
		f.visit(e.AsSelect().Operand())
	case ast.ComprehensionKind:
		f.comprehension(e.AsComprehension())
	}
}

// comprehension walks all(), exists(), filter() and their like.
func (f *finder) comprehension(c ast.ComprehensionExpr) {
	f.visit(c.IterRange())
	f.derived = f.derived || f.path(c.IterRange()) == ""
	old, had := f.bound[c.IterVar()]
	f.bound[c.IterVar()] = f.path(c.IterRange())
	for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		f.visit(part)
	}
	if delete(f.bound, c.IterVar()); had {
		f.bound[c.IterVar()] = old
	}
}

// path is the fact that an expression names; empty when it is something else.
func (f *finder) path(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		if path, ok := f.bound[name]; ok {
			return path
		}
		if _, ok := f.known[name]; ok {
			return name
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if path := f.path(s.Operand()); path != "" {
			return path + "." + s.FieldName()
		}
	case ast.CallKind: // an element by its number, or those that a filter leaves
		if call := e.AsCall(); call.FunctionName() == "_[_]" && len(call.Args()) == 2 {
			return f.path(call.Args()[0])
		}
	case ast.ComprehensionKind:
		return ""
	}
	return ""
}
