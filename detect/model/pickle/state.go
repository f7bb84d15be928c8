package pickle

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
)

// classOf is what is known about the class of an instance, or of the function that made it; nil when it was computed.
func (j *judge) classOf(m *pickle.Machine, v pickle.Value) *named {
	callee, args, ok := m.Call(v)
	if !ok || m.Kind(v) != pickle.Instance {
		return nil
	}
	n := j.global(m, callee)
	if n == nil || !n.known {
		return n
	}
	first := 0
	switch n.rule.args {
	case argsClass, argsReconstruct:
	case argsApply:
		first = 1
	default:
		return n
	}
	list, ok := m.Elements(args)
	if !ok || first >= len(list) {
		return nil
	}
	if class := j.global(m, list[first]); class != nil {
		if n.rule.may(posBuild) && !class.rule.may(posBuild) {
			return n
		}
		return class
	}
	return nil
}

// built judges BUILD.
func (j *judge) built(m *pickle.Machine, e *pickle.Effect) error {
	if n := j.global(m, e.Target); n != nil {
		j.builtGlobal(m, e, n)
		return nil
	}
	n := j.classOf(m, e.Target)
	switch {
	case n == nil && m.Kind(e.Target) == pickle.Instance && !j.judged(m, e.Target):
		j.unknownAt(e.Offset)
	case n == nil:
	case !n.known:
		if g := j.reaches(m, e.State); g != nil {
			j.about(RuleCodeExecution(), g, e.Offset, "puts "+g.full+" into the state of an object of "+n.full)
		}
	default:
		j.builtAllowed(m, e, n)
	}
	return j.inlineArray(m, e, n)
}

// judged reports whether the call that made an instance has been judged by the name of its callee.
func (j *judge) judged(m *pickle.Machine, v pickle.Value) bool {
	callee, _, ok := m.Call(v)
	return ok && j.global(m, callee) != nil
}

// builtGlobal reports a state that is set on a module, a class or a function.
func (j *judge) builtGlobal(m *pickle.Machine, e *pickle.Effect, n *named) {
	summary := "sets attributes of " + n.full + " itself: " + m.Repr(e.State, shownCall)
	g := j.reaches(m, e.State)
	module, isModule := j.det.gadgets.find(lastPart(n.full)) // "torch.os" is the module os
	switch {
	case !n.known && (n.isGadget || isModule && module.harm.executes()):
		j.about(RuleCodeExecution(), n, e.Offset, summary)
	case g != nil:
		j.about(RuleCodeExecution(), g, e.Offset, summary)
	default:
		n.settled = true
		j.report(RuleCallPosition(), n.full, e.Offset, summary, "replaces attributes of what is imported")
	}
}

// builtAllowed judges a state for an object that a pack allows.
func (j *judge) builtAllowed(m *pickle.Machine, e *pickle.Effect, n *named) {
	var why string
	switch {
	case !n.rule.may(posBuild):
		why = "which is allowed, but not to get a state"
	case n.rule.lacks != "":
		why = lacks(m, e.State, strings.Split(n.rule.lacks, ","))
		fallthrough
	default:
		if why == "" {
			why = j.state(m, e.State)
		}
	}
	if why == "" {
		j.describe(m, e, n)
		m.Vouch(e.Target)
		return
	}
	if g := j.reaches(m, e.State); g != nil {
		j.about(RuleCodeExecution(), g, e.Offset, "puts "+g.full+" into the state of an object of "+n.full)
		return
	}
	j.report(RuleCallPosition(), n.full, e.Offset, "sets the state of an object of "+n.full+", "+why, "")
}

// state says why a state is not one that only fills in attributes.
func (j *judge) state(m *pickle.Machine, state pickle.Value) string {
	if inert(m, state) {
		return ""
	}
	if why := j.known(m, state); why != "" {
		return why
	}
	if name := j.special(m, state, 0); name != "" {
		return "with the special attribute " + name
	}
	return ""
}

// lacks says why a state is not a dictionary that is known to be without some names.
func lacks(m *pickle.Machine, state pickle.Value, names []string) string {
	list, ok := m.Elements(state)
	if !ok || m.Kind(state) != pickle.Dict {
		return "which is not a dictionary whose names are known"
	}
	for i := 0; i+1 < len(list); i += 2 {
		key, ok := m.Text(list[i])
		if !ok {
			return "with a name that is not known"
		}
		if slices.Contains(names, key) {
			return "with " + key + ", on which its class evaluates text of the file"
		}
	}
	return ""
}

// special is the first attribute in a state that the loader or the interpreter itself would use, with a callable as its value.
func (j *judge) special(m *pickle.Machine, state pickle.Value, depth int) string {
	list, ok := m.Elements(state)
	if !ok || depth > 1 {
		return ""
	}
	list = append([]pickle.Value(nil), list...)
	if m.Kind(state) != pickle.Dict {
		for _, part := range list[:min(2, len(list))] {
			if name := j.special(m, part, depth+1); name != "" && m.Kind(part) == pickle.Dict {
				return name
			}
		}
		return ""
	}
	for i := 0; i+1 < len(list); i += 2 {
		key, ok := m.Text(list[i])
		if ok && overrides(key) && m.HoldsCallable(list[i+1]) {
			return key
		}
	}
	return ""
}

