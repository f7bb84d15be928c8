package pickle

import (
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
)

// maxNodes bounds how many values one judgement of arguments or of a state looks at.
const maxNodes = 1 << 16

// visit calls f with v and everything that its containers hold, and stops when f returns false. Instances
// are passed to f and not entered: they were judged when they were made. It returns false when it was stopped or a container
// could not be listed.
func (j *judge) visit(m *pickle.Machine, v pickle.Value, f func(pickle.Value) bool) bool {
	seen := map[pickle.Value]bool{}
	todo := []pickle.Value{v}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !f(v) {
			return false
		}
		switch m.Kind(v) {
		case pickle.List, pickle.Tuple, pickle.Dict, pickle.Set, pickle.FrozenSet:
			if seen[v] {
				continue
			}
			seen[v] = true
			list, ok := m.Elements(v)
			if !ok || len(todo)+len(list) > maxNodes || j.in.Budget.Ops(int64(len(list))) != nil {
				return false
			}
			todo = append(todo, list...)
		}
	}
	return true
}

// inert reports whether v holds neither imported names nor unknown values.
func inert(m *pickle.Machine, v pickle.Value) bool { return !m.HoldsCallable(v) && !m.HoldsUnknown(v) }

// holdsOnly says why v holds more than data and names that pass; "" when it does not.
func (j *judge) holdsOnly(m *pickle.Machine, v pickle.Value, pass func(*named) bool) string {
	if inert(m, v) {
		return ""
	}
	why := ""
	listed := j.visit(m, v, func(v pickle.Value) bool {
		switch m.Kind(v) {
		case pickle.Global:
			// The finding about a name that is not allowed at all is about the name.
			if n := j.global(m, v); n == nil || n.dangerous() || (n.known && !pass(n)) {
				why = "with the function or class " + m.Repr(v, 80) + " where data belongs"
			}
		case pickle.Unknown:
			why = "with a value that is not known"
		case pickle.Extension:
			why = "with a value of the extension registry"
		}
		return why == ""
	})
	if !listed && why == "" && m.HoldsUnknown(v) {
		why = "with more values than can be judged, some of them not known"
	}
	return why
}

// data says why v is more than data and names that may stand as a value.
func (j *judge) data(m *pickle.Machine, v pickle.Value) string {
	return j.holdsOnly(m, v, func(n *named) bool { return n.rule.may(posRef) })
}

// known says why v is more than data and names that some pack knows.
func (j *judge) known(m *pickle.Machine, v pickle.Value) string {
	return j.holdsOnly(m, v, func(*named) bool { return true })
}

// reaches is the first function of the gadget catalogue that v holds, or is a call of; nil when there is none.
func (j *judge) reaches(m *pickle.Machine, v pickle.Value) *named {
	var found *named
	j.visit(m, v, func(v pickle.Value) bool {
		n := j.global(m, v)
		if n == nil && m.Kind(v) == pickle.Instance {
			if path, _ := j.resolve(m, v, 0); path != "" {
				if g, ok := j.det.gadgets.find(path); ok && g.harm.executes() && strings.Contains(path, ".") {
					n = j.lookup(path, path, 0)
				}
			} else if callee, _, ok := m.Call(v); ok {
				n = j.global(m, callee)
			}
		}
		if n != nil && n.dangerous() {
			found = n
		}
		return found == nil
	})
	return found
}

// permits says why the arguments of a call break the constraint of its rule; "" when they do not.
func (j *judge) permits(m *pickle.Machine, c invocation, want constraint) string {
	args, ok := m.Elements(c.args)
	if !ok && want != argsData && want != argsKnown && want != argsRandom {
		return "with arguments that are not known"
	}
	args = append([]pickle.Value(nil), args...)
	switch want {
	case argsData:
		return j.data(m, c.args)
	case argsKnown:
		return j.known(m, c.args)
	case argsRandom:
		return j.holdsOnly(m, c.args, func(n *named) bool { return strings.HasPrefix(n.full, "numpy.random.") })
	case argsWords:
		return j.words(m, args)
	case argsBytes:
		return j.byteContent(m, args)
	case argsRange:
		return j.integers(m, args)
	case argsNone:
		if len(args) == 1 && m.Kind(args[0]) == pickle.None {
			return ""
		}
		return "with something else than None"
	case argsLatin1:
		return latin1(m, args)
	case argsClass:
		return j.class(m, c, args)
	case argsReconstruct:
		return j.reconstruct(m, c, args)
	case argsApply:
		return j.apply(m, c, args)
	case argsLoad:
		return j.load(m, c, args)
	}
	return "with a constraint that is not known"
}

// words says why the arguments are more than text, numbers and containers of them.
func (j *judge) words(m *pickle.Machine, args []pickle.Value) string {
	for _, a := range args {
		if m.Kind(a) == pickle.Instance || !inert(m, a) {
			return "with more than text and numbers"
		}
	}
	return ""
}

// integers says why the arguments are not up to three integers.
func (j *judge) integers(m *pickle.Machine, args []pickle.Value) string {
	for _, a := range args {
		if k := m.Kind(a); k != pickle.Int && k != pickle.Bool {
			return "with more than integers"
		}
	}
	if len(args) > 3 {
		return "with more than three arguments"
	}
	return ""
}

