package tensorflow

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format/tensorflow"
)

// The marks that stand in a text for what the file does not say. They begin with a byte that no path has.
const (
	markInput    = "\x00<input>"    // whoever runs the graph gives it
	markAsset    = "\x00<asset>"    // the loader gives it: a file of the model
	markState    = "\x00<variable>" // it is kept in a variable
	markComputed = "\x00<computed>" // operations that are not followed make it
)

// Bounds of following.
const (
	maxValues = 24      // texts that one tensor may be
	maxSteps  = 1 << 15 // nodes that are followed in one graph
	maxFollow = 300     // nodes in a chain
	maxCalls  = 256     // callers of one function
	maxLength = 4 << 10 // bytes of a text: where it leads, its start says
)

// resolver finds out which texts a tensor may hold.
type resolver struct {
	*index
	fed   map[string]string // what is given for tensors of the graph itself, by the names of their nodes: a mark
	memo  map[uint64][]string
	kept  []string       // what variables may hold; nil when that is not known yet
	open  map[uint64]int // nodes that are being followed, and how deep in the chain they are
	low   int            // the lowest of them that something came back to
	steps int
}

// text lists what an input of a node may be: constants, and marks where something else decides.
func (r *resolver) text(scope int, input string, depth int) ([]string, error) {
	name, control := split(input)
	if control {
		return nil, nil
	}
	k := key(scope, name)
	if values, ok := r.memo[k]; ok {
		return values, nil
	}
	if at, ok := r.open[k]; ok { // what depends on itself adds nothing
		r.low = min(r.low, at)
		return nil, nil
	}
	if r.steps++; r.steps > maxSteps || depth > maxFollow {
		return []string{markComputed}, nil
	}
	if err := r.budget.Ops(16); err != nil {
		return nil, err
	}
	before := r.low
	r.open[k], r.low = depth, maxFollow+1
	values, err := r.node2text(scope, name, depth)
	delete(r.open, k)
	values = bounded(values)
	if r.low >= depth { // nothing that is still open was left out
		r.memo[k], r.low = values, before
	}
	r.low = min(r.low, before)
	return values, err
}

// bounded sorts values, drops what repeats, and keeps the worst if there are many: harmless ones must not hide them.
func bounded(values []string) []string {
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(locate(b), locate(a)), strings.Compare(a, b))
	})
	values = slices.Compact(values)
	if len(values) > maxValues {
		values = append(values[:maxValues:maxValues], markComputed)
	}
	return values
}

// node2text follows one name: an argument of the function, or a node.
func (r *resolver) node2text(scope int, name string, depth int) ([]string, error) {
	if i := r.arg(scope, name); i >= 0 {
		return r.argument(scope, i, depth)
	}
	n, ok, err := r.node(scope, name)
	if err != nil || !ok {
		return []string{markComputed}, err
	}
	if mark, ok := r.fed[name]; ok && scope == 0 {
		more, err := r.operation(scope, n, depth)
		if mark == markAsset {
			more = slices.DeleteFunc(more, func(v string) bool { return locate(v) < sensitive })
		}
		return append(more, mark), err
	}
	return r.operation(scope, n, depth)
}

