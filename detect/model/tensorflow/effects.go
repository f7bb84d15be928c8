package tensorflow

import (
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/detect"
)

// resolve judges the nodes whose effect depends on where their inputs come from.
func (w *walk) resolve() error {
	r := &resolver{index: w.index, fed: map[string]string{}, memo: map[uint64][]string{}, open: map[uint64]int{}, low: maxFollow + 1}
	if name, _ := split(w.meta.Saver); name != "" {
		r.fed[name] = markInput
	}
	for _, a := range w.meta.Assets {
		name, _ := split(a.Tensor)
		r.fed[name] = markAsset
	}
	for _, at := range w.paths {
		n, err := w.graph.Node(at.offset, at.size)
		if err != nil {
			return err
		}
		if err := w.effect(r, at.scope, n); err != nil {
			return err
		}
	}
	return w.queued(r)
}

// effect judges one node.
func (w *walk) effect(r *resolver, scope int, n tensorflow.Node) error {
	does := effects()[n.Op]
	inputs := n.Inputs
	if does.inputs != nil {
		inputs = nil
		for _, i := range does.inputs {
			if i < len(n.Inputs) {
				inputs = append(inputs, n.Inputs[i])
			}
		}
	}
	if does.effect == printing {
		inputs = nil
	}
	values, err := r.union(scope, inputs, 0)
	if err != nil {
		return err
	}
	for _, key := range does.attrs {
		v, _, err := n.Attr(key)
		if err != nil {
			return err
		}
		values = append(values, v.Texts...)
	}
	if does.effect == graph {
		return w.hidden(scope, n)
	}
	w.judge(n, does.effect, values)
	return nil
}

// queued judges what stands in queues when something reads the files that a queue names.
func (w *walk) queued(r *resolver) error {
	if len(w.readers) == 0 {
		return nil
	}
	reader, err := w.graph.Node(w.readers[0].offset, w.readers[0].size)
	if err != nil {
		return err
	}
	does := records
	for _, at := range w.readers {
		n, err := w.graph.Node(at.offset, at.size)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(n.Op, "TFRecord") && !strings.HasPrefix(n.Op, "Identity") {
			does, reader = read, n
		}
	}
	for _, at := range w.queues {
		n, err := w.graph.Node(at.offset, at.size)
		if err != nil {
			return err
		}
		values, err := r.union(at.scope, n.Inputs[min(1, len(n.Inputs)):], 0)
		if err != nil {
			return err
		}
		o := judge(values)
		if o.text != "" {
			w.file(reader, does, o)
		}
	}
	return nil
}

// judge reports what one node does.
func (w *walk) judge(n tensorflow.Node, does effect, values []string) {
	o := judge(values)
	shown := picket.Printable(strings.ReplaceAll(o.text, "\x00", ""), 120)
	at := n.At.Offset
	switch does {
	case python:
		w.report(rulePython(), at, n.Op, n.Op, "node %s calls a Python function of the process that runs the graph (%s)", n.Name, n.Op)
	case network:
		w.report(ruleNetwork(), at, n.Op, n.Op, "node %s talks to another process or machine (%s) %s", n.Name, n.Op, shown)
	case native:
		w.report(ruleNative(), at, n.Op, n.Op, "node %s runs compiled code or maps memory that the graph names (%s) %s", n.Name, n.Op, shown)
	case crash:
		w.report(ruleCrash(), at, n.Op, n.Op, "node %s ends the process", n.Name)
	case setting:
		w.report(ruleSetting(), at, n.Op, n.Op, "node %s changes how the process reaches files (%s) %s", n.Name, n.Op, shown)
	case debug:
		if o.text != "" {
			w.report(ruleNetwork(), at, shown, n.Op, "node %s sends what flows through it to %s", n.Name, shown)
		}
	case printing:
		if path, ok := strings.CutPrefix(o.text, "file://"); ok {
			w.report(ruleWrite(), at, path, n.Op, "node %s writes text of the graph to %s", n.Name, picket.Printable(path, 120))
		}
	default:
		w.file(n, does, o)
	}
}

// hidden inspects the graph that a constant holds and a node runs.
func (w *walk) hidden(scope int, n tensorflow.Node) error {
	w.report(ruleHidden(), n.At.Offset, n.Op, n.Op, "node %s runs a graph that is data of this one", n.Name)
	for _, input := range n.Inputs {
		name, control := split(input)
		if control {
			continue
		}
		from, _, err := w.index.node(scope, name)
		if err != nil {
			return err
		}
		v, _, err := from.Attr("value")
		if err != nil {
			return err
		}
		if v.Tensor == nil || v.Tensor.Cut || len(v.Tensor.Texts) == 0 {
			w.out.Gap(n.At.Offset, n.At.Size, "a graph that is no constant, or a large one, is not read")
			continue
		}
		for _, text := range v.Tensor.Texts {
			part := detect.Part{Name: "graph in " + picket.Printable(name, 80), Blob: format.BytesBlob([]byte(text)), As: tensorflow.NameGraph}
			if err := w.out.Inspect(w.ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// file judges an operation on files by where its path comes from.
func (w *walk) file(n tensorflow.Node, does effect, o origin) {
	shown := picket.Printable(strings.ReplaceAll(o.text, "\x00", ""), 120)
	verb, rule := "reads", ruleRead()
	if does == write || does == save {
		verb, rule = "writes", ruleWrite()
	}
	at := n.At.Offset
	switch {
	case o.text != "" && severe(does, o.place, o.given):
		w.report(rule, at, shown, n.Op+" with a path in the graph", "node %s (%s) %s %s, a path that stands in the graph", n.Name, n.Op, verb, shown)
	case o.text != "" && fixed(does, o.place, o.given):
		w.report(ruleFixed(), at, shown, n.Op, "node %s (%s) %s %s, a path that stands in the graph", n.Name, n.Op, verb, shown)
	case o.unknown && (does == read || does == write || does == save && !o.given):
		w.report(ruleComputed(), at, n.Op, n.Op+" with a computed path", "node %s (%s) %s a file whose path the graph computes", n.Name, n.Op, verb)
	case o.given && does == write:
		w.report(ruleCaller(), at, n.Op, n.Op, "node %s (%s) writes a file whose path is given to the graph", n.Name, n.Op)
	case o.given && does == read:
		w.report(ruleInput(), at, n.Op, n.Op, "node %s (%s) reads a file whose path is given to the graph", n.Name, n.Op)
	case o.text != "" && !o.given:
		w.report(ruleData(), at, shown, n.Op, "node %s (%s) %s %s", n.Name, n.Op, verb, shown)
	}
}

// fixed reports whether a constant path ties an operation to one machine in a way that honest graphs do not need.
func fixed(does effect, at place, given bool) bool {
	switch does {
	case read:
		return at > relative
	case restore:
		return at > absolute && !given
	}
	return does == save && at == absolute
}

// severe reports whether a constant path makes an operation an attack.
func severe(does effect, at place, given bool) bool {
	switch does {
	case write:
		return true
	case save:
		return at > absolute
	case read, records:
		return at == sensitive
	}
	return at == sensitive && !given
}
