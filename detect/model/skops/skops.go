// Package skops judges files of skops: the types and functions that the schema names, against a list of those that models of
// scikit-learn are made of, and trees that made versions of skops load something else than they had checked. It is for the
// engine. It imports nothing; the other members of the archive are inspected as what they are.
package skops

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/skops"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/pickle"
)

//go:embed trusted.txt
var trustedText string

// Detector inspects files of skops. Make it with New.
type Detector struct {
	trusted map[string]bool
	gadgets pickle.Gadgets
	broken  error // why the embedded tables could not be read; a test keeps it nil
}

// New makes a detector.
func New() *Detector {
	d := &Detector{trusted: map[string]bool{}}
	for name := range strings.Lines(trustedText) {
		d.trusted[strings.TrimSpace(name)] = true
	}
	d.gadgets, d.broken = pickle.NewGadgets()
	return d
}

// Info implements detect.Detector.
func (*Detector) Info() detect.Info {
	return detect.Info{
		Name: "skops", Title: "Files of skops: types and functions that loading or using the model calls",
		Formats: []string{skops.Name}, Rules: append(rules(), freetext.Rules()...),
	}
}

// scan is the inspection of one file.
type scan struct {
	*Detector
	list  *findings.List
	judge *freetext.Judge
	ids   map[string]string // the type of an object by its identity
	out   *detect.Output
}

// maxIDs bounds how many identities are compared.
const maxIDs = 1 << 17

// Detect implements detect.Detector.
func (d *Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if d.broken != nil {
		return d.broken
	}
	r, done, err := skops.Open(in.Blob, in.Budget)
	defer done()
	if err != nil {
		return err
	}
	list := findings.New(out)
	defer list.Close()
	s := &scan{Detector: d, list: list, judge: freetext.New(out, list), ids: map[string]string{}, out: out}
	err = skops.Read(r, in.Budget, func(n skops.Node) error {
		s.node(n)
		if n.Cut {
			out.Gap(n.Offset, -1, "a text in the schema is longer than what is inspected")
		}
		return s.judge.Text(ctx, at(n), "text in the schema", n.Text)
	})
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return err
}

// at is where a node stands.
func at(n skops.Node) picket.Location {
	return picket.Location{Member: skops.Schema, Offset: n.Offset}
}

// report reports a finding about a node.
func (s *scan) report(rule picket.Rule, n skops.Node, technique, summary string, args ...any) {
	s.list.Report(picket.Finding{Rule: rule, Location: at(n), Subject: picket.Printable(n.Type(), 120), Technique: technique,
		Evidence: picket.NewEvidence(fmt.Sprintf(summary, args...), n.Loader+" "+n.Type())})
}

// node judges one object.
func (s *scan) node(n skops.Node) {
	if n.Twice != "" {
		s.report(ruleDuplicate(), n, "", "the member %s of an object stands twice", n.Twice)
	}
	if strings.ContainsAny(n.File, `/\`) {
		s.report(ruleFile(), n, "", "an object is kept in the file %s", n.File)
	}
	s.identity(n)
	if classes, known := loaders()[n.Loader]; !known {
		s.report(ruleLoader(), n, "", "the loader %s is none of skops", n.Loader)
	} else if classes != "" && !strings.Contains(" "+classes+" ", " "+n.Type()+" ") {
		s.report(ruleMismatch(), n, "", "%s makes an object of type %s", n.Loader, n.Type())
	}
	switch n.Loader {
	case "OperatorFuncNode":
		s.operator(n)
	case "MethodNode":
		s.method(n)
	case "JsonNode":
	default:
		s.typed(n, n.Type())
	}
}

// identity reports an object with the identity of another: later references get one or the other.
func (s *scan) identity(n skops.Node) {
	if n.ID == "" || n.Loader == "CachedNode" {
		return
	}
	is := n.Loader + " " + n.Type()
	before, seen := s.ids[n.ID]
	if seen && before != is {
		s.report(ruleIdentity(), n, "", "the object %s is %s and also %s", n.ID, before, is)
	}
	if !seen && len(s.ids) < maxIDs {
		s.ids[n.ID] = is
	}
}

// operator judges a function of Python's module operator. skops before 0.12 called any function of any module here.
func (s *scan) operator(n skops.Node) {
	switch {
	case n.Module != "operator":
		s.report(ruleExecution(), n, "CVE-2025-54412", "the loader for functions of the module operator is made to call %s", n.Type())
	case n.Class == "attrgetter" || n.Class == "itemgetter":
		s.report(ruleOperator(), n, "", "the model holds %s, which reads what the file names", n.Type())
	default:
		s.report(ruleExecution(), n, "CVE-2025-54412", "the model holds %s, which calls what the file names", n.Type())
	}
}

// method judges a method of an object. skops before 0.12 checked one type and loaded another.
func (s *scan) method(n skops.Node) {
	if n.Owner != "" && n.Owner != n.Type() {
		s.report(ruleExecution(), n, "CVE-2025-54413", "a method of %s is made of an object of type %s", n.Type(), n.Owner)
		return
	}
	if strings.HasPrefix(n.Function, "__") {
		s.report(ruleExecution(), n, "CVE-2025-54413", "the model takes %s.%s", n.Type(), n.Function)
		return
	}
	s.typed(n, n.Type())
	if _, _, _, known := s.gadgets.Find(n.Type() + "." + n.Function); known {
		s.report(ruleExecution(), n, "", "the model takes the method %s.%s", n.Type(), n.Function)
	}
}

// typed judges the name of a type or function.
func (s *scan) typed(n skops.Node, name string) {
	if s.trusted[name] {
		return
	}
	if does, _, technique, known := s.gadgets.Find(name); known {
		s.report(ruleExecution(), n, technique, "the model holds %s, which %s", name, does)
		s.out.Trace(name)
		return
	}
	s.report(ruleUnknown(), n, "", "%s is no type or function that models of scikit-learn are made of", name)
}

// loaders lists the loaders of skops, with the types that they make where these are fixed.
func loaders() map[string]string {
	return map[string]string{
		"DictNode": "builtins.dict collections.OrderedDict sklearn.utils._bunch.Bunch", "DefaultDictNode": "collections.defaultdict", "ListNode": "builtins.list", "SetNode": "builtins.set builtins.frozenset",
		"TupleNode": "", "BytesNode": "builtins.bytes", "BytearrayNode": "builtins.bytearray", "SliceNode": "builtins.slice",
		"FunctionNode": "", "MethodNode": "", "PartialNode": "functools.partial", "TypeNode": "", "ConstructorFromReduceNode": "", "ObjectNode": "",
		"JsonNode": "builtins.str builtins.int builtins.float builtins.bool builtins.NoneType", "OperatorFuncNode": "", "NdArrayNode": "", "MaskedArrayNode": "numpy.ma.MaskedArray numpy.ma.core.MaskedArray",
		"DTypeNode": "", "RandomStateNode": "numpy.random.RandomState numpy.random.mtrand.RandomState", "RandomGeneratorNode": "numpy.random.Generator numpy.random._generator.Generator", "SparseMatrixNode": "",
		"ReduceNode": "", "SGDNode": "", "TreeNode": "sklearn.tree._tree.Tree", "LossNode": "", "_DictWithDeprecatedKeysNode": "",
		"QuantileForestNode": "", "CachedNode": "", "UfuncNode": "",
	}
}