// argument follows an argument of a function to everyone who calls it.
func (r *resolver) argument(scope, i, depth int) ([]string, error) {
	callers := r.callers(scope)
	if len(callers) == 0 {
		return []string{markInput}, nil
	}
	var all []string
	if len(callers) > maxCalls {
		callers, all = callers[:maxCalls], append(all, markComputed)
	}
	r.steps += len(callers)
	for _, c := range callers {
		n, err := r.graph.Node(c.offset, c.size)
		if err != nil {
			return nil, err
		}
		values, err := r.union(c.scope, given(n, i), depth)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	return all, nil
}

// given are the inputs of a node that a function which it calls gets as an argument.
func given(n tensorflow.Node, i int) []string {
	switch n.Op {
	case "If", "StatelessIf", "_If", "Case", "StatelessCase":
		i++
	case "PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall", "While", "StatelessWhile", "_While", "SymbolicGradient":
	default:
		if known()[n.Op] { // a data set, a map: what arrives depends on all that goes in
			return n.Inputs
		}
	}
	if i < len(n.Inputs) {
		return n.Inputs[i : i+1]
	}
	return nil
}

// union joins what several inputs may be.
func (r *resolver) union(scope int, inputs []string, depth int) ([]string, error) {
	var all []string
	for _, input := range inputs[:min(len(inputs), maxTexts)] {
		values, err := r.text(scope, input, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	return all, nil
}

// maxTexts is how many inputs of one node are followed.
const maxTexts = 64

// operation follows one operation.
func (r *resolver) operation(scope int, n tensorflow.Node, depth int) ([]string, error) {
	switch n.Op {
	case "Const", "HostConst":
		return constant(n)
	case "Placeholder", "PlaceholderV2", "_Arg":
		return []string{markInput}, nil
	case "PlaceholderWithDefault":
		values, err := r.union(scope, n.Inputs, depth)
		return append(values, markInput), err
	case "Select", "SelectV2", "ShardedFilename", "ShardedFilespec":
		from, to := 0, 1
		if strings.HasPrefix(n.Op, "Select") {
			from, to = 1, 3
		}
		return r.union(scope, n.Inputs[min(from, len(n.Inputs)):min(to, len(n.Inputs))], depth)
	case "StringJoin":
		return r.join(scope, n, depth)
	case "DecodeBase64":
		return r.each(scope, n, depth, decoded)
	case "StringLower":
		return r.each(scope, n, depth, strings.ToLower)
	case "StringUpper":
		return r.each(scope, n, depth, strings.ToUpper)
	case "ReadVariableOp", "VariableV2", "Variable", "VarHandleOp", "ResourceGather":
		return r.variable(depth)
	}
	values, err := r.union(scope, n.Inputs, depth)
	if err != nil {
		return nil, err
	}
	results, calls, err := r.results(n, depth)
	switch {
	case err != nil:
		return nil, err
	case calls:
		return results, nil // what goes in arrives through the arguments
	case !passes(n.Op):
		values = append(values, markComputed)
	}
	return values, nil
}

// passes reports whether an operation changes no text that goes through it.
func passes(op string) bool {
	switch op {
	case "Identity", "IdentityN", "StopGradient", "Pack", "Unpack", "Concat", "ConcatV2", "Reshape", "ExpandDims", "Squeeze", "Split", "SplitV", "Slice",
		"StridedSlice", "GatherV2", "Gather", "GatherNd", "Merge", "RefMerge", "Switch", "RefSwitch", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration",
		"Tile", "Fill", "BroadcastTo", "TensorSliceDataset", "TensorDataset", "BatchDatasetV2", "PrefetchDataset", "RepeatDataset", "ShuffleDatasetV3",
		"ZipDataset", "MakeIterator", "IteratorGetNext", "OneShotIterator", "IteratorV2", "TakeDataset", "DatasetToSingleElement",
		"RandomShuffle", "Transpose", "TensorArrayReadV3", "TensorArrayWriteV3", "TensorArrayScatterV3", "TensorArrayGatherV3",
		"TensorListFromTensor", "TensorListGetItem", "TensorListStack":
		return true
	}
	return false
}

// constant lists the texts of a constant; numbers are none.
func constant(n tensorflow.Node) ([]string, error) {
	v, ok, err := n.Attr("value")
	if err != nil || !ok || v.Tensor == nil || v.Tensor.Type != tensorflow.TypeString {
		return nil, err
	}
	values := make([]string, 0, len(v.Tensor.Texts))
	for _, t := range v.Tensor.Texts {
		values = append(values, strings.ReplaceAll(t, "\x00", `\0`))
	}
	if v.Tensor.Cut {
		values = append(values, markComputed)
	}
	return values, nil
}

// each applies a function to everything that the first input may be.
func (r *resolver) each(scope int, n tensorflow.Node, depth int, f func(string) string) ([]string, error) {
	values, err := r.union(scope, n.Inputs[:min(1, len(n.Inputs))], depth)
	for i, v := range values {
		if !strings.Contains(v, "\x00") {
			values[i] = f(v)
		}
	}
	return values, err
}

// decoded decodes base64 as the operation does, which takes the alphabet for addresses.
func decoded(text string) string {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return markComputed
	}
	return string(b)
}

// join puts together everything that the parts may be.
func (r *resolver) join(scope int, n tensorflow.Node, depth int) ([]string, error) {
	separator, _, err := n.Attr("separator")
	if err != nil {
		return nil, err
	}
	between := strings.Join(separator.Texts, "")
	whole := []string(nil)
	for i, input := range n.Inputs[:min(len(n.Inputs), maxTexts)] {
		if strings.HasPrefix(input, "^") {
			continue
		}
		parts, err := r.text(scope, input, depth+1)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			whole = slices.Clone(parts)
			continue
		}
		var longer []string
		for _, a := range whole {
			for _, b := range parts {
				longer = append(longer, (a + between + b)[:min(len(a)+len(between)+len(b), maxLength)])
			}
		}
		whole = bounded(longer)
	}
	return whole, nil
}

// variable lists what texts are ever put in variables; a checkpoint may hold others.
func (r *resolver) variable(depth int) ([]string, error) {
	if r.kept != nil {
		return slices.Clone(r.kept), nil
	}
	r.kept = []string{markState} // what variables hold may come from variables
	all := []string{}
	for _, c := range r.strings {
		n, err := r.graph.Node(c.offset, c.size)
		if err != nil {
			return nil, err
		}
		values, err := r.union(c.scope, n.Inputs[min(1, len(n.Inputs)):], depth)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	if len(all) == 0 {
		all = append(all, markState)
	}
	r.kept = bounded(all)
	return slices.Clone(r.kept), nil
}

// results follows the results of the functions that a node calls; calls is false for a node that calls none, or one whose
// results are made of more than the function's.
func (r *resolver) results(n tensorflow.Node, depth int) (values []string, calls bool, err error) {
	names := []string{n.Op}
	switch n.Op {
	case "PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall", "If", "StatelessIf", "_If", "Case", "StatelessCase", "While", "StatelessWhile":
		names = nil
		for _, a := range n.Attrs {
			v, err := a.Read()
			if err != nil {
				return nil, false, err
			}
			names = append(names, v.Calls...)
		}
	}
	for _, name := range names {
		i, ok := r.lookup(name)
		if !ok {
			continue
		}
		calls = true
		more, err := r.union(i+1, r.graph.Functions[i].Returns, depth)
		if err != nil {
			return nil, true, err
		}
		values = append(values, more...)
	}
	return values, calls, nil
}
