// Package python judges Python source that comes with a model. Source that a configuration names, which a loader therefore
// imports, is judged by what it does when it is imported, when the model is made, and later. Source that nothing names is
// code like that of any library, which runs programs honestly: of it only what hides itself is reported as suspicious. The
// package runs nothing and follows no import; Follow finds the files that a file imports from its own folder.
package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

const (
	maxEach   = 8 // findings of one rule that are listed one by one
	maxNested = 6 // source in strings in source
)

// Detector inspects Python source.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "python", Title: "Python source beside a model: programs, connections and hidden code", Formats: []string{python.FormatName}, Rules: rules(),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	content, release, err := python.Load(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	defer release()
	named := in.Named || conventional(in, content)
	j := &judge{named: named, emit: out.Report, count: map[string]int{}, seen: map[string]bool{}}
	if encoding := python.Encoding(content); !python.Transparent(encoding) {
		j.report(ruleEncoding(), encoding, "the source declares the encoding "+encoding, 0, 1, picket.Certain)
	}
	if !named && !conspicuous(content) {
		out.Parsed(int64(len(content)))
		return nil
	}
	err = j.source(python.Decode(content), in.Budget, 0)
	j.conclude()
	if errors.Is(err, format.ErrMalformed) && !named {
		err = nil // Python refuses the file too; nothing makes it try
	}
	if err == nil {
		out.Parsed(int64(len(content)))
	}
	return err
}

// conventional reports whether loaders import a file because of what it is called or holds: no configuration names it.
func conventional(in detect.Input, content []byte) bool {
	beside := func(name string) bool {
		if in.Sibling == nil {
			return false
		}
		_, err := in.Sibling(name)
		return err == nil
	}
	switch in.Name {
	case "hubconf.py": // torch.hub
		return true
	case "handler.py": // inference endpoints of the Hub
		return bytes.Contains(content, []byte("EndpointHandler"))
	case "model.py": // Triton
		return bytes.Contains(content, []byte("TritonPythonModel"))
	case "pipeline.py": // diffusers
		return beside("model_index.json")
	case "generate.py": // transformers
		return beside("../config.json") || beside("../generation_config.json")
	}
	for _, builder := range []string{"GeneratorBasedBuilder", "ArrowBasedBuilder", "BeamBasedBuilder"} { // scripts of datasets
		if bytes.Contains(content, []byte("datasets."+builder+")")) || bytes.Contains(content, []byte("("+builder+")")) {
			return true
		}
	}
	return false
}

// Findings judges source that is kept in something else, such as a notebook, as source that nothing names. Locations are those
// in the source. The error wraps limits.ErrExceeded; what is no Python is none.
func Findings(src string, budget *limits.Budget) (list []picket.Finding, err error) {
	if !conspicuous([]byte(src)) {
		return nil, nil
	}
	j := &judge{emit: func(f picket.Finding) { list = append(list, f) }, count: map[string]int{}, seen: map[string]bool{}}
	err = j.source(python.Decode([]byte(src)), budget, 0)
	j.conclude()
	if errors.Is(err, format.ErrMalformed) {
		err = nil
	}
	return list, err
}

// Rules lists every rule that Findings can report, for the Info of the detectors that use it.
func Rules() []picket.Rule { return rules() }