// overrides reports whether an unpickler or the interpreter calls an attribute of this name.
func overrides(key string) bool {
	switch key {
	case "append", "extend", "add", "update", "__setitem__", "__new__", "__del__", "__reduce_cython__", "__setstate_cython__",
		"persistent_load", "find_class", "__hash__", "__eq__", "__iter__", "__next__", "__getitem__", "__len__":
		return true
	}
	return reachesAll(key)
}

// filled judges SETITEM, SETITEMS, APPEND, APPENDS and ADDITEMS.
func (j *judge) filled(m *pickle.Machine, e *pickle.Effect, where position, container pickle.Kind) {
	kind := m.Kind(e.Target)
	if kind == container || (kind != pickle.Instance && kind != pickle.Global) {
		return // other targets are anomalies
	}
	n := j.global(m, e.Target)
	if n != nil {
		j.builtGlobalItems(m, e, n)
		return
	}
	n = j.classOf(m, e.Target)
	switch {
	case n == nil || !n.known:
	case !n.rule.may(where):
		j.report(RuleCallPosition(), n.full, e.Offset, "sets items of an object of "+n.full+", which is no container made in the stream",
			"CVE-2026-24747: items set on what is no dict")
		return
	}
	plain := e.Items != nil
	for _, item := range e.Items {
		plain = plain && inert(m, item)
	}
	if plain && n != nil && n.known {
		m.Vouch(e.Target)
		return
	}
	if g := j.itemGadget(m, e.Items); g != nil && n != nil {
		j.about(RuleCodeExecution(), g, e.Offset, "puts "+g.full+" into an object of "+n.full)
	}
}

// itemGadget is the first function of the catalogue among items.
func (j *judge) itemGadget(m *pickle.Machine, items []pickle.Value) *named {
	for _, item := range items {
		if !inert(m, item) {
			if g := j.reaches(m, item); g != nil {
				return g
			}
		}
	}
	return nil
}

// builtGlobalItems reports items that are set on something imported, such as os.environ or sys.modules.
func (j *judge) builtGlobalItems(m *pickle.Machine, e *pickle.Effect, n *named) {
	rule := RuleCallPosition()
	if n.isGadget && !n.known {
		rule = RuleCodeExecution()
	}
	j.about(rule, n, e.Offset, "sets items of "+n.full+" itself when loaded")
}

// Bounds of what a stream may make a loader allocate or walk.
const (
	maxElements  = 1 << 40 // of an array that a call allocates
	maxExpansion = 1 << 46 // values, when every reference to a container is followed
	expandNodes  = 1 << 17 // distinct values that the expansion looks at
)

// enormous reports an allocation that has no data behind it.
func (j *judge) enormous(m *pickle.Machine, c invocation, args []pickle.Value) string {
	for _, a := range args[1:] {
		shape, ok := m.Elements(a)
		if !ok || m.Kind(a) != pickle.Tuple {
			continue
		}
		product := float64(1)
		for _, n := range shape {
			if size, ok := m.Int(n); ok {
				product *= math.Abs(float64(size))
			}
		}
		if product > maxElements {
			j.report(RuleResource(), j.named(m, c.callee), c.offset, "allocates an array of shape "+m.Repr(a, 80)+" when loaded", "")
		}
	}
	return ""
}

// maxNesting is how deep containers stand in one another before a loader or its user fails; picklers of Python fail at 1,000.
const maxNesting = 2000

// expansion reports a result whose containers repeat each other so often that walking it does not end, or are nested deeper
// than Python can follow.
func (j *judge) expansion(m *pickle.Machine, e *pickle.Effect) {
	x := expander{m: m, sizes: map[pickle.Value]float64{}, open: map[pickle.Value]bool{}}
	size := x.size(e.Result, 0)
	const laughs = "billion laughs"
	switch {
	case x.cyclic: // honest data may contain itself, and loading it ends
	case x.deep:
		j.report(RuleResource(), "", e.Offset, fmt.Sprintf("containers are nested more than %d deep", maxNesting), "recursion")
	case size > maxExpansion:
		j.report(RuleResource(), "", e.Offset, "containers repeat each other until the result has more than 2^46 parts", laughs)
	}
}

// expander counts the parts of a value as someone who follows every reference finds them.
type expander struct {
	m            *pickle.Machine
	sizes        map[pickle.Value]float64
	open         map[pickle.Value]bool // containers that are being counted
	cyclic, deep bool
}

// size is the number of parts of v, at most a few nodes beyond expandNodes containers.
func (x *expander) size(v pickle.Value, depth int) float64 {
	switch x.m.Kind(v) {
	case pickle.List, pickle.Tuple, pickle.Dict, pickle.Set, pickle.FrozenSet:
	default:
		return 1
	}
	x.cyclic = x.cyclic || x.open[v]
	x.deep = x.deep || depth > maxNesting
	known, ok := x.sizes[v]
	list, _ := x.m.Elements(v)
	switch {
	case ok || x.deep || x.open[v] || len(x.sizes) > expandNodes:
		return max(1, known)
	case len(list) > expandNodes:
		return float64(len(list))
	}
	x.open[v] = true
	total := float64(1)
	for _, part := range append([]pickle.Value(nil), list...) {
		total += x.size(part, depth+1)
	}
	x.open[v] = false
	x.sizes[v] = total
	return total
}
