package pickle

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// dtype is what matters about a numpy dtype: the size in bytes of an element, and whether elements are objects.
type dtype struct {
	size    int64
	objects bool
	object  bool // the type is that of objects, whatever a state says
	sized   bool // the state gives the size: text, bytes and records
	unclear bool // a state makes it something that numpy never writes
}

// describe keeps what the state of a dtype makes of it, as numpy's arraydescr_setstate does.
func (j *judge) describe(m *pickle.Machine, e *pickle.Effect, n *named) {
	if n.full != "numpy.dtype" {
		return
	}
	callee, _, called := m.Call(e.Target)
	if !called || j.named(m, callee) != "numpy.dtype" {
		return // what it is made by is not known, and so is it
	}
	d, ok := j.dtypeOf(m, e.Target)
	state, listed := m.Elements(e.State)
	d.unclear = !ok || !listed
	if len(state) < 8 { // before numpy 1.3, which wrote no flags
		d.unclear = d.unclear || d.sized
	} else {
		flags, plain := m.Int(state[7])
		size, known := m.Int(state[5])
		d.objects = flags&1 != 0
		d.unclear = d.unclear || !plain || d.object && !d.objects || d.sized && (!known || size < 0)
		if d.sized {
			d.size = size
		}
	}
	if len(j.dtypes) >= maxNodes {
		j.dtypesLost = true
		return
	}
	j.dtypes[e.Target] = d
}

// dtypeOf is what a value that was made by numpy.dtype is.
func (j *judge) dtypeOf(m *pickle.Machine, v pickle.Value) (dtype, bool) {
	if d, ok := j.dtypes[v]; ok || j.dtypesLost {
		return d, !d.unclear && !j.dtypesLost
	}
	callee, args, ok := m.Call(v)
	if !ok || j.named(m, callee) != "numpy.dtype" {
		return dtype{}, false
	}
	list, ok := m.Elements(args)
	if !ok || len(list) == 0 {
		return dtype{}, false
	}
	text, ok := m.Text(list[0])
	if !ok {
		return dtype{}, false
	}
	return parseDtype(text)
}

// parseDtype reads the short form of a dtype, such as "f8", "<U5", "V16" or "O8".
func parseDtype(text string) (dtype, bool) {
	text = strings.TrimLeft(text, "<>|=")
	if text == "" {
		return dtype{}, false
	}
	if text[0] == 'O' {
		return dtype{size: 8, objects: true, object: true}, true
	}
	n, err := strconv.ParseInt(text[1:], 10, 32)
	if err != nil || n < 0 || !strings.ContainsRune("biufcSaUVmM", rune(text[0])) {
		return dtype{}, false
	}
	if text[0] == 'U' {
		n *= 4
	}
	return dtype{size: n, sized: strings.IndexByte("SaUV", text[0]) >= 0}, true
}

// outside follows the file that an array wrapper of joblib before 0.10 names: it is read by numpy with pickles allowed.
func (j *judge) outside(m *pickle.Machine, e *pickle.Effect) error {
	name, ok := m.Text(j.fields(m, e.State)["filename"])
	if !ok {
		j.out.Gap(e.Offset, -1, "an array stands in another file whose name is not known")
		return nil
	}
	if why := findings.Leaves(name); why != "" {
		j.report(RuleExternalArray(), picket.Printable(name, 120), e.Offset, "the name of the file "+why, "")
	}
	if j.in.Sibling == nil {
		j.out.Gap(e.Offset, -1, "an array stands in the file "+strconv.Quote(name)+", which is not here")
		return nil
	}
	blob, err := j.in.Sibling(name)
	if err != nil {
		j.out.Gap(e.Offset, -1, "an array stands in the file "+strconv.Quote(name)+": "+err.Error())
		return nil
	}
	return j.out.Inspect(j.ctx, detect.Part{Name: name, Blob: blob, Sibling: j.in.Sibling})
}

