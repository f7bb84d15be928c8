// Package weights reads which tensors a model file holds, whatever its format: their names, types, shapes and where their bytes
// are. It is for those who compare, convert or check weights. It reads no data of a tensor by itself, executes nothing, and
// judges nothing.
package weights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/internal/limits"
)

// ErrNoWeights is wrapped by the error about content whose tensors this package cannot list.
var ErrNoWeights = errors.New("not a file of weights that can be read: safetensors, GGUF and PyTorch's zip format can")

// Tensor is one array of a file.
type Tensor struct {
	Name string // as its format has it; parts of nested names are joined by a dot
	// Type is the type of an element by its name in safetensors ("F32"), or of a block by its name in GGUF ("Q4_K").
	Type  string
	Shape []int64 // the slowest-moving size first
	// Strides is the distance, in elements, from one index to the next of each dimension; nil when the elements lie one after the
	// other, the last index moving fastest.
	Strides []int64
	Start   int64        // of the first element in Data, in bytes
	Size    int64        // bytes of the elements when they lie one after the other
	Data    *format.Blob // the storage; several tensors may share one
	Storage string       // names the storage within the file; equal for tensors that share one
}

// Set is what a file holds.
type Set struct {
	Format  string // the name of the format
	Tensors []Tensor
	// Others are things beside tensors, by name, with what they are: "epoch": "an int". They are no part of the weights.
	Others []Other
	closer io.Closer
}

// Other is a part of a file that is no tensor.
type Other struct{ Name, What string }

// Close ends the use of the tensors' data.
func (s *Set) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// maxTensors bounds how many tensors of one file are listed.
const maxTensors = 1 << 20

// List reads the tensors of a file. The error wraps ErrNoWeights for content of another format, format.ErrMalformed, or
// limits.ErrExceeded. The caller closes the set.
func List(ctx context.Context, b *format.Blob, probe format.Probe, budget *limits.Budget) (*Set, error) {
	set, err := list(ctx, b, probe, budget)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, t := range set.Tensors {
		if total += t.Size; total > slack+maxSpread*b.Size() {
			return nil, errors.Join(fmt.Errorf("list tensors: they overlap so much that together they are larger than %d times the file and %d GiB: %w",
				maxSpread, slack>>30, limits.ErrExceeded), set.Close())
		}
	}
	return set, nil
}

// Tensors that share bytes can stand for more than any disk holds.
const (
	maxSpread = 4       // how often the file may be as large as all tensors, besides
	slack     = 1 << 30 // bytes
)

// list reads the tensors by the format of the content.
func list(ctx context.Context, b *format.Blob, probe format.Probe, budget *limits.Budget) (*Set, error) {
	switch {
	case b.At() == nil:
	case (safetensors.Format{}).Match(probe):
		return fromSafetensors(b, budget)
	case (gguf.Format{}).Match(probe):
		return fromGGUF(b, budget)
	case torchzip.New().Match(probe):
		return fromTorch(ctx, b, budget)
	}
	return nil, ErrNoWeights
}

// fromSafetensors lists the tensors of a safetensors file.
func fromSafetensors(b *format.Blob, budget *limits.Budget) (set *Set, err error) {
	in, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("list tensors: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	set = &Set{Format: safetensors.Name}
	var broken error
	header, err := safetensors.Read(in, b.Size(), budget, safetensors.Visitor{
		Tensor: func(t safetensors.Tensor) {
			if len(set.Tensors) < maxTensors {
				set.Tensors = append(set.Tensors, Tensor{Name: t.Name, Type: t.Type, Shape: slices.Clone(t.Shape), Start: t.Start,
					Size: t.End - t.Start})
			}
		},
		Metadata: func(m safetensors.Metadata) {
			set.Others = append(set.Others, Other{"__metadata__." + m.Key, "text"})
		},
		Problem: func(p safetensors.Problem) { broken = format.Malformed(p.Offset, "%s", p.Reason) },
	})
	if err = errors.Join(err, broken); err != nil {
		return nil, fmt.Errorf("list tensors: %w", err)
	}
	for i := range set.Tensors {
		set.Tensors[i].Start += header.DataStart
	}
	return set, set.within(b)
}

// fromGGUF lists the tensors of a GGUF file.
func fromGGUF(b *format.Blob, budget *limits.Budget) (set *Set, err error) {
	in, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("list tensors: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	set = &Set{Format: gguf.Name}
	header, err := gguf.Read(in, b.Size(), budget, gguf.Visitor{Tensor: func(t gguf.Tensor) {
		if len(set.Tensors) >= maxTensors {
			return
		}
		shape := make([]int64, len(t.Dims))
		for i, d := range t.Dims {
			shape[len(shape)-1-i] = int64(d)
		}
		set.Tensors = append(set.Tensors, Tensor{Name: t.Name, Type: gguf.TypeName(t.Type), Shape: shape, Start: t.Start, Size: t.Size})
	}})
	if err != nil {
		return nil, fmt.Errorf("list tensors: %w", err)
	}
	for i := range set.Tensors {
		set.Tensors[i].Start += header.DataStart
	}
	return set, set.within(b)
}

// within gives tensors that lie in the file itself their data, and checks that it is there.
func (s *Set) within(b *format.Blob) error {
	if len(s.Tensors) >= maxTensors {
		return fmt.Errorf("list tensors: %w (%d)", limits.ErrExceeded, maxTensors)
	}
	for i := range s.Tensors {
		t := &s.Tensors[i]
		if t.Start > b.Size() || t.Size > b.Size()-t.Start {
			return format.Malformed(t.Start, "the data of a tensor lies beyond the end of the file")
		}
		t.Data, t.Storage = b, "file"
	}
	return nil
}

// Elements is the number of elements of a shape; false when it overflows.
func Elements(shape []int64) (int64, bool) {
	n := uint64(1)
	for _, d := range shape {
		high, low := bits.Mul64(n, uint64(d))
		if d < 0 || high != 0 || low > 1<<62 {
			return 0, false
		}
		n = low
	}
	return int64(n), true
}

// ItemSize is the size in bytes of one element of a type; 0 for a type whose elements fill no whole bytes, or is not known.
func ItemSize(name string) int64 {
	switch name {
	case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0":
		return 1
	case "U16", "I16", "F16", "BF16":
		return 2
	case "U32", "I32", "F32":
		return 4
	case "U64", "I64", "F64", "C64":
		return 8
	}
	return 0
}
