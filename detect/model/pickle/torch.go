package pickle

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/torch"
)

// persistent judges a persistent ID: those of torch have one of two shapes.
func (j *judge) persistent(m *pickle.Machine, e *pickle.Effect) {
	if s, ok := torch.StorageID(m, e.State); ok {
		if len(j.storages) < maxNodes {
			j.storages[s.Key] = s
		}
		return
	}
	if module, ok := torch.ModuleID(m, e.Result); ok {
		if name, _, _ := m.Global(module.Class); !sourceOf(name, module.File) {
			j.report(RulePersistentID(), "source", e.Offset, "gives "+module.File+" as the source of a class of "+name+": "+
				m.Repr(e.Result, shownCall), "torch 1 compares the source and writes a patch file")
		}
		return
	}
	if m.HoldsUnknown(e.State) {
		j.unknownAt(e.Offset)
	}
	j.report(RulePersistentID(), "", e.Offset, "refers to "+m.Repr(e.Result, shownCall), "")
}

// sourceOf reports whether a file can be the source of a module; a script may have any name.
func sourceOf(module, file string) bool {
	path := "/" + strings.ReplaceAll(module, ".", "/")
	file = "/" + strings.ReplaceAll(file, "\\", "/")
	return file == "/" || module == "__main__" || strings.HasSuffix(file, path+".py") || strings.HasSuffix(file, path+"/__init__.py")
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
	s, ok := torch.StorageID(m, id)
	if !ok {
		return
	}
	offset, known := m.Int(args[1])
	need, fits := torch.Extent(m, args[2], args[3])
	switch {
	case !known || !fits || offset < 0:
		j.report(RuleTensorBounds(), "", c.offset, "a tensor in storage "+s.Key+" has a shape that is not plain: "+j.text(m, c),
			cve24747)
	case need > 0 && (need > s.Elements || offset > s.Elements-need):
		j.report(RuleTensorBounds(), "", c.offset, fmt.Sprintf("a tensor needs elements %d to %d of storage %s, which has %d",
			offset, offset+need, s.Key, s.Elements), cve24747)
	}
}

// cve24747 names the attack on tensors whose numbers are trusted.
const cve24747 = "CVE-2026-24747: tensor metadata that does not fit its storage"
