package python

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of one source file.
const (
	maxDepth = 300 // nesting of expressions; CPython's own parser refuses more brackets than 200
	maxArgs  = 64  // arguments of one call that are kept
	maxVars  = 1 << 16
)

// ScopeKind says what kind of code a scope holds.
type ScopeKind byte

// The kinds of scopes.
const (
	ModuleScope ScopeKind = iota
	ClassScope
	FunctionScope
	LambdaScope // a function without a name, which counts as the code around it
	MainScope   // runs only when the file is run as a program
)

// Scope is a body of code: the module, a class, a function.
type Scope struct {
	Name   string // dotted, within the module: "Model.forward"; empty for the module
	Kind   ScopeKind
	Parent *Scope // nil for the module
	vars   map[string]Value
	shared map[string]bool // variables of the module that a function assigns to
}

// Function is the innermost function that the scope lies in; nil for code that runs when the module is imported. A part that
// only runs as a program counts as a function of the name "__main__".
func (s *Scope) Function() *Scope {
	for ; s != nil; s = s.Parent {
		if s.Kind == FunctionScope || s.Kind == MainScope {
			return s
		}
	}
	return nil
}

// Import is one name that an import statement binds.
type Import struct {
	Module string // "os.path"; relative ones begin with dots: ".modeling", "..utils"
	Name   string // what is taken from the module; "*" for all; empty for the module itself
	Scope  *Scope
	Offset int
	Line   int
}

// Arg is an argument of a call.
type Arg struct {
	Keyword string // empty for a positional one
	Value   Value
}

// Call is a call that the code would make when it is reached.
type Call struct {
	Callee Value
	Args   []Arg
	// Decorator is true when the call is made by a decorator; its argument is what it decorates.
	Decorator bool
	Scope     *Scope
	Offset    int
	Line      int
}

// Use is a name that is handed on and not called: an argument, an element, one of two choices.
type Use struct {
	Name   string // what it is, as in Value.Names
	Into   string // the callee whose argument it is; "[]" for a subscript, empty for others
	Scope  *Scope
	Offset int
	Line   int
}

// Visitor receives what is read, in the order of the source. Functions that are nil are not called.
type Visitor struct {
	Import func(Import)
	Call   func(Call)
	Use    func(Use)
	Define func(*Scope) // a class or function begins
	Folded func(Token)  // a name is written with letters other than those that Python sees
}

// Parse reads a source text that Decode made. The error wraps format.ErrMalformed when it is no Python, which CPython would
// refuse to run, or limits.ErrExceeded; what could be read was handed to the visitor all the same.
func Parse(src string, budget *limits.Budget, v Visitor) error {
	const passes = 2
	if err := budget.Ops(int64(len(src)) * passes); err != nil {
		return fmt.Errorf("read source: %w", err)
	}
	late := newParser(src, budget, Visitor{}, nil)
	late.module()
	p := newParser(src, budget, v, late.scope.vars)
	p.module()
	if p.err != nil {
		return p.err
	}
	return p.t.Err()
}

// parser reads one source text. It keeps no tokens: each is used when it is read.
type parser struct {
	t      *Tokens
	tok    Token
	err    error
	budget *limits.Budget
	visit  Visitor
	scope  *Scope
	late   map[string]Value // the variables of the module at its end, for code that runs later
	stars  []string         // modules of which everything was imported
	depth  int
	loop   bool   // a comprehension was read
	naming string // the variable that the next function without a name becomes
	count  int    // tokens so far
	vars   int    // variables so far
	folded int    // bytes of computed text so far
	kept   int    // items of lists so far
}

// newParser makes a parser at the first token.
func newParser(src string, budget *limits.Budget, v Visitor, late map[string]Value) *parser {
	p := &parser{t: NewTokens(src), budget: budget, visit: v, late: late, scope: &Scope{vars: map[string]Value{}}}
	p.next()
	return p
}

// fail ends the reading.
func (p *parser) fail(reason string) {
	if p.err == nil {
		p.err = format.Malformed(int64(p.tok.Offset), "not Python: %s", reason)
	}
}

// next moves to the next token.
func (p *parser) next() {
	p.tok = p.t.Next()
	p.count++
}

