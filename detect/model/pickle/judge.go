package pickle

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/torch"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

// file is what the judges of all streams of one file share.
type file struct {
	ctx context.Context
	det *Detector
	in  detect.Input
	out *detect.Output

	names    map[string]*named        // every imported name, by its qualified name
	order    []*named                 // the same, in the order in which they appear
	counts   map[string]int           // reports by rule and subject
	traced   map[string]bool          // allowed calls that the trace shows
	storages map[string]torch.Storage // by key
	opaque   int64                    // bytes of arrays and storages between and inside the streams
	depth    int                      // nesting of inline streams
	views    int                      // arrays of which more than the start was looked at as opcodes

	unresolved int64 // where something unknown was called, or readers disagreed; -1 when nowhere
}

// judge judges the effects of the streams that one machine runs. It is the handler of that machine.
type judge struct {
	*file
	globals  map[pickle.Value]*named // the values that are imported names
	dtypes   map[pickle.Value]dtype  // numpy dtypes that got a state, for inline arrays
	wrapper  pickle.Value            // the last of joblib's array wrappers that got a state
	payloads map[pickle.Value]payload
	nested   []pickle.Value // the keys of payloads, in order

	dtypesLost bool // there are more dtypes than are kept
}

// named is one qualified name that the file imports.
type named struct {
	full     string // module and attribute path
	rule     allowed
	known    bool // a pack or the user allows it
	gadget   gadget
	isGadget bool
	hop      string // the part of the name that is the gadget, when it is not all of it
	offset   int64  // of the first import
	settled  bool   // a finding about it exists, or none is needed
}

// newFile starts the judgement of one file.
func newFile(ctx context.Context, d *Detector, in detect.Input, out *detect.Output) *file {
	return &file{
		ctx: ctx, det: d, in: in, out: out, names: map[string]*named{}, counts: map[string]int{}, traced: map[string]bool{},
		storages: map[string]torch.Storage{}, unresolved: -1,
	}
}

// newJudge starts the judgement of a machine's streams.
func newJudge(f *file) *judge {
	return &judge{
		file: f, globals: map[pickle.Value]*named{}, dtypes: map[pickle.Value]dtype{}, payloads: map[pickle.Value]payload{},
	}
}

// Effect implements pickle.Handler.
func (j *judge) Effect(m *pickle.Machine, e *pickle.Effect) error {
	switch e.Kind {
	case pickle.Import:
		return j.imported(m, e)
	case pickle.Call:
		j.called(m, e)
	case pickle.Build:
		return j.built(m, e)
	case pickle.SetItems:
		j.filled(m, e, posItems, pickle.Dict)
	case pickle.Append:
		j.filled(m, e, posAppend, pickle.List)
	case pickle.AddItems:
		j.filled(m, e, posAppend, pickle.Set)
	case pickle.ExtensionCode:
		j.unknownAt(e.Offset)
		j.report(RuleExtension(), "", e.Offset, "uses the extension code "+m.Repr(e.Result, 80), "")
	case pickle.PersistentID:
		j.persistent(m, e)
	case pickle.NextBuffer:
		j.report(RulePersistentID(), "", e.Offset, "takes a buffer from outside of the stream", "")
	case pickle.Payload:
		return j.payload(m, e)
	case pickle.Anomaly:
		j.anomaly(e)
	case pickle.Stop:
		j.expansion(m, e)
	}
	return nil
}

// maxNames bounds how many different names one file may import; the largest models have some hundreds.
const maxNames = 1 << 15

// imported judges an import. The finding about a name that is only imported waits until all of its uses are known.
func (j *judge) imported(m *pickle.Machine, e *pickle.Effect) error {
	if e.Computed {
		j.unknownAt(e.Offset)
		j.report(RuleUnknownGlobal(), "", e.Offset, "imports a name that it computes: "+m.Repr(e.Result, 120), "")
		return nil
	}
	if _, ok := j.globals[e.Result]; ok {
		return nil
	}
	if len(j.names) >= maxNames {
		return fmt.Errorf("%d different names are imported: %w", len(j.names), limits.ErrExceeded)
	}
	j.globals[e.Result] = j.lookup(e.Module+"."+e.Name, e.Name, e.Offset)
	return nil
}

