package coreml

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// The layout of a file of weights: a header, then for each tensor a record and its data, on multiples of 64 bytes.
const (
	recordSize = 64
	sentinel   = 0xdeadbeef
	maxTensors = 1 << 20
)

// Tensor is one tensor of a file of weights.
type Tensor struct {
	Record int64 // where its record is: bytes from the start of the file
	Type   uint32
	Start  int64 // of the data
	Size   int64 // bytes
}

// ReadWeights reads the records of a file of weights and returns the offset behind the last tensor. The error wraps
// format.ErrMalformed or limits.ErrExceeded.
func ReadWeights(b *format.Blob, budget *limits.Budget, visit func(Tensor)) (end int64, err error) {
	head, err := b.ReadRange(0, recordSize)
	if err != nil {
		return 0, err
	}
	count := int64(binary.LittleEndian.Uint32(head))
	if count > maxTensors || count > b.Size()/recordSize {
		return 0, format.Malformed(0, "%d tensors in a file of %d bytes", count, b.Size())
	}
	if err := budget.Ops(count); err != nil {
		return 0, err
	}
	end = recordSize
	for range count {
		record, err := b.ReadRange(end, recordSize)
		if err != nil {
			return end, err
		}
		t := Tensor{Record: end, Type: binary.LittleEndian.Uint32(record[4:])}
		size, start := binary.LittleEndian.Uint64(record[8:]), binary.LittleEndian.Uint64(record[16:])
		if binary.LittleEndian.Uint32(record) != sentinel || start != uint64(end+recordSize) || size > uint64(b.Size())-start {
			return end, format.Malformed(end, "the record of a tensor is broken, or its data lies outside of the file")
		}
		t.Start, t.Size = int64(start), int64(size)
		visit(t)
		end = min(b.Size(), (t.Start+t.Size+recordSize-1)/recordSize*recordSize)
	}
	return end, nil
}
