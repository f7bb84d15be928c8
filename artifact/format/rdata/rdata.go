// Package rdata reads objects that R has serialized (saveRDS, save, serialize; versions 2 and 3; in binary of either byte order
// and in text) and says where code stands in them: promises, active bindings, closures, calls, byte code. It is for detectors.
// It evaluates nothing, skips numbers without reading them where it can, and judges nothing. Compression around the objects is
// another format. Specification: the manual "R Internals", section 1.8, and src/main/serialize.c of R.
package rdata

import (
	"bytes"
	"regexp"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "r-data"

// Format recognises serialized R objects.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "R objects", MediaType: "application/x-r-data", Extensions: []string{".rds", ".rda", ".rdata"},
		Risk: format.Active, Forward: true, Parsed: true,
		Spec: "https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Serialization-Formats",
	}
}

// begin is how the three encodings begin, with and without the header of save.
var begin = regexp.MustCompile(`^(?s:(?:RD[XAB][23]\n)?(?:X\n\x00\x00\x00[\x02\x03]\x00|B\n[\x02\x03]\x00\x00\x00|A\n[23]\n\d{5,7}\n))`)

// Match implements format.Format.
func (Format) Match(p format.Probe) bool { return begin.Match(p.Head) }

// Kind says what an event is about.
type Kind int

// The kinds of events.
const (
	// Promise is code that R evaluates when its value is wanted.
	Promise Kind = iota
	// ActiveBinding is a variable whose value is what a function returns each time.
	ActiveBinding
	// Closure is a function.
	Closure
	// Call is an expression that is kept as data, such as the call that made a model.
	Call
	// Bytecode is compiled code that is no body of a closure and no promise's.
	Bytecode
	// Builtin is a function of the interpreter by its name.
	Builtin
	// Altrep is a vector in the representation of a class: the Name is package::class.
	Altrep
	// Package is an attached package, which loading attaches.
	Package
	// Persistent is an object that the reader's hook must provide.
	Persistent
	// Pointer is an external pointer, which is null when it is loaded.
	Pointer
	// Variable is the name of an object in a file of save.
	Variable
)

// Event is one thing that matters for what loading or using the object runs.
type Event struct {
	Kind   Kind
	Offset int64  // bytes from the start of the content
	Name   string // of the variable, function, class or package; may be hostile
	// InFrame is true for what is the value of a variable of an environment, as arguments of functions are.
	InFrame bool
	// Forced is true for a promise that has its value and is not evaluated again.
	Forced bool
	Code   *Expr // nil when the event has none
}

// Expr is what is known of a piece of code.
type Expr struct {
	Text    string   // the code as R would print it, more or less; up to maxText bytes
	Symbols []string // names in it, each once; those of functions that are called first
	Calls   int      // how many of Symbols are called
	Strings []string // constants, each once
	Cut     bool     // there is more of it than was looked at
}

// Object sums up what was read.
type Object struct {
	Version int
	ASCII   bool
	Saved   bool  // by save: a list of variables
	End     int64 // bytes that were read
}

// Bounds of what is kept.
const (
	maxText   = 400     // bytes of code for a person
	maxSymbol = 256     // bytes of a name or constant
	maxNames  = 4096    // names and constants of one expression
	maxNest   = 5000    // levels, as R itself
	maxRefs   = 1 << 22 // objects that others refer to
)

// saved is the header that save writes before the object.
func saved(head []byte) bool {
	return len(head) >= 5 && bytes.HasPrefix(head, []byte("RD")) && head[4] == '\n'
}
