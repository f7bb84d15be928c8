package tensorflow

import (
	"encoding/binary"

	"github.com/picketsec/picket/internal/protomsg"
)

// TypeString is the number of the element type of texts.
const TypeString = 7

// maxTensorText is how many bytes of the texts of one tensor are kept.
const maxTensorText = 64 << 10

// Tensor is a constant.
type Tensor struct {
	Type    int
	Dims    []int64 // -1 for one that is not known
	Unknown bool    // not even the number of dimensions is known
	Content int64   // bytes of elements in one block
	Values  int64   // bytes of elements that are written one by one
	Texts   []string
	Cut     bool // there are more texts, or longer ones, than what is kept
	At      int64
	kept    int64
	content protomsg.Message // the block
}

// ReadTensor reads the type, the shape and the texts of a tensor; numbers are skipped.
func ReadTensor(m protomsg.Message) (*Tensor, error) {
	t := &Tensor{At: m.Offset}
	return t, t.read(m)
}

// read adds a message to what is known of the tensor: readers of protocol buffers join one that is written in parts.
func (t *Tensor) read(m protomsg.Message) error {
	err := m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Varint:
			t.Type = int(f.Value)
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			return t.shape(f.Body)
		case f.Number == 4 && f.Wire == protomsg.Bytes:
			t.content = f.Body
			t.Content = f.Body.Size
		case f.Number == 8 && f.Wire == protomsg.Bytes:
			t.Values += f.Body.Size + 1
			return t.add(f.Body)
		case f.Number >= 5 && f.Wire == protomsg.Bytes:
			t.Values += f.Body.Size
		case f.Number >= 5:
			t.Values++
		}
		return nil
	})
	if err == nil && t.Type == TypeString && t.Content > 0 {
		err = t.block(t.content)
	}
	return err
}

// shape reads dimensions; a second shape adds to the first, as in any reader of protocol buffers.
func (t *Tensor) shape(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 3 && f.Wire == protomsg.Varint:
			t.Unknown = f.Value != 0
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			size := int64(0)
			err := f.Body.Fields(func(f protomsg.Field) error {
				if f.Number == 1 && f.Wire == protomsg.Varint {
					size = int64(f.Value)
				}
				return nil
			})
			if len(t.Dims) < maxTexts {
				t.Dims = append(t.Dims, size)
			}
			return err
		}
		return nil
	})
}

// add keeps one text.
func (t *Tensor) add(m protomsg.Message) error {
	if t.kept+m.Size > maxTensorText || len(t.Texts) >= maxTexts {
		t.Cut = true
		return nil
	}
	t.kept += m.Size
	s, err := m.Text(m.Size)
	t.Texts = append(t.Texts, s)
	return err
}

// block reads texts that are written as one block: all lengths, then all texts.
func (t *Tensor) block(m protomsg.Message) error {
	b, cut, err := m.Read(maxTensorText)
	if err != nil {
		return err
	}
	count := int64(1)
	for _, d := range t.Dims {
		if d < 0 || d > maxTexts || count > maxTexts {
			t.Cut = true
			return nil
		}
		count *= d
	}
	var sizes []uint64
	for range min(count, maxTexts) {
		size, n := binary.Uvarint(b)
		if n <= 0 {
			t.Cut = true
			return nil
		}
		sizes, b = append(sizes, size), b[n:]
	}
	t.Cut = t.Cut || cut || count > maxTexts
	for _, size := range sizes {
		if size > uint64(len(b)) {
			t.Cut = true
			return nil
		}
		t.Texts, b = append(t.Texts, string(b[:size])), b[size:]
	}
	return nil
}

// Elements is the number of elements that the shape makes; ok is false when a dimension is not known, is negative, or the
// product is larger than any memory.
func (t *Tensor) Elements() (n int64, ok bool) {
	const most = 1 << 56
	n = 1
	for _, d := range t.Dims {
		if d < 0 || d > 0 && n > most/d {
			return 0, false
		}
		n *= d
	}
	return n, !t.Unknown
}

// Width is how many bytes an element has in memory; 0 for texts, handles and types that are not known.
func (t *Tensor) Width() int64 { return Width(t.Type) }

// Width is how many bytes an element of a type has in memory; 0 for texts, handles and types that are not known.
func Width(dtype int) int64 {
	switch dtype {
	case 4, 6, 10, 11, 12, 24, 25, 29, 30:
		return 1
	case 5, 14, 15, 16, 17, 19:
		return 2
	case 1, 3, 13, 22:
		return 4
	case 2, 8, 9, 23:
		return 8
	case 18:
		return 16
	}
	return 0
}
