package template

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/picketsec/picket"
)

// checks is what is known and was found while one template is read.
type checks struct {
	src      string
	vars     map[string]value // by name; fields of a namespace as "name.field"
	macros   map[string]value
	captures []capture
	loops    []int64 // rounds of the loops that are open, 1 when not known
	branches []bool  // of the conditions that are open: it looks for a word in a message
	inside   []byte  // what is open, from the outside in: 'l' a loop, 'b' a condition
	findings []picket.Finding
	seen     map[string]bool // findings
	judged   map[string]bool // texts
	work     int             // bytes of computed text that may still be judged
}

const (
	maxFindings = 100
	maxWork     = 4 << 20   // bytes; honest templates compute less than they have
	bigRange    = 100_000   // rounds of one loop, or of loops in loops; messages and tools are far fewer
	bigText     = 1_000_000 // characters that an operator or filter makes of few
)

// internals matches the attributes of Python objects that lead from a harmless value to its interpreter.
var internals = regexp.MustCompile(`__(?:class|mro|bases?|subclasses|globals|builtins?|init|import|getattr(?:ibute)?|setattr|dict|code|` +
	`closure|func|self|module|loader|spec|call|reduce|reduce_ex|subclasshook|init_subclass|new|qualname|weakref|doc|getitem|` +
	`enter|exit|del|dir|name|wrapped|context|traceback|cause)__`)

// reached lists further attributes of that kind, which have no double underscore.
func reached(name string) bool {
	switch name {
	case "mro", "func_globals", "func_code", "func_closure", "func_defaults", "im_func", "im_self", "im_class", "gi_frame",
		"gi_code", "gi_yieldfrom", "cr_frame", "cr_code", "ag_frame", "ag_code", "f_globals", "f_locals", "f_builtins", "f_back",
		"f_code", "tb_frame", "tb_next", "co_code", "co_consts", "_module", "_TemplateReference__context", "__builtins__",
		"_load_form_data", "_get_file_stream":
		return true
	}
	return strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && len(name) > 4
}

// runs lists the functions that run code or commands when a template calls them.
func runs(name string) bool {
	switch name {
	case "popen", "system", "eval", "exec", "execfile", "compile", "__import__", "import_module", "check_output", "check_call",
		"Popen", "getoutput", "spawn", "execv", "execve", "fork", "load_module", "run_path", "run_module", "breakpoint":
		return true
	}
	return false
}

// root is the variable at the start of a dotted name.
func root(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}

// engineName reports whether a variable is an object that the template engine provides and whose internals lead out of it.
func engineName(name string) bool {
	switch name {
	case "lipsum", "cycler", "joiner", "self", "namespace", "dict", "range", "url_for", "get_flashed_messages":
		return true
	}
	return false
}

// report keeps a finding once per rule and subject.
func (c *checks) report(rule picket.Rule, at int, subject, summary string, sure picket.Confidence) {
	key := rule.ID + "\x00" + subject
	if c.seen[key] || len(c.findings) >= maxFindings {
		return
	}
	c.seen[key] = true
	at = min(max(at, 0), len(c.src))
	c.findings = append(c.findings, picket.Finding{
		Rule: rule, Subject: picket.Printable(subject, 80), Confidence: sure,
		Location: picket.Location{Offset: int64(at), Line: 1 + strings.Count(c.src[:at], "\n")},
		Evidence: picket.NewEvidence(summary, c.src[max(0, at-40):min(len(c.src), at+120)]),
	})
}

// variable is the use of a name.
func (c *checks) variable(t token) value {
	switch {
	case reached(t.text):
		c.report(RuleCode(), t.offset, t.text, fmt.Sprintf("the template uses %s, which leads to the Python interpreter", t.text), picket.Certain)
	case t.text == "lipsum" || t.text == "self" || t.text == "get_flashed_messages" || t.text == "url_for":
		c.report(RuleInternals(), t.offset, t.text, fmt.Sprintf("the template uses %s, which no chat template needs", t.text), picket.Likely)
	}
	v := c.vars[t.text]
	v.name = t.text
	return v
}

// lookup judges that a name is looked up on a value. Computed is true for a subscript or the attr filter.
func (c *checks) lookup(on, name value, at int, computed bool) {
	for _, s := range name.texts {
		switch {
		case reached(s):
			c.report(RuleCode(), at, s, fmt.Sprintf("the template looks up %s, which leads to the Python interpreter", s), picket.Certain)
		case strings.HasPrefix(s, "_") && !strings.HasPrefix(s, "__") && !computed:
			c.report(RuleInternals(), at, s, fmt.Sprintf("the template looks up the private attribute %s", s), picket.Likely)
		case engineName(on.name) && on.name != "dict":
			c.report(RuleInternals(), at, on.name+"."+s,
				fmt.Sprintf("the template looks up %s on %s, an object of the template engine", s, on.name), picket.Likely)
		}
	}
	if computed && name.built {
		c.report(RuleComputed(), at, fmt.Sprint("lookup at ", at), "the template looks up a name that it puts together when it runs", picket.Likely)
	}
}

// attrFilter judges a use of the attr filter.
func (c *checks) attrFilter(name value, at int) {
	if !name.known() {
		c.report(RuleComputed(), at, fmt.Sprint("attr at ", at), "the attr filter looks up a name that is not known before the template runs", picket.Likely)
		return
	}
	c.report(RuleAttr(), at, strings.Join(name.texts, " "), fmt.Sprintf("the attr filter looks up %q", name.texts[0]), picket.Certain)
}

