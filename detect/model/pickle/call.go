package pickle

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
)

// shownCall is how many bytes of a call the evidence and the trace show.
const shownCall = 200

// invocation is one call that a stream makes.
type invocation struct {
	callee, args, kwargs, result pickle.Value
	made                         bool // __new__ only: NEWOBJ, or INST and OBJ without arguments
	offset                       int64
}

// called judges a call.
func (j *judge) called(m *pickle.Machine, e *pickle.Effect) {
	c := invocation{callee: e.Callee, args: e.Args, kwargs: e.Kwargs, result: e.Result, offset: e.Offset}
	switch e.OpName {
	case "NEWOBJ", "NEWOBJ_EX":
		c.made = true
	case "INST", "OBJ":
		args, ok := m.Elements(e.Args)
		c.made = ok && len(args) == 0
	}
	n := j.global(m, c.callee)
	if n == nil {
		n = j.computed(m, c)
	}
	switch {
	case n == nil && m.Kind(c.callee) == pickle.Global:
		j.trace(m, c)
		j.report(RuleCodeExecution(), "", e.Offset, "calls a function whose name it computes while it is loaded: "+j.text(m, c),
			"computed name: STACK_GLOBAL on values that are put together by other calls")
	case n == nil:
		j.unknownAt(e.Offset)
		j.trace(m, c)
		j.handed(m, c, "a computed value")
		j.report(RuleUnknownCallable(), "", e.Offset, "calls the computed value "+m.Repr(c.callee, shownCall)+" when loaded", "")
	case n.known:
		j.allowedCall(m, c, n)
	case n.isGadget:
		j.trace(m, c)
		j.gadgetCall(m, c, n)
	default:
		j.trace(m, c)
		j.handed(m, c, n.full)
		j.about(RuleUnknownGlobal(), n, e.Offset, verb(c)+j.text(m, c)+" when loaded")
	}
}

// verb says what an invocation does to its callee.
func verb(c invocation) string {
	if c.made {
		return "constructs "
	}
	return "calls "
}

// text is the call as Python.
func (j *judge) text(m *pickle.Machine, c invocation) string { return m.Repr(c.result, shownCall) }

// trace adds the call to the trace.
func (j *judge) trace(m *pickle.Machine, c invocation) { j.out.Trace(j.text(m, c)) }

// maxTracedAllowed is how many names of allowed calls the trace shows, once each.
const maxTracedAllowed = 32

// allowedCall judges a call of a name that a pack allows.
func (j *judge) allowedCall(m *pickle.Machine, c invocation, n *named) {
	if !j.traced[n.full] && len(j.traced) < maxTracedAllowed {
		j.traced[n.full] = true
		j.trace(m, c)
	}
	where := posCall
	if c.made {
		where = posNew
	}
	var why string
	switch {
	case !n.rule.may(where):
		why = "which is allowed, but not to be called in this way"
	case where == posNew:
		why = j.known(m, c.args)
	default:
		why = j.permits(m, c, n.rule.args)
	}
	if why == "" && c.kwargs != 0 {
		why = j.known(m, c.kwargs)
	}
	if why == "" {
		m.Vouch(c.result)
		j.checkTensor(m, c, n)
		return
	}
	if j.handed(m, c, n.full) {
		return
	}
	j.report(RuleCallPosition(), n.full, c.offset, verb(c)+j.text(m, c)+" when loaded, "+why, "")
}

// handed reports a function of the gadget catalogue among the arguments of a call: whoever gets it may call it.
func (j *judge) handed(m *pickle.Machine, c invocation, to string) bool {
	n := j.reaches(m, c.args)
	if n == nil && c.kwargs != 0 {
		n = j.reaches(m, c.kwargs)
	}
	if n == nil {
		return false
	}
	if callee := j.global(m, c.callee); callee != nil && callee.isGadget {
		callee.settled = true // this finding tells of it
	}
	j.about(RuleCodeExecution(), n, c.offset, fmt.Sprintf("hands %s to %s: %s", n.full, to, j.text(m, c)))
	return true
}

