package tensorflow

import (
	"bytes"
	"strings"

	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/internal/jsonstream"
)

// walk is one run over one graph.
type walk struct {
	*scan
	*index
	meta *tensorflow.MetaGraphDef
	// paths are the nodes that reach files or other machines, to be judged when the whole graph is known.
	paths   []call
	readers []call // nodes that read files which a queue names
}

// maxPaths bounds how many nodes with paths are judged.
const maxPaths = 1 << 14

// functions looks at what functions are called.
func (w *walk) functions() error {
	seen := map[uint64]bool{}
	for _, f := range w.graph.Functions {
		if seen[jsonstream.Hash(f.Name)] || f.Twice {
			w.list.Add(ruleDuplicate(), f.At.Offset, f.Name, "two functions have one name, or a function has two: readers differ in which one counts")
		}
		if known()[f.Name] {
			w.list.Add(ruleDuplicate(), f.At.Offset, f.Name, "a function has the name of an operation: loaders differ in which one runs")
		}
		seen[jsonstream.Hash(f.Name)] = true
	}
	return w.scan.budget.Ops(int64(len(w.graph.Functions)))
}

// visit judges what can be judged of a node by itself, and takes it into the index.
func (w *walk) visit(scope int, n tensorflow.Node) error {
	if err := w.add(scope, n); err != nil {
		return err
	}
	if n.Twice {
		w.list.Add(ruleDuplicate(), n.At.Offset, n.Name, "a field or attribute of a node appears twice: readers differ in which one counts")
	}
	if err := w.attrs(scope, n); err != nil {
		return err
	}
	if _, isFunction := w.lookup(n.Op); isFunction {
		return w.called(scope, n, n.Op)
	}
	at := call{scope: scope, offset: n.At.Offset, size: n.At.Size}
	does := effects()[n.Op]
	switch {
	case does.effect == queue:
		if len(w.queues) < maxPaths {
			w.queues = append(w.queues, at)
		}
	case does.effect != none:
		if len(w.paths) >= maxPaths {
			w.out.Gap(n.At.Offset, n.At.Size, "more operations with effects than are judged")
			return nil
		}
		w.paths = append(w.paths, at)
	case readsQueue(n.Op):
		w.readers = append(w.readers, at)
	case !known()[n.Op]:
		w.unknown(n)
	}
	return nil
}

// unknown reports an operation that TensorFlow does not have.
func (w *walk) unknown(n tensorflow.Node) {
	if lib := library(n.Op); lib != "" {
		w.report(ruleLibrary(), n.At.Offset, n.Op, "", "the operation %s of node %s belongs to %s, whose native code a loader must load", n.Op, n.Name, lib)
		return
	}
	w.report(ruleUnknown(), n.At.Offset, n.Op, "custom operation", "no TensorFlow has the operation %s of node %s: native code that the loader brings gives it its meaning", n.Op, n.Name)
}

// attrs looks at the attributes: calls, constants, modules.
func (w *walk) attrs(scope int, n tensorflow.Node) error {
	for _, a := range n.Attrs {
		v, err := a.Read()
		if err != nil {
			return err
		}
		for _, function := range v.Calls {
			if err := w.called(scope, n, function); err != nil {
				return err
			}
		}
		if v.Tensor != nil {
			w.tensor(n, v.Tensor)
		}
		if a.Key == "module" && n.Op == "XlaCallModule" {
			if err := w.module(n, v); err != nil {
				return err
			}
		}
		if (a.Key == "dtype" || a.Key == "T") && v.Number == tensorflow.TypeString && strings.HasPrefix(n.Op, "Assign") && len(w.strings) < maxPaths {
			w.strings = append(w.strings, call{scope: scope, offset: n.At.Offset, size: n.At.Size})
		}
	}
	return nil
}

// tensor judges the shape of a constant.
func (w *walk) tensor(n tensorflow.Node, t *tensorflow.Tensor) {
	const bomb = 4 << 30 // bytes that a constant makes of next to nothing
	w.opaque += t.Content
	elements, ok := t.Elements()
	switch {
	case !ok:
		w.report(ruleTensor(), t.At, n.Name, "shape overflow", "the constant %s has a dimension that is negative, unknown, or makes a size beyond 2^56", n.Name)
	case t.Width() == 0:
	case t.Content == 0 && elements > bomb/t.Width():
		w.report(ruleTensor(), t.At, n.Name, "constant that expands", "the constant %s makes %d elements of %d bytes each out of %d bytes", n.Name, elements, t.Width(), t.Values)
	case t.Content > 0 && elements != t.Content/t.Width() || t.Content%t.Width() != 0:
		w.report(ruleTensor(), t.At, n.Name, "size differs from shape", "the constant %s has %d elements of %d bytes and %d bytes of content", n.Name, elements, t.Width(), t.Content)
	}
}

// module looks for calls into Python in a compiled module; its other operations are computation.
func (w *walk) module(n tensorflow.Node, v tensorflow.Value) error {
	const most = 8 << 20 // bytes; the names of call targets stand in one table
	b, cut, err := v.Body.Read(min(most, v.Body.Size))
	if err != nil {
		return err
	}
	if err := w.scan.budget.Ops(int64(len(b)) / 64); err != nil {
		return err
	}
	for _, target := range []string{"xla_python_", "xla_ffi_python_", "xla_ffi_partitioned_python_", "tf.PyFunc", "tf.ReadFile", "tf.WriteFile"} {
		if bytes.Contains(b, []byte(target)) {
			w.report(rulePython(), n.At.Offset, target, "callback in a compiled module", "the compiled module of node %s calls back into the process: %s", n.Name, target)
		}
	}
	if cut {
		w.out.Gap(v.Body.Offset+most, v.Body.Size-most, "a compiled module is larger than what is searched")
	}
	return nil
}

// cycle finds a function that calls itself; empty for none.
func (w *walk) cycle() string {
	next := make([][]int, len(w.graph.Functions))
	for _, c := range w.calls {
		if i, ok := w.names[c.function]; ok && c.scope > 0 {
			next[c.scope-1] = append(next[c.scope-1], i)
		}
	}
	const open, done = 1, 2
	state := make([]byte, len(next))
	for start := range next {
		stack := []int{start}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			if state[at] == 0 {
				state[at] = open
				for _, to := range next[at] {
					if state[to] == open {
						return w.graph.Functions[to].Name
					}
					if state[to] == 0 {
						stack = append(stack, to)
					}
				}
				continue
			}
			state[at] = done
			stack = stack[:len(stack)-1]
		}
	}
	return ""
}
