package tensorflowcheckpoint

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// Header is what the index says about the whole checkpoint.
type Header struct {
	Shards    int64
	BigEndian bool
	Entries   int
	Read      int64 // bytes of the index that were understood
}

// Entry says where one tensor lies.
type Entry struct {
	Key      string
	Type     int
	Dims     []int64
	Shard    int64
	Offset   int64 // in the shard, in bytes
	Size     int64 // bytes
	Slices   bool  // the entry stands for slices that have entries of their own
	At       int64 // of the entry: bytes from the start of the index
	Disorder bool  // the key does not follow the one before, as readers that search expect
}

// maxDims is how many dimensions of a tensor are kept; no tensor has more than 254.
const maxDims = 256

// Read reads an index and calls visit for every tensor. The error wraps format.ErrMalformed when the index cannot be read to its
// end, or limits.ErrExceeded, or is the one that visit returned.
func Read(b *format.Blob, budget *limits.Budget, visit func(Entry) error) (Header, error) {
	h := Header{}
	if b.At() == nil || b.Size() < footerSize {
		return h, format.Malformed(0, "an index of %d bytes, or one that can only be read forward", b.Size())
	}
	root, err := protomsg.New(b, budget)
	if err != nil {
		return h, err
	}
	t := &table{blob: b, budget: budget}
	index, err := t.footer()
	if err != nil {
		return h, err
	}
	var last []byte
	first := true
	err = t.block(index, func(_, value []byte, at int64) error {
		data, _, ok := readHandle(value)
		if !ok {
			return format.Malformed(at, "the place of a block is broken")
		}
		return t.block(data, func(key, value []byte, at int64) error {
			if first != (len(key) == 0) {
				return format.Malformed(at, "the header of the index is missing, or there are two")
			}
			m := root
			m.Offset, m.Size = at, int64(len(value))
			if first {
				first = false
				return h.read(m)
			}
			e, err := entry(string(key), m)
			if err != nil {
				return err
			}
			e.Disorder = bytes.Compare(last, key) >= 0
			last = append(last[:0], key...)
			h.Entries++
			return visit(e)
		})
	})
	h.Read = t.read
	if err == nil && first {
		err = format.Malformed(0, "the index has no header")
	}
	return h, err
}

// read reads the header.
func (h *Header) read(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Varint:
			h.Shards = int64(f.Value)
		case f.Number == 2 && f.Wire == protomsg.Varint:
			h.BigEndian = f.Value == 1
		}
		return nil
	})
}

// entry reads what the index says of one tensor.
func entry(key string, m protomsg.Message) (Entry, error) {
	e := Entry{Key: key, At: m.Offset}
	err := m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Wire == protomsg.Varint:
			e.number(f)
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			return e.shape(f.Body)
		case f.Number == 7:
			e.Slices = true
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("read entry at %d: %w", m.Offset, err)
	}
	return e, err
}

// number reads a field that is a number.
func (e *Entry) number(f protomsg.Field) {
	switch f.Number {
	case 1:
		e.Type = int(f.Value)
	case 3:
		e.Shard = int64(int32(f.Value))
	case 4:
		e.Offset = int64(f.Value)
	case 5:
		e.Size = int64(f.Value)
	}
}

// shape reads the dimensions.
func (e *Entry) shape(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) error {
		if f.Number != 2 || f.Wire != protomsg.Bytes {
			return nil
		}
		size := int64(0)
		err := f.Body.Fields(func(f protomsg.Field) error {
			if f.Number == 1 && f.Wire == protomsg.Varint {
				size = int64(f.Value)
			}
			return nil
		})
		if len(e.Dims) < maxDims {
			e.Dims = append(e.Dims, size)
		}
		return err
	})
}
