// Package thinc recognises the weights of Thinc, the library under spaCy, and finds the byte strings in them: arrays, attributes
// and what layers of other libraries (PyTorch, TensorFlow) saved of themselves. It is for detectors. It builds no values, skips
// byte strings by their length, and judges nothing. Weights are MessagePack with byte strings as keys of arrays.
package thinc

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "thinc-model"

// Format recognises weights of Thinc.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "Thinc weights (spaCy)", MediaType: "application/x-thinc-model", Risk: format.Data, Parsed: true,
		Spec: "https://thinc.ai/docs/usage-models#serialization"}
}

// Match implements format.Format: a map of four that begins with the nodes of the model.
func (Format) Match(p format.Probe) bool {
	const head = "\x84\xa5nodes"
	return len(p.Head) > len(head) && string(p.Head[:len(head)]) == head && (p.Head[len(head)]&0xf0 == 0x90 || p.Head[len(head)]&0xfe == 0xdc)
}

// EmptyName is the name of the format of an empty map or list.
const EmptyName = "msgpack-empty"

// Empty recognises the single byte that spaCy writes for a table or list without entries.
type Empty struct{}

// Info implements format.Format.
func (Empty) Info() format.Info {
	return format.Info{Name: EmptyName, Title: "Empty MessagePack map or list (spaCy)", MediaType: "application/vnd.msgpack",
		Extensions: []string{".bin"}, Risk: format.Data, Parsed: true, Spec: "https://github.com/msgpack/msgpack/blob/master/spec.md"}
}

// Match implements format.Format.
func (Empty) Match(p format.Probe) bool {
	return p.Size == 1 && len(p.Head) == 1 && (p.Head[0] == 0x80 || p.Head[0] == 0x90)
}

// Bytes is a byte string.
type Bytes struct {
	Section      string // the member of the weights that holds it: "attrs", "params", "shims"
	Offset, Size int64  // of the content, in bytes from the start of the file
}

// Bounds of weights.
const (
	maxDepth   = 64
	maxSection = 32 // bytes of the name of a section
)

// walker reads values one after the other.
type walker struct {
	blob    *format.Blob
	budget  *limits.Budget
	visit   func(Bytes) error
	pos     int64
	section string
	window  []byte // what was read ahead
	from    int64  // offset of the window
	key     string // the text that was read last
	steps   int64
}

// Walk reads weights to their end and calls visit for every byte string, and every extension. The error wraps
// format.ErrMalformed or limits.ErrExceeded, or is the one that visit returned.
func Walk(blob *format.Blob, budget *limits.Budget, visit func(Bytes) error) error {
	w := &walker{blob: blob, budget: budget, visit: visit}
	if blob.At() == nil {
		return format.Malformed(0, "weights of Thinc can only be read with random access")
	}
	if err := w.value(0); err != nil {
		return err
	}
	if w.pos != blob.Size() {
		return format.Malformed(w.pos, "%d bytes follow the weights", blob.Size()-w.pos)
	}
	return nil
}

// take reads n bytes, of which the caller bounds the number.
func (w *walker) take(n int64) ([]byte, error) {
	if w.pos < w.from || w.pos+n > w.from+int64(len(w.window)) {
		var err error
		w.from = w.pos
		if w.window, err = w.blob.ReadRange(w.pos, min(4<<10, w.blob.Size()-w.pos)); err != nil {
			return nil, err
		}
		if int64(len(w.window)) < n {
			return nil, format.Malformed(w.pos, "the weights are cut off")
		}
	}
	b := w.window[w.pos-w.from:][:n]
	w.pos += n
	return b, nil
}

// number reads an unsigned number of 1, 2 or 4 bytes.
func (w *walker) number(width int64) (int64, error) {
	b, err := w.take(width)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-width:], b)
	return int64(binary.BigEndian.Uint64(wide[:])), nil
}

// skip passes over n bytes.
func (w *walker) skip(n int64) error {
	if n > w.blob.Size()-w.pos {
		return format.Malformed(w.pos, "a value of %d bytes is cut off", n)
	}
	w.pos += n
	return nil
}

// bytes gives a byte string to visit.
func (w *walker) bytes(n int64) error {
	b := Bytes{w.section, w.pos, n}
	if err := w.skip(n); err != nil {
		return err
	}
	return w.visit(b)
}

// text reads a text, of which the start is kept.
func (w *walker) text(n int64) error {
	start := w.pos
	if err := w.skip(n); err != nil {
		return err
	}
	w.pos = start
	b, err := w.take(min(n, maxSection))
	w.key, w.pos = string(b), start+n
	return err
}

// items reads n values, or n pairs of them.
func (w *walker) items(n int64, pairs bool, depth int) error {
	if n > w.blob.Size()-w.pos {
		return format.Malformed(w.pos, "%d values do not fit the content", n)
	}
	for range n {
		if pairs {
			w.key = ""
			if err := w.value(depth + 1); err != nil {
				return err
			}
			if depth == 0 {
				w.section = w.key
			}
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// value reads one value.
func (w *walker) value(depth int) error {
	if depth > maxDepth {
		return format.Malformed(w.pos, "values nest deeper than %d", maxDepth)
	}
	if w.steps++; w.steps%1024 == 0 {
		if err := w.budget.Ops(1024); err != nil {
			return err
		}
	}
	b, err := w.take(1)
	if err != nil {
		return err
	}
	switch c := b[0]; {
	case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return nil
	case c < 0x90:
		return w.items(int64(c&0xf), true, depth)
	case c < 0xa0:
		return w.items(int64(c&0xf), false, depth)
	case c < 0xc0:
		return w.text(int64(c & 0x1f))
	default:
		return w.sized(c, depth)
	}
}

// sized reads a value whose length, or whose number, follows its first byte.
func (w *walker) sized(c byte, depth int) error {
	switch c {
	case 0xca, 0xce, 0xd2:
		return w.skip(4)
	case 0xcb, 0xcf, 0xd3:
		return w.skip(8)
	case 0xcc, 0xd0:
		return w.skip(1)
	case 0xcd, 0xd1:
		return w.skip(2)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // extensions of 1 to 16 bytes behind their type
		if err := w.skip(1); err != nil {
			return err
		}
		return w.bytes(1 << (c - 0xd4))
	}
	widths := map[byte]int64{0xc4: 1, 0xc5: 2, 0xc6: 4, 0xc7: 1, 0xc8: 2, 0xc9: 4, 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4}
	width, known := widths[c]
	if !known {
		return format.Malformed(w.pos-1, "a value of a kind that does not exist")
	}
	n, err := w.number(width)
	if err != nil {
		return err
	}
	switch {
	case c <= 0xc6:
		return w.bytes(n)
	case c <= 0xc9:
		if err := w.skip(1); err != nil {
			return err
		}
		return w.bytes(n)
	case c <= 0xdb:
		return w.text(n)
	default:
		return w.items(n, c >= 0xde, depth)
	}
}
