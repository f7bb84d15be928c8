package npy

import (
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
)

// Type is the element type of an array.
type Type struct {
	Text    string // the type as written when it is a single one; for a structure "structure"
	Size    int64  // bytes of one element; meaningless unless Known
	Known   bool   // every part of the type is one that is understood
	Objects bool   // somewhere in it are Python objects, so that the data is a pickle
}

// simple is a type as NumPy writes it: byte order, letter, size, and the unit of times.
var simple = regexp.MustCompile(`^[<>|=]?([biufcmMSaUVOT])([0-9]{0,10})(?:\[[^\]]{0,32}\])?$`)

// maxSize is the largest element that counts as understood.
const maxSize = 1 << 40

// typeOf reads the element type from the header.
func typeOf(n node, start int64, depth int) (Type, error) {
	if depth > maxDepth {
		return Type{}, format.Malformed(start+int64(n.at), "a type nested deeper than %d levels", maxDepth)
	}
	switch n.kind {
	case kindString:
		return scalar(n.text), nil
	case kindList:
		return structure(n, start, depth)
	case kindTuple: // a type and the shape of a block of it
		if len(n.items) != 2 {
			break
		}
		t, err := typeOf(n.items[0], start, depth+1)
		if err != nil {
			return t, err
		}
		return block(t, n.items[1]), nil
	}
	return Type{}, format.Malformed(start+int64(n.at), "a type that is neither a string nor a list of fields")
}

// scalar reads a single type.
func scalar(text string) Type {
	t := Type{Text: text}
	m := simple.FindStringSubmatch(text)
	if m == nil {
		// NumPy takes names and lists of types as well. Which they are is not worth guessing.
		t.Objects = strings.ContainsAny(text, "OoT")
		return t
	}
	t.Objects = m[1] == "O" || m[1] == "T" // strings of variable width are stored as objects
	t.Known = true
	if m[2] == "" {
		t.Size = map[string]int64{"m": 8, "M": 8, "b": 1, "O": 8, "T": 16}[m[1]]
		t.Known = t.Size > 0 || strings.Contains("SaUV", m[1])
		return t
	}
	n, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil || n > maxSize {
		t.Known = false
		return t
	}
	t.Size = n
	if m[1] == "U" {
		t.Size = 4 * n
	}
	return t
}

// structure adds up the fields of a structured type.
func structure(n node, start int64, depth int) (Type, error) {
	sum := Type{Text: "structure", Known: true}
	for _, field := range n.items {
		if field.kind != kindTuple || len(field.items) < 2 || len(field.items) > 3 {
			return sum, format.Malformed(start+int64(field.at), "a field that is not a name, a type and a shape")
		}
		t, err := typeOf(field.items[1], start, depth+1)
		if err != nil {
			return sum, err
		}
		if len(field.items) == 3 {
			t = block(t, field.items[2])
		}
		sum.Objects = sum.Objects || t.Objects
		sum.Known = sum.Known && t.Known && sum.Size <= maxSize-t.Size
		if sum.Known {
			sum.Size += t.Size
		}
	}
	return sum, nil
}

// block multiplies a type with the shape of a block.
func block(t Type, shape node) Type {
	dims := shape.items
	if shape.kind == kindInt {
		dims = []node{shape}
	}
	for _, d := range dims {
		if d.kind != kindInt || d.number < 0 {
			t.Known = false
			return t
		}
		high, low := bits.Mul64(uint64(t.Size), uint64(d.number))
		if high != 0 || low > math.MaxInt64 || low > maxSize {
			t.Known = false
			return t
		}
		t.Size = int64(low)
	}
	return t
}
