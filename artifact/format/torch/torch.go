// Package torch reads what the pickle of a PyTorch file says about tensors: which storages it refers to, of what type and
// size, and how tensors lie in them. It is for detectors, which compare that with the storages that are there. It builds no
// tensors and does not judge.
package torch

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/internal/limits"
)

// Storage is a reference to the raw content of tensors, as torch.save writes it for persistent_load.
type Storage struct {
	Key      string // the name of the member or of the part that holds it
	Class    string // the qualified name of its class: "torch.FloatStorage"
	Location string // where it was: "cpu", "cuda:0"
	Elements int64  // of the class's type; bytes for an untyped storage
}

// ItemSize is the size in bytes of one element; 0 when the class is not known.
func (s Storage) ItemSize() int64 {
	class := s.Class[strings.LastIndexByte(s.Class, '.')+1:]
	switch strings.TrimSuffix(strings.TrimPrefix(class, "_"), "Storage") {
	case "Byte", "Char", "Bool", "QUInt8", "QInt8", "Untyped", "QUInt4x2", "QUInt2x4":
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

// StorageID reads the persistent ID ("storage", class, key, location, elements[, view]). It is false for any other ID. The key
// is a text, or a number in archives of torch.package.
func StorageID(m *pickle.Machine, id pickle.Value) (Storage, bool) {
	list, ok := m.Elements(id)
	if !ok || m.Kind(id) != pickle.Tuple || len(list) < 5 || len(list) > 6 {
		return Storage{}, false
	}
	word, _ := m.Text(list[0])
	module, name, imported := m.Global(list[1])
	key, named := m.Text(list[2])
	if n, number := m.Int(list[2]); number && n >= 0 {
		key, named = strconv.FormatInt(n, 10), true
	}
	location, located := m.Text(list[3])
	elements, counted := m.Int(list[4])
	if word != "storage" || !imported || !named || !located || !counted || elements < 0 || !strings.HasSuffix(name, "Storage") {
		return Storage{}, false
	}
	return Storage{Key: key, Class: module + "." + name, Location: location, Elements: elements}, true
}

// Module is a reference to the class of a module with its source, as files before PyTorch 1.6 have it.
type Module struct {
	Class pickle.Value // the Global
	File  string       // the path of the source where it was saved; may be empty
}

// ModuleID reads the persistent ID ("module", class, file, source) of a Persistent. It is false for any other value.
func ModuleID(m *pickle.Machine, v pickle.Value) (Module, bool) {
	if m.Kind(v) != pickle.Persistent {
		return Module{}, false
	}
	_, id, _ := m.Call(v)
	list, _ := m.Elements(id)
	if len(list) != 4 || m.Kind(list[1]) != pickle.Global {
		return Module{}, false
	}
	word, _ := m.Text(list[0])
	file, _ := m.Text(list[2])
	for _, v := range list[2:] {
		if k := m.Kind(v); k != pickle.String && k != pickle.None {
			return Module{}, false
		}
	}
	return Module{Class: list[1], File: file}, word == "module"
}

// Extent is how many elements of its storage a tensor spans from its offset: 0 for an empty tensor. It is false when sizes
// and strides are not tuples (or a torch.Size) of the same length, are negative, or overflow.
func Extent(m *pickle.Machine, sizes, strides pickle.Value) (int64, bool) {
	shape, ok := Numbers(m, sizes)
	steps, okay := Numbers(m, strides)
	if !ok || !okay || len(shape) != len(steps) {
		return 0, false
	}
	last := uint64(0)
	for i, n := range shape {
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

// Numbers are those of a tuple or of a call with one tuple, such as torch.Size; false when one is negative or not known.
func Numbers(m *pickle.Machine, v pickle.Value) ([]int64, bool) {
	if _, args, ok := m.Call(v); ok && m.Kind(v) == pickle.Instance {
		list, _ := m.Elements(args)
		if len(list) != 1 {
			return nil, false
		}
		v = list[0]
	}
	list, ok := m.Elements(v)
	found := make([]int64, len(list))
	for i, part := range list {
		n, known := m.Int(part)
		if !known || n < 0 {
			return nil, false
		}
		found[i] = n
	}
	return found, ok
}

// maxStorages bounds how many storages are kept.
const maxStorages = 1 << 20

// Storages runs the pickle at the start of the content and lists the storages that it refers to, each key once, in the order
// of their first use. The same key with another class or size is listed again. The error wraps format.ErrMalformed or
// limits.ErrExceeded when the pickle was not read to its end; what was found before is returned with it.
func Storages(ctx context.Context, b *format.Blob, budget *limits.Budget) (found []Storage, err error) {
	r, err := pickle.NewReader(b, 0)
	if err != nil {
		return nil, fmt.Errorf("list storages: %w", err)
	}
	defer func() {
		if closed := r.Close(); err == nil {
			err = closed
		}
	}()
	seen := map[Storage]bool{}
	m := pickle.NewMachine(budget, pickle.HandlerFunc(func(m *pickle.Machine, e *pickle.Effect) error {
		if e.Kind != pickle.PersistentID {
			return nil
		}
		if s, ok := StorageID(m, e.State); ok && !seen[s] && len(found) < maxStorages {
			seen[s] = true
			found = append(found, s)
		}
		return nil
	}))
	defer m.Close()
	if _, err := m.Run(ctx, r); err != nil {
		return found, fmt.Errorf("list storages: %w", err)
	}
	return found, nil
}
