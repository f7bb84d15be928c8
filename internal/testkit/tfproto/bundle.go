package tfproto

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Entry is a tensor of a checkpoint as its index describes it.
type Entry struct {
	Key    string
	Type   uint64
	Dims   []int64
	Shard  uint64
	Offset uint64
	Size   uint64
}

// message writes what the index says of a tensor.
func (e Entry) message() []byte {
	var shape []byte
	for _, d := range e.Dims {
		shape = append(shape, Field(2, Number(1, uint64(d)))...)
	}
	return slices.Concat(Number(1, e.Type), Field(2, shape), Number(3, e.Shard), Number(4, e.Offset), Number(5, e.Size))
}

// Bundle is the index of a checkpoint with a number of shards. The entries are written in the order in which they are given.
func Bundle(shards uint64, entries ...Entry) []byte {
	var b []byte
	header := append(Number(1, shards), Field(3, Number(1, 1))...)
	data := tableEntry(nil, "", header)
	last := ""
	for _, e := range entries {
		data = tableEntry(data, e.Key, e.message())
		last = e.Key
	}
	b, dataAt := tableBlock(b, data)
	b, metaAt := tableBlock(b, nil)
	b, indexAt := tableBlock(b, tableEntry(nil, last+"~", dataAt))
	end := make([]byte, 48)
	copy(end, slices.Concat(metaAt, indexAt))
	binary.LittleEndian.PutUint64(end[40:], 0xdb4775248b80fb57)
	return append(b, end...)
}

// tableEntry appends an entry that shares nothing with the one before.
func tableEntry(b []byte, key string, value []byte) []byte {
	b = binary.AppendUvarint(append(b, 0), uint64(len(key)))
	return slices.Concat(binary.AppendUvarint(b, uint64(len(value))), []byte(key), value)
}

// tableBlock appends a block with its end and its sum, and returns where it lies.
func tableBlock(b, entries []byte) (all, at []byte) {
	block := append(slices.Clone(entries), 0, 0, 0, 0, 1, 0, 0, 0) // one restart, at 0
	at = binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(b))), uint64(len(block)))
	block = append(block, 0)
	crc := crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli))
	block = binary.LittleEndian.AppendUint32(block, (crc>>15|crc<<17)+0xa282ead8)
	return append(b, block...), at
}
