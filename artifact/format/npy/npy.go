// Package npy reads the header of NumPy's array files: the element type, the shape, and where the data begins. It is for
// detectors. The header is a Python literal, read by a bounded parser that evaluates nothing; the data is not read, and
// nothing is judged.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "npy"

// Magic is what an array file begins with.
const Magic = "\x93NUMPY"

// MaxHeader is the number of bytes of header that are read. NumPy itself refuses more than 10,000 unless told otherwise.
const MaxHeader = 256 << 10

// ErrExpression is wrapped, beside format.ErrMalformed, by the error about a header that is not a plain literal: it would do
// something in a reader that evaluates it.
var ErrExpression = errors.New("an expression stands where a literal belongs")

// Format recognises array files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "NumPy array", MediaType: "application/x-npy", Extensions: []string{".npy"},
		Risk: format.Active, Forward: true, Parsed: true, // arrays of objects are a pickle
		Spec: "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) >= len(Magic) && string(p.Head[:len(Magic)]) == Magic
}

// Header is what an array file says about its data.
type Header struct {
	Major, Minor byte
	DataStart    int64 // bytes from the start of the file; 0 when the length of the header could not be read
	Type         Type
	Fortran      bool // the first index varies fastest
	Shape        []int64
	// DataSize is the number of bytes that type and shape need; -1 when that is more than 63 bits or the type has no fixed
	// size.
	DataSize int64
	// Duplicate is true when a key of the header appears twice, of which Python keeps the last.
	Duplicate bool
}

// Overflows reports whether the shape needs more bytes than any file has.
func (h Header) Overflows() bool { return h.DataSize < 0 && h.Type.Known && !h.Type.Objects }

// Read reads the header. The error wraps format.ErrMalformed for content that is not an array file; then DataStart is still
// set when the length of the header was credible.
func Read(in io.Reader) (Header, error) {
	var h Header
	fixed := make([]byte, 12)
	if _, err := io.ReadFull(in, fixed[:8]); err != nil {
		return h, short(err, 0)
	}
	if string(fixed[:6]) != Magic {
		return h, format.Malformed(0, "no magic of an array file")
	}
	h.Major, h.Minor = fixed[6], fixed[7]
	width := 4
	switch h.Major {
	case 1:
		width = 2
	case 2, 3:
	default:
		return h, format.Malformed(6, "version %d.%d is not one of 1.0, 2.0 and 3.0", h.Major, h.Minor)
	}
	if _, err := io.ReadFull(in, fixed[8:8+width]); err != nil {
		return h, short(err, 8)
	}
	length := int64(binary.LittleEndian.Uint32(fixed[8:12])) // of version 1 the upper half is zero
	start := int64(8 + width)
	if length > MaxHeader {
		return h, format.Malformed(8, "a header of %d bytes, of which %d are read at most", length, MaxHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return h, short(err, start)
	}
	h.DataStart = start + length
	dict, err := parse(text, start)
	if err != nil {
		return h, err
	}
	return h, h.fill(dict, start)
}

// short turns the end of the input into an error about the content.
func short(err error, offset int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Malformed(offset, "the file ends inside its header")
	}
	return fmt.Errorf("read header of array file: %w", err)
}

// fill takes the three entries of the header.
func (h *Header) fill(dict node, start int64) error {
	if dict.kind != kindDict {
		return format.Malformed(start, "the header is not a dictionary")
	}
	entries := map[string]node{}
	for i := 0; i+1 < len(dict.items); i += 2 {
		key := dict.items[i]
		if key.kind != kindString {
			return format.Malformed(start+int64(key.at), "a key of the header is not a string")
		}
		_, twice := entries[key.text]
		h.Duplicate = h.Duplicate || twice
		entries[key.text] = dict.items[i+1]
	}
	descr, shape, order := entries["descr"], entries["shape"], entries["fortran_order"]
	if len(entries) != 3 || descr.kind == kindNone || shape.kind != kindTuple || order.kind != kindBool {
		return format.Malformed(start, "the header does not hold exactly descr, fortran_order and shape")
	}
	h.Fortran = order.number == 1
	for _, n := range shape.items {
		if n.kind != kindInt || n.number < 0 {
			return format.Malformed(start+int64(n.at), "a dimension that is no whole number")
		}
		h.Shape = append(h.Shape, n.number)
	}
	var err error
	if h.Type, err = typeOf(descr, start, 0); err != nil {
		return err
	}
	h.DataSize = h.size()
	return nil
}

// size multiplies the shape with the size of an element.
func (h *Header) size() int64 {
	if h.Type.Objects || !h.Type.Known {
		return -1
	}
	total := uint64(h.Type.Size)
	empty := total == 0
	for _, n := range h.Shape {
		empty = empty || n == 0
	}
	if empty {
		return 0
	}
	for _, n := range h.Shape {
		high, low := bits.Mul64(total, uint64(n))
		if high != 0 || low > math.MaxInt64 {
			return -1
		}
		total = low
	}
	return int64(total)
}