// byteContent says why the arguments are not the content of a bytes object. A number is none: it is a size to allocate.
func (j *judge) byteContent(m *pickle.Machine, args []pickle.Value) string {
	for i, a := range args {
		switch m.Kind(a) {
		case pickle.Bytes, pickle.ByteArray, pickle.String, pickle.Buffer:
			continue
		case pickle.Instance:
			if callee, _, ok := m.Call(a); ok && i == 0 && j.named(m, callee) == "_codecs.encode" {
				continue
			}
		case pickle.List, pickle.Tuple:
			if i == 0 && inert(m, a) {
				continue
			}
		}
		return "with something else than the content of bytes"
	}
	return ""
}

// named is the qualified name of a value that is an import; "" for others.
func (j *judge) named(m *pickle.Machine, v pickle.Value) string {
	if n := j.global(m, v); n != nil {
		return n.full
	}
	return ""
}

// latin1 says why the arguments are not those with which protocol 2 writes bytes.
func latin1(m *pickle.Machine, args []pickle.Value) string {
	if len(args) == 2 && m.Kind(args[0]) == pickle.String {
		if codec, ok := m.Text(args[1]); ok && (codec == "latin1" || codec == "latin-1") {
			return ""
		}
	}
	return "with something else than text and latin1"
}

// class says why the arguments are not an allowed class and data for it.
func (j *judge) class(m *pickle.Machine, c invocation, args []pickle.Value) string {
	if len(args) == 0 {
		return "without a class"
	}
	n := j.global(m, args[0])
	switch {
	case n == nil:
		return "with a computed class"
	case !n.known && n.isGadget:
		return "with " + n.full + " as the class"
	case !n.known:
		return "" // the finding is about the class
	case n.rule.where&(posNew|posRef) == 0:
		return "with " + n.full + ", which is no class"
	}
	if why := j.enormous(m, c, args); why != "" {
		return why
	}
	for _, a := range args[1:] {
		if why := j.known(m, a); why != "" {
			return why
		}
	}
	return ""
}

// reconstruct says why the arguments are not (class, builtin base, state).
func (j *judge) reconstruct(m *pickle.Machine, c invocation, args []pickle.Value) string {
	if len(args) != 3 {
		return "with other arguments than class, base and state"
	}
	base := modern(j.named(m, args[1]))
	if !strings.HasPrefix(base, "builtins.") && base != "collections.OrderedDict" {
		return "with a base class that is not a builtin"
	}
	return j.class(m, c, args)
}

// apply judges a call of (function, class, arguments, state) as the calls that it makes.
func (j *judge) apply(m *pickle.Machine, c invocation, args []pickle.Value) string {
	if len(args) < 3 {
		return "with too few arguments"
	}
	n := j.global(m, args[0])
	switch {
	case n == nil:
		return "with a computed function"
	case !n.known || !n.rule.may(posCall) || n.rule.args == argsApply || !makesArray(n.full):
		return "with " + n.full + ", which it calls"
	}
	given, rest := 2, []pickle.Value{args[1]}
	if m.Kind(args[1]) == pickle.Tuple { // (function, arguments, state, attributes), as dill's _create_array
		given, rest = 1, []pickle.Value{args[2]}
	}
	inner := invocation{callee: args[0], args: args[given], result: c.result, offset: c.offset}
	if why := j.permits(m, inner, n.rule.args); why != "" {
		return why
	}
	for _, a := range append(rest, args[3:]...) {
		if why := j.state(m, a); why != "" {
			return why
		}
	}
	return ""
}

// makesArray reports whether a function makes a new array or tensor. What returns an object that exists already would let the
// caller change the state of that object unseen.
func makesArray(full string) bool {
	return strings.HasPrefix(full, "torch._utils._rebuild_") || strings.HasSuffix(full, ".multiarray._reconstruct")
}

// load says why the arguments are not one payload that is inspected by itself.
func (j *judge) load(m *pickle.Machine, c invocation, args []pickle.Value) string {
	if len(args) != 1 || j.byteContent(m, args) != "" {
		return "with something else than bytes of the file"
	}
	if !j.explain(m, args[0]) {
		j.out.Gap(c.offset, -1, "bytes that the file loads as content were not recognised: "+j.text(m, c))
	}
	return ""
}

// maxHarvest is how many names and texts of embedded code the evidence shows.
const maxHarvest = 12

// harvest lists the texts among the arguments from which code is made: its names and constants.
func (j *judge) harvest(m *pickle.Machine, v pickle.Value) string {
	var texts []string
	j.deep(m, v, 0, func(v pickle.Value) bool {
		if text, ok := m.Text(v); ok && text != "" && len(text) < 60 && !strings.HasPrefix(text, "<") {
			texts = append(texts, text)
		}
		return len(texts) < maxHarvest
	})
	return strings.Join(texts, ", ")
}

// deep visits v in order, instances and their arguments too.
func (j *judge) deep(m *pickle.Machine, v pickle.Value, depth int, f func(pickle.Value) bool) bool {
	if depth > maxDepth || j.in.Budget.Ops(1) != nil || !f(v) {
		return false
	}
	list, _ := m.Elements(v)
	if _, args, ok := m.Call(v); ok {
		list = []pickle.Value{args}
	}
	for _, v := range append([]pickle.Value(nil), list...) {
		if !j.deep(m, v, depth+1, f) {
			return false
		}
	}
	return true
}