// lookup finds out what is known about a qualified name. Attributes is the part after the module, which may have dots.
func (j *file) lookup(full, attributes string, offset int64) *named {
	if n, ok := j.names[full]; ok {
		return n
	}
	n := &named{full: full, offset: offset}
	n.rule, n.known = j.det.rules[full]
	if !n.known && scriptClass(full) {
		n.rule, n.known = allowed{where: posRef | posNew | posBuild}, true
	}
	if !n.known {
		n.gadget, n.isGadget = j.det.gadgets.find(full)
		if !n.isGadget || !n.gadget.harm.executes() {
			if part, g, ok := j.det.gadgets.hops(attributes); ok {
				n.gadget, n.isGadget, n.hop = g, true, part
			}
		}
	}
	j.out.Fact(picket.FactGlobal, full)
	j.names[full] = n
	j.order = append(j.order, n)
	return n
}

// scriptClass reports whether a name is of a TorchScript class. PyTorch's own reader finds these classes among the code of the
// same archive, which has a detector of its own; Python has no module of that name, so an ordinary load fails.
func scriptClass(name string) bool {
	return strings.HasPrefix(name, "__torch__.") && exactName(name)
}

// global is what is known about a value that is an imported name; nil for other values.
func (j *judge) global(m *pickle.Machine, v pickle.Value) *named {
	if n, ok := j.globals[v]; ok {
		return n
	}
	module, name, ok := m.Global(v)
	if !ok {
		if module, ok := torch.ModuleID(m, v); ok {
			return j.global(m, module.Class)
		}
		return nil
	}
	n := j.lookup(module+"."+name, name, 0)
	j.globals[v] = n
	return n
}

// maxReports bounds the findings of one rule about one subject.
const maxReports = 8

// report makes a finding; rules below critical report a subject once.
func (j *file) report(rule picket.Rule, subject string, offset int64, summary, technique string) {
	key := rule.ID + " " + subject
	j.counts[key]++
	if j.counts[key] > maxReports || (subject != "" && rule.Severity < picket.Critical && j.counts[key] > 1) {
		return
	}
	j.out.Report(picket.Finding{
		Rule: rule, Location: picket.At("", offset), Evidence: picket.NewEvidence(summary, ""),
		Subject: subject, Technique: technique, Confidence: picket.Certain,
	})
}

// about reports a finding about a name, after which the import alone needs none.
func (j *file) about(rule picket.Rule, n *named, offset int64, summary string) {
	n.settled = true
	technique := ""
	if n.isGadget {
		technique = n.gadget.technique(n.shown())
	}
	j.report(rule, n.full, offset, summary, technique)
}

// dangerous reports whether a call of the name, by whoever gets it, is an attack.
func (n *named) dangerous() bool {
	h := n.gadget.harm
	return !n.known && n.isGadget && (h.executes() || h == harmWrite || h == harmNetwork)
}

// shown is the part of the name that gives the attack its name.
func (n *named) shown() string {
	if n.hop != "" {
		return n.hop
	}
	return n.full
}

// unknownAt remembers that something was called, or may be read, in a way that is not known.
func (j *file) unknownAt(offset int64) {
	if j.unresolved < 0 {
		j.unresolved = offset
	}
}

// flush reports the names that were imported and not settled by a call.
func (j *file) flush() {
	for _, n := range j.order {
		switch {
		case n.known || n.settled:
		case n.isGadget && n.gadget.harm.executes() && j.unresolved >= 0:
			j.about(RuleCodeExecution(), n, n.offset, "imports "+n.full+" and calls a value that readers may take for it")
		case n.isGadget:
			j.about(RuleDangerousImport(), n, n.offset, "imports "+n.full+" when loaded")
		default:
			j.about(RuleUnknownGlobal(), n, n.offset, "imports "+n.full+" when loaded")
		}
	}
}

// anomaly reports a place where readers disagree.
func (j *judge) anomaly(e *pickle.Effect) {
	summary := e.Anomaly.String() + ": " + e.Detail
	switch e.Anomaly {
	case pickle.StringEncoding: // pickles of Python 2 with binary data
	case pickle.MemoSparse:
		j.report(RuleResource(), e.Anomaly.String(), e.Offset, summary, "memo key that makes the C unpickler allocate")
	case pickle.MemoShadow:
		j.unknownAt(e.Offset)
		j.report(RuleMemoShadow(), "", e.Offset, summary, "ShadowPickle: a memo entry changes between its uses")
	case pickle.MemoOverwrite, pickle.ProtoExceeded, pickle.ProtoMisplaced, pickle.TextInvalid, pickle.FloatForm,
		pickle.StringEscape, pickle.BatchEmpty:
		j.report(RuleIrregular(), e.Anomaly.String(), e.Offset, summary, "")
	default:
		j.unknownAt(e.Offset)
		j.report(RuleDivergence(), e.Anomaly.String(), e.Offset, summary, "reader divergence: "+e.Anomaly.String())
	}
}

// lastPart is the part of a dotted name after the last dot.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