// called judges a call.
func (c *checks) called(f value, args []value, at int) {
	last := f.name[strings.LastIndexByte(f.name, '.')+1:]
	if runs(last) && (strings.Contains(f.name, ".") || last != "compile") {
		c.report(RuleCode(), at, last, fmt.Sprintf("the template calls %s", last), picket.Certain)
	}
	if f.name == "range" {
		for _, a := range args {
			if a.number != nil && (*a.number > bigRange || *a.number < -bigRange) {
				c.report(RuleResource(), at, "range", fmt.Sprintf("the template loops up to %d times", *a.number), picket.Certain)
			}
		}
	}
}

// rounds is how many numbers a range has, when its bounds are known.
func rounds(args []value) int64 {
	from, to, by := int64(0), int64(0), int64(1)
	switch {
	case len(args) == 1 && args[0].number != nil:
		to = *args[0].number
	case len(args) >= 2 && args[0].number != nil && args[1].number != nil:
		from, to = *args[0].number, *args[1].number
		if len(args) > 2 && args[2].number != nil && *args[2].number > 0 {
			by = *args[2].number
		}
	}
	if from < -1<<40 || to > 1<<40 {
		return 1 << 40
	}
	return max(0, (to-from)/by)
}

// beginLoop opens a loop and judges how many rounds it and those around it make together.
func (c *checks) beginLoop(over value, at int) {
	n := max(1, over.count, int64(len(over.items)))
	if len(c.inside) < maxNesting {
		c.loops, c.inside = append(c.loops, n), append(c.inside, 'l')
	}
	total := int64(1)
	for _, n := range c.loops {
		if total *= n; total > bigRange {
			c.report(RuleResource(), at, "range", "the template has loops in loops that make more than 100,000 rounds", picket.Certain)
			return
		}
	}
}

// endLoop closes the innermost loop.
func (c *checks) endLoop() {
	if n := len(c.inside); n > 0 && c.inside[n-1] == 'l' {
		c.loops, c.inside = c.loops[:len(c.loops)-1], c.inside[:n-1]
	}
}

// branch opens a condition, or a further one of the same. Whether it looks for a word is known once it is read.
func (c *checks) branch(t token) {
	if t.text == "elif" {
		c.endBranch()
	}
	if len(c.inside) < maxNesting {
		c.branches, c.inside = append(c.branches, false), append(c.inside, 'b')
	}
}

// otherwise begins the part that is written when the word is not there. A loop can have such a part too.
func (c *checks) otherwise() {
	if n := len(c.inside); n > 0 && c.inside[n-1] == 'b' {
		c.branches[len(c.branches)-1] = false
	}
}

// endBranch closes the innermost condition.
func (c *checks) endBranch() {
	if n := len(c.inside); n > 0 && c.inside[n-1] == 'b' {
		c.branches, c.inside = c.branches[:len(c.branches)-1], c.inside[:n-1]
	}
}

// repeated judges and computes x * n and x ** n.
func (c *checks) repeated(op token, v, n value) value {
	if n.number == nil {
		v, n = n, v
	}
	if n.number == nil {
		return value{}
	}
	switch {
	case op.text == "**" && v.number != nil && *n.number > 1000:
		c.report(RuleResource(), op.offset, "power", fmt.Sprintf("the template raises a number to the power of %d", *n.number), picket.Certain)
	case op.text == "*" && (len(v.texts) > 0 || v.list || v.built):
		c.sized(n, op.offset)
		if *n.number > 0 && *n.number <= 64 && len(v.texts) > 0 {
			return v.mapped(func(s string) string { return clip(strings.Repeat(clip(s), int(*n.number))) })
		}
	case op.text == "*" && v.number != nil && *v.number < 1<<31 && *n.number < 1<<31 && *v.number > -1<<31 && *n.number > -1<<31:
		return whole(*v.number * *n.number)
	}
	return value{}
}

// sized judges the number of characters or items that are asked for.
func (c *checks) sized(n value, at int) {
	if n.number != nil && *n.number > bigText {
		c.report(RuleResource(), at, "size", fmt.Sprintf("the template makes a text or list of %d pieces", *n.number), picket.Certain)
	}
}

// loads judges a statement that reads another template.
func (c *checks) loads(t token) {
	c.report(RuleFile(), t.offset, t.text, fmt.Sprintf("the template has a statement %q, which reads another file", t.text), picket.Certain)
}

// literal judges how a string is written.
func (c *checks) literal(t token) {
	if t.escapes >= 3 {
		c.report(RuleObfuscated(), t.offset, t.text, fmt.Sprintf("a string writes plain letters as escapes: %q", t.text), picket.Certain)
	}
}

// constant judges a text that the template has or computes.
func (c *checks) constant(v value, at int) {
	for _, s := range v.texts {
		if c.judged[s] {
			continue
		}
		if c.work -= len(s); c.work < 0 {
			return
		}
		c.judged[s] = true
		if name := internals.FindString(s); name != "" {
			c.report(RuleCode(), at, name, fmt.Sprintf("the template makes the name %s, which leads to the Python interpreter", name), picket.Likely)
		}
		c.prose(s, at)
		c.invisible(s)
	}
}

// words judges the tokens of a block that was not understood, each by itself.
func (c *checks) words(tokens []token) {
	for _, t := range tokens {
		switch {
		case t.kind == tokenName && (reached(t.text) || runs(t.text) && t.text != "compile"):
			c.report(RuleCode(), t.offset, t.text, fmt.Sprintf("the template uses %s, which leads to the Python interpreter", t.text), picket.Likely)
		case t.kind == tokenString:
			c.literal(t)
			c.constant(text(t.text), t.offset)
		}
	}
}
