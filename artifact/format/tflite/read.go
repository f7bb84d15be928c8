package tflite

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of what is kept.
const (
	maxText      = 1 << 10 // bytes of a name
	maxCodes     = 1 << 14
	maxSubgraphs = 1 << 12
	maxBuffers   = 1 << 20
	maxDims      = 64
	maxRefs      = 1 << 14 // tensors of one operation
)

// Code is an operation that the model uses.
type Code struct {
	Builtin int32
	Custom  string // the name of a custom one
	At      int64
}

// Range is a range of bytes of the content.
type Range struct{ Offset, Size int64 }

// Tensor is one tensor of a subgraph.
type Tensor struct {
	Subgraph, Index int64
	Name            string
	Type            int8
	Dims            []int32
	Buffer          int64
	Sparse          bool // its buffer holds fewer elements than its shape
	At              int64
}

// Operator is one use of an operation.
type Operator struct {
	Subgraph        int64
	Code            int64
	Inputs, Outputs []int32
	Calls           []int32 // subgraphs that it runs
	Options         Range   // what a custom operation is told
	At              int64
}

// Subgraph is one graph of the model.
type Subgraph struct {
	Name            string
	Tensors         int64
	Inputs, Outputs []int32
	At              int64
	Shared          bool // an earlier subgraph is the same table; it is not walked again
}

// Model is what is kept of a model.
type Model struct {
	Version   uint32
	Codes     []Code
	Subgraphs []Subgraph
	Buffers   []Range // inside of the content; empty for those of Outside
	Outside   []int64 // where buffers are described that lie outside of the content
	Metadata  []Metadata
	Texts     []string // descriptions and names of signatures
	End       int64    // behind the last byte that belongs to the model, but for padding
	release   []func()
}

// Release gives the memory back to the budget.
func (m *Model) Release() {
	for _, free := range m.release {
		free()
	}
}

// Metadata is a buffer that is for tools and not for the interpreter.
type Metadata struct {
	Name   string
	Buffer int64
	At     int64
}

// Visitor receives what there may be many of, in the order of the file, with the model as far as it is read.
type Visitor struct {
	Tensor   func(*Model, Tensor) error
	Operator func(*Model, Operator) error
}

// reader reads one model.
type reader struct {
	b      *flatbuffer.Buffer
	budget *limits.Budget
	m      *Model
	visit  Visitor
}

// Read reads a model. Codes and buffers are complete before the visitor is called. The error wraps format.ErrMalformed when the
// model cannot be read to its end, or limits.ErrExceeded. The model is never nil, and must be released.
func Read(blob *format.Blob, budget *limits.Budget, visit Visitor) (*Model, error) {
	r := &reader{budget: budget, m: &Model{}, visit: visit}
	b, err := flatbuffer.New(blob, budget)
	if err != nil {
		return r.m, err
	}
	r.b = b
	root, err := b.Root()
	if err != nil {
		return r.m, err
	}
	for _, part := range []func(flatbuffer.Table) error{r.head, r.codes, r.buffers, r.metadata, r.signatures, r.subgraphs} {
		if err := part(root); err != nil {
			return r.m, err
		}
	}
	r.m.End = max(r.m.End, b.Reached())
	return r.m, nil
}

// head reads the version and the description.
func (r *reader) head(root flatbuffer.Table) (err error) {
	if r.m.Version, err = root.Uint32(0, 0); err != nil {
		return err
	}
	text, _, err := root.Text(3, maxText)
	r.m.Texts = append(r.m.Texts, text)
	return err
}

// list reads a list of tables of at most a number.
func list(t flatbuffer.Table, id int, most int64, what string) (flatbuffer.Vector, error) {
	v, err := t.Offsets(id)
	if err == nil && v.Len > most {
		err = fmt.Errorf("%d %s: %w (%d)", v.Len, what, limits.ErrExceeded, most)
	}
	return v, err
}

// codes reads the operations.
func (r *reader) codes(root flatbuffer.Table) error {
	codes, err := list(root, 1, maxCodes, "operations")
	if err != nil {
		return err
	}
	return codes.Tables(func(_ int64, t flatbuffer.Table) error {
		old, err := t.Int8(0, 0)
		if err != nil {
			return err
		}
		c := Code{At: t.Offset}
		if c.Custom, _, err = t.Text(1, maxText); err != nil {
			return err
		}
		c.Builtin, err = t.Int32(3, 0)
		c.Builtin = max(c.Builtin, int32(old)) // as interpreters do: old models have the old field only
		r.m.Codes = append(r.m.Codes, c)
		return err
	})
}

// buffers reads where weights lie.
func (r *reader) buffers(root flatbuffer.Table) error {
	buffers, err := list(root, 4, maxBuffers, "buffers")
	if err != nil {
		return err
	}
	free, err := r.budget.Hold(buffers.Len * 16)
	if err != nil {
		return err
	}
	r.m.release = append(r.m.release, free)
	r.m.Buffers = make([]Range, 0, buffers.Len)
	return buffers.Tables(func(_ int64, t flatbuffer.Table) error {
		data, err := t.Vector(0, 1)
		if err != nil {
			return err
		}
		at := Range{data.Offset, data.Len}
		offset, err := t.Uint64(1, 0)
		if err != nil {
			return err
		}
		if offset > 1 { // behind the FlatBuffer
			size, err := t.Uint64(2, 0)
			if err != nil {
				return err
			}
			at = Range{}
			if total := uint64(r.b.Size()); offset > total || size > total-offset {
				r.m.Outside = append(r.m.Outside, t.Offset)
			} else {
				at = Range{int64(offset), int64(size)}
			}
			r.m.End = max(r.m.End, at.Offset+at.Size)
		}
		r.m.Buffers = append(r.m.Buffers, at)
		return nil
	})
}

// metadata reads what is for tools.
func (r *reader) metadata(root flatbuffer.Table) error {
	entries, err := list(root, 6, maxCodes, "entries of metadata")
	if err != nil {
		return err
	}
	return entries.Tables(func(_ int64, t flatbuffer.Table) error {
		name, _, err := t.Text(0, maxText)
		if err != nil {
			return err
		}
		buffer, err := t.Uint32(1, 0)
		r.m.Metadata = append(r.m.Metadata, Metadata{name, int64(buffer), t.Offset})
		return err
	})
}

// signatures reads the names of signatures.
func (r *reader) signatures(root flatbuffer.Table) error {
	entries, err := list(root, 7, maxCodes, "signatures")
	if err != nil {
		return err
	}
	return entries.Tables(func(_ int64, t flatbuffer.Table) error {
		name, _, err := t.Text(2, maxText)
		r.m.Texts = append(r.m.Texts, name)
		return err
	})
}
