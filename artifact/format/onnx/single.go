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
	w := walker{p: p}
	count, kind, data, texts, fits := uint64(1), int64(0), int64(0), uint64(0), true
	end := w.fields(0, p.Size, func(f hop) bool {
		switch {
		case f.number == 1 && f.wire == protomsg.Varint && f.value <= math.MaxInt32:
			high, low := bits.Mul64(count, f.value)
			count, fits = low, high == 0
		case f.number == 2 && f.wire == protomsg.Varint && Known(int64(min(f.value, 1<<20))) && kind == 0:
			kind = int64(f.value)
		case f.number == 6 && f.wire == protomsg.Bytes:
			texts++
		case f.wire == protomsg.Bytes && f.number != 1 && tensorFields.expects(f.number, f.wire):
			if f.number == 4 || f.number == 5 || f.number == 7 || f.number >= 9 && f.number <= 11 {
				data += f.to - f.from
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