// operator reports whether the next token is this operator.
func (p *parser) operator(op string) bool { return p.tok.Kind == Operator && p.tok.Text == op }

// word reports whether the next token is this word.
func (p *parser) word(w string) bool { return p.tok.Kind == Name && p.tok.Text == w }

// module reads all blocks. Deeper blocks are followed by their indentation, with the scope that each header opened.
func (p *parser) module() {
	var blocks []*Scope
	opened := p.scope
	for p.err == nil && p.tok.Kind != End {
		switch p.tok.Kind {
		case Newline:
			p.next()
		case Indent:
			blocks = append(blocks, p.scope)
			p.scope = opened
			p.next()
		case Dedent:
			if n := len(blocks); n > 0 {
				p.scope, blocks = blocks[n-1], blocks[:n-1]
			}
			p.next()
		default:
			opened = p.line()
		}
	}
	for p.scope.Parent != nil {
		p.scope = p.scope.Parent
	}
}

// line reads a logical line and returns the scope of a block that may follow.
func (p *parser) line() *Scope {
	outer := p.scope
	for p.err == nil && p.tok.Kind != Newline && p.tok.Kind != End && p.tok.Kind != Indent && p.tok.Kind != Dedent {
		before := p.tok.Offset
		if inner := p.statement(); inner != nil {
			p.scope = inner // what follows the colon on the same line
		}
		if p.tok.Offset == before || p.operator(";") || p.operator(":") {
			p.next()
		}
	}
	opened := p.scope
	p.scope = outer
	return opened
}

// statement reads one statement, or a header up to its colon; then it returns the scope of the body.
func (p *parser) statement() *Scope {
	if p.tok.Kind != Name {
		if p.operator("@") {
			p.decorator()
			return nil
		}
		return p.simple()
	}
	switch p.tok.Text {
	case "import":
		p.imports()
	case "from":
		p.fromImport()
	case "async":
		p.next()
		return p.statement()
	case "def":
		return p.function()
	case "class":
		return p.class()
	case "for":
		p.next()
		targets := p.targets()
		items, tuple, _ := p.items("")
		over := Value{Items: items, isList: true}
		if len(items) == 1 && !tuple {
			over = items[0]
		}
		p.each(targets, over)
		return p.scope
	case "if":
		return p.condition()
	case "elif", "while", "with", "except", "try", "finally", "else":
		return p.header()
	case "global":
		p.global()
	case "return", "assert", "raise", "del", "nonlocal", "pass", "break", "continue":
		p.next()
		items, _, _ := p.items("")
		for _, v := range items {
			p.use(v, "")
		}
	default:
		return p.simple()
	}
	return nil
}

// header reads the expressions of a header and binds the names behind "as".
func (p *parser) header() *Scope {
	p.next()
	for p.err == nil && !p.operator(":") && p.tok.Kind != Newline && p.tok.Kind != End {
		before := p.tok.Offset
		v := p.element()
		if p.word("as") {
			p.next()
			name := p.identifier()
			p.operand()
			p.assign(name, v)
		}
		if p.tok.Offset == before || p.operator(",") || p.operator(")") {
			p.next()
		}
	}
	return p.scope
}

// condition reads an if. A body that only runs when the file is a program is a scope of its own.
func (p *parser) condition() *Scope {
	start := p.tok.End
	scope := p.header()
	if _, assigned := p.late["__name__"]; assigned || p.scope.Kind != ModuleScope || !p.operator(":") {
		return scope
	}
	t := NewTokens(p.t.src[start:p.tok.Offset])
	t.brackets = []byte{'('}
	var words [3]Token
	for i := range words {
		words[i] = t.Next()
	}
	more := t.Next()
	if words[0].Text != "__name__" || words[1].Text != "==" || words[2].Kind != String || more.Kind != Newline {
		return scope
	}
	if text, _ := unquote(words[2].Text); text != "__main__" {
		return scope
	}
	return &Scope{Name: "__main__", Kind: MainScope, Parent: p.scope, vars: p.scope.vars}
}

// decorator reads one decorator: it is called with what it decorates.
func (p *parser) decorator() {
	p.next()
	tok := p.tok
	v := p.element()
	p.made(Call{Callee: v, Decorator: true, Scope: p.scope, Offset: tok.Offset, Line: tok.Line})
}