// inlineArray skips or runs the array that joblib writes into the stream after the state of its wrapper.
func (j *judge) inlineArray(m *pickle.Machine, e *pickle.Effect, n *named) error {
	switch {
	case n == nil || !strings.Contains(n.full, "joblib.numpy_pickle"):
		return nil
	case lastPart(n.full) == "NDArrayWrapper" || lastPart(n.full) == "ZNDArrayWrapper":
		return j.outside(m, e)
	}
	fields, plain := j.wrapperState(m, e)
	d, ok := j.dtypeOf(m, fields["dtype"])
	count, sized := j.count(m, fields["shape"])
	alignment, aligned := fields["numpy_array_alignment_bytes"]
	kind := m.Kind(alignment)
	aligned = aligned && kind != pickle.None // joblib skips padding for anything else, whatever number it is or is not
	if !ok || !sized || !plain || aligned && (kind == pickle.Unknown || kind > pickle.FrozenSet) {
		return format.Malformed(e.Offset, "the size of the joblib array that follows is not known")
	}
	r := m.Reader()
	if err := j.plainView(r); err != nil {
		return err
	}
	if d.objects {
		return j.inlineStream(r)
	}
	high, size := bits.Mul64(uint64(count), uint64(d.size))
	if high != 0 || size > math.MaxInt64 {
		return format.Malformed(e.Offset, "the size of the joblib array overflows")
	}
	skip := int64(size)
	if aligned {
		pad, err := r.Peek(1)
		if err != nil {
			return err
		}
		if len(pad) == 0 {
			return format.Malformed(r.Offset(), "the joblib array is cut off")
		}
		if err := r.Skip(1 + int64(pad[0])); err != nil {
			return err
		}
	}
	j.opaque += skip
	return r.Skip(skip)
}

// wrapperState is the state of an array wrapper. Plain is false when the wrapper may have attributes that the state does not
// show: another state before, a key that is no plain text, or something else than the class that makes it.
func (j *judge) wrapperState(m *pickle.Machine, e *pickle.Effect) (fields map[string]pickle.Value, plain bool) {
	const most = 16 // joblib writes six
	list, ok := m.Elements(e.State)
	plain = ok && m.Kind(e.State) == pickle.Dict && len(list) <= 2*most && e.Target > j.wrapper
	for i := 0; i+1 < len(list) && plain; i += 2 {
		_, plain = m.Text(list[i])
	}
	j.wrapper = max(j.wrapper, e.Target) // values count up, and a wrapper gets its state before the next one is made
	if callee, _, ok := m.Call(e.Target); !ok || j.global(m, callee) == nil || j.global(m, callee).rule.args == argsApply {
		plain = false
	}
	return j.fields(m, e.State), plain
}

// fields are the entries of a state dict that have text as their key.
func (j *judge) fields(m *pickle.Machine, state pickle.Value) map[string]pickle.Value {
	found := map[string]pickle.Value{}
	list, _ := m.Elements(state)
	for i := 0; i+1 < len(list) && i < 64; i += 2 {
		if key, ok := m.Text(list[i]); ok {
			found[key] = list[i+1]
		}
	}
	return found
}

// count is the number of elements of a shape.
func (j *judge) count(m *pickle.Machine, shape pickle.Value) (int64, bool) {
	list, ok := m.Elements(shape)
	if !ok || m.Kind(shape) != pickle.Tuple {
		return 0, false
	}
	total := uint64(1)
	for _, v := range list {
		n, ok := m.Int(v)
		high, low := bits.Mul64(total, uint64(n))
		if !ok || n < 0 || high != 0 || low > math.MaxInt64 {
			return 0, false
		}
		total = low
	}
	return int64(total), true
}

// maxInline bounds how deep streams stand inside one another.
const maxInline = 16

// inlineStream runs the pickle that stands inside another one.
func (j *judge) inlineStream(r *pickle.Reader) error {
	if j.depth >= maxInline {
		return format.Malformed(r.Offset(), "more than %d pickles are nested in one another", maxInline)
	}
	j.depth++
	defer func() { j.depth-- }()
	inner := newJudge(j.file)
	m := pickle.NewMachine(j.in.Budget, inner)
	defer m.Close()
	defer inner.flushPayloads()
	_, err := m.Run(j.ctx, r)
	return err
}
