// Package executorch reads programs of ExecuTorch (.pte), their data files (.ptd) and programs bundled with test cases (.bpte):
// which operators a program calls, which backends it delegates to, and where their data lies. It is for detectors. It never
// reads tensors, and judges nothing.
// Specification: https://github.com/pytorch/executorch/blob/main/schema/program.fbs
package executorch

import (
	"encoding/binary"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// The names of the formats.
const (
	Name       = "executorch"
	DataName   = "executorch-data"
	BundleName = "executorch-bundle"
	spec       = "https://github.com/pytorch/executorch/blob/main/schema/program.fbs"
)

// Format recognises programs.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "ExecuTorch program", MediaType: "application/x-executorch", Extensions: []string{".pte"},
		Risk: format.Active, Parsed: true, Spec: spec, // delegates hand compiled code to their backends
	}
}

// Match implements format.Format. The two digits of the identifier are a version.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) >= 8 && p.Head[4] == 'E' && p.Head[5] == 'T' && digit(p.Head[6]) && digit(p.Head[7]) && flatbuffer.Match(p, string(p.Head[4:8]))
}

// digit reports whether a byte is a decimal digit.
func digit(c byte) bool { return c >= '0' && c <= '9' }

// Data recognises data files.
type Data struct{}

// Info implements format.Format.
func (Data) Info() format.Info {
	return format.Info{
		Name: DataName, Title: "ExecuTorch tensors", MediaType: "application/x-executorch-data", Extensions: []string{".ptd"},
		Risk: format.Data, Parsed: true, Spec: "https://github.com/pytorch/executorch/blob/main/extension/flat_tensor/serialize/flat_tensor.fbs",
	}
}

// Match implements format.Format.
func (Data) Match(p format.Probe) bool { return flatbuffer.Match(p, "FT01") }

// Bundle recognises programs with test cases.
type Bundle struct{}

// Info implements format.Format.
func (Bundle) Info() format.Info {
	return format.Info{
		Name: BundleName, Title: "ExecuTorch program with test cases", MediaType: "application/x-executorch-bundle", Extensions: []string{".bpte"},
		Risk: format.Active, Parsed: true, Spec: "https://github.com/pytorch/executorch/blob/main/devtools/bundled_program/schema/bundled_program_schema.fbs",
	}
}

// Match implements format.Format.
func (Bundle) Match(p format.Probe) bool {
	return flatbuffer.Match(p, "BP08") || flatbuffer.Match(p, "BP06") || flatbuffer.Match(p, "BP07")
}

// Operator is one operator that a plan calls.
type Operator struct {
	Name     string // "aten::add"
	Overload string // "out"
	Offset   int64  // bytes from the start of the file
}

// Known reports whether the operator is one of ExecuTorch's own kernels, by name or by the namespace of a library that comes
// with it.
func (o Operator) Known() bool {
	space, name, ok := strings.Cut(o.Name, "::")
	if !ok {
		return false
	}
	switch space {
	case "aten":
		return operators[name]
	case "quantized_decomposed", "executorch_prim", "dim_order_ops", "llama", "torchao", "cadence", "cortex_m", "et_vk", "et_copy":
		return true
	}
	return false
}

// Delegate is a part of a plan that a backend runs.
type Delegate struct {
	ID     string // of the backend
	Offset int64
	Start  int64 // of the data that the backend reads: bytes from the start of the file
	Size   int64 // bytes
	Specs  []Setting
}

// Setting is one setting for the compilation of a delegate.
type Setting struct {
	Key   string
	Start int64 // of the value: bytes from the start of the file
	Size  int64
}

// Segment is a range of the file behind the program.
type Segment struct{ Start, Size int64 }

// Problem is a number that points at nothing.
type Problem struct {
	Offset int64
	Reason string
}

// Visitor receives what Read finds, in the order of the program. Every function must be set.
type Visitor struct {
	Operator func(Operator)
	Delegate func(Delegate)
	Segment  func(Segment)
	Text     func(key, value string, offset int64)
	Problem  func(Problem)
}

// Program sums up a program that was read to its end.
type Program struct {
	Version uint32
	Plans   int64
	End     int64 // of the FlatBuffer: bytes from the start of the file
}

// Bounds of what is kept.
const (
	maxText    = 16 << 10
	maxName    = 1 << 10
	headerSize = 32 // of the extended header, which stands behind the identifier

	minSteps     = 1 << 10 // that every program may take
	bytesPerStep = 16      // of an honest program
)

// header is the extended header, which says where segments lie.
type header struct{ program, base int64 }

// readHeader reads the extended header; without one, the program is the whole file.
func readHeader(b *format.Blob) (header, error) {
	h := header{program: b.Size()}
	raw, err := b.ReadRange(0, min(8+headerSize, b.Size()))
	if err != nil || len(raw) < 8+24 || string(raw[8:12]) != "eh00" {
		return h, err
	}
	program, base := binary.LittleEndian.Uint64(raw[16:]), binary.LittleEndian.Uint64(raw[24:])
	if program > uint64(b.Size()) || base > uint64(b.Size()) || program < 16 {
		return h, format.Malformed(16, "the header claims a program of %d bytes and segments at %d in a file of %d bytes", program, base, b.Size())
	}
	return header{program: int64(program), base: int64(base)}, nil
}

// open makes the root table of the program, which must not reach into the segments.
func open(b *format.Blob, budget *limits.Budget) (header, *flatbuffer.Buffer, flatbuffer.Table, error) {
	h, err := readHeader(b)
	if err != nil {
		return h, nil, flatbuffer.Table{}, err
	}
	program, err := b.Section(0, h.program)
	if err != nil {
		return h, nil, flatbuffer.Table{}, err
	}
	// Offsets may lead to the same table again and again. An honest file takes fewer steps than it has bytes.
	own := budget.Limits()
	own.Ops = min(own.Ops, h.program+minSteps)
	if err := budget.Ops(h.program / bytesPerStep); err != nil {
		return h, nil, flatbuffer.Table{}, err
	}
	buffer, err := flatbuffer.New(program, limits.NewBudget(own))
	if err != nil {
		return h, nil, flatbuffer.Table{}, err
	}
	root, err := buffer.Root()
	return h, buffer, root, err
}

// BundledProgram is where the program lies in a bundle. The error wraps format.ErrMalformed or limits.ErrExceeded.
func BundledProgram(b *format.Blob, budget *limits.Budget) (Segment, error) {
	_, _, root, err := open(b, budget)
	if err != nil {
		return Segment{}, err
	}
	v, err := root.Vector(2, 1)
	if err == nil && v.Len == 0 {
		err = format.Malformed(root.Offset, "the bundle holds no program")
	}
	return Segment{v.Offset, v.Size()}, err
}