// gadgetCall judges a call of a name that the catalogue knows.
func (j *judge) gadgetCall(m *pickle.Machine, c invocation, n *named) {
	summary := verb(c) + j.text(m, c) + " when loaded"
	switch {
	case makesCode(n.full) && !c.made:
		if names := j.harvest(m, c.args); names != "" {
			summary = "makes a function or a class from code that names " + names + " when loaded"
		}
		j.about(RuleCodeObject(), n, c.offset, summary)
	case j.leadsToAllowed(m, c):
		n.settled = true
		m.Vouch(c.result)
	case n.gadget.harm == harmResolve:
		if !j.handed(m, c, n.full) && !j.leads(m, c, n) {
			j.about(RuleIndirection(), n, c.offset, summary)
		}
	case c.made:
		if !j.handed(m, c, n.full) {
			j.about(RuleDangerousImport(), n, c.offset, summary)
		}
	case n.gadget.harm.executes():
		if names := j.codeIn(m, c.args); names != "" {
			summary += ", with code that names " + names
		}
		j.about(RuleCodeExecution(), n, c.offset, summary)
	case n.gadget.harm == harmWrite || n.gadget.harm == harmNetwork:
		j.about(RuleSideEffect(), n, c.offset, summary)
	default:
		if !j.handed(m, c, n.full) {
			j.about(RuleDangerousImport(), n, c.offset, summary)
		}
	}
}

// codeIn lists what marshalled code among the arguments of a call names.
func (j *judge) codeIn(m *pickle.Machine, args pickle.Value) string {
	list, _ := m.Elements(args)
	for _, v := range list {
		if p, ok := j.payloads[v]; ok && p.names != "" {
			return p.names
		}
	}
	return ""
}

// leadsToAllowed reports whether the call looks up a name that a pack allows as a whole, such as a class method.
func (j *judge) leadsToAllowed(m *pickle.Machine, c invocation) bool {
	path, indirect := j.resolve(m, c.result, 0)
	_, ok := j.det.rules[path]
	return indirect && ok
}

// leads reports an indirect call whose result is, or leads to, a gadget.
func (j *judge) leads(m *pickle.Machine, c invocation, n *named) bool {
	path, _ := j.resolve(m, c.result, 0)
	if path != "" && path != n.full {
		if g, ok := j.det.gadgets.find(path); ok && g.harm.executes() {
			if makesCode(path) { // the call of it has its own finding
				j.lookup(path, path, c.offset)
				n.settled = true
				return true
			}
			j.about(RuleCodeExecution(), j.lookup(path, path, c.offset), c.offset, "reaches "+path+" by "+j.text(m, c)+" when loaded")
			n.settled = true
			return true
		}
	}
	args, _ := m.Elements(c.args)
	for _, a := range args {
		text, ok := m.Text(a)
		if !ok {
			continue
		}
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == ':' }) {
			if reachesAll(part) {
				j.about(RuleCodeExecution(), n, c.offset, "reaches "+part+" by "+j.text(m, c)+" when loaded")
				return true
			}
		}
	}
	return false
}

// makesCode reports whether a name makes functions or code objects from their parts.
func makesCode(full string) bool {
	switch lastPart(full) {
	case "CodeType", "FunctionType", "LambdaType", "_make_function", "_make_skel_func", "_fill_function", "_create_function",
		"_create_code", "_function_setstate", "_make_skeleton_class", "_class_setstate", "_create_type", "_create_lambda", "code", "function":
		return true
	}
	return false
}

// computed resolves a callee that is not an import but the result of calls; nil when it cannot be resolved.
func (j *judge) computed(m *pickle.Machine, c invocation) *named {
	path, indirect := j.resolve(m, c.callee, 0)
	if path == "" { // methodcaller("system", "echo")(os) calls os.system; attrgetter("system")(os) reaches it
		path, indirect = j.resolve(m, c.result, 0)
	}
	if path == "" || !indirect || !strings.Contains(path, ".") {
		return nil
	}
	n := j.lookup(path, path, c.offset)
	if !n.known && !n.isGadget {
		n.settled = true
		return nil
	}
	return n
}
