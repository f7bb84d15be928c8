package python

import (
	"strings"

	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/internal/limits"
)

// Arithmetic reports whether source is a formula over numbers that calls nothing but the functions for those, so that
// evaluating it does no harm.
func Arithmetic(src string, budget *limits.Budget) bool {
	if strings.Contains(src, "__") || strings.ContainsAny(src, "\n\\") {
		return false
	}
	harmless := true
	err := python.Parse(python.Decode([]byte(src)), budget, python.Visitor{
		Call: func(c python.Call) {
			harmless = harmless && len(c.Callee.Names) == 1 && number(c.Callee.Names[0])
		},
		Import: func(python.Import) { harmless = false },
		Define: func(*python.Scope) { harmless = false },
		Use:    func(u python.Use) { harmless = harmless && !strings.Contains(u.Name, ".") },
	})
	return err == nil && harmless
}

// number lists functions that make numbers of numbers.
func number(name string) bool {
	switch name {
	case "int", "float", "range", "len", "min", "max", "round", "sum", "abs", "list", "tuple", "sorted", "zip", "enumerate", "pow", "math.sqrt", "math.floor", "math.ceil", "math.log",
		"math.exp", "numpy.arange", "np.arange", "numpy.linspace", "np.linspace":
		return true
	}
	return false
}
