package pickle

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed gadget.txt
var gadgetText string

// A harm is what the call of a gadget does.
type harm string

// The harms.
const (
	harmExecute    harm = "execute"    // runs code or a program
	harmLoad       harm = "load"       // imports or makes code
	harmResolve    harm = "resolve"    // reaches any function by its name
	harmNested     harm = "nested"     // loads another pickle or model
	harmWrite      harm = "write"      // changes files
	harmRead       harm = "read"       // reads files
	harmNetwork    harm = "network"    // opens a connection
	harmDecode     harm = "decode"     // turns data into other data
	harmIntrospect harm = "introspect" // looks around in the process
	harmCrash      harm = "crash"      // ends the process
)

// executes reports whether a call with this harm runs code that the file chooses.
func (h harm) executes() bool {
	return h == harmExecute || h == harmLoad || h == harmResolve || h == harmNested
}

// gadget is what the catalogue knows about a name.
type gadget struct {
	harm harm
	does string // "runs a shell command"
	ref  string // an advisory or a weakness; may be empty
}

// technique is the name of the attack for a finding about the given name.
func (g gadget) technique(name string) string {
	if g.ref == "" {
		return name + ": " + g.does
	}
	return name + ": " + g.does + " (" + g.ref + ")"
}

// catalogue holds the gadgets by name.
type catalogue map[string]gadget

// parseCatalogue reads the text of the catalogue; its own comment says how it is written.
func parseCatalogue(text string) (catalogue, error) {
	c, section := catalogue{}, harm("")
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = harm(strings.Trim(line, "[]"))
		default:
			columns := strings.Split(line, "  ")
			if len(columns) < 2 || len(columns) > 3 {
				return nil, fmt.Errorf("parse gadgets: line %d has %d columns: %w", i+1, len(columns), errPack)
			}
			g := gadget{harm: section, does: columns[1]}
			if len(columns) == 3 {
				g.ref = columns[2]
			}
			for _, name := range strings.Split(columns[0], " | ") {
				c[name] = g
			}
		}
	}
	return c, nil
}

// find looks a qualified name up: the longest entry that is the name or one of its parents, with the names of Python 2
// mapped first.
func (c catalogue) find(name string) (gadget, bool) {
	for part := modern(name); part != ""; {
		if g, ok := c[part]; ok {
			return g, true
		}
		dot := strings.LastIndexByte(part, '.')
		if dot < 0 {
			break
		}
		part = part[:dot]
	}
	return gadget{}, false
}

// hops looks a dotted attribute path up at every hop, so that "os.system" is found wherever os was imported from. It
// returns the part that is a gadget. A single name is only a hit as a module that someone imported.
func (c catalogue) hops(attributes string) (string, gadget, bool) {
	parts := strings.Split(attributes, ".")
	for i, part := range parts {
		if reachesAll(part) {
			return part, gadget{harm: harmExecute, does: "reaches into the interpreter through a special attribute"}, true
		}
		rest := strings.Join(parts[i:], ".")
		if g, ok := c.find(rest); ok && (len(parts)-i > 1 || i > 0) {
			return rest, g, true
		}
	}
	return "", gadget{}, false
}

// reachesAll reports whether an attribute of this name leads from any object to the interpreter's internals.
func reachesAll(attribute string) bool {
	switch attribute {
	case "__builtins__", "__globals__", "__class__", "__subclasses__", "__bases__", "__base__", "__mro__", "__dict__",
		"__code__", "__init__", "__getattribute__", "__getattr__", "__setattr__", "__call__", "__import__", "__loader__", "__spec__",
		"__reduce__", "__reduce_ex__", "__closure__", "__self__", "__func__", "__module__", "__wrapped__", "__setstate__",
		"__init_subclass__", "__defaults__", "func_globals", "func_code", "gi_frame", "f_globals", "f_builtins", "cr_frame", "tb_frame":
		return true
	}
	return false
}

// modern maps the module names of Python 2 to those of Python 3, as unpicklers do below protocol 3.
func modern(name string) string {
	for _, pair := range [...][2]string{{"__builtin__.", "builtins."}, {"copy_reg.", "copyreg."}, {"exceptions.", "builtins."},
		{"cPickle.", "pickle."}, {"commands.", "subprocess."}, {"UserDict.", "collections."}, {"urllib2.", "urllib.request."}} {
		if rest, ok := strings.CutPrefix(name, pair[0]); ok {
			return pair[1] + rest
		}
	}
	return name
}
