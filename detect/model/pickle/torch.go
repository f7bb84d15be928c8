package pickle

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
)

// storage is a torch storage that the pickle refers to by a persistent ID.
type storage struct {
	class    string // "torch.FloatStorage"
	elements int64
}

// itemSize is the size in bytes of an element of a storage class; 0 when it is not known.
func (s storage) itemSize() int64 {
	switch strings.TrimSuffix(lastPart(s.class), "Storage") {
	case "Byte", "Char", "Bool", "QUInt8", "QInt8", "Untyped", "_Untyped", "QUInt4x2", "QUInt2x4":
		return 1
	case "Half", "BFloat16", "Short":
		return 2
	case "Float", "Int", "QInt32":
		return 4
	case "Double", "Long", "ComplexFloat":
		return 8
	case "ComplexDouble":
		return 16
	}
	return 0
}

// persistent judges a persistent ID: those of torch have one of two shapes.
func (j *judge) persistent(m *pickle.Machine, e *pickle.Effect) {
	if key, s, ok := j.storageID(m, e.State); ok {
		if len(j.storages) < maxNodes {
			j.storages[key] = s
		}
		return
	}
	if class, file, ok := j.moduleID(m, e.Result); ok {
		if module, _, _ := m.Global(class); !sourceOf(module, file) {
			j.report(RulePersistentID(), "source", e.Offset, "gives "+file+" as the source of a class of "+module+": "+
				m.Repr(e.Result, shownCall), "torch 1 compares the source and writes a patch file")
		}
		return
	}
	if m.HoldsUnknown(e.State) {
		j.unknownAt(e.Offset)
	}
	j.report(RulePersistentID(), "", e.Offset, "refers to "+m.Repr(e.Result, shownCall), "")
}

// moduleID reads ("module", class, file, source), with which torch before 1.6 and its legacy form write the class of a module.
// The source is only compared with the one that is installed.
func (j *judge) moduleID(m *pickle.Machine, v pickle.Value) (class pickle.Value, file string, ok bool) {
	if m.Kind(v) != pickle.Persistent {
		return 0, "", false
	}
	_, id, _ := m.Call(v)
	list, _ := m.Elements(id)
	if len(list) != 4 || m.Kind(list[1]) != pickle.Global {
		return 0, "", false
	}
	word, _ := m.Text(list[0])
	file, _ = m.Text(list[2])
	for _, v := range list[2:] {
		if k := m.Kind(v); k != pickle.String && k != pickle.None {
			return 0, "", false
		}
	}
	return list[1], file, word == "module"
}

// sourceOf reports whether a file can be the source of a module; a script may have any name.
func sourceOf(module, file string) bool {
	path := "/" + strings.ReplaceAll(module, ".", "/")
	file = "/" + strings.ReplaceAll(file, "\\", "/")
	return file == "/" || module == "__main__" || strings.HasSuffix(file, path+".py") || strings.HasSuffix(file, path+"/__init__.py")
}

// storageID reads ("storage", class, key, location, elements[, view]).
func (j *judge) storageID(m *pickle.Machine, id pickle.Value) (string, storage, bool) {
	list, ok := m.Elements(id)
	if !ok || m.Kind(id) != pickle.Tuple || len(list) < 5 || len(list) > 6 {
		return "", storage{}, false
	}
	list = append([]pickle.Value(nil), list...)
	word, _ := m.Text(list[0])
	class := j.global(m, list[1])
	key, named := m.Text(list[2])
	_, located := m.Text(list[3])
	elements, counted := m.Int(list[4])
	if word != "storage" || class == nil || !named || !located || !counted || elements < 0 {
		return "", storage{}, false
	}
	if class.known && !strings.HasSuffix(class.full, "Storage") {
		return "", storage{}, false
	}
	return key, storage{class: class.full, elements: elements}, true
}

// checkTensor reports a tensor that needs more elements than its storage has.
func (j *judge) checkTensor(m *pickle.Machine, c invocation, n *named) {
	if !strings.HasPrefix(n.full, "torch._utils._rebuild_tensor") {
		return
	}
	args, _ := m.Elements(c.args)
	args = append([]pickle.Value(nil), args...)
	if len(args) < 4 || m.Kind(args[0]) != pickle.Persistent {
		return
	}
	_, id, _ := m.Call(args[0])
	key, s, ok := j.storageID(m, id)
	if !ok {
		return
	}
	offset, known := m.Int(args[1])
	need, fits := j.extent(m, args[2], args[3])
	switch {
	case !known || !fits || offset < 0:
		j.report(RuleTensorBounds(), "", c.offset, "a tensor in storage "+key+" has a shape that is not plain: "+j.text(m, c), cve24747)
	case need > 0 && (need > s.elements || offset > s.elements-need):
		j.report(RuleTensorBounds(), "", c.offset, fmt.Sprintf("a tensor needs elements %d to %d of storage %s, which has %d",
			offset, offset+need, key, s.elements), cve24747)
	}
}

// cve24747 names the attack on tensors whose numbers are trusted.
const cve24747 = "CVE-2026-24747: tensor metadata that does not fit its storage"

// extent is how many elements a shape with strides spans; 0 for an empty tensor. It is false when the numbers are unknown,
// negative or overflow.
func (j *judge) extent(m *pickle.Machine, shape, strides pickle.Value) (int64, bool) {
	sizes, ok := j.integersOf(m, shape)
	steps, okay := j.integersOf(m, strides)
	if !ok || !okay || len(sizes) != len(steps) {
		return 0, false
	}
	last := uint64(0)
	for i, n := range sizes {
		if n == 0 {
			return 0, true
		}
		high, low := bits.Mul64(uint64(n-1), uint64(steps[i]))
		sum, carry := bits.Add64(last, low, 0)
		if high != 0 || carry != 0 || sum >= 1<<62 {
			return 0, false
		}
		last = sum
	}
	return int64(last) + 1, true
}

// integersOf are the numbers of a tuple or a torch.Size, none negative.
func (j *judge) integersOf(m *pickle.Machine, v pickle.Value) ([]int64, bool) {
	if _, args, ok := m.Call(v); ok && m.Kind(v) == pickle.Instance {
		list, _ := m.Elements(args)
		if len(list) != 1 {
			return nil, false
		}
		v = list[0]
	}
	list, ok := m.Elements(v)
	numbers := make([]int64, len(list))
	for i, part := range list {
		n, known := m.Int(part)
		if !known || n < 0 {
			return nil, false
		}
		numbers[i] = n
	}
	return numbers, ok
}