// conspicuous reports whether source that nothing names holds a word of the few things that are reported of it.
func conspicuous(content []byte) bool {
	text := string(content)
	for _, w := range []string{"exec", "eval", "system", "popen", "Popen", "subprocess", "spawn", "compile", "marshal", "__import__", "getattr", "__builtins__",
		"import_module", "runpy", "FunctionType", "__subclasses__", "__dict__", "pty"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	for i := range content {
		if content[i] >= 0x80 {
			return true // may be letters that Python takes for plain ones
		}
	}
	return false
}

// deed is something that a function of the source does, which counts when the function is reached.
type deed struct {
	effect  effect
	subject string
	what    string
	at      int
	line    int
	in      string // the function; empty for code that runs on import
	chance  picket.Confidence
	vague   bool // told by the name of a method alone
}

// judge collects what one source file does.
type judge struct {
	named  bool
	emit   func(picket.Finding)
	count  map[string]int
	seen   map[string]bool
	deeds  []deed
	calls  map[string][]string // function → local functions that it calls
	defs   map[string]bool
	nested int    // in how many strings the source stands
	within string // the function that runs the string
	place  [2]int // offset and line of that string in the file
}

// maxDeeds bounds what is remembered of one file.
const maxDeeds = 10_000

// source reads one text.
func (j *judge) source(src string, budget *limits.Budget, depth int) error {
	if j.calls == nil {
		j.calls, j.defs = map[string][]string{}, map[string]bool{}
	}
	return python.Parse(src, budget, python.Visitor{
		Call: func(c python.Call) { j.call(c, budget, depth) },
		Use:  j.use,
		Define: func(s *python.Scope) {
			if depth == 0 && len(j.defs) < maxDeeds {
				j.defs[s.Name] = true
			}
		},
		Folded: func(t python.Token) {
			if effectOf(t.Text) != harmless || importantWord(t.Text) {
				j.report(ruleFolded(), t.Text, fmt.Sprintf("the name %s is written in other letters", t.Text), t.Offset, t.Line, picket.Certain)
			}
		},
	})
}

// importantWord lists parts of names that are worth hiding.
func importantWord(word string) bool {
	switch word {
	case "os", "system", "popen", "subprocess", "Popen", "getattr", "__builtins__", "globals", "open", "importlib", "compile", "socket", "base64":
		return true
	}
	return false
}

// where is the function that code runs in.
func (j *judge) where(s *python.Scope) string {
	if f := s.Function(); f != nil {
		return f.Name
	}
	return j.within
}

// add remembers a deed.
func (j *judge) add(d deed) {
	if j.nested > 0 {
		d.at, d.line = j.place[0], j.place[1]
	}
	if len(j.deeds) < maxDeeds {
		j.deeds = append(j.deeds, d)
	}
}

// use is a name that is handed on: whoever gets the function can call it.
func (j *judge) use(u python.Use) {
	switch u.Into {
	case "hasattr", "isinstance", "issubclass", "inspect.signature", "inspect.getsource", "print", "type", "repr", "str", "id", "warnings.warn":
		return
	}
	e := effectOf(u.Name)
	if of, ok := strings.CutSuffix(u.Name, ".__dict__"); ok && computed(of+".?") || u.Name == "getattr" && (u.Into == "map" || u.Into == "itertools.starmap") {
		j.add(deed{effect: imports, subject: u.Name, what: "hands on " + u.Name, at: u.Offset, line: u.Line, in: j.where(u.Scope), chance: picket.Likely})
		return
	}
	if e != process && e != code && e != walks || u.Name == "eval" && u.Into == "" && u.Scope.Function() != nil {
		return
	}
	j.add(deed{effect: e, subject: u.Name, what: "hands on " + u.Name, at: u.Offset, line: u.Line, in: j.where(u.Scope), chance: picket.Likely})
}

// call judges one call.
func (j *judge) call(c python.Call, budget *limits.Budget, depth int) {
	in := j.where(c.Scope)
	for _, name := range c.Callee.Names {
		if local, ok := localName(name); ok || !strings.Contains(name, ".") {
			j.edge(in, local)
		}
		e := effectOf(name)
		d := deed{effect: e, subject: name, what: "calls " + shown(name, c.Args), at: c.Offset, line: c.Line, in: in, chance: picket.Certain}
		if (e == harmless || e == native) && runner(name, len(c.Args)) {
			d.effect, d.chance, d.vague = process, picket.Likely, true
			e = process
		}
		switch {
		case computed(name):
			d.effect, d.subject = imports, name
			d.what = "looks up a computed name on " + strings.TrimSuffix(name, ".?")
			j.add(d)
		case e == code:
			j.code(d, c, budget, depth)
		case e == network:
			j.connects(d, c)
		case e == imports:
			j.imports(d, c)
		case e == process && name == "webbrowser.open" && in != "":
		case e == unpickles && strings.HasSuffix(name, ".loads"):
			j.unpickles(d, c)
		case e != harmless:
			j.add(d)
		}
	}
	if c.Decorator {
		return
	}
	j.texts(c, in)
	for _, a := range c.Args { // a function that is handed to another may be called by it
		for _, n := range a.Value.Names {
			if local, ok := localName(n); ok && !strings.HasSuffix(n, "()") {
				j.edge(in, local)
			}
		}
	}
}

// unpickles judges a pickle that the source holds or fetches itself: it is code that was written in another way.
func (j *judge) unpickles(d deed, c python.Call) {
	if len(c.Args) > 0 {
		if v := c.Args[0].Value; len(v.Texts) > 0 || v.Taint&python.Fetched != 0 || v.Taint&(python.Decoded|python.FromFile) == python.Decoded {
			d.effect, d.what = hidden, "loads a pickle that the source holds or fetches: "+d.subject
		}
	}
	j.add(d)
}

// texts judges the texts that a call is given: functions by their name, which the callee may look up, and files that run by
// themselves later.
func (j *judge) texts(c python.Call, in string) {
	const most = 16 // elements of one argument
	judge := func(text string) {
		name := strings.ReplaceAll(text, ":", ".")
		d := deed{subject: text, at: c.Offset, line: c.Line, in: in, chance: picket.Likely}
		switch e := effectOf(name); {
		case startup(text):
			d.effect, d.what = persists, "names the file "+text+", which something runs by itself"
		case strings.Contains(name, ".") && !strings.ContainsAny(name, " ()=/\\") && (e == process || e == code):
			d.effect, d.what = imports, "hands on the name of "+name
		default:
			return
		}
		j.add(d)
	}
	for _, a := range c.Args {
		for _, text := range a.Value.Texts {
			judge(text)
		}
		for _, item := range a.Value.Items[:min(len(a.Value.Items), most)] {
			for _, text := range item.Texts {
				judge(text)
			}
		}
	}
}

// shown writes a call for a person.
func shown(name string, args []python.Arg) string {
	var list []string
	for _, a := range args[:min(len(args), 4)] {
		text := "…"
		switch {
		case len(a.Value.Texts) > 0:
			text = fmt.Sprintf("%.80q", a.Value.Texts[0])
		case len(a.Value.Names) > 0:
			text = a.Value.Names[0]
		}
		list = append(list, text)
	}
	return name + "(" + strings.Join(list, ", ") + ")"
}

// localName is the function of the file that a name stands for.
func localName(name string) (string, bool) {
	local, ok := strings.CutPrefix(name, python.Local)
	return strings.ReplaceAll(local, "()", ""), ok
}

// edge remembers that one function calls another.
func (j *judge) edge(from, to string) {
	if len(j.calls) < maxDeeds && len(j.calls[from]) < maxDeeds {
		j.calls[from] = append(j.calls[from], to)
	}
}

// code judges a call of exec and the like by what it is given.
func (j *judge) code(d deed, c python.Call, budget *limits.Budget, depth int) {
	if !sourced(d.subject) {
		j.add(d)
		return
	}
	var given python.Value
	for i, a := range c.Args {
		if i == 0 || a.Keyword == "source" || a.Keyword == "stmt" || a.Keyword == "code" {
			given = a.Value
		} else { // the preparation of what is timed, and the like
			for _, text := range a.Value.Texts {
				j.inner(d, text, budget, depth)
			}
		}
	}
	if strings.HasPrefix(d.subject, "marshal.") {
		if c.Scope.Function() == nil {
			j.add(d)
		}
		return
	}
	switch {
	case given.Taint&(python.Decoded|python.Fetched) != 0:
		how := "decoded"
		if given.Taint&python.Fetched != 0 {
			how = "fetched"
		}
		d.effect, d.what = hidden, "runs "+how+" text as code: "+shown(d.subject, c.Args)
		j.add(d)
	case len(given.Texts) == 0:
		j.add(d)
	}
	for _, text := range given.Texts {
		j.inner(d, text, budget, depth)
	}
}

// hidden is an effect beside those of the tables: text runs that is decoded or fetched.
const hidden effect = 100

// inner judges source in a string that the source runs.
func (j *judge) inner(d deed, text string, budget *limits.Budget, depth int) {
	if depth >= maxNested {
		d.what = "runs text in text as code, more than " + fmt.Sprint(maxNested) + " times over"
		j.add(d)
		return
	}
	outer, within, place := j.nested, j.within, j.place
	if j.nested == 0 {
		j.place = [2]int{d.at, d.line}
	}
	j.nested, j.within = depth+1, d.in
	if err := j.source(text, budget, depth+1); err != nil && !errors.Is(err, format.ErrMalformed) {
		d.what = "runs text as code that could not be read"
		j.add(d)
	}
	j.nested, j.within, j.place = outer, within, place
}

// connects judges a connection by what is sent: the first argument is the address, and headers hold tokens honestly.
func (j *judge) connects(d deed, c python.Call) {
	for i, a := range c.Args {
		switch {
		case i == 0 && a.Keyword == "" && len(c.Args[0].Value.Texts) == 0 && len(c.Args) > 1:
			continue
		case a.Keyword != "" && a.Keyword != "data" && a.Keyword != "json" && a.Keyword != "params" && a.Keyword != "files" && a.Keyword != "content":
			continue
		case i == 0 && len(c.Args) == 1:
			continue
		}
		if taints(a.Value)&python.Environment != 0 {
			d.effect, d.what = sends, "sends the environment or credentials away: "+shown(d.subject, c.Args)
		}
	}
	j.add(d)
}

// taints joins the origins of a value and of its elements.
func taints(v python.Value) python.Taint {
	t := v.Taint
	for _, item := range v.Items {
		t |= item.Taint
	}
	return t
}

// sends is an effect beside those of the tables: secrets leave the machine.
const sends effect = 101

// imports judges an import by name.
func (j *judge) imports(d deed, c python.Call) {
	if len(c.Args) == 0 {
		return
	}
	given := c.Args[0].Value
	if d.subject == "__import__" || d.subject == "importlib.import_module" {
		if given.Taint&(python.Decoded|python.Fetched) == 0 {
			return // libraries import by name honestly, and what is imported is followed
		}
		d.what = "imports a module whose name is decoded"
		j.add(d)
		return
	}
	d.effect, d.what = code, "imports a file by its path: "+shown(d.subject, c.Args)
	j.add(d)
}
