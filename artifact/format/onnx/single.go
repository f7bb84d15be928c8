package onnx

import (
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// TensorName is the name of the format of single tensors.
const TensorName = "onnx-tensor"

// TensorFormat recognises files of one tensor, as they stand beside models for tests of their outputs.
type TensorFormat struct{}

// Info implements format.Format.
func (TensorFormat) Info() format.Info {
	return format.Info{
		Name: TensorName, Title: "ONNX tensor", MediaType: "application/x-onnx-tensor", Risk: format.Data, Parsed: true,
		Spec: "https://github.com/onnx/onnx/blob/main/onnx/onnx.proto",
	}
}

// Match implements format.Format. The format has no magic: content matches when all of it is fields of a tensor and the data
// is as large as the shape says.
func (TensorFormat) Match(p format.Probe) bool {
	if len(p.Head) < 4 || p.Size < 0 || p.Head[0] != 0x08 && p.Head[0] != 0x10 { // dimensions, or the type of a scalar
		return false
	}
	w := protomsg.NewScout(p)
	count, kind, data, texts, fits := uint64(1), int64(0), int64(0), uint64(0), true
	end := w.Fields(0, p.Size, func(f protomsg.Hop) bool {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Varint && f.Value <= math.MaxInt32:
			high, low := bits.Mul64(count, f.Value)
			count, fits = low, high == 0
		case f.Number == 2 && f.Wire == protomsg.Varint && Known(int64(min(f.Value, 1<<20))) && kind == 0:
			kind = int64(f.Value)
		case f.Number == 6 && f.Wire == protomsg.Bytes:
			texts++
		case f.Wire == protomsg.Bytes && f.Number != 1 && tensorFields.expects(f.Number, f.Wire):
			if f.Number == 4 || f.Number == 5 || f.Number == 7 || f.Number >= 9 && f.Number <= 11 {
				data += f.To - f.From
			}
		default:
			fits = false
		}
		return fits
	})
	if !fits || end != p.Size || kind == 0 || count > math.MaxInt32 {
		return false
	}
	if Bits(kind) == 0 {
		return texts == count && data == 0 && texts > 0
	}
	return data > 0 && texts == 0 && data >= (int64(count)+7)/8 && data <= int64(count)*16
}

// ReadTensor reads a file of one tensor. The visitor gets an empty model first, and the tensor in a graph without nodes. The
// errors are those of Read.
func ReadTensor(b *format.Blob, budget *limits.Budget, visit Visitor) error {
	top, err := protomsg.New(b, budget)
	if err != nil {
		return err
	}
	r := &reader{visit: visit, budget: budget, seed: maphash.MakeSeed(), interns: map[string]string{}}
	if err := visit.Model(&Model{}); err != nil {
		return err
	}
	g := &Graph{Kind: Main}
	if err := visit.Graph(g); err != nil {
		return err
	}
	if err := r.tensor(g, top, Argument); err != nil {
		return err
	}
	return visit.EndGraph(g)
}
