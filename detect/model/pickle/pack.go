package pickle

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed pack/*.txt
var packFiles embed.FS

// errPack is wrapped by every error about the text of a pack.
var errPack = errors.New("not a pack")

// A position is one thing that a pickle may do with a name. In a pack it is written as one of the words ref, call, new, build,
// items and append.
type position uint8

// The positions.
const (
	posRef    position = 1 << iota // stand as a value: in a container, in a state, as an argument
	posCall                        // be called: REDUCE, or INST and OBJ with arguments
	posNew                         // make an object without __init__: NEWOBJ, or INST and OBJ without arguments
	posBuild                       // what it made may get a state: BUILD
	posItems                       // what it made may get items by key: SETITEM
	posAppend                      // what it made may be extended: APPEND
)

// A constraint says which arguments a call may have. In a pack it stands in parentheses after call; without one the
// arguments are data: no unknown value, and no imported name but those that may be a ref.
type constraint string

// The constraints.
const (
	argsData        constraint = ""            // data, and names that may stand as a value
	argsKnown       constraint = "known"       // data, and any name that a pack knows
	argsRandom      constraint = "random"      // data, and names of numpy.random, which the function may call
	argsWords       constraint = "words"       // text, numbers and containers of them
	argsBytes       constraint = "bytes"       // the content of a bytes or bytearray
	argsRange       constraint = "range"       // one to three integers
	argsNone        constraint = "none"        // None, as in type(None)
	argsLatin1      constraint = "latin1"      // (text, "latin1"): how protocol 2 writes bytes
	argsClass       constraint = "class"       // (class, data…): makes an object of the class that is its first argument
	argsReconstruct constraint = "reconstruct" // (class, builtin base, state), as copyreg._reconstructor
	argsApply       constraint = "apply"       // (function, class, arguments, state), as torch's _rebuild_from_type_v2
	argsLoad        constraint = "load"        // (bytes): loads a payload that is inspected as content of its own
)

// allowed is the rule for one name.
type allowed struct {
	where position
	args  constraint
	lacks string // attributes that a state must not have, separated by commas, because the class acts on them
}

// may reports whether the name may be used in all of the positions.
func (a allowed) may(p position) bool { return a.where&p == p }

// pack is the parsed text of one allow-list pack.
type pack struct {
	name     string // the library
	revision string // of the pack; changes whenever a name does
	versions string // of the library, as derived
	names    []string
	rules    map[string]allowed
}

// parsePack reads the text of a pack: lines "key: value" up to the first empty line, then one rule a line:
//
//	rule       = name "  " position { " " position }
//	position   = "ref" | "call" [ "(" constraint ")" ] | "new" | "build" [ "(lacks=" name { "," name } ")" ] | "items" | "append"
//	constraint = "known" | "random" | "words" | "bytes" | "range" | "none" | "latin1" | "class" | "reconstruct" | "apply" | "load"
//
// Names are exact, without wildcards. An error wraps errPack and names the line.
func parsePack(text string) (pack, error) {
	p := pack{rules: map[string]allowed{}}
	head := true
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		var err error
		switch {
		case head && line == "":
			head = false
		case head:
			err = p.header(line)
		default:
			err = p.rule(line)
		}
		if err != nil {
			return pack{}, fmt.Errorf("parse pack: line %d: %w", i+1, err)
		}
	}
	if p.name == "" || p.revision == "" || p.versions == "" {
		return pack{}, fmt.Errorf("parse pack: the header lacks pack, revision or versions: %w", errPack)
	}
	return p, nil
}

// header reads one line of the header.
func (p *pack) header(line string) error {
	key, value, ok := strings.Cut(line, ": ")
	switch {
	case !ok || value == "":
		return fmt.Errorf("%q is not of the form key: value: %w", line, errPack)
	case key == "pack":
		p.name = value
	case key == "revision":
		p.revision = value
	case key == "versions":
		p.versions = value
	case key != "derived":
		return fmt.Errorf("the key %q is not known: %w", key, errPack)
	}
	return nil
}

// rule reads the line of one name.
func (p *pack) rule(line string) error {
	name, words, ok := strings.Cut(line, "  ")
	if !ok || !exactName(name) {
		return fmt.Errorf("%q is not an exact name and its positions: %w", line, errPack)
	}
	if _, dup := p.rules[name]; dup {
		return fmt.Errorf("%s is there twice: %w", name, errPack)
	}
	var a allowed
	for _, word := range strings.Split(words, " ") {
		if lacks, ok := strings.CutPrefix(word, "build(lacks="); ok {
			if a.lacks, ok = strings.CutSuffix(lacks, ")"); ok && exactName("state."+strings.ReplaceAll(a.lacks, ",", ".")) {
				word = "build"
			}
		}
		where, args, err := parsePosition(word)
		if err != nil || a.may(where) {
			return fmt.Errorf("%s: %q is not a position, or is there twice: %w", name, word, errPack)
		}
		a.where |= where
		if where == posCall {
			a.args = args
		}
	}
	p.names = append(p.names, name)
	p.rules[name] = a
	return nil
}

// parsePosition reads one position with its constraint.
func parsePosition(word string) (position, constraint, error) {
	switch word {
	case "ref":
		return posRef, "", nil
	case "call":
		return posCall, argsData, nil
	case "new":
		return posNew, "", nil
	case "build":
		return posBuild, "", nil
	case "items":
		return posItems, "", nil
	case "append":
		return posAppend, "", nil
	}
	inner, ok := strings.CutPrefix(word, "call(")
	inner, closed := strings.CutSuffix(inner, ")")
	switch c := constraint(inner); {
	case !ok || !closed:
	case c == argsKnown, c == argsRandom, c == argsWords, c == argsBytes, c == argsRange, c == argsNone, c == argsLatin1,
		c == argsClass, c == argsReconstruct, c == argsApply, c == argsLoad:
		return posCall, c, nil
	}
	return 0, "", errPack
}

// exactName reports whether the text is a dotted name of a module and something in it.
func exactName(name string) bool {
	if !strings.Contains(name, ".") {
		return false
	}
	for _, part := range strings.Split(name, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// packs reads every embedded pack, in the order of their names.
func packs() ([]pack, error) {
	var all []pack
	files, err := fs.Glob(packFiles, "pack/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	for _, file := range files {
		text, err := packFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read pack: %w", err)
		}
		p, err := parsePack(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// PackNames lists the libraries whose allow-list packs are built in, in the order of their names.
func PackNames() ([]string, error) {
	all, err := packs()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return names, nil
}
